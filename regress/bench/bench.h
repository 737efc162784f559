/* SPDX-License-Identifier: ISC */
/*
 * What the benches of the FIB share: the random numbers, the order of routes
 * and the spread of destinations, so that their figures are of the same work.
 */
#ifndef BENCH_H
#define BENCH_H

#include <err.h>
#include <stdint.h>
#include <time.h>

#include "../../rde/rde.h"
#include "../tools/dfz.h"

#define ROUNDS_MAX 101
#define NEXTHOPS 600
#define SEED 1
#define GRACE 64U /* updates between two grace periods */

static uint64_t seed = SEED;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)((seed >> 32) * n >> 32));
}

/* Host bits of an address. */
static uint64_t
rnd_bits(void)
{
	return ((uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX));
}

/* One of n routes; rank r has a weight of about 1/r: u spreads over log r. */
static inline uint32_t
rnd_zipf(uint32_t n)
{
	double u = (double)rnd(1U << 30) / (double)(1U << 30);
	uint32_t k;

	for (k = 1; u * 20 > 1 && k < n / 2; u -= 1.0 / 20)
		k *= 2;
	return ((k + rnd(k)) % n);
}

/* Routes come in no order that would help. */
static inline void
shuffle(struct dfz_route *routes, uint32_t n)
{
	struct dfz_route r;
	uint32_t i, j;

	for (i = n; i > 1; i--) {
		j = rnd(i);
		r = routes[j];
		routes[j] = routes[i - 1];
		routes[i - 1] = r;
	}
}

/* ns */
static double
clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ((double)ts.tv_sec * 1e9 + (double)ts.tv_nsec);
}

static int
double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

/* Compile all that is queued. */
static inline void
settle(struct fib *f)
{
	if (fib_step(f, UINT32_MAX) != 0)
		err(1, "fib_step");
}

#endif
