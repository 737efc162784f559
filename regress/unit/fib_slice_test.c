/* SPDX-License-Identifier: ISC */
/*
 * Tables in which one area is far larger than a plan may be: every plan is
 * bounded, and every address has its old or its new answer after every write,
 * however an area is cut into slices and whatever happens to it meanwhile.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/fib.h"
#include "../tools/walk.h"

#define PROBES 24
#define UNITS (1U << 17)
#define ROUTES 2400
/* A slice, the way down to it, and a plan of slots that had begun before. */
#define PLAN_MAX (2 * FIB_SLICE + 64)

struct probe {
	struct addr a;
	uint32_t before, after;
};

struct world {
	int af;
	struct tree *tree;
	struct fib *fib;
	uint32_t units;
	uint32_t *dir, *pool;
	struct prefix *routes;
	uint32_t n;
	struct probe probe[PROBES];
	bool check;
	unsigned int refuse; /* one in so many; 0: never */
	uint32_t longest; /* plan, of all that were seen */
	uint64_t longest_step;
	unsigned int budget;
	uint32_t steps;
};

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33) % n);
}

static uint32_t
shadow(const struct world *w, const struct addr *a)
{
	struct key k = key_from(a);

	if (w->af == AF_INET)
		return (walk4(w->dir, w->pool, (uint32_t)(k.hi >> 32)));
	return (walk6(w->dir, w->pool, k.hi, k.lo));
}

static int
writer(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	struct world *w = arg;
	struct fib_plan *p = &w->fib->plan;
	struct probe *pr;
	bool dir = t == FIB_TABLE_DIR4 || t == FIB_TABLE_DIR6;
	char buf[ADDRSTRLEN];
	uint32_t now;

	if (p->nnodes > w->longest)
		w->longest = p->nnodes;
	if (p->nunlinked > w->longest)
		w->longest = p->nunlinked;
	if (w->refuse > 0 && rnd(w->refuse) == 0)
		return (-1);
	memcpy((dir ? w->dir : w->pool) + index, words, n * 4UL);
	for (pr = w->probe; w->check && pr < w->probe + PROBES; pr++) {
		now = shadow(w, &pr->a);
		if (now != pr->before && now != pr->after)
			atf_tc_fail("%s: %#x, was %#x, to be %#x",
			    addr_format(&pr->a, buf), now, pr->before,
			    pr->after);
	}
	return (0);
}

static struct world *
world_new(int af, uint32_t units)
{
	struct world *w = calloc(1, sizeof(*w));

	ATF_REQUIRE(w != NULL);
	w->af = af;
	w->units = units;
	w->budget = 1;
	w->dir = calloc(af == AF_INET ? FIB4_DIR_WORDS : FIB6_DIR_WORDS, 4);
	w->pool = calloc(units, 8);
	w->routes = calloc(ROUTES, sizeof(*w->routes));
	w->tree = tree_new(af);
	ATF_REQUIRE(w->dir != NULL && w->pool != NULL && w->tree != NULL &&
	    w->routes != NULL);
	ATF_REQUIRE((w->fib = fib_new(w->tree, units, writer, w)) != NULL);
	return (w);
}

static void
world_free(struct world *w)
{
	fib_free(w->fib);
	tree_free(w->tree);
	free(w->dir);
	free(w->pool);
	free(w->routes);
	free(w);
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	return (p);
}

static void
set(struct world *w, const struct prefix *p, uint32_t leaf)
{
	struct tree_ent *e = tree_insert(w->tree, p);

	ATF_REQUIRE(e != NULL);
	e->leaf = (e->leaf & ENT_DIRTY) | leaf;
	e->dest = leaf != 0;
	ATF_REQUIRE_EQ(fib_dirty(w->fib, p), 0);
}

/* An address in a prefix. */
static struct addr
within(const struct prefix *p)
{
	struct addr a = p->addr;
	int i;

	for (i = p->len; i < af_bits(a.af); i++)
		if (rnd(2))
			a.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return (a);
}

