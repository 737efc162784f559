/* SPDX-License-Identifier: ISC */
/*
 * The FIB of one family: what is dirty, in which order it is compiled, and
 * when unlinked nodes may be used again. Knows the tables only through the
 * writer it was given.
 *
 * A prefix that spans whole slots of the direct array marks those slots, a
 * longer one is queued itself and rebuilds the node it lies in. Everything
 * outside of 2000::/4 hangs on the root word of the IPv6 pool.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include "fib.h"

#define GROUP 64 /* slots that hang on one tree node */
#define DIR6_TOP 2 /* the 4 bits above the direct index */

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
	if (f->dir == NULL || f->slots == NULL || f->slots_stuck == NULL ||
	    pool_init(&f->pool, units, true) == -1) {
		fib_free(f);
		errno = ENOMEM;
		return (NULL);
	}
	return (f);
}

void
fib_free(struct fib *f)
{
	if (f == NULL)
		return;
	pool_done(&f->pool);
	plan_done(&f->plan);
	free(f->queue.items);
	free(f->stuck.items);
	free(f->waiting);
	free(f->slots);
	free(f->slots_stuck);
	free(f->dir);
	free(f);
}

static int
queue_put(struct fib_queue *q, const struct fib_item *it)
{
	struct fib_item *items;
	size_t cap;

	if (q->tail == q->cap && q->head > q->cap / 2) {
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

/* Does a prefix lie where the direct array is? */
static bool
in_dir(const struct fib *f, const struct key *k, unsigned int len)
{
	return (!f->v6 || (len >= FIB6_DIR_SKIP && k->hi >> 60 == DIR6_TOP));
}

/* Slot of an address in the direct array. */
static uint32_t
slot_of(const struct fib *f, const struct key *k)
{
	if (!f->v6)
		return (k->hi >> (64 - FIB4_DIR_BITS));
	return (k->hi >> (60 - FIB6_DIR_BITS) & (FIB6_DIR_WORDS - 1));
}

static void
slots_mark(struct fib *f, uint32_t from, uint32_t n)
{
	uint32_t g, end = from + n;
	uint64_t m;

	if (f->nslots == 0)
		f->group = from / GROUP; /* nothing to look for before */
	for (; from < end; from = (g + 1) * GROUP) {
		g = from / GROUP;
		m = ~0ULL << (from % GROUP);
		if (end < (g + 1) * GROUP)
			m &= (1ULL << (end % GROUP)) - 1;
		f->nslots += bits64(m & ~f->slots[g]);
		f->slots[g] |= m;
	}
}

/* What did not fit may fit now. */
static void
unstick(struct fib *f)
{
	uint32_t g;

	f->root |= f->root_stuck;
	f->root_stuck = false;
	if (f->nslots_stuck > 0) {
		for (g = 0; g < f->ndir / GROUP; g++) {
			f->nslots += bits64(f->slots_stuck[g] & ~f->slots[g]);
			f->slots[g] |= f->slots_stuck[g];
			f->slots_stuck[g] = 0;
		}
		f->nslots_stuck = 0;
	}
	for (; queue_count(&f->stuck) > 0; f->stuck.head++)
		if (queue_put(&f->queue, &f->stuck.items[f->stuck.head]) == -1)
			return;
	queue_clear(&f->stuck);
}

static bool
ent_dead(const struct tree_ent *e)
{
	return ((e->leaf & ~ENT_DIRTY) == 0 && e->dest == 0);
}

/* Is the slot or the root that a prefix lies in to be compiled anyway? If it
   is stuck, it gets another chance. */
static bool
dirty_above(struct fib *f, const struct fib_item *it)
{
	uint32_t slot = slot_of(f, &it->key), g = slot / GROUP;
	uint64_t m = 1ULL << (slot % GROUP);

	if (!in_dir(f, &it->key, it->len)) {
		f->root |= f->root_stuck;
		f->root_stuck = false;
		return (f->root && it->len >= FIB6_DIR_SKIP);
	}
	if (it->len <= f->depth)
		return (false);
	if (f->slots_stuck[g] & m) {
		f->slots_stuck[g] &= ~m;
		f->nslots_stuck--;
		slots_mark(f, slot, 1);
	}
	return ((f->slots[g] & m) != 0);
}

int
fib_dirty(struct fib *f, const struct prefix *p)
{
	struct fib_item it;
	struct tree_ent *e;
	bool above;

	it.key = key_from(&p->addr);
	it.len = p->len;
	above = dirty_above(f, &it);
	if ((e = tree_get(f->tree, p)) != NULL) {
		if (e->leaf & ENT_DIRTY) {
			if (queue_count(&f->stuck) > 0)
				unstick(f);
			return (0);
		}
		/* what is to be removed from the tree must not be forgotten */
		if (above && !ent_dead(e))
			return (0);
	}
	if (queue_put(&f->queue, &it) == -1)
		return (-1);
	if (e != NULL)
		e->leaf |= ENT_DIRTY;
	return (0);
}

void
fib_dirty_all(struct fib *f)
{
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
	return (plan_close(f));
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

/* Sorted, so that neighbors in one node are dealt with at once. */
static void
batch_fill(struct fib *f)
{
	struct fib_queue *q = &f->queue;
	size_t n = queue_count(q);

	if (n > FIB_BATCH)
		n = FIB_BATCH;
	memcpy(f->batch, q->items + q->head, n * sizeof(*f->batch));
	q->head += n;
	if (queue_count(q) == 0) {
		if (q->cap > 4096)
			queue_clear(q);
		q->head = q->tail = 0;
	}
	f->batch_n = (unsigned int)n;
	f->batch_done = 0;
	if (n > 1)
		qsort(f->batch, n, sizeof(*f->batch), item_cmp);
}

/* One whole slot or more: mark them. */
static void
mark_short(struct fib *f, const struct fib_item *it)
{
	unsigned int len = it->len;

	if (f->v6 && len < FIB6_DIR_SKIP) {
		/* is 2000::/4 in it? */
		if (len == 0 ||
		    (it->key.hi ^ (uint64_t)DIR6_TOP << 60) >> (64 - len) == 0)
			slots_mark(f, 0, f->ndir);
	} else
		slots_mark(f, slot_of(f, &it->key), 1U << (f->depth - len));
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
		mark_short(f, it);
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
			mark_short(f, it);
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

/* All outside of 2000::/4. */
static int
root_step(struct fib *f)
{
	struct key zero = { 0, 0 };
	uint32_t kid, leaf, old, now;

	f->root = false;
	memcpy(&old, pool_at(&f->pool, 0), sizeof(old));
	kid = compile_walk(f, &zero, 0, &leaf);
	now = compile_all(f, kid, old, 0, leaf);
	if (now != old)
		plan_store(f, false, 0, now);
	if (plan_close(f) == 0)
		return (0);
	f->root_stuck = true;
	return (-1);
}

/* Plan at most max dirty slots of a group; returns those that were tried. */
static uint64_t
group_plan(struct fib *f, uint32_t g, unsigned int max, uint64_t work_end)
{
	uint32_t leaves[GROUP], kid, leaf, slot, now;
	struct tnode *n = NULL;
	struct key k = { 0, 0 };
	uint64_t m, tried = 0;
	unsigned int i, depth = f->depth - STRIDE;

	k.hi = f->v6 ? (uint64_t)DIR6_TOP << 60 | (uint64_t)g << (64 - depth) :
		       (uint64_t)g << (64 - depth);
	f->work++;
	if ((kid = compile_walk(f, &k, depth, &leaf)) != 0) {
		n = tnode_at(f->tree, kid);
		compile_leaves(n, leaf, leaves);
	}
	for (m = f->slots[g]; m != 0 && max > 0; m &= m - 1, max--) {
		i = (unsigned int)__builtin_ctzll(m);
		slot = g * GROUP + i;
		tried |= 1ULL << i;
		if (n != NULL)
			leaf = leaves[i];
		kid = n != NULL ? tnode_kid(n, i) : 0;
		now = leaf;
		if (kid != 0 || f->dir[slot] & FIB_NODE)
			now = compile_all(f, kid, f->dir[slot], f->depth, leaf);
		if (f->plan.error != 0)
			break;
		if (now != f->dir[slot])
			plan_store(f, true, slot, now);
		if (f->plan.nnodes >= FIB_PLAN_NODES || f->work >= work_end)
			break;
	}
	return (tried);
}

static int
slots_step(struct fib *f, uint64_t work_end)
{
	uint64_t tried;
	uint32_t groups = f->ndir / GROUP;
	int ret = 0;

	while (f->slots[f->group] == 0)
		f->group = (f->group + 1) % groups;
	tried = group_plan(f, f->group, GROUP, work_end);
	ret = plan_close(f);
	if (ret == -1 && tried & (tried - 1)) {
		/* one of many does not fit: find out which */
		tried = group_plan(f, f->group, 1, work_end);
		ret = plan_close(f);
	}
	f->slots[f->group] &= ~tried;
	f->nslots -= bits64(tried);
	f->nslots_stuck -= bits64(f->slots_stuck[f->group] & tried);
	f->slots_stuck[f->group] &= ~tried;
	if (ret == -1) {
		f->slots_stuck[f->group] |= tried;
		f->nslots_stuck += bits64(tried);
	}
	return (ret);
}

size_t
fib_pending(const struct fib *f)
{
	return (queue_count(&f->queue) + queue_count(&f->stuck) +
	    (f->batch_n - f->batch_done) + f->nslots + f->nslots_stuck +
	    f->root + f->root_stuck + plan_pending(f));
}

int
fib_step(struct fib *f, unsigned int budget)
{
	uint64_t end = f->work + (budget > 0 ? budget : 1);
	bool prefixes, slots;

	for (;;) {
		if (plan_pending(f) && plan_write(f) == -1) {
			errno = EAGAIN;
			return (-1);
		}
		prefixes =
		    f->batch_done < f->batch_n || queue_count(&f->queue) > 0;
		slots = f->nslots > 0 || f->root;
		if (!prefixes && !slots)
			break;
		if (f->work >= end)
			return (1);
		/* neither a big change nor a busy neighbor makes the other
		   wait for long; what fails is kept aside as stuck */
		f->turn = slots && (!prefixes || !f->turn);
		if (f->turn) {
			if (f->root)
				root_step(f);
			else
				slots_step(f, end);
		} else {
			if (f->batch_done == f->batch_n)
				batch_fill(f);
			batch_step(f);
		}
	}
	if (queue_count(&f->stuck) + f->nslots_stuck + f->root_stuck > 0) {
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
		size = node_size(node_map(f, w->unit));
		pool_free(&f->pool, w->unit, size);
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
	for (; w & FIB_NODE; depth += STRIDE) {
		w &= ~FIB_NODE;
		w = node_words(f,
		    w)[node_run(node_map(f, w), key_index(&k, depth))];
	}
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
	memset(s, 0, sizeof(*s));
	s->units = f->pool.cap;
	s->units_waiting = f->wait_units;
	s->units_used = f->pool.used - f->wait_units;
	s->nodes = f->nodes;
	s->memory = sizeof(*f) + pool_memory(&f->pool) +
	    f->ndir * sizeof(*f->dir) + f->ndir / 32 * sizeof(*f->slots) +
	    (f->queue.cap + f->stuck.cap) * sizeof(struct fib_item) +
	    f->wait_cap * sizeof(*f->waiting) +
	    f->plan.nodes_cap * sizeof(*f->plan.nodes) +
	    f->plan.unlinked_cap * sizeof(*f->plan.unlinked) +
	    f->plan.stores_cap * 9UL;
}
