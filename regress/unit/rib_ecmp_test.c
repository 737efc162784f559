/* SPDX-License-Identifier: ISC */
/*
 * ECMP sets in the RIB: several paths of one peer, and very many routes on one
 * group whose member dies.
 */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

#define MANY	1000000

struct many {
	struct nexthops	*nexthops;
	struct groups	*groups;
	struct intern	*intern;
	struct rib	*rib;
	uint32_t	 attr[2];
	unsigned long	 changes, works, drops;
};

static void
many_want(void *arg, uint32_t id, const struct addr *addr)
{
}

static void
many_drop(void *arg, uint32_t id)
{
	struct many	*m = arg;

	m->drops++;
}

static const struct nexthop_ops	many_ops = { many_want, many_drop, NULL };

static void
many_changed(void *arg, const struct prefix *p, int what)
{
	struct many	*m = arg;

	m->changes++;
}

static void
many_work(void *arg)
{
	struct many	*m = arg;

	m->works++;
}

static uint32_t
many_attr(struct many *m, uint8_t hop)
{
	struct attrs	 a, out;
	struct ibuf	*b;
	const uint8_t	*blob;
	size_t		 len;
	uint32_t	 h;

	memset(&a, 0, sizeof(a));
	a.nexthop.af = AF_INET;
	a.nexthop.b[0] = 192;
	a.nexthop.b[3] = hop;
	ATF_REQUIRE((b = ibuf_new(IMSG_BODY_MAX)) != NULL);
	ATF_REQUIRE_EQ(attrs_put(b, &a), 0);
	ATF_REQUIRE_EQ(attrs_get(b, &out, &blob, &len), 0);
	ATF_REQUIRE((h = intern_get(m->intern, &out, blob, len)) != 0);
	ibuf_free(b);
	return (h);
}

static void
many_prefix(uint32_t i, struct prefix *p)
{
	memset(p, 0, sizeof(*p));
	p->addr.af = AF_INET;
	p->addr.b[0] = 1 + (i >> 16);
	p->addr.b[1] = i >> 8;
	p->addr.b[2] = i;
	p->len = 24;
}

/* n prefixes from two peers, with next hops LEAF_ID_FIRST and the next. */
static void
many_start(struct many *m, uint32_t n)
{
	struct prefix	p;
	struct addr	a;
	uint32_t	i, peer;

	memset(m, 0, sizeof(*m));
	m->nexthops = nexthop_new(100, &many_ops, m);
	ATF_REQUIRE(m->nexthops != NULL);
	m->groups = group_new(m->nexthops, 1, many_work, m);
	ATF_REQUIRE(m->groups != NULL);
	group_limit(m->groups, 100);
	ATF_REQUIRE((m->intern = intern_new(m->nexthops, 9)) != NULL);
	m->rib = rib_new(m->intern, m->nexthops, m->groups, many_changed, m);
	ATF_REQUIRE(m->rib != NULL);
	for (peer = 0; peer < 2; peer++) {
		memset(&a, 0, sizeof(a));
		a.af = AF_INET;
		a.b[3] = 1 + peer;
		rib_peer_up(m->rib, peer, &a, 1 + peer, true);
		m->attr[peer] = many_attr(m, 1 + peer);
		nexthop_set_state(m->nexthops, LEAF_ID_FIRST + peer,
		    NEXTHOP_VALID);
		for (i = 0; i < n; i++) {
			many_prefix(i, &p);
			ATF_REQUIRE_EQ(rib_announce(m->rib, peer, 0, &p,
			    m->attr[peer]), 0);
		}
	}
}

static void
many_end(struct many *m)
{
	rib_free(m->rib);
	intern_free(m->intern);
	group_free(m->groups);
	nexthop_free(m->nexthops);
}

static uint32_t
many_leaf(struct many *m, uint32_t i)
{
	struct tree_ent	*e;
	struct prefix	 p;

	many_prefix(i, &p);
	ATF_REQUIRE((e = tree_get(rib_tree(m->rib, AF_INET), &p)) != NULL);
	return (e->leaf);
}

/* All routes lead to these next hops and to no other. */
static void
many_check(struct many *m, bool first, bool second)
{
	uint32_t	i, n, leaf;

	leaf = many_leaf(m, 0);
	ATF_REQUIRE_EQ((leaf & LEAF_GROUP) != 0, first && second);
	for (i = 1; i < MANY; i++)
		ATF_REQUIRE_EQ(many_leaf(m, i), leaf);
	nexthop_next(m->nexthops, LEAF_ID_FIRST, &n);
	ATF_REQUIRE_EQ(n, first ? (uint32_t)MANY : 0);
	nexthop_next(m->nexthops, LEAF_ID_FIRST + 1, &n);
	ATF_REQUIRE_EQ(n, second ? (uint32_t)MANY : 0);
	ATF_REQUIRE_EQ(group_count(m->groups), first && second);
}

