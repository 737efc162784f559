/* SPDX-License-Identifier: ISC */
/*
 * The RIB against a plain table of (prefix, peer, path id): best paths, leaf
 * words, counts, who was told of what, and nothing left in the end.
 */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

#define NPREFIX	48
#define NPEER	5
#define NID	2
#define NATTR	40
#define NHOPS	6	/* next hops */

struct cell {
	int	attr;		/* -1: no path */
	bool	stale;		/* of an earlier session: may go any time */
};

struct world {
	struct nexthops	*nexthops;
	struct intern	*intern;
	struct rib	*rib;
	struct prefix	 prefix[NPREFIX];
	struct cell	 cell[NPREFIX][NPEER][NID];
	uint32_t	 flags[NPREFIX];
	uint32_t	 mirror[NPREFIX];	/* leaf, as told */
	bool		 dirty[NPREFIX];
	bool		 up[NPEER];
	bool		 ebgp[NPEER];
	struct attrs	 attrs[NATTR];
	uint8_t		 path[NATTR][2 + 4 * 8];
	uint8_t		 state[LEAF_ID_FIRST + NHOPS];
};

static void
on_want(void *arg, uint32_t id, const struct addr *addr)
{
	struct world	*w = arg;

	w->state[id] = NEXTHOP_UNRESOLVED;
}

static void
on_drop(void *arg, uint32_t id)
{
}

static const struct nexthop_ops	ops = { on_want, on_drop, NULL };

static int
prefix_index(const struct world *w, const struct prefix *p)
{
	int	i;

	for (i = 0; i < NPREFIX; i++) {
		if (prefix_cmp(&w->prefix[i], p) == 0)
			return (i);
	}
	atf_tc_fail("a prefix that nobody announced");
}

/* As the FIB does it: remember, and clean up later. */
static void
on_changed(void *arg, const struct prefix *p, int what)
{
	struct world	*w = arg;
	struct tree_ent	*e;
	int		 i;

	i = prefix_index(w, p);
	e = tree_get(rib_tree(w->rib, p->addr.af), p);
	ATF_REQUIRE(e != NULL);
	ATF_REQUIRE_EQ((what & RIB_EMPTY) != 0,
	    (e->leaf & ~ENT_DIRTY) == 0 && e->dest == 0);
	ATF_REQUIRE((e->leaf & ~ENT_DIRTY) != w->mirror[i]);
	ATF_REQUIRE_EQ((e->leaf & ENT_DIRTY) != 0, w->dirty[i]);
	w->mirror[i] = e->leaf & ~ENT_DIRTY;
	w->dirty[i] = true;
	e->leaf |= ENT_DIRTY;
}

static void
clean(struct world *w)
{
	struct tree	*tree;
	struct tree_ent	*e;
	int		 i;

	for (i = 0; i < NPREFIX; i++) {
		if (!w->dirty[i])
			continue;
		w->dirty[i] = false;
		tree = rib_tree(w->rib, w->prefix[i].addr.af);
		e = tree_get(tree, &w->prefix[i]);
		ATF_REQUIRE(e != NULL);
		ATF_REQUIRE_MSG(e->leaf & ENT_DIRTY, "the FIB's bit is gone");
		e->leaf &= ~ENT_DIRTY;
		if (e->leaf == 0 && e->dest == 0)
			tree_remove(tree, &w->prefix[i]);
	}
}

static void
world_attrs(struct world *w)
{
	struct attrs	*a;
	int		 i, j, n;

	for (i = 0; i < NATTR; i++) {
		a = &w->attrs[i];
		memset(a, 0, sizeof(*a));
		n = 2 + random() % 2;
		w->path[i][0] = 2;
		w->path[i][1] = n;
		for (j = 0; j < n; j++)
			w->path[i][2 + 4 * j + 3] = 1 + random() % 2;
		a->as_path = w->path[i];
		a->as_path_len = 2 + 4 * n;
		a->origin = random() % 2;
		a->has = random() % 8;
		a->med = (a->has & ATTR_HAS_MED) ? random() % 3 : 0;
		a->local_pref = (a->has & ATTR_HAS_LOCAL_PREF) ?
		    99 + random() % 3 : 0;
		a->originator = (a->has & ATTR_HAS_ORIGINATOR) ?
		    100 + random() % 3 : 0;
		a->cluster_len = random() % 2;
		a->nexthop.af = AF_INET;
		a->nexthop.b[0] = 10;
		a->nexthop.b[3] = random() % NHOPS;
	}
}

