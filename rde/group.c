/* SPDX-License-Identifier: ISC */
/*
 * ECMP groups: each set of next hops once, named by the id that leaf words
 * carry, counted by the leaves that do. A group's words never change while a
 * packet could meet its id; who owns the tables says when none can any more.
 */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "rde.h"

enum group_phase {
	GROUP_USED,	/* leaves of the RIB name it */
	GROUP_IDLE,	/* none does; tables may */
	GROUP_SEALED,	/* no table does; packets on their way may */
	GROUP_FREE
};

struct group {
	struct ecmp_group	 words;
	TAILQ_ENTRY(group)	 entry;	/* idle, sealed or free ones */
	TAILQ_ENTRY(group)	 fresh;	/* those that are to be written */
	uint32_t		 hash;
	uint32_t		 chain;	/* id of the next of that hash, or 0 */
	uint32_t		 id;
	uint32_t		 refs;
	uint8_t			 phase;	/* enum group_phase */
	bool			 written;
};

TAILQ_HEAD(group_list, group);

struct groups {
	struct nexthops		*nexthops;
	uint64_t		 seed;
	group_work_fn		*work;
	void			*arg;
	struct group		**byid;		/* from GROUP_FIRST on */
	uint32_t		*chains;	/* by hash: id, or 0 */
	uint32_t		 size;		/* of each, a power of 2 */
	uint32_t		 n;		/* of byid */
	uint32_t		 limit;		/* ids are below */
	uint32_t		 nused;
	uint32_t		 nfree;
	uint64_t		 refused;
	struct group_list	 idle;
	struct group_list	 sealed;
	struct group_list	 free;
	struct group_list	 fresh;
};

#define GROUPS_MIN	64

struct groups *
group_new(struct nexthops *nexthops, uint64_t seed, group_work_fn *work,
    void *arg)
{
	struct groups	*gs;

	if ((gs = calloc(1, sizeof(*gs))) == NULL)
		return (NULL);
	gs->nexthops = nexthops;
	gs->seed = seed;
	gs->work = work;
	gs->arg = arg;
	TAILQ_INIT(&gs->idle);
	TAILQ_INIT(&gs->sealed);
	TAILQ_INIT(&gs->free);
	TAILQ_INIT(&gs->fresh);
	return (gs);
}

void
group_free(struct groups *gs)
{
	uint32_t	i;

	if (gs == NULL)
		return;
	for (i = 0; i < gs->n; i++)
		free(gs->byid[i]);
	free(gs->byid);
	free(gs->chains);
	free(gs);
}

void
group_limit(struct groups *gs, uint32_t limit)
{
	gs->limit = limit > LEAF_ID ? LEAF_ID : limit;
}

static struct group *
group_find(const struct groups *gs, uint32_t id)
{
	if (id < GROUP_FIRST || id - GROUP_FIRST >= gs->n)
		return (NULL);
	return (gs->byid[id - GROUP_FIRST]);
}

static uint32_t
group_hash(const struct groups *gs, const uint32_t *ids, uint32_t n)
{
	uint64_t	h;
	uint32_t	i;

	for (h = gs->seed, i = 0; i < n; i++) {
		h = (h ^ ids[i]) * 0x9fb21c651e98df25ULL;
		h ^= h >> 29;
	}
	return (h >> 20);
}

static void
chain_put(uint32_t *chains, uint32_t size, struct group *g)
{
	uint32_t	*head;

	head = &chains[g->hash & (size - 1)];
	g->chain = *head;
	*head = g->id;
}

static void
chain_remove(struct groups *gs, struct group *g)
{
	uint32_t	*link;

	link = &gs->chains[g->hash & (gs->size - 1)];
	while (*link != g->id)
		link = &group_find(gs, *link)->chain;
	*link = g->chain;
}

/* Double everything (or make the first of it). */
static int
group_grow(struct groups *gs)
{
	struct group	**byid;
	uint32_t	 *chains, size, i;

	size = gs->size == 0 ? GROUPS_MIN : gs->size * 2;
	byid = reallocarray(gs->byid, size, sizeof(*byid));
	if (byid == NULL)
		return (-1);
	gs->byid = byid;
	if ((chains = calloc(size, sizeof(*chains))) == NULL)
		return (-1);
	for (i = 0; i < gs->n; i++) {
		if (byid[i]->phase != GROUP_FREE)
			chain_put(chains, size, byid[i]);
	}
	free(gs->chains);
	gs->chains = chains;
	gs->size = size;
	return (0);
}

/* One with an id that is not in use. NULL: there is none, or no memory. */
static struct group *
group_id(struct groups *gs)
{
	struct group	*g;

	TAILQ_FOREACH(g, &gs->free, entry) {
		/* the limit may have come down since */
		if (g->id >= gs->limit)
			continue;
		TAILQ_REMOVE(&gs->free, g, entry);
		gs->nfree--;
		return (g);
	}
	if (gs->n + GROUP_FIRST >= gs->limit ||
	    (gs->n == gs->size && group_grow(gs) == -1) ||
	    (g = calloc(1, sizeof(*g))) == NULL)
		return (NULL);
	g->id = GROUP_FIRST + gs->n;
	gs->byid[gs->n++] = g;
	return (g);
}

