/* SPDX-License-Identifier: ISC */
/*
 * The netlink shell against the kernel: a namespace of its own with veth
 * pairs, whose peers live in a second one. Both end with the test.
 */
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/log.h"
#include "../../parent/nl.h"

#define DEADLINE	20	/* seconds for anything to happen */
#define MAXLOCAL	64

struct world {
	struct event_base	*base;
	struct netlink		*nl;
	pid_t			 peer;		/* holds the peers' namespace */
	int			 hold;
	struct nexthop_info	 hop[8];
	unsigned int		 calls[8];
	unsigned int		 gone;		/* last link that went */
	struct {
		char	prefix[PREFIXSTRLEN];
		int	up, down;
	}			 local[MAXLOCAL];
	int			 nlocal;
};

static void
run(const char *what, va_list ap, const char *front)
{
	char line[512], cmd[600];

	vsnprintf(line, sizeof(line), what, ap);
	snprintf(cmd, sizeof(cmd), "%s%s", front, line);
	if (system(cmd) != 0)
		atf_tc_fail("failed: %s", cmd);
}

static void	here(const char *, ...) LOGFMT(1, 2);
static void	there(const struct world *, const char *, ...) LOGFMT(2, 3);

static void
here(const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	run(what, ap, "");
	va_end(ap);
}

static void
there(const struct world *w, const char *what, ...)
{
	char front[64];
	va_list ap;

	snprintf(front, sizeof(front), "nsenter -n -t %d ", (int)w->peer);
	va_start(ap, what);
	run(what, ap, front);
	va_end(ap);
}

static void
on_link(void *arg, const struct link_info *info)
{
	struct world *w = arg;

	if (info->gone)
		w->gone = info->ifindex;
}

static void
on_local(void *arg, const struct prefix *prefix, bool up)
{
	struct world *w = arg;
	char text[PREFIXSTRLEN];
	int i;

	prefix_format(prefix, text);
	for (i = 0; i < w->nlocal; i++) {
		if (strcmp(w->local[i].prefix, text) == 0)
			break;
	}
	ATF_REQUIRE(i < MAXLOCAL);
	if (i == w->nlocal)
		strlcpy(w->local[w->nlocal++].prefix, text, sizeof(text));
	if (up)
		w->local[i].up++;
	else
		w->local[i].down++;
}

static void
on_nexthop(void *arg, uint32_t id, const struct nexthop_info *info)
{
	struct world *w = arg;

	ATF_REQUIRE(id < 8);
	w->hop[id] = *info;
	w->calls[id]++;
}

static const struct netlink_ops ops = { .link = on_link,
    .local = on_local, .nexthop = on_nexthop };

/* How often was this address reported up and not down since. */
static int
is_local(const struct world *w, const char *prefix)
{
	int i;

	for (i = 0; i < w->nlocal; i++) {
		if (strcmp(w->local[i].prefix, prefix) == 0)
			return (w->local[i].up - w->local[i].down);
	}
	return (0);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
}

/* Let the loop run until the condition holds. */
#define WAIT(w, cond) do {						\
	time_t until = time(NULL) + DEADLINE;				\
									\
	while (!(cond)) {						\
		if (time(NULL) > until)					\
			atf_tc_fail("line %d: never came: %s\n"		\
			    "hop 1: state %u mac %02x if %u: %s",	\
			    __LINE__, #cond, (w)->hop[1].state,		\
			    (w)->hop[1].mac[5], (w)->hop[1].ifindex,	\
			    (w)->hop[1].reason);			\
		event_base_loop((w)->base, EVLOOP_ONCE);		\
	}								\
} while (0)

static void
world_peer(struct world *w)
{
	int to[2], from[2];
	char c;

	ATF_REQUIRE(pipe(to) == 0 && pipe(from) == 0);
	ATF_REQUIRE((w->peer = fork()) != -1);
	if (w->peer == 0) {
		close(to[1]);
		if (unshare(CLONE_NEWNET) == -1 || write(from[1], "", 1) != 1)
			_exit(1);
		/* until the test is over, however it ends */
		_exit(read(to[0], &c, 1) != 0);
	}
	close(to[0]);
	close(from[1]);
	w->hold = to[1];
	ATF_REQUIRE_MSG(read(from[0], &c, 1) == 1, "no second namespace");
	close(from[0]);
}

