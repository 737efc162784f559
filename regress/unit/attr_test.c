/* SPDX-License-Identifier: ISC */
/*
 * Canonical path attributes and route batches: the same comes back, and
 * whatever a hostile engine could send instead is refused.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/attr.h"

/* AS_CONFED_SEQUENCE 65001, AS_SEQUENCE 4200000001 2, AS_SET 7 8 9 */
static const uint8_t path[] = {3, 1, 0, 0, 0xfd, 0xe9, 2, 2, 0xfa, 0x56, 0xea,
    0x01, 0, 0, 0, 2, 1, 3, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9};
static const uint8_t comm[] = {0xff, 0xff, 0xff, 1, 0, 1, 0, 2};
static const uint8_t ext[] = {0, 2, 0, 1, 0, 0, 0, 1};
static const uint8_t large[] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};

static void
sample(struct attrs *a)
{
	memset(a, 0, sizeof(*a));
	a->origin = ORIGIN_EGP;
	a->has = ATTR_HAS_MED | ATTR_HAS_LOCAL_PREF | ATTR_HAS_ORIGINATOR;
	a->cluster_len = 3;
	a->med = 10;
	a->local_pref = 200;
	a->originator = 0xc0000201;
	ATF_REQUIRE_EQ(0, addr_parse("2001:db8::1", &a->nexthop));
	a->as_path = path;
	a->as_path_len = sizeof(path);
	a->communities = comm;
	a->communities_len = sizeof(comm);
	a->ext_communities = ext;
	a->ext_communities_len = sizeof(ext);
	a->large_communities = large;
	a->large_communities_len = sizeof(large);
}

ATF_TC_WITHOUT_HEAD(roundtrip);
ATF_TC_BODY(roundtrip, tc)
{
	struct attrs a, b;
	struct ibuf *w;
	const uint8_t *blob;
	size_t len;

	sample(&a);
	w = ibuf_new(65536);
	ATF_REQUIRE_EQ(0, attrs_put(w, &a));
	ibuf_put_u32(w, 0x12345678);
	ATF_REQUIRE_EQ(0, attrs_get(w, &b, &blob, &len));
	ATF_CHECK_EQ(4, ibuf_left(w));
	ATF_CHECK_EQ(a.origin, b.origin);
	ATF_CHECK_EQ(a.has, b.has);
	ATF_CHECK_EQ(a.cluster_len, b.cluster_len);
	ATF_CHECK_EQ(a.med, b.med);
	ATF_CHECK_EQ(a.local_pref, b.local_pref);
	ATF_CHECK_EQ(a.originator, b.originator);
	ATF_CHECK_EQ(0, addr_cmp(&a.nexthop, &b.nexthop));
	ATF_REQUIRE_EQ(sizeof(path), b.as_path_len);
	ATF_CHECK_EQ(0, memcmp(path, b.as_path, sizeof(path)));
	ATF_REQUIRE_EQ(sizeof(comm), b.communities_len);
	ATF_CHECK_EQ(0, memcmp(comm, b.communities, sizeof(comm)));
	ATF_REQUIRE_EQ(sizeof(ext), b.ext_communities_len);
	ATF_CHECK_EQ(0, memcmp(ext, b.ext_communities, sizeof(ext)));
	ATF_REQUIRE_EQ(sizeof(large), b.large_communities_len);
	ATF_CHECK_EQ(0, memcmp(large, b.large_communities, sizeof(large)));

	ATF_REQUIRE_EQ(0, attrs_parse(blob, len, &b));
	ATF_CHECK_EQ(a.med, b.med);
	/* Neither shorter nor longer. */
	while (len-- > 0) {
		errno = 0;
		ATF_CHECK_EQ(-1, attrs_parse(blob, len, &b));
		ATF_CHECK_EQ(EBADMSG, errno);
	}
	ibuf_free(w);
}

ATF_TC_WITHOUT_HEAD(canonical);
ATF_TC_BODY(canonical, tc)
{
	struct attrs a;
	struct ibuf *w1, *w2;

	sample(&a);
	a.has = 0;
	w1 = ibuf_new(65536);
	ATF_REQUIRE_EQ(0, attrs_put(w1, &a));
	/* Values that are said to be absent leave no trace. */
	a.med++;
	a.local_pref++;
	a.originator++;
	w2 = ibuf_new(65536);
	ATF_REQUIRE_EQ(0, attrs_put(w2, &a));
	ATF_REQUIRE_EQ(w1->wpos, w2->wpos);
	ATF_CHECK_EQ(0, memcmp(w1->buf, w2->buf, w1->wpos));
	ibuf_free(w1);
	ibuf_free(w2);
}

