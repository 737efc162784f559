/* SPDX-License-Identifier: ISC */
/*
 * ECMP sets through the whole process: groups are in the table before leaves
 * name them, and an id is used again only when no packet can meet it.
 */
#include <stdio.h>

#include "rde_fake.h"

static void
fake_state(struct fake *f, const char *nexthop, uint8_t state)
{
	struct msg_nexthop_state	s = { wanted(f, nexthop), state };

	ATF_REQUIRE(s.id != 0);
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
}

static void
fake_peer_at(struct fake *f, enum end end, uint32_t id, const char *text)
{
	struct msg_peer	p = { .id = id, .addr = prefix(text).addr,
	    .remote_as = 65000, .local_as = 65000, .router_id = 1 + id,
	    .families = BGP_FAM_IPV4 };

	fake_record(f, end, M_PEER_UP, &record_msg_peer, &p);
}

static void
fake_eor_of(struct fake *f, enum end end, uint32_t id)
{
	struct msg_eor	m = { id, AF_INET };

	fake_record(f, end, M_END_OF_RIB, &record_msg_eor, &m);
}

static void
fake_down_at(struct fake *f, enum end end, uint32_t id)
{
	struct msg_u32	m = { id };

	fake_record(f, end, M_PEER_DOWN, &record_msg_u32, &m);
}

/*
 * Do packets for an address go to these next hops (a list that NULL ends), as
 * far as the tables say now? A group that a leaf names has to be there.
 */
static bool
leads(const struct fake *f, const char *to, const char *const *hops)
{
	const uint32_t	*g;
	uint32_t	 leaf, n, i;

	leaf = lookup4(f, to);
	for (n = 0; hops[n] != NULL; n++)
		;
	if (!(leaf & LEAF_GROUP))
		return (n == 1 && (leaf & LEAF_ID) != LEAF_ID_NONE &&
		    (leaf & LEAF_ID) == wanted(f, hops[0]));
	leaf &= LEAF_ID;
	ATF_REQUIRE(leaf >= GROUP_FIRST && leaf < GROUPS);
	g = f->table[FIB_TABLE_GROUPS] + leaf * GROUP_WORDS;
	ATF_REQUIRE_MSG(g[0] >= 2, "group %u was not written", leaf);
	for (i = 0; i < g[0]; i++) {
		ATF_REQUIRE(g[1 + i] >= LEAF_ID_FIRST && g[1 + i] < NWANTS);
		ATF_REQUIRE_MSG(f->want[g[1 + i]].af != AF_UNSPEC,
		    "member %u of group %u was dropped", g[1 + i], leaf);
	}
	if (g[0] != n)
		return (false);
	while (n-- > 0) {
		for (i = 0; i < g[0] && g[1 + i] != wanted(f, hops[n]); i++)
			;
		if (i == g[0])
			return (false);
	}
	return (true);
}

#define A	"192.0.2.1"
#define B	"192.0.2.2"
#define C	"192.0.2.3"
#define D	"192.0.2.4"
#define HOPS(...)	((const char *const[]){ __VA_ARGS__, NULL })

static const char *const	hops[] = { A, B, C };

/* Ready, with next hops that are valid: one route of its own keeps each. */
static struct fake *
start_valid(void)
{
	struct fake	*f;
	char		 text[32];
	int		 i;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer_at(f, ENGINE, 0, "198.51.100.1");
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "10.200.%d.0/24", i);
		fake_routes(f, 0, text, 1, hops[i]);
		AWAIT(f, wanted(f, hops[i]) != 0);
		fake_state(f, hops[i], NEXTHOP_VALID);
	}
	return (f);
}

/* One neighbor with ADD-PATH. */
ATF_TC_WITHOUT_HEAD(add_path);
ATF_TC_BODY(add_path, tc)
{
	struct fake	*f;

	f = start_valid();
	fake_paths(f, ENGINE, 0, 1, "10.1.0.0/16", 20, A);
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 20, B);
	fake_paths(f, ENGINE, 0, 3, "10.1.0.0/16", 20, B);
	fake_eor_of(f, ENGINE, 0);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK(leads(f, "10.1.2.3", HOPS(A, B)));
	ATF_CHECK(leads(f, "10.20.2.3", HOPS(A, B)));
	/* Replaced, one more, one less, the last. */
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 1, C);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, B, C)));
	fake_paths(f, ENGINE, 0, 3, "10.1.0.0/16", 1, NULL);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, C)));
	fake_paths(f, ENGINE, 0, 1, "10.1.0.0/16", 1, NULL);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(C)));
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 1, NULL);
	AWAIT(f, (lookup4(f, "10.1.2.3") & LEAF_ID) == LEAF_ID_NONE);
	ATF_CHECK(leads(f, "10.20.2.3", HOPS(A, B)));
	/* A next hop that dies leaves, and is back when it is back. */
	fake_state(f, A, NEXTHOP_UNRESOLVED);
	AWAIT(f, leads(f, "10.20.2.3", HOPS(B)));
	fake_state(f, A, NEXTHOP_INCOMPLETE);
	AWAIT(f, leads(f, "10.20.2.3", HOPS(A, B)));
	/* One that turns out to be ours takes no share. */
	fake_state(f, A, NEXTHOP_LOCAL);
	AWAIT(f, leads(f, "10.20.2.3", HOPS(B)));
	ATF_CHECK(leads(f, "10.200.0.1", HOPS(A)));
	fake_stop(f);
}

/* A neighbor, another, and a peer that a BMP station tells of, of the same
   address and number as the first. */
