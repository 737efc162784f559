/* SPDX-License-Identifier: ISC */
/*
 * The RIB: every path of every peer on the prefix trees, the best of each
 * prefix and its equals, and what they and the policy put into the prefix's
 * leaf word. Knows nothing of tables: who wants to know of changes is called.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rde.h"

/* Paths live in slabs and are named by index; 0 is none. */
#define SLAB_SHIFT	12
#define SLAB_PATHS	(1U << SLAB_SHIFT)

struct path {
	uint32_t	next;		/* of the same prefix, the best first */
	uint32_t	attr;
	uint32_t	path_id;
	uint16_t	peer;
	uint16_t	gen;
};

struct rib {
	struct intern		*intern;
	struct nexthops		*nexthops;
	struct groups		*groups;
	rib_changed_fn		*changed;
	void			*arg;
	struct tree		*tree[2];
	uint32_t		 nprefixes[2];
	uint32_t		 npaths[2];
	struct path		**slabs;
	uint32_t		 nslabs;
	uint32_t		 slabs_size;
	uint32_t		 used;	/* paths ever taken, and 0 */
	uint32_t		 free;	/* list, by next */
	struct decision_path	*cand;	/* the decision's input */
	uint32_t		 ncand;
	/* the sweep */
	bool			 sweeping;
	bool			 again;	/* once more, from the start */
	bool			 redecide;
	bool			 redecide_again;
	bool			 renew;
	bool			 renew_again;
	bool			 ungrouped;
	uint64_t		 crowded;	/* paths not taken */
	struct prefix		 cursor;
	struct rib_peer		 peers[RIB_PEERS];
};

#define POLICY_FLAGS	(LEAF_ALLOW | LEAF_BLOCK | LEAF_LOCAL | ENT_CONNECTED)
#define ROUTE_BITS	(ENT_ROUTE | LEAF_GROUP | LEAF_ID)

static int
fam(int af)
{
	return (af == AF_INET ? 0 : 1);
}

static void
cursor_start(struct prefix *cursor, int af)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->addr.af = af;
}

struct rib *
rib_new(struct intern *intern, struct nexthops *nexthops,
    struct groups *groups, rib_changed_fn *changed, void *arg)
{
	struct rib	*rib;

	if ((rib = calloc(1, sizeof(*rib))) == NULL)
		return (NULL);
	rib->intern = intern;
	rib->nexthops = nexthops;
	rib->groups = groups;
	rib->changed = changed;
	rib->arg = arg;
	rib->used = 1;
	rib->tree[0] = tree_new(AF_INET);
	rib->tree[1] = tree_new(AF_INET6);
	if (rib->tree[0] == NULL || rib->tree[1] == NULL) {
		rib_free(rib);
		return (NULL);
	}
	return (rib);
}

void
rib_free(struct rib *rib)
{
	uint32_t	i;

	if (rib == NULL)
		return;
	for (i = 0; i < 2; i++) {
		if (rib->tree[i] != NULL)
			tree_free(rib->tree[i]);
	}
	for (i = 0; i < rib->nslabs; i++)
		free(rib->slabs[i]);
	free(rib->slabs);
	free(rib->cand);
	free(rib);
}

struct tree *
rib_tree(struct rib *rib, int af)
{
	return (rib->tree[fam(af)]);
}

static struct path *
path_at(const struct rib *rib, uint32_t i)
{
	return (&rib->slabs[i >> SLAB_SHIFT][i & (SLAB_PATHS - 1)]);
}

/* 0: no memory. */
static uint32_t
path_new(struct rib *rib)
{
	struct path	**slabs;
	uint32_t	  i, size;

	if ((i = rib->free) != 0) {
		rib->free = path_at(rib, i)->next;
		return (i);
	}
	if ((rib->used >> SLAB_SHIFT) == rib->nslabs) {
		if (rib->nslabs == rib->slabs_size) {
			size = rib->slabs_size == 0 ? 64 : rib->slabs_size * 2;
			slabs = reallocarray(rib->slabs, size, sizeof(*slabs));
			if (slabs == NULL)
				return (0);
			rib->slabs = slabs;
			rib->slabs_size = size;
		}
		rib->slabs[rib->nslabs] = malloc(
		    SLAB_PATHS * sizeof(struct path));
		if (rib->slabs[rib->nslabs] == NULL)
			return (0);
		rib->nslabs++;
	}
	return (rib->used++);
}

