/* SPDX-License-Identifier: ISC */
/*
 * What a lookup in XDP costs: the walk of the packet path over tables as the
 * daemon makes them, beside the kernel's trie with the same routes, each with
 * and without CAP_PERFMON, and DPDK's rte_fib if its program was built.  Then
 * what grows with the table.
 *
 * Addresses form a chain: where the next one is depends on the last answer, on
 * a bit of it that is never set, so that lists are read in order and take no
 * more of the cache than they must.  An empty chain is subtracted; rounds are
 * interleaved.
 *
 * lookup_bench [N4 N6 ROUNDS [SIZE ...]]
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../parent/dp.h"
#include "../../rde/fib.h"
#include "bench.h"
#include "chase.h"
#include "lists.h"
#include "lookup.h"
#include "rival.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "regress/bench/lookup.skel.h"
#pragma GCC diagnostic pop

#define SIZES_MAX 8
#define NOBODY 65534
#define CHILD_STACK (1U << 20)

#define WALKS (1U << 19) /* timed in a round; multiples of STEPS */
#define TRIES (1U << 16)
#define WARM_UP 8 /* part of it that comes before, untimed */
#define UPDATES 2000U

enum chain { EMPTY, WALK, TRIE, CHAIN_MAX };
enum caps { PERFMON, NO_PERFMON, CAPS_MAX };

struct family {
	int af;
	struct dfz_route *routes;
	uint32_t n;
	struct tree *tree;
	struct fib *fib;
	struct dp *dp;
	double tree_ns, fib_ns;
};

struct world {
	struct dfz dfz;
	struct dp *dp;
	uint32_t units[2];
	struct family f[2];
	int prog[CAPS_MAX][CHAIN_MAX][2];
};

/* Maps of the bench: there for all worlds. */
struct bench {
	struct table addrs, out, state;
	int trie[2];
	double trie_fill[2];
	struct rival rival;
	bool has_rival;
	int (*fds)[CHAIN_MAX][2]; /* where a child tells them */
};

static struct bench b;

/* CPU time: others may be busy on this machine. */
static double
now(void)
{
	return (clock_ns(CLOCK_THREAD_CPUTIME_ID));
}

/* For what is short and whose median is taken. */
static double
now_short(void)
{
	return (clock_ns(CLOCK_MONOTONIC));
}

/* Sorts. */
static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), double_cmp);
	return (v[n / 2]);
}

static int
table_write(void *arg, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	return (dp_table_write(arg, table, index, words, n));
}

static uint32_t
leaf_id(const struct dfz_route *r)
{
	return (r->nexthop + LEAF_ID_FIRST);
}

static void
compile(struct family *f, struct dp *dp, uint32_t units)
{
	struct tree_ent *e;
	double start;
	uint32_t i;

	f->dp = dp;
	shuffle(f->routes, f->n);
	if ((f->tree = tree_new(f->af)) == NULL)
		err(1, "tree");
	start = now();
	for (i = 0; i < f->n; i++) {
		if ((e = tree_insert(f->tree, &f->routes[i].prefix)) == NULL)
			err(1, "tree_insert");
		e->leaf = ENT_ROUTE | leaf_id(&f->routes[i]);
		e->dest = i + 1;
	}
	f->tree_ns = now() - start;
	if ((f->fib = fib_new(f->tree, units, table_write, dp)) == NULL)
		err(1, "fib_new");
	fib_dirty_all(f->fib);
	start = now();
	settle(f->fib);
	f->fib_ns = now() - start;
}

