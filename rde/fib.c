/* SPDX-License-Identifier: ISC */
/*
 * The FIB of one family: what is dirty, in which order it is compiled, and
 * when unlinked nodes may be used again. Knows the tables only through the
 * writer it was given.
 *
 * A prefix that spans whole slots of the direct array marks those slots, a
 * longer one is queued itself, by who changed it, and rebuilds the node it lies
 * in. Everything outside of 2000::/4 hangs on the root word of the IPv6 pool.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include "fib.h"

struct fib *
fib_new(struct tree *t, uint32_t units, fib_write_fn *write, void *arg)
{
	struct fib *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return (NULL);
	f->tree = t;
	f->write = write;
	f->arg = arg;
	f->v6 = tree_af(t) == AF_INET6;
	f->depth = f->v6 ? FIB6_DIR_SKIP + FIB6_DIR_BITS : FIB4_DIR_BITS;
	f->ndir = f->v6 ? FIB6_DIR_WORDS : FIB4_DIR_WORDS;
	f->dir_table = f->v6 ? FIB_TABLE_DIR6 : FIB_TABLE_DIR4;
	f->pool_table = f->v6 ? FIB_TABLE_POOL6 : FIB_TABLE_POOL4;
	f->epoch = 1;
	f->reserve = units / 32 < 1024 ? units / 32 : 1024;
	f->dir = calloc(f->ndir, sizeof(*f->dir));
	f->slots = calloc(f->ndir / GROUP, sizeof(*f->slots));
	f->slots_stuck = calloc(f->ndir / GROUP, sizeof(*f->slots_stuck));
	f->live = calloc(units / 64 + 1, sizeof(*f->live));
	if (f->live == NULL || f->dir == NULL || f->slots == NULL ||
	    f->slots_stuck == NULL || pool_init(&f->pool, units, true) == -1) {
		fib_free(f);
		errno = ENOMEM;
		return (NULL);
	}
	return (f);
}

void
fib_free(struct fib *f)
{
	unsigned int i;

	if (f == NULL)
		return;
	pool_done(&f->pool);
	plan_done(&f->plan);
	for (i = 0; i < FIB_QUEUES; i++)
		free(f->queues[i].items);
	free(f->stuck.items);
	free(f->waiting);
	free(f->slots);
	free(f->slots_stuck);
	free(f->live);
	free(f->audit);
	free(f->dir);
	free(f);
}

static int
queue_put(struct fib_queue *q, const struct fib_item *it)
{
	struct fib_item *items;
	size_t cap;

	if (q->tail == q->cap && q->head > q->cap / 4) {
		memmove(q->items, q->items + q->head,
		    (q->tail - q->head) * sizeof(*items));
		q->tail -= q->head;
		q->head = 0;
	}
	if (q->tail == q->cap) {
		cap = q->cap + q->cap / 2 + 64;
		items = reallocarray(q->items, cap, sizeof(*items));
		if (items == NULL)
			return (-1);
		q->items = items;
		q->cap = cap;
	}
	q->items[q->tail++] = *it;
	return (0);
}

static size_t
queue_count(const struct fib_queue *q)
{
	return (q->tail - q->head);
}

static void
queue_clear(struct fib_queue *q)
{
	free(q->items);
	memset(q, 0, sizeof(*q));
}

size_t
queues_count(const struct fib *f)
{
	uint64_t m;
	size_t n = 0;

	for (m = f->ready; m != 0; m &= m - 1)
		n += queue_count(&f->queues[__builtin_ctzll(m)]);
	return (n);
}

/* Neighbors share queues if there are more of them, and none with nobody's. */
static int
dirty_put(struct fib *f, const struct fib_item *it, unsigned int cause)
{
	unsigned int i = cause == 0 ? 0 : 1 + cause % (FIB_QUEUES - 1);

	if (queue_put(&f->queues[i], it) == -1)
		return (-1);
	f->ready |= 1ULL << i;
	return (0);
}

