/* SPDX-License-Identifier: ISC */
/*
 * The RIB against a plain table of (prefix, peer, path id): best paths, ECMP
 * sets, leaf words, counts, who was told of what, and nothing left in the end.
 */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

#define NPREFIX	48
#define NPEER	5
#define NID	2
#define NATTR	40
#define NHOPS	7	/* next hops */
#define NIDS	(LEAF_ID_FIRST + NHOPS - 1)	/* one of them finds no id */
#define NCELLS	(NPEER * NID)
#define GROUPS	256

struct cell {
	int	attr;		/* -1: no path */
	bool	stale;		/* of an earlier session: may go any time */
};

/* A path as the RIB has it. */
struct seen {
	uint32_t	attr;		/* 0: none */
	uint32_t	nexthop;	/* id */
	bool		best, multipath, eligible;
};

struct world {
	struct nexthops	*nexthops;
	struct groups	*groups;
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
	uint8_t		 state[NIDS];
	bool		 dropped[NIDS];
	struct ecmp_group table[GROUPS];	/* as written */
	uint32_t	 limit;			/* of groups */
	unsigned int	 shared, alone;		/* seen */
};

static void
on_want(void *arg, uint32_t id, const struct addr *addr)
{
	struct world	*w = arg;

	ATF_REQUIRE(id >= LEAF_ID_FIRST && id < NIDS);
	w->state[id] = NEXTHOP_UNRESOLVED;
}

static void
on_drop(void *arg, uint32_t id)
{
	struct world	*w = arg;

	w->dropped[id] = true;
}

static void
on_group(void *arg)
{
}

static int
group_store(void *arg, uint32_t id, const struct ecmp_group *g)
{
	struct world	*w = arg;

	ATF_REQUIRE(id >= GROUP_FIRST && id < w->limit);
	if (random() % 4 == 0)
		return (-1);
	w->table[id] = *g;
	return (0);
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
		n = 2 + (random() % 4 == 0);
		w->path[i][0] = 2;
		w->path[i][1] = n;
		for (j = 0; j < n; j++)
			w->path[i][2 + 4 * j + 3] = 1 + random() % 2;
		a->as_path = w->path[i];
		a->as_path_len = 2 + 4 * n;
		a->origin = random() % 4 == 0;
		a->has = random() % 8;
		a->med = (a->has & ATTR_HAS_MED) ? random() % 3 : 0;
		a->local_pref = (a->has & ATTR_HAS_LOCAL_PREF) ?
		    99 + random() % 2 : 0;
		a->originator = (a->has & ATTR_HAS_ORIGINATOR) ?
		    100 + random() % 3 : 0;
		a->cluster_len = random() % 2;
		a->nexthop.af = AF_INET;
		a->nexthop.b[0] = 10;
		a->nexthop.b[3] = random() % NHOPS;
	}
}

/* groups: ids of them, the reserved ones included. */
static struct world *
world_new(uint32_t groups)
{
	struct world	*w;
	struct prefix	*p;
	int		 i, j;

	ATF_REQUIRE((w = calloc(1, sizeof(*w))) != NULL);
	world_attrs(w);
	w->nexthops = nexthop_new(NIDS, &ops, w);
	ATF_REQUIRE(w->nexthops != NULL);
	w->groups = group_new(w->nexthops, 5, on_group, w);
	ATF_REQUIRE(w->groups != NULL);
	group_limit(w->groups, w->limit = groups);
	ATF_REQUIRE((w->intern = intern_new(w->nexthops, 3)) != NULL);
	w->rib = rib_new(w->intern, w->nexthops, w->groups, on_changed, w);
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
		for (j = 0; j < NCELLS; j++)
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
	if (peer == 4)
		addr->b[3] = 9 - 2;	/* one router, seen twice */
}

