/* SPDX-License-Identifier: ISC */
/*
 * The FIB against a plain list of prefixes. The writer's side is a shadow of
 * the tables that is walked as the programs walk them, after every single
 * write: each address must have the old answer until it has the new one.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

#define LIST_MAX	400
#define PROBES		40
#define UNITS_MAX	65536

struct route {
	struct prefix	p;
	uint32_t	leaf;
};

struct probe {
	struct addr	a;
	uint32_t	before, after;
	bool		flipped;
};

struct world {
	int		 af;
	struct route	 list[LIST_MAX];
	size_t		 n;
	struct tree	*tree;
	struct fib	*fib;
	uint32_t	 units;
	/* the shadow */
	uint32_t	*dir, *pool;
	uint32_t	 ndir;
	uint32_t	*hot;		/* slots that ever had a node */
	bool		*is_hot;
	uint32_t	 nhot;
	/* units a reader may be in: reachable since the last seal, before */
	uint8_t		*live, *sealed;
	uint32_t	 epoch;		/* sealed, not released */
	/* knobs and what was seen */
	unsigned int	 refuse;	/* one in so many; 0: never */
	bool		 check;
	struct probe	 probe[PROBES];
	uint64_t	 writes, refused;
};

static uint64_t	 seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33) % n);
}

static unsigned int
abits(const struct addr *a, unsigned int from, unsigned int n)
{
	unsigned int	 i = from / 8, v = 0, end;

	/* 32 bits from a byte's start are enough for what we ask */
	for (end = i + 4; i < end; i++)
		v = v << 8 | (i < 16 ? a->b[i] : 0);
	return (v << from % 8 >> (32 - n));
}

static bool
covers(const struct prefix *p, const struct addr *a)
{
	unsigned int	 n = p->len / 8, rest = p->len % 8;

	return (memcmp(p->addr.b, a->b, n) == 0 && (rest == 0 ||
	    (p->addr.b[n] ^ a->b[n]) >> (8 - rest) == 0));
}

static uint32_t
ref_lookup(const struct world *w, const struct addr *a)
{
	uint32_t	 flags = 0, id = 0;
	int		 best = -1;
	size_t		 i;

	for (i = 0; i < w->n; i++) {
		if (!covers(&w->list[i].p, a))
			continue;
		flags |= w->list[i].leaf & (LEAF_ALLOW | LEAF_BLOCK |
		    LEAF_LOCAL);
		if (w->list[i].leaf & ENT_ROUTE && w->list[i].p.len > best) {
			best = w->list[i].p.len;
			id = w->list[i].leaf & (LEAF_GROUP | LEAF_ID);
		}
	}
	return (flags | id);
}

/* As the programs do it, from the text of abi.h. */
static uint32_t
shadow_lookup(const struct world *w, const struct addr *a)
{
	uint64_t	 map, upto;
	uint32_t	 word, unit;
	unsigned int	 depth, i, nodes = 0;

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
		ATF_REQUIRE(++nodes <=
		    (w->af == AF_INET ? FIB4_NODES : FIB6_NODES));
		unit = word & ~FIB_NODE;
		ATF_REQUIRE(unit > 0 && unit < w->units);
		memcpy(&map, &w->pool[unit * 2], 8);
		ATF_REQUIRE(map & 1);
		i = abits(a, depth, 6);
		upto = i == 63 ? ~0ULL : (2ULL << i) - 1;
		word = w->pool[unit * 2 + 2 +
		    (uint32_t)__builtin_popcountll(map & upto) - 1];
		depth += 6;
	}
	return (word);
}

static void
reach(struct world *w, uint32_t word, unsigned int depth)
{
	uint64_t	 map;
	uint32_t	 unit, n, i;

	if (!(word & FIB_NODE))
		return;
	ATF_REQUIRE(depth <= 126);
	unit = word & ~FIB_NODE;
	ATF_REQUIRE(unit > 0 && unit < w->units);
	memcpy(&map, &w->pool[unit * 2], 8);
	n = (uint32_t)__builtin_popcountll(map);
	/* a node that is all alike would be a leaf */
	ATF_REQUIRE(n >= 2 && unit + 1 + (n + 1) / 2 <= w->units);
	memset(w->live + unit, 1, 1 + (n + 1) / 2);
	for (i = 0; i < n; i++)
		reach(w, w->pool[unit * 2 + 2 + i], depth + 6);
}