static int
reuse(struct lookup *skel, const struct dp *dp)
{
	const struct {
		struct bpf_map *map;
		int fd;
	} maps[] = {
		{ skel->maps.data_dir4, dp->tables[DP_DIR4].fd },
		{ skel->maps.data_pool4, dp->tables[DP_POOL4].fd },
		{ skel->maps.data_dir6, dp->tables[DP_DIR6].fd },
		{ skel->maps.data_pool6, dp->tables[DP_POOL6].fd },
		{ skel->maps.data_addrs, b.addrs.fd },
		{ skel->maps.data_out, b.out.fd },
		{ skel->maps.data_state, b.state.fd },
		{ skel->maps.lpm4, b.trie[0] },
		{ skel->maps.lpm6, b.trie[1] },
	};
	size_t i;

	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (bpf_map__reuse_fd(maps[i].map, maps[i].fd) != 0)
			return (-1);
	skel->rodata->cfg_pool4_mask =
	    dp->tables[DP_POOL4].size - FIB_POOL_SLACK - 8;
	skel->rodata->cfg_pool6_mask =
	    dp->tables[DP_POOL6].size - FIB_POOL_SLACK - 8;
	return (0);
}

/* The programs stay behind in the table of fds that is shared; no more. */
static void
load(const struct dp *dp, int (*fds)[2])
{
	struct lookup *skel;
	struct bpf_map *map;

	if ((skel = lookup__open()) == NULL || reuse(skel, dp) == -1 ||
	    bpf_object__load(skel->obj) != 0)
		err(1, "cannot load the bench's programs");
	fds[EMPTY][0] = fds[EMPTY][1] = bpf_program__fd(skel->progs.empty);
	fds[WALK][0] = bpf_program__fd(skel->progs.walk4);
	fds[WALK][1] = bpf_program__fd(skel->progs.walk6);
	fds[TRIE][0] = bpf_program__fd(skel->progs.trie4);
	fds[TRIE][1] = bpf_program__fd(skel->progs.trie6);
	for (map = NULL; (map = bpf_object__next_map(skel->obj, map)) != NULL;)
		close(bpf_map__fd(map));
	close(bpf_object__btf_fd(skel->obj));
}

static int
load_perfmon(void *dp)
{
	load(dp, b.fds[PERFMON]);
	_exit(0);
}

/* What the daemon has. */
static int
load_no_perfmon(void *dp)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF,
		CAP_NET_ADMIN, -1) != 0 ||
	    capng_change_id(NOBODY, NOBODY, CAPNG_DROP_SUPP_GRP) != 0)
		errx(1, "cannot drop privileges");
	load(dp, b.fds[NO_PERFMON]);
	_exit(0);
}

/*
 * In a child that shares our fds and nothing else: what it gives up is gone,
 * and a skeleton with foreign maps in it need not be taken apart.
 */
static void
load_in_child(int (*how)(void *), struct dp *dp)
{
	char *stack;
	int status;
	pid_t pid;

	if ((stack = malloc(CHILD_STACK)) == NULL)
		err(1, NULL);
	fflush(stdout);
	pid = clone(how, stack + CHILD_STACK, CLONE_FILES | SIGCHLD, dp);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		err(1, "child");
	if (status != 0)
		errx(1, "the child that loads has failed");
	free(stack);
}

static bool
world_new(struct world *w, uint32_t n4, uint32_t n6)
{
	struct dp_params params = { .nexthops = 1024,
		.groups = 16,
		.mode = MODE_CUSTOM_FIB };
	char why[DP_ERRLEN];
	int i;

	memset(w, 0, sizeof(*w));
	if (dfz_make(&w->dfz, n4, n6, NEXTHOPS, SEED) == -1)
		return (false);
	w->f[0] =
	    (struct family){ .af = AF_INET, .routes = w->dfz.v4, .n = n4 };
	w->f[1] =
	    (struct family){ .af = AF_INET6, .routes = w->dfz.v6, .n = n6 };
	w->units[0] = params.units4 = dp_units(AF_INET, n4);
	w->units[1] = params.units6 = dp_units(AF_INET6, n6);
	if ((w->dp = dp_load(&params, why)) == NULL)
		errx(1, "%s", why);
	for (i = 0; i < 2; i++)
		compile(&w->f[i], w->dp, w->units[i]);
	load_in_child(load_perfmon, w->dp);
	load_in_child(load_no_perfmon, w->dp);
	memcpy(w->prog, b.fds, sizeof(w->prog));
	return (true);
}

