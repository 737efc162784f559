/* SPDX-License-Identifier: ISC */
/* Interning: the same bytes are the same handle, and nothing is left over. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

static void
on_want(void *arg, uint32_t id, const struct addr *addr)
{
}

static void
on_drop(void *arg, uint32_t id)
{
}

static const struct nexthop_ops	ops = { on_want, on_drop, NULL };

/* A set that is told apart by its MED and next hop, in canonical form. */
static uint32_t
get(struct intern *in, uint32_t n)
{
	static const uint8_t	 path[] = { 2, 2, 0, 0, 253, 233, 0, 1, 0, 0,
		1, 2, 0, 0, 0, 7, 0, 0, 0, 8 };
	struct attrs		 a;
	struct ibuf		*b;
	const uint8_t		*blob;
	size_t			 len;
	uint32_t		 h;

	memset(&a, 0, sizeof(a));
	a.origin = ORIGIN_EGP;
	a.has = ATTR_HAS_MED | ATTR_HAS_ORIGINATOR;
	a.med = n;
	a.originator = 0x0a000001;
	a.cluster_len = 3;
	a.as_path = path;
	a.as_path_len = sizeof(path);
	ATF_REQUIRE_EQ(addr_parse("192.0.2.0", &a.nexthop), 0);
	a.nexthop.b[3] = n % 16;
	ATF_REQUIRE((b = ibuf_new(IMSG_BODY_MAX)) != NULL);
	ATF_REQUIRE_EQ(attrs_put(b, &a), 0);
	ATF_REQUIRE_EQ(attrs_get(b, &a, &blob, &len), 0);
	ATF_REQUIRE((h = intern_get(in, &a, blob, len)) != 0);
	ibuf_free(b);
	return (h);
}

ATF_TC_WITHOUT_HEAD(same);
ATF_TC_BODY(same, tc)
{
	const struct attr_set	*set;
	struct nexthops		*n;
	struct intern		*in;
	uint32_t		 h;

	ATF_REQUIRE((n = nexthop_new(100, &ops, NULL)) != NULL);
	ATF_REQUIRE((in = intern_new(n, 1)) != NULL);
	h = get(in, 5);
	ATF_CHECK_EQ(get(in, 5), h);
	ATF_CHECK(get(in, 6) != h);
	ATF_CHECK_EQ(intern_count(in), 2);
	set = intern_set(in, h);
	ATF_CHECK_EQ(set->refs, 2);
	ATF_CHECK_EQ(set->local_pref, LOCAL_PREF_DEFAULT);
	ATF_CHECK_EQ(set->med, 5);
	ATF_CHECK_EQ(set->hops, 3);	/* the AS_SET counts 1 */
	ATF_CHECK_EQ(set->neighbor_as, 65001);
	ATF_CHECK_EQ(set->origin, ORIGIN_EGP);
	ATF_CHECK(set->has_originator);
	ATF_CHECK_EQ(set->originator, 0x0a000001);
	ATF_CHECK_EQ(set->cluster_len, 3);
	ATF_CHECK_EQ(set->nexthop, LEAF_ID_FIRST);
	intern_free(in);
	nexthop_free(n);
}

/* Against a plain count of references, past several doublings. */
ATF_TC_WITHOUT_HEAD(churn);
ATF_TC_BODY(churn, tc)
{
	static uint32_t	 refs[6000], handle[6000];
	struct nexthops	*n;
	struct intern	*in;
	uint32_t	 i, k, h, live;
	size_t		 full;

	ATF_REQUIRE((n = nexthop_new(100, &ops, NULL)) != NULL);
	ATF_REQUIRE((in = intern_new(n, 99)) != NULL);
	srandom(7);
	for (live = 0, i = 0; i < 200000; i++) {
		k = random() % 6000;
		/* Grow in the first half, shrink in the second. */
		if (random() % 4 != 0 ? i < 100000 : i >= 100000) {
			h = get(in, k);
			if (refs[k]++ == 0) {
				handle[k] = h;
				live++;
			}
			ATF_REQUIRE_EQ(h, handle[k]);
		} else if (refs[k] > 0) {
			intern_unref(in, handle[k]);
			live -= --refs[k] == 0;
		}
		ATF_REQUIRE_EQ(intern_count(in), live);
	}
	h = get(in, 6001);
	full = intern_memory(in);
	k = intern_set(in, h)->len;
	intern_unref(in, h);
	ATF_CHECK_EQ(intern_memory(in), full - sizeof(struct attr_set) - k);
	for (k = 0; k < 6000; k++) {
		if (refs[k] > 0)
			ATF_REQUIRE_EQ(intern_set(in, handle[k])->med, k);
		for (; refs[k] > 0; refs[k]--)
			intern_unref(in, handle[k]);
	}
	ATF_CHECK_EQ(intern_count(in), 0);
	nexthop_reap(n);
	ATF_CHECK_EQ(nexthop_next(n, 0, &i), LEAF_ID_NONE);
	intern_free(in);
	nexthop_free(n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, same);
	ATF_TP_ADD_TC(tp, churn);
	return (atf_no_error());
}