static struct group *
group_make(struct groups *gs, uint32_t hash, const uint32_t *ids, uint32_t n)
{
	struct group	*g;
	uint32_t	 i;

	if ((g = group_id(gs)) == NULL)
		return (NULL);
	memset(&g->words, 0, sizeof(g->words));
	g->words.n = n;
	for (i = 0; i < n; i++) {
		g->words.ids[i] = ids[i];
		nexthop_ref(gs->nexthops, ids[i]);
	}
	g->hash = hash;
	g->refs = 0;
	g->phase = GROUP_USED;
	g->written = false;
	chain_put(gs->chains, gs->size, g);
	TAILQ_INSERT_TAIL(&gs->fresh, g, fresh);
	gs->nused++;
	gs->work(gs->arg);
	return (g);
}

static bool
group_equal(const struct group *g, const uint32_t *ids, uint32_t n)
{
	return (g->words.n == n &&
	    memcmp(g->words.ids, ids, n * sizeof(*ids)) == 0);
}

uint32_t
group_take(struct groups *gs, const uint32_t *ids, uint32_t n)
{
	struct group	*g;
	uint32_t	 hash;

	hash = group_hash(gs, ids, n);
	g = gs->size == 0 ? NULL :
	    group_find(gs, gs->chains[hash & (gs->size - 1)]);
	while (g != NULL && (g->hash != hash || !group_equal(g, ids, n)))
		g = group_find(gs, g->chain);
	if (g == NULL && (g = group_make(gs, hash, ids, n)) == NULL) {
		gs->refused++;
		return (0);
	}
	if (g->phase != GROUP_USED) {
		TAILQ_REMOVE(g->phase == GROUP_IDLE ? &gs->idle : &gs->sealed,
		    g, entry);
		g->phase = GROUP_USED;
		gs->nused++;
	}
	g->refs++;
	return (g->id);
}

void
group_put(struct groups *gs, uint32_t id)
{
	struct group	*g;

	g = group_find(gs, id);
	if (--g->refs > 0)
		return;
	g->phase = GROUP_IDLE;
	gs->nused--;
	TAILQ_INSERT_TAIL(&gs->idle, g, entry);
	gs->work(gs->arg);
}

bool
group_is(const struct groups *gs, uint32_t id, const uint32_t *ids, uint32_t n)
{
	const struct group	*g;

	return ((g = group_find(gs, id)) != NULL && g->phase == GROUP_USED &&
	    group_equal(g, ids, n));
}

int
group_write(struct groups *gs, group_write_fn *fn, void *arg)
{
	struct group	*g;

	while ((g = TAILQ_FIRST(&gs->fresh)) != NULL) {
		if (fn(arg, g->id, &g->words) == -1)
			return (-1);
		TAILQ_REMOVE(&gs->fresh, g, fresh);
		g->written = true;
	}
	return (0);
}

void
group_rewrite(struct groups *gs)
{
	struct group	*g;
	uint32_t	 i;

	for (i = 0; i < gs->n; i++) {
		g = gs->byid[i];
		if (g->phase == GROUP_FREE || !g->written)
			continue;
		g->written = false;
		TAILQ_INSERT_TAIL(&gs->fresh, g, fresh);
	}
}

bool
group_seal(struct groups *gs)
{
	struct group	*g;

	TAILQ_FOREACH(g, &gs->idle, entry)
		g->phase = GROUP_SEALED;
	TAILQ_CONCAT(&gs->sealed, &gs->idle, entry);
	return (!TAILQ_EMPTY(&gs->sealed));
}

void
group_release(struct groups *gs)
{
	struct group	*g;
	uint32_t	 i;

	while ((g = TAILQ_FIRST(&gs->sealed)) != NULL) {
		TAILQ_REMOVE(&gs->sealed, g, entry);
		chain_remove(gs, g);
		if (!g->written)
			TAILQ_REMOVE(&gs->fresh, g, fresh);
		for (i = 0; i < g->words.n; i++)
			nexthop_put(gs->nexthops, g->words.ids[i]);
		g->phase = GROUP_FREE;
		TAILQ_INSERT_TAIL(&gs->free, g, entry);
		gs->nfree++;
	}
}

const struct ecmp_group *
group_get(const struct groups *gs, uint32_t id)
{
	const struct group	*g;

	if ((g = group_find(gs, id)) == NULL || g->phase == GROUP_FREE)
		return (NULL);
	return (&g->words);
}

bool
group_room(const struct groups *gs)
{
	const struct group	*g;

	if (gs->n + GROUP_FIRST < gs->limit)
		return (true);
	TAILQ_FOREACH(g, &gs->free, entry) {
		if (g->id < gs->limit)
			return (true);
	}
	return (false);
}

uint32_t
group_count(const struct groups *gs)
{
	return (gs->nused);
}

uint32_t
group_used(const struct groups *gs)
{
	return (gs->n - gs->nfree);
}

uint64_t
group_refused(const struct groups *gs)
{
	return (gs->refused);
}

size_t
group_memory(const struct groups *gs)
{
	return (sizeof(*gs) + gs->n * sizeof(struct group) +
	    gs->size * (sizeof(*gs->byid) + sizeof(*gs->chains)));
}
