/* SPDX-License-Identifier: ISC */
/* UPDATEs with more than we keep, or than goes into one batch. */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "update.h"

/* Longer than a canonical set may be: as an extended message could have. */
ATF_TC_WITHOUT_HEAD(too_long);
ATF_TC_BODY(too_long, tc)
{
	static const enum kind kinds[] = { IBGP, IBGP2 };
	struct bgp_update *u = update_new();
	uint8_t *msg, *p;
	size_t i, len, n, size;
	unsigned int j;

	ATF_REQUIRE((msg = malloc(65536)) != NULL);
	for (i = 0; i < 2; i++) {
		size = kinds[i] == IBGP ? 4 : 2;
		len = build(msg, "", ORIGIN NH "50 02 0000", "");
		p = msg + len;
		for (j = 0; j < 40; j++) {
			*p++ = BGP_AS_SEQUENCE;
			*p++ = 255;
			memset(p, 1, 255 * size);
			p += 255 * size;
		}
		n = (size_t)(p - msg) - len;
		bgp_put16(msg + len - 2, (uint16_t)n);
		bgp_put16(msg + 2, (uint16_t)(len - 4 + n));
		*p++ = 8;
		*p++ = 10;
		ATF_CHECK_EQ(BGP_WITHDRAW, bgp_update_decode(u,
		    &params[kinds[i]], msg, (size_t)(p - msg)));
		ATF_CHECK_EQ(BGP_R_TOO_LONG, u->events[0].reason);
		ATF_REQUIRE_EQ(1, u->nroutes);
		ATF_CHECK(u->routes[0].withdraw);
	}
	free(msg);
	free(u);
}

/* Communities that do not fit are left out, those that do stay. */
ATF_TC_WITHOUT_HEAD(long_communities);
ATF_TC_BODY(long_communities, tc)
{
	static const unsigned int counts[][2] = { { 4000, 100 }, { 4050, 100 },
		{ 5000, 1000 }, { 100, 2000 } };
	struct bgp_update *u = update_new();
	struct ibuf *b;
	uint8_t *msg, *p;
	size_t i, len, n4, n12;

	ATF_REQUIRE((msg = malloc(65536)) != NULL);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n4 = 4 * (size_t)counts[i][0];
		n12 = 12 * (size_t)counts[i][1];
		len = build(msg, "", BASE, "");
		p = msg + len;
		len += unhex("d0 08 0000", p);
		bgp_put16(p + 2, (uint16_t)n4);
		p += 4;
		memset(p, 7, n4);
		p += n4;
		unhex("d0 20 0000", p);
		bgp_put16(p + 2, (uint16_t)n12);
		p += 4;
		memset(p, 8, n12);
		p += n12;
		bgp_put16(msg + 2, (uint16_t)(p - msg - 4));
		*p++ = 8;
		*p++ = 10;
		ATF_CHECK_EQ(BGP_DISCARD, bgp_update_decode(u, &params[IBGP],
		    msg, (size_t)(p - msg)));
		ATF_CHECK_EQ(BGP_R_TOO_LONG, u->events[0].reason);
		ATF_CHECK_EQ(i == 2 ? 0 : n4, u->attrs.communities_len);
		ATF_CHECK_EQ(i == 2 ? n12 : 0, u->attrs.large_communities_len);
		ATF_REQUIRE_EQ(1, u->nroutes);
		ATF_CHECK(!u->routes[0].withdraw);
		u->attrs.nexthop = u->routes[0].nexthop;
		ATF_REQUIRE((b = imsg_create()) != NULL);
		ATF_CHECK_EQ(0, route_batch_start(b, 1, AF_INET, &u->attrs));
		ATF_CHECK_EQ(1, bgp_routes_put(b, &u->routes[0]));
		ibuf_free(b);
	}
	free(msg);
	free(u);
}

/* More prefixes than a batch has room for come in several. */
ATF_TC_WITHOUT_HEAD(batches);
ATF_TC_BODY(batches, tc)
{
	static const enum kind kinds[] = { IBGP, ADDPATH };
	struct bgp_update *u = update_new();
	struct route_batch head;
	struct prefix p;
	struct ibuf *b, in;
	uint8_t *msg, *q;
	uint32_t id, i, seen, n;
	size_t k;

	ATF_REQUIRE((msg = malloc(65536)) != NULL);
	for (k = 0; k < 2; k++) {
		q = msg + build(msg, "", BASE, "");
		for (i = 0; i < 2000; i++) {
			if (kinds[k] == ADDPATH) {
				bgp_put32(q, i);
				q += 4;
			}
			*q++ = 24;
			*q++ = 10;
			bgp_put16(q, (uint16_t)i);
			q += 2;
		}
		ATF_REQUIRE_EQ(BGP_OK, bgp_update_decode(u, &params[kinds[k]],
		    msg, (size_t)(q - msg)));
		ATF_REQUIRE_EQ(1, u->nroutes);
		u->attrs.nexthop = u->routes[0].nexthop;
		for (seen = 0; u->routes[0].len > 0;) {
			ATF_REQUIRE((b = ibuf_new(1000)) != NULL);
			ATF_REQUIRE_EQ(0,
			    route_batch_start(b, 1, AF_INET, &u->attrs));
			ATF_REQUIRE(bgp_routes_put(b, &u->routes[0]) > 0);
			ibuf_from(&in, b->buf, b->wpos);
			ATF_REQUIRE_EQ(0, route_batch_get(&in, &head));
			for (n = 0; route_batch_next(&in, &head, &id, &p) == 1;
			     n++, seen++) {
				ATF_REQUIRE_EQ(10, p.addr.b[0]);
				ATF_REQUIRE_EQ(seen, bgp_get16(p.addr.b + 1));
				ATF_REQUIRE_EQ(
				    kinds[k] == ADDPATH ? seen : 0, id);
			}
			ATF_REQUIRE(n > 90);
			ibuf_free(b);
		}
		ATF_CHECK_EQ(2000, seen);
		ATF_CHECK_EQ(0, u->routes[0].count);
	}
	free(msg);
	free(u);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, too_long);
	ATF_TP_ADD_TC(tp, long_communities);
	ATF_TP_ADD_TC(tp, batches);
	return (atf_no_error());
}