/* The last two are a BMP station's. */
static uint32_t
peer_number(int peer)
{
	return (peer < 3 ? peer : PEERS_MAX + peer);
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

static void
see(void *arg, const struct rib_path *p)
{
	struct seen	*s = arg;
	int		 i;

	for (i = 0; i < NPEER && peer_number(i) != p->peer; i++)
		;
	ATF_REQUIRE(i < NPEER && p->path_id < NID);
	s += i * NID + p->path_id;
	ATF_REQUIRE_EQ(s->attr, 0);
	s->attr = p->attr;
	s->best = p->best;
	s->multipath = p->multipath;
	s->eligible = p->eligible;
}

/* What the RIB has of a prefix; its paths must be those of the cells. */
static void
see_paths(struct world *w, int prefix, struct tree_ent *e,
    struct seen seen[NCELLS])
{
	const struct attr_set	*set;
	struct attrs		 a;
	struct cell		*c;
	bool			 eligible;
	int			 i;

	memset(seen, 0, NCELLS * sizeof(*seen));
	if (e != NULL)
		rib_each(w->rib, e, see, seen);
	for (i = 0; i < NCELLS; i++) {
		c = &w->cell[prefix][i / NID][i % NID];
		ATF_REQUIRE_EQ(c->attr != -1, seen[i].attr != 0);
		if (c->attr == -1)
			continue;
		set = intern_set(w->intern, seen[i].attr);
		ATF_REQUIRE_EQ(attrs_parse(set->blob, set->len, &a), 0);
		ATF_REQUIRE_EQ(a.has, w->attrs[c->attr].has);
		ATF_REQUIRE_EQ(addr_cmp(&a.nexthop,
		    &w->attrs[c->attr].nexthop), 0);
		seen[i].nexthop = set->nexthop;
		eligible = set->nexthop == LEAF_ID_PUNT ||
		    w->state[set->nexthop] != NEXTHOP_UNRESOLVED;
		ATF_REQUIRE_EQ(seen[i].eligible, eligible);
	}
}

/* The place of the best path, -1: none; and which are in the set with it. */
static int
best(struct world *w, int prefix, const struct seen seen[NCELLS],
    bool set[NCELLS])
{
	const struct attrs	*at[NCELLS], *a;
	int64_t			 key[NCELLS];
	bool			 in[NCELLS], beaten[NCELLS];
	struct cell		*c;
	int			 i, j, n = NCELLS;

	for (i = 0; i < n; i++) {
		c = &w->cell[prefix][i / NID][i % NID];
		in[i] = c->attr != -1;
		at[i] = in[i] ? &w->attrs[c->attr] : NULL;
		key[i] = !seen[i].eligible;
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
	for (i = 0; i < n; i++)
		set[i] = in[i] && seen[i].eligible;
	STEP((a->has & ATTR_HAS_ORIGINATOR) ? a->originator :
	    101 + (uint32_t)(i / NID) % 2);
	STEP(a->cluster_len);
	STEP(i / NID == 4 ? -2 : -(i / NID));	/* peer_addr counts down */
	STEP(i % NID);
	STEP(i);
	for (i = 0; i < n && !in[i]; i++)
		;
	return (i < n ? i : -1);
}

/* The next hops of a set that may share packets, in ascending order. */
static uint32_t
members(struct world *w, const struct seen seen[NCELLS],
    const bool set[NCELLS], uint32_t ids[NHOPS])
{
	uint32_t	id, n;
	int		i;

	for (n = 0, id = LEAF_ID_FIRST; id < NIDS; id++) {
		for (i = 0; i < NCELLS; i++) {
			if (set[i] && seen[i].nexthop == id)
				break;
		}
		if (i < NCELLS && w->state[id] != NEXTHOP_LOCAL)
			ids[n++] = id;
	}
	return (n);
}

/* Check that a leaf leads to n next hops, or to the first of them for want of
   a group. */
static void
check_group(struct world *w, uint32_t leaf, const uint32_t *ids, uint32_t n,
    uint32_t alone)
{
	const struct ecmp_group	*g;

	if (!(leaf & LEAF_GROUP)) {
		ATF_REQUIRE_MSG(rib_ungrouped(w->rib), "not in a group");
		ATF_REQUIRE(w->limit < GROUPS);
		ATF_REQUIRE_EQ(leaf & LEAF_ID, alone);
		w->alone++;
		return;
	}
	g = group_get(w->groups, leaf & LEAF_ID);
	ATF_REQUIRE(g != NULL);
	ATF_REQUIRE_EQ(g->n, n);
	ATF_REQUIRE_EQ(memcmp(g->ids, ids, n * sizeof(*ids)), 0);
	ATF_REQUIRE_EQ_MSG(memcmp(g, &w->table[leaf & LEAF_ID], sizeof(*g)), 0,
	    "group %u was not written", leaf & LEAF_ID);
	w->shared++;
}

/* The route in a prefix's leaf. */
static uint32_t
check_route(struct world *w, const struct tree_ent *e,
    const struct seen seen[NCELLS], const bool set[NCELLS], int b,
    uint32_t routes[])
{
	uint32_t	ids[NHOPS], n, i, word;

	n = members(w, seen, set, ids);
	word = e->leaf & (LEAF_GROUP | LEAF_ID);
	if (seen[b].nexthop == LEAF_ID_PUNT || n == 0) {
		ATF_REQUIRE_EQ(word, seen[b].nexthop);
		n = 0;
	} else if (n == 1)
		ATF_REQUIRE_EQ(word, ids[0]);
	else
		check_group(w, word, ids, n, seen[b].nexthop);
	if (!(word & LEAF_GROUP)) {
		routes[word]++;
		n = 0;
	}
	for (i = 0; i < n; i++)
		routes[ids[i]]++;
	for (i = 0; i < NCELLS; i++) {
		ATF_REQUIRE_EQ(seen[i].best, (int)i == b);
		ATF_REQUIRE_EQ(seen[i].multipath, n > 0 && set[i] &&
		    seen[i].nexthop != LEAF_ID_PUNT &&
		    w->state[seen[i].nexthop] != NEXTHOP_LOCAL);
	}
	return (word);
}

static void
check_prefix(struct world *w, int i, uint32_t bests[NPEER][2],
    uint32_t routes[])
{
	struct seen	 seen[NCELLS];
	struct tree_ent	*e;
	uint32_t	 leaf, peer, attr, word;
	bool		 set[NCELLS];
	int		 b;

	e = tree_get(rib_tree(w->rib, w->prefix[i].addr.af), &w->prefix[i]);
	see_paths(w, i, e, seen);
	leaf = w->flags[i];
	if ((b = best(w, i, seen, set)) != -1) {
		ATF_REQUIRE(rib_best(w->rib, e, &peer, &attr));
		ATF_REQUIRE_EQ_MSG(peer, peer_number(b / NID), "prefix %d", i);
		ATF_REQUIRE_EQ(attr, seen[b].attr);
		bests[b / NID][i % 2]++;
		if (leaf & ENT_CONNECTED)
			word = LEAF_ID_PUNT;
		else
			word = check_route(w, e, seen, set, b, routes);
		leaf |= ENT_ROUTE | word;
	} else if (leaf & ENT_CONNECTED)
		leaf |= ENT_ROUTE | LEAF_ID_PUNT;
	ATF_REQUIRE_EQ(e == NULL ? 0 : e->leaf & ~ENT_DIRTY, leaf);
	ATF_REQUIRE_EQ(w->mirror[i], leaf);
}

static void
check(struct world *w)
{
	uint32_t	 bests[NPEER][2] = { { 0 } };
	uint32_t	 paths[NPEER][2] = { { 0 } };
	uint32_t	 routes[NIDS] = { 0 };
	uint32_t	 prefixes[2] = { 0 }, total[2] = { 0 }, id, n;
	bool		 any;
	int		 i, j;

	while (group_write(w->groups, group_store, w) == -1)
		;
	for (i = 0; i < NPREFIX; i++) {
		check_prefix(w, i, bests, routes);
		for (any = false, j = 0; j < NCELLS; j++) {
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
		n = peer_number(i / 2);
		ATF_REQUIRE_EQ(rib_peer(w->rib, n)->paths[i % 2],
		    paths[i / 2][i % 2]);
		ATF_REQUIRE_EQ(rib_peer(w->rib, n)->best[i % 2],
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
	rib_peer_up(w->rib, peer_number(peer), &addr, 101 + peer % 2,
	    w->ebgp[peer]);
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
		ATF_REQUIRE_EQ(rib_announce(w->rib, peer_number(peer), id,
		    &w->prefix[i], h), 0);
		intern_unref(w->intern, h);
	} else
		rib_withdraw(w->rib, peer_number(peer), id, &w->prefix[i]);
}

static void
op_policy(struct world *w)
{
	uint32_t	flag;
	bool		on;
	int		i;

	i = random() % NPREFIX;
	flag = random() % 2 ? LEAF_ALLOW :
	    random() % 2 ? LEAF_LOCAL : ENT_CONNECTED;
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
		rib_peer_down(w->rib, peer_number(peer));
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
	static const uint8_t	states[] = { NEXTHOP_UNRESOLVED,
		NEXTHOP_INCOMPLETE, NEXTHOP_LOCAL, NEXTHOP_VALID,
		NEXTHOP_VALID, NEXTHOP_VALID };
	uint32_t		id, n;
	uint8_t			state;

	id = LEAF_ID_FIRST + random() % (NIDS - LEAF_ID_FIRST);
	if (nexthop_next(w->nexthops, id, &n) != id)
		return;
	state = states[random() % (sizeof(states) / sizeof(states[0]))];
	w->state[id] = state;
	if (nexthop_set_state(w->nexthops, id, state))
		rib_redecide(w->rib);
}

/* As the owner of the tables does, who is never told that they are behind. */
static void
op_reap(struct world *w)
{
	uint32_t	id;

	switch (random() % 3) {
	case 0:
		if (group_seal(w->groups) && random() % 2)
			group_release(w->groups);
		break;
	case 1:
		nexthop_reap(w->nexthops);
		for (id = LEAF_ID_FIRST; id < NIDS; id++) {
			if (w->dropped[id] && random() % 2) {
				ATF_REQUIRE_EQ(nexthop_gone(w->nexthops, id),
				    0);
				w->dropped[id] = false;
			}
		}
		break;
	default:
		if (intern_punted(w->intern) > 0 &&
		    nexthop_room(w->nexthops, NULL))
			rib_renew(w->rib);
		if (rib_ungrouped(w->rib) && group_room(w->groups))
			rib_redecide(w->rib);
		break;
	}
}

static void
finish(struct world *w)
{
	uint32_t	n;
	int		i;

	for (i = 0; i < NPEER; i++) {
		rib_peer_down(w->rib, peer_number(i));
		make_stale(w, i);
	}
	sweep_all(w);
	for (i = 0; i < NPREFIX; i++) {
		w->flags[i] = 0;
		ATF_REQUIRE_EQ(rib_policy(w->rib, &w->prefix[i],
		    LEAF_ALLOW | LEAF_LOCAL | ENT_CONNECTED, false), 0);
	}
	check(w);
	clean(w);
	ATF_CHECK_EQ(tree_count(rib_tree(w->rib, AF_INET)), 0);
	ATF_CHECK_EQ(tree_count(rib_tree(w->rib, AF_INET6)), 0);
	ATF_CHECK_EQ(intern_count(w->intern), 0);
	ATF_CHECK_EQ(group_count(w->groups), 0);
	group_seal(w->groups);
	group_release(w->groups);
	ATF_CHECK_EQ(group_used(w->groups), 0);
	nexthop_reap(w->nexthops);
	ATF_CHECK_EQ(nexthop_next(w->nexthops, 0, &n), LEAF_ID_NONE);
	rib_free(w->rib);
	intern_free(w->intern);
	group_free(w->groups);
	nexthop_free(w->nexthops);
	free(w);
}

static void
model(struct world *w)
{
	int	i, op;

	for (i = 0; i < NPEER; i++)
		peer_up(w, i);
	for (i = 0; i < 100000; i++) {
		op = random() % 100;
		if (op < 55)
			op_route(w, true);
		else if (op < 75)
			op_route(w, false);
		else if (op < 82)
			op_policy(w);
		else if (op < 83)
			op_peer(w);
		else if (op < 87)
			op_nexthop(w);
		else if (op < 92)
			op_reap(w);
		else if (op < 96)
			(void)rib_sweep(w->rib, random() % 20);
		else
			clean(w);
		if (i % 10 == 0) {
			sweep_all(w);
			check(w);
		}
	}
	ATF_CHECK(w->shared > 1000);
}

ATF_TC_WITHOUT_HEAD(model_any);
ATF_TC_BODY(model_any, tc)
{
	struct world	*w;

	srandom(1);
	w = world_new(GROUPS);
	model(w);
	finish(w);
}

/* There are never ids for all groups. */
ATF_TC_WITHOUT_HEAD(model_few_groups);
ATF_TC_BODY(model_few_groups, tc)
{
	struct world	*w;

	srandom(7);
	w = world_new(GROUP_FIRST + 3);
	model(w);
	ATF_CHECK(w->alone > 500);
	ATF_CHECK(group_refused(w->groups) > 0);
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
	w = world_new(GROUPS);
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
	ATF_TP_ADD_TC(tp, model_any);
	ATF_TP_ADD_TC(tp, model_few_groups);
	ATF_TP_ADD_TC(tp, back_in_sweep);
	return (atf_no_error());
}
