/* SPDX-License-Identifier: ISC */
/*
 * Next hops by address: the ids that leaf words carry, who uses them, and
 * what the parent says of them. An id that was given up is not handed out
 * again before the parent has said that no packet can meet it any more.
 */
#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rde.h"

enum nexthop_phase {
	PHASE_USED,	/* has references */
	PHASE_IDLE,	/* has none; tables may still name it */
	PHASE_DROPPED,	/* the parent was told */
	PHASE_FREE	/* the parent has let it go */
};

struct nexthop {
	RB_ENTRY(nexthop)	 node;	/* used and idle ones */
	TAILQ_ENTRY(nexthop)	 entry;	/* idle ones, or free ones */
	struct addr		 addr;
	uint8_t			 phase;	/* enum nexthop_phase */
	uint8_t			 state;	/* enum nexthop_state */
	uint32_t		 id;
	uint32_t		 refs;
	uint32_t		 routes;
};

RB_HEAD(nexthop_tree, nexthop);
TAILQ_HEAD(nexthop_list, nexthop);

struct nexthops {
	const struct nexthop_ops	*ops;
	void				*arg;
	struct nexthop_tree		 byaddr;
	struct nexthop_list		 idle;
	struct nexthop_list		 free;
	struct nexthop			**byid;	/* from LEAF_ID_FIRST on */
	uint32_t			 n;	/* of byid */
	uint32_t			 size;
	uint32_t			 limit;	/* ids are below */
	uint64_t			 refused;
};

static int
nexthop_cmp(const struct nexthop *a, const struct nexthop *b)
{
	return (addr_cmp(&a->addr, &b->addr));
}

RB_GENERATE_INTERNAL(nexthop_tree, nexthop, node, nexthop_cmp,
    static __attribute__((__unused__)))

struct nexthops *
nexthop_new(uint32_t limit, const struct nexthop_ops *ops, void *arg)
{
	struct nexthops	*nhs;

	if ((nhs = calloc(1, sizeof(*nhs))) == NULL)
		return (NULL);
	RB_INIT(&nhs->byaddr);
	TAILQ_INIT(&nhs->idle);
	TAILQ_INIT(&nhs->free);
	nhs->ops = ops;
	nhs->arg = arg;
	nexthop_limit(nhs, limit);
	return (nhs);
}

void
nexthop_free(struct nexthops *nhs)
{
	uint32_t	i;

	if (nhs == NULL)
		return;
	for (i = 0; i < nhs->n; i++)
		free(nhs->byid[i]);
	free(nhs->byid);
	free(nhs);
}

void
nexthop_limit(struct nexthops *nhs, uint32_t limit)
{
	nhs->limit = limit > LEAF_ID ? LEAF_ID : limit;
}

/* One with an id that is not in use. NULL: there is none, or no memory. */
static struct nexthop *
nexthop_take(struct nexthops *nhs)
{
	struct nexthop	*nh, **byid;
	uint32_t	 size;

	TAILQ_FOREACH(nh, &nhs->free, entry) {
		/* the limit may have come down since */
		if (nh->id >= nhs->limit)
			continue;
		TAILQ_REMOVE(&nhs->free, nh, entry);
		return (nh);
	}
	if (nhs->n + LEAF_ID_FIRST >= nhs->limit)
		return (NULL);
	if (nhs->n == nhs->size) {
		size = nhs->size == 0 ? 64 : nhs->size * 2;
		byid = reallocarray(nhs->byid, size, sizeof(*byid));
		if (byid == NULL)
			return (NULL);
		nhs->byid = byid;
		nhs->size = size;
	}
	if ((nh = calloc(1, sizeof(*nh))) == NULL)
		return (NULL);
	nh->id = nhs->n + LEAF_ID_FIRST;
	nhs->byid[nhs->n++] = nh;
	return (nh);
}

static struct nexthop *
nexthop_find(const struct nexthops *nhs, uint32_t id)
{
	if (id < LEAF_ID_FIRST || id - LEAF_ID_FIRST >= nhs->n)
		return (NULL);
	return (nhs->byid[id - LEAF_ID_FIRST]);
}

uint32_t
nexthop_get(struct nexthops *nhs, const struct addr *addr)
{
	struct nexthop	 key, *nh;

	key.addr = *addr;
	if ((nh = RB_FIND(nexthop_tree, &nhs->byaddr, &key)) != NULL) {
		if (nh->phase == PHASE_IDLE) {
			TAILQ_REMOVE(&nhs->idle, nh, entry);
			nh->phase = PHASE_USED;
		}
		nh->refs++;
		return (nh->id);
	}
	if ((nh = nexthop_take(nhs)) == NULL) {
		nhs->refused++;
		return (LEAF_ID_PUNT);
	}
	nh->addr = *addr;
	nh->phase = PHASE_USED;
	nh->state = NEXTHOP_UNRESOLVED;
	nh->refs = 1;
	nh->routes = 0;
	RB_INSERT(nexthop_tree, &nhs->byaddr, nh);
	nhs->ops->want(nhs->arg, nh->id, addr);
	return (nh->id);
}

