/* SPDX-License-Identifier: ISC */
/*
 * The world of the FIB's tests: a plain list of prefixes that is always right,
 * a tree and a FIB that ought to be, and a shadow of the tables that is
 * walked as the programs walk them after every write.
 */
#ifndef FIB_WORLD_H
#define FIB_WORLD_H

#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

#define LIST_MAX 400
#define PROBES 40
#define UNITS_MAX 65536

struct route {
	struct prefix p;
	uint32_t leaf;
};

struct probe {
	struct addr a;
	uint32_t before, after;
	bool flipped;
};

struct world {
	int af;
	struct route list[LIST_MAX];
	size_t n;
	struct tree *tree;
	struct fib *fib;
	uint32_t units;
	/* the shadow */
	uint32_t *dir, *pool;
	uint32_t ndir;
	uint32_t *hot; /* slots that ever had a node */
	bool *is_hot;
	uint32_t nhot;
	/* units a reader may be in: reachable since the last seal, before;
	   2: of a narrow node */
	uint8_t *live, *sealed;
	uint32_t epoch; /* sealed, not released */
	/* knobs and what was seen */
	unsigned int refuse; /* one in so many; 0: never */
	bool check;
	struct probe probe[PROBES];
	uint64_t writes, refused;
};

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33) % n);
}

static unsigned int
abits(const struct addr *a, unsigned int from, unsigned int n)
{
	unsigned int i = from / 8, v = 0, end;

	/* 32 bits from a byte's start are enough for what we ask */
	for (end = i + 4; i < end; i++)
		v = v << 8 | (i < 16 ? a->b[i] : 0);
	return (v << from % 8 >> (32 - n));
}

static bool
covers(const struct prefix *p, const struct addr *a)
{
	unsigned int n = p->len / 8, rest = p->len % 8;

	return (memcmp(p->addr.b, a->b, n) == 0 &&
	    (rest == 0 || (p->addr.b[n] ^ a->b[n]) >> (8 - rest) == 0));
}

static uint32_t
ref_lookup(const struct world *w, const struct addr *a)
{
	uint32_t flags = 0, id = 0;
	int best = -1;
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (!covers(&w->list[i].p, a))
			continue;
		flags |=
		    w->list[i].leaf & (LEAF_ALLOW | LEAF_BLOCK | LEAF_LOCAL);
		if (w->list[i].leaf & ENT_ROUTE && w->list[i].p.len > best) {
			best = w->list[i].p.len;
			id = w->list[i].leaf & (LEAF_GROUP | LEAF_ID);
		}
	}
	return (flags | id);
}

/* A node of the shadow, taken apart: from the text of abi.h. */
struct node {
	uint32_t unit, units;
	unsigned int n;
	unsigned int start[64]; /* index of a run's start */
	uint32_t word[64];
};

static uint32_t
narrow_leaf(const uint32_t *words, unsigned int i)
{
	uint32_t n = words[i / 2] >> i % 2 * 16 & 0xffff;

	return ((n >> 12) << 27 | (n & 0xfff));
}

static void
node_read(const struct world *w, uint32_t word, struct node *n)
{
	bool narrow = word & FIB_NARROW, tiny = word & FIB_TINY;
	const uint32_t *at;
	uint64_t map;
	unsigned int i;

	n->unit = word & FIB_UNIT;
	ATF_REQUIRE(n->unit > 0 && n->unit < w->units);
	ATF_REQUIRE(narrow || !tiny);
	at = &w->pool[n->unit * 2];
	n->n = 0;
	if (tiny) {
		n->start[n->n++] = 0;
		n->start[n->n++] = at[1] >> 16 & 63;
		n->start[n->n++] = at[1] >> 22 & 63;
	} else {
		memcpy(&map, at, 8);
		at += 2;
		for (i = 0; i < 64; i++)
			if (map >> i & 1)
				n->start[n->n++] = i;
	}
	ATF_REQUIRE_EQ(n->start[0], 0);
	n->units = tiny ? 1 : 1 + (narrow ? n->n + 3 : (n->n + 1) * 2) / 4;
	for (i = 0; i < n->n; i++)
		n->word[i] = narrow ? narrow_leaf(at, i) : at[i];
	ATF_REQUIRE(n->unit + n->units <= w->units);
}

