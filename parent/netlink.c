/* SPDX-License-Identifier: ISC */
/*
 * The shell of the netlink model: sockets, dumps, lookups and timers. What
 * messages mean is decided in nl_parse.c, nl_model.c and nl_hop.c.
 */
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/log.h"
#include "nl.h"

/*
 * Two sockets listen, so that a neighbor's new MAC never waits, or is lost,
 * behind the routes of a full table.
 */
#define FAST_RCVBUF	(8 * 1024 * 1024)
#define ROUTES_RCVBUF	(32 * 1024 * 1024)
#define FAST_BURST	1024	/* messages per call */
#define ROUTES_BURST	256
#define LOOKUP_BURST	256	/* lookups per pass, a few ms */
#define KEEP_BURST	1000	/* neighbors per second */
#define DUMP_TRIES	5

#define AUDIT_SOON_MS	100	/* after a link went, or messages were lost */
#define AUDIT_SLOW	60	/* seconds; against what nobody told us */

#define AUDIT_OWN	0x1	/* addresses and the table local */
#define AUDIT_ALL	0x2

struct netlink {
	struct nl_model	 model;
	struct nl_sock	*ask;
	struct nl_sock	*keep;		/* may ask in the middle of a dump */
	struct nl_sock	*fast;		/* links, addresses, neighbors */
	struct nl_sock	*routes;	/* routes, rules, nexthop objects */
	struct nl_probe	*probe;
	struct event	*ev_fast;
	struct event	*ev_routes;
	struct event	*ev_probe;	/* NULL: the kernel does not tell */
	struct event	*ev_step;
	struct event	*ev_soon;
	struct event	*ev_slow;
	struct event	*ev_keep;
	unsigned int	 audit;		/* AUDIT_* that are due */
	bool		 keep_checked;
	struct nl_neigh	 keep_cursor;
};

static const unsigned int fast_groups[] = { RTNLGRP_LINK, RTNLGRP_NEIGH,
	RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };
static const unsigned int route_groups[] = { RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
	RTNLGRP_NEXTHOP };

#define NGROUPS(g)	(sizeof(g) / sizeof((g)[0]))

static void
step_soon(struct netlink *nl)
{
	struct timeval now = { 0, 0 };

	/* a timer, not an activation: other events get their turn first */
	if (!TAILQ_EMPTY(&nl->model.queue))
		evtimer_add(nl->ev_step, &now);
}

static void
audit_soon(struct netlink *nl, unsigned int what)
{
	struct timeval tv = { 0, AUDIT_SOON_MS * 1000 };

	nl->audit |= what;
	if (!evtimer_pending(nl->ev_soon, NULL))
		evtimer_add(nl->ev_soon, &tv);
}

/* After any events: what the model wants done. */
static void
settle(struct netlink *nl)
{
	if (nl_model_take_audit(&nl->model))
		audit_soon(nl, AUDIT_OWN);
	step_soon(nl);
}

static int
take(const struct nlmsghdr *nlh, void *arg)
{
	struct netlink *nl = arg;
	struct nl_event ev;

	if (nl_parse(nlh, &ev) == -1) {
		log_debug("netlink: malformed message of type %u",
		    nlh->nlmsg_type);
		return (0);
	}
	return (nl_model_event(&nl->model, &ev));
}

/* Take up to burst messages from a socket. */
static void
listen_read(struct netlink *nl, struct nl_sock *s, int burst)
{
	const struct nlmsghdr *nlh;
	ssize_t n;
	int len;

	while (burst-- > 0) {
		if ((n = nl_sock_recv(s, &nlh)) == 0)
			break;
		if (n == -1) {
			if (errno != ENOBUFS)
				log_warn("netlink: receive");
			log_debug("netlink: messages were lost, auditing");
			audit_soon(nl, AUDIT_ALL);
			break;
		}
		for (len = n; nl_ok(nlh, len);
		    nlh = mnl_nlmsg_next(nlh, &len)) {
			if (take(nlh, nl) == -1) {
				log_warn("netlink: event");
				audit_soon(nl, AUDIT_ALL);
			}
		}
	}
	settle(nl);
}

static void
on_fast(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *nl = arg;

	listen_read(nl, nl->fast, FAST_BURST);
}

static void
on_routes(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *nl = arg;

	listen_read(nl, nl->routes, ROUTES_BURST);
}

static void
on_probe(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *nl = arg;
	unsigned int ifindex;
	uint64_t features;
	int n;

	while ((n = nl_probe_read(nl->probe, &ifindex, &features)) != 0) {
		if (n == 1)
			nl_model_features(&nl->model, ifindex, features);
		else if (errno != EAGAIN) {
			audit_soon(nl, AUDIT_ALL);
			break;
		}
	}
	settle(nl);
}

