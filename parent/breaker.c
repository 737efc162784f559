/* SPDX-License-Identifier: ISC */
/*
 * Circuit breaker: judges windows of counters.  Core: it is told the time and
 * the counters, and acts on nothing itself.
 */
#include "breaker.h"

/* A window with less than this many matched packets says nothing. */
#define BREAKER_MIN_MATCHED	1000

void
breaker_init(struct breaker *b, const struct config_breaker *conf)
{
	b->ratio = conf->ratio;
	b->threshold = conf->threshold;
	b->bad = 0;
	b->started = false;
}

bool
breaker_window(struct breaker *b, uint64_t matched, uint64_t errors)
{
	uint64_t m = matched - b->matched, e = errors - b->errors;
	bool first = !b->started;

	b->started = true;
	b->matched = matched;
	b->errors = errors;
	if (first || m < BREAKER_MIN_MATCHED)
		return (false);
	/* e / m > ratio / 1000000, without a division; m and e are packets of
	   one window, far below 2^44 */
	if (e * 1000000 <= m * b->ratio) {
		b->bad = 0;
		return (false);
	}
	b->bad++;
	return (b->bad >= b->threshold);
}