/* As the programs do it. */
static uint32_t
shadow_lookup(const struct world *w, const struct addr *a)
{
	struct node n;
	uint32_t word;
	unsigned int depth, i, run, nodes = 0;

	if (w->af == AF_INET) {
		word = w->dir[abits(a, 0, 18)];
		depth = 18;
	} else if (abits(a, 0, 4) == 2) {
		word = w->dir[abits(a, 4, 20)];
		depth = 24;
	} else {
		word = w->pool[0];
		depth = 0;
	}
	while (word & FIB_NODE) {
		ATF_REQUIRE(
		    ++nodes <= (w->af == AF_INET ? FIB4_NODES : FIB6_NODES));
		node_read(w, word, &n);
		i = abits(a, depth, 6);
		for (run = n.n; n.start[--run] > i;)
			;
		word = n.word[run];
		depth += 6;
	}
	return (word);
}

static void
reach(struct world *w, uint32_t word, unsigned int depth)
{
	struct node n;
	unsigned int i;

	if (!(word & FIB_NODE))
		return;
	ATF_REQUIRE(depth <= 126);
	node_read(w, word, &n);
	/* a node that is all alike would be a leaf */
	ATF_REQUIRE(n.n >= 2);
	memset(w->live + n.unit, word & FIB_NARROW ? 2 : 1, n.units);
	for (i = 0; i < n.n; i++)
		reach(w, n.word[i], depth + 6);
}

static void
reach_all(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->nhot; i++)
		reach(w, w->dir[w->hot[i]], w->af == AF_INET ? 18 : 24);
	if (w->af == AF_INET6)
		reach(w, w->pool[0], 0);
}

/* Slot of an address that has one, else UINT32_MAX. */
static uint32_t
slot(const struct world *w, const struct addr *a)
{
	if (w->af == AF_INET)
		return (abits(a, 0, 18));
	return (abits(a, 0, 4) == 2 ? abits(a, 4, 20) : UINT32_MAX);
}

/* After a write of slots from to end; all if end is 0. */
static void
check_probes(struct world *w, uint32_t from, uint32_t end)
{
	struct probe *p;
	uint32_t now;
	char buf[ADDRSTRLEN];

	for (p = w->probe; p < w->probe + PROBES; p++) {
		if (end != 0 &&
		    (slot(w, &p->a) < from || slot(w, &p->a) >= end))
			continue;
		now = shadow_lookup(w, &p->a);
		if (now == p->after)
			p->flipped = true;
		else if (p->flipped || now != p->before)
			atf_tc_fail("%s: %#x, was %#x, to be %#x%s",
			    addr_format(&p->a, buf), now, p->before, p->after,
			    p->flipped ? ", flipped back" : "");
	}
}

static int
writer(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	struct world *w = arg;
	bool v6 = w->af == AF_INET6;
	uint32_t i, end = 0;

	if (w->refuse > 0 && rnd(w->refuse) == 0) {
		w->refused++;
		return (-1);
	}
	w->writes++;
	ATF_REQUIRE(n > 0);
	if (t == (v6 ? FIB_TABLE_DIR6 : FIB_TABLE_DIR4)) {
		ATF_REQUIRE(index < w->ndir && n <= w->ndir - index);
		for (i = index; i < index + n; i++)
			if (words[i - index] & FIB_NODE && !w->is_hot[i]) {
				w->is_hot[i] = true;
				w->hot[w->nhot++] = i;
			}
		memcpy(w->dir + index, words, n * 4UL);
		end = index + n;
	} else {
		ATF_REQUIRE_EQ(t, v6 ? FIB_TABLE_POOL6 : FIB_TABLE_POOL4);
		ATF_REQUIRE(index < w->units * 2 && n <= w->units * 2 - index);
		if (n > 1) {
			/* a node: nobody may be reading what was there */
			ATF_REQUIRE_EQ(index % 2, 0);
			ATF_REQUIRE_EQ(n % 2, 0);
			ATF_REQUIRE(index > 0);
			for (i = index / 2; i < (index + n) / 2; i++)
				ATF_REQUIRE(!w->live[i] && !w->sealed[i]);
		} else
			ATF_REQUIRE(index == 0 || w->live[index / 2]);
		memcpy(w->pool + index, words, n * 4UL);
		if (n > 1)
			return (0);
	}
	if (end != 0 || w->live[index / 2] != 2)
		for (i = 0; i < n; i++)
			reach(w, words[i], 0);
	if (w->check)
		check_probes(w, index, end);
	return (0);
}