/* One dump of a family; family dumps of what the kernel was built without
   are empty. */
static int
dump_family(struct netlink *nl, uint16_t type, int af)
{
	char buf[256];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct rtmsg *rtm;
	struct ndmsg *ndm;
	struct ifaddrmsg *ifa;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	switch (type) {
	case RTM_GETLINK:
		ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
		ifi->ifi_family = af;
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		break;
	case RTM_GETADDR:
		ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
		ifa->ifa_family = af;
		break;
	case RTM_GETNEIGH:
		ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
		ndm->ndm_family = af;
		break;
	case RTM_GETROUTE:
		rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
		rtm->rtm_family = af;
		rtm->rtm_table = RT_TABLE_LOCAL;
		break;
	}
	if (nl_sock_request(nl->ask, nlh, take, nl) == 0)
		return (0);
	if (errno == ENOENT || errno == EAFNOSUPPORT || errno == EOPNOTSUPP)
		return (0);
	return (-1);
}

/* Dump one kind until it was not overtaken by changes. */
static int
dump(struct netlink *nl, enum nl_kind kind, uint16_t type)
{
	int i, n = -1, saved;

	nl_model_dump_begin(&nl->model, kind);
	for (i = 0; i < DUMP_TRIES && n == -1; i++) {
		if (kind == NL_LINK)
			n = dump_family(nl, type, AF_UNSPEC);
		else if ((n = dump_family(nl, type, AF_INET)) == 0)
			n = dump_family(nl, type, AF_INET6);
		if (n == -1 && errno != EINTR)
			break;
	}
	saved = errno;
	nl_model_dump_end(&nl->model, kind, n == 0);
	if (n == -1 && saved == EINTR) {
		/* busy times: what came is true, what went is found later */
		audit_soon(nl, AUDIT_ALL);
		return (0);
	}
	errno = saved;
	return (n);
}

static int
dump_own(struct netlink *nl)
{
	if (dump(nl, NL_ADDR, RTM_GETADDR) == -1)
		return (-1);
	return (dump(nl, NL_ROUTE, RTM_GETROUTE));
}

static int
dump_all(struct netlink *nl)
{
	if (dump(nl, NL_LINK, RTM_GETLINK) == -1 || dump_own(nl) == -1)
		return (-1);
	return (dump(nl, NL_NEIGH, RTM_GETNEIGH));
}

static void
on_audit(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *nl = arg;
	unsigned int audit = nl->audit;
	int n;

	nl->audit = 0;
	if (audit & AUDIT_ALL) {
		n = dump_all(nl);
		nl_hop_dirty_all(&nl->model);
	} else
		n = dump_own(nl);
	if (n == -1) {
		log_warn("netlink: dump");
		audit_soon(nl, audit);
	}
	settle(nl);
}

static void
on_slow(evutil_socket_t fd, short what, void *arg)
{
	audit_soon(arg, AUDIT_ALL);
}

struct lookup {
	struct nl_route	route;
	bool		found;
};

static int
lookup_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct lookup *l = arg;
	struct nl_event ev;

	if (nl_parse(nlh, &ev) == -1)
		return (-1);
	if (ev.kind == NL_ROUTE) {
		l->route = ev.u.route;
		l->found = true;
	}
	return (0);
}

/*
 * Which way does the kernel send to addr? Of a multipath route it tells one
 * member, which is alive; that one is taken for now.
 */
static int
lookup(struct netlink *nl, const struct addr *addr, struct lookup *l)
{
	char buf[256];
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;

	memset(l, 0, sizeof(*l));
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = addr->af;
	rtm->rtm_dst_len = af_bits(addr->af);
	mnl_attr_put(nlh, RTA_DST, af_bytes(addr->af), addr->b);
	if (nl_sock_request(nl->ask, nlh, lookup_cb, l) == -1)
		return (-1);
	if (!l->found) {
		errno = EBADMSG;
		return (-1);
	}
	return (0);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *nl = arg;
	struct lookup l;
	struct addr addr;
	uint32_t id;
	int i;

	for (i = 0; i < LOOKUP_BURST; i++) {
		if (!nl_hop_next(&nl->model, &id, &addr))
			break;
		if (lookup(nl, &addr, &l) == 0)
			nl_hop_answer(&nl->model, id, &l.route, 0);
		else if (errno == ETIMEDOUT || errno == ENOBUFS ||
		    errno == ENOMEM || errno == EBADMSG) {
			/* not an answer: what we know stands */
			log_warn("netlink: route lookup");
			audit_soon(nl, AUDIT_ALL);
		} else
			nl_hop_answer(&nl->model, id, NULL, errno);
	}
	step_soon(nl);
}

