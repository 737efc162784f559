/* SPDX-License-Identifier: ISC */
/*
 * The whole process against a parent, an engine and a control of the test's:
 * see rde_fake.h.
 */
#include <stdio.h>

#include "rde_fake.h"

#define ROUTES		450	/* more than two windows of control */

/* In whatever order the parts of the policy come, ready is with the last. */
ATF_TC_WITHOUT_HEAD(ready);
ATF_TC_BODY(ready, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_local(f, "10.0.0.1/32", true);
	fake_local(f, "10.0.0.2/32", true);
	fake_local(f, "10.0.0.2/32", false);
	fake_config(f, allow_ten);
	fake_tables(f);
	NEVER(f, f->told > 0);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	AWAIT(f, f->state[0] == FAMILY_READY && f->state[1] == FAMILY_READY);
	ATF_CHECK_EQ(lookup4(f, "10.0.0.1"), LEAF_ALLOW | LEAF_LOCAL);
	ATF_CHECK_EQ(lookup4(f, "10.0.0.2"), LEAF_ALLOW);
	ATF_CHECK_EQ(lookup4(f, "11.0.0.1"), 0);
	fake_local(f, "10.0.0.1/32", false);
	AWAIT(f, lookup4(f, "10.0.0.1") == LEAF_ALLOW);
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(not_ready_unacknowledged);
ATF_TC_BODY(not_ready_unacknowledged, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	f->hold_acks = true;
	fake_tables(f);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	fake_config(f, allow_ten);
	AWAIT(f, lookup4(f, "10.0.0.1") == LEAF_ALLOW);
	NEVER(f, f->state[0] != FAMILY_NOT_READY);
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
	AWAIT(f, f->state[0] == FAMILY_READY);
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(converge_lose_return);
ATF_TC_BODY(converge_lose_return, tc)
{
	struct fake	*f;
	uint32_t	 id;

	f = fake_start(UNITS);
	/* Routes that come before there are tables wait. */
	fake_peer(f, 3);
	fake_routes(f, 3, "10.1.0.0/16", 20, "192.0.2.1");
	fake_ready(f);
	AWAIT(f, (id = wanted(f, "192.0.2.1")) != 0);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor(f, 3, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[1], FAMILY_READY);
	ATF_CHECK_EQ(lookup4(f, "10.1.2.3"), LEAF_ALLOW | id);
	ATF_CHECK_EQ(lookup4(f, "10.20.255.255"), LEAF_ALLOW | id);
	ATF_CHECK_EQ(lookup4(f, "10.21.0.0"), LEAF_ALLOW);
	fake_eor(f, 3, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);

	/* One by one from here on. */
	fake_routes(f, 3, "10.1.2.0/24", 1, "192.0.2.2");
	AWAIT(f, wanted(f, "192.0.2.2") != 0 && lookup4(f, "10.1.2.3") ==
	    (LEAF_ALLOW | wanted(f, "192.0.2.2")));
	fake_routes(f, 3, "10.1.2.0/24", 1, NULL);
	AWAIT(f, lookup4(f, "10.1.2.3") == (LEAF_ALLOW | id));
	AWAIT(f, f->drops == 1 && wanted(f, "192.0.2.2") == 0);

	/* The session goes: both families pass, the next hop is dropped. */
	fake_down(f, 3);
	AWAIT(f, f->state[0] == FAMILY_READY && f->state[1] == FAMILY_READY);
	AWAIT(f, lookup4(f, "10.1.2.3") == LEAF_ALLOW && f->drops == 2);
	fake_peer(f, 3);
	fake_routes(f, 3, "10.1.0.0/16", 20, "192.0.2.7");
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor(f, 3, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(lookup4(f, "10.1.2.3"),
	    LEAF_ALLOW | wanted(f, "192.0.2.7"));
	fake_stop(f);
}

/* The last of several peers decides, and one of two may go. */
ATF_TC_WITHOUT_HEAD(two_peers);
ATF_TC_BODY(two_peers, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_peer(f, 1);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_routes(f, 1, "10.1.0.0/16", 2, "192.0.2.2");
	fake_eor(f, 0, AF_INET);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	fake_down(f, 0);
	AWAIT(f, lookup4(f, "10.1.0.1") ==
	    (LEAF_ALLOW | wanted(f, "192.0.2.2")));
	AWAIT(f, wanted(f, "192.0.2.1") == 0);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	fake_stop(f);
}

/* What is left when a peer goes is a feed only if it is a whole one. */
ATF_TC_WITHOUT_HEAD(half_feed);
ATF_TC_BODY(half_feed, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 0, AF_INET6);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED &&
	    f->state[1] == FAMILY_CONVERGED);
	/* The second is still sending when the first goes. */
	fake_peer(f, 1);
	fake_routes(f, 1, "10.0.0.0/8", 1, "192.0.2.2");
	fake_eor(f, 1, AF_INET6);
	fake_down(f, 0);
	AWAIT(f, f->state[0] == FAMILY_READY);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[1], FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	fake_stop(f);
}

/* A peer says nothing about a family that it does not carry. */
ATF_TC_WITHOUT_HEAD(one_family_each);
ATF_TC_BODY(one_family_each, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer_of(f, 0, BGP_FAM_IPV4);
	fake_eor(f, 0, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	NEVER(f, f->state[1] == FAMILY_CONVERGED);
	fake_peer_of(f, 1, BGP_FAM_IPV6);
	NEVER(f, f->state[1] == FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	/* The only one that carries it goes and comes back. */
	fake_down(f, 1);
	AWAIT(f, f->state[1] == FAMILY_READY);
	fake_peer_of(f, 1, BGP_FAM_IPV6);
	NEVER(f, f->state[1] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);
	fake_stop(f);
}

/* With two paths, one whose next hop has a way wins. */
ATF_TC_WITHOUT_HEAD(nexthop_state);
ATF_TC_BODY(nexthop_state, tc)
{
	struct msg_nexthop_state	 s;
	struct fake			*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_peer(f, 1);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_routes(f, 1, "10.1.0.0/16", 1, "192.0.2.2");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 1, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	s.id = wanted(f, "192.0.2.2");
	s.state = NEXTHOP_VALID;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
	AWAIT(f, lookup4(f, "10.1.0.1") == (LEAF_ALLOW | s.id));
	s.state = NEXTHOP_UNRESOLVED;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
	s.id = wanted(f, "192.0.2.1");
	s.state = NEXTHOP_VALID;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
	AWAIT(f, lookup4(f, "10.1.0.1") == (LEAF_ALLOW | s.id));
	fake_stop(f);
}

/* What does not fit makes its family pass, until it does. */
ATF_TC_WITHOUT_HEAD(overflow);
ATF_TC_BODY(overflow, tc)
{
	struct fake	*f;
	unsigned int	 i;
	char		 text[32];

	f = fake_start(2048);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.0.0.0/24", 16, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	/* Hosts far apart: a node or two each. */
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.77/32", 64 + i / 100,
		    i % 100 * 2);
		fake_routes(f, 0, text, 1, "192.0.2.2");
		pump(f, 0);
	}
	AWAIT(f, f->state[0] == FAMILY_READY);
	ask(f, CTL_SHOW_RIB_SUMMARY, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 2);
	ATF_CHECK(f->family[0].overflow);
	ATF_CHECK(f->family[0].pending > 0);
	ATF_CHECK_EQ(f->family[0].prefixes, 2016);
	ATF_CHECK(!f->family[1].overflow);
	/* Another family has its own table. */
	fake_eor(f, 0, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.77/32", 64 + i / 100,
		    i % 100 * 2);
		fake_routes(f, 0, text, 1, NULL);
		pump(f, 0);
	}
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(lookup4(f, "10.0.3.1"),
	    LEAF_ALLOW | wanted(f, "192.0.2.1"));
	ATF_CHECK_EQ(lookup4(f, "10.64.0.77"), LEAF_ALLOW);
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(reload);
ATF_TC_BODY(reload, tc)
{
	static const char *const	 halves[] = { "10.0.0.0/9",
		"10.128.0.0/9", "10.128.0.0/9", NULL };
	static const char *const	 less[] = { "10.0.0.0/9", NULL };
	struct fake			*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_config(f, halves);
	/* Not for a moment is it without. */
	NEVER(f, lookup4(f, "10.200.0.1") != LEAF_ALLOW);
	fake_config(f, less);
	AWAIT(f, lookup4(f, "10.200.0.1") == 0);
	ATF_CHECK_EQ(lookup4(f, "10.1.0.1"), LEAF_ALLOW);
	ATF_CHECK_EQ(f->state[0], FAMILY_READY);
	/* Back before the last was gone. */
	fake_config(f, allow_ten);
	fake_config(f, less);
	fake_config(f, allow_ten);
	AWAIT(f, lookup4(f, "10.200.0.1") == LEAF_ALLOW);
	NEVER(f, lookup4(f, "10.200.0.1") != LEAF_ALLOW);
	fake_stop(f);
}

/* A parent that does not acknowledge is not flooded, and all comes later. */
ATF_TC_WITHOUT_HEAD(slow_parent);
ATF_TC_BODY(slow_parent, tc)
{
	struct fake	*f;
	unsigned int	 i, n;
	char		 text[32];

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.0.0.0/16", 256, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	f->hold_acks = true;
	f->writes = 0;
	/* One batch each, as far as it goes. */
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "10.%u.0.0/24", i);
		fake_routes(f, 0, text, 1, "192.0.2.2");
		n = f->writes;
		if (i < 16)
			AWAIT(f, f->writes > n);
	}
	NEVER(f, f->writes > 16);
	ATF_CHECK_EQ(lookup4(f, "10.99.0.1"),
	    LEAF_ALLOW | wanted(f, "192.0.2.1"));
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
	AWAIT(f, lookup4(f, "10.99.0.1") ==
	    (LEAF_ALLOW | wanted(f, "192.0.2.2")));
	ATF_CHECK_EQ(lookup4(f, "10.50.0.1"),
	    LEAF_ALLOW | wanted(f, "192.0.2.2"));
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(control);
ATF_TC_BODY(control, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 5);
	fake_routes(f, 5, "10.1.0.0/24", ROUTES, "192.0.2.1");
	fake_routes(f, 5, "2001:db8::/48", 10, "2001:db8::1");
	fake_eor(f, 5, AF_INET);
	fake_eor(f, 5, AF_INET6);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED &&
	    f->state[1] == FAMILY_CONVERGED);

	ask_fib(f, FIB_ALL, NULL);
	AWAIT(f, f->records == CTL_WINDOW);
	NEVER(f, f->records > CTL_WINDOW);
	fake_send(f, CONTROL, M_CTL_MORE, 77, -1, NULL, 0);
	AWAIT(f, f->records == 2 * CTL_WINDOW);
	fake_send(f, CONTROL, M_CTL_MORE, 77, -1, NULL, 0);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->answer.status, 0);
	ATF_CHECK_EQ(f->records, ROUTES + 10);
	ATF_CHECK_EQ(f->fib.prefix.addr.af, AF_INET6);
	/* A stream that is cancelled makes room and says nothing more. */
	ask_fib(f, FIB_ALL, NULL);
	AWAIT(f, f->records == CTL_WINDOW);
	fake_send(f, CONTROL, M_CTL_CANCEL, 77, -1, NULL, 0);
	fake_send(f, CONTROL, M_CTL_MORE, 77, -1, NULL, 0);
	NEVER(f, f->records > CTL_WINDOW || f->ended);

	ask_fib(f, FIB_ADDR, "10.1.3.9");
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 1);
	ATF_CHECK(f->fib.route && f->fib.allow && !f->fib.local);
	ATF_CHECK(!f->fib.pending && !f->fib.allow_only);
	ATF_CHECK_EQ(f->fib.prefix.len, 24);
	ATF_CHECK_EQ(f->fib.nexthop, wanted(f, "192.0.2.1"));
	ATF_CHECK_EQ(f->fib.leaf, lookup4(f, "10.1.3.9"));
	ATF_CHECK_EQ(f->fib.gateway.b[3], 1);
	ATF_CHECK_EQ(f->fib.neighbor, 5);
	ask_fib(f, FIB_ADDR, "10.0.0.1");
	AWAIT(f, f->ended);
	ATF_CHECK(!f->fib.route && f->fib.allow_only && f->fib.local);
	ATF_CHECK_EQ(f->fib.prefix.len, 32);
	ask_fib(f, FIB_PREFIX, "10.1.7.0/24");
	AWAIT(f, f->ended);
	ATF_CHECK(f->fib.route);
	ask_fib(f, FIB_PREFIX, "10.1.7.0/25");
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->answer.status, 1);

	ask(f, CTL_SHOW_NEIGHBOR_RIB, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 1);
	ATF_CHECK_EQ(f->neighbor.id, 5);
	ATF_CHECK_EQ(f->neighbor.paths4, ROUTES);
	ATF_CHECK_EQ(f->neighbor.best6, 10);
	ask(f, CTL_SHOW_NEXTHOP_RIB, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 2);
	ATF_CHECK_EQ(f->nexthop.routes, 10);
	ask(f, CTL_RELOAD, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->answer.status, 1);
	fake_stop(f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ready);
	ATF_TP_ADD_TC(tp, not_ready_unacknowledged);
	ATF_TP_ADD_TC(tp, converge_lose_return);
	ATF_TP_ADD_TC(tp, two_peers);
	ATF_TP_ADD_TC(tp, half_feed);
	ATF_TP_ADD_TC(tp, one_family_each);
	ATF_TP_ADD_TC(tp, nexthop_state);
	ATF_TP_ADD_TC(tp, overflow);
	ATF_TP_ADD_TC(tp, reload);
	ATF_TP_ADD_TC(tp, slow_parent);
	ATF_TP_ADD_TC(tp, control);
	return (atf_no_error());
}