/* Many long prefixes in one area. */
static void
fill(struct world *w, const char *area, uint32_t n, uint8_t from, uint8_t to)
{
	struct prefix in = prefix(area), *p;
	struct tree_ent *e;

	ATF_REQUIRE(n <= ROUTES);
	for (w->n = 0; w->n < n; w->n++) {
		p = &w->routes[w->n];
		p->addr = within(&in);
		p->len = (uint8_t)(from + rnd(to - from + 1U));
		prefix_mask(p);
		ATF_REQUIRE((e = tree_insert(w->tree, p)) != NULL);
		e->leaf = ENT_ROUTE | (LEAF_ID_FIRST + rnd(9000));
		e->dest = 1;
	}
	fib_dirty_all(w->fib);
}

/* Probe these answers from here on: what they are, and will be. */
static void
probes_before(struct world *w, const struct prefix *in)
{
	struct probe *p;

	for (p = w->probe; p < w->probe + PROBES; p++) {
		p->a = within(rnd(3) ? &w->routes[rnd(w->n)] : in);
		p->before = shadow(w, &p->a);
	}
}

static void
probes_after(struct world *w)
{
	struct probe *p;

	for (p = w->probe; p < w->probe + PROBES; p++)
		p->after = fib_expect(w->fib, &p->a);
	w->check = true;
}

static void
release(struct world *w)
{
	uint32_t epoch;

	if ((epoch = fib_seal(w->fib)) != 0)
		fib_release(w->fib, epoch);
}

/* One slice; as fib_step. */
static int
step(struct world *w)
{
	uint64_t before = w->fib->work;
	int ret, error;

	ret = fib_step(w->fib, w->budget);
	error = errno;
	if (w->fib->work - before > w->longest_step)
		w->longest_step = w->fib->work - before;
	w->steps++;
	ATF_REQUIRE(w->steps < 10000000);
	errno = error;
	return (ret);
}

/* Until all is done, or does not fit. */
static int
settle(struct world *w)
{
	int ret;

	while ((ret = step(w)) != 0)
		if (ret == -1 && errno != EAGAIN)
			return (-1);
	w->check = false;
	return (0);
}

static void
check_all(struct world *w)
{
	struct addr a;
	char buf[ADDRSTRLEN];
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		a = within(&w->routes[i]);
		ATF_REQUIRE_EQ_MSG(shadow(w, &a), fib_expect(w->fib, &a),
		    "%s: %#x is not %#x", addr_format(&a, buf), shadow(w, &a),
		    fib_expect(w->fib, &a));
		ATF_REQUIRE_EQ(fib_lookup(w->fib, &a), shadow(w, &a));
	}
}

/* All nodes there are, by a compile of its own in one go. */
static int
discard(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	return (0);
}

static void
check_canonical(struct world *w)
{
	struct fib_stats a, b;
	struct fib *f;

	ATF_REQUIRE((f = fib_new(w->tree, w->units, discard, NULL)) != NULL);
	fib_dirty_all(f);
	while (fib_step(f, 1000) == 1)
		;
	fib_stats(f, &a);
	fib_stats(w->fib, &b);
	ATF_REQUIRE_EQ(a.nodes, b.nodes);
	ATF_REQUIRE_EQ(a.units_used, b.units_used);
	fib_free(f);
}

static void
check_bounds(struct world *w)
{
	ATF_REQUIRE_MSG(w->longest <= PLAN_MAX, "a plan of %u nodes",
	    w->longest);
	ATF_REQUIRE_MSG(w->longest_step <= PLAN_MAX + w->budget,
	    "%llu nodes in one step", (unsigned long long)w->longest_step);
	/* and the area was large enough to tell */
	ATF_REQUIRE(w->longest >= FIB_SLICE / 2);
}

struct area {
	const char *in;
	uint8_t from, to; /* lengths */
	const char *over[6]; /* what covers it, in turn */
};

