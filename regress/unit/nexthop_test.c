/* SPDX-License-Identifier: ISC */
/* Next hop ids: who has one, when it is dropped, when it is used again. */
#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../rde/rde.h"

struct seen {
	unsigned int	wants, drops, idles;
	uint32_t	last_want, last_drop;
	struct addr	addr;
};

static void
on_want(void *arg, uint32_t id, const struct addr *addr)
{
	struct seen	*s = arg;

	s->wants++;
	s->last_want = id;
	s->addr = *addr;
}

static void
on_drop(void *arg, uint32_t id)
{
	struct seen	*s = arg;

	s->drops++;
	s->last_drop = id;
}

static void
on_idle(void *arg)
{
	struct seen	*s = arg;

	s->idles++;
}

static const struct nexthop_ops	ops = { on_want, on_drop, on_idle };

static struct addr
address(const char *text)
{
	struct addr	a;

	ATF_REQUIRE_EQ(addr_parse(text, &a), 0);
	return (a);
}

ATF_TC_WITHOUT_HEAD(references);
ATF_TC_BODY(references, tc)
{
	struct nexthops	*n;
	struct seen	 s = { 0 };
	struct addr	 a, b;
	uint32_t	 ida, idb;

	a = address("192.0.2.1");
	b = address("2001:db8::1");
	ATF_REQUIRE((n = nexthop_new(100, &ops, &s)) != NULL);
	ida = nexthop_get(n, &a);
	ATF_CHECK_EQ(ida, LEAF_ID_FIRST);
	ATF_CHECK_EQ(s.last_want, ida);
	ATF_CHECK_EQ(addr_cmp(&s.addr, &a), 0);
	idb = nexthop_get(n, &b);
	ATF_CHECK_EQ(idb, LEAF_ID_FIRST + 1);
	ATF_CHECK_EQ(nexthop_get(n, &a), ida);
	ATF_CHECK_EQ(s.wants, 2);
	nexthop_ref(n, ida);
	nexthop_put(n, ida);
	nexthop_put(n, ida);
	ATF_CHECK_EQ(s.idles, 0);
	nexthop_put(n, ida);
	ATF_CHECK_EQ(s.idles, 1);
	ATF_CHECK(nexthop_idle(n));
	ATF_CHECK_EQ(s.drops, 0);
	/* Wanted again before it was dropped: the same id, nothing said. */
	ATF_CHECK_EQ(nexthop_get(n, &a), ida);
	ATF_CHECK(!nexthop_idle(n));
	nexthop_reap(n);
	ATF_CHECK_EQ(s.drops, 0);
	ATF_CHECK_EQ(s.wants, 2);
	nexthop_free(n);
}

ATF_TC_WITHOUT_HEAD(reuse_after_gone);
ATF_TC_BODY(reuse_after_gone, tc)
{
	struct nexthops	*n;
	struct seen	 s = { 0 };
	struct addr	 a, b;
	uint32_t	 id;

	a = address("192.0.2.1");
	b = address("192.0.2.2");
	ATF_REQUIRE((n = nexthop_new(LEAF_ID_FIRST + 2, &ops, &s)) != NULL);
	id = nexthop_get(n, &a);
	ATF_CHECK_EQ(nexthop_gone(n, id), -1);
	ATF_CHECK_EQ(errno, EINVAL);
	nexthop_put(n, id);
	ATF_CHECK_EQ(nexthop_gone(n, id), -1);
	nexthop_reap(n);
	ATF_CHECK_EQ(s.drops, 1);
	ATF_CHECK_EQ(s.last_drop, id);
	/* The same address anew, while the old id is still going: another. */
	ATF_CHECK_EQ(nexthop_get(n, &a), id + 1);
	ATF_CHECK_EQ(nexthop_get(n, &b), LEAF_ID_PUNT);
	ATF_CHECK_EQ(nexthop_refused(n), 1);
	nexthop_put(n, LEAF_ID_PUNT);
	ATF_CHECK_EQ(nexthop_gone(n, id), 0);
	ATF_CHECK_EQ(nexthop_gone(n, id), -1);
	ATF_CHECK_EQ(nexthop_gone(n, 77), -1);
	ATF_CHECK_EQ(nexthop_get(n, &b), id);
	ATF_CHECK_EQ(s.last_want, id);
	ATF_CHECK_EQ(addr_cmp(&s.addr, &b), 0);
	nexthop_free(n);
}

