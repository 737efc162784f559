/* SPDX-License-Identifier: ISC */
/*
 * Decoding of netlink messages: what the kernel sends, and what it would
 * never send.
 */
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <atf-c.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if_arp.h>
#include <string.h>

#include "../../parent/nl.h"

static union {
	char		 bytes[1024];
	struct nlmsghdr	 nlh;
} buf;
static struct nl_event ev;

static void *
start(uint16_t type, size_t head)
{
	struct nlmsghdr *nlh;

	memset(&buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf.bytes);
	nlh->nlmsg_type = type;
	return (mnl_nlmsg_put_extra_header(nlh, head));
}

static void
start_link(uint16_t type, int af)
{
	struct ifinfomsg *ifi = start(type, sizeof(*ifi));

	ifi->ifi_family = af;
	ifi->ifi_index = 5;
	ifi->ifi_type = ARPHRD_ETHER;
	ifi->ifi_flags = IFF_UP;
}

static void
start_addr(int af)
{
	struct ifaddrmsg *ifa = start(RTM_NEWADDR, sizeof(*ifa));

	ifa->ifa_family = af;
	ifa->ifa_index = 5;
}

static void
start_neigh(int af)
{
	struct ndmsg *ndm = start(RTM_NEWNEIGH, sizeof(*ndm));

	ndm->ndm_family = af;
	ndm->ndm_ifindex = 5;
	ndm->ndm_state = NUD_REACHABLE;
}

static struct rtmsg *
start_route(int af, int len)
{
	struct rtmsg *rtm = start(RTM_NEWROUTE, sizeof(*rtm));

	rtm->rtm_family = af;
	rtm->rtm_dst_len = len;
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_table = RT_TABLE_MAIN;
	return (rtm);
}

/* Parse what was built: the kind, or -1 for malformed. */
static int
parse(void)
{
	if (nl_parse(&buf.nlh, &ev) == -1) {
		ATF_CHECK_EQ(EBADMSG, errno);
		return (-1);
	}
	return (ev.kind);
}

static void
check_addr(const char *want, const struct addr *got)
{
	char text[ADDRSTRLEN];

	ATF_CHECK_STREQ(want, addr_format(got, text));
}

ATF_TC_WITHOUT_HEAD(link);
ATF_TC_BODY(link, tc)
{
	start_link(RTM_NEWLINK, AF_UNSPEC);
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(&buf.nlh, IFLA_MTU, 9000);
	mnl_attr_put_u32(&buf.nlh, IFLA_MASTER, 7);
	mnl_attr_put(&buf.nlh, IFLA_ADDRESS, 6, "\1\2\3\4\5\6");
	ATF_CHECK_EQ(NL_LINK, parse());
	ATF_CHECK_EQ(5, ev.u.link.ifindex);
	ATF_CHECK_EQ(ARPHRD_ETHER, ev.u.link.type);
	ATF_CHECK_EQ(IFF_UP, ev.u.link.flags);
	ATF_CHECK_EQ(9000, ev.u.link.mtu);
	ATF_CHECK_EQ(7, ev.u.link.master);
	ATF_CHECK_STREQ("eth0", ev.u.link.name);
	ATF_CHECK(memcmp(ev.u.link.mac, "\1\2\3\4\5\6", 6) == 0);
	ATF_CHECK(!ev.gone && !ev.u.link.port);
	buf.nlh.nlmsg_type = RTM_DELLINK;
	ATF_CHECK_EQ(NL_LINK, parse());
	ATF_CHECK(ev.gone);
	/* an address that is no Ethernet one */
	start_link(RTM_NEWLINK, AF_UNSPEC);
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "gre0");
	mnl_attr_put(&buf.nlh, IFLA_ADDRESS, 4, "\1\2\3\4");
	ATF_CHECK_EQ(NL_LINK, parse());
	ATF_CHECK_EQ(0, ev.u.link.mac[0]);
}