/* What did not fit may fit now. */
static void
unstick(struct fib *f)
{
	slots_unstick(f, NULL, 0);
	for (; queue_count(&f->stuck) > 0; f->stuck.head++)
		if (dirty_put(f, &f->stuck.items[f->stuck.head], 0) == -1)
			return;
	queue_clear(&f->stuck);
}

static bool
ent_dead(const struct tree_ent *e)
{
	return ((e->leaf & ~ENT_DIRTY) == 0 && e->dest == 0);
}

/* A prefix in an area that is to be compiled anyway is queued all the same: it
   need not wait for its turn there. */
int
fib_dirty_by(struct fib *f, const struct prefix *p, unsigned int cause)
{
	struct fib_item it;
	struct tree_ent *e;

	it.key = key_from(&p->addr);
	it.len = p->len;
	fib_audit_changed(f);
	slots_unstick(f, &it.key, it.len);
	if ((e = tree_get(f->tree, p)) != NULL && e->leaf & ENT_DIRTY) {
		if (queue_count(&f->stuck) > 0)
			unstick(f);
		return (0);
	}
	if (dirty_put(f, &it, cause) == -1)
		return (-1);
	if (e != NULL)
		e->leaf |= ENT_DIRTY;
	return (0);
}

int
fib_dirty(struct fib *f, const struct prefix *p)
{
	return (fib_dirty_by(f, p, 0));
}

void
fib_dirty_all(struct fib *f)
{
	fib_audit_changed(f);
	unstick(f);
	slots_mark(f, 0, f->ndir);
	f->root = f->v6;
}

/* The tree holds what was dealt with: clear its mark, take it away if it was
   only there to be dealt with. */
static void
item_done(struct fib *f, const struct fib_item *it)
{
	struct tree_ent *e;
	struct prefix p;

	memset(&p, 0, sizeof(p));
	p.addr.af = (uint8_t)tree_af(f->tree);
	key_to(&it->key, &p.addr);
	p.len = (uint8_t)it->len;
	if ((e = tree_get(f->tree, &p)) == NULL)
		return;
	e->leaf &= ~ENT_DIRTY;
	if (ent_dead(e))
		tree_remove(f->tree, &p);
}

/* Indices of the node at depth that a prefix covers. */
static uint64_t
item_mask(const struct fib_item *it, unsigned int depth)
{
	unsigned int n;

	if (it->len <= depth)
		return (~0ULL);
	n = 1U << (STRIDE - (it->len - depth));
	if (n == FANOUT)
		return (~0ULL);
	return (((1ULL << n) - 1) << key_index(&it->key, depth));
}

static unsigned int
item_depth(const struct fib_item *it)
{
	return (it->len == 0 ? 0 : (it->len - 1) / STRIDE * STRIDE);
}

/* Are two prefixes in the same tree node at this depth? */
static bool
same_node(const struct fib_item *a, const struct fib_item *b)
{
	unsigned int d = item_depth(a);
	uint64_t hi = a->key.hi ^ b->key.hi, lo = a->key.lo ^ b->key.lo;

	if (item_depth(b) != d)
		return (false);
	if (d == 0)
		return (true);
	if (d < 64)
		return (hi >> (64 - d) == 0);
	return (hi == 0 && (d == 64 || lo >> (128 - d) == 0));
}

/* Make node at depth `to' right for what mask covers. */
static int
plan_item(struct fib *f, const struct fib_item *it, uint64_t mask)
{
	struct key k = it->key;
	uint32_t kid, leaf, old, now, slot;
	unsigned int to = item_depth(it);

	slice_begin(f, NULL);
	if (in_dir(f, &k, it->len)) {
		slot = slot_of(f, &k);
		old = f->dir[slot];
		kid = compile_walk(f, &k, f->depth, &leaf);
		now = compile_path(f, kid, old, f->depth, leaf, &k, to, mask);
		if (now != old)
			plan_store(f, true, slot, now);
	} else {
		memcpy(&old, pool_at(&f->pool, 0), sizeof(old));
		kid = compile_walk(f, &k, 0, &leaf);
		now = compile_path(f, kid, old, 0, leaf, &k, to, mask);
		if (now != old)
			plan_store(f, false, 0, now);
	}
	if (plan_close(f) == -1)
		return (-1);
	/* more hangs on it than a plan may hold */
	if (f->slice.stopped && in_dir(f, &k, it->len))
		slots_mark(f, slot_of(f, &k), 1);
	else if (f->slice.stopped)
		f->root = true;
	return (0);
}