ATF_TC_WITHOUT_HEAD(state);
ATF_TC_BODY(state, tc)
{
	struct nexthops	*n;
	struct seen	 s = { 0 };
	struct addr	 a;
	uint32_t	 id;

	a = address("192.0.2.1");
	ATF_REQUIRE((n = nexthop_new(100, &ops, &s)) != NULL);
	id = nexthop_get(n, &a);
	ATF_CHECK_EQ(nexthop_state(n, id), NEXTHOP_UNRESOLVED);
	ATF_CHECK(nexthop_set_state(n, id, NEXTHOP_INCOMPLETE));
	ATF_CHECK(!nexthop_set_state(n, id, NEXTHOP_VALID));
	/* An address of our own is left out of ECMP sets. */
	ATF_CHECK(nexthop_set_state(n, id, NEXTHOP_LOCAL));
	ATF_CHECK_EQ(nexthop_state(n, id), NEXTHOP_LOCAL);
	ATF_CHECK(!nexthop_set_state(n, id, NEXTHOP_LOCAL));
	ATF_CHECK(nexthop_set_state(n, id, NEXTHOP_INCOMPLETE));
	ATF_CHECK(nexthop_set_state(n, id, NEXTHOP_LOCAL));
	ATF_CHECK(nexthop_set_state(n, id, NEXTHOP_UNRESOLVED));
	nexthop_put(n, id);
	nexthop_reap(n);
	ATF_CHECK(!nexthop_set_state(n, id, NEXTHOP_VALID));
	ATF_CHECK(!nexthop_set_state(n, 999, NEXTHOP_VALID));
	ATF_CHECK_EQ(nexthop_gone(n, id), 0);
	ATF_CHECK_EQ(nexthop_get(n, &a), id);
	ATF_CHECK_EQ(nexthop_state(n, id), NEXTHOP_UNRESOLVED);
	nexthop_free(n);
}

ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	struct nexthops	*n;
	struct seen	 s = { 0 };
	struct addr	 a;
	uint32_t	 i, id, routes, count;

	memset(&a, 0, sizeof(a));
	a.af = AF_INET6;
	ATF_REQUIRE((n = nexthop_new(1 << 20, &ops, &s)) != NULL);
	for (i = 0; i < 5000; i++) {
		a.b[3] = i >> 8;
		a.b[15] = i;
		ATF_REQUIRE_EQ(nexthop_get(n, &a), LEAF_ID_FIRST + i);
		nexthop_count(n, LEAF_ID_FIRST + i, 2);
	}
	for (i = 0; i < 5000; i += 2)
		nexthop_put(n, LEAF_ID_FIRST + i);
	nexthop_reap(n);
	ATF_CHECK_EQ(s.drops, 2500);
	for (count = 0, id = 0; (id = nexthop_next(n, id, &routes)) != 0;
	    id++, count++) {
		ATF_REQUIRE_EQ((id - LEAF_ID_FIRST) % 2, 1);
		ATF_REQUIRE_EQ(routes, 2);
	}
	ATF_CHECK_EQ(count, 2500);
	ATF_CHECK(nexthop_memory(n) > 5000 * sizeof(a));
	nexthop_free(n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, references);
	ATF_TP_ADD_TC(tp, reuse_after_gone);
	ATF_TP_ADD_TC(tp, state);
	ATF_TP_ADD_TC(tp, many);
	return (atf_no_error());
}
