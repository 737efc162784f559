/* SPDX-License-Identifier: ISC */
/*
 * Decode messages of the kernel's route and generic netlink families into
 * plain structs. Bounds are checked for each attribute; no state, no sockets.
 */
#include <sys/socket.h>

#include <linux/fib_rules.h>
#include <linux/genetlink.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "nl.h"

/* linux/if_bonding.h tells it, but clashes with net/if.h */
#define BOND_STATE_ACTIVE 0

/* libmnl's own loops over attributes cast const away. */
#define attrs_between(attr, start, end)					\
	for ((attr) = (start);						\
	    mnl_attr_ok((attr), (const char *)(end) -			\
	    (const char *)(attr));					\
	    (attr) = mnl_attr_next(attr))
#define attrs_of(attr, nlh, head)					\
	attrs_between(attr, mnl_nlmsg_get_payload_offset(nlh, head),	\
	    mnl_nlmsg_get_payload_tail(nlh))
#define attrs_in(attr, nest)						\
	attrs_between(attr, mnl_attr_get_payload(nest),			\
	    (const char *)mnl_attr_get_payload(nest) +			\
	    mnl_attr_get_payload_len(nest))

bool
nl_ok(const struct nlmsghdr *nlh, int len)
{
	return (len >= (int)sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	    nlh->nlmsg_len <= (uint32_t)len);
}

static int
bad(void)
{
	errno = EBADMSG;
	return (-1);
}

/*
 * Has the message its fixed head? The kernel pads each attribute, the last one
 * too; libmnl relies on that and would read beyond the end of what is not.
 */
static bool
has_head(const struct nlmsghdr *nlh, size_t len)
{
	return (nlh->nlmsg_len % NLMSG_ALIGNTO == 0 &&
	    mnl_nlmsg_get_payload_len(nlh) >= len);
}

static int
attr_fixed(const struct nlattr *attr, void *to, size_t len)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return (bad());
	memcpy(to, mnl_attr_get_payload(attr), len);
	return (0);
}

static int
attr_u32(const struct nlattr *attr, uint32_t *v)
{
	return (attr_fixed(attr, v, sizeof(*v)));
}

/* A string that must fit, whether it brings its NUL or not. */
static int
attr_str(const struct nlattr *attr, char *to, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const char *from = mnl_attr_get_payload(attr);

	len = strnlen(from, len);
	if (len >= size)
		return (bad());
	memcpy(to, from, len);
	to[len] = '\0';
	return (0);
}

static int
attr_addr(const struct nlattr *attr, int af, struct addr *to)
{
	memset(to, 0, sizeof(*to));
	if (mnl_attr_get_payload_len(attr) != af_bytes(af))
		return (bad());
	to->af = af;
	memcpy(to->b, mnl_attr_get_payload(attr), af_bytes(af));
	return (0);
}

/* A kind too long for us is none that we know; it is cut. */
static void
attr_kind(const struct nlattr *attr, char *to, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const char *from = mnl_attr_get_payload(attr);

	len = strnlen(from, len);
	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* IFLA_INFO_SLAVE_DATA or IFLA_PROTINFO of a bridge port; 1 if it tells. */
static int
parse_brport(const struct nlattr *nest, uint8_t *stp)
{
	const struct nlattr *attr;

	attrs_in(attr, nest) {
		if (mnl_attr_get_type(attr) != IFLA_BRPORT_STATE)
			continue;
		if (attr_fixed(attr, stp, sizeof(*stp)) == -1)
			return (-1);
		return (1);
	}
	return (0);
}

/* IFLA_INFO_SLAVE_DATA of a member of a bond. */
static int
parse_bondport(const struct nlattr *nest, bool *backup)
{
	const struct nlattr *attr;
	uint8_t state;

	attrs_in(attr, nest) {
		if (mnl_attr_get_type(attr) != IFLA_BOND_SLAVE_STATE)
			continue;
		if (attr_fixed(attr, &state, sizeof(state)) == -1)
			return (-1);
		*backup = state != BOND_STATE_ACTIVE;
	}
	return (0);
}

static int
parse_linkinfo(const struct nlattr *nest, struct nl_link *link)
{
	const struct nlattr *attr, *data = NULL;
	char slave[16] = "";

	attrs_in(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_INFO_KIND:
			attr_kind(attr, link->kind, sizeof(link->kind));
			break;
		case IFLA_INFO_SLAVE_KIND:
			attr_kind(attr, slave, sizeof(slave));
			break;
		case IFLA_INFO_SLAVE_DATA:
			data = attr;
			break;
		}
	}
	if (strcmp(slave, "bond") == 0 && data != NULL)
		return (parse_bondport(data, &link->backup));
	if (strcmp(slave, "bridge") != 0)
		return (0);
	link->port = true;
	link->stp = BR_STATE_DISABLED;
	if (data != NULL && parse_brport(data, &link->stp) == -1)
		return (-1);
	return (0);
}