static struct world *
world_new(void)
{
	struct world	*w;
	struct prefix	*p;
	int		 i, j;

	ATF_REQUIRE((w = calloc(1, sizeof(*w))) != NULL);
	world_attrs(w);
	w->nexthops = nexthop_new(LEAF_ID_FIRST + NHOPS, &ops, w);
	ATF_REQUIRE(w->nexthops != NULL);
	ATF_REQUIRE((w->intern = intern_new(w->nexthops, 3)) != NULL);
	w->rib = rib_new(w->intern, w->nexthops, on_changed, w);
	ATF_REQUIRE(w->rib != NULL);
	for (i = 0; i < NPREFIX; i++) {
		p = &w->prefix[i];
		p->addr.af = i % 2 ? AF_INET6 : AF_INET;
		p->addr.b[0] = i % 2 ? 0x20 : 10;
		p->addr.b[1] = i / 4;
		p->len = i < 2 ? 0 : (i & 2) ? 24 : 16;
		prefix_mask(p);
	}
	memset(w->cell, 0, sizeof(w->cell));
	for (i = 0; i < NPREFIX; i++) {
		for (j = 0; j < NPEER * NID; j++)
			w->cell[i][j / NID][j % NID].attr = -1;
	}
	return (w);
}

static uint32_t
intern(struct world *w, int i)
{
	struct attrs	 a;
	struct ibuf	*b;
	const uint8_t	*blob;
	size_t		 len;
	uint32_t	 h;

	ATF_REQUIRE((b = ibuf_new(IMSG_BODY_MAX)) != NULL);
	ATF_REQUIRE_EQ(attrs_put(b, &w->attrs[i]), 0);
	ATF_REQUIRE_EQ(attrs_get(b, &a, &blob, &len), 0);
	ATF_REQUIRE((h = intern_get(w->intern, &a, blob, len)) != 0);
	ibuf_free(b);
	return (h);
}

static void
peer_addr(int peer, struct addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->af = AF_INET;
	addr->b[3] = 9 - peer;
}

/* What each step of the decision likes less is out. */
static void
eliminate(int64_t *key, bool *in, int n)
{
	int64_t	min;
	int	i;

	for (min = INT64_MAX, i = 0; i < n; i++)
		min = in[i] && key[i] < min ? key[i] : min;
	for (i = 0; i < n; i++)
		in[i] = in[i] && key[i] == min;
}

#define STEP(expr) do {							\
	for (i = 0; i < n; i++) {					\
		a = at[i];						\
		key[i] = a == NULL ? 0 : (int64_t)(expr);		\
	}								\
	eliminate(key, in, n);						\
} while (0)

/* The peer and id of the best path, as peer * NID + id; -1: none. */
static int
best(struct world *w, int prefix)
{
	const struct attrs	*at[NPEER * NID], *a;
	int64_t			 key[NPEER * NID];
	bool			 in[NPEER * NID], beaten[NPEER * NID];
	struct cell		*c;
	uint32_t		 id;
	int			 i, j, n = NPEER * NID;

	for (i = 0; i < n; i++) {
		c = &w->cell[prefix][i / NID][i % NID];
		in[i] = c->attr != -1;
		at[i] = in[i] ? &w->attrs[c->attr] : NULL;
		key[i] = 0;
		if (in[i]) {
			id = nexthop_get(w->nexthops, &at[i]->nexthop);
			key[i] = w->state[id] == NEXTHOP_UNRESOLVED;
			nexthop_put(w->nexthops, id);
		}
	}
	eliminate(key, in, n);
	STEP((a->has & ATTR_HAS_LOCAL_PREF) ? -(int64_t)a->local_pref : -100);
	STEP(a->as_path[1]);
	STEP(a->origin);
	for (i = 0; i < n; i++) {
		for (beaten[i] = false, j = 0; in[i] && j < n; j++) {
			beaten[i] |= in[j] && at[i]->as_path[5] ==
			    at[j]->as_path[5] && at[j]->med < at[i]->med;
		}
	}
	for (i = 0; i < n; i++)
		in[i] = in[i] && !beaten[i];
	STEP(!w->ebgp[i / NID]);
	STEP((a->has & ATTR_HAS_ORIGINATOR) ? a->originator :
	    101 + (uint32_t)(i / NID) % 2);
	STEP(a->cluster_len);
	STEP(-(i / NID));	/* peer_addr counts down */
	STEP(i % NID);
	for (i = 0; i < n && !in[i]; i++)
		;
	return (i < n ? i : -1);
}