static struct nlmsghdr *
neigh_request(char *buf, uint16_t type, uint16_t flags, unsigned int ifindex,
    const struct addr *addr)
{
	struct nlmsghdr *nlh;
	struct ndmsg *ndm;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = addr->af;
	ndm->ndm_ifindex = ifindex;
	/* a kernel that ignores NTF_EXT_MANAGED would else take this for a
	   change of the entry's state to none */
	if (type == RTM_NEWNEIGH)
		ndm->ndm_flags = NTF_USE;
	mnl_attr_put(nlh, NDA_DST, af_bytes(addr->af), addr->b);
	return (nlh);
}

static int
neigh_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct nl_neigh *neigh = arg;
	struct nl_event ev;

	if (nl_parse(nlh, &ev) == -1)
		return (-1);
	if (ev.kind == NL_NEIGH)
		*neigh = ev.u.neigh;
	return (0);
}

static int
neigh_ask(struct netlink *nl, unsigned int ifindex, const struct addr *addr,
    struct nl_neigh *neigh)
{
	char buf[256];

	memset(neigh, 0, sizeof(*neigh));
	return (nl_sock_request(nl->keep, neigh_request(buf, RTM_GETNEIGH, 0,
	    ifindex, addr), neigh_cb, neigh));
}

static int
neigh_use(struct netlink *nl, unsigned int ifindex, const struct addr *addr,
    uint16_t flags, uint32_t ext)
{
	char buf[256];
	struct nlmsghdr *nlh;

	nlh = neigh_request(buf, RTM_NEWNEIGH, NLM_F_ACK | flags, ifindex,
	    addr);
	if (ext != 0)
		mnl_attr_put_u32(nlh, NDA_FLAGS_EXT, ext);
	return (nl_sock_request(nl->keep, nlh, NULL, NULL));
}

/* Once: does the kernel know managed neighbors (5.16)? */
static void
keep_check(struct netlink *nl, unsigned int ifindex, const struct addr *addr)
{
	struct timeval second = { 1, 0 };
	struct nl_neigh now;

	if (nl->keep_checked || neigh_ask(nl, ifindex, addr, &now) == -1)
		return;
	nl->keep_checked = true;
	if (now.ext & NTF_EXT_MANAGED)
		return;
	log_info("netlink: the kernel does not manage neighbors, "
	    "refreshing them by hand");
	nl->model.managed = false;
	evtimer_add(nl->ev_keep, &second);
}

static int
keep(void *arg, unsigned int ifindex, const struct addr *addr, bool on)
{
	struct netlink *nl = arg;
	struct nl_neigh now;
	char text[ADDRSTRLEN];

	if (!on && !nl->model.managed)
		return (0);
	/* Asked first, for the event may still be on its way: the request
	   would make an operator's permanent entry a dynamic one. */
	if (neigh_ask(nl, ifindex, addr, &now) == 0) {
		if ((now.state & (NUD_PERMANENT | NUD_NOARP)) ||
		    (now.flags & NTF_EXT_LEARNED))
			return (-1);
		if (on && (now.ext & NTF_EXT_MANAGED))
			return (1);
	} else if (!on)
		return (0);
	if (neigh_use(nl, ifindex, addr, on ? NLM_F_CREATE : 0,
	    on && nl->model.managed ? NTF_EXT_MANAGED : 0) == -1) {
		log_debug("netlink: neighbor %s on interface %u: %s",
		    addr_format(addr, text), ifindex, strerror(errno));
		return (-1);
	}
	if (on)
		keep_check(nl, ifindex, addr);
	return (0);
}

/* Without managed neighbors: use each as if for a packet, in turns. */
static void
on_keep(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *nl = arg;
	struct nl_neigh *cursor = &nl->keep_cursor;
	struct timeval second = { 1, 0 };
	int i;

	for (i = 0; i < KEEP_BURST; i++) {
		if (!nl_hop_keep_next(&nl->model, cursor)) {
			memset(cursor, 0, sizeof(*cursor));
			break;
		}
		(void)neigh_use(nl, cursor->ifindex, &cursor->addr,
		    NLM_F_CREATE, 0);
	}
	evtimer_add(nl->ev_keep, &second);
}

static void
probe(void *arg, unsigned int ifindex, const char *name,
    struct nl_features *features)
{
	struct netlink *nl = arg;

	nl_probe_ask(nl->probe, ifindex, name, features);
}

static struct nl_sock *
listen_open(int rcvbuf, const unsigned int *groups, size_t n)
{
	struct nl_sock *s;
	size_t i;

	if ((s = nl_sock_open(NETLINK_ROUTE, rcvbuf, false)) == NULL)
		return (NULL);
	for (i = 0; i < n; i++) {
		if (nl_sock_join(s, groups[i]) == -1) {
			log_warn("netlink: group %u", groups[i]);
			nl_sock_close(s);
			return (NULL);
		}
	}
	return (s);
}

