/* SPDX-License-Identifier: ISC */
/*
 * The netlink model with made-up events: each test tells it what happened
 * and compares what it said with what it should have said, word for word.
 */
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <atf-c.h>
#include <errno.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/log.h"
#include "../../parent/nl.h"

#define MAXROUTES	8

struct world {
	struct nl_model		 m;
	char			 said[4096];
	struct nl_features	 features;	/* of the next new link */
	int			 keep;		/* what keeping returns */
	struct {
		struct prefix	 prefix;
		struct nl_route	 route;
		int		 error;
	}			 routes[MAXROUTES];
	int			 nroutes;
};

static void	say(struct world *, const char *, ...) LOGFMT(2, 3);

static void
say(struct world *w, const char *fmt, ...)
{
	size_t len = strlen(w->said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->said + len, sizeof(w->said) - len, fmt, ap);
	va_end(ap);
}

static void
on_link(void *arg, const struct link_info *i)
{
	say(arg, "link %s%s%s%s%s%s%s\n", i->name, i->gone ? " gone" : "",
	    i->up ? " up" : "", i->forwarding ? "" : " blocked",
	    i->xmit ? " xmit" : "", i->master_kind[0] ? " in " : "",
	    i->master_kind);
}

static void
on_local(void *arg, const struct prefix *prefix, bool up)
{
	char text[PREFIXSTRLEN];

	say(arg, "local %c%s\n", up ? '+' : '-', prefix_format(prefix, text));
}

static void
on_nexthop(void *arg, uint32_t id, const struct nexthop_info *i)
{
	static const char *const states[] = { "unresolved", "incomplete",
		"local", "valid" };

	say(arg, "hop %u %s", id, states[i->state]);
	if (i->state == NEXTHOP_VALID)
		say(arg, " %u %02x", i->ifindex, i->mac[5]);
	say(arg, "%s%s\n", i->reason[0] ? ": " : "", i->reason);
}

static void
on_probe(void *arg, unsigned int ifindex, const char *name,
    struct nl_features *features)
{
	struct world *w = arg;

	*features = w->features;
}

static int
on_keep(void *arg, unsigned int ifindex, const struct addr *addr, bool on)
{
	struct world *w = arg;
	char text[ADDRSTRLEN];

	say(w, "%s %u %s\n", on ? "keep" : "leave", ifindex,
	    addr_format(addr, text));
	return (w->keep);
}

static void
world_new(struct world *w)
{
	struct nl_ops ops = { { .link = on_link, .local = on_local,
		.nexthop = on_nexthop }, w, w,
		on_probe, on_keep };

	memset(w, 0, sizeof(*w));
	w->features.known = true;
	w->features.xdp = NETDEV_XDP_ACT_NDO_XMIT;
	nl_model_init(&w->m, &ops);
}

static void
expect_at(struct world *w, int line, const char *want)
{
	ATF_CHECK_MSG(strcmp(w->said, want) == 0,
	    "line %d\n--- said:\n%s--- should have said:\n%s", line, w->said,
	    want);
	w->said[0] = '\0';
}
#define EXPECT(w, want)	expect_at(w, __LINE__, want)

static struct addr
addr(const char *text)
{
	struct addr a;

	ATF_REQUIRE_MSG(addr_parse(text, &a) == 0, "%s", text);
	return (a);
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	ATF_REQUIRE_MSG(prefix_parse(text, &p, NULL) == 0, "%s", text);
	return (p);
}

#define UP	(IFF_UP | IFF_RUNNING)

static struct nl_event
link_event(unsigned int ifindex, uint32_t flags)
{
	struct nl_event ev;
	struct nl_link *l = &ev.u.link;

	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_LINK;
	l->ifindex = ifindex;
	l->type = ARPHRD_ETHER;
	l->flags = flags;
	l->mtu = 1500;
	snprintf(l->name, sizeof(l->name), "if%u", ifindex);
	return (ev);
}

static void
put(struct world *w, struct nl_event ev)
{
	ATF_REQUIRE(nl_model_event(&w->m, &ev) == 0);
}

static void
link_is(struct world *w, unsigned int ifindex, uint32_t flags)
{
	put(w, link_event(ifindex, flags));
}

static void
link_goes(struct world *w, unsigned int ifindex)
{
	struct nl_event ev = link_event(ifindex, 0);

	ev.gone = true;
	put(w, ev);
}

static void
address(struct world *w, const char *text, unsigned int ifindex, bool up)
{
	struct nl_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_ADDR;
	ev.gone = !up;
	ev.u.addr.ifindex = ifindex;
	ev.u.addr.addr = addr(text);
	put(w, ev);
}