void
nexthop_ref(struct nexthops *nhs, uint32_t id)
{
	nexthop_find(nhs, id)->refs++;
}

void
nexthop_put(struct nexthops *nhs, uint32_t id)
{
	struct nexthop	*nh;

	if ((nh = nexthop_find(nhs, id)) == NULL || --nh->refs > 0)
		return;
	nh->phase = PHASE_IDLE;
	TAILQ_INSERT_TAIL(&nhs->idle, nh, entry);
	if (nhs->ops->idle != NULL)
		nhs->ops->idle(nhs->arg);
}

void
nexthop_reap(struct nexthops *nhs)
{
	struct nexthop	*nh;

	while ((nh = TAILQ_FIRST(&nhs->idle)) != NULL) {
		TAILQ_REMOVE(&nhs->idle, nh, entry);
		RB_REMOVE(nexthop_tree, &nhs->byaddr, nh);
		nh->phase = PHASE_DROPPED;
		nhs->ops->drop(nhs->arg, nh->id);
	}
}

bool
nexthop_idle(const struct nexthops *nhs)
{
	return (!TAILQ_EMPTY(&nhs->idle));
}

int
nexthop_gone(struct nexthops *nhs, uint32_t id)
{
	struct nexthop	*nh;

	nh = nexthop_find(nhs, id);
	if (nh == NULL || nh->phase != PHASE_DROPPED) {
		errno = EINVAL;
		return (-1);
	}
	nh->phase = PHASE_FREE;
	TAILQ_INSERT_TAIL(&nhs->free, nh, entry);
	return (0);
}

bool
nexthop_set_state(struct nexthops *nhs, uint32_t id, uint8_t state)
{
	struct nexthop	*nh;
	uint8_t		 was;

	nh = nexthop_find(nhs, id);
	/* What the parent said before it saw our drop is of no interest. */
	if (nh == NULL || nh->phase == PHASE_DROPPED ||
	    nh->phase == PHASE_FREE)
		return (false);
	was = nh->state;
	nh->state = state;
	return ((was == NEXTHOP_UNRESOLVED) != (state == NEXTHOP_UNRESOLVED) ||
	    (was == NEXTHOP_LOCAL) != (state == NEXTHOP_LOCAL));
}

uint8_t
nexthop_state(const struct nexthops *nhs, uint32_t id)
{
	struct nexthop	*nh;

	if ((nh = nexthop_find(nhs, id)) == NULL)
		return (NEXTHOP_UNRESOLVED);
	return (nh->state);
}

void
nexthop_count(struct nexthops *nhs, uint32_t id, int change)
{
	struct nexthop	*nh;

	if ((nh = nexthop_find(nhs, id)) != NULL)
		nh->routes += change;
}

uint32_t
nexthop_next(const struct nexthops *nhs, uint32_t id, uint32_t *routes)
{
	struct nexthop	*nh;

	if (id < LEAF_ID_FIRST)
		id = LEAF_ID_FIRST;
	for (; (nh = nexthop_find(nhs, id)) != NULL; id++) {
		if (nh->phase == PHASE_USED || nh->phase == PHASE_IDLE) {
			*routes = nh->routes;
			return (id);
		}
	}
	return (LEAF_ID_NONE);
}

bool
nexthop_room(const struct nexthops *nhs, const struct addr *addr)
{
	struct nexthop_tree	*unconst;
	const struct nexthop	*nh;
	struct nexthop		 key;

	if (nhs->n + LEAF_ID_FIRST < nhs->limit)
		return (true);
	TAILQ_FOREACH(nh, &nhs->free, entry) {
		if (nh->id < nhs->limit)
			return (true);
	}
	if (addr == NULL)
		return (false);
	unconst = (struct nexthop_tree *)(uintptr_t)&nhs->byaddr;
	key.addr = *addr;
	return (RB_FIND(nexthop_tree, unconst, &key) != NULL);
}

uint64_t
nexthop_refused(const struct nexthops *nhs)
{
	return (nhs->refused);
}

size_t
nexthop_memory(const struct nexthops *nhs)
{
	return (sizeof(*nhs) + nhs->size * sizeof(*nhs->byid) +
	    nhs->n * sizeof(struct nexthop));
}
