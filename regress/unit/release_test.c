/* SPDX-License-Identifier: ISC */
/*
 * What was unlinked and is not sealed has not waited for anybody: whatever
 * epoch is released, it stays.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../parent/dp.h"
#include "../../rde/rde.h"

#define UNITS	4096
#define ENTRIES	16

static int
discard(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	return (0);
}

static void
set(struct tree *t, struct fib *f, const char *text, uint32_t leaf)
{
	struct prefix	 p;
	struct tree_ent	*e;

	ATF_REQUIRE_EQ(prefix_parse(text, &p, NULL), 0);
	ATF_REQUIRE((e = tree_insert(t, &p)) != NULL);
	e->leaf = leaf;
	e->dest = leaf != 0;
	ATF_REQUIRE_EQ(fib_dirty(f, &p), 0);
	ATF_REQUIRE_EQ(fib_step(f, 100), 0);
}

static uint32_t
waiting(const struct fib *f)
{
	struct fib_stats	s;

	fib_stats(f, &s);
	return (s.units_waiting);
}

static void
release_all(struct fib *f)
{
	uint32_t	e;

	/* far from any epoch there may be, and all that are near */
	for (e = 0; e < 100; e++)
		fib_release(f, e);
	fib_release(f, 0x7fffffffU);
	fib_release(f, 0x80000000U);
	fib_release(f, UINT32_MAX);
}

ATF_TC_WITHOUT_HEAD(fib_nodes);
ATF_TC_BODY(fib_nodes, tc)
{
	struct tree	*t;
	struct fib	*f;
	uint32_t	 first, second, n;

	ATF_REQUIRE((t = tree_new(AF_INET)) != NULL);
	ATF_REQUIRE((f = fib_new(t, UNITS, discard, NULL)) != NULL);
	set(t, f, "10.0.1.0/24", ENT_ROUTE | 5);
	set(t, f, "20.0.1.0/24", ENT_ROUTE | 6);
	set(t, f, "30.0.1.0/24", ENT_ROUTE | 7);
	ATF_REQUIRE_EQ(waiting(f), 0);
	ATF_CHECK_EQ(fib_seal(f), 0);

	set(t, f, "10.0.1.0/24", 0);
	n = waiting(f);
	ATF_REQUIRE(n > 0);
	release_all(f);
	ATF_CHECK_EQ(waiting(f), n);
	ATF_REQUIRE((first = fib_seal(f)) != 0);
	set(t, f, "20.0.1.0/24", 0);
	/* of two, the sealed one goes */
	fib_release(f, first - 1);
	ATF_CHECK_EQ(waiting(f), 2 * n);
	release_all(f);
	ATF_CHECK_EQ(waiting(f), n);
	ATF_REQUIRE((second = fib_seal(f)) != 0);
	ATF_CHECK(second != first);
	set(t, f, "30.0.1.0/24", 0);
	fib_release(f, first);
	ATF_CHECK_EQ(waiting(f), 2 * n);
	fib_release(f, second);
	ATF_CHECK_EQ(waiting(f), n);
	release_all(f);
	ATF_CHECK_EQ(waiting(f), n);
	fib_release(f, fib_seal(f));
	ATF_CHECK_EQ(waiting(f), 0);
	fib_free(f);
	tree_free(t);
}

static void
hop(struct dp *dp, uint32_t id, uint8_t mac)
{
	struct nh_entry	e = { .dmac = { mac }, .ifindex = 1,
	    .flags = NH_FORWARD };

	ATF_REQUIRE(dp_nexthop_set(dp, id, mac == 0 ? NULL : &e) != -1);
}

ATF_TC_WITHOUT_HEAD(nexthop_entries);
ATF_TC_BODY(nexthop_entries, tc)
{
	struct dp	dp;
	uint32_t	first, second, nfree, e;

	memset(&dp, 0, sizeof(dp));
	dp.nexthops = 8;
	ATF_REQUIRE_EQ(nh_pool_init(&dp.nh, ENTRIES), 0);
	dp.tables[DP_NEXTHOPS].mem = calloc(dp.nexthops, sizeof(uint32_t));
	dp.tables[DP_NHENTS].mem = calloc(ENTRIES, sizeof(struct nh_entry));
	ATF_REQUIRE(dp.tables[DP_NEXTHOPS].mem != NULL &&
	    dp.tables[DP_NHENTS].mem != NULL);
	hop(&dp, 2, 1);
	hop(&dp, 3, 1);
	hop(&dp, 4, 1);
	nfree = dp.nh.nfree;
	ATF_CHECK_EQ(dp_nexthop_seal(&dp), 0);

	hop(&dp, 2, 0);
	for (e = 0; e < 100; e++)
		dp_nexthop_release(&dp, e);
	dp_nexthop_release(&dp, UINT32_MAX);
	ATF_CHECK_EQ(dp.nh.nfree, nfree);
	ATF_CHECK_EQ(dp.nh.nwaiting, 1);
	ATF_REQUIRE((first = dp_nexthop_seal(&dp)) != 0);
	hop(&dp, 3, 0);
	dp_nexthop_release(&dp, first - 1);
	ATF_CHECK_EQ(dp.nh.nwaiting, 2);
	dp_nexthop_release(&dp, UINT32_MAX);
	ATF_CHECK_EQ(dp.nh.nwaiting, 1);
	ATF_CHECK_EQ(dp.nh.nfree, nfree + 1);
	ATF_REQUIRE((second = dp_nexthop_seal(&dp)) != 0);
	ATF_CHECK(second != first);
	hop(&dp, 4, 0);
	dp_nexthop_release(&dp, first);
	ATF_CHECK_EQ(dp.nh.nwaiting, 2);
	dp_nexthop_release(&dp, second);
	ATF_CHECK_EQ(dp.nh.nwaiting, 1);
	dp_nexthop_release(&dp, dp_nexthop_seal(&dp));
	ATF_CHECK_EQ(dp.nh.nwaiting, 0);
	ATF_CHECK_EQ(dp.nh.nfree, nfree + 3);
	nh_pool_free(&dp.nh);
	free(dp.tables[DP_NEXTHOPS].mem);
	free(dp.tables[DP_NHENTS].mem);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, fib_nodes);
	ATF_TP_ADD_TC(tp, nexthop_entries);
	return (atf_no_error());
}