ATF_TC_WITHOUT_HEAD(link_bad);
ATF_TC_BODY(link_bad, tc)
{
	struct ifinfomsg *ifi;

	start_link(RTM_NEWLINK, AF_UNSPEC);
	ATF_CHECK_EQ_MSG(-1, parse(), "no name");
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "a-name-of-more-than-15");
	ATF_CHECK_EQ_MSG(-1, parse(), "long name");
	start_link(RTM_NEWLINK, AF_UNSPEC);
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "eth0");
	mnl_attr_put_u16(&buf.nlh, IFLA_MTU, 1500);
	ATF_CHECK_EQ_MSG(-1, parse(), "short MTU");
	start_link(RTM_NEWLINK, AF_UNSPEC);
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "eth0");
	ifi = mnl_nlmsg_get_payload(&buf.nlh);
	ifi->ifi_index = -1;
	ATF_CHECK_EQ_MSG(-1, parse(), "negative index");
	start(RTM_NEWLINK, sizeof(struct ifinfomsg) - 4);
	ATF_CHECK_EQ_MSG(-1, parse(), "short");
	start_link(RTM_NEWLINK, AF_INET6);
	ATF_CHECK_EQ(NL_IGNORE, parse());
	start_link(RTM_NEWLINK, AF_UNSPEC);
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "wlan0");
	mnl_attr_put_u32(&buf.nlh, IFLA_WIRELESS, 0);
	ATF_CHECK_EQ(NL_IGNORE, parse());
}

static void
put_linkinfo(const char *slave, bool data, uint8_t stp)
{
	struct nlattr *info, *nest;

	info = mnl_attr_nest_start(&buf.nlh, IFLA_LINKINFO);
	mnl_attr_put_str(&buf.nlh, IFLA_INFO_KIND, "veth");
	mnl_attr_put_str(&buf.nlh, IFLA_INFO_SLAVE_KIND, slave);
	if (data) {
		nest = mnl_attr_nest_start(&buf.nlh, IFLA_INFO_SLAVE_DATA);
		mnl_attr_put_u8(&buf.nlh, IFLA_BRPORT_STATE, stp);
		mnl_attr_nest_end(&buf.nlh, nest);
	}
	mnl_attr_nest_end(&buf.nlh, info);
}

ATF_TC_WITHOUT_HEAD(bridge_port);
ATF_TC_BODY(bridge_port, tc)
{
	static const struct {
		const char	*slave;
		bool		 data, port;
		uint8_t		 stp;
	} t[] = {
		{ "bridge", true, true, BR_STATE_FORWARDING },
		{ "bridge", true, true, BR_STATE_BLOCKING },
		{ "bridge", false, true, BR_STATE_DISABLED },
		{ "bond", true, false, 0 },
	};
	struct nlattr *nest;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		start_link(RTM_NEWLINK, AF_UNSPEC);
		mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "eth0");
		put_linkinfo(t[i].slave, t[i].data, t[i].stp);
		ATF_CHECK_EQ(NL_LINK, parse());
		ATF_CHECK_STREQ("veth", ev.u.link.kind);
		ATF_CHECK_EQ(t[i].port, ev.u.link.port);
		ATF_CHECK_EQ(t[i].stp, ev.u.link.stp);
	}
	start_link(RTM_NEWLINK, AF_BRIDGE);
	ATF_CHECK_EQ(NL_IGNORE, parse());
	nest = mnl_attr_nest_start(&buf.nlh, IFLA_PROTINFO);
	mnl_attr_put_u8(&buf.nlh, IFLA_BRPORT_STATE, BR_STATE_LEARNING);
	mnl_attr_nest_end(&buf.nlh, nest);
	ATF_CHECK_EQ(NL_PORT, parse());
	ATF_CHECK_EQ(5, ev.u.port.ifindex);
	ATF_CHECK_EQ(BR_STATE_LEARNING, ev.u.port.stp);
	/* it left the bridge; the device is still there */
	buf.nlh.nlmsg_type = RTM_DELLINK;
	ATF_CHECK_EQ(NL_IGNORE, parse());
	start_link(RTM_NEWLINK, AF_BRIDGE);
	nest = mnl_attr_nest_start(&buf.nlh, IFLA_PROTINFO);
	mnl_attr_put(&buf.nlh, IFLA_BRPORT_STATE, 0, "");
	mnl_attr_nest_end(&buf.nlh, nest);
	ATF_CHECK_EQ(-1, parse());
}