static void
path_free(struct rib *rib, int f, uint32_t i)
{
	struct path	*p;

	p = path_at(rib, i);
	rib->peers[p->peer].paths[f]--;
	rib->npaths[f]--;
	intern_unref(rib->intern, p->attr);
	p->next = rib->free;
	rib->free = i;
}

/* Take note that the first path of an entry is its best, or no more. */
static void
best_count(struct rib *rib, int f, uint32_t head, int change)
{
	if (head != 0)
		rib->peers[path_at(rib, head)->peer].best[f] += change;
}

static void
decision_input(const struct rib *rib, const struct path *p,
    struct decision_path *d)
{
	const struct rib_peer	*peer;
	const struct attr_set	*set;
	uint8_t			 state;

	peer = &rib->peers[p->peer];
	set = intern_set(rib->intern, p->attr);
	state = nexthop_state(rib->nexthops, set->nexthop);
	d->local_pref = set->local_pref;
	d->hops = set->hops;
	d->med = set->med;
	d->neighbor_as = set->neighbor_as;
	d->router_id = set->has_originator ? set->originator : peer->router_id;
	d->path_id = p->path_id;
	d->cluster_len = set->cluster_len;
	d->peer_number = p->peer;
	d->origin = set->origin;
	d->ebgp = peer->ebgp;
	/* One without an id goes to the slow path, which finds its way. */
	d->eligible = set->nexthop == LEAF_ID_PUNT ||
	    state != NEXTHOP_UNRESOLVED;
	/* What is for the slow path takes no share of the packets. */
	d->nexthop = set->nexthop == LEAF_ID_PUNT || state == NEXTHOP_LOCAL ?
	    0 : set->nexthop;
	d->peer = peer->addr;
}

/* The decision's input from a list, in its order; returns how many paths it
   has. 0: no memory. */
static uint32_t
candidates(struct rib *rib, uint32_t head)
{
	struct decision_path	*cand;
	uint32_t		 i, n;

	for (n = 0, i = head; i != 0; i = path_at(rib, i)->next)
		n++;
	if (n > rib->ncand) {
		cand = reallocarray(rib->cand, n * 2, sizeof(*cand));
		if (cand == NULL)
			return (0);
		rib->cand = cand;
		rib->ncand = n * 2;
	}
	for (n = 0, i = head; i != 0; i = path_at(rib, i)->next)
		decision_input(rib, path_at(rib, i), &rib->cand[n++]);
	return (n);
}

/* The nth path of a list, not the first, becomes its first. */
static void
path_front(struct rib *rib, uint32_t *head, size_t nth)
{
	struct path	*p, *before;
	uint32_t	 i;

	before = path_at(rib, *head);
	while (--nth > 0)
		before = path_at(rib, before->next);
	i = before->next;
	p = path_at(rib, i);
	before->next = p->next;
	p->next = *head;
	*head = i;
}

/*
 * Bring the best path of a list to its front, and tell the next hops of its
 * ECMP set. -1 ENOMEM: left as it is, and none told.
 */
static int
decide(struct rib *rib, uint32_t *head, struct decision_set *set)
{
	uint32_t	n;
	size_t		best;

	set->n = 0;
	/* where there is no choice, the best says it all */
	if (path_at(rib, *head)->next == 0)
		return (0);
	if ((n = candidates(rib, *head)) == 0)
		return (-1);
	best = decision_best(rib->cand, n, set);
	if (best != 0)
		path_front(rib, head, best);
	return (0);
}

/*
 * Where packets go. The best path decides alone if it leads to the slow path
 * for want of an id; else those of the set that can take packets share them.
 * A group comes with a reference, unless the entry's leaf names it already.
 */
static uint32_t
route_word(struct rib *rib, const struct tree_ent *e,
    const struct decision_set *set)
{
	uint32_t	id, group;

	id = intern_set(rib->intern, path_at(rib, e->dest)->attr)->nexthop;
	if (set->n == 0 || id == LEAF_ID_PUNT)
		return (id);
	if (set->n == 1)
		return (set->ids[0]);
	group = e->leaf & LEAF_ID;
	if ((e->leaf & LEAF_GROUP) &&
	    group_is(rib->groups, group, set->ids, set->n))
		return (LEAF_GROUP | group);
	if ((group = group_take(rib->groups, set->ids, set->n)) != 0)
		return (LEAF_GROUP | group);
	rib->ungrouped = true;
	return (id);
}