static const struct area area4 = { "10.1.64.0/18", 30, 32,
	{ "10.1.64.0/18", "10.1.64.0/19", "10.1.0.0/16", "10.1.80.0/20",
	    "0.0.0.0/0", NULL } };
static const struct area area6 = { "2a00:1200::/24", 40, 64,
	{ "2a00:1200::/24", "2a00:1200::/25", "2a00:1240::/26", "2a00::/16",
	    "::/0", NULL } };
static const struct area root6 = { "fd00:77::/32", 48, 72,
	{ "fd00::/8", "fc00::/7", "::/0", "fd00:77::/33", "8000::/1", NULL } };
static const struct area *const areas[] = { &area4, &area6, &root6 };

static int
area_af(const struct area *area)
{
	return (area == &area4 ? AF_INET : AF_INET6);
}

static struct world *
area_world(const struct area *area, uint32_t n, uint32_t units)
{
	struct world *w = world_new(area_af(area), units);

	fill(w, area->in, n, area->from, area->to);
	return (w);
}

/* What covers an area changes, once and again; then all of it goes. */
static void
bounded(const struct area *area, unsigned int refuse)
{
	struct world *w;
	struct prefix over, in = prefix(area->in);
	struct fib_stats s;
	uint32_t i;
	int pass;

	seed = area->from;
	w = area_world(area, ROUTES, UNITS);
	w->refuse = refuse;
	ATF_REQUIRE_EQ(settle(w), 0);
	check_all(w);
	for (pass = 0; pass < 3; pass++)
		for (i = 0; area->over[i] != NULL; i++) {
			over = prefix(area->over[i]);
			probes_before(w, &in);
			set(w, &over,
			    pass == 2 ? 0 :
					ENT_ROUTE | (i % 2 ? LEAF_ALLOW : 0) |
				    (7000 + i + 10 * pass));
			probes_after(w);
			ATF_REQUIRE_EQ(settle(w), 0);
			check_all(w);
			release(w);
		}
	check_canonical(w);
	/* everything goes at once, while all is dirty */
	over = prefix(area->over[0]);
	set(w, &over, ENT_ROUTE | 3);
	step(w);
	for (i = 0; i < w->n; i++)
		set(w, &w->routes[i], 0);
	set(w, &over, 0);
	ATF_REQUIRE_EQ(settle(w), 0);
	release(w);
	fib_stats(w->fib, &s);
	ATF_REQUIRE_EQ(s.nodes, 0);
	ATF_REQUIRE_EQ(s.units_used, 0);
	ATF_REQUIRE_EQ(tree_count(w->tree), 0);
	check_bounds(w);
	world_free(w);
}

ATF_TC_WITHOUT_HEAD(bounded4);
ATF_TC_BODY(bounded4, tc)
{
	bounded(&area4, 0);
}

ATF_TC_WITHOUT_HEAD(bounded6);
ATF_TC_BODY(bounded6, tc)
{
	bounded(&area6, 0);
}

ATF_TC_WITHOUT_HEAD(bounded_root);
ATF_TC_BODY(bounded_root, tc)
{
	bounded(&root6, 0);
}

/* A writer that refuses in the middle of it. */
ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	size_t i;

	for (i = 0; i < 3; i++)
		bounded(areas[i], 3);
}

/* An area changes while it is in pieces: what was done of it must not be
   forgotten, nor what is still to come be missed. */