ATF_TC_WITHOUT_HEAD(bond_member);
ATF_TC_BODY(bond_member, tc)
{
	struct nlattr *info, *nest;
	int state;

	for (state = -1; state <= 2; state++) {
		start_link(RTM_NEWLINK, AF_UNSPEC);
		mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "eth0");
		info = mnl_attr_nest_start(&buf.nlh, IFLA_LINKINFO);
		mnl_attr_put_str(&buf.nlh, IFLA_INFO_SLAVE_KIND, "bond");
		nest = mnl_attr_nest_start(&buf.nlh, IFLA_INFO_SLAVE_DATA);
		if (state == 2)
			mnl_attr_put(&buf.nlh, IFLA_BOND_SLAVE_STATE, 0, "");
		else if (state != -1)
			mnl_attr_put_u8(&buf.nlh, IFLA_BOND_SLAVE_STATE, state);
		mnl_attr_nest_end(&buf.nlh, nest);
		mnl_attr_nest_end(&buf.nlh, info);
		ATF_CHECK_EQ(state == 2 ? -1 : NL_LINK, parse());
		if (state != 2)
			ATF_CHECK_EQ(state == 1,
			    ev.u.link.backup);
		ATF_CHECK(!ev.u.link.port);
	}
}

ATF_TC_WITHOUT_HEAD(address);
ATF_TC_BODY(address, tc)
{
	start_addr(AF_INET);
	ATF_CHECK_EQ_MSG(-1, parse(), "no address");
	mnl_attr_put(&buf.nlh, IFA_ADDRESS, 4, "\12\0\0\1");
	ATF_CHECK_EQ(NL_ADDR, parse());
	check_addr("10.0.0.1", &ev.u.addr.addr);
	mnl_attr_put(&buf.nlh, IFA_LOCAL, 4, "\12\0\0\2");
	ATF_CHECK_EQ(NL_ADDR, parse());
	check_addr("10.0.0.2", &ev.u.addr.addr);
	ATF_CHECK_EQ(5, ev.u.addr.ifindex);
	buf.nlh.nlmsg_type = RTM_DELADDR;
	ATF_CHECK_EQ(NL_ADDR, parse());
	ATF_CHECK(ev.gone);
	start_addr(AF_INET6);
	mnl_attr_put(&buf.nlh, IFA_ADDRESS, 4, "\12\0\0\1");
	ATF_CHECK_EQ_MSG(-1, parse(), "4 bytes of IPv6");
	start_addr(AF_INET);
	mnl_attr_put(&buf.nlh, IFA_LOCAL, 16, "0123456789abcdef");
	ATF_CHECK_EQ_MSG(-1, parse(), "16 bytes of IPv4");
	start_addr(AF_BRIDGE);
	ATF_CHECK_EQ(NL_IGNORE, parse());
	start(RTM_NEWADDR, 4);
	ATF_CHECK_EQ(-1, parse());
}