static void
route(struct world *w, const char *text, uint32_t table, uint8_t type,
    unsigned int oif, bool up)
{
	struct nl_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_ROUTE;
	ev.gone = !up;
	ev.u.route.table = table;
	ev.u.route.type = type;
	ev.u.route.oif = oif;
	ev.u.route.dst = prefix(text);
	put(w, ev);
}

static void
neighbor(struct world *w, const char *text, unsigned int ifindex,
    uint16_t state, uint32_t ext, uint8_t mac)
{
	struct nl_event ev;
	struct nl_neigh *n = &ev.u.neigh;

	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_NEIGH;
	ev.gone = state == NUD_NONE;
	n->ifindex = ifindex;
	n->addr = addr(text);
	n->state = state;
	n->ext = ext;
	n->has_mac = mac != 0;
	n->mac[5] = mac;
	put(w, ev);
}

/* What lookups will find from now on; gateway NULL: on link. */
static void
leads(struct world *w, const char *text, uint8_t type, unsigned int oif,
    const char *gateway, int error)
{
	struct prefix p = prefix(text);
	int i;

	for (i = 0; i < w->nroutes; i++) {
		if (prefix_cmp(&p, &w->routes[i].prefix) == 0)
			break;
	}
	if (i == w->nroutes)
		w->nroutes++;
	ATF_REQUIRE(i < MAXROUTES);
	memset(&w->routes[i], 0, sizeof(w->routes[i]));
	w->routes[i].prefix = p;
	w->routes[i].error = error;
	w->routes[i].route.type = type;
	w->routes[i].route.oif = oif;
	if (gateway != NULL)
		w->routes[i].route.gateway = addr(gateway);
}

/* Do the lookups that are due. */
static unsigned int
settle(struct world *w)
{
	struct addr a;
	uint32_t id;
	unsigned int n;
	int i;

	for (n = 0; nl_hop_next(&w->m, &id, &a); n++) {
		for (i = 0; i < w->nroutes; i++) {
			if (prefix_contains(&w->routes[i].prefix, &a))
				break;
		}
		if (i == w->nroutes)
			nl_hop_answer(&w->m, id, NULL, ENETUNREACH);
		else
			nl_hop_answer(&w->m, id, &w->routes[i].route,
			    w->routes[i].error);
	}
	return (n);
}

static void
want(struct world *w, uint32_t id, const char *text)
{
	struct addr a = addr(text);

	ATF_REQUIRE(nl_hop_want(&w->m, id, &a) == 0);
	settle(w);
}

/* One link, one next hop 1 on it that is reachable at MAC 05. */
static void
world_hop(struct world *w)
{
	world_new(w);
	leads(w, "10.0.0.0/24", RTN_UNICAST, 2, NULL, 0);
	link_is(w, 2, UP);
	want(w, 1, "10.0.0.9");
	neighbor(w, "10.0.0.9", 2, NUD_REACHABLE, NTF_EXT_MANAGED, 5);
	EXPECT(w, "link if2 up xmit\n"
	    "keep 2 10.0.0.9\n"
	    "hop 1 incomplete: neighbor is being resolved\n"
	    "hop 1 valid 2 05\n");
}