static int
item_cmp(const void *va, const void *vb)
{
	const struct fib_item *a = va, *b = vb;
	unsigned int da = item_depth(a), db = item_depth(b);

	if (da != db)
		return (da < db ? -1 : 1);
	if (a->key.hi != b->key.hi)
		return (a->key.hi < b->key.hi ? -1 : 1);
	if (a->key.lo != b->key.lo)
		return (a->key.lo < b->key.lo ? -1 : 1);
	return ((a->len > b->len) - (a->len < b->len));
}

/* Of the next queue in turn; sorted, so that neighbors in one node are dealt
   with at once. */
static void
batch_fill(struct fib *f)
{
	struct fib_queue *q;
	uint64_t behind = f->ready & ~1ULL << f->last;
	size_t n;

	f->last = (unsigned int)__builtin_ctzll(behind ? behind : f->ready);
	q = &f->queues[f->last];
	n = queue_count(q);
	if (n > FIB_BATCH)
		n = FIB_BATCH;
	memcpy(f->batch, q->items + q->head, n * sizeof(*f->batch));
	q->head += n;
	if (queue_count(q) == 0) {
		if (q->cap > 4096)
			queue_clear(q);
		q->head = q->tail = 0;
		f->ready &= ~(1ULL << f->last);
	}
	f->batch_n = (unsigned int)n;
	f->batch_done = 0;
	if (n > 1)
		qsort(f->batch, n, sizeof(*f->batch), item_cmp);
}

/* Deal with the next of the batch, and all in the same node. -1: it is stuck */
static int
batch_step(struct fib *f)
{
	const struct fib_item *it = &f->batch[f->batch_done];
	uint64_t mask;
	unsigned int n = 1, i;
	int ret = 0;

	f->work++;
	if (it->len <= f->depth && in_dir(f, &it->key, it->len))
		slots_mark_prefix(f, &it->key, it->len);
	else {
		mask = item_mask(it, item_depth(it));
		while (
		    f->batch_done + n < f->batch_n && same_node(it, it + n)) {
			/* its own neighbors in the root, but not slots */
			if (in_dir(f, &it[n].key, it[n].len) !=
				in_dir(f, &it->key, it->len) ||
			    (f->v6 && it[n].len < FIB6_DIR_SKIP))
				break;
			mask |= item_mask(it + n, item_depth(it));
			n++;
		}
		if ((ret = plan_item(f, it, mask)) == 0 && f->v6 &&
		    it->len < FIB6_DIR_SKIP)
			slots_mark_prefix(f, &it->key, it->len);
	}
	for (i = 0; i < n; i++) {
		if (ret == 0)
			item_done(f, it + i);
		else if (queue_put(&f->stuck, it + i) == -1) {
			f->batch_done += i;
			return (-1);
		}
	}
	f->batch_done += n;
	return (ret);
}

size_t
fib_pending(const struct fib *f)
{
	return (queues_count(f) + queue_count(&f->stuck) +
	    (f->batch_n - f->batch_done) + slots_pending(f) + plan_pending(f));
}

/* Neither a big change nor a busy neighbor makes the other wait for long:
   they share the work by halves, and who comes alone comes at once. */
static void
turn(struct fib *f, bool prefixes, bool areas)
{
	if (!prefixes || !areas) {
		f->area_turn = areas;
		f->turn_end = f->work;
	} else if (f->work >= f->turn_end) {
		f->area_turn = !f->area_turn;
		f->turn_end = f->work + FIB_SLICE;
	}
}