static void
leaf_count(struct rib *rib, uint32_t leaf, int change)
{
	const struct ecmp_group	*g;
	uint32_t		 i;

	if (!(leaf & LEAF_GROUP)) {
		nexthop_count(rib->nexthops, leaf & LEAF_ID, change);
		return;
	}
	g = group_get(rib->groups, leaf & LEAF_ID);
	for (i = 0; i < g->n; i++)
		nexthop_count(rib->nexthops, g->ids[i], change);
}

/* Set an entry's leaf (but what is the FIB's in it) and tell of a change. */
static void
leaf_set(struct rib *rib, struct tree_ent *e, const struct prefix *prefix,
    uint32_t leaf, int what)
{
	uint32_t	was;

	was = e->leaf;
	if (((was ^ leaf) & ~ENT_DIRTY) == 0)
		return;
	e->leaf = leaf | (was & ENT_DIRTY);
	if ((was ^ leaf) & ROUTE_BITS) {
		leaf_count(rib, leaf, 1);
		leaf_count(rib, was, -1);
		if (was & LEAF_GROUP)
			group_put(rib->groups, was & LEAF_ID);
	}
	if (leaf == 0 && e->dest == 0)
		what |= RIB_EMPTY;
	rib->changed(rib->arg, prefix, what);
}

/* The paths or the policy of an entry have changed: decide and publish. The
   best path that was counted is counted no more. */
static int
route_update(struct rib *rib, struct tree_ent *e, const struct prefix *prefix,
    int f, uint32_t policy, int what)
{
	struct decision_set	set;
	uint32_t		leaf;
	int			r = 0;

	leaf = policy;
	if (e->dest != 0) {
		r = decide(rib, &e->dest, &set);
		best_count(rib, f, e->dest, 1);
	}
	if (policy & ENT_CONNECTED)
		leaf |= ENT_ROUTE | LEAF_ID_PUNT;
	else if (e->dest != 0)
		leaf |= ENT_ROUTE | route_word(rib, e, &set);
	leaf_set(rib, e, prefix, leaf, what);
	return (r);
}

/* The link in a list that names this peer's path, or the one that ends it;
   and how many others of its session stand before it. */
static uint32_t *
path_find(const struct rib *rib, struct tree_ent *e, uint32_t peer,
    uint32_t path_id, uint32_t *others)
{
	struct path	*p;
	uint32_t	*link;

	*others = 0;
	for (link = &e->dest; *link != 0; link = &p->next) {
		p = path_at(rib, *link);
		if (p->peer != peer)
			continue;
		if (p->path_id == path_id)
			break;
		*others += p->gen == rib->peers[peer].gen;
	}
	return (link);
}

int
rib_announce(struct rib *rib, uint32_t peer, uint32_t path_id,
    const struct prefix *prefix, uint32_t attr)
{
	struct tree_ent	*e;
	struct path	*p;
	uint32_t	*link, i, others;
	int		 f;

	f = fam(prefix->addr.af);
	if ((e = tree_insert(rib->tree[f], prefix)) == NULL)
		return (-1);
	link = path_find(rib, e, peer, path_id, &others);
	if (*link != 0) {
		p = path_at(rib, *link);
		p->gen = rib->peers[peer].gen;
		if (p->attr == attr)
			return (0);
		best_count(rib, f, e->dest, -1);
		intern_ref(rib->intern, attr);
		intern_unref(rib->intern, p->attr);
		p->attr = attr;
		return (route_update(rib, e, prefix, f,
		    e->leaf & POLICY_FLAGS, 0));
	}
	/* each change looks at all of them */
	if (others >= RIB_PATH_IDS) {
		rib->crowded++;
		return (0);
	}
	if ((i = path_new(rib)) == 0)
		return (-1);
	if (e->dest == 0)
		rib->nprefixes[f]++;
	else
		best_count(rib, f, e->dest, -1);
	p = path_at(rib, i);
	p->peer = peer;
	p->path_id = path_id;
	p->gen = rib->peers[peer].gen;
	p->attr = attr;
	intern_ref(rib->intern, attr);
	rib->peers[peer].paths[f]++;
	rib->npaths[f]++;
	/* path_new may have moved slabs, not paths: link is still good. */
	p->next = 0;
	*link = i;
	return (route_update(rib, e, prefix, f, e->leaf & POLICY_FLAGS, 0));
}