static int
events_new(struct netlink *nl, struct event_base *base)
{
	short read = EV_READ | EV_PERSIST;

	nl->ev_fast = event_new(base, nl_sock_fd(nl->fast), read, on_fast,
	    nl);
	nl->ev_routes = event_new(base, nl_sock_fd(nl->routes), read,
	    on_routes, nl);
	nl->ev_step = evtimer_new(base, on_step, nl);
	nl->ev_soon = evtimer_new(base, on_audit, nl);
	nl->ev_slow = event_new(base, -1, EV_PERSIST, on_slow, nl);
	nl->ev_keep = evtimer_new(base, on_keep, nl);
	if (nl_probe_fd(nl->probe) != -1) {
		nl->ev_probe = event_new(base, nl_probe_fd(nl->probe), read,
		    on_probe, nl);
		if (nl->ev_probe == NULL)
			return (-1);
	}
	return (nl->ev_fast == NULL || nl->ev_routes == NULL ||
	    nl->ev_step == NULL || nl->ev_soon == NULL ||
	    nl->ev_slow == NULL || nl->ev_keep == NULL ? -1 : 0);
}

struct netlink *
netlink_open(struct event_base *base, const struct netlink_ops *ops,
    void *arg)
{
	struct netlink *nl;
	struct nl_ops model;
	int saved;

	if ((nl = calloc(1, sizeof(*nl))) == NULL)
		return (NULL);
	model.up = *ops;
	model.up_arg = arg;
	model.shell = nl;
	model.probe = probe;
	model.keep = keep;
	nl_model_init(&nl->model, &model);
	nl->ask = nl_sock_open(NETLINK_ROUTE, 0, true);
	nl->keep = nl_sock_open(NETLINK_ROUTE, 0, true);
	nl->fast = listen_open(FAST_RCVBUF, fast_groups,
	    NGROUPS(fast_groups));
	nl->routes = listen_open(ROUTES_RCVBUF, route_groups,
	    NGROUPS(route_groups));
	nl->probe = nl_probe_open();
	if (nl->ask == NULL || nl->keep == NULL || nl->fast == NULL ||
	    nl->routes == NULL || nl->probe == NULL ||
	    events_new(nl, base) == -1) {
		saved = errno;
		netlink_close(nl);
		errno = saved;
		return (NULL);
	}
	return (nl);
}

static void
event_drop(struct event *ev)
{
	if (ev != NULL)
		event_free(ev);
}

void
netlink_close(struct netlink *nl)
{
	nl_model_clear(&nl->model);
	event_drop(nl->ev_fast);
	event_drop(nl->ev_routes);
	event_drop(nl->ev_probe);
	event_drop(nl->ev_step);
	event_drop(nl->ev_soon);
	event_drop(nl->ev_slow);
	event_drop(nl->ev_keep);
	nl_probe_close(nl->probe);
	nl_sock_close(nl->routes);
	nl_sock_close(nl->fast);
	nl_sock_close(nl->keep);
	nl_sock_close(nl->ask);
	free(nl);
}

int
netlink_start(struct netlink *nl)
{
	struct timeval slow = { AUDIT_SLOW, 0 };

	if (dump_all(nl) == -1)
		return (-1);
	if (event_add(nl->ev_fast, NULL) == -1 ||
	    event_add(nl->ev_routes, NULL) == -1 ||
	    event_add(nl->ev_slow, &slow) == -1 ||
	    (nl->ev_probe != NULL && event_add(nl->ev_probe, NULL) == -1))
		return (-1);
	settle(nl);
	return (0);
}

bool
netlink_merges(struct netlink *nl, const char *name)
{
	return (nl_probe_merges(nl->probe, name));
}

const struct link_info *
netlink_link(const struct netlink *nl, unsigned int ifindex)
{
	const struct link *link = nl_model_link(&nl->model, ifindex);

	return (link == NULL ? NULL : &link->info);
}

const struct link_info *
netlink_link_name(const struct netlink *nl, const char *name)
{
	return (nl_model_link_name(&nl->model, name));
}

void
netlink_each(const struct netlink *nl,
    void (*fn)(void *, const struct link_info *), void *arg)
{
	nl_model_each(&nl->model, fn, arg);
}

int
netlink_want(struct netlink *nl, uint32_t id, const struct addr *addr)
{
	if (nl_hop_want(&nl->model, id, addr) == -1)
		return (-1);
	step_soon(nl);
	return (0);
}

void
netlink_drop(struct netlink *nl, uint32_t id)
{
	nl_hop_drop(&nl->model, id);
}