static struct world *
world_new(int af, uint32_t units)
{
	struct world *w = calloc(1, sizeof(*w));

	ATF_REQUIRE(w != NULL);
	w->af = af;
	w->units = units;
	w->ndir = af == AF_INET ? FIB4_DIR_WORDS : FIB6_DIR_WORDS;
	w->dir = calloc(w->ndir, 4);
	w->pool = calloc(units, 8);
	w->hot = calloc(w->ndir, 4);
	w->is_hot = calloc(w->ndir, sizeof(bool));
	w->live = calloc(units, 1);
	w->sealed = calloc(units, 1);
	w->tree = tree_new(af);
	ATF_REQUIRE(w->tree != NULL);
	w->fib = fib_new(w->tree, units, writer, w);
	ATF_REQUIRE(w->fib != NULL);
	return (w);
}

static void
world_free(struct world *w)
{
	fib_free(w->fib);
	tree_free(w->tree);
	free(w->dir);
	free(w->pool);
	free(w->hot);
	free(w->is_hot);
	free(w->live);
	free(w->sealed);
	free(w);
}

/* Crowded, and at the border of what has the direct array. */
static void
rnd_addr(struct addr *a, int af)
{
	static const uint8_t top4[] = { 10, 10, 10, 0, 255 };
	static const uint8_t top6[] = { 0x20, 0x2f, 0x1f, 0x30, 0x2a, 0, 0xfe,
		0xff, 0x20, 0x20 };
	static const uint8_t v[] = { 0, 0, 0, 0xff, 0x40, 3 };
	unsigned int i, n = (unsigned int)af_bytes(af);

	memset(a, 0, sizeof(*a));
	a->af = (uint8_t)af;
	for (i = 0; i < n; i++)
		a->b[i] = rnd(10) ? v[rnd(6)] : (uint8_t)rnd(256);
	if (rnd(20))
		a->b[0] = af == AF_INET ? top4[rnd(5)] : top6[rnd(10)];
	if (af == AF_INET && rnd(2))
		a->b[1] = 0;
	if (a->b[0] == 0x1f || a->b[0] == 0x2f)
		memset(a->b + 1, 255, 1 + rnd(15));
}

static void
rnd_prefix(struct prefix *p, int af)
{
	static const uint8_t len4[] = { 0, 1, 8, 17, 18, 19, 23, 24, 25, 29, 30,
		31, 32 };
	static const uint8_t len6[] = { 0, 1, 2, 3, 4, 5, 6, 7, 23, 24, 25, 29,
		30, 31, 32, 36, 48, 49, 64, 120, 126, 127, 128 };

	rnd_addr(&p->addr, af);
	if (rnd(3) == 0)
		p->len = (uint8_t)rnd((unsigned int)af_bits(af) + 1);
	else
		p->len = af == AF_INET ? len4[rnd(sizeof(len4))] :
					 len6[rnd(sizeof(len6))];
	/* these touch thousands of slots: not all the time */
	if (p->len < 9 && rnd(30))
		p->len += 24;
	/* deep nesting in one place more often than not */
	if (af == AF_INET6 && rnd(2))
		memset(p->addr.b + 4, 0, 4);
	prefix_mask(p);
}

static uint32_t
rnd_leaf(void)
{
	uint32_t leaf = 0;

	/* some ids are too long for a narrow node */
	if (rnd(4))
		leaf = ENT_ROUTE | (rnd(8) ? rnd(5) : 4094 + rnd(4)) |
		    (rnd(5) ? 0 : LEAF_GROUP);
	if (leaf == 0 || rnd(5) == 0)
		leaf |= 1U << (28 + rnd(3));
	return (leaf);
}

/* Every update goes to the list and to the tree alike. */
static void
update(struct world *w, const struct prefix *p, uint32_t leaf)
{
	struct tree_ent *e;
	size_t i;

	for (i = 0; i < w->n && prefix_cmp(&w->list[i].p, p) != 0; i++)
		;
	if (leaf == 0) {
		ATF_REQUIRE(i < w->n);
		w->list[i] = w->list[--w->n];
	} else {
		if (i == w->n) {
			ATF_REQUIRE(w->n < LIST_MAX);
			w->n++;
		}
		w->list[i].p = *p;
		w->list[i].leaf = leaf;
	}
	e = tree_insert(w->tree, p);
	ATF_REQUIRE(e != NULL);
	e->leaf = (e->leaf & ENT_DIRTY) | leaf;
	e->dest = leaf != 0;
	ATF_REQUIRE_EQ(fib_dirty(w->fib, p), 0);
}