void
rib_withdraw(struct rib *rib, uint32_t peer, uint32_t path_id,
    const struct prefix *prefix)
{
	struct tree_ent	*e;
	uint32_t	*link, i, others;
	int		 f;

	f = fam(prefix->addr.af);
	if ((e = tree_get(rib->tree[f], prefix)) == NULL)
		return;
	link = path_find(rib, e, peer, path_id, &others);
	if ((i = *link) == 0)
		return;
	best_count(rib, f, e->dest, -1);
	*link = path_at(rib, i)->next;
	path_free(rib, f, i);
	if (e->dest == 0)
		rib->nprefixes[f]--;
	(void)route_update(rib, e, prefix, f, e->leaf & POLICY_FLAGS, 0);
}

int
rib_policy(struct rib *rib, const struct prefix *prefix, uint32_t flags,
    bool on)
{
	struct tree	*tree;
	struct tree_ent	*e;
	uint32_t	 policy;
	int		 f;

	f = fam(prefix->addr.af);
	tree = rib->tree[f];
	e = on ? tree_insert(tree, prefix) : tree_get(tree, prefix);
	if (e == NULL)
		return (on ? -1 : 0);
	policy = e->leaf & POLICY_FLAGS;
	policy = on ? policy | flags : policy & ~flags;
	best_count(rib, f, e->dest, -1);
	return (route_update(rib, e, prefix, f, policy, RIB_POLICY));
}

void
rib_peer_up(struct rib *rib, uint32_t id, const struct addr *addr,
    uint32_t router_id, bool ebgp)
{
	struct rib_peer	*peer;

	peer = &rib->peers[id];
	if (peer->up)
		rib_peer_down(rib, id);
	/* paths that it announces again as they were were decided by this */
	if (peer->paths[0] + peer->paths[1] > 0 && (peer->ebgp != ebgp ||
	    peer->router_id != router_id || addr_cmp(&peer->addr, addr) != 0))
		rib_redecide(rib);
	peer->addr = *addr;
	peer->router_id = router_id;
	peer->ebgp = ebgp;
	peer->up = true;
}

/* A sweep that runs goes on to its end, and then once more from the start:
   so one comes to an end however often peers go down. */
static void
sweep_start(struct rib *rib)
{
	if (rib->sweeping) {
		rib->again = true;
		return;
	}
	rib->sweeping = true;
	cursor_start(&rib->cursor, AF_INET);
}

void
rib_peer_down(struct rib *rib, uint32_t id)
{
	struct rib_peer	*peer;

	peer = &rib->peers[id];
	peer->up = false;
	peer->gen++;
	if (peer->paths[0] + peer->paths[1] > 0)
		sweep_start(rib);
}

void
rib_redecide(struct rib *rib)
{
	if (!rib->sweeping)
		rib->ungrouped = false;
	/* Where every prefix has one path, there is nothing to choose. */
	if (rib->npaths[0] == rib->nprefixes[0] &&
	    rib->npaths[1] == rib->nprefixes[1])
		return;
	if (rib->sweeping)
		rib->redecide_again = true;
	else
		rib->redecide = true;
	sweep_start(rib);
}

void
rib_renew(struct rib *rib)
{
	if (rib->sweeping)
		rib->renew_again = true;
	else
		rib->renew = true;
	sweep_start(rib);
}

static bool
path_stale(const struct rib *rib, const struct path *p)
{
	return (p->gen != rib->peers[p->peer].gen);
}

/* Is there something for the sweep to do about a path? */
static bool
path_sweepable(const struct rib *rib, const struct path *p)
{
	return (path_stale(rib, p) || (rib->renew &&
	    intern_set(rib->intern, p->attr)->nexthop == LEAF_ID_PUNT));
}

static void
path_renew(struct rib *rib, struct path *p)
{
	uint32_t	 attr;

	if ((attr = intern_renew(rib->intern, p->attr)) == 0)
		return;
	intern_unref(rib->intern, p->attr);
	p->attr = attr;
}