/* n0 - p0 and n1 - p1: 10.0.N.1 and 2001:db8:N::1 here, .2 and ::2 there. */
static void
world_new(struct world *w)
{
	static const struct timeval tick = { 0, 50000 };
	int i;

	memset(w, 0, sizeof(*w));
	ATF_REQUIRE(unshare(CLONE_NEWNET) == 0);
	world_peer(w);
	here("ip link set lo up");
	there(w, "sysctl -qw net.ipv4.conf.default.arp_notify=1 "
	    "net.ipv6.conf.default.ndisc_notify=1 "
	    "net.ipv6.conf.default.accept_dad=0");
	here("sysctl -qw net.ipv6.conf.default.accept_dad=0");
	for (i = 0; i < 2; i++) {
		here("ip link add n%d type veth peer name p%d netns %d", i, i,
		    (int)w->peer);
		there(w, "ip link set p%d address 02:00:00:00:0%d:02 up", i,
		    i);
		here("ip link set n%d address 02:00:00:00:0%d:01 up", i, i);
		here("ip addr add 10.0.%d.1/24 brd + dev n%d", i, i);
		here("ip addr add 2001:db8:%d::1/64 nodad dev n%d", i, i);
		there(w, "ip addr add 10.0.%d.2/24 dev p%d", i, i);
		there(w, "ip addr add 2001:db8:%d::2/64 nodad dev p%d", i, i);
	}
	ATF_REQUIRE((w->base = event_base_new()) != NULL);
	event_add(event_new(w->base, -1, EV_PERSIST, on_tick, NULL), &tick);
	w->nl = netlink_open(w->base, &ops, w);
	ATF_REQUIRE_MSG(w->nl != NULL, "netlink_open: %s", strerror(errno));
	ATF_REQUIRE(netlink_start(w->nl) == 0);
}

static void
world_end(struct world *w)
{
	netlink_close(w->nl);
	close(w->hold);
	waitpid(w->peer, NULL, 0);
}

static void
want(struct world *w, uint32_t id, const char *text)
{
	struct addr addr;

	ATF_REQUIRE(addr_parse(text, &addr) == 0);
	ATF_REQUIRE(netlink_want(w->nl, id, &addr) == 0);
}

static bool
valid(const struct world *w, uint32_t id, const char *ifname, int a, int b)
{
	const struct link_info *l = netlink_link_name(w->nl, ifname);
	const struct nexthop_info *h = &w->hop[id];

	return (w->calls[id] != 0 && h->state == NEXTHOP_VALID && l != NULL &&
	    h->ifindex == l->ifindex && h->mac[0] == 2 && h->mac[4] == a &&
	    h->mac[5] == b);
}

static bool
state(const struct world *w, uint32_t id, enum nexthop_state s,
    const char *reason)
{
	return (w->calls[id] != 0 && w->hop[id].state == s &&
	    (reason == NULL || strcmp(w->hop[id].reason, reason) == 0));
}

static const struct link_info *
named(const struct world *w, const char *name)
{
	static const struct link_info none;
	const struct link_info *l = netlink_link_name(w->nl, name);

	return (l == NULL ? &none : l);
}

#define TEST(name)							\
	ATF_TC(name);							\
	ATF_TC_HEAD(name, tc)						\
	{								\
		atf_tc_set_md_var(tc, "require.user", "root");		\
		atf_tc_set_md_var(tc, "require.progs",			\
		    "ip nsenter sysctl ethtool");			\
	}								\
	ATF_TC_BODY(name, tc)