static void
rnd_update(struct world *w, struct prefix *p, uint32_t *leaf)
{
	*leaf = rnd_leaf();
	if (w->n > 0 && (rnd(2) || w->n == LIST_MAX)) {
		*p = w->list[rnd((uint32_t)w->n)].p;
		if (rnd(3) || w->n == LIST_MAX)
			*leaf = 0;
	} else
		rnd_prefix(p, w->af);
}

/* The ends of a prefix and the addresses beside it. */
static void
edge(const struct prefix *p, int which, struct addr *a)
{
	unsigned int i, n = (unsigned int)af_bytes(p->addr.af);

	*a = p->addr;
	if (which == 1 || which == 3) /* last */
		for (i = p->len; i < n * 8; i++)
			a->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (which == 2) /* before the first */
		for (i = n; i-- > 0 && a->b[i]-- == 0;)
			;
	if (which == 3) /* behind the last */
		for (i = n; i-- > 0 && ++a->b[i] == 0;)
			;
	if (which == 4) /* within */
		for (i = p->len; i < n * 8; i++)
			if (rnd(2))
				a->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static void
set_probes(struct world *w, const struct prefix *p)
{
	const struct prefix *q = p;
	int i;

	for (i = 0; i < PROBES; i++) {
		if (i >= 10 && w->n > 0 && i % 5 == 0)
			q = &w->list[rnd((uint32_t)w->n)].p;
		edge(q, i % 5, &w->probe[i].a);
		w->probe[i].before = ref_lookup(w, &w->probe[i].a);
		w->probe[i].flipped = false;
	}
}

static void
check_final(struct world *w)
{
	struct probe *p;
	struct addr a;
	uint32_t want, got;
	char buf[ADDRSTRLEN];
	int i;

	for (p = w->probe; p < w->probe + PROBES; p++) {
		if (shadow_lookup(w, &p->a) != p->after)
			atf_tc_fail("%s: %#x is not %#x",
			    addr_format(&p->a, buf), shadow_lookup(w, &p->a),
			    p->after);
	}
	for (i = 0; i < PROBES; i++) {
		if (w->n > 0 && rnd(2))
			edge(&w->list[rnd((uint32_t)w->n)].p, (int)rnd(5), &a);
		else
			rnd_addr(&a, w->af);
		want = ref_lookup(w, &a);
		got = shadow_lookup(w, &a);
		if (got != want)
			atf_tc_fail("%s: %#x is not %#x", addr_format(&a, buf),
			    got, want);
		ATF_REQUIRE_EQ(fib_lookup(w->fib, &a), want);
		ATF_REQUIRE_EQ(fib_expect(w->fib, &a), want);
	}
}

static void
seal_release(struct world *w)
{
	uint32_t i;

	if (w->epoch != 0) {
		fib_release(w->fib, w->epoch);
		w->epoch = 0;
		memset(w->sealed, 0, w->units);
		return;
	}
	if ((w->epoch = fib_seal(w->fib)) == 0)
		return;
	for (i = 0; i < w->units; i++)
		w->sealed[i] |= w->live[i];
	memset(w->live, 0, w->units);
	reach_all(w);
	ATF_REQUIRE_EQ(fib_seal(w->fib), 0);
}

static void
release_all(struct world *w)
{
	if (w->epoch != 0)
		seal_release(w);
	seal_release(w);
	if (w->epoch != 0)
		seal_release(w);
}

/* Step to the end; returns the last answer, which is 0 or ENOSPC. */
static int
settle(struct world *w, unsigned int budget)
{
	int ret, turns = 0;

	for (;;) {
		ATF_REQUIRE(++turns < 10000000);
		if ((ret = fib_step(w->fib, budget)) == 0) {
			ATF_REQUIRE_EQ(fib_pending(w->fib), 0);
			return (0);
		}
		ATF_REQUIRE(fib_pending(w->fib) > 0);
		if (ret == 1)
			continue;
		if (errno == ENOSPC)
			return (ENOSPC);
		ATF_REQUIRE_EQ(errno, EAGAIN);
	}
}

#endif