static void
sweep_entry(struct rib *rib, struct tree_ent *e, int f)
{
	struct path	*p;
	uint32_t	*link, i, head;
	bool		 any;

	if ((head = e->dest) == 0)
		return;
	any = false;
	for (i = head; i != 0 && !any; i = p->next) {
		p = path_at(rib, i);
		any = path_sweepable(rib, p);
	}
	if (!any && (!rib->redecide || path_at(rib, head)->next == 0))
		return;
	best_count(rib, f, head, -1);
	for (link = &e->dest; (i = *link) != 0;) {
		p = path_at(rib, i);
		if (path_stale(rib, p)) {
			*link = p->next;
			path_free(rib, f, i);
		} else {
			if (rib->renew)
				path_renew(rib, p);
			link = &p->next;
		}
	}
	if (e->dest == 0)
		rib->nprefixes[f]--;
	(void)route_update(rib, e, &rib->cursor, f, e->leaf & POLICY_FLAGS, 0);
}

bool
rib_sweep(struct rib *rib, unsigned int budget)
{
	struct tree_ent	*e;
	int		 af;

	while (rib->sweeping && budget-- > 0) {
		af = rib->cursor.addr.af;
		e = tree_next(rib->tree[fam(af)], &rib->cursor);
		if (e != NULL) {
			sweep_entry(rib, e, fam(af));
			if (tree_after(&rib->cursor))
				continue;
		}
		if (af == AF_INET) {
			cursor_start(&rib->cursor, AF_INET6);
			continue;
		}
		rib->sweeping = rib->again;
		rib->redecide = rib->redecide_again;
		rib->renew = rib->renew_again;
		if (rib->redecide_again)
			rib->ungrouped = false;
		rib->again = rib->redecide_again = rib->renew_again = false;
		cursor_start(&rib->cursor, AF_INET);
	}
	return (rib->sweeping);
}

bool
rib_sweeping(const struct rib *rib)
{
	return (rib->sweeping);
}

bool
rib_ungrouped(const struct rib *rib)
{
	return (rib->ungrouped);
}

uint64_t
rib_crowded(const struct rib *rib)
{
	return (rib->crowded);
}

const struct rib_peer *
rib_peer(const struct rib *rib, uint32_t peer)
{
	return (&rib->peers[peer]);
}

bool
rib_best(const struct rib *rib, const struct tree_ent *e, uint32_t *peer,
    uint32_t *attr)
{
	const struct path	*p;

	if (e->dest == 0)
		return (false);
	p = path_at(rib, e->dest);
	*peer = p->peer;
	*attr = p->attr;
	return (true);
}

uint32_t
rib_prefixes(const struct rib *rib, int af)
{
	return (rib->nprefixes[fam(af)]);
}

uint32_t
rib_paths(const struct rib *rib, int af)
{
	return (rib->npaths[fam(af)]);
}

size_t
rib_memory(const struct rib *rib, uint32_t *capacity)
{
	uint32_t	paths;

	paths = rib->nslabs * SLAB_PATHS;
	if (capacity != NULL)
		*capacity = paths;
	return (sizeof(*rib) + rib->slabs_size * sizeof(*rib->slabs) +
	    (size_t)paths * sizeof(struct path) +
	    (size_t)rib->ncand * sizeof(*rib->cand));
}

static bool
group_has(const struct ecmp_group *g, uint32_t id)
{
	uint32_t	i;

	for (i = 0; i < g->n && g->ids[i] != id; i++)
		;
	return (i < g->n);
}

void
rib_each(struct rib *rib, const struct tree_ent *e, rib_path_fn *fn, void *arg)
{
	const struct ecmp_group	*group = NULL;
	const struct path	*p;
	struct decision_path	 d;
	struct rib_path		 out;
	uint32_t		 i, n;

	n = candidates(rib, e->dest);
	if (n > 0 && (e->leaf & LEAF_GROUP))
		group = group_get(rib->groups, e->leaf & LEAF_ID);
	for (i = e->dest; i != 0; i = p->next) {
		p = path_at(rib, i);
		decision_input(rib, p, &d);
		out.peer = p->peer;
		out.path_id = p->path_id;
		out.attr = p->attr;
		out.best = i == e->dest;
		out.eligible = d.eligible;
		out.multipath = group != NULL && group_has(group, d.nexthop) &&
		    decision_ties(rib->cand, n, 0, &d);
		fn(arg, &out);
	}
}