TEST(links)
{
	struct world w;
	const struct link_info *l;
	unsigned int ifindex;

	world_new(&w);
	l = netlink_link_name(w.nl, "lo");
	ATF_REQUIRE(l != NULL && !l->ether);
	l = netlink_link_name(w.nl, "n0");
	ATF_REQUIRE(l != NULL && l->ether && l->forwarding);
	ATF_CHECK_STREQ("veth", l->kind);
	ATF_CHECK_STREQ("veth", l->driver);
	ATF_CHECK_EQ(1500, l->mtu);
	ATF_CHECK(memcmp(l->mac, "\2\0\0\0\0\1", 6) == 0);
	ifindex = l->ifindex;
	WAIT(&w, named(&w, "n0")->up);
	here("ip link set n0 mtu 1400");
	WAIT(&w, named(&w, "n0")->mtu == 1400);
	here("ip link set n0 address 02:00:00:00:00:77");
	WAIT(&w, named(&w, "n0")->mac[5] == 0x77);
	there(&w, "ip link set p0 down");
	WAIT(&w, !named(&w, "n0")->up);
	there(&w, "ip link set p0 up");
	WAIT(&w, named(&w, "n0")->up);
	here("ip link set n0 down");
	WAIT(&w, !named(&w, "n0")->up);
	here("ip link set n0 name other0");
	WAIT(&w, named(&w, "other0")->ifindex == ifindex);
	here("ip link del other0");
	WAIT(&w, w.gone == ifindex);
	ATF_CHECK(netlink_link(w.nl, ifindex) == NULL);
	world_end(&w);
}

TEST(bridge)
{
	struct world w;

	world_new(&w);
	here("ip link add br0 type bridge stp_state 1 forward_delay 200");
	here("ip link set br0 up");
	here("ip link set n0 master br0");
	WAIT(&w, strcmp(named(&w, "n0")->master_kind, "bridge") == 0);
	ATF_CHECK_EQ(named(&w, "br0")->ifindex, named(&w, "n0")->master);
	ATF_CHECK_MSG(!named(&w, "n0")->forwarding, "listening, not yet");
	WAIT(&w, named(&w, "n0")->forwarding);
	here("ip link set br0 type bridge stp_state 0");
	here("bridge link set dev n0 state 0");
	WAIT(&w, !named(&w, "n0")->forwarding);
	here("ip link set n0 nomaster");
	WAIT(&w, named(&w, "n0")->forwarding && named(&w, "n0")->master == 0);
	ATF_CHECK_STREQ("", named(&w, "n0")->master_kind);
	world_end(&w);
}

TEST(xmit)
{
	struct world w;

	world_new(&w);
	if (strstr(named(&w, "n0")->xmit_reason, "does not tell") != NULL)
		atf_tc_skip("the kernel does not tell");
	there(&w, "ethtool -K p0 gro off");
	WAIT(&w, !named(&w, "n0")->xmit);
	ATF_CHECK_STREQ("the veth's peer has neither GRO nor an XDP program",
	    named(&w, "n0")->xmit_reason);
	there(&w, "ethtool -K p0 gro on");
	WAIT(&w, named(&w, "n0")->xmit);
	ATF_CHECK_STREQ("", named(&w, "n0")->xmit_reason);
	here("ip link add br0 type bridge");
	WAIT(&w, named(&w, "br0")->ifindex != 0);
	ATF_CHECK(!named(&w, "br0")->xmit);
	ATF_CHECK_STREQ("bridge cannot transmit for XDP",
	    named(&w, "br0")->xmit_reason);
	world_end(&w);
}