static void
check_prefix(struct world *w, int i, uint32_t bests[NPEER][2],
    uint32_t routes[])
{
	struct tree_ent	*e;
	uint32_t	 leaf, peer, attr, id;
	int		 b;

	e = tree_get(rib_tree(w->rib, w->prefix[i].addr.af), &w->prefix[i]);
	leaf = w->flags[i];
	if ((b = best(w, i)) != -1) {
		ATF_REQUIRE(e != NULL);
		ATF_REQUIRE(rib_best(w->rib, e, &peer, &attr));
		ATF_REQUIRE_EQ_MSG((int)peer, b / NID, "prefix %d", i);
		id = intern(w, w->cell[i][b / NID][b % NID].attr);
		ATF_REQUIRE_EQ(attr, id);
		intern_unref(w->intern, id);
		id = intern_set(w->intern, attr)->nexthop;
		leaf |= ENT_ROUTE | id;
		bests[peer][i % 2]++;
		routes[id]++;
	}
	ATF_REQUIRE_EQ(e == NULL ? 0 : e->leaf & ~ENT_DIRTY, leaf);
	ATF_REQUIRE_EQ(w->mirror[i], leaf);
}

static void
check(struct world *w)
{
	uint32_t	 bests[NPEER][2] = { { 0 } };
	uint32_t	 paths[NPEER][2] = { { 0 } };
	uint32_t	 routes[LEAF_ID_FIRST + NHOPS] = { 0 };
	uint32_t	 prefixes[2] = { 0 }, total[2] = { 0 }, id, n;
	bool		 any;
	int		 i, j;

	for (i = 0; i < NPREFIX; i++) {
		check_prefix(w, i, bests, routes);
		for (any = false, j = 0; j < NPEER * NID; j++) {
			if (w->cell[i][j / NID][j % NID].attr == -1)
				continue;
			any = true;
			paths[j / NID][i % 2]++;
			total[i % 2]++;
		}
		prefixes[i % 2] += any;
	}
	for (i = 0; i < 2; i++) {
		j = i == 0 ? AF_INET : AF_INET6;
		ATF_REQUIRE_EQ(rib_prefixes(w->rib, j), prefixes[i]);
		ATF_REQUIRE_EQ(rib_paths(w->rib, j), total[i]);
	}
	for (i = 0; i < NPEER * 2; i++) {
		ATF_REQUIRE_EQ(rib_peer(w->rib, i / 2)->paths[i % 2],
		    paths[i / 2][i % 2]);
		ATF_REQUIRE_EQ(rib_peer(w->rib, i / 2)->best[i % 2],
		    bests[i / 2][i % 2]);
	}
	for (id = 0; (id = nexthop_next(w->nexthops, id, &n)) != 0; id++)
		ATF_REQUIRE_EQ(n, routes[id]);
}

static void
peer_up(struct world *w, int peer)
{
	struct addr	addr;

	peer_addr(peer, &addr);
	w->up[peer] = true;
	w->ebgp[peer] = peer < 2;
	rib_peer_up(w->rib, peer, &addr, 101 + peer % 2, w->ebgp[peer]);
}

static void
make_stale(struct world *w, int peer)
{
	int	i;

	for (i = 0; i < NPREFIX * NID; i++)
		w->cell[i / NID][peer][i % NID].stale = true;
}

static void
sweep_all(struct world *w)
{
	struct cell	*c;
	int		 i;

	while (rib_sweep(w->rib, 7))
		;
	for (i = 0; i < NPREFIX * NPEER * NID; i++) {
		c = &w->cell[i / (NPEER * NID)][i / NID % NPEER][i % NID];
		if (c->stale)
			c->attr = -1;
		c->stale = false;
	}
}

static void
op_route(struct world *w, bool announce)
{
	struct cell	*c;
	uint32_t	 h;
	int		 i, peer, id;

	i = random() % NPREFIX;
	peer = random() % NPEER;
	id = random() % NID;
	if (!w->up[peer])
		return;
	c = &w->cell[i][peer][id];
	c->stale = false;
	c->attr = -1;
	if (announce) {
		c->attr = random() % NATTR;
		h = intern(w, c->attr);
		ATF_REQUIRE_EQ(rib_announce(w->rib, peer, id, &w->prefix[i],
		    h), 0);
		intern_unref(w->intern, h);
	} else
		rib_withdraw(w->rib, peer, id, &w->prefix[i]);
}

