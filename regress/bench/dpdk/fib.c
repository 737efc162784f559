/* SPDX-License-Identifier: ISC */
/*
 * The rival: DPDK's rte_fib with the routes of the lookup bench, asked for the
 * same addresses one after the other.  Started by lookup_bench, which tells
 * on stdin what to time and reads the answer on stdout, so that rounds of both
 * take turns.  Needs nothing of ours but the routes.
 *
 * dpdk_fib N4 N6 NEXTHOPS SEED FD LISTS ADDRS, FD: the lists of addresses
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <err.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_version.h>

#include "../../tools/dfz.h"

#define TBL8_V4 1024 /* nothing is longer than /24 */
#define TBL8_V6 (1U << 18)

static struct rte_fib *fib4;
static struct rte_fib6 *fib6;
static const uint64_t *lists;
static uint32_t addrs, at;
static volatile uint32_t never; /* a bit that no answer has */

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec * 1e9 + (double)ts.tv_nsec);
}

static void
start_eal(void)
{
	char *argv[] = { "dpdk_fib", "--no-huge", "-m", "1024", "--no-pci",
		"--no-telemetry", "--no-shconf", "-l", NULL, "--log-level=3",
		NULL };
	char core[16];
	cpu_set_t set;

	/* the scheduler may move us, as it may the bench */
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		err(1, "sched_getaffinity");
	snprintf(core, sizeof(core), "%d", sched_getcpu());
	argv[8] = core;
	if (rte_eal_init(10, argv) < 0)
		errx(1, "rte_eal_init");
	sched_setaffinity(0, sizeof(set), &set);
}

static void
fill(const struct dfz *d)
{
	struct rte_fib_conf c4;
	struct rte_fib6_conf c6;
	uint8_t ip6[16];
	uint32_t i, ip;

	memset(&c4, 0, sizeof(c4));
	c4.type = RTE_FIB_DIR24_8;
	c4.max_routes = (int)d->n4 + 1;
	c4.dir24_8.nh_sz = RTE_FIB_DIR24_8_2B;
	c4.dir24_8.num_tbl8 = TBL8_V4;
	memset(&c6, 0, sizeof(c6));
	c6.type = RTE_FIB6_TRIE;
	c6.max_routes = (int)d->n6 + 1;
	c6.trie.nh_sz = RTE_FIB6_TRIE_4B;
	c6.trie.num_tbl8 = TBL8_V6;
	if ((fib4 = rte_fib_create("v4", 0, &c4)) == NULL ||
	    (fib6 = rte_fib6_create("v6", 0, &c6)) == NULL)
		errx(1, "rte_fib_create");
	for (i = 0; i < d->n4; i++) {
		memcpy(&ip, d->v4[i].prefix.addr.b, 4);
		if (rte_fib_add(fib4, __builtin_bswap32(ip),
			d->v4[i].prefix.len, d->v4[i].nexthop + 2) != 0)
			errx(1, "rte_fib_add");
	}
	for (i = 0; i < d->n6; i++) {
		memcpy(ip6, d->v6[i].prefix.addr.b, 16);
		if (rte_fib6_add(fib6, ip6, d->v6[i].prefix.len,
			d->v6[i].nexthop + 2) != 0)
			errx(1, "rte_fib6_add");
	}
}

/* The answer for an address of a list: upper half, host order. */
static inline uint64_t
look_up(int v6, uint64_t hi)
{
	uint64_t nh = 0, halves[2];
	uint32_t ip;

	if (v6) {
		halves[0] = __builtin_bswap64(hi);
		halves[1] = ~halves[0];
		rte_fib6_lookup_bulk(fib6, (uint8_t(*)[16])halves, &nh, 1);
	} else {
		ip = (uint32_t)(hi >> 32);
		rte_fib_lookup_bulk(fib4, &ip, &nh, 1);
	}
	return (nh);
}

/* ns each; an address is known when the last answer is. */
static double
chain(int v6, const uint64_t *list, uint32_t n, int empty)
{
	uint32_t mask = addrs - 1, mix = never, i;
	double start = now();
	uint64_t w;

	for (i = 0; i < n; i++) {
		w = list[at];
		if (!empty)
			w = look_up(v6, w);
		at = (at + 1 + ((uint32_t)w & mix)) & mask;
	}
	return ((now() - start) / n);
}

/* A sum of the answers that tells their order. */
static uint64_t
sum(int v6, const uint64_t *list, uint32_t n)
{
	uint64_t s = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		s = s * 31 + look_up(v6, list[i]);
	return (s);
}

int
main(int argc, char **argv)
{
	unsigned int v6, which, n;
	const uint64_t *list;
	struct dfz d;
	size_t size;
	double t;
	char what;

	if (argc != 8)
		errx(1, "started by lookup_bench");
	if (dfz_make(&d, (uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]),
		(uint32_t)atoi(argv[3]), (uint64_t)atoi(argv[4])) == -1)
		err(1, "table");
	addrs = (uint32_t)atoi(argv[7]);
	size = (size_t)atoi(argv[6]) * addrs * sizeof(*lists);
	lists = mmap(NULL, size, PROT_READ, MAP_SHARED, atoi(argv[5]), 0);
	if (lists == MAP_FAILED)
		err(1, "addresses");
	start_eal();
	fill(&d);
	dfz_free(&d);
	setlinebuf(stdout);
	printf("%s\n", rte_version());
	/* "s V6 LIST N": sum of the first N answers; "t V6 LIST N": time N */
	while (scanf(" %c %u %u %u", &what, &v6, &which, &n) == 4) {
		list = lists + (size_t)which * addrs;
		if (what == 's') {
			printf("%ju\n", (uintmax_t)sum((int)v6, list, n));
			continue;
		}
		chain((int)v6, list, n / 8, 0);
		t = chain((int)v6, list, n, 0);
		printf("%.3f\n", t - chain((int)v6, list, n, 1));
	}
	return (0);
}