TEST(local_addresses)
{
	struct world w;

	world_new(&w);
	ATF_CHECK_EQ(1, is_local(&w, "10.0.0.1/32"));
	ATF_CHECK_EQ(1, is_local(&w, "10.0.0.255/32"));
	ATF_CHECK_EQ(1, is_local(&w, "2001:db8::1/128"));
	ATF_CHECK_EQ(1, is_local(&w, "127.0.0.0/8"));
	ATF_CHECK_EQ(0, is_local(&w, "ff00::/8"));
	here("ip addr add 192.0.2.1 peer 192.0.2.9 dev n0");
	WAIT(&w, is_local(&w, "192.0.2.1/32") == 1);
	ATF_CHECK_EQ(0, is_local(&w, "192.0.2.9/32"));
	here("ip addr add 192.0.2.1/32 dev n1");
	here("ip addr del 192.0.2.1 peer 192.0.2.9 dev n0");
	here("ip addr add 192.0.2.2/32 dev n1");
	WAIT(&w, is_local(&w, "192.0.2.2/32") == 1);
	ATF_CHECK_EQ(1, is_local(&w, "192.0.2.1/32"));
	here("ip addr del 192.0.2.1/32 dev n1");
	WAIT(&w, is_local(&w, "192.0.2.1/32") == 0);
	/* tentative: in no table yet */
	here("sysctl -qw net.ipv6.conf.n0.accept_dad=1 "
	    "net.ipv6.conf.n0.dad_transmits=100");
	here("ip addr add 2001:db8:0::7/64 dev n0");
	WAIT(&w, is_local(&w, "2001:db8::7/128") == 1);
	/* anycast: only where packets are forwarded */
	here("sysctl -qw net.ipv6.conf.all.forwarding=1");
	WAIT(&w, is_local(&w, "2001:db8:1::/128") == 1);
	here("ip route add local 198.51.100.0/24 dev lo");
	WAIT(&w, is_local(&w, "198.51.100.0/24") == 1);
	here("ip link set n0 down");
	WAIT(&w, is_local(&w, "2001:db8::1/128") == 0);
	here("ip link del n1");
	WAIT(&w, is_local(&w, "10.0.1.1/32") == 0);
	WAIT(&w, is_local(&w, "10.0.1.255/32") == 0);
	WAIT(&w, is_local(&w, "2001:db8:1::1/128") == 0);
	world_end(&w);
}

/* Way of a next hop through its life, the same in both families. */
static void
life(const char *hop, const char *plen)
{
	struct world w;
	unsigned int ifindex;

	world_new(&w);
	want(&w, 1, hop);
	WAIT(&w, state(&w, 1, NEXTHOP_INCOMPLETE, NULL));
	here("ip neigh show dev n0 | grep '%s .*managed' >/dev/null", hop);
	there(&w, "ip addr add %s/%s dev p0", hop, plen);
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	there(&w, "ip link set p0 address 02:00:00:00:00:99");
	WAIT(&w, valid(&w, 1, "n0", 0, 0x99));
	/* flushed: our flag is set again */
	here("ip neigh del %s dev n0", hop);
	WAIT(&w, valid(&w, 1, "n0", 0, 0x99) && system("ip neigh show dev n0 "
	    "| grep -q managed") == 0);
	there(&w, "ip link set p0 down");
	WAIT(&w, state(&w, 1, NEXTHOP_UNRESOLVED, NULL));
	there(&w, "ip link set p0 up");
	there(&w, "ip addr replace %s/%s dev p0", hop, plen);
	WAIT(&w, valid(&w, 1, "n0", 0, 0x99));
	here("ip link set n0 down");
	WAIT(&w, state(&w, 1, NEXTHOP_UNRESOLVED, NULL));
	here("ip link set n0 up");
	here("ip addr replace 2001:db8:0::1/64 nodad dev n0");
	WAIT(&w, valid(&w, 1, "n0", 0, 0x99));
	netlink_drop(w.nl, 1);
	here("! ip neigh show dev n0 | grep managed");
	memset(&w.calls, 0, sizeof(w.calls));
	want(&w, 1, hop);
	WAIT(&w, valid(&w, 1, "n0", 0, 0x99));
	ifindex = named(&w, "n0")->ifindex;
	here("ip link del n0");
	WAIT(&w, w.gone == ifindex && state(&w, 1, NEXTHOP_UNRESOLVED,
	    "no route"));
	world_end(&w);
}

TEST(life_v4)
{
	life("10.0.0.77", "24");
}

TEST(life_v6)
{
	life("2001:db8::77", "64");
}