static void
op_policy(struct world *w)
{
	uint32_t	flag;
	bool		on;
	int		i;

	i = random() % NPREFIX;
	flag = random() % 2 ? LEAF_ALLOW : LEAF_LOCAL;
	on = random() % 2;
	w->flags[i] = on ? w->flags[i] | flag : w->flags[i] & ~flag;
	ATF_REQUIRE_EQ(rib_policy(w->rib, &w->prefix[i], flag, on), 0);
}

static void
op_peer(struct world *w)
{
	int	peer;

	peer = random() % NPEER;
	if (w->up[peer] && random() % 3 != 0) {
		rib_peer_down(w->rib, peer);
		w->up[peer] = false;
		make_stale(w, peer);
		return;
	}
	/* An up after an up is a new session. */
	if (w->up[peer])
		make_stale(w, peer);
	peer_up(w, peer);
}

static void
op_nexthop(struct world *w)
{
	uint32_t	id, n;
	uint8_t		state;

	id = LEAF_ID_FIRST + random() % NHOPS;
	if (nexthop_next(w->nexthops, id, &n) != id)
		return;
	state = random() % 3 == 0 ? NEXTHOP_UNRESOLVED : NEXTHOP_VALID;
	w->state[id] = state;
	if (nexthop_set_state(w->nexthops, id, state))
		rib_redecide(w->rib);
}

static void
finish(struct world *w)
{
	uint32_t	n;
	int		i;

	for (i = 0; i < NPEER; i++) {
		rib_peer_down(w->rib, i);
		make_stale(w, i);
	}
	sweep_all(w);
	for (i = 0; i < NPREFIX; i++) {
		w->flags[i] = 0;
		ATF_REQUIRE_EQ(rib_policy(w->rib, &w->prefix[i],
		    LEAF_ALLOW | LEAF_LOCAL, false), 0);
	}
	check(w);
	clean(w);
	ATF_CHECK_EQ(tree_count(rib_tree(w->rib, AF_INET)), 0);
	ATF_CHECK_EQ(tree_count(rib_tree(w->rib, AF_INET6)), 0);
	ATF_CHECK_EQ(intern_count(w->intern), 0);
	nexthop_reap(w->nexthops);
	ATF_CHECK_EQ(nexthop_next(w->nexthops, 0, &n), LEAF_ID_NONE);
	rib_free(w->rib);
	intern_free(w->intern);
	nexthop_free(w->nexthops);
	free(w);
}

ATF_TC_WITHOUT_HEAD(model);
ATF_TC_BODY(model, tc)
{
	struct world	*w;
	int		 i, op;

	srandom(1);
	w = world_new();
	for (i = 0; i < NPEER; i++)
		peer_up(w, i);
	for (i = 0; i < 100000; i++) {
		op = random() % 100;
		if (op < 50)
			op_route(w, true);
		else if (op < 80)
			op_route(w, false);
		else if (op < 88)
			op_policy(w);
		else if (op < 89)
			op_peer(w);
		else if (op < 91)
			op_nexthop(w);
		else if (op < 95)
			(void)rib_sweep(w->rib, random() % 20);
		else
			clean(w);
		if (i % 50 == 0) {
			sweep_all(w);
			check(w);
		}
	}
	finish(w);
}

/* A peer that comes back while its old paths are swept keeps the new. */
ATF_TC_WITHOUT_HEAD(back_in_sweep);
ATF_TC_BODY(back_in_sweep, tc)
{
	struct world	*w;
	uint32_t	 h;
	int		 i;

	srandom(2);
	w = world_new();
	peer_up(w, 0);
	h = intern(w, 0);
	for (i = 0; i < NPREFIX; i++) {
		w->cell[i][0][0].attr = 0;
		ATF_REQUIRE_EQ(rib_announce(w->rib, 0, 0, &w->prefix[i], h),
		    0);
	}
	check(w);
	rib_peer_down(w->rib, 0);
	make_stale(w, 0);
	ATF_CHECK(rib_sweep(w->rib, 5));
	peer_up(w, 0);
	/* The same routes again, behind the sweep and before it. */
	for (i = 0; i < NPREFIX; i += 3) {
		w->cell[i][0][0].attr = 0;
		w->cell[i][0][0].stale = false;
		ATF_REQUIRE_EQ(rib_announce(w->rib, 0, 0, &w->prefix[i], h),
		    0);
	}
	sweep_all(w);
	check(w);
	intern_unref(w->intern, h);
	finish(w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, model);
	ATF_TP_ADD_TC(tp, back_in_sweep);
	return (atf_no_error());
}