int
fib_step(struct fib *f, unsigned int budget)
{
	uint64_t end = f->work + (budget > 0 ? budget : 1);
	bool prefixes, areas;

	for (;;) {
		if (plan_pending(f) && plan_write(f) == -1) {
			errno = EAGAIN;
			return (-1);
		}
		prefixes =
		    f->batch_done < f->batch_n || f->ready != 0;
		areas = slots_todo(f);
		if (!prefixes && !areas)
			break;
		if (f->work >= end)
			return (1);
		turn(f, prefixes, areas);
		/* what fails is kept aside as stuck */
		if (f->area_turn)
			slots_step(f, end);
		else {
			if (f->batch_done == f->batch_n)
				batch_fill(f);
			batch_step(f);
		}
	}
	if (queue_count(&f->stuck) + slots_stuck(f) > 0) {
		errno = ENOSPC;
		return (-1);
	}
	return (0);
}

uint32_t
fib_seal(struct fib *f)
{
	uint32_t epoch = f->epoch;

	if (f->wait_tail == f->wait_head ||
	    f->waiting[f->wait_tail - 1].epoch != epoch)
		return (0);
	if (++f->epoch == 0)
		f->epoch = 1;
	return (epoch);
}

void
fib_release(struct fib *f, uint32_t epoch)
{
	struct fib_waiting *w;
	uint32_t size;
	bool some = false;

	while (f->wait_head < f->wait_tail) {
		w = &f->waiting[f->wait_head];
		if (w->epoch == f->epoch || (int32_t)(w->epoch - epoch) > 0)
			break;
		size = node_size(f, w->node);
		pool_free(&f->pool, node_unit(w->node), size);
		f->wait_units -= size;
		f->wait_head++;
		some = true;
	}
	if (some)
		unstick(f);
}

uint32_t
fib_lookup(const struct fib *f, const struct addr *a)
{
	struct key k = key_from(a);
	uint32_t w;
	unsigned int depth = 0;

	if (in_dir(f, &k, 128)) {
		w = f->dir[slot_of(f, &k)];
		depth = f->depth;
	} else
		memcpy(&w, pool_at(&f->pool, 0), sizeof(w));
	for (; w & FIB_NODE; depth += STRIDE)
		w = node_word(f, w,
		    node_run(node_map(f, w), key_index(&k, depth)));
	return (w);
}

uint32_t
fib_expect(const struct fib *f, const struct addr *a)
{
	struct prefix p;
	struct tree_ent *e;
	uint32_t flags = 0, id = 0;
	bool route = false;
	int len;

	for (len = af_bits(tree_af(f->tree)); len >= 0; len = p.len - 1) {
		if ((e = tree_match(f->tree, a, len, 0, &p)) == NULL)
			break;
		flags |= e->leaf & (LEAF_ALLOW | LEAF_BLOCK | LEAF_LOCAL);
		if (e->leaf & ENT_ROUTE && !route) {
			route = true;
			id = e->leaf & (LEAF_GROUP | LEAF_ID);
		}
	}
	return (flags | id);
}

void
fib_stats(const struct fib *f, struct fib_stats *s)
{
	size_t queued = f->stuck.cap;
	unsigned int i;

	for (i = 0; i < FIB_QUEUES; i++)
		queued += f->queues[i].cap;
	memset(s, 0, sizeof(*s));
	s->units = f->pool.cap;
	s->units_waiting = f->wait_units;
	s->units_used = f->pool.used - f->wait_units;
	s->nodes = f->nodes;
	s->memory = sizeof(*f) + pool_memory(&f->pool) +
	    f->ndir * sizeof(*f->dir) + f->ndir / 32 * sizeof(*f->slots) +
	    f->pool.cap / 8UL +
	    queued * sizeof(struct fib_item) +
	    f->wait_cap * sizeof(*f->waiting) +
	    f->plan.nodes_cap * sizeof(*f->plan.nodes) +
	    f->plan.unlinked_cap * sizeof(*f->plan.unlinked) +
	    f->plan.stores_cap * 9UL;
}