TEST(recursive)
{
	struct world w;

	world_new(&w);
	want(&w, 1, "192.0.2.9");
	want(&w, 2, "2001:db8:99::1");
	WAIT(&w, state(&w, 1, NEXTHOP_UNRESOLVED, "no route"));
	WAIT(&w, state(&w, 2, NEXTHOP_UNRESOLVED, "no route"));
	here("ip route add 192.0.2.0/24 via 10.0.0.2");
	here("ip route add 2001:db8:99::/48 via 2001:db8:0::2");
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	WAIT(&w, valid(&w, 2, "n0", 0, 2));
	here("ip route replace 192.0.2.0/24 via 10.0.1.2");
	here("ip route replace 2001:db8:99::/48 via 2001:db8:1::2");
	WAIT(&w, valid(&w, 1, "n1", 1, 2));
	WAIT(&w, valid(&w, 2, "n1", 1, 2));
	/* a longer route takes over, over the other family */
	here("ip route add 192.0.2.9/32 via inet6 2001:db8:0::2");
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	ATF_CHECK_EQ(AF_INET6, w.hop[1].gateway.af);
	here("ip route add blackhole 192.0.2.8/31 metric 1");
	here("ip route del 192.0.2.9/32");
	WAIT(&w, state(&w, 1, NEXTHOP_UNRESOLVED, "blackhole route"));
	here("ip route del blackhole 192.0.2.8/31 metric 1");
	WAIT(&w, valid(&w, 1, "n1", 1, 2));
	/* a route that goes with its link goes without a message */
	here("ip route add 192.0.2.0/24 via 10.0.0.2 metric 50");
	here("ip link set n1 down");
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	/* a nexthop object moves, and its routes without a message */
	here("sysctl -qw net.ipv4.nexthop_compat_mode=0");
	here("ip link set n1 up");
	here("ip nexthop add id 5 via 10.0.1.2 dev n1");
	here("ip route add 192.0.2.9/32 nhid 5");
	WAIT(&w, valid(&w, 1, "n1", 1, 2));
	here("ip nexthop replace id 5 via 10.0.0.2 dev n0");
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	here("ip rule add to 192.0.2.9 prohibit");
	WAIT(&w, state(&w, 1, NEXTHOP_UNRESOLVED, "prohibit route"));
	world_end(&w);
}

TEST(becomes_local)
{
	struct world w;

	world_new(&w);
	want(&w, 1, "10.0.0.2");
	want(&w, 2, "10.0.1.1");
	want(&w, 3, "2001:db8:1::5");
	want(&w, 4, "10.0.0.255");
	want(&w, 5, "fe80::1");
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	WAIT(&w, state(&w, 2, NEXTHOP_LOCAL, NULL));
	WAIT(&w, state(&w, 3, NEXTHOP_INCOMPLETE, NULL));
	WAIT(&w, state(&w, 4, NEXTHOP_LOCAL, NULL));
	WAIT(&w, state(&w, 5, NEXTHOP_UNRESOLVED, NULL));
	here("ip addr add 10.0.0.2/24 dev n0");
	WAIT(&w, state(&w, 1, NEXTHOP_LOCAL, NULL));
	here("ip addr add 2001:db8:1::5/64 dev n1");
	WAIT(&w, state(&w, 3, NEXTHOP_LOCAL, NULL));
	here("ip addr del 10.0.0.2/24 dev n0");
	WAIT(&w, valid(&w, 1, "n0", 0, 2));
	world_end(&w);
}

TEST(permanent_is_left_alone)
{
	struct world w;

	world_new(&w);
	here("ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:50 dev n0 "
	    "nud permanent");
	here("ip neigh add 10.0.0.51 dev n0 managed");
	want(&w, 1, "10.0.0.50");
	want(&w, 2, "10.0.0.51");
	WAIT(&w, valid(&w, 1, "n0", 0, 0x50));
	WAIT(&w, state(&w, 2, NEXTHOP_INCOMPLETE, NULL));
	here("ip neigh replace 10.0.0.50 lladdr 02:00:00:00:00:52 dev n0 "
	    "nud permanent");
	WAIT(&w, valid(&w, 1, "n0", 0, 0x52));
	netlink_drop(w.nl, 1);
	netlink_drop(w.nl, 2);
	here("ip neigh show dev n0 | grep -q '10.0.0.50 .* PERMANENT'");
	here("ip neigh show dev n0 | grep -q '10.0.0.51 .*managed'");
	world_end(&w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, links);
	ATF_TP_ADD_TC(tp, bridge);
	ATF_TP_ADD_TC(tp, xmit);
	ATF_TP_ADD_TC(tp, local_addresses);
	ATF_TP_ADD_TC(tp, life_v4);
	ATF_TP_ADD_TC(tp, life_v6);
	ATF_TP_ADD_TC(tp, recursive);
	ATF_TP_ADD_TC(tp, becomes_local);
	ATF_TP_ADD_TC(tp, permanent_is_left_alone);
	return (atf_no_error());
}
