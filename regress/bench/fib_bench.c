/* SPDX-License-Identifier: ISC */
/*
 * What the tree and the FIB cost: memory, time to build, time of an update,
 * time of a lookup, and what churn does to the pool.  In user space, on
 * tables as the writer fills them; medians of interleaved rounds.
 *
 * fib_bench [N4 N6 ROUNDS]
 */
#include <sys/socket.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../rde/fib.h"
#include "../tools/walk.h"
#include "bench.h"

#define ADDRS (1U << 20)
#define LOOKUPS 1000000U
#define UPDATES 4000U

/* Tables as a program has them. */
struct tables {
	uint32_t *dir;
	uint32_t *pool;
	bool v6;
	uint64_t calls, words;
};

struct bench {
	const char *name;
	int af;
	struct dfz_route *routes;
	uint32_t n;
	struct tables t;
	struct tree *tree;
	struct fib *fib;
	struct key *uniform, *zipf;
	uint32_t *victims[2]; /* routes of two lengths, to flap */
	uint32_t nvictims[2];
};

static const uint8_t victim_len[2][2] = { { 24, 16 }, { 48, 32 } };

enum {
	T_UNIFORM,
	T_ZIPF,
	T_EMPTY,
	T_BUILD,
	T_COMPILE,
	T_ANN_LONG,
	T_WD_LONG,
	T_NH_LONG,
	T_ANN_SHORT,
	T_WD_SHORT,
	T_MAX
};

static double times[2][T_MAX][ROUNDS_MAX];