ATF_TC_WITHOUT_HEAD(neighbor);
ATF_TC_BODY(neighbor, tc)
{
	struct ndmsg *ndm;

	start_neigh(AF_INET6);
	ATF_CHECK_EQ_MSG(-1, parse(), "no address");
	mnl_attr_put(&buf.nlh, NDA_DST, 16,
	    "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	ATF_CHECK_EQ(NL_NEIGH, parse());
	ATF_CHECK(!ev.u.neigh.has_mac);
	mnl_attr_put(&buf.nlh, NDA_LLADDR, 6, "\1\2\3\4\5\6");
	mnl_attr_put_u32(&buf.nlh, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	ATF_CHECK_EQ(NL_NEIGH, parse());
	check_addr("fe80::1", &ev.u.neigh.addr);
	ATF_CHECK(ev.u.neigh.has_mac && ev.u.neigh.mac[5] == 6);
	ATF_CHECK_EQ(NUD_REACHABLE, ev.u.neigh.state);
	ATF_CHECK_EQ(NTF_EXT_MANAGED, ev.u.neigh.ext);
	ATF_CHECK_EQ(5, ev.u.neigh.ifindex);
	buf.nlh.nlmsg_type = RTM_DELNEIGH;
	ATF_CHECK_EQ(NL_NEIGH, parse());
	ATF_CHECK(ev.gone);
	ndm = mnl_nlmsg_get_payload(&buf.nlh);
	ndm->ndm_flags = NTF_PROXY;
	ATF_CHECK_EQ(NL_IGNORE, parse());
	start_neigh(AF_BRIDGE);
	ATF_CHECK_EQ(NL_IGNORE, parse());
	start_neigh(AF_INET);
	mnl_attr_put(&buf.nlh, NDA_DST, 6, "\1\2\3\4\5\6");
	ATF_CHECK_EQ(-1, parse());
	/* InfiniBand: an address, but not for us */
	start_neigh(AF_INET);
	mnl_attr_put(&buf.nlh, NDA_DST, 4, "\12\0\0\1");
	mnl_attr_put(&buf.nlh, NDA_LLADDR, 20, "01234567890123456789");
	ATF_CHECK_EQ(NL_NEIGH, parse());
	ATF_CHECK(!ev.u.neigh.has_mac);
}

ATF_TC_WITHOUT_HEAD(route);
ATF_TC_BODY(route, tc)
{
	char text[PREFIXSTRLEN];

	start_route(AF_INET, 24);
	mnl_attr_put(&buf.nlh, RTA_DST, 4, "\12\1\2\3");
	mnl_attr_put_u32(&buf.nlh, RTA_TABLE, 1000);
	mnl_attr_put_u32(&buf.nlh, RTA_OIF, 5);
	mnl_attr_put_u32(&buf.nlh, RTA_PRIORITY, 20);
	mnl_attr_put(&buf.nlh, RTA_GATEWAY, 4, "\12\0\0\1");
	ATF_CHECK_EQ(NL_ROUTE, parse());
	ATF_CHECK_STREQ("10.1.2.0/24", prefix_format(&ev.u.route.dst, text));
	ATF_CHECK_EQ(1000, ev.u.route.table);
	ATF_CHECK_EQ(5, ev.u.route.oif);
	ATF_CHECK_EQ(20, ev.u.route.metric);
	ATF_CHECK_EQ(RTN_UNICAST, ev.u.route.type);
	check_addr("10.0.0.1", &ev.u.route.gateway);
	buf.nlh.nlmsg_type = RTM_DELROUTE;
	ATF_CHECK_EQ(NL_ROUTE, parse());
	ATF_CHECK(ev.gone);
	start_route(AF_INET6, 0)->rtm_flags = RTM_F_CLONED;
	ATF_CHECK_EQ(NL_ROUTE, parse());
	ATF_CHECK_STREQ("::/0", prefix_format(&ev.u.route.dst, text));
	ATF_CHECK_EQ(RT_TABLE_MAIN, ev.u.route.table);
	ATF_CHECK_EQ(AF_UNSPEC, ev.u.route.gateway.af);
	ATF_CHECK(ev.u.route.cloned);
	start_route(AF_INET, 33);
	ATF_CHECK_EQ_MSG(-1, parse(), "length 33");
	start_route(AF_INET6, 129);
	ATF_CHECK_EQ_MSG(-1, parse(), "length 129");
	start_route(AF_INET6, 24);
	mnl_attr_put(&buf.nlh, RTA_DST, 4, "\12\1\2\3");
	ATF_CHECK_EQ_MSG(-1, parse(), "4 bytes of IPv6");
}

ATF_TC_WITHOUT_HEAD(via);
ATF_TC_BODY(via, tc)
{
	static const struct {
		size_t		 len;
		uint8_t		 family;
		int		 want;
		const char	*gateway;
	} t[] = {
		{ 18, AF_INET6, NL_ROUTE, "fe80::9" },
		{ 6, AF_INET, NL_ROUTE, "254.128.0.0" },
		{ 6, AF_INET6, -1, NULL },
		{ 18, AF_INET, -1, NULL },
		{ 17, AF_INET6, -1, NULL },
		{ 1, AF_INET6, -1, NULL },
		{ 0, 0, -1, NULL },
		{ 8, AF_APPLETALK, NL_ROUTE, NULL },
	};
	uint8_t bytes[18] = { 0, 0, 0xfe, 0x80, [17] = 9 };
	struct rtvia via;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		start_route(AF_INET, 24);
		via.rtvia_family = t[i].family;
		memcpy(bytes, &via.rtvia_family, sizeof(via.rtvia_family));
		mnl_attr_put(&buf.nlh, RTA_VIA, t[i].len, bytes);
		ATF_CHECK_EQ_MSG(t[i].want, parse(), "row %zu", i);
		if (t[i].gateway != NULL)
			check_addr(t[i].gateway, &ev.u.route.gateway);
		else if (t[i].want == NL_ROUTE)
			ATF_CHECK_EQ(AF_UNSPEC, ev.u.route.gateway.af);
	}
}

ATF_TC_WITHOUT_HEAD(policy);
ATF_TC_BODY(policy, tc)
{
	static const struct {
		uint16_t	type, flags;
		int		want;
	} t[] = {
		{ RTM_NEWRULE, 0, NL_POLICY },
		{ RTM_DELRULE, 0, NL_POLICY },
		{ RTM_NEWNEXTHOP, 0, NL_IGNORE },
		{ RTM_NEWNEXTHOP, NLM_F_REPLACE, NL_POLICY },
		{ RTM_DELNEXTHOP, 0, NL_POLICY },
		{ RTM_NEWTFILTER, 0, NL_IGNORE },
		{ NLMSG_DONE, 0, NL_IGNORE },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		start(t[i].type, 0);
		buf.nlh.nlmsg_flags = t[i].flags;
		ATF_CHECK_EQ_MSG(t[i].want, parse(), "row %zu", i);
	}
}

/* Every cut of a message is refused or taken for a shorter one, and an
   attribute that claims more than there is ends the message. */
ATF_TC_WITHOUT_HEAD(cut);
ATF_TC_BODY(cut, tc)
{
	struct nlattr *attr;
	uint32_t len, whole;

	start_link(RTM_NEWLINK, AF_UNSPEC);
	mnl_attr_put_strz(&buf.nlh, IFLA_IFNAME, "eth0");
	put_linkinfo("bridge", true, BR_STATE_FORWARDING);
	whole = buf.nlh.nlmsg_len;
	for (len = NLMSG_HDRLEN; len < whole; len++) {
		buf.nlh.nlmsg_len = len;
		if (parse() == NL_LINK)
			ATF_CHECK(!ev.u.link.port);
	}
	start_route(AF_INET, 24);
	mnl_attr_put(&buf.nlh, RTA_DST, 4, "\12\1\2\3");
	attr = mnl_nlmsg_get_payload_offset(&buf.nlh, sizeof(struct rtmsg));
	attr->nla_len = 200;
	ATF_CHECK_EQ(NL_ROUTE, parse());
	ATF_CHECK_EQ(0, ev.u.route.dst.addr.b[0]);
	attr->nla_len = 3;
	ATF_CHECK_EQ(NL_ROUTE, parse());
}

ATF_TC_WITHOUT_HEAD(length);
ATF_TC_BODY(length, tc)
{
	static const struct {
		uint32_t	claimed;
		int		len;
		bool		ok;
	} t[] = {
		{ 16, 16, true },
		{ 20, 20, true },
		{ 21, 20, false },
		{ 16, 15, false },
		{ 15, 20, false },
		{ 0, 20, false },
		{ 0x7fffffff, 20, false },
		{ 0x80000000, 20, false },
		{ 0xffffffff, 20, false },
		{ 16, -16, false },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		start(RTM_NEWLINK, 0);
		buf.nlh.nlmsg_len = t[i].claimed;
		ATF_CHECK_EQ_MSG(t[i].ok, nl_ok(&buf.nlh, t[i].len),
		    "row %zu", i);
	}
}

ATF_TC_WITHOUT_HEAD(family);
ATF_TC_BODY(family, tc)
{
	struct nlattr *groups, *group;
	uint32_t group_id;
	uint16_t id;

	start(GENL_ID_CTRL, sizeof(struct genlmsghdr));
	ATF_CHECK_EQ(-1, nl_parse_family(&buf.nlh, "mgmt", &id, &group_id));
	mnl_attr_put_u16(&buf.nlh, CTRL_ATTR_FAMILY_ID, 33);
	ATF_CHECK_EQ(0, nl_parse_family(&buf.nlh, "mgmt", &id, &group_id));
	ATF_CHECK_EQ(33, id);
	ATF_CHECK_EQ(0, group_id);
	groups = mnl_attr_nest_start(&buf.nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(&buf.nlh, 1);
	mnl_attr_put_u32(&buf.nlh, CTRL_ATTR_MCAST_GRP_ID, 8);
	mnl_attr_put_strz(&buf.nlh, CTRL_ATTR_MCAST_GRP_NAME, "mgmt");
	mnl_attr_nest_end(&buf.nlh, group);
	group = mnl_attr_nest_start(&buf.nlh, 2);
	mnl_attr_put_strz(&buf.nlh, CTRL_ATTR_MCAST_GRP_NAME, "page-pool");
	mnl_attr_put_u32(&buf.nlh, CTRL_ATTR_MCAST_GRP_ID, 9);
	mnl_attr_nest_end(&buf.nlh, group);
	mnl_attr_nest_end(&buf.nlh, groups);
	ATF_CHECK_EQ(0, nl_parse_family(&buf.nlh, "mgmt", &id, &group_id));
	ATF_CHECK_EQ(8, group_id);
	ATF_CHECK_EQ(0, nl_parse_family(&buf.nlh, "page-pool", &id,
	    &group_id));
	ATF_CHECK_EQ(9, group_id);
	start(GENL_ID_CTRL, 0);
	ATF_CHECK_EQ(-1, nl_parse_family(&buf.nlh, "mgmt", &id, &group_id));
}

ATF_TC_WITHOUT_HEAD(netdev);
ATF_TC_BODY(netdev, tc)
{
	struct genlmsghdr *genl;
	unsigned int ifindex;
	uint64_t features;

	genl = start(33, sizeof(*genl));
	genl->cmd = NETDEV_CMD_DEV_CHANGE_NTF;
	ATF_CHECK_EQ(0, nl_parse_netdev(&buf.nlh, &ifindex, &features));
	mnl_attr_put_u32(&buf.nlh, NETDEV_A_DEV_IFINDEX, 5);
	mnl_attr_put_u64(&buf.nlh, NETDEV_A_DEV_XDP_FEATURES, 0x10000000fULL);
	ATF_CHECK_EQ(1, nl_parse_netdev(&buf.nlh, &ifindex, &features));
	ATF_CHECK_EQ(5, ifindex);
	ATF_CHECK_EQ(0x10000000fULL, features);
	genl->cmd = 3;		/* the device went */
	ATF_CHECK_EQ(0, nl_parse_netdev(&buf.nlh, &ifindex, &features));
	genl->cmd = NETDEV_CMD_DEV_GET;
	mnl_attr_put_u32(&buf.nlh, NETDEV_A_DEV_XDP_FEATURES, 1);
	ATF_CHECK_EQ(-1, nl_parse_netdev(&buf.nlh, &ifindex, &features));
	start(33, 0);
	ATF_CHECK_EQ(-1, nl_parse_netdev(&buf.nlh, &ifindex, &features));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, link);
	ATF_TP_ADD_TC(tp, link_bad);
	ATF_TP_ADD_TC(tp, bond_member);
	ATF_TP_ADD_TC(tp, bridge_port);
	ATF_TP_ADD_TC(tp, address);
	ATF_TP_ADD_TC(tp, neighbor);
	ATF_TP_ADD_TC(tp, route);
	ATF_TP_ADD_TC(tp, via);
	ATF_TP_ADD_TC(tp, policy);
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, length);
	ATF_TP_ADD_TC(tp, family);
	ATF_TP_ADD_TC(tp, netdev);
	return (atf_no_error());
}