static void
many_state(struct many *m, uint32_t id, uint8_t state)
{
	ATF_REQUIRE(nexthop_set_state(m->nexthops, id, state));
	rib_redecide(m->rib);
}

ATF_TC_WITHOUT_HEAD(member_dies);
ATF_TC_BODY(member_dies, tc)
{
	struct many	m;
	size_t		rib, groups;
	uint32_t	paths, i;

	many_start(&m, MANY);
	many_check(&m, true, true);
	rib = rib_memory(m.rib, &paths);
	ATF_CHECK(paths >= 2 * MANY && rib >= 32UL * MANY &&
	    rib < 33UL * MANY);
	groups = group_memory(m.groups);
	m.changes = m.works = 0;
	many_state(&m, LEAF_ID_FIRST, NEXTHOP_UNRESOLVED);
	ATF_CHECK_EQ(m.changes, 0);
	for (i = 1; rib_sweep(m.rib, 4096); i++)
		ATF_REQUIRE(m.changes <= i * 4096UL);
	ATF_CHECK_EQ(m.changes, MANY);
	ATF_CHECK_EQ(m.works, 1);
	many_check(&m, false, true);
	/* It comes and goes while sweeps run: one more sweep is enough. */
	for (i = 0; i < 100; i++) {
		many_state(&m, LEAF_ID_FIRST,
		    i % 2 ? NEXTHOP_UNRESOLVED : NEXTHOP_VALID);
		(void)rib_sweep(m.rib, 20000);
	}
	many_state(&m, LEAF_ID_FIRST, NEXTHOP_VALID);
	for (i = 0; rib_sweep(m.rib, 100000); i++)
		ATF_REQUIRE(i < 3 * MANY / 100000);
	many_check(&m, true, true);
	ATF_CHECK_EQ(group_used(m.groups), 1);
	/* The other one's neighbor goes. */
	rib_peer_down(m.rib, 1);
	while (rib_sweep(m.rib, 4096))
		;
	many_check(&m, true, false);
	ATF_CHECK_EQ(rib_memory(m.rib, NULL), rib);
	ATF_CHECK_EQ(group_memory(m.groups), groups);
	many_end(&m);
}

struct order {
	unsigned int	n;
	struct rib_path	path[8];
};

static void
note(void *arg, const struct rib_path *p)
{
	struct order	*o = arg;

	ATF_REQUIRE(o->n < 8);
	o->path[o->n++] = *p;
}

/* ADD-PATH: several paths of one peer, told apart by their ids. */
ATF_TC_WITHOUT_HEAD(path_ids);
ATF_TC_BODY(path_ids, tc)
{
	const struct ecmp_group	*g;
	struct order		 o = { 0 };
	struct many		 m;
	struct prefix		 p;
	uint32_t		 leaf;

	many_start(&m, 0);
	many_prefix(0, &p);
	/* Twice the same next hop is one: no group. */
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 5, &p, m.attr[1]), 0);
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 4, &p, m.attr[1]), 0);
	ATF_CHECK_EQ(many_leaf(&m, 0), ENT_ROUTE | (LEAF_ID_FIRST + 1));
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 6, &p, m.attr[0]), 0);
	leaf = many_leaf(&m, 0);
	ATF_REQUIRE_EQ(leaf, ENT_ROUTE | LEAF_GROUP | GROUP_FIRST);
	ATF_REQUIRE((g = group_get(m.groups, GROUP_FIRST)) != NULL);
	ATF_CHECK_EQ(g->n, 2);
	rib_each(m.rib, tree_get(rib_tree(m.rib, AF_INET), &p), note, &o);
	ATF_REQUIRE_EQ(o.n, 3);
	ATF_CHECK(o.path[0].best && o.path[0].path_id == 4);
	ATF_CHECK(!o.path[1].best && !o.path[2].best);
	ATF_CHECK(o.path[0].multipath && o.path[1].multipath &&
	    o.path[2].multipath);
	/* Withdrawn by id, which others do not mind. */
	rib_withdraw(m.rib, 1, 4, &p);
	rib_withdraw(m.rib, 0, 7, &p);
	rib_withdraw(m.rib, 0, 4, &p);
	ATF_CHECK_EQ(many_leaf(&m, 0), leaf);
	/* Replaced by id: both lead to the first now. */
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 5, &p, m.attr[0]), 0);
	ATF_CHECK_EQ(many_leaf(&m, 0), ENT_ROUTE | LEAF_ID_FIRST);
	/* The other neighbor's path, of an id that is taken here. */
	ATF_REQUIRE_EQ(rib_announce(m.rib, 1, 5, &p, m.attr[1]), 0);
	ATF_CHECK_EQ(many_leaf(&m, 0), leaf);
	rib_peer_down(m.rib, 0);
	while (rib_sweep(m.rib, 10))
		;
	ATF_CHECK_EQ(many_leaf(&m, 0), ENT_ROUTE | (LEAF_ID_FIRST + 1));
	ATF_CHECK_EQ(rib_paths(m.rib, AF_INET), 1);
	ATF_CHECK_EQ(group_count(m.groups), 0);
	many_end(&m);
}

