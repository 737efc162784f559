/* SPDX-License-Identifier: ISC */
/* The circuit breaker over windows of counters. */
#include <atf-c.h>
#include <string.h>

#include "../../parent/breaker.h"

static struct breaker b;
static uint64_t matched, errors;

/* drop-ratio 0.01 of matched, threshold as given. */
static void
arm(uint32_t threshold)
{
	struct config_breaker conf;

	memset(&conf, 0, sizeof(conf));
	conf.set = true;
	conf.ratio = 10000;
	conf.window = 5;
	conf.threshold = threshold;
	memset(&b, 0, sizeof(b));
	breaker_init(&b, &conf);
}

/* A window in which so many packets matched, so many of them in error. */
static bool
window(uint64_t m, uint64_t e)
{
	matched += m;
	errors += e;
	return (breaker_window(&b, matched, errors));
}

ATF_TC_WITHOUT_HEAD(row);
ATF_TC_BODY(row, tc)
{
	arm(3);
	window(0, 0);
	ATF_CHECK(!window(10000, 101));
	ATF_CHECK(!window(10000, 101));
	ATF_CHECK(window(10000, 101));
	/* a good one ends the row */
	arm(3);
	window(0, 0);
	ATF_CHECK(!window(10000, 10000));
	ATF_CHECK(!window(10000, 10000));
	ATF_CHECK(!window(10000, 100));
	ATF_CHECK(!window(10000, 10000));
	ATF_CHECK(!window(10000, 10000));
	ATF_CHECK(window(10000, 10000));
}

ATF_TC_WITHOUT_HEAD(ratio);
ATF_TC_BODY(ratio, tc)
{
	arm(1);
	window(0, 0);
	/* at the ratio is not above it */
	ATF_CHECK(!window(1000, 10));
	ATF_CHECK(window(1000, 11));
	ATF_CHECK(!window(100000000000ULL, 1000000000ULL));
	ATF_CHECK(window(100000000000ULL, 1000000001ULL));
}

ATF_TC_WITHOUT_HEAD(few);
ATF_TC_BODY(few, tc)
{
	/* windows of few packets neither count nor end a row */
	arm(2);
	window(0, 0);
	ATF_CHECK(!window(999, 999));
	ATF_CHECK(!window(999, 999));
	ATF_CHECK(!window(1000, 1000));
	ATF_CHECK(!window(999, 0));
	ATF_CHECK(!window(0, 0));
	ATF_CHECK(window(1000, 1000));
}

ATF_TC_WITHOUT_HEAD(first);
ATF_TC_BODY(first, tc)
{
	/* what was counted before the first window is nobody's */
	arm(1);
	ATF_CHECK(!window(1000000, 1000000));
	ATF_CHECK(!window(1000000, 0));
	/* nor is what was counted before a reset */
	arm(1);
	ATF_CHECK(!window(1000000, 1000000));
	ATF_CHECK(window(1000000, 1000000));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, row);
	ATF_TP_ADD_TC(tp, ratio);
	ATF_TP_ADD_TC(tp, few);
	ATF_TP_ADD_TC(tp, first);
	return (atf_no_error());
}