static void
reach_all(struct world *w)
{
	uint32_t	 i;

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
	struct probe	*p;
	uint32_t	 now;
	char		 buf[ADDRSTRLEN];

	for (p = w->probe; p < w->probe + PROBES; p++) {
		if (end != 0 && (slot(w, &p->a) < from ||
		    slot(w, &p->a) >= end))
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
	struct world	*w = arg;
	bool		 v6 = w->af == AF_INET6;
	uint32_t	 i, end = 0;

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
	for (i = 0; i < n; i++)
		reach(w, words[i], 0);
	if (w->check)
		check_probes(w, index, end);
	return (0);
}

static struct world *
world_new(int af, uint32_t units)
{
	struct world	*w = calloc(1, sizeof(*w));

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
	static const uint8_t	 top4[] = { 10, 10, 10, 0, 255 };
	static const uint8_t	 top6[] = { 0x20, 0x2f, 0x1f, 0x30, 0x2a, 0,
	    0xfe, 0xff, 0x20, 0x20 };
	static const uint8_t	 v[] = { 0, 0, 0, 0xff, 0x40, 3 };
	unsigned int		 i, n = (unsigned int)af_bytes(af);

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
	static const uint8_t	 len4[] = { 0, 1, 8, 17, 18, 19, 23, 24, 25,
	    29, 30, 31, 32 };
	static const uint8_t	 len6[] = { 0, 1, 2, 3, 4, 5, 6, 7, 23, 24, 25,
	    29, 30, 31, 32, 36, 48, 49, 64, 120, 126, 127, 128 };

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
	uint32_t	 leaf = 0;

	if (rnd(4))
		leaf = ENT_ROUTE | rnd(5) | (rnd(5) ? 0 : LEAF_GROUP);
	if (leaf == 0 || rnd(5) == 0)
		leaf |= 1U << (28 + rnd(3));
	return (leaf);
}

/* Every update goes to the list and to the tree alike. */
static void
update(struct world *w, const struct prefix *p, uint32_t leaf)
{
	struct tree_ent	*e;
	size_t		 i;

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
	unsigned int	 i, n = (unsigned int)af_bytes(p->addr.af);

	*a = p->addr;
	if (which == 1 || which == 3)		/* last */
		for (i = p->len; i < n * 8; i++)
			a->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (which == 2)				/* before the first */
		for (i = n; i-- > 0 && a->b[i]-- == 0;)
			;
	if (which == 3)				/* behind the last */
		for (i = n; i-- > 0 && ++a->b[i] == 0;)
			;
	if (which == 4)				/* within */
		for (i = p->len; i < n * 8; i++)
			if (rnd(2))
				a->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static void
set_probes(struct world *w, const struct prefix *p)
{
	const struct prefix	*q = p;
	int			 i;

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
	struct probe	*p;
	struct addr	 a;
	uint32_t	 want, got;
	char		 buf[ADDRSTRLEN];
	int		 i;

	for (p = w->probe; p < w->probe + PROBES; p++) {
		if (shadow_lookup(w, &p->a) != p->after)
			atf_tc_fail("%s: %#x is not %#x",
			    addr_format(&p->a, buf),
			    shadow_lookup(w, &p->a), p->after);
	}
	for (i = 0; i < PROBES; i++) {
		if (w->n > 0 && rnd(2))
			edge(&w->list[rnd((uint32_t)w->n)].p, (int)rnd(5), &a);
		else
			rnd_addr(&a, w->af);
		want = ref_lookup(w, &a);
		got = shadow_lookup(w, &a);
		if (got != want)
			atf_tc_fail("%s: %#x is not %#x",
			    addr_format(&a, buf), got, want);
		ATF_REQUIRE_EQ(fib_lookup(w->fib, &a), want);
		ATF_REQUIRE_EQ(fib_expect(w->fib, &a), want);
	}
}

static void
seal_release(struct world *w)
{
	uint32_t	 i;

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
	int	 ret, turns = 0;

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

/* The same table compiled in one go must be the same size. */
static int
discard(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	uint64_t	*count = arg;

	++*count;
	return (0);
}

static void
check_canonical(struct world *w)
{
	struct fib_stats	 a, b;
	struct fib		*f;
	uint64_t		 writes = 0, before;

	f = fib_new(w->tree, w->units, discard, &writes);
	ATF_REQUIRE(f != NULL);
	fib_dirty_all(f);
	while (fib_step(f, 1 + rnd(300)) == 1)
		;
	fib_stats(w->fib, &a);
	fib_stats(f, &b);
	ATF_REQUIRE_EQ(a.nodes, b.nodes);
	ATF_REQUIRE_EQ(a.units_used, b.units_used);
	ATF_REQUIRE(a.memory > 0);
	fib_free(f);
	/* and all dirty once more is nothing to write */
	before = w->writes;
	fib_dirty_all(w->fib);
	ATF_REQUIRE_EQ(settle(w, 1000), 0);
	ATF_REQUIRE_EQ(w->writes, before);
}

static void
check_empty(struct world *w)
{
	struct fib_stats	 s;
	struct prefix		 p;

	w->check = false;
	while (w->n > 0) {
		p = w->list[0].p;
		update(w, &p, 0);
		if (rnd(4) == 0)
			release_all(w);
		if (rnd(4) == 0)
			settle(w, 50);
	}
	release_all(w);
	ATF_REQUIRE_EQ(settle(w, 1000), 0);
	release_all(w);
	ATF_REQUIRE_EQ(tree_count(w->tree), 0);
	fib_stats(w->fib, &s);
	ATF_REQUIRE_EQ(s.nodes, 0);
	ATF_REQUIRE_EQ(s.units_used, 0);
	ATF_REQUIRE_EQ(s.units_waiting, 0);
	ATF_REQUIRE_EQ(s.units, w->units);
}

/* One update at a time: old or new after every write, never a third. */
static void
single(int af, int worlds, int updates)
{
	struct world	*w;
	struct prefix	 p;
	uint32_t	 leaf;
	int		 r, i, j;

	for (r = 0; r < worlds; r++) {
		seed = (uint64_t)r * 104729 + (uint64_t)af;
		w = world_new(af, 8192);
		w->check = true;
		for (i = 0; i < updates; i++) {
			w->refuse = r % 3 == 0 ? 2 + rnd(4) : 0;
			rnd_update(w, &p, &leaf);
			set_probes(w, &p);
			update(w, &p, leaf);
			for (j = 0; j < PROBES; j++)
				w->probe[j].after =
				    ref_lookup(w, &w->probe[j].a);
			ATF_REQUIRE_EQ(settle(w, rnd(3) ? 1 + rnd(300) : 1),
			    0);
			check_final(w);
			if (rnd(3) == 0)
				seal_release(w);
		}
		ATF_REQUIRE_EQ(tree_count(w->tree), w->n);
		w->refuse = 0;
		check_canonical(w);
		check_empty(w);
		world_free(w);
	}
}

ATF_TC_WITHOUT_HEAD(single4);
ATF_TC_BODY(single4, tc)
{
	single(AF_INET, 30, 300);
}

ATF_TC_WITHOUT_HEAD(single6);
ATF_TC_BODY(single6, tc)
{
	single(AF_INET6, 12, 250);
}

/* Many updates at once, refused and interrupted, then all is right. */
static void
batches(int af, int worlds, int rounds)
{
	struct world	*w;
	struct prefix	 p;
	uint32_t	 leaf;
	int		 r, i, j;

	for (r = 0; r < worlds; r++) {
		seed = (uint64_t)r * 15485863 + (uint64_t)af;
		w = world_new(af, 16384);
		memset(w->probe, 0, sizeof(w->probe));
		for (i = 0; i < rounds; i++) {
			w->refuse = rnd(2) ? 1 + rnd(20) : 0;
			if (w->refuse == 1)
				w->refuse = 2;
			for (j = rnd(60) + 1; j > 0; j--) {
				rnd_update(w, &p, &leaf);
				update(w, &p, leaf);
				if (rnd(10) == 0)
					fib_step(w->fib, 1 + rnd(4));
			}
			if (rnd(20) == 0)
				fib_dirty_all(w->fib);
			ATF_REQUIRE_EQ(settle(w, rnd(2) ? 1 : rnd(500)), 0);
			set_probes(w, &p);
			for (j = 0; j < PROBES; j++)
				w->probe[j].after = w->probe[j].before;
			check_final(w);
			seal_release(w);
		}
		w->refuse = 0;
		check_canonical(w);
		check_empty(w);
		world_free(w);
	}
}

ATF_TC_WITHOUT_HEAD(batches4);
ATF_TC_BODY(batches4, tc)
{
	batches(AF_INET, 20, 60);
}

ATF_TC_WITHOUT_HEAD(batches6);
ATF_TC_BODY(batches6, tc)
{
	batches(AF_INET6, 10, 50);
}

/* A pool that is too small: old answers stand, and it goes on. */
static void
full(int af)
{
	struct world	*w;
	struct prefix	 p;
	uint32_t	 leaf;
	int		 r, i, j, seen = 0, ret;

	for (r = 0; r < 8; r++) {
		seed = (uint64_t)r * 32452843 + (uint64_t)af;
		w = world_new(af, af == AF_INET ? 150 : 400);
		for (i = 0; i < 250; i++) {
			do {
				rnd_prefix(&p, af);
				leaf = rnd_leaf();
			} while (p.len == 0);
			update(w, &p, leaf);
			w->refuse = rnd(2) ? 3 : 0;
			if ((ret = settle(w, 1 + rnd(100))) == ENOSPC)
				seen++;
			if (rnd(3) == 0)
				seal_release(w);
			if (ret == 0) {
				set_probes(w, &p);
				for (j = 0; j < PROBES; j++)
					w->probe[j].after =
					    w->probe[j].before;
				check_final(w);
			}
		}
		fib_dirty_all(w->fib);
		settle(w, 100);
		/* withdraw until it fits again */
		for (i = 0; w->n > 0; i++) {
			p = w->list[rnd((uint32_t)w->n)].p;
			update(w, &p, 0);
			ret = settle(w, 100);
			release_all(w);
			if (ret == 0) {
				set_probes(w, &p);
				for (j = 0; j < PROBES; j++)
					w->probe[j].after =
					    w->probe[j].before;
				check_final(w);
			}
		}
		check_empty(w);
		/* and fill it again: nothing was lost */
		for (i = 0; i < 20; i++) {
			rnd_prefix(&p, af);
			update(w, &p, ENT_ROUTE | 7);
		}
		check_empty(w);
		world_free(w);
	}
	ATF_REQUIRE(seen > 100);
}

ATF_TC_WITHOUT_HEAD(full4);
ATF_TC_BODY(full4, tc)
{
	full(AF_INET);
}

ATF_TC_WITHOUT_HEAD(full6);
ATF_TC_BODY(full6, tc)
{
	full(AF_INET6);
}

/* Named prefixes at the places where the layout changes. */
static void
named(int af, const char *const *list)
{
	struct world	*w = world_new(af, 8192);
	struct prefix	 p;
	struct addr	 a;
	uint32_t	 want;
	size_t		 i, j, n;
	int		 pass, k;

	for (n = 0; list[n] != NULL; n++)
		;
	/* announced in order, anew backwards, withdrawn, and once more */
	for (pass = 0; pass < 5; pass++)
		for (i = 0; i < n; i++) {
			j = pass == 1 || pass == 4 ? n - 1 - i : i;
			ATF_REQUIRE_EQ_MSG(prefix_parse(list[j], &p, NULL), 0,
			    "%s", list[j]);
			set_probes(w, &p);
			w->check = true;
			update(w, &p, pass % 3 != 2 && pass != 4 ? ENT_ROUTE |
			    (uint32_t)(j + 2 + (size_t)pass * 50) |
			    (j % 3 == 0 ? LEAF_ALLOW : 0) : 0);
			for (k = 0; k < PROBES; k++)
				w->probe[k].after =
				    ref_lookup(w, &w->probe[k].a);
			ATF_REQUIRE_EQ(settle(w, 1 + rnd(100)), 0);
			for (j = 0; j < n; j++) {
				prefix_parse(list[j], &p, NULL);
				for (k = 0; k < 4; k++) {
					edge(&p, k, &a);
					want = ref_lookup(w, &a);
					ATF_REQUIRE_EQ(shadow_lookup(w, &a),
					    want);
					ATF_REQUIRE_EQ(fib_lookup(w->fib, &a),
					    want);
					ATF_REQUIRE_EQ(fib_expect(w->fib, &a),
					    want);
				}
			}
			seal_release(w);
		}
	check_empty(w);
	world_free(w);
}

static void
named_all(int af, const char *const *list)
{
	struct world	*w = world_new(af, 8192);
	struct prefix	 p;
	size_t		 i;

	for (i = 0; list[i] != NULL; i++) {
		prefix_parse(list[i], &p, NULL);
		update(w, &p, ENT_ROUTE | (uint32_t)(i + 2));
	}
	fib_dirty_all(w->fib);
	ATF_REQUIRE_EQ(settle(w, 7), 0);
	check_canonical(w);
	check_empty(w);
	world_free(w);
}

static const char *const	 list4[] = { "0.0.0.0/0", "0.0.0.0/8",
	"10.0.0.0/8", "10.0.0.0/17", "10.0.0.0/18", "10.0.64.0/18",
	"10.0.0.0/19", "10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/25",
	"10.0.0.0/30", "10.0.0.4/31", "10.0.0.4/32", "10.0.0.7/32",
	"10.0.63.0/24", "10.0.63.255/32", "10.0.64.0/32", "128.0.0.0/1",
	"255.255.255.255/32", "255.255.255.254/31", "255.255.192.0/18", NULL };
static const char *const	 list6[] = { "::/0", "::/1", "::/2", "2000::/3",
	"2000::/4", "2000::/5", "3000::/4", "1000::/4", "1fff::/16",
	"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "2000::/128",
	"2fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "2fff:ff00::/24",
	"2fff:ff80::/25", "3000::/128", "3000::/24", "3000::/25", "2001::/23",
	"2001:d00::/24", "2001:db8::/25", "2001:db8::/32", "2001:db8::/48",
	"2001:db8::/64", "2001:db8::1/128", "2001:db8::2/127",
	"2001:db8::4/126", "fe80::/10", "fe80::1/128", "ff02::1/128",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "fc00::/7",
	"8000::/1", "::1/128", "1c00::/6", "2c00::/6", NULL };

ATF_TC_WITHOUT_HEAD(borders4);
ATF_TC_BODY(borders4, tc)
{
	named(AF_INET, list4);
	named_all(AF_INET, list4);
}

ATF_TC_WITHOUT_HEAD(borders6);
ATF_TC_BODY(borders6, tc)
{
	named(AF_INET6, list6);
	named_all(AF_INET6, list6);
}

/* A prefix that flaps while nothing drains is one entry and one rebuild. */
ATF_TC_WITHOUT_HEAD(flap);
ATF_TC_BODY(flap, tc)
{
	struct world	*w = world_new(AF_INET, 1000);
	struct prefix	 p;
	uint64_t	 writes;
	int		 i;

	ATF_REQUIRE_EQ(prefix_parse("10.1.1.0/24", &p, NULL), 0);
	for (i = 0; i < 1000; i++) {
		update(w, &p, ENT_ROUTE | 5);
		update(w, &p, 0);
		ATF_REQUIRE_EQ(fib_pending(w->fib), 1);
	}
	ATF_REQUIRE_EQ(settle(w, 10), 0);
	ATF_REQUIRE_EQ(w->writes, 0);
	ATF_REQUIRE_EQ(tree_count(w->tree), 0);
	update(w, &p, ENT_ROUTE | 5);
	ATF_REQUIRE_EQ(settle(w, 10), 0);
	ATF_REQUIRE_EQ(w->writes, 2);
	/* another next hop is one word */
	writes = w->writes;
	update(w, &p, ENT_ROUTE | 6);
	ATF_REQUIRE_EQ(settle(w, 10), 0);
	ATF_REQUIRE_EQ(w->writes, writes + 1);
	/* neighbors in one node are dealt with at once */
	for (i = 0; i < 8; i++) {
		p.addr.b[2] = (uint8_t)(8 + i);
		update(w, &p, ENT_ROUTE | 7);
	}
	writes = w->writes;
	ATF_REQUIRE_EQ(settle(w, 100), 0);
	ATF_REQUIRE_EQ(w->writes, writes + 2);
	check_empty(w);
	world_free(w);
}

/* A change of one slot in a full table does not wait for a change of all. */
ATF_TC_WITHOUT_HEAD(slices);
ATF_TC_BODY(slices, tc)
{
	struct world	*w = world_new(AF_INET, UNITS_MAX);
	struct prefix	 p, q;
	int		 steps = 0, shown = 0;

	ATF_REQUIRE_EQ(prefix_parse("0.0.0.0/0", &p, NULL), 0);
	ATF_REQUIRE_EQ(prefix_parse("200.1.2.0/24", &q, NULL), 0);
	update(w, &p, ENT_ROUTE | 5);
	ATF_REQUIRE_EQ(fib_step(w->fib, 1), 1);
	update(w, &q, ENT_ROUTE | 6);
	while (fib_step(w->fib, 1) == 1) {
		steps++;
		if (shown == 0 && (fib_lookup(w->fib, &q.addr) & LEAF_ID) == 6)
			shown = steps;
	}
	/* its slot was dirty anyway, or it came first: both are in time */
	ATF_REQUIRE(steps > 1000);
	ATF_REQUIRE(shown > 0);
	check_empty(w);
	world_free(w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, single4);
	ATF_TP_ADD_TC(tp, single6);
	ATF_TP_ADD_TC(tp, batches4);
	ATF_TP_ADD_TC(tp, batches6);
	ATF_TP_ADD_TC(tp, full4);
	ATF_TP_ADD_TC(tp, full6);
	ATF_TP_ADD_TC(tp, borders4);
	ATF_TP_ADD_TC(tp, borders6);
	ATF_TP_ADD_TC(tp, flap);
	ATF_TP_ADD_TC(tp, slices);
	return (atf_no_error());
}