/*
 * The bridge tells changes of a port's STP state in messages of its own
 * family; RTM_DELLINK there means that the port left the bridge, not that the
 * device went.
 */
static int
parse_port(const struct nlmsghdr *nlh, struct nl_event *ev)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	int n;

	if (nlh->nlmsg_type == RTM_DELLINK || ifi->ifi_index <= 0)
		return (0);
	attrs_of(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) != IFLA_PROTINFO)
			continue;
		if ((n = parse_brport(attr, &ev->u.port.stp)) == -1)
			return (-1);
		if (n == 1) {
			ev->u.port.ifindex = ifi->ifi_index;
			ev->kind = NL_PORT;
		}
	}
	return (0);
}

static int
parse_link_attr(const struct nlattr *attr, struct nl_link *link)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		return (attr_str(attr, link->name, sizeof(link->name)));
	case IFLA_MTU:
		return (attr_u32(attr, &link->mtu));
	case IFLA_MASTER:
		return (attr_u32(attr, &link->master));
	case IFLA_ADDRESS:
		/* other lengths are no Ethernet */
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr),
			    sizeof(link->mac));
		return (0);
	case IFLA_LINKINFO:
		return (parse_linkinfo(attr, link));
	}
	return (0);
}

static int
parse_link(const struct nlmsghdr *nlh, struct nl_event *ev)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct nl_link *link = &ev->u.link;
	const struct nlattr *attr;

	if (!has_head(nlh, sizeof(*ifi)))
		return (bad());
	if (ifi->ifi_family == AF_BRIDGE)
		return (parse_port(nlh, ev));
	if (ifi->ifi_family != AF_UNSPEC)
		return (0);
	if (ifi->ifi_index <= 0)
		return (bad());
	link->ifindex = ifi->ifi_index;
	link->type = ifi->ifi_type;
	link->flags = ifi->ifi_flags;
	ev->gone = nlh->nlmsg_type == RTM_DELLINK;
	attrs_of(attr, nlh, sizeof(*ifi)) {
		/* a wireless event: only a name, nothing of the state */
		if (mnl_attr_get_type(attr) == IFLA_WIRELESS)
			return (0);
		if (parse_link_attr(attr, link) == -1)
			return (-1);
	}
	if (link->name[0] == '\0' && !ev->gone)
		return (bad());
	ev->kind = NL_LINK;
	return (0);
}