/* A neighbor that sends paths without end to one prefix gets so many and no
   more in, of each session. */
ATF_TC_WITHOUT_HEAD(path_ids_bound);
ATF_TC_BODY(path_ids_bound, tc)
{
	struct many	m;
	struct prefix	p;
	struct addr	a;
	uint32_t	i;

	many_start(&m, 0);
	many_prefix(0, &p);
	for (i = 0; i < RIB_PATH_IDS + 10; i++)
		ATF_REQUIRE_EQ(rib_announce(m.rib, 0, i, &p, m.attr[0]), 0);
	ATF_CHECK_EQ(rib_paths(m.rib, AF_INET), RIB_PATH_IDS);
	ATF_CHECK_EQ(rib_crowded(m.rib), 10);
	/* Those that are there can be replaced, and make room. */
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 7, &p, m.attr[1]), 0);
	ATF_CHECK(many_leaf(&m, 0) & LEAF_GROUP);
	rib_withdraw(m.rib, 0, RIB_PATH_IDS + 1, &p);
	ATF_CHECK_EQ(rib_paths(m.rib, AF_INET), RIB_PATH_IDS);
	rib_withdraw(m.rib, 0, 7, &p);
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 1000, &p, m.attr[0]), 0);
	ATF_CHECK_EQ(rib_paths(m.rib, AF_INET), RIB_PATH_IDS);
	ATF_CHECK_EQ(rib_crowded(m.rib), 10);
	/* Another neighbor has its own, and so has the next session. */
	ATF_REQUIRE_EQ(rib_announce(m.rib, 1, 0, &p, m.attr[1]), 0);
	a = rib_peer(m.rib, 0)->addr;
	rib_peer_up(m.rib, 0, &a, 1, true);
	for (i = 0; i < RIB_PATH_IDS; i++)
		ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 5000 + i, &p,
		    m.attr[0]), 0);
	ATF_CHECK_EQ(rib_crowded(m.rib), 10);
	while (rib_sweep(m.rib, 10))
		;
	ATF_CHECK_EQ(rib_paths(m.rib, AF_INET), RIB_PATH_IDS + 1);
	many_end(&m);
}

/* A session comes back as somebody else, with the same paths. */
ATF_TC_WITHOUT_HEAD(same_paths_other_peer);
ATF_TC_BODY(same_paths_other_peer, tc)
{
	struct many	m;
	struct prefix	p;
	struct addr	a;
	uint32_t	peer, attr;

	many_start(&m, 1);
	many_prefix(0, &p);
	a = rib_peer(m.rib, 0)->addr;
	rib_peer_up(m.rib, 0, &a, 99, true);
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 0, &p, m.attr[0]), 0);
	while (rib_sweep(m.rib, 10))
		;
	ATF_REQUIRE(rib_best(m.rib, tree_get(rib_tree(m.rib, AF_INET), &p),
	    &peer, &attr));
	ATF_CHECK_EQ(peer, 1);
	/* iBGP now: no equal of eBGP. */
	ATF_CHECK(many_leaf(&m, 0) & LEAF_GROUP);
	rib_peer_up(m.rib, 0, &a, 99, false);
	ATF_REQUIRE_EQ(rib_announce(m.rib, 0, 0, &p, m.attr[0]), 0);
	while (rib_sweep(m.rib, 10))
		;
	ATF_CHECK_EQ(many_leaf(&m, 0), ENT_ROUTE | (LEAF_ID_FIRST + 1));
	many_end(&m);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, member_dies);
	ATF_TP_ADD_TC(tp, path_ids);
	ATF_TP_ADD_TC(tp, path_ids_bound);
	ATF_TP_ADD_TC(tp, same_paths_other_peer);
	return (atf_no_error());
}