static void
world_free(struct world *w)
{
	int c, i;

	for (c = 0; c < CAPS_MAX; c++) {
		close(w->prog[c][EMPTY][0]);
		for (i = 0; i < 2; i++) {
			close(w->prog[c][WALK][i]);
			close(w->prog[c][TRIE][i]);
		}
	}
	for (i = 0; i < 2; i++) {
		fib_free(w->f[i].fib);
		tree_free(w->f[i].tree);
	}
	dp_free(w->dp);
	dfz_free(&w->dfz);
}

/* The kernel's trie with a family's routes. */
static void
trie_fill(const struct family *f, int which)
{
	const size_t key_size = which ? 20 : 8;
	uint32_t i, n = f->n, *values;
	uint8_t *keys;
	double start;

	keys = calloc(n, key_size);
	values = calloc(n, sizeof(*values));
	if (keys == NULL || values == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++) {
		struct lpm_key key = { .len = f->routes[i].prefix.len };

		memcpy(key.addr, f->routes[i].prefix.addr.b, key_size - 4);
		memcpy(keys + i * key_size, &key, key_size);
		values[i] = leaf_id(&f->routes[i]);
	}
	start = now();
	if (bpf_map_update_batch(b.trie[which], keys, values, &n, NULL) != 0 ||
	    n != f->n)
		err(1, "LPM_TRIE");
	b.trie_fill[which] = now() - start;
	free(keys);
	free(values);
}

/* Bytes that a map has, as the kernel counts them. */
static double
map_bytes(int fd)
{
	char path[64], line[128];
	double bytes = 0;
	FILE *fp;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if ((fp = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), fp) != NULL)
		sscanf(line, "memlock: %lf", &bytes);
	fclose(fp);
	return (bytes);
}

static void
run(int prog, uint32_t lookups)
{
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet,
	    .data_size_in = sizeof(packet), .repeat = (int)(lookups / STEPS));

	if (bpf_prog_test_run_opts(prog, &opts) != 0 || opts.retval != XDP_PASS)
		err(1, "BPF_PROG_RUN");
}

static void
chain(int v6, enum list list, bool keep_answers)
{
	struct bench_state *s = b.state.mem;

	s->list = list_start(v6, list);
	s->mix = keep_answers ? 0 : FIB_NODE;
	s->out = keep_answers ? ADDRS - 1 : 0;
	if (keep_answers)
		s->at = 0;
}

/* ns a lookup; goes on in the list where the last one ended. */
static double
timed(const struct world *w, enum caps caps, enum chain which, int v6,
    uint32_t lookups)
{
	int prog = w->prog[caps][which][v6];
	double start;

	run(prog, lookups / WARM_UP);
	start = now();
	run(prog, lookups);
	return ((now() - start) / lookups);
}

/* How many of n answers of a program are not what the tree says. */
static uint32_t
check(const struct family *f, int v6, int prog, enum list list, uint32_t n)
{
	const uint64_t *addrs =
	    (const uint64_t *)b.addrs.mem + list_start(v6, list);
	const uint32_t *out = b.out.mem;
	struct addr a = { .af = (uint8_t)f->af };
	struct key k;
	uint32_t i, want, wrong = 0;

	memset(b.out.mem, 0xff, b.out.size);
	chain(v6, list, true);
	run(prog, n);
	for (i = 0; i < n; i++) {
		k.hi = addrs[i];
		k.lo = v6 ? ~k.hi : 0;
		key_to(&k, &a);
		want = fib_expect(f->fib, &a);
		wrong += out[i] != want || fib_lookup(f->fib, &a) != want;
	}
	return (wrong);
}

/* Has the rival other answers than those that were kept last? */
static bool
rival_differs(int v6, enum list list, uint32_t n)
{
	const uint32_t *out = b.out.mem;
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum = sum * 31 + out[i];
	return (strtoull(rival_ask(&b.rival, 's', v6,
			     list_start(v6, list) / ADDRS, n),
		    NULL, 10) != sum);
}