static double
now(void)
{
	/* CPU time: others may be busy on this machine */
	return (clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

static double
median(const double *v, int n)
{
	double s[ROUNDS_MAX];

	memcpy(s, v, (size_t)n * sizeof(*s));
	qsort(s, (size_t)n, sizeof(*s), double_cmp);
	return (s[n / 2]);
}

static int
table_write(void *arg, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	struct tables *t = arg;
	bool dir = table == FIB_TABLE_DIR4 || table == FIB_TABLE_DIR6;

	memcpy((dir ? t->dir : t->pool) + index, words, n * 4UL);
	t->calls++;
	t->words += n;
	return (0);
}

/* The walk of the programs; without it, only what is around it. */
static inline uint32_t
walk(const struct tables *t, const struct key *k)
{
	if (t->v6)
		return (walk6(t->dir, t->pool, k->hi, k->lo));
	return (walk4(t->dir, t->pool, (uint32_t)(k->hi >> 32)));
}

static volatile uint32_t sink;

/* ns each; every address depends on the answer before. */
static double
lookups(const struct bench *b, const struct key *keys, bool empty)
{
	double start = now();
	uint32_t i, at = 0, sum = 0;
	uint64_t x = SEED;
	struct key k;

	for (i = 0; i < LOOKUPS; i++) {
		k = keys[at];
		/* at least a dependence on the key that was loaded */
		sum += empty ? (uint32_t)k.hi & 0xff : walk(&b->t, &k);
		x = (x + sum) * 6364136223846793005ULL + 1442695040888963407ULL;
		at = (uint32_t)(x >> 44);
	}
	sink = sum;
	return ((now() - start) / LOOKUPS);
}

static void
route_set(struct bench *b, const struct dfz_route *r, bool up, uint32_t shift)
{
	struct tree_ent *e;

	if ((e = tree_insert(b->tree, &r->prefix)) == NULL)
		err(1, "tree_insert");
	e->leaf = (e->leaf & ENT_DIRTY) |
	    (up ? ENT_ROUTE |
			((r->nexthop + shift) % NEXTHOPS + LEAF_ID_FIRST) :
		  0);
	e->dest = up;
	if (fib_dirty(b->fib, &r->prefix) == -1)
		err(1, "fib_dirty");
}

static void
grace(struct bench *b)
{
	uint32_t epoch;

	if ((epoch = fib_seal(b->fib)) != 0)
		fib_release(b->fib, epoch);
}

/* ns an update: the same routes withdrawn, announced, changed. */
static double
updates(struct bench *b, int which, bool up, uint32_t shift)
{
	double start = now();
	uint32_t i, n = b->nvictims[which];

	for (i = 0; i < n; i++) {
		route_set(b, &b->routes[b->victims[which][i]], up, shift);
		settle(b->fib);
		if (i % GRACE == 0)
			grace(b);
	}
	return ((now() - start) / n);
}

static void
tables_clear(struct bench *b, uint32_t units)
{
	memset(b->t.dir, 0, (b->t.v6 ? FIB6_DIR_WORDS : FIB4_DIR_WORDS) * 4UL);
	memset(b->t.pool, 0, units * 8UL);
	b->t.calls = b->t.words = 0;
}

static void
build(struct bench *b, double *tree_ns, double *fib_ns, uint32_t units)
{
	struct tree_ent *e;
	double start;
	uint32_t i;

	fib_free(b->fib);
	tree_free(b->tree);
	tables_clear(b, units);
	if ((b->tree = tree_new(b->af)) == NULL)
		err(1, "tree");
	start = now();
	for (i = 0; i < b->n; i++) {
		if ((e = tree_insert(b->tree, &b->routes[i].prefix)) == NULL)
			err(1, "tree_insert");
		e->leaf = ENT_ROUTE | (b->routes[i].nexthop + LEAF_ID_FIRST);
		e->dest = i + 1;
	}
	*tree_ns = now() - start;
	b->fib = fib_new(b->tree, units, table_write, &b->t);
	if (b->fib == NULL)
		err(1, "fib_new");
	fib_dirty_all(b->fib);
	start = now();
	settle(b->fib);
	*fib_ns = now() - start;
}

static void
check(const struct bench *b)
{
	struct addr a;
	uint32_t i;

	memset(&a, 0, sizeof(a));
	a.af = (uint8_t)b->af;
	for (i = 0; i < 200000; i++) {
		key_to(&b->uniform[i], &a);
		if (walk(&b->t, &b->uniform[i]) != fib_expect(b->fib, &a))
			errx(1, "%s: wrong answer", b->name);
	}
}

/* An address in one of the prefixes. */
static struct key
address_in(const struct bench *b, uint32_t i)
{
	struct key k = key_from(&b->routes[i].prefix.addr);
	unsigned int len = b->routes[i].prefix.len;
	uint64_t r = rnd_bits();

	k.hi |= len < 64 ? r >> len : 0;
	if (b->t.v6)
		k.lo = rnd_bits();
	else
		k.hi &= 0xffffffff00000000ULL;
	return (k);
}

static void
prepare(struct bench *b, uint32_t units)
{
	uint32_t i, k;

	b->t.v6 = b->af == AF_INET6;
	b->t.dir = calloc(b->t.v6 ? FIB6_DIR_WORDS : FIB4_DIR_WORDS, 4);
	b->t.pool = calloc(units + FIB_NODE_UNITS_MAX, 8);
	b->uniform = calloc(ADDRS, sizeof(*b->uniform));
	b->zipf = calloc(ADDRS, sizeof(*b->zipf));
	if (b->t.dir == NULL || b->t.pool == NULL || b->uniform == NULL ||
	    b->zipf == NULL)
		err(1, NULL);
	shuffle(b->routes, b->n);
	for (i = 0; i < ADDRS; i++) {
		b->uniform[i] = address_in(b, rnd(b->n));
		b->zipf[i] = address_in(b, rnd_zipf(b->n));
	}
	for (k = 0; k < 2; k++) {
		b->victims[k] = calloc(UPDATES, sizeof(**b->victims));
		if (b->victims[k] == NULL)
			err(1, NULL);
		for (i = 0; i < b->n && b->nvictims[k] < UPDATES; i++)
			if (b->routes[i].prefix.len == victim_len[b->t.v6][k])
				b->victims[k][b->nvictims[k]++] = i;
	}
}

static void
round_of(struct bench *b, int r, uint32_t units)
{
	double(*t)[ROUNDS_MAX] = times[b->t.v6];

	build(b, &t[T_BUILD][r], &t[T_COMPILE][r], units);
	t[T_EMPTY][r] = lookups(b, b->uniform, true);
	t[T_UNIFORM][r] = lookups(b, b->uniform, false) - t[T_EMPTY][r];
	t[T_EMPTY][r] = lookups(b, b->zipf, true);
	t[T_ZIPF][r] = lookups(b, b->zipf, false) - t[T_EMPTY][r];
	t[T_WD_LONG][r] = updates(b, 0, false, 0);
	t[T_ANN_LONG][r] = updates(b, 0, true, 0);
	t[T_NH_LONG][r] = updates(b, 0, true, 1);
	t[T_WD_SHORT][r] = updates(b, 1, false, 0);
	t[T_ANN_SHORT][r] = updates(b, 1, true, 0);
}

static void
report(struct bench *b, int rounds)
{
	struct fib_stats s;
	double(*t)[ROUNDS_MAX] = times[b->t.v6];
	int v6 = b->t.v6;

	grace(b);
	fib_stats(b->fib, &s);
	printf("%s: %u prefixes\n", b->name, b->n);
	printf("  tree %.1f B/prefix (%.1f MiB), inserts %.0f ms\n",
	    (double)tree_memory(b->tree) / b->n,
	    (double)tree_memory(b->tree) / 1048576,
	    median(t[T_BUILD], rounds) / 1e6);
	printf("  pool %.1f B/prefix (%.2f MiB, %u nodes) and %.0f MiB direct, "
	       "compiled in %.0f ms\n",
	    s.units_used * 8.0 / b->n, s.units_used * 8.0 / 1048576, s.nodes,
	    v6 ? 4.0 : 1.0, median(t[T_COMPILE], rounds) / 1e6);
	printf("  update ns: /%u announce %.0f withdraw %.0f next hop %.0f; "
	       "/%u announce %.0f withdraw %.0f\n",
	    victim_len[v6][0], median(t[T_ANN_LONG], rounds),
	    median(t[T_WD_LONG], rounds), median(t[T_NH_LONG], rounds),
	    victim_len[v6][1], median(t[T_ANN_SHORT], rounds),
	    median(t[T_WD_SHORT], rounds));
	printf("  dependent lookup ns: uniform %.0f, Zipf %.0f\n",
	    median(t[T_UNIFORM], rounds), median(t[T_ZIPF], rounds));
}

/* Flap a part of a table for long: how much of the pool does it touch? */
static void
churn(struct bench *b, uint32_t n, uint32_t count, uint32_t units)
{
	struct fib_stats s;
	uint32_t i, first;
	double t1, t2;
	size_t tree;

	if (n > b->n)
		n = b->n;
	b->n = n;
	build(b, &t1, &t2, units);
	grace(b);
	fib_stats(b->fib, &s);
	first = b->fib->pool.top;
	tree = tree_memory(b->tree);
	for (i = 0; i < count; i++) {
		route_set(b, &b->routes[rnd(n)], rnd(3) != 0, rnd(9));
		settle(b->fib);
		if (i % GRACE == 0)
			grace(b);
	}
	grace(b);
	printf("%s churn: %u updates on %u prefixes: pool %u units at first, "
	       "%u touched now, ",
	    b->name, count, n, first, b->fib->pool.top);
	fib_stats(b->fib, &s);
	printf("%u used; tree %.1f MiB, then %.1f MiB\n", s.units_used,
	    (double)tree / 1048576, (double)tree_memory(b->tree) / 1048576);
	check(b);
}

int
main(int argc, char **argv)
{
	struct bench b[2];
	struct dfz d;
	uint32_t n4 = 1050000, n6 = 250000, units = 1U << 21;
	int rounds = 9, r, i;

	if (argc != 1 && argc != 4)
		errx(1, "usage: fib_bench [N4 N6 ROUNDS]");
	if (argc == 4) {
		n4 = (uint32_t)atoi(argv[1]);
		n6 = (uint32_t)atoi(argv[2]);
		rounds = atoi(argv[3]);
	}
	if (n4 < 1000 || n6 < 1000 || rounds < 1 || rounds > ROUNDS_MAX)
		errx(1, "N4 and N6 from 1000, ROUNDS 1 to %d", ROUNDS_MAX);
	if (dfz_make(&d, n4, n6, NEXTHOPS, SEED) == -1)
		err(1, "table");
	memset(b, 0, sizeof(b));
	b[0].name = "IPv4";
	b[0].af = AF_INET;
	b[0].routes = d.v4;
	b[0].n = d.n4;
	b[1].name = "IPv6";
	b[1].af = AF_INET6;
	b[1].routes = d.v6;
	b[1].n = d.n6;
	for (i = 0; i < 2; i++)
		prepare(&b[i], units);
	for (r = 0; r < rounds; r++)
		for (i = 0; i < 2; i++) {
			round_of(&b[i], r, units);
			if (r == 0)
				check(&b[i]);
		}
	for (i = 0; i < 2; i++)
		report(&b[i], rounds);
	for (i = 0; i < 2; i++)
		churn(&b[i], 200000, 1000000, units);
	return (0);
}
