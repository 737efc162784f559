/* SPDX-License-Identifier: ISC */
/*
 * The destinations that the lookup bench asks for, in lists, the same for all
 * who are asked.
 */
#ifndef BENCH_LISTS_H
#define BENCH_LISTS_H

#include <stdlib.h>

#include "../../rde/trie.h"
#include "bench.h"
#include "lookup.h"

/* Addresses in routes, all as likely or by Zipf; in the routed space, each
   address of it as likely; anywhere. */
enum list { UNIFORM, ZIPF, SPACE, ANYWHERE, LIST_MAX };
#define TIMED_LISTS (SPACE + 1)

static uint32_t
list_start(int v6, enum list list)
{
	return ((v6 * LIST_MAX + list) * ADDRS);
}

/* An address in one of the prefixes. */
static uint64_t
address_in(const struct dfz_route *r)
{
	return (key_from(&r->prefix.addr).hi | rnd_bits() >> r->prefix.len);
}

/* How much of the space there is up to and with each route. */
static double *
space_sums(const struct dfz_route *routes, uint32_t n)
{
	double *sums, sum = 0;
	uint32_t i;

	if ((sums = calloc(n, sizeof(*sums))) == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++)
		sums[i] = sum += 1.0 / (double)(1ULL << routes[i].prefix.len);
	return (sums);
}

static const struct dfz_route *
route_by_space(const struct dfz_route *routes, const double *sums, uint32_t n)
{
	double at = (double)rnd(UINT32_MAX) / UINT32_MAX * sums[n - 1];
	uint32_t from = 0, to = n - 1, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (sums[mid] < at)
			from = mid + 1;
		else
			to = mid;
	}
	return (&routes[from]);
}

static void
addresses(uint64_t *addrs, const struct dfz_route *routes, uint32_t n, int v6)
{
	uint64_t any, keep = v6 ? ~0ULL : ~0ULL << 32;
	double *sums = space_sums(routes, n);
	uint32_t i;

	addrs += list_start(v6, UNIFORM);
	for (i = 0; i < ADDRS; i++) {
		addrs[UNIFORM * ADDRS + i] = address_in(&routes[rnd(n)]) & keep;
		addrs[ZIPF * ADDRS + i] =
		    address_in(&routes[rnd_zipf(n)]) & keep;
		addrs[SPACE * ADDRS + i] =
		    address_in(route_by_space(routes, sums, n)) & keep;
		any = rnd_bits();
		if (v6 && i % 2)
			any = any >> 4 | 2ULL << 60;
		addrs[ANYWHERE * ADDRS + i] = any & keep;
	}
	free(sums);
}

#endif