ATF_TC_WITHOUT_HEAD(links);
ATF_TC_BODY(links, tc)
{
	struct world w;
	struct nl_event ev;

	world_new(&w);
	link_is(&w, 2, UP);
	link_is(&w, 2, UP);
	EXPECT(&w, "link if2 up xmit\n");
	link_is(&w, 2, IFF_UP);
	EXPECT(&w, "link if2 xmit\n");
	ATF_CHECK(nl_model_take_audit(&w.m));
	ATF_CHECK(!nl_model_take_audit(&w.m));
	link_is(&w, 2, UP);
	ev = link_event(2, UP);
	ev.u.link.mac[0] = 2;
	put(&w, ev);
	EXPECT(&w, "link if2 up xmit\nlink if2 up xmit\n");
	nl_model_features(&w.m, 2, 0);
	nl_model_features(&w.m, 2, 0);
	EXPECT(&w, "link if2 up\n");
	ATF_REQUIRE(nl_model_link(&w.m, 2) != NULL);
	ATF_CHECK_STREQ("its driver cannot transmit for XDP",
	    nl_model_link(&w.m, 2)->info.xmit_reason);
	ATF_CHECK(nl_model_link_name(&w.m, "if2") != NULL);
	link_goes(&w, 2);
	link_goes(&w, 2);
	EXPECT(&w, "link if2 gone\n");
	ATF_CHECK(nl_model_link(&w.m, 2) == NULL);
	ATF_CHECK(nl_model_link_name(&w.m, "if2") == NULL);
	ATF_CHECK(nl_model_take_audit(&w.m));
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(bridge_port);
ATF_TC_BODY(bridge_port, tc)
{
	struct world w;
	struct nl_event ev;

	world_new(&w);
	ev = link_event(2, UP);
	ev.u.link.master = 7;
	ev.u.link.port = true;
	ev.u.link.stp = BR_STATE_LISTENING;
	put(&w, ev);
	EXPECT(&w, "link if2 up blocked xmit\n");
	/* its master is seen only now */
	ev = link_event(7, UP);
	strlcpy(ev.u.link.kind, "bridge", sizeof(ev.u.link.kind));
	put(&w, ev);
	EXPECT(&w, "link if7 up xmit\nlink if2 up blocked xmit in bridge\n");
	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_PORT;
	ev.u.port.ifindex = 2;
	ev.u.port.stp = BR_STATE_LEARNING;
	put(&w, ev);
	EXPECT(&w, "");
	ev.u.port.stp = BR_STATE_FORWARDING;
	put(&w, ev);
	EXPECT(&w, "link if2 up xmit in bridge\n");
	ev.u.port.stp = BR_STATE_BLOCKING;
	put(&w, ev);
	EXPECT(&w, "link if2 up blocked xmit in bridge\n");
	link_is(&w, 2, UP);
	EXPECT(&w, "link if2 up xmit\n");
	/* late: it is no port any more */
	put(&w, ev);
	EXPECT(&w, "");
	nl_model_clear(&w.m);
}

/* The backup of a bond takes no part in it. */
ATF_TC_WITHOUT_HEAD(bond_member);
ATF_TC_BODY(bond_member, tc)
{
	struct world w;
	struct nl_event ev;

	world_new(&w);
	ev = link_event(7, UP);
	strlcpy(ev.u.link.kind, "bond", sizeof(ev.u.link.kind));
	put(&w, ev);
	EXPECT(&w, "link if7 up xmit\n");
	ev = link_event(2, UP);
	ev.u.link.master = 7;
	ev.u.link.backup = true;
	put(&w, ev);
	EXPECT(&w, "link if2 up blocked xmit in bond\n");
	ev.u.link.backup = false;
	put(&w, ev);
	EXPECT(&w, "link if2 up xmit in bond\n");
	ev.u.link.backup = true;
	put(&w, ev);
	EXPECT(&w, "link if2 up blocked xmit in bond\n");
	link_is(&w, 2, UP);
	EXPECT(&w, "link if2 up xmit\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(link_dump);
ATF_TC_BODY(link_dump, tc)
{
	struct world w;
	struct nl_event ev;

	world_new(&w);
	nl_model_dump_begin(&w.m, NL_LINK);
	ev = link_event(2, UP);
	ev.u.link.master = 7;
	put(&w, ev);
	ev = link_event(7, UP);
	strlcpy(ev.u.link.kind, "bond", sizeof(ev.u.link.kind));
	put(&w, ev);
	EXPECT(&w, "");
	nl_model_dump_end(&w.m, NL_LINK, true);
	EXPECT(&w, "link if2 up xmit in bond\nlink if7 up xmit\n");
	nl_model_dump_begin(&w.m, NL_LINK);
	put(&w, ev);
	nl_model_dump_end(&w.m, NL_LINK, false);
	EXPECT(&w, "");
	nl_model_dump_begin(&w.m, NL_LINK);
	put(&w, ev);
	nl_model_dump_end(&w.m, NL_LINK, true);
	EXPECT(&w, "link if2 gone xmit in bond\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(xmit);
ATF_TC_BODY(xmit, tc)
{
	static const struct {
		const char	*driver;
		bool		 known;
		uint64_t	 xdp;
		bool		 xmit;
		const char	*reason;
	} t[] = {
		{ "i40e", true, 0x05, true, "" },
		{ "i40e", true, 0x03, false, "i40e cannot transmit for XDP" },
		{ "veth", true, 0x03, false,
		    "the veth's peer has neither GRO nor an XDP program" },
		{ "ice", false, 0, true, "the kernel does not tell" },
		{ "tg3", false, 0, false, "the kernel does not tell, and tg3 "
		    "is not known to transmit for XDP" },
		{ "", false, 0, false, "the kernel does not tell, and its "
		    "driver is not known to transmit for XDP" },
	};
	struct nl_features f;
	struct link_info info;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&f, 0, sizeof(f));
		memset(&info, 0, sizeof(info));
		strlcpy(f.driver, t[i].driver, sizeof(f.driver));
		f.known = t[i].known;
		f.xdp = t[i].xdp;
		nl_features_judge(&f, &info);
		ATF_CHECK_STREQ(t[i].driver, info.driver);
		ATF_CHECK_EQ(t[i].xmit, info.xmit);
		ATF_CHECK_STREQ(t[i].reason, info.xmit_reason);
	}
}

ATF_TC_WITHOUT_HEAD(own_addresses);
ATF_TC_BODY(own_addresses, tc)
{
	struct world w;

	world_new(&w);
	/* the same address from the address list and the table, and on two
	   interfaces: one report, and gone only with the last */
	address(&w, "10.0.0.1", 2, true);
	EXPECT(&w, "local +10.0.0.1/32\n");
	route(&w, "10.0.0.1/32", RT_TABLE_LOCAL, RTN_LOCAL, 2, true);
	route(&w, "10.0.0.1/32", RT_TABLE_LOCAL, RTN_LOCAL, 2, true);
	address(&w, "10.0.0.1", 3, true);
	EXPECT(&w, "");
	address(&w, "10.0.0.1", 2, false);
	address(&w, "10.0.0.1", 2, false);
	route(&w, "10.0.0.1/32", RT_TABLE_LOCAL, RTN_LOCAL, 2, false);
	EXPECT(&w, "");
	address(&w, "10.0.0.1", 3, false);
	EXPECT(&w, "local -10.0.0.1/32\n");
	/* kinds of routes */
	route(&w, "10.0.0.255/32", RT_TABLE_LOCAL, RTN_BROADCAST, 2, true);
	route(&w, "2001:db8::/128", RT_TABLE_LOCAL, RTN_ANYCAST, 2, true);
	route(&w, "127.0.0.0/8", RT_TABLE_LOCAL, RTN_LOCAL, 1, true);
	EXPECT(&w, "local +10.0.0.255/32\nlocal +2001:db8::/128\n"
	    "local +127.0.0.0/8\n");
	route(&w, "ff00::/8", RT_TABLE_LOCAL, RTN_MULTICAST, 2, true);
	route(&w, "192.0.2.0/24", RT_TABLE_MAIN, RTN_UNICAST, 2, true);
	route(&w, "192.0.2.1/32", RT_TABLE_LOCAL, RTN_UNICAST, 2, true);
	EXPECT(&w, "");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(own_audit);
ATF_TC_BODY(own_audit, tc)
{
	struct world w;

	world_new(&w);
	address(&w, "10.0.0.1", 2, true);
	route(&w, "10.0.0.1/32", RT_TABLE_LOCAL, RTN_LOCAL, 2, true);
	route(&w, "10.0.0.255/32", RT_TABLE_LOCAL, RTN_BROADCAST, 2, true);
	EXPECT(&w, "local +10.0.0.1/32\nlocal +10.0.0.255/32\n");
	/* the table has lost both without a word; the address stays ours */
	nl_model_dump_begin(&w.m, NL_ROUTE);
	route(&w, "10.0.0.7/32", RT_TABLE_LOCAL, RTN_LOCAL, 2, true);
	nl_model_dump_end(&w.m, NL_ROUTE, true);
	EXPECT(&w, "local +10.0.0.7/32\nlocal -10.0.0.255/32\n");
	nl_model_dump_begin(&w.m, NL_ADDR);
	nl_model_dump_end(&w.m, NL_ADDR, false);
	EXPECT(&w, "");
	nl_model_dump_begin(&w.m, NL_ADDR);
	nl_model_dump_end(&w.m, NL_ADDR, true);
	EXPECT(&w, "local -10.0.0.1/32\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(neighbor_changes);
ATF_TC_BODY(neighbor_changes, tc)
{
	static const struct {
		uint16_t	 state;
		uint8_t		 mac;
		const char	*said;
	} t[] = {
		{ NUD_STALE, 5, "" },
		{ NUD_DELAY, 5, "" },
		{ NUD_PROBE, 5, "" },
		{ NUD_REACHABLE, 6, "hop 1 valid 2 06\n" },
		{ NUD_FAILED, 0, "hop 1 incomplete: neighbor does not "
		    "answer\n" },
		{ NUD_FAILED, 0, "" },
		{ NUD_INCOMPLETE, 0, "hop 1 incomplete: neighbor is being "
		    "resolved\n" },
		{ NUD_REACHABLE, 6, "hop 1 valid 2 06\n" },
		{ NUD_FAILED, 6, "hop 1 incomplete: neighbor does not "
		    "answer\n" },
		{ NUD_STALE, 7, "hop 1 valid 2 07\n" },
		/* usable, but with no address to send to */
		{ NUD_REACHABLE, 0, "hop 1 incomplete: neighbor is being "
		    "resolved\n" },
	};
	struct world w;
	size_t i;

	world_hop(&w);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		neighbor(&w, "10.0.0.9", 2, t[i].state, NTF_EXT_MANAGED,
		    t[i].mac);
		EXPECT(&w, t[i].said);
	}
	/* no lookup was needed for any of it */
	ATF_CHECK_EQ(0, settle(&w));
	/* others are not ours */
	neighbor(&w, "10.0.0.8", 2, NUD_REACHABLE, 0, 8);
	neighbor(&w, "10.0.0.9", 3, NUD_REACHABLE, 0, 9);
	EXPECT(&w, "");
	nl_model_clear(&w.m);
	EXPECT(&w, "leave 2 10.0.0.9\n");
}

ATF_TC_WITHOUT_HEAD(neighbor_kept);
ATF_TC_BODY(neighbor_kept, tc)
{
	struct world w;

	world_hop(&w);
	/* deleted: asked for again, once the link is known to be there */
	neighbor(&w, "10.0.0.9", 2, NUD_NONE, 0, 0);
	EXPECT(&w, "hop 1 incomplete: neighbor is being resolved\n");
	settle(&w);
	EXPECT(&w, "keep 2 10.0.0.9\n");
	/* replaced by somebody: our flag is gone */
	neighbor(&w, "10.0.0.9", 2, NUD_REACHABLE, 0, 5);
	EXPECT(&w, "hop 1 valid 2 05\nkeep 2 10.0.0.9\n");
	/* made permanent: no longer ours to keep, or to let go */
	neighbor(&w, "10.0.0.9", 2, NUD_PERMANENT, 0, 5);
	EXPECT(&w, "");
	nl_hop_drop(&w.m, 1);
	EXPECT(&w, "");
	want(&w, 1, "10.0.0.9");
	EXPECT(&w, "hop 1 valid 2 05\n");
	/* two next hops through one neighbor; the last one lets go */
	neighbor(&w, "10.0.0.9", 2, NUD_STALE, 0, 5);
	EXPECT(&w, "keep 2 10.0.0.9\n");
	leads(&w, "192.0.2.0/24", RTN_UNICAST, 2, "10.0.0.9", 0);
	want(&w, 2, "192.0.2.1");
	EXPECT(&w, "hop 2 valid 2 05\n");
	nl_hop_drop(&w.m, 1);
	EXPECT(&w, "");
	nl_hop_drop(&w.m, 2);
	EXPECT(&w, "leave 2 10.0.0.9\n");
	/* a dump no longer has it */
	want(&w, 1, "10.0.0.9");
	EXPECT(&w, "keep 2 10.0.0.9\nhop 1 valid 2 05\n");
	nl_model_dump_begin(&w.m, NL_NEIGH);
	nl_model_dump_end(&w.m, NL_NEIGH, true);
	EXPECT(&w, "hop 1 incomplete: neighbor is being resolved\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(neighbor_of_others);
ATF_TC_BODY(neighbor_of_others, tc)
{
	static const struct {
		uint16_t	state;
		uint8_t		flags;
		uint32_t	ext;
	} t[] = {
		{ NUD_PERMANENT, 0, 0 },
		{ NUD_NOARP, 0, 0 },
		{ NUD_REACHABLE, NTF_EXT_LEARNED, 0 },
		{ NUD_REACHABLE, 0, NTF_EXT_MANAGED },
	};
	struct world w;
	struct nl_event ev;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		world_new(&w);
		leads(&w, "10.0.0.0/24", RTN_UNICAST, 2, NULL, 0);
		link_is(&w, 2, UP);
		memset(&ev, 0, sizeof(ev));
		ev.kind = NL_NEIGH;
		ev.u.neigh.ifindex = 2;
		ev.u.neigh.addr = addr("10.0.0.9");
		ev.u.neigh.state = t[i].state;
		ev.u.neigh.flags = t[i].flags;
		ev.u.neigh.ext = t[i].ext;
		ev.u.neigh.has_mac = true;
		ev.u.neigh.mac[5] = 5;
		put(&w, ev);
		want(&w, 1, "10.0.0.9");
		nl_hop_drop(&w.m, 1);
		EXPECT(&w, "link if2 up xmit\nhop 1 valid 2 05\n");
		nl_model_clear(&w.m);
	}
}

ATF_TC_WITHOUT_HEAD(keep_by_hand);
ATF_TC_BODY(keep_by_hand, tc)
{
	struct world w;
	struct nl_neigh cursor;
	char text[ADDRSTRLEN];
	int n = 0;

	world_new(&w);
	w.m.managed = false;
	leads(&w, "10.0.0.0/8", RTN_UNICAST, 2, NULL, 0);
	link_is(&w, 2, UP);
	want(&w, 1, "10.0.0.9");
	want(&w, 2, "10.0.0.7");
	neighbor(&w, "10.0.0.8", 2, NUD_REACHABLE, 0, 8);
	memset(&cursor, 0, sizeof(cursor));
	w.said[0] = '\0';
	while (nl_hop_keep_next(&w.m, &cursor) && n++ < 10)
		say(&w, "%s\n", addr_format(&cursor.addr, text));
	EXPECT(&w, "10.0.0.7\n10.0.0.9\n");
	/* a missing flag means nothing where the kernel knows none */
	neighbor(&w, "10.0.0.9", 2, NUD_REACHABLE, 0, 5);
	EXPECT(&w, "hop 1 valid 2 05\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(link_flap);
ATF_TC_BODY(link_flap, tc)
{
	struct world w;

	world_hop(&w);
	link_is(&w, 2, IFF_UP);
	EXPECT(&w, "link if2 xmit\nhop 1 unresolved: interface is down\n");
	ATF_CHECK(nl_model_take_audit(&w.m));
	/* its route is gone, without a message */
	leads(&w, "10.0.0.0/24", 0, 0, NULL, ENETUNREACH);
	ATF_CHECK_EQ(1, settle(&w));
	EXPECT(&w, "leave 2 10.0.0.9\nhop 1 unresolved: no route\n");
	neighbor(&w, "10.0.0.9", 2, NUD_NONE, 0, 0);
	leads(&w, "10.0.0.0/24", RTN_UNICAST, 2, NULL, 0);
	link_is(&w, 2, UP);
	ATF_CHECK_EQ(1, settle(&w));
	neighbor(&w, "10.0.0.9", 2, NUD_REACHABLE, NTF_EXT_MANAGED, 5);
	EXPECT(&w, "link if2 up xmit\nkeep 2 10.0.0.9\n"
	    "hop 1 incomplete: neighbor is being resolved\n"
	    "hop 1 valid 2 05\n");
	link_goes(&w, 2);
	EXPECT(&w, "link if2 gone xmit\n"
	    "hop 1 unresolved: interface is gone\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(moves);
ATF_TC_BODY(moves, tc)
{
	struct world w;

	world_hop(&w);
	link_is(&w, 3, UP);
	neighbor(&w, "fe80::7", 3, NUD_STALE, 0, 7);
	EXPECT(&w, "link if3 up xmit\n");
	/* the new link was a reason to look again */
	ATF_CHECK_EQ(1, settle(&w));
	/* to a gateway of the other family */
	leads(&w, "10.0.0.0/24", RTN_UNICAST, 3, "fe80::7", 0);
	route(&w, "10.0.0.0/24", RT_TABLE_MAIN, RTN_UNICAST, 3, true);
	EXPECT(&w, "");
	ATF_CHECK_EQ(1, settle(&w));
	EXPECT(&w, "keep 3 fe80::7\nleave 2 10.0.0.9\nhop 1 valid 3 07\n");
	/* its old neighbor means nothing to it now */
	neighbor(&w, "10.0.0.9", 2, NUD_REACHABLE, 0, 9);
	EXPECT(&w, "");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(route_filter);
ATF_TC_BODY(route_filter, tc)
{
	static const struct {
		const char	*prefix;
		unsigned int	 lookups;
	} t[] = {
		{ "0.0.0.0/0", 3 },
		{ "10.0.0.0/8", 2 },
		{ "10.0.0.0/24", 1 },
		{ "10.0.0.9/32", 1 },
		{ "10.0.0.8/32", 0 },
		{ "10.0.0.10/31", 0 },
		{ "10.0.0.8/31", 1 },
		{ "10.128.0.0/9", 0 },
		{ "192.0.2.0/24", 1 },
		{ "224.0.0.0/4", 0 },
		{ "::/0", 1 },
		{ "2001:db8::/32", 1 },
		{ "2001:db9::/32", 0 },
		{ "2001:db8::1/128", 1 },
	};
	struct world w;
	struct nl_event ev;
	size_t i;

	world_new(&w);
	want(&w, 1, "10.0.0.9");
	want(&w, 2, "10.1.0.9");
	want(&w, 3, "192.0.2.9");
	want(&w, 4, "2001:db8::1");
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		route(&w, t[i].prefix, RT_TABLE_MAIN, RTN_UNICAST, 2, true);
		route(&w, t[i].prefix, RT_TABLE_MAIN, RTN_UNICAST, 2, false);
		ATF_CHECK_EQ_MSG(t[i].lookups, settle(&w), "%s", t[i].prefix);
	}
	/* what a lookup left behind is no change of the table */
	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_ROUTE;
	ev.u.route.cloned = true;
	ev.u.route.dst = prefix("10.0.0.9/32");
	put(&w, ev);
	ATF_CHECK_EQ(0, settle(&w));
	memset(&ev, 0, sizeof(ev));
	ev.kind = NL_POLICY;
	put(&w, ev);
	ATF_CHECK_EQ(4, settle(&w));
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(becomes_local);
ATF_TC_BODY(becomes_local, tc)
{
	struct world w;

	world_hop(&w);
	address(&w, "10.0.0.9", 2, true);
	EXPECT(&w, "local +10.0.0.9/32\n");
	/* the table does not say so yet; the address list does */
	settle(&w);
	EXPECT(&w, "leave 2 10.0.0.9\nhop 1 local: address of this router\n");
	address(&w, "10.0.0.9", 2, false);
	settle(&w);
	EXPECT(&w, "local -10.0.0.9/32\nkeep 2 10.0.0.9\n"
	    "hop 1 valid 2 05\n");
	leads(&w, "10.0.0.0/24", RTN_LOCAL, 1, NULL, 0);
	nl_hop_dirty_all(&w.m);
	settle(&w);
	EXPECT(&w, "leave 2 10.0.0.9\nhop 1 local: address of this router\n");
	nl_model_clear(&w.m);
}

/* A router's own address on a loopback session: on its blackholes. */
ATF_TC_WITHOUT_HEAD(loopback);
ATF_TC_BODY(loopback, tc)
{
	struct world w;

	world_hop(&w);
	want(&w, 2, "127.0.0.2");
	EXPECT(&w, "hop 2 local: address of this router\n");
	want(&w, 3, "::1");
	EXPECT(&w, "hop 3 local: address of this router\n");
	nl_model_clear(&w.m);
}

/* Routes go without a message with the address that they send from. */
ATF_TC_WITHOUT_HEAD(source_gone);
ATF_TC_BODY(source_gone, tc)
{
	struct world w;

	world_hop(&w);
	address(&w, "192.0.2.77", 2, true);
	settle(&w);
	leads(&w, "10.0.0.0/24", 0, 0, NULL, ENETUNREACH);
	w.said[0] = '\0';
	address(&w, "192.0.2.77", 2, false);
	settle(&w);
	EXPECT(&w, "local -192.0.2.77/32\nleave 2 10.0.0.9\n"
	    "hop 1 unresolved: no route\n");
	nl_model_clear(&w.m);
}

ATF_TC_WITHOUT_HEAD(unresolved);
ATF_TC_BODY(unresolved, tc)
{
	static const struct {
		const char	*addr;
		uint8_t		 type;
		unsigned int	 oif;
		const char	*gateway;
		int		 error;
		const char	*said;
	} t[] = {
		{ "10.0.0.9", 0, 0, NULL, ENETUNREACH, "no route" },
		{ "10.0.0.9", 0, 0, NULL, EHOSTUNREACH, "unreachable route" },
		{ "10.0.0.9", 0, 0, NULL, EINVAL, "blackhole route" },
		{ "10.0.0.9", 0, 0, NULL, EACCES, "prohibit route" },
		{ "10.0.0.9", RTN_UNREACHABLE, 1, NULL, 0,
		    "unreachable route" },
		{ "10.0.0.9", RTN_BLACKHOLE, 1, NULL, 0, "blackhole route" },
		{ "10.0.0.9", RTN_BROADCAST, 2, NULL, 0,
		    "broadcast address" },
		{ "10.0.0.9", RTN_UNICAST, 8, NULL, 0, "interface is gone" },
		{ "10.0.0.9", RTN_UNICAST, 3, NULL, 0, "interface is down" },
		{ "10.0.0.9", RTN_UNICAST, 4, NULL, 0,
		    "interface is not Ethernet" },
		{ "10.0.0.9", RTN_UNICAST, 2, "224.0.0.1", 0,
		    "gateway is not unicast" },
		{ "224.0.0.5", RTN_UNICAST, 2, NULL, 0,
		    "not an address that a route can lead to" },
		{ "fe80::1", RTN_UNICAST, 2, NULL, 0,
		    "not an address that a route can lead to" },
		{ "0.0.0.0", RTN_UNICAST, 2, NULL, 0,
		    "not an address that a route can lead to" },
	};
	struct world w;
	struct nl_event ev;
	char want_said[128];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		world_new(&w);
		link_is(&w, 2, UP);
		link_is(&w, 3, IFF_UP);
		ev = link_event(4, UP);
		ev.u.link.type = ARPHRD_NONE;
		put(&w, ev);
		w.said[0] = '\0';
		leads(&w, strchr(t[i].addr, ':') ? "::/0" : "0.0.0.0/0",
		    t[i].type, t[i].oif, t[i].gateway, t[i].error);
		want(&w, 1, t[i].addr);
		snprintf(want_said, sizeof(want_said),
		    "hop 1 unresolved: %s\n", t[i].said);
		EXPECT(&w, want_said);
		nl_model_clear(&w.m);
		EXPECT(&w, "");
	}
}

ATF_TC_WITHOUT_HEAD(keep_fails);
ATF_TC_BODY(keep_fails, tc)
{
	struct world w;
	struct addr a = addr("10.0.0.9");

	world_new(&w);
	w.keep = -1;
	leads(&w, "10.0.0.0/24", RTN_UNICAST, 2, NULL, 0);
	link_is(&w, 2, UP);
	want(&w, 1, "10.0.0.9");
	w.said[0] = '\0';
	ATF_CHECK_EQ(-1, nl_hop_want(&w.m, 1, &a));
	ATF_CHECK_EQ(EEXIST, errno);
	/* tried again when its way is next looked up; then somebody else
	   keeps it, so it is not ours to let go of */
	w.keep = 1;
	nl_hop_dirty_all(&w.m);
	settle(&w);
	EXPECT(&w, "keep 2 10.0.0.9\n");
	nl_hop_drop(&w.m, 1);
	nl_hop_drop(&w.m, 1);
	EXPECT(&w, "");
	nl_model_clear(&w.m);
}

/* Many next hops behind few gateways: a change of one gateway reaches its
   own, and nobody's answer is late by a lookup. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	struct world w;
	struct addr a;
	char text[ADDRSTRLEN];
	uint32_t id;

	world_new(&w);
	leads(&w, "10.0.0.0/16", RTN_UNICAST, 2, "192.0.2.1", 0);
	leads(&w, "10.1.0.0/16", RTN_UNICAST, 2, "192.0.2.2", 0);
	link_is(&w, 2, UP);
	for (id = 0; id < 60000; id++) {
		snprintf(text, sizeof(text), "10.%u.%u.%u", id & 1,
		    id / 2 / 200, id / 2 % 200 + 1);
		a = addr(text);
		ATF_REQUIRE(nl_hop_want(&w.m, id + 2, &a) == 0);
	}
	ATF_CHECK_EQ(60000, settle(&w));
	nl_model_event(&w.m, &(struct nl_event){ .kind = NL_POLICY });
	ATF_CHECK_EQ(60000, settle(&w));
	route(&w, "10.1.0.0/16", RT_TABLE_MAIN, RTN_UNICAST, 2, true);
	ATF_CHECK_EQ(30000, settle(&w));
	for (id = 0; id < 60000; id++)
		nl_hop_drop(&w.m, id + 2);
	ATF_CHECK(RB_EMPTY(&w.m.neighs));
	ATF_CHECK_EQ(0, w.m.nhops + w.m.ndirty);
	nl_model_clear(&w.m);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, links);
	ATF_TP_ADD_TC(tp, bond_member);
	ATF_TP_ADD_TC(tp, bridge_port);
	ATF_TP_ADD_TC(tp, link_dump);
	ATF_TP_ADD_TC(tp, xmit);
	ATF_TP_ADD_TC(tp, own_addresses);
	ATF_TP_ADD_TC(tp, own_audit);
	ATF_TP_ADD_TC(tp, neighbor_changes);
	ATF_TP_ADD_TC(tp, neighbor_kept);
	ATF_TP_ADD_TC(tp, neighbor_of_others);
	ATF_TP_ADD_TC(tp, keep_by_hand);
	ATF_TP_ADD_TC(tp, link_flap);
	ATF_TP_ADD_TC(tp, moves);
	ATF_TP_ADD_TC(tp, route_filter);
	ATF_TP_ADD_TC(tp, becomes_local);
	ATF_TP_ADD_TC(tp, loopback);
	ATF_TP_ADD_TC(tp, source_gone);
	ATF_TP_ADD_TC(tp, unresolved);
	ATF_TP_ADD_TC(tp, keep_fails);
	ATF_TP_ADD_TC(tp, many);
	return (atf_no_error());
}
