/* SPDX-License-Identifier: ISC */
/*
 * What a change of one prefix waits for while short prefixes change all the
 * time: from fib_dirty to its last word, in user space, with the tables as the
 * writer fills them and steps as long as the daemon's.
 *
 * slice_bench [N4 N6 SAMPLES]
 */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "../../rde/fib.h"
#include "bench.h"

#define STEP_NODES 1024 /* as the daemon's */
#define UNITS (1U << 22)
#define TIMES_MAX 100000
#define STEPS_MAX 1000000

struct world {
	struct tree *tree;
	struct fib *fib;
	uint32_t *dir, *pool;
	bool v6;
	const struct prefix *single; /* whose last write is waited for */
	uint64_t single_work; /* the FIB's, when it was planned; 0: not yet */
	double single_end;
	struct dfz_route *routes;
	uint32_t n;
	uint32_t *singles; /* routes to be changed one by one */
	uint32_t nsingles;
};

/* A short prefix that is toggled; none: nothing else goes on. */
struct load {
	const char *name;
	const char *toggle;
	bool all; /* and everything made dirty, at times */
};

static double times[TIMES_MAX], steps[STEPS_MAX];
static unsigned int nsteps;

/* CPU time: others may be busy on this machine. */
static double
now(void)
{
	return (clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

static bool
is_dirty(struct world *w, const struct prefix *p)
{
	const struct tree_ent *e = tree_get(w->tree, p);

	return (e != NULL && e->leaf & ENT_DIRTY);
}

static int
table_write(void *arg, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	struct world *w = arg;
	bool dir = table == FIB_TABLE_DIR4 || table == FIB_TABLE_DIR6;

	memcpy((dir ? w->dir : w->pool) + index, words, n * 4UL);
	if (w->single == NULL)
		return (0);
	/* it is in the first plan after which it is no longer dirty */
	if (w->single_work == 0 && !is_dirty(w, w->single))
		w->single_work = w->fib->work;
	if (w->single_work == w->fib->work)
		w->single_end = now();
	return (0);
}

static void
change(struct world *w, const struct prefix *p, uint32_t leaf)
{
	struct tree_ent *e;

	if ((e = tree_insert(w->tree, p)) == NULL)
		err(1, "tree_insert");
	e->leaf = (e->leaf & ENT_DIRTY) | leaf;
	e->dest = leaf != 0;
	if (fib_dirty(w->fib, p) == -1)
		err(1, "fib_dirty");
}

static void
grace(struct world *w)
{
	uint32_t epoch;

	if ((epoch = fib_seal(w->fib)) != 0)
		fib_release(w->fib, epoch);
}

static void
world_make(struct world *w, int af, struct dfz_route *routes, uint32_t n,
    uint8_t len)
{
	struct tree_ent *e;
	uint32_t i;

	memset(w, 0, sizeof(*w));
	w->v6 = af == AF_INET6;
	w->routes = routes;
	w->n = n;
	w->dir = calloc(w->v6 ? FIB6_DIR_WORDS : FIB4_DIR_WORDS, 4);
	w->pool = calloc(UNITS, 8);
	w->singles = calloc(n, sizeof(*w->singles));
	w->tree = tree_new(af);
	if (w->dir == NULL || w->pool == NULL || w->singles == NULL ||
	    w->tree == NULL ||
	    (w->fib = fib_new(w->tree, UNITS, table_write, w)) == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++) {
		if ((e = tree_insert(w->tree, &routes[i].prefix)) == NULL)
			err(1, "tree_insert");
		e->leaf = ENT_ROUTE | (routes[i].nexthop + LEAF_ID_FIRST);
		e->dest = 1;
		if (routes[i].prefix.len == len)
			w->singles[w->nsingles++] = i;
	}
	fib_dirty_all(w->fib);
	while (fib_step(w->fib, STEP_NODES) == 1)
		;
	grace(w);
}

static void
world_free(struct world *w)
{
	fib_free(w->fib);
	tree_free(w->tree);
	free(w->dir);
	free(w->pool);
	free(w->singles);
}

static void
step(struct world *w)
{
	double start = now();

	if (fib_step(w->fib, STEP_NODES) == -1)
		err(1, "fib_step");
	if (nsteps < STEPS_MAX)
		steps[nsteps++] = now() - start;
}

static void
measure(struct world *w, const char *name, const struct load *l,
    unsigned int samples)
{
	const struct dfz_route *r;
	struct prefix p;
	double start;
	unsigned int i, k, toggles = 0;

	nsteps = 0;
	if (l->toggle != NULL && prefix_parse(l->toggle, &p, NULL) == -1)
		errx(1, "%s", l->toggle);
	for (i = 0; i < samples; i++) {
		/* at a random moment of what goes on */
		for (k = rnd(12); l->toggle != NULL && k > 0; k--) {
			if (fib_pending(w->fib) == 0 || rnd(4) == 0)
				change(w, &p,
				    ENT_ROUTE | (700 + toggles++ % 9));
			if (l->all && rnd(20) == 0)
				fib_dirty_all(w->fib);
			step(w);
		}
		r = &w->routes[w->singles[rnd(w->nsingles)]];
		w->single_work = 0;
		start = now();
		change(w, &r->prefix, ENT_ROUTE | (2 + rnd(NEXTHOPS)));
		w->single = &r->prefix;
		while (is_dirty(w, &r->prefix))
			step(w);
		w->single = NULL;
		/* no write at all: it was so before */
		times[i] =
		    (w->single_work == 0 ? now() : w->single_end) - start;
		if (i % GRACE == 0 || l->toggle != NULL)
			grace(w);
	}
	while (fib_pending(w->fib) > 0)
		step(w);
	qsort(times, samples, sizeof(*times), double_cmp);
	qsort(steps, nsteps, sizeof(*steps), double_cmp);
	printf("%-21s %-25s %7.1f %7.1f %8.1f %8.0f %8.0f\n", name, l->name,
	    times[samples / 2] / 1e3, times[samples * 99UL / 100] / 1e3,
	    times[samples - 1] / 1e3, steps[nsteps * 99UL / 100] / 1e3,
	    steps[nsteps - 1] / 1e3);
	fflush(stdout);
}

/* All of them in one /24. */
static struct dfz_route *
hostile(uint32_t n)
{
	struct dfz_route *r;
	uint64_t hi;
	uint32_t i, k;

	if ((r = calloc(n, sizeof(*r))) == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++) {
		hi = 0x2a00120000000000ULL | (rnd_bits() & 0xffffffffffULL);
		r[i].prefix.addr.af = AF_INET6;
		r[i].prefix.len = (uint8_t)(rnd(3) ? 48 : 40 + rnd(25));
		for (k = 0; k < 8; k++)
			r[i].prefix.addr.b[k] = (uint8_t)(hi >> (56 - 8 * k));
		prefix_mask(&r[i].prefix);
		r[i].nexthop = rnd(NEXTHOPS);
	}
	return (r);
}

static const struct load loads4[] = { { "nothing", NULL, false },
	{ "185.0.0.0/8 toggled", "185.0.0.0/8", false },
	{ "0.0.0.0/0 toggled", "0.0.0.0/0", false },
	{ "0.0.0.0/0, and all dirty", "0.0.0.0/0", true } };
static const struct load loads6[] = { { "nothing", NULL, false },
	{ "2a00::/12 toggled", "2a00::/12", false },
	{ "::/0 toggled", "::/0", false },
	{ "::/0, and all dirty", "::/0", true } };
static const struct load loadsh[] = { { "nothing", NULL, false },
	{ "2a00:1200::/24 toggled", "2a00:1200::/24", false },
	{ "2a00:1200::/25 toggled", "2a00:1200::/25", false },
	{ "::/0, and all dirty", "::/0", true } };

static void
run(const char *name, int af, struct dfz_route *routes, uint32_t n, uint8_t len,
    const struct load *loads, unsigned int samples)
{
	struct world w;
	unsigned int i;

	world_make(&w, af, routes, n, len);
	for (i = 0; i < 4; i++)
		measure(&w, name, &loads[i], samples);
	world_free(&w);
}

int
main(int argc, char **argv)
{
	struct dfz d;
	struct dfz_route *h;
	uint32_t n4 = 1050000, n6 = 250000;
	unsigned int samples = 1000;

	if (argc != 1 && argc != 4)
		errx(1, "usage: slice_bench [N4 N6 SAMPLES]");
	if (argc == 4) {
		n4 = (uint32_t)atoi(argv[1]);
		n6 = (uint32_t)atoi(argv[2]);
		samples = (unsigned int)atoi(argv[3]);
	}
	if (n4 < 1000 || n6 < 1000 || samples < 1 || samples > TIMES_MAX)
		errx(1, "N4 and N6 from 1000, SAMPLES 1 to %d", TIMES_MAX);
	if (dfz_make(&d, n4, n6, NEXTHOPS, SEED) == -1)
		err(1, "table");
	h = hostile(n6);
	printf("CPU us from one change to its last write, and of steps:\n"
	       "%-21s %-25s %7s %7s %8s %8s %8s\n",
	    "one prefix in", "meanwhile", "p50", "p99", "max", "step p99",
	    "step max");
	run("IPv4, a /24", AF_INET, d.v4, d.n4, 24, loads4, samples);
	run("IPv6, a /48", AF_INET6, d.v6, d.n6, 48, loads6, samples);
	run("IPv6, all in one /24", AF_INET6, h, n6, 48, loadsh, samples);
	free(h);
	dfz_free(&d);
	return (0);
}