static void
refused(const char *what, const uint8_t *blob, size_t len)
{
	struct attrs b;

	errno = 0;
	ATF_CHECK_MSG(attrs_parse(blob, len, &b) == -1, "%s was taken", what);
	ATF_CHECK_EQ(EBADMSG, errno);
}

ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	struct attrs a;
	struct ibuf *w;
	const uint8_t *p;
	uint8_t blob[512];
	size_t len;
	uint16_t u16;

	sample(&a);
	w = ibuf_new(65536);
	ATF_REQUIRE_EQ(0, attrs_put(w, &a));
	ATF_REQUIRE_EQ(0, attrs_get(w, &a, &p, &len));
	ATF_REQUIRE(len < sizeof(blob));
#define AGAIN memcpy(blob, p, len)
	AGAIN;
	blob[0] = 3;
	refused("origin 3", blob, len);
	AGAIN;
	blob[1] = 0x80;
	refused("unknown has bit", blob, len);
	AGAIN;
	blob[1] &= ~ATTR_HAS_MED;
	refused("absent MED with a value", blob, len);
	AGAIN;
	blob[1] &= ~ATTR_HAS_LOCAL_PREF;
	refused("absent LOCAL_PREF with a value", blob, len);
	AGAIN;
	blob[1] &= ~ATTR_HAS_ORIGINATOR;
	refused("absent originator with a value", blob, len);
	AGAIN;
	blob[2] = AF_UNSPEC;
	refused("no next hop", blob, len);
	AGAIN;
	blob[2] = AF_UNIX;
	refused("foreign family", blob, len);
	AGAIN;
	/* The path's length, behind the IPv6 next hop. */
	u16 = 0xffff;
	memcpy(blob + 33, &u16, 2);
	refused("path beyond the end", blob, len);
	u16 = sizeof(path) - 4;
	memcpy(blob + 33, &u16, 2);
	u16 = sizeof(comm) + 4;
	memcpy(blob + 35, &u16, 2);
	refused("path cut in a segment", blob, len);
	AGAIN;
	blob[41] = 5;
	refused("segment type 5", blob, len);
	blob[41] = 0;
	refused("segment type 0", blob, len);
	AGAIN;
	blob[42] = 0;
	refused("empty segment", blob, len);
	blob[42] = 255;
	refused("segment beyond the path", blob, len);
	AGAIN;
	u16 = sizeof(comm) - 2;
	memcpy(blob + 35, &u16, 2);
	u16 = sizeof(ext) + 2;
	memcpy(blob + 37, &u16, 2);
	refused("half a community", blob, len);
	ibuf_free(w);
}

ATF_TC_WITHOUT_HEAD(bounds);
ATF_TC_BODY(bounds, tc)
{
	static const uint8_t empty[] = {2, 0};
	static uint8_t big[ATTRS_MAX];
	struct attrs a;
	struct ibuf *w;

	sample(&a);
	a.communities = big;
	a.communities_len =
	    ATTRS_MAX - sizeof(path) - sizeof(ext) - sizeof(large) - 41;
	a.communities_len -= a.communities_len % 4;
	w = ibuf_new(65536);
	ATF_CHECK_EQ(0, attrs_put(w, &a));
	ATF_CHECK_EQ(0, attrs_get(w, &a, NULL, NULL));
	a.communities_len += 4;
	a.communities = big;
	ATF_CHECK_EQ(-1, attrs_put(w, &a));
	ATF_CHECK_EQ(ERANGE, errno);
	/* A failed buffer stays failed. */
	ATF_CHECK_EQ(-1, ibuf_put_u8(w, 1));
	ibuf_free(w);

	w = ibuf_new(65536);
	sample(&a);
	a.as_path_len -= 1;
	ATF_CHECK_EQ(-1, attrs_put(w, &a));
	ibuf_free(w);

	/* RFC 7606 s. 7.2: an empty segment is malformed. */
	w = ibuf_new(65536);
	sample(&a);
	a.as_path = empty;
	a.as_path_len = sizeof(empty);
	ATF_CHECK_EQ(-1, attrs_put(w, &a));
	ibuf_free(w);
}

ATF_TC_WITHOUT_HEAD(decision);
ATF_TC_BODY(decision, tc)
{
	struct attrs a;

	sample(&a);
	ATF_CHECK_EQ(3, attrs_path_hops(&a));
	ATF_CHECK_EQ(4200000001U, attrs_neighbor_as(&a));
	/* Only the AS_SET. */
	a.as_path = path + 16;
	a.as_path_len = sizeof(path) - 16;
	ATF_CHECK_EQ(1, attrs_path_hops(&a));
	ATF_CHECK_EQ(0, attrs_neighbor_as(&a));
	/* Only the confederation. */
	a.as_path = path;
	a.as_path_len = 6;
	ATF_CHECK_EQ(0, attrs_path_hops(&a));
	ATF_CHECK_EQ(0, attrs_neighbor_as(&a));
	a.as_path = NULL;
	a.as_path_len = 0;
	ATF_CHECK_EQ(0, attrs_path_hops(&a));
	ATF_CHECK_EQ(0, attrs_neighbor_as(&a));
}

