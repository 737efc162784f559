/* SPDX-License-Identifier: ISC */
/*
 * Blocks of 8-byte units in one array, referred to by 32-bit numbers. Knows
 * nothing of what is in a block.
 *
 * Nodes grow and shrink by a unit at a time and come in any order, so free
 * neighbors are merged at once and the best fit is split: with free lists by
 * size alone, a table that is built in random order leaves most of its
 * memory behind in blocks that are too small for anything.
 *
 * A fixed pool is an image of a table that programs walk: there, blocks are
 * placed so that they touch few cache lines.
 */
#include <errno.h>
#include <stdlib.h>

#include "trie.h"

#define POOL_START 1024 /* units a growing pool starts with */
#define LINE 8 /* units of a cache line */
#define TRIES 4 /* free blocks of a size that are looked at */

static inline uint32_t
half_get(const struct pool *p, uint32_t unit, unsigned int half)
{
	uint32_t v;

	memcpy(&v, p->mem + (size_t)unit * 8 + half * 4, 4);
	return (v);
}

static inline void
half_set(struct pool *p, uint32_t unit, unsigned int half, uint32_t v)
{
	memcpy(p->mem + (size_t)unit * 8 + half * 4, &v, 4);
}

static inline bool
bit_get(const uint64_t *map, uint32_t i)
{
	return (map[i / 64] >> (i % 64) & 1);
}

static inline void
bit_flip(uint64_t *map, uint32_t i)
{
	map[i / 64] ^= 1ULL << (i % 64);
}

static inline uint32_t
bin_of(uint32_t n)
{
	return (n < POOL_BINS - 1 ? n : POOL_BINS - 1);
}

int
pool_init(struct pool *p, uint32_t units, bool fixed)
{
	size_t words;

	memset(p, 0, sizeof(*p));
	p->fixed = fixed;
	p->cap = units > POOL_START || fixed ? units : POOL_START;
	if (p->cap == 0)
		p->cap = 1; /* unit 0 is always there */
	p->top = 1;
	words = (size_t)p->cap / 64 + 1;
	p->mem = calloc(p->cap, 8);
	p->first = calloc(words, 8);
	p->last = calloc(words, 8);
	if (p->mem == NULL || p->first == NULL || p->last == NULL) {
		pool_done(p);
		errno = ENOMEM;
		return (-1);
	}
	return (0);
}

void
pool_done(struct pool *p)
{
	free(p->mem);
	free(p->first);
	free(p->last);
	memset(p, 0, sizeof(*p));
}

static int
map_grow(uint64_t **map, size_t old, size_t words)
{
	uint64_t *m;

	if ((m = reallocarray(*map, words, 8)) == NULL)
		return (-1);
	memset(m + old, 0, (words - old) * 8);
	*map = m;
	return (0);
}