static void
check_all(const struct world *w, int v6)
{
	static const uint32_t n[LIST_MAX] = { ADDRS, ADDRS / 4, ADDRS / 4,
		ADDRS / 4 };
	const struct family *f = &w->f[v6];
	uint32_t wrong[4] = { 0 }, total = 0;
	enum list list;

	for (list = 0; list < LIST_MAX; list++) {
		wrong[0] +=
		    check(f, v6, w->prog[PERFMON][WALK][v6], list, n[list]);
		wrong[1] +=
		    check(f, v6, w->prog[NO_PERFMON][WALK][v6], list, n[list]);
		wrong[2] +=
		    check(f, v6, w->prog[NO_PERFMON][TRIE][v6], list, n[list]);
		if (b.has_rival)
			wrong[3] += rival_differs(v6, list, n[list]);
		total += n[list];
	}
	printf("%s: wrong of %u addresses (of all lists): walk %u, "
	       "without CAP_PERFMON %u, LPM_TRIE %u\n",
	    v6 ? "IPv6" : "IPv4", total, wrong[0], wrong[1], wrong[2]);
	if (wrong[0] + wrong[1] + wrong[2] != 0)
		errx(1, "wrong answers");
	if (wrong[3] != 0)
		errx(1, "rte_fib: %u lists with other answers", wrong[3]);
}

static double results[2][TIMED_LISTS][CAPS_MAX][CHAIN_MAX][ROUNDS_MAX];
static double rivals[2][TIMED_LISTS][ROUNDS_MAX];

static void
round_of(const struct world *w, int r)
{
	double empty, (*t)[ROUNDS_MAX];
	enum caps c;
	int v6, list;

	for (v6 = 0; v6 < 2; v6++)
		for (list = 0; list < TIMED_LISTS; list++) {
			if (b.has_rival)
				rivals[v6][list][r] =
				    atof(rival_ask(&b.rival, 't', v6,
					list_start(v6, list) / ADDRS, WALKS));
			for (c = 0; c < CAPS_MAX; c++) {
				t = results[v6][list][c];
				chain(v6, list, false);
				empty = timed(w, c, EMPTY, v6, WALKS);
				t[EMPTY][r] = empty;
				t[WALK][r] =
				    timed(w, c, WALK, v6, WALKS) - empty;
				t[TRIE][r] =
				    timed(w, c, TRIE, v6, TRIES) - empty;
			}
		}
}

static const char *const list_names[] = { "uniform", "Zipf", "space" };

/* Before row, which sorts. */
static void
rival_row(int v6, int list, int rounds)
{
	double ratio[ROUNDS_MAX], *t = rivals[v6][list];
	double *walk = results[v6][list][NO_PERFMON][WALK];
	int i;

	for (i = 0; i < rounds; i++)
		ratio[i] = t[i] / walk[i];
	median(t, (size_t)rounds);
	printf("%-5s %-8s %-16s %6.1f /%6.1f  times as long as the walk: "
	       "%.2f\n",
	    v6 ? "IPv6" : "IPv4", list_names[list], "", t[0], t[rounds / 2],
	    median(ratio, (size_t)rounds));
}

static void
rival_table(int rounds)
{
	int v6, list;

	if (!b.has_rival) {
		printf("\nno rte_fib beside it: dpdk_fib is not built\n");
		return;
	}
	printf("\n%s, rte_fib in user space (DIR24_8 of 2 bytes, TRIE of 4), "
	       "the same addresses one\nafter the other, ns min / median; "
	       "beside the walk without CAP_PERFMON\n",
	    b.rival.version);
	for (v6 = 0; v6 < 2; v6++)
		for (list = 0; list < TIMED_LISTS; list++)
			rival_row(v6, list, rounds);
}

static void
row(int v6, int list, enum caps c, int rounds)
{
	double ratio[ROUNDS_MAX], m[CHAIN_MAX];
	double(*t)[ROUNDS_MAX] = results[v6][list][c];
	int i;

	for (i = 0; i < rounds; i++)
		ratio[i] = t[TRIE][i] / t[WALK][i];
	for (i = 0; i < CHAIN_MAX; i++)
		m[i] = median(t[i], (size_t)rounds);
	printf("%-5s %-8s %-16s %6.1f /%6.1f %9.0f /%5.0f  %7.1f %7.1f %7.1f\n",
	    v6 ? "IPv6" : "IPv4", list_names[list],
	    c == PERFMON ? "" : "no CAP_PERFMON", t[WALK][0], m[WALK],
	    t[TRIE][0], m[TRIE], median(ratio, (size_t)rounds),
	    t[TRIE][0] / t[WALK][0], m[EMPTY]);
}

