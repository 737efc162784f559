/* SPDX-License-Identifier: ISC */
/*
 * Plans: from words in the image that nobody can reach yet to words in the
 * tables. Knows no prefixes. A plan that was closed is written to its end,
 * however often the writer refuses; the image follows word by word.
 */
#include <errno.h>
#include <stdlib.h>

#include "fib.h"

int
array_grow(void *array, uint32_t *cap, size_t n, size_t size)
{
	void **a = array, *p;
	size_t want = *cap;

	if (n <= want)
		return (0);
	while (want < n)
		want = want < 64 ? 64 : want * 2;
	if (want > UINT32_MAX || (p = reallocarray(*a, want, size)) == NULL)
		return (-1);
	*a = p;
	*cap = (uint32_t)want;
	return (0);
}

/* The word that refers to a new node, 0 (and the plan has failed) if there is
   no room. */
uint32_t
plan_alloc(struct fib *f, uint32_t kind, uint32_t runs)
{
	struct fib_plan *p = &f->plan;
	uint32_t unit, units = node_units(kind, runs);

	if (p->error != 0)
		return (0);
	if (array_grow(&p->nodes, &p->nodes_cap, p->nnodes + 1UL,
		sizeof(*p->nodes)) == -1 ||
	    (unit = pool_alloc(&f->pool, units)) == 0) {
		p->error = errno;
		return (0);
	}
	p->units_new += units;
	return (p->nodes[p->nnodes++] = FIB_NODE | kind | unit);
}

void
plan_unlink(struct fib *f, uint32_t ref)
{
	struct fib_plan *p = &f->plan;

	if (p->error != 0)
		return;
	if (array_grow(&p->unlinked, &p->unlinked_cap, p->nunlinked + 1UL,
		sizeof(*p->unlinked)) == -1) {
		p->error = errno;
		return;
	}
	p->unlinked[p->nunlinked++] = ref;
	p->units_old += node_size(f, ref);
}

void
plan_store(struct fib *f, bool dir, uint32_t index, uint32_t word)
{
	struct fib_plan *p = &f->plan;
	uint32_t cap = p->stores_cap, cap2 = cap, n = p->nstores;

	if (p->error != 0)
		return;
	if (array_grow(&p->index, &cap, n + 1UL, sizeof(*p->index)) == -1 ||
	    array_grow(&p->word, &cap2, n + 1UL, sizeof(*p->word)) == -1 ||
	    array_grow(&p->dir, &p->stores_cap, n + 1UL, sizeof(*p->dir)) ==
		-1) {
		p->error = errno;
		return;
	}
	p->index[n] = index;
	p->word[n] = word;
	p->dir[n] = dir;
	p->nstores++;
}

static void
plan_reset(struct fib_plan *p)
{
	p->nnodes = p->nstores = p->nunlinked = 0;
	p->nodes_done = p->stores_done = 0;
	p->units_new = p->units_old = 0;
	p->error = 0;
}

/* Room for what the plan unlinks, so that nothing can fail once it is
   written. */
static int
waiting_room(struct fib *f, size_t n)
{
	struct fib_waiting *w;
	size_t cap;

	if (f->wait_head == f->wait_tail)
		f->wait_head = f->wait_tail = 0;
	if (f->wait_tail + n <= f->wait_cap)
		return (0);
	if (f->wait_head > f->wait_cap / 2) {
		memmove(f->waiting, f->waiting + f->wait_head,
		    (f->wait_tail - f->wait_head) * sizeof(*w));
		f->wait_tail -= f->wait_head;
		f->wait_head = 0;
		if (f->wait_tail + n <= f->wait_cap)
			return (0);
	}
	cap = (f->wait_tail + n) * 2;
	if ((w = reallocarray(f->waiting, cap, sizeof(*w))) == NULL)
		return (-1);
	f->waiting = w;
	f->wait_cap = cap;
	return (0);
}

int
plan_close(struct fib *f)
{
	struct fib_plan *p = &f->plan;
	uint32_t i, free_units;

	if (p->error == 0 && waiting_room(f, p->nunlinked) == -1)
		p->error = ENOMEM;
	/* the last units are for plans that end up freeing some: without
	   them a full pool could not even take a withdrawal */
	free_units = f->pool.cap - 1 - f->pool.used;
	if (p->error == 0 && free_units < f->reserve &&
	    p->units_new > p->units_old)
		p->error = ENOSPC;
	if (p->error == 0)
		return (0);
	for (i = 0; i < p->nnodes; i++)
		pool_free(&f->pool, node_unit(p->nodes[i]),
		    node_size(f, p->nodes[i]));
	errno = p->error;
	plan_reset(p);
	return (-1);
}

bool
plan_pending(const struct fib *f)
{
	return (f->plan.nnodes + f->plan.nstores + f->plan.nunlinked > 0);
}

static int
write_stores(struct fib *f)
{
	struct fib_plan *p = &f->plan;
	uint32_t i, n, *at;
	bool dir;

	for (i = p->stores_done; i < p->nstores; i += n) {
		dir = p->dir[i];
		n = 1;
		/* pool words may be anywhere; slots come in runs */
		while (dir && i + n < p->nstores && p->dir[i + n] &&
		    p->index[i + n] == p->index[i] + n)
			n++;
		if (f->write(f->arg, dir ? f->dir_table : f->pool_table,
			p->index[i], &p->word[i], n) == -1)
			return (-1);
		at = dir ? f->dir : pool_at(&f->pool, 0);
		memcpy(at + p->index[i], &p->word[i], n * sizeof(*at));
		p->stores_done = i + n;
	}
	return (0);
}

int
plan_write(struct fib *f)
{
	struct fib_plan *p = &f->plan;
	struct fib_waiting *w;
	uint32_t i, unit, ref;

	for (i = p->nodes_done; i < p->nnodes; i++) {
		ref = p->nodes[i];
		unit = node_unit(ref);
		if (f->write(f->arg, f->pool_table, unit * 2,
			pool_at(&f->pool, unit), node_size(f, ref) * 2) == -1)
			return (-1);
		p->nodes_done = i + 1;
	}
	if (write_stores(f) == -1)
		return (-1);
	for (i = 0; i < p->nnodes; i++)
		live_mark(f, p->nodes[i], true);
	for (i = 0; i < p->nunlinked; i++) {
		ref = p->unlinked[i];
		live_mark(f, ref, false);
		w = &f->waiting[f->wait_tail++];
		w->node = ref;
		w->epoch = f->epoch;
		f->wait_units += node_size(f, ref);
	}
	f->nodes += p->nnodes;
	f->nodes -= p->nunlinked;
	plan_reset(p);
	return (0);
}

void
plan_done(struct fib_plan *p)
{
	free(p->nodes);
	free(p->index);
	free(p->word);
	free(p->dir);
	free(p->unlinked);
}
