/* SPDX-License-Identifier: ISC */
/*
 * What this machine's caches give: ns a step of a chain of pointers through
 * as many lines as fit a size, in an order that no prefetcher guesses.
 */
#ifndef BENCH_CHASE_H
#define BENCH_CHASE_H

#include <stdlib.h>

#include "bench.h"

#define LINE 64
#define CHASE_STEPS (1U << 20)

struct line {
	struct line *next;
	char pad[LINE - sizeof(struct line *)];
};

static double
chase(size_t size)
{
	uint32_t n = (uint32_t)(size / LINE), i, j, *order;
	struct line *lines, *volatile end, *at;
	double start;

	if ((lines = aligned_alloc(LINE, size)) == NULL ||
	    (order = calloc(n, sizeof(*order))) == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++) {
		j = rnd(i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	for (i = 0; i < n; i++)
		lines[order[i]].next = &lines[order[(i + 1) % n]];
	at = lines;
	for (i = 0; i < n; i++)
		at = at->next;
	start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (i = 0; i < CHASE_STEPS; i++)
		at = at->next;
	start = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	end = at;
	(void)end;
	free(order);
	free(lines);
	return (start / CHASE_STEPS);
}

static void
chases(void)
{
	size_t mib;

	printf("random lines, ns a step:");
	for (mib = 1; mib <= 8; mib *= 2)
		printf("  %zu MiB %.0f", mib, chase(mib << 20));
	printf("\n");
}

#endif