static void
compare(uint32_t n4, uint32_t n6, int rounds)
{
	struct world w;
	struct fib_stats s;
	int i, list;
	enum caps c;

	if (!world_new(&w, n4, n6))
		err(1, "table");
	for (i = 0; i < 2; i++) {
		addresses(b.addrs.mem, w.f[i].routes, w.f[i].n, i);
		trie_fill(&w.f[i], i);
		fib_stats(w.f[i].fib, &s);
		printf("%s: %u routes; compiled in %.0f ms to %.1f MiB and "
		       "%d MiB direct; LPM_TRIE filled in %.0f ms, the "
		       "kernel counts %.0f MiB\n",
		    i ? "IPv6" : "IPv4", w.f[i].n, w.f[i].fib_ns / 1e6,
		    s.units_used * 8.0 / 1048576, i ? 4 : 1,
		    b.trie_fill[i] / 1e6, map_bytes(b.trie[i]) / 1048576);
	}
	for (i = 0; i < 2; i++)
		check_all(&w, i);
	for (i = 0; i < rounds; i++)
		round_of(&w, i);
	rival_table(rounds);
	printf("\nns a lookup, min / median of %d rounds; times faster: median "
	       "of the rounds' ratios, and of the minima\n"
	       "%-30s %14s %16s  %15s %7s\n",
	    rounds, "", "walk", "LPM_TRIE", "times faster", "(empty)");
	for (i = 0; i < 2; i++)
		for (list = 0; list < TIMED_LISTS; list++)
			for (c = 0; c < CAPS_MAX; c++)
				row(i, list, c, rounds);
	world_free(&w);
}

/* Median ns of taking one route out and of putting it back. */
static void
updates(struct family *f, double *withdraw, double *announce)
{
	static double t[2][UPDATES];
	const struct dfz_route *r;
	const uint8_t len = f->af == AF_INET ? 24 : 48;
	struct tree_ent *e;
	uint32_t i, n, epoch;
	double start;
	int up;

	for (i = n = 0; i < f->n && n < UPDATES; i++) {
		r = &f->routes[i];
		if (r->prefix.len != len)
			continue;
		for (up = 0; up < 2; up++) {
			start = now_short();
			e = tree_insert(f->tree, &r->prefix);
			if (e == NULL)
				err(1, "tree_insert");
			e->leaf = (e->leaf & ENT_DIRTY) |
			    (up ? ENT_ROUTE | leaf_id(r) : 0);
			e->dest = (uint32_t)up;
			if (fib_dirty(f->fib, &r->prefix) == -1)
				err(1, "fib_dirty");
			settle(f->fib);
			t[up][n] = now_short() - start;
		}
		if (++n % GRACE == 0 && (epoch = fib_seal(f->fib)) != 0)
			fib_release(f->fib, epoch);
	}
	*withdraw = median(t[0], n);
	*announce = median(t[1], n);
}

/* Least and median ns of a lookup as the daemon has it, uniform. */
static void
grown_lookup(const struct world *w, int v6, int rounds, double *min,
    double *med)
{
	double t[ROUNDS_MAX];
	int i;

	chain(v6, UNIFORM, false);
	for (i = 0; i < rounds; i++)
		t[i] = timed(w, NO_PERFMON, WALK, v6, WALKS) -
		    timed(w, NO_PERFMON, EMPTY, v6, WALKS);
	*med = median(t, (size_t)rounds);
	*min = t[0];
}