static void
batch(int af, const struct attrs *a)
{
	struct route_batch rb;
	struct prefix p, *in;
	struct ibuf *w;
	uint32_t id;
	int i, j, n = 0, r;

	in = calloc(20000, sizeof(*in));
	w = imsg_create();
	ATF_REQUIRE_EQ(0, route_batch_start(w, 77, af, a));
	for (i = 0; i < 20000; i++) {
		in[i].addr.af = af;
		in[i].len = i % (af_bits(af) + 1);
		for (j = 0; j < af_bytes(af); j++)
			in[i].addr.b[j] = random();
		prefix_mask(&in[i]);
		if (route_batch_add(w, i * 3, &in[i]) == -1)
			break;
		n++;
	}
	/* Full, but what is in it is still good. */
	ATF_CHECK(n > 3000 && n < 20000);
	ATF_CHECK_EQ(ERANGE, errno);
	ATF_CHECK_EQ(0, w->failed);
	ATF_CHECK(ibuf_left(w) <= IMSG_BODY_MAX);
	ATF_CHECK(ibuf_left(w) > IMSG_BODY_MAX - 32);

	ATF_REQUIRE_EQ(0, route_batch_get(w, &rb));
	ATF_CHECK_EQ(77, rb.peer);
	ATF_CHECK_EQ(af, rb.af);
	ATF_CHECK_EQ(a == NULL, rb.withdraw);
	if (a != NULL) {
		ATF_CHECK_EQ(a->med, rb.attrs.med);
		ATF_CHECK(rb.blob_len > sizeof(path));
	}
	for (i = 0; (r = route_batch_next(w, &rb, &id, &p)) == 1; i++) {
		ATF_REQUIRE_EQ(i * 3, (int)id);
		ATF_REQUIRE_EQ(0, memcmp(&in[i], &p, sizeof(p)));
	}
	ATF_CHECK_EQ(0, r);
	ATF_CHECK_EQ(n, i);
	ibuf_free(w);
	free(in);
}

ATF_TC_WITHOUT_HEAD(batches);
ATF_TC_BODY(batches, tc)
{
	struct attrs a;

	sample(&a);
	batch(AF_INET, &a);
	batch(AF_INET6, &a);
	batch(AF_INET, NULL);
	batch(AF_INET6, NULL);
}

ATF_TC_WITHOUT_HEAD(batch_hostile);
ATF_TC_BODY(batch_hostile, tc)
{
	static const struct {
		const char *what;
		uint8_t af, withdraw;
		uint8_t nlri[24];
		size_t n;
	} cases[] = {
	    {"foreign family", AF_UNIX, 1, {0}, 0},
	    {"neither announce nor withdraw", AF_INET, 2, {0}, 0},
	    {"announce without attributes", AF_INET, 0, {0}, 0},
	    {"v4 longer than 32", AF_INET, 1, {0, 0, 0, 0, 33, 1, 1, 1, 1, 0},
		10},
	    {"v6 longer than 128", AF_INET6, 1, {0, 0, 0, 0, 129}, 22},
	    {"host bits", AF_INET, 1, {0, 0, 0, 0, 9, 10, 0x40}, 7},
	    {"short path id", AF_INET, 1, {0, 0, 0}, 3},
	    {"no length", AF_INET, 1, {0, 0, 0, 0}, 4},
	    {"short prefix", AF_INET, 1, {0, 0, 0, 0, 24, 10, 0}, 7},
	};
	struct route_batch rb;
	struct prefix p;
	struct ibuf *w;
	uint32_t id;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = ibuf_new(100);
		ibuf_put_u32(w, 1);
		ibuf_put_u8(w, cases[i].af);
		ibuf_put_u8(w, cases[i].withdraw);
		ibuf_put(w, cases[i].nlri, cases[i].n);
		errno = 0;
		ATF_CHECK_MSG(route_batch_get(w, &rb) == -1 ||
				  route_batch_next(w, &rb, &id, &p) == -1,
		    "%s was taken", cases[i].what);
		ATF_CHECK_EQ(EBADMSG, errno);
		ibuf_free(w);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, roundtrip);
	ATF_TP_ADD_TC(tp, canonical);
	ATF_TP_ADD_TC(tp, hostile);
	ATF_TP_ADD_TC(tp, bounds);
	ATF_TP_ADD_TC(tp, decision);
	ATF_TP_ADD_TC(tp, batches);
	ATF_TP_ADD_TC(tp, batch_hostile);
	return (atf_no_error());
}