ATF_TC_WITHOUT_HEAD(meanwhile);
ATF_TC_BODY(meanwhile, tc)
{
	struct world *w;
	struct prefix over, in, p;
	struct tree_ent *e;
	uint32_t i, j, changes;
	size_t r;

	for (r = 0; r < 9; r++) {
		seed = 77 + r;
		in = prefix(areas[r / 3]->in);
		w = area_world(areas[r / 3], ROUTES / 2, UNITS);
		w->budget = 60;
		ATF_REQUIRE_EQ(settle(w), 0);
		changes = 0;
		for (i = 0; areas[r / 3]->over[i] != NULL; i++) {
			over = prefix(areas[r / 3]->over[i]);
			set(w, &over, ENT_ROUTE | (6000 + i));
			for (j = 0; step(w) == 1; j++) {
				ATF_REQUIRE(j < 100000);
				if (changes > 300 || rnd(3) != 0)
					continue;
				/* in it: another one, or none, or a new one;
				   or what covers it, anew */
				changes++;
				p = w->routes[rnd(w->n)];
				if (rnd(4) == 0) {
					p.addr = within(&in);
					prefix_mask(&p);
				}
				e = tree_get(w->tree, &p);
				set(w, &p,
				    rnd(3) == 0 ? (e == NULL || e->dest == 0 ?
							  0 :
							  ENT_ROUTE | rnd(5)) :
						  ENT_ROUTE | (10 + rnd(5000)));
				if (rnd(30) == 0)
					set(w, &over,
					    ENT_ROUTE | (8000 + rnd(9)));
				if (rnd(20) == 0)
					release(w);
			}
			release(w);
			check_all(w);
		}
		ATF_REQUIRE(changes > 20);
		check_canonical(w);
		check_bounds(w);
		world_free(w);
	}
}

/* There is no room for all of it: old answers stand, and it goes on when
   there is. */
ATF_TC_WITHOUT_HEAD(no_room);
ATF_TC_BODY(no_room, tc)
{
	struct world *w;
	struct fib_stats s;
	struct prefix in, over;
	uint32_t i, units;
	size_t r;
	int stuck;

	for (r = 0; r < 3; r++) {
		seed = 99 + r;
		in = prefix(areas[r]->in);
		/* how much would do? */
		w = area_world(areas[r], ROUTES / 2, UNITS);
		ATF_REQUIRE_EQ(settle(w), 0);
		fib_stats(w->fib, &s);
		units = s.units_used;
		world_free(w);
		seed = 99 + r;
		w = area_world(areas[r], ROUTES / 2, units / 2);
		probes_before(w, &in);
		probes_after(w);
		ATF_REQUIRE_EQ(settle(w), -1);
		ATF_REQUIRE_EQ(errno, ENOSPC);
		ATF_REQUIRE(fib_pending(w->fib) > 0);
		/* nothing is waited for in vain */
		ATF_REQUIRE_EQ(step(w), -1);
		/* another thing that does fit is not held up */
		over = prefix(w->af == AF_INET ? "99.0.0.0/8" : "2c00::/16");
		set(w, &over, ENT_ROUTE | 5);
		(void)settle(w);
		ATF_REQUIRE_EQ(shadow(w, &over.addr), 5);
		w->check = false;
		for (stuck = 0, i = 0; i < w->n * 9 / 10; i++) {
			set(w, &w->routes[i], 0);
			stuck += settle(w) == -1;
			if (i % 50 == 0)
				release(w);
		}
		ATF_REQUIRE(stuck > 10);
		release(w);
		(void)settle(w);
		release(w);
		ATF_REQUIRE_EQ(settle(w), 0);
		check_all(w);
		check_bounds(w);
		world_free(w);
	}
}

/* While areas are worked on, a lone prefix is next but one. */
ATF_TC_WITHOUT_HEAD(in_between);
ATF_TC_BODY(in_between, tc)
{
	struct world *w;
	struct prefix over, one;
	uint64_t work, longest;
	uint32_t i, want;

	seed = 5;
	longest = 0;
	w = area_world(&area6, ROUTES, UNITS);
	ATF_REQUIRE_EQ(settle(w), 0);
	one = prefix("2801:99::/48");
	for (i = 0; i < 200; i++) {
		/* without end */
		over = prefix(i % 3 == 0 ? "::/0" :
			i % 3 == 1	 ? "2000::/5" :
					   "2a00:1200::/25");
		set(w, &over, ENT_ROUTE | (5000 + i));
		if (i % 20 == 7)
			fib_dirty_all(w->fib);
		for (work = rnd(200); work > 0; work--)
			step(w);
		want = 100 + i;
		work = w->fib->work;
		set(w, &one, ENT_ROUTE | want);
		while (shadow(w, &one.addr) != want)
			ATF_REQUIRE_EQ(step(w), 1);
		if (w->fib->work - work > longest)
			longest = w->fib->work - work;
	}
	/* what is under way to its end, the turn, and itself */
	ATF_REQUIRE_MSG(longest <= 4 * FIB_SLICE, "%llu nodes before it",
	    (unsigned long long)longest);
	ATF_REQUIRE_EQ(settle(w), 0);
	check_all(w);
	world_free(w);
}