ATF_TC_WITHOUT_HEAD(neighbors_and_bmp);
ATF_TC_BODY(neighbors_and_bmp, tc)
{
	struct fake	*f;

	f = start_valid();
	fake_peer_at(f, ENGINE, 1, "198.51.100.2");
	fake_peer_at(f, STATION, 0, "198.51.100.1");
	fake_routes(f, 0, "10.1.0.0/16", 5, A);
	fake_routes(f, 1, "10.1.0.0/16", 5, B);
	fake_paths(f, STATION, 0, PATH_ID_NONE, "10.1.0.0/16", 5, C);
	/* nothing orders what comes over different pipes */
	fake_paths(f, STATION, 0, PATH_ID_NONE, "10.9.0.0/16", 1, D);
	AWAIT(f, wanted(f, D) != 0);
	fake_eor_of(f, ENGINE, 0);
	fake_eor_of(f, ENGINE, 1);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor_of(f, STATION, 0);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK(leads(f, "10.1.2.3", HOPS(A, B, C)));
	ATF_CHECK(leads(f, "10.5.2.3", HOPS(A, B, C)));
	/* A withdrawal is of its own peer's route. */
	fake_paths(f, STATION, 0, PATH_ID_NONE, "10.1.0.0/16", 1, NULL);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, B)));
	fake_down_at(f, ENGINE, 1);
	AWAIT(f, leads(f, "10.5.2.3", HOPS(A, C)));
	fake_down_at(f, STATION, 0);
	AWAIT(f, leads(f, "10.5.2.3", HOPS(A)));
	ATF_CHECK(leads(f, "10.1.2.3", HOPS(A)));
	/* And the other way round: the station's stay. */
	fake_peer_at(f, STATION, 0, "198.51.100.1");
	fake_paths(f, STATION, 0, PATH_ID_NONE, "10.1.0.0/16", 5, C);
	AWAIT(f, leads(f, "10.5.2.3", HOPS(A, C)) && wanted(f, D) == 0);
	fake_eor_of(f, STATION, 0);
	fake_paths(f, STATION, 0, PATH_ID_NONE, "10.9.0.0/16", 1, D);
	AWAIT(f, wanted(f, D) != 0);
	fake_down_at(f, ENGINE, 0);
	AWAIT(f, leads(f, "10.5.2.3", HOPS(C)));
	ATF_CHECK_EQ(lookup4(f, "10.200.0.1") & LEAF_ID, LEAF_ID_NONE);
	fake_stop(f);
}

/* No id is used again while packets could meet what it was, and routes that
   find no group go by their best path until there is one. */
ATF_TC_WITHOUT_HEAD(ids_wait_for_grace);
ATF_TC_BODY(ids_wait_for_grace, tc)
{
	struct fake	*f;
	uint32_t	 id;
	char		 text[32], to[32];
	int		 i;

	f = start_valid();
	fake_paths(f, ENGINE, 0, 1, "10.1.0.0/16", 4, A);
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 4, B);
	fake_eor_of(f, ENGINE, 0);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, B)));
	id = lookup4(f, "10.1.2.3") & LEAF_ID;
	f->hold_grace = true;
	f->grace = 0;
	/* The group is left; another set finds another id. */
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 4, C);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, C)) &&
	    leads(f, "10.4.2.3", HOPS(A, C)) && f->grace != 0);
	ATF_CHECK((lookup4(f, "10.1.2.3") & LEAF_ID) != id);
	/* More sets than there are ids left: the last ones find none. */
	for (i = 0; i < GROUPS; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", 10 + i);
		snprintf(to, sizeof(to), "10.%d.0.0/16", 10 + i);
		fake_paths(f, ENGINE, 0, 7, to, 1, text);
		AWAIT(f, wanted(f, text) != 0);
		fake_state(f, text, NEXTHOP_VALID);
		fake_paths(f, ENGINE, 0, 1, to, 1, A);
	}
	AWAIT(f, leads(f, "10.10.0.1", HOPS(A, "192.0.2.10")));
	/* 0 is no id, one is A and C's, one still waits: 13 were left */
	AWAIT(f, leads(f, "10.22.0.1", HOPS(A, "192.0.2.22")));
	AWAIT(f, leads(f, "10.25.0.1", HOPS(A)));
	NEVER(f, f->regrouped > 0 || !leads(f, "10.25.0.1", HOPS(A)));
	/* Back again before it is let go: the same. */
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 1, B);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, B)));
	ATF_CHECK_EQ(lookup4(f, "10.1.2.3") & LEAF_ID, id);
	fake_paths(f, ENGINE, 0, 2, "10.1.0.0/16", 1, C);
	AWAIT(f, leads(f, "10.1.2.3", HOPS(A, C)));
	f->hold_grace = false;
	fake_u32(f, M_GRACE_DONE, f->grace);
	/* A and B's id is free at last, and found by one that lacked it. */
	AWAIT(f, f->regrouped == 1);
	AWAIT(f, leads(f, "10.23.0.1", HOPS(A, "192.0.2.23")));
	ATF_CHECK(leads(f, "10.24.0.1", HOPS(A)));
	/* All the rest, when there is room. */
	for (i = 0; i < 4; i++) {
		snprintf(to, sizeof(to), "10.%d.0.0/16", 10 + i);
		fake_paths(f, ENGINE, 0, 7, to, 1, NULL);
	}
	AWAIT(f, leads(f, "10.24.0.1", HOPS(A, "192.0.2.24")) &&
	    leads(f, "10.25.0.1", HOPS(A, "192.0.2.25")));
	ATF_CHECK(leads(f, "10.10.0.1", HOPS(A)));
	AWAIT(f, wanted(f, "192.0.2.10") == 0);
	fake_stop(f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, add_path);
	ATF_TP_ADD_TC(tp, neighbors_and_bmp);
	ATF_TP_ADD_TC(tp, ids_wait_for_grace);
	return (atf_no_error());
}