static int
parse_addr(const struct nlmsghdr *nlh, struct nl_event *ev)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct addr address, local;
	uint32_t flags;
	int type;

	if (!has_head(nlh, sizeof(*ifa)))
		return (bad());
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return (0);
	memset(&address, 0, sizeof(address));
	memset(&local, 0, sizeof(local));
	flags = ifa->ifa_flags;
	attrs_of(attr, nlh, sizeof(*ifa)) {
		type = mnl_attr_get_type(attr);
		if (type == IFA_FLAGS && mnl_attr_get_payload_len(attr) ==
		    sizeof(flags))
			flags = mnl_attr_get_u32(attr);
		if (type != IFA_ADDRESS && type != IFA_LOCAL)
			continue;
		if (attr_addr(attr, ifa->ifa_family,
		    type == IFA_LOCAL ? &local : &address) == -1)
			return (-1);
	}
	/* with both, IFA_ADDRESS is the other end of a point-to-point link */
	ev->u.addr.addr = local.af != AF_UNSPEC ? local : address;
	if (ev->u.addr.addr.af == AF_UNSPEC)
		return (bad());
	ev->u.addr.ifindex = ifa->ifa_index;
	if (address.af != AF_UNSPEC && !(flags & IFA_F_NOPREFIXROUTE) &&
	    !addr_is_linklocal(&address) &&
	    ifa->ifa_prefixlen <= af_bits(address.af) &&
	    (ifa->ifa_prefixlen < af_bits(address.af) ||
	    addr_cmp(&address, &ev->u.addr.addr) != 0)) {
		ev->u.addr.net.addr = address;
		ev->u.addr.net.len = ifa->ifa_prefixlen;
		prefix_mask(&ev->u.addr.net);
	}
	ev->gone = nlh->nlmsg_type == RTM_DELADDR;
	ev->kind = NL_ADDR;
	return (0);
}

static int
parse_neigh(const struct nlmsghdr *nlh, struct nl_event *ev)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct nl_neigh *neigh = &ev->u.neigh;
	const struct nlattr *attr;

	if (!has_head(nlh, sizeof(*ndm)))
		return (bad());
	/* not the forwarding tables of bridges, not proxy entries */
	if ((ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6) ||
	    (ndm->ndm_flags & NTF_PROXY) || ndm->ndm_ifindex <= 0)
		return (0);
	neigh->ifindex = ndm->ndm_ifindex;
	neigh->state = ndm->ndm_state;
	neigh->flags = ndm->ndm_flags;
	attrs_of(attr, nlh, sizeof(*ndm)) {
		switch (mnl_attr_get_type(attr)) {
		case NDA_DST:
			if (attr_addr(attr, ndm->ndm_family,
			    &neigh->addr) == -1)
				return (-1);
			break;
		case NDA_LLADDR:
			if (mnl_attr_get_payload_len(attr) !=
			    sizeof(neigh->mac))
				break;
			memcpy(neigh->mac, mnl_attr_get_payload(attr),
			    sizeof(neigh->mac));
			neigh->has_mac = true;
			break;
		case NDA_FLAGS_EXT:
			if (attr_u32(attr, &neigh->ext) == -1)
				return (-1);
			break;
		}
	}
	if (neigh->addr.af == AF_UNSPEC)
		return (bad());
	ev->gone = nlh->nlmsg_type == RTM_DELNEIGH;
	ev->kind = NL_NEIGH;
	return (0);
}

/* RTA_VIA: a gateway of another family than the route's (RFC 5549). */
static int
attr_via(const struct nlattr *attr, struct addr *to)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const struct rtvia *via = mnl_attr_get_payload(attr);

	memset(to, 0, sizeof(*to));
	if (len < sizeof(*via))
		return (bad());
	if (via->rtvia_family != AF_INET && via->rtvia_family != AF_INET6)
		return (0);
	if (len - sizeof(*via) != (size_t)af_bytes(via->rtvia_family))
		return (bad());
	to->af = via->rtvia_family;
	memcpy(to->b, via->rtvia_addr, af_bytes(to->af));
	return (0);
}

static int
parse_route_attr(const struct nlattr *attr, int af, struct nl_route *route)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		return (attr_addr(attr, af, &route->dst.addr));
	case RTA_TABLE:
		return (attr_u32(attr, &route->table));
	case RTA_PRIORITY:
		return (attr_u32(attr, &route->metric));
	case RTA_OIF:
		return (attr_u32(attr, &route->oif));
	case RTA_GATEWAY:
		return (attr_addr(attr, af, &route->gateway));
	case RTA_VIA:
		return (attr_via(attr, &route->gateway));
	}
	return (0);
}