static void
set_by(struct world *w, const struct prefix *p, uint32_t leaf, unsigned int by)
{
	struct tree_ent *e = tree_insert(w->tree, p);

	ATF_REQUIRE(e != NULL);
	e->leaf = (e->leaf & ENT_DIRTY) | leaf;
	e->dest = leaf != 0;
	ATF_REQUIRE_EQ(fib_dirty_by(w->fib, p, by), 0);
}

/* Nodes until the one prefix is there, while a neighbor changes all it has. */
static uint64_t
waited(struct world *w, struct fib *f, unsigned int by)
{
	struct prefix one = prefix("10.9.9.0/24");
	uint64_t work;
	uint32_t i;

	seed = 4242;
	fill(w, "10.64.0.0/10", ROUTES, 22, 24);
	ATF_REQUIRE_EQ(settle(w), 0);
	for (i = 0; i < ROUTES; i++)
		set_by(w, &w->routes[i], ENT_ROUTE | (400 + i), 7);
	for (i = 0; i < 50; i++)
		step(w);
	set_by(w, &one, ENT_ROUTE | 99, by);
	if (f != NULL) {
		/* tables of another generation take over what is queued */
		ATF_REQUIRE_EQ(fib_inherit(f, w->fib), 0);
		ATF_REQUIRE(fib_pending(f) > ROUTES / 2);
		memset(w->dir, 0, FIB4_DIR_WORDS * 4UL);
		fib_free(w->fib);
		w->fib = f;
	}
	work = w->fib->work;
	while (shadow(w, &one.addr) != 99)
		ATF_REQUIRE_EQ(step(w), 1);
	work = w->fib->work - work;
	ATF_REQUIRE_EQ(settle(w), 0);
	ATF_REQUIRE_EQ(fib_pending(w->fib), 0);
	if (f == NULL)
		check_all(w);
	return (work);
}

/* What one neighbor changes waits for a batch of another's, not for all. */
ATF_TC_WITHOUT_HEAD(by_turns);
ATF_TC_BODY(by_turns, tc)
{
	static const unsigned int others[] = { 0, 1, 6, 8, 2049 };
	struct world *w;
	struct fib *f;
	uint64_t work;
	size_t i;

	for (i = 0; i < 2 * sizeof(others) / sizeof(others[0]); i++) {
		w = world_new(AF_INET, UNITS);
		f = i % 2 == 0 ? NULL :
				 fib_new(w->tree, UNITS, writer, w);
		work = waited(w, f, others[i / 2]);
		/* a node or two each */
		ATF_REQUIRE_MSG(work <= 3 * FIB_BATCH,
		    "%llu nodes before that of %u", (unsigned long long)work,
		    others[i / 2]);
		world_free(w);
	}
	/* and its own are in their order */
	w = world_new(AF_INET, UNITS);
	ATF_REQUIRE(waited(w, NULL, 7) > 3 * FIB_BATCH);
	world_free(w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bounded4);
	ATF_TP_ADD_TC(tp, bounded6);
	ATF_TP_ADD_TC(tp, bounded_root);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, meanwhile);
	ATF_TP_ADD_TC(tp, no_room);
	ATF_TP_ADD_TC(tp, in_between);
	ATF_TP_ADD_TC(tp, by_turns);
	return (atf_no_error());
}