static void
grow(uint32_t n, int rounds)
{
	struct world w;
	struct fib_stats s;
	double announce, withdraw, min, med;
	int i;

	if (!world_new(&w, n, n)) {
		printf("%8u: no such table: %s\n", n, strerror(errno));
		return;
	}
	printf("%8u", n);
	for (i = 0; i < 2; i++) {
		addresses(b.addrs.mem, w.f[i].routes, w.f[i].n, i);
		grown_lookup(&w, i, rounds, &min, &med);
		updates(&w.f[i], &withdraw, &announce);
		fib_stats(w.f[i].fib, &s);
		printf("  %4.0f /%4.0f %5.0f %5.0f %5.1f %5.0f %5.0f", min, med,
		    w.f[i].tree_ns / 1e6, w.f[i].fib_ns / 1e6,
		    s.units_used * 8.0 / n, announce, withdraw);
	}
	printf("\n");
	world_free(&w);
}

static void
growth(const uint32_t *sizes, int n, int rounds)
{
	const char *h = "lookup ns   tree   fib B per   ann    wd";
	const char *u = "min / med     ms    ms route    ns    ns";
	int i;

	printf("\nGrowth: uniform lookups without CAP_PERFMON; tree filled in "
	       "random order, tables compiled\nin full; table bytes without "
	       "the direct array (IPv4 1 MiB, IPv6 4); median update of one\n"
	       "/24 or /48 from tree to table\n"
	       "%8s  %-42s%s\n%8s  %s  %s\n%8s  %s  %s\n",
	    "", "IPv4", "IPv6", "routes", h, h, "", u, u);
	for (i = 0; i < n; i++)
		grow(sizes[i], rounds);
}

/* The kernel's tries, for all worlds: to free a large one stalls a CPU. */
static void
bench_maps(uint32_t n4, uint32_t n6)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int i;

	if (table_create(&b.addrs, "bench_addrs",
		(size_t)ADDRS * LISTS * sizeof(uint64_t)) == -1 ||
	    table_create(&b.out, "bench_out", ADDRS * sizeof(uint32_t)) == -1 ||
	    table_create(&b.state, "bench_state", sizeof(struct bench_state)) ==
		-1)
		err(1, "maps");
	for (i = 0; i < 2; i++) {
		b.trie[i] = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "bench_trie",
		    i ? 20 : 8, sizeof(uint32_t), i ? n6 : n4, &opts);
		if (b.trie[i] < 0)
			err(1, "LPM_TRIE");
	}
	b.fds = mmap(NULL, CAPS_MAX * sizeof(*b.fds), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b.fds == MAP_FAILED)
		err(1, NULL);
}

static void
rival(uint32_t n4, uint32_t n6)
{
	const uint32_t values[] = { n4, n6, NEXTHOPS, SEED,
		(uint32_t)b.addrs.fd, LISTS, ADDRS };
	char text[sizeof(values) / sizeof(values[0])][16];
	char *argv[sizeof(values) / sizeof(values[0]) + 2] = { text[0] };
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(text[i], sizeof(text[i]), "%u", values[i]);
		argv[i + 1] = text[i];
	}
	b.has_rival = rival_start(&b.rival, argv, b.addrs.fd);
}

int
main(int argc, char **argv)
{
	uint32_t sizes[SIZES_MAX] = { 10000, 100000, 1000000, 2000000,
		4000000 };
	uint32_t n4 = 1050000, n6 = 250000;
	int rounds = 15, nsizes = 5, i;

	if (argc > 1 && (argc < 4 || argc > 4 + SIZES_MAX))
		errx(1, "usage: lookup_bench [N4 N6 ROUNDS [SIZE ...]]");
	if (argc > 1) {
		n4 = (uint32_t)atoi(argv[1]);
		n6 = (uint32_t)atoi(argv[2]);
		rounds = atoi(argv[3]);
		for (i = 4; i < argc; i++)
			sizes[i - 4] = (uint32_t)atoi(argv[i]);
		nsizes = argc > 4 ? argc - 4 : nsizes;
	}
	if (n4 < 1000 || n6 < 1000 || rounds < 1 || rounds > ROUNDS_MAX)
		errx(1, "N4 and N6 from 1000, ROUNDS 1 to %d", ROUNDS_MAX);
	bench_maps(n4, n6);
	chases();
	rival(n4, n6);
	compare(n4, n6, rounds);
	growth(sizes, nsizes, rounds < 9 ? rounds : 9);
	return (0);
}