static int
parse_route(const struct nlmsghdr *nlh, struct nl_event *ev)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct nl_route *route = &ev->u.route;
	const struct nlattr *attr;

	if (!has_head(nlh, sizeof(*rtm)))
		return (bad());
	if (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6)
		return (0);
	if (rtm->rtm_dst_len > af_bits(rtm->rtm_family))
		return (bad());
	route->type = rtm->rtm_type;
	route->cloned = (rtm->rtm_flags & RTM_F_CLONED) != 0;
	route->table = rtm->rtm_table;
	route->dst.addr.af = rtm->rtm_family;
	route->dst.len = rtm->rtm_dst_len;
	attrs_of(attr, nlh, sizeof(*rtm)) {
		if (parse_route_attr(attr, rtm->rtm_family, route) == -1)
			return (-1);
	}
	prefix_mask(&route->dst);
	ev->gone = nlh->nlmsg_type == RTM_DELROUTE;
	ev->kind = NL_ROUTE;
	return (0);
}

int
nl_parse(const struct nlmsghdr *nlh, struct nl_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return (parse_link(nlh, ev));
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return (parse_addr(nlh, ev));
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return (parse_neigh(nlh, ev));
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return (parse_route(nlh, ev));
	case RTM_NEWNEXTHOP:
		/* no route can use one that is only now made */
		if ((nlh->nlmsg_flags & NLM_F_REPLACE) == 0)
			return (0);
		/* FALLTHROUGH */
	case RTM_DELNEXTHOP:
	case RTM_NEWRULE:
	case RTM_DELRULE:
		ev->kind = NL_POLICY;
		return (0);
	}
	return (0);
}

static int
parse_group(const struct nlattr *nest, const char *want, uint32_t *group_id)
{
	const struct nlattr *attr;
	char name[GENL_NAMSIZ] = "";
	uint32_t id = 0;

	attrs_in(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_MCAST_GRP_NAME:
			if (attr_str(attr, name, sizeof(name)) == -1)
				return (-1);
			break;
		case CTRL_ATTR_MCAST_GRP_ID:
			if (attr_u32(attr, &id) == -1)
				return (-1);
			break;
		}
	}
	if (strcmp(name, want) == 0)
		*group_id = id;
	return (0);
}

int
nl_parse_family(const struct nlmsghdr *nlh, const char *group, uint16_t *id,
    uint32_t *group_id)
{
	const struct nlattr *attr, *nest;

	*id = 0;
	*group_id = 0;
	if (!has_head(nlh, sizeof(struct genlmsghdr)))
		return (bad());
	attrs_of(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			if (attr_fixed(attr, id, sizeof(*id)) == -1)
				return (-1);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			attrs_in(nest, attr) {
				if (parse_group(nest, group, group_id) == -1)
					return (-1);
			}
			break;
		}
	}
	return (*id == 0 ? bad() : 0);
}

int
nl_parse_netdev(const struct nlmsghdr *nlh, unsigned int *ifindex,
    uint64_t *features)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	bool told = false;

	*ifindex = 0;
	*features = 0;
	if (!has_head(nlh, sizeof(*genl)))
		return (bad());
	if (genl->cmd != NETDEV_CMD_DEV_GET &&
	    genl->cmd != NETDEV_CMD_DEV_ADD_NTF &&
	    genl->cmd != NETDEV_CMD_DEV_CHANGE_NTF)
		return (0);
	attrs_of(attr, nlh, sizeof(*genl)) {
		switch (mnl_attr_get_type(attr)) {
		case NETDEV_A_DEV_IFINDEX:
			if (attr_u32(attr, ifindex) == -1)
				return (-1);
			break;
		case NETDEV_A_DEV_XDP_FEATURES:
			if (attr_fixed(attr, features,
			    sizeof(*features)) == -1)
				return (-1);
			told = true;
			break;
		}
	}
	return (told && *ifindex != 0);
}
