/* SPDX-License-Identifier: ISC */
/*
 * The RIB: every path of every peer on the prefix trees, the best of each
 * prefix, and what it and the policy put into the prefix's leaf word. Knows
 * nothing of tables: who wants to know of changes is called.
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
	struct prefix		 cursor;
	struct rib_peer		 peers[RIB_PEERS];
};

#define POLICY_FLAGS	(LEAF_ALLOW | LEAF_BLOCK | LEAF_LOCAL | ENT_CONNECTED)

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
    rib_changed_fn *changed, void *arg)
{
	struct rib	*rib;

	if ((rib = calloc(1, sizeof(*rib))) == NULL)
		return (NULL);
	rib->intern = intern;
	rib->nexthops = nexthops;
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
	struct path	*p;

	if (head == 0)
		return;
	p = path_at(rib, head);
	rib->peers[p->peer].best[f] += change;
	nexthop_count(rib->nexthops, intern_set(rib->intern, p->attr)->nexthop,
	    change);
}

static void
decision_input(const struct rib *rib, const struct path *p,
    struct decision_path *d)
{
	const struct rib_peer	*peer;
	const struct attr_set	*set;

	peer = &rib->peers[p->peer];
	set = intern_set(rib->intern, p->attr);
	d->local_pref = set->local_pref;
	d->hops = set->hops;
	d->med = set->med;
	d->neighbor_as = set->neighbor_as;
	d->router_id = set->has_originator ? set->originator : peer->router_id;
	d->path_id = p->path_id;
	d->cluster_len = set->cluster_len;
	d->origin = set->origin;
	d->ebgp = peer->ebgp;
	/* One without an id goes to the slow path, which finds its way. */
	d->eligible = set->nexthop == LEAF_ID_PUNT ||
	    nexthop_state(rib->nexthops, set->nexthop) != NEXTHOP_UNRESOLVED;
	d->peer = peer->addr;
}

/* Bring the best path of a list to its front. -1 ENOMEM: left as it is. */
static int
decide(struct rib *rib, uint32_t *head)
{
	struct decision_path	*cand;
	struct path		*p, *before;
	uint32_t		 i, n, best;

	for (n = 0, i = *head; i != 0; i = path_at(rib, i)->next)
		n++;
	if (n < 2)
		return (0);
	if (n > rib->ncand) {
		cand = reallocarray(rib->cand, n * 2, sizeof(*cand));
		if (cand == NULL)
			return (-1);
		rib->cand = cand;
		rib->ncand = n * 2;
	}
	for (n = 0, i = *head; i != 0; i = path_at(rib, i)->next)
		decision_input(rib, path_at(rib, i), &rib->cand[n++]);
	if ((best = decision_best(rib->cand, n)) == 0)
		return (0);
	before = path_at(rib, *head);
	while (--best > 0)
		before = path_at(rib, before->next);
	i = before->next;
	p = path_at(rib, i);
	before->next = p->next;
	p->next = *head;
	*head = i;
	return (0);
}

/* Set an entry's leaf (but what is the FIB's in it) and tell of a change. */
static void
leaf_set(struct rib *rib, struct tree_ent *e, const struct prefix *prefix,
    uint32_t leaf, int what)
{
	if (((e->leaf ^ leaf) & ~ENT_DIRTY) == 0)
		return;
	e->leaf = leaf | (e->leaf & ENT_DIRTY);
	if (leaf == 0 && e->dest == 0)
		what |= RIB_EMPTY;
	rib->changed(rib->arg, prefix, what);
}

/* The leaf of an entry with these policy flags. */
static uint32_t
leaf_of(const struct rib *rib, const struct tree_ent *e, uint32_t policy)
{
	if (policy & ENT_CONNECTED)
		return (policy | ENT_ROUTE | LEAF_ID_PUNT);
	if (e->dest == 0)
		return (policy);
	return (policy | ENT_ROUTE | intern_set(rib->intern,
	    path_at(rib, e->dest)->attr)->nexthop);
}

/* The paths of an entry have changed: decide and publish. */
static int
route_update(struct rib *rib, struct tree_ent *e, const struct prefix *prefix,
    int f)
{
	int	r;

	r = decide(rib, &e->dest);
	best_count(rib, f, e->dest, 1);
	leaf_set(rib, e, prefix, leaf_of(rib, e, e->leaf & POLICY_FLAGS), 0);
	return (r);
}

/* The link in a list that names this peer's path, or the one that ends it. */
static uint32_t *
path_find(const struct rib *rib, struct tree_ent *e, uint32_t peer,
    uint32_t path_id)
{
	struct path	*p;
	uint32_t	*link;

	for (link = &e->dest; *link != 0; link = &p->next) {
		p = path_at(rib, *link);
		if (p->peer == peer && p->path_id == path_id)
			break;
	}
	return (link);
}

int
rib_announce(struct rib *rib, uint32_t peer, uint32_t path_id,
    const struct prefix *prefix, uint32_t attr)
{
	struct tree_ent	*e;
	struct path	*p;
	uint32_t	*link, i;
	int		 f;

	f = fam(prefix->addr.af);
	if ((e = tree_insert(rib->tree[f], prefix)) == NULL)
		return (-1);
	link = path_find(rib, e, peer, path_id);
	if (*link != 0) {
		p = path_at(rib, *link);
		p->gen = rib->peers[peer].gen;
		if (p->attr == attr)
			return (0);
		best_count(rib, f, e->dest, -1);
		intern_ref(rib->intern, attr);
		intern_unref(rib->intern, p->attr);
		p->attr = attr;
		return (route_update(rib, e, prefix, f));
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
	return (route_update(rib, e, prefix, f));
}

void
rib_withdraw(struct rib *rib, uint32_t peer, uint32_t path_id,
    const struct prefix *prefix)
{
	struct tree_ent	*e;
	uint32_t	*link, i;
	int		 f;

	f = fam(prefix->addr.af);
	if ((e = tree_get(rib->tree[f], prefix)) == NULL)
		return;
	link = path_find(rib, e, peer, path_id);
	if ((i = *link) == 0)
		return;
	best_count(rib, f, e->dest, -1);
	*link = path_at(rib, i)->next;
	path_free(rib, f, i);
	if (e->dest == 0)
		rib->nprefixes[f]--;
	(void)route_update(rib, e, prefix, f);
}

int
rib_policy(struct rib *rib, const struct prefix *prefix, uint32_t flags,
    bool on)
{
	struct tree	*tree;
	struct tree_ent	*e;
	uint32_t	 policy;

	tree = rib_tree(rib, prefix->addr.af);
	e = on ? tree_insert(tree, prefix) : tree_get(tree, prefix);
	if (e == NULL)
		return (on ? -1 : 0);
	policy = e->leaf & POLICY_FLAGS;
	policy = on ? policy | flags : policy & ~flags;
	leaf_set(rib, e, prefix, leaf_of(rib, e, policy), RIB_POLICY);
	return (0);
}

void
rib_peer_up(struct rib *rib, uint32_t id, const struct addr *addr,
    uint32_t router_id, bool ebgp)
{
	struct rib_peer	*peer;

	peer = &rib->peers[id];
	if (peer->up)
		rib_peer_down(rib, id);
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
	(void)route_update(rib, e, &rib->cursor, f);
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