/* Memory that was never written costs nothing yet, so grow generously. */
static int
pool_grow(struct pool *p)
{
	size_t cap = (size_t)p->cap + p->cap / 2;
	char *mem;

	if (p->fixed) {
		errno = ENOSPC;
		return (-1);
	}
	if (cap > UINT32_MAX / 2 ||
	    (mem = reallocarray(p->mem, cap, 8)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	p->mem = mem;
	/* a failure here leaves one map longer than it need be: no harm */
	if (map_grow(&p->first, p->cap / 64 + 1, cap / 64 + 1) == -1 ||
	    map_grow(&p->last, p->cap / 64 + 1, cap / 64 + 1) == -1)
		return (-1);
	p->cap = (uint32_t)cap;
	return (0);
}

static void
block_insert(struct pool *p, uint32_t u, uint32_t n)
{
	uint32_t b = bin_of(n), head;

	bit_flip(p->first, u);
	bit_flip(p->last, u + n - 1);
	head = p->bins[b];
	half_set(p, u, 0, head);
	half_set(p, u, 1, 0);
	if (n > 1) { /* two bits tell the size of a single unit */
		half_set(p, u + 1, 0, n);
		half_set(p, u + n - 1, 1, n);
	}
	if (head != 0)
		half_set(p, head, 1, u);
	p->bins[b] = u;
	p->map[b / 64] |= 1ULL << (b % 64);
}

static void
block_remove(struct pool *p, uint32_t u, uint32_t n)
{
	uint32_t b = bin_of(n), next, prev;

	bit_flip(p->first, u);
	bit_flip(p->last, u + n - 1);
	next = half_get(p, u, 0);
	prev = half_get(p, u, 1);
	if (next != 0)
		half_set(p, next, 1, prev);
	if (prev != 0)
		half_set(p, prev, 0, next);
	else if ((p->bins[b] = next) == 0)
		p->map[b / 64] &= ~(1ULL << (b % 64));
}

/*
 * Where n units go from u on. In lines: a block that fits a line lies in one,
 * a longer one starts with one, so that a walk that reads two places of a node
 * finds them in as few lines as can be.
 */
static inline uint32_t
place(uint32_t u, uint32_t n, bool lines)
{
	if (lines && u % LINE + n > LINE)
		return ((u + LINE - 1) / LINE * LINE);
	return (u);
}

/* Take n units out of the free block that fits best, 0: none does. */
static uint32_t
take_free(struct pool *p, uint32_t n, bool lines)
{
	uint64_t m;
	uint32_t u, at, b, size, i, w;

	for (w = n / 64; w < POOL_BINS / 64; w++) {
		m = p->map[w];
		if (w == n / 64)
			m &= ~0ULL << (n % 64);
		for (; m != 0; m &= m - 1) {
			b = w * 64 + (uint32_t)__builtin_ctzll(m);
			u = p->bins[b];
			for (i = 0; u != 0 && i < TRIES; i++) {
				size = b == 1 ? 1 : half_get(p, u + 1, 0);
				at = place(u, n, lines);
				if (at + n <= u + size) {
					block_remove(p, u, size);
					if (at > u)
						block_insert(p, u, at - u);
					if (at + n < u + size)
						block_insert(p, at + n,
						    u + size - at - n);
					return (at);
				}
				u = half_get(p, u, 0);
			}
		}
	}
	return (0);
}

/* Take n units of what was never used. */
static uint32_t
take_top(struct pool *p, uint32_t n, bool lines)
{
	uint32_t at = place(p->top, n, lines);

	if (at > p->cap || p->cap - at < n)
		return (0);
	if (at > p->top)
		block_insert(p, p->top, at - p->top);
	p->top = at + n;
	return (at);
}

uint32_t
pool_alloc(struct pool *p, uint32_t n)
{
	uint32_t u;

	u = take_free(p, n, p->fixed);
	while (u == 0 && (u = take_top(p, n, p->fixed)) == 0) {
		/* a fixed one that is full: anywhere */
		if (p->fixed && (u = take_free(p, n, false)) == 0)
			u = take_top(p, n, false);
		if (u == 0 && pool_grow(p) == -1)
			return (0);
	}
	p->used += n;
	return (u);
}

void
pool_free(struct pool *p, uint32_t u, uint32_t n)
{
	uint32_t size;

	p->used -= n;
	if (bit_get(p->last, u - 1)) {
		size = bit_get(p->first, u - 1) ? 1 : half_get(p, u - 1, 1);
		block_remove(p, u - size, size);
		u -= size;
		n += size;
	}
	if (u + n == p->top) {
		p->top = u;
		return;
	}
	if (bit_get(p->first, u + n)) {
		size = bit_get(p->last, u + n) ? 1 : half_get(p, u + n + 1, 0);
		block_remove(p, u + n, size);
		n += size;
	}
	block_insert(p, u, n);
}

size_t
pool_memory(const struct pool *p)
{
	/* what was never touched takes no memory */
	return ((size_t)p->top * 8 + (size_t)p->cap / 64 * 16);
}
