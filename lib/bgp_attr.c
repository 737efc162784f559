/* SPDX-License-Identifier: ISC */
/*
 * Path attributes of an UPDATE, each judged by RFC 7606 section 7 or the RFC
 * that defines it. What routes do not need is checked and left where it is.
 */
#include <sys/socket.h>

#include <string.h>

#include "bgp.h"

/* One attribute as it stands in the message. */
struct attr {
	uint8_t		 flags;
	uint8_t		 code;
	uint16_t	 len;
	const uint8_t	*p;		/* value */
	const uint8_t	*head;		/* where it begins */
};

typedef enum bgp_reason attr_fn(struct bgp_attr_state *, const struct attr *);

struct attr_spec {
	const char	*name;		/* NULL: not one we know */
	attr_fn		*decode;
	uint8_t		 flags;		/* optional and transitive */
	uint8_t		 verdict;	/* where decode finds an error */
	bool		 internal;	/* from an external peer: discard */
};

static attr_fn attr_origin, attr_as_path, attr_next_hop, attr_med,
    attr_local_pref, attr_atomic, attr_aggregator, attr_communities,
    attr_originator, attr_clusters, attr_mp_reach, attr_mp_unreach,
    attr_ext_communities, attr_as4_path, attr_as4_aggregator, attr_ext6,
    attr_large;

#define WELLKNOWN	BGP_FLAG_TRANSITIVE
#define NONTRANS	BGP_FLAG_OPTIONAL
#define TRANS		(BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE)

static const struct attr_spec specs[] = {
	[BGP_ATTR_ORIGIN] =
	    { "ORIGIN", attr_origin, WELLKNOWN, BGP_WITHDRAW, false },
	[BGP_ATTR_AS_PATH] =
	    { "AS_PATH", attr_as_path, WELLKNOWN, BGP_WITHDRAW, false },
	[BGP_ATTR_NEXT_HOP] =
	    { "NEXT_HOP", attr_next_hop, WELLKNOWN, BGP_WITHDRAW, false },
	[BGP_ATTR_MED] =
	    { "MULTI_EXIT_DISC", attr_med, NONTRANS, BGP_WITHDRAW, false },
	[BGP_ATTR_LOCAL_PREF] =
	    { "LOCAL_PREF", attr_local_pref, WELLKNOWN, BGP_WITHDRAW, true },
	[BGP_ATTR_ATOMIC_AGGREGATE] =
	    { "ATOMIC_AGGREGATE", attr_atomic, WELLKNOWN, BGP_DISCARD, false },
	[BGP_ATTR_AGGREGATOR] =
	    { "AGGREGATOR", attr_aggregator, TRANS, BGP_DISCARD, false },
	[BGP_ATTR_COMMUNITIES] =
	    { "COMMUNITIES", attr_communities, TRANS, BGP_WITHDRAW, false },
	[BGP_ATTR_ORIGINATOR_ID] =
	    { "ORIGINATOR_ID", attr_originator, NONTRANS, BGP_WITHDRAW, true },
	[BGP_ATTR_CLUSTER_LIST] =
	    { "CLUSTER_LIST", attr_clusters, NONTRANS, BGP_WITHDRAW, true },
	[BGP_ATTR_MP_REACH] =
	    { "MP_REACH_NLRI", attr_mp_reach, NONTRANS, BGP_RESET, false },
	[BGP_ATTR_MP_UNREACH] =
	    { "MP_UNREACH_NLRI", attr_mp_unreach, NONTRANS, BGP_RESET, false },
	[BGP_ATTR_EXT_COMMUNITIES] =
	    { "EXTENDED_COMMUNITIES", attr_ext_communities, TRANS, BGP_WITHDRAW,
	      false },
	[BGP_ATTR_AS4_PATH] =
	    { "AS4_PATH", attr_as4_path, TRANS, BGP_DISCARD, false },
	[BGP_ATTR_AS4_AGGREGATOR] =
	    { "AS4_AGGREGATOR", attr_as4_aggregator, TRANS, BGP_DISCARD,
	      false },
	[BGP_ATTR_EXT6_COMMUNITIES] =
	    { "IPV6_EXTENDED_COMMUNITIES", attr_ext6, TRANS, BGP_WITHDRAW,
	      false },
	[BGP_ATTR_LARGE_COMMUNITIES] =
	    { "LARGE_COMMUNITIES", attr_large, TRANS, BGP_WITHDRAW, false },
};
#define NSPECS	(sizeof(specs) / sizeof(specs[0]))

/* Canonical attributes carry some fixed fields beside the lists. */
#define LISTS_MAX	(ATTRS_MAX - 128)

static const struct attr_spec *
spec_of(uint8_t code)
{
	if (code >= NSPECS || specs[code].name == NULL)
		return (NULL);
	return (&specs[code]);
}

const char *
bgp_attr_name(uint8_t code)
{
	const struct attr_spec *spec = spec_of(code);

	return (spec == NULL ? NULL : spec->name);
}

bool
bgp_attr_seen(const struct bgp_attr_state *st, uint8_t code)
{
	return ((st->seen[code >> 6] >> (code & 63) & 1) != 0);
}

static enum bgp_reason
attr_origin(struct bgp_attr_state *st, const struct attr *a)
{
	if (a->len != 1)
		return (BGP_R_LENGTH);
	if (a->p[0] > ORIGIN_INCOMPLETE)
		return (BGP_R_VALUE);
	st->update->attrs.origin = a->p[0];
	return (BGP_R_NONE);
}

/* Segments of AS numbers of size bytes (RFC 7606 s. 7.2, RFC 7607). */
static enum bgp_reason
path_check(const uint8_t *p, size_t len, size_t size, bool internal)
{
	const uint8_t *end = p + len, *next;

	while (p < end) {
		if (end - p < 2 || p[0] < BGP_AS_SET ||
		    p[0] > BGP_AS_CONFED_SET || p[1] == 0 ||
		    (size_t)(end - p) - 2 < p[1] * size)
			return (BGP_R_SEGMENT);
		/* RFC 5065 5: we are in no confederation with it. */
		if (p[0] >= BGP_AS_CONFED_SEQUENCE && !internal)
			return (BGP_R_CONFED);
		next = p + 2 + p[1] * size;
		for (p += 2; p < next; p += size)
			if ((size == 4 ? bgp_get32(p) : bgp_get16(p)) == 0)
				return (BGP_R_AS_ZERO);
	}
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_as_path(struct bgp_attr_state *st, const struct attr *a)
{
	enum bgp_reason reason;

	reason = path_check(a->p, a->len, st->params->as4 ? 4 : 2,
	    st->params->internal);
	if (reason != BGP_R_NONE)
		return (reason);
	if (st->params->as4) {
		st->update->attrs.as_path = a->p;
		st->update->attrs.as_path_len = a->len;
	} else {
		st->as_path2 = a->p;
		st->as_path2_len = a->len;
	}
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_next_hop(struct bgp_attr_state *st, const struct attr *a)
{
	if (a->len != 4)
		return (BGP_R_LENGTH);
	/* Whether it can be used matters only to prefixes that use it. */
	st->nexthop.af = AF_INET;
	memcpy(st->nexthop.b, a->p, 4);
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_med(struct bgp_attr_state *st, const struct attr *a)
{
	if (a->len != 4)
		return (BGP_R_LENGTH);
	st->update->attrs.med = bgp_get32(a->p);
	st->update->attrs.has |= ATTR_HAS_MED;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_local_pref(struct bgp_attr_state *st, const struct attr *a)
{
	if (a->len != 4)
		return (BGP_R_LENGTH);
	st->update->attrs.local_pref = bgp_get32(a->p);
	st->update->attrs.has |= ATTR_HAS_LOCAL_PREF;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_atomic(struct bgp_attr_state *st, const struct attr *a)
{
	return (a->len == 0 ? BGP_R_NONE : BGP_R_LENGTH);
}

static enum bgp_reason
attr_aggregator(struct bgp_attr_state *st, const struct attr *a)
{
	uint32_t as;

	if (a->len != (st->params->as4 ? 8 : 6))
		return (BGP_R_LENGTH);
	as = st->params->as4 ? bgp_get32(a->p) : bgp_get16(a->p);
	if (as == 0)
		return (BGP_R_AS_ZERO);
	st->aggregator = as;
	return (BGP_R_NONE);
}

/* A list of elements of size bytes, at least one. */
static enum bgp_reason
list_check(const struct attr *a, unsigned int size)
{
	return (a->len == 0 || a->len % size != 0 ? BGP_R_LENGTH : BGP_R_NONE);
}

static enum bgp_reason
attr_communities(struct bgp_attr_state *st, const struct attr *a)
{
	if (list_check(a, 4) != BGP_R_NONE)
		return (BGP_R_LENGTH);
	st->update->attrs.communities = a->p;
	st->update->attrs.communities_len = a->len;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_originator(struct bgp_attr_state *st, const struct attr *a)
{
	if (a->len != 4)
		return (BGP_R_LENGTH);
	st->update->attrs.originator = bgp_get32(a->p);
	st->update->attrs.has |= ATTR_HAS_ORIGINATOR;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_clusters(struct bgp_attr_state *st, const struct attr *a)
{
	if (list_check(a, 4) != BGP_R_NONE)
		return (BGP_R_LENGTH);
	st->update->attrs.cluster_len = a->len / 4;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_ext_communities(struct bgp_attr_state *st, const struct attr *a)
{
	if (list_check(a, 8) != BGP_R_NONE)
		return (BGP_R_LENGTH);
	st->update->attrs.ext_communities = a->p;
	st->update->attrs.ext_communities_len = a->len;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_ext6(struct bgp_attr_state *st, const struct attr *a)
{
	return (list_check(a, 20));
}

static enum bgp_reason
attr_large(struct bgp_attr_state *st, const struct attr *a)
{
	if (list_check(a, 12) != BGP_R_NONE)
		return (BGP_R_LENGTH);
	st->update->attrs.large_communities = a->p;
	st->update->attrs.large_communities_len = a->len;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_as4_path(struct bgp_attr_state *st, const struct attr *a)
{
	enum bgp_reason reason;

	if (st->params->as4)
		return (BGP_R_NEW_SPEAKER);
	/* Confederation segments in it are dropped, no more (RFC 6793 6). */
	reason = a->len == 0 ? BGP_R_LENGTH : path_check(a->p, a->len, 4, true);
	if (reason != BGP_R_NONE)
		return (reason);
	st->as4_path = a->p;
	st->as4_path_len = a->len;
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_as4_aggregator(struct bgp_attr_state *st, const struct attr *a)
{
	if (st->params->as4)
		return (BGP_R_NEW_SPEAKER);
	if (a->len != 8)
		return (BGP_R_LENGTH);
	if (bgp_get32(a->p) == 0)
		return (BGP_R_AS_ZERO);
	st->as4_aggregator = true;
	return (BGP_R_NONE);
}

/* RFC 4760 3, RFC 7606 s. 7.11; for IPv6 RFC 2545 3. */
static enum bgp_reason
attr_mp_reach(struct bgp_attr_state *st, const struct attr *a)
{
	const struct bgp_params *params = st->params;
	struct addr *nh = &st->mp_reach.nexthop;
	unsigned int nhlen;
	uint8_t family;

	if (a->len < 5 || (nhlen = a->p[3]) > a->len - 5U)
		return (BGP_R_LENGTH);
	st->reach = a->len > 5 + nhlen;
	family = bgp_family(bgp_get16(a->p), a->p[2]);
	if ((family & params->families) == 0) {
		bgp_event(st->update, BGP_DISCARD, a->code, BGP_R_FAMILY);
		return (BGP_R_NONE);
	}
	if (family == BGP_FAM_IPV4 ? nhlen != 4 : nhlen != 16 && nhlen != 32)
		return (BGP_R_NEXTHOP);
	if (!bgp_nlri_check(&st->mp_reach, a->p + 5 + nhlen, a->len - 5 - nhlen,
		family, params))
		return (BGP_R_NLRI);
	/* Of two addresses the first is the global one. */
	nh->af = st->mp_reach.af;
	memcpy(nh->b, a->p + 4, nhlen == 4 ? 4 : 16);
	if (bgp_nexthop_bad(nh))
		bgp_event(st->update, BGP_WITHDRAW, a->code, BGP_R_NEXTHOP);
	return (BGP_R_NONE);
}

static enum bgp_reason
attr_mp_unreach(struct bgp_attr_state *st, const struct attr *a)
{
	uint8_t family;

	if (a->len < 3)
		return (BGP_R_LENGTH);
	family = bgp_family(bgp_get16(a->p), a->p[2]);
	if ((family & st->params->families) == 0) {
		bgp_event(st->update, BGP_DISCARD, a->code, BGP_R_FAMILY);
		return (BGP_R_NONE);
	}
	st->unreach = true;
	if (!bgp_nlri_check(&st->mp_unreach, a->p + 3, a->len - 3, family,
	    st->params))
		return (BGP_R_NLRI);
	return (BGP_R_NONE);
}

static void
reset(struct bgp_attr_state *st, uint8_t subcode, enum bgp_reason reason,
    const struct attr *a)
{
	size_t len = (size_t)(a->p - a->head) + a->len;

	bgp_event(st->update, BGP_RESET, a->code, reason);
	/* Data is the attribute (RFC 4271 6.3), for a bad list nothing. */
	bgp_error_set(&st->update->error, BGP_ERR_UPDATE, subcode, a->head,
	    subcode == BGP_UPDATE_LIST ? 0 : len);
}

/* False: session reset. */
static bool
attr_one(struct bgp_attr_state *st, const struct attr *a)
{
	const struct attr_spec *spec = spec_of(a->code);
	struct bgp_update *u = st->update;
	enum bgp_reason reason;
	bool mp = a->code == BGP_ATTR_MP_REACH ||
	    a->code == BGP_ATTR_MP_UNREACH;

	if (a->code != BGP_ATTR_MP_UNREACH)
		st->other = true;
	if (bgp_attr_seen(st, a->code)) {
		/* RFC 7606 s. 3 g */
		if (mp)
			reset(st, BGP_UPDATE_LIST, BGP_R_DUPLICATE, a);
		else
			bgp_event(u, BGP_DISCARD, a->code, BGP_R_DUPLICATE);
		return (!mp);
	}
	st->seen[a->code >> 6] |= 1ULL << (a->code & 63);
	if (spec == NULL) {
		if ((a->flags & BGP_FLAG_OPTIONAL) != 0)
			return (true);
		reset(st, BGP_UPDATE_WELLKNOWN, BGP_R_UNKNOWN, a);
		return (false);
	}
	if (((a->flags ^ spec->flags) & TRANS) != 0) {
		/* RFC 7606 s. 3 c; prefixes are needed for withdrawing. */
		bgp_event(u, BGP_WITHDRAW, a->code, BGP_R_FLAGS);
		if (!mp)
			return (true);
	}
	if (spec->internal && !st->params->internal) {
		bgp_event(u, BGP_DISCARD, a->code, BGP_R_EXTERNAL);
		return (true);
	}
	reason = spec->decode(st, a);
	if (reason == BGP_R_NONE)
		return (true);
	if (spec->verdict == BGP_RESET) {
		reset(st, BGP_UPDATE_OPTIONAL, reason, a);
		return (false);
	}
	bgp_event(u, (enum bgp_verdict)spec->verdict, a->code, reason);
	return (true);
}

/* Hops of one segment (RFC 4271 9.1.2.2 a, RFC 5065 5.3). */
static unsigned int
segment_hops(const uint8_t *p)
{
	if (p[0] == BGP_AS_SEQUENCE)
		return (p[1]);
	return (p[0] == BGP_AS_SET ? 1 : 0);
}

static unsigned int
path_hops(const uint8_t *p, size_t len, size_t size)
{
	const uint8_t *end = p + len;
	unsigned int n = 0;

	for (; p < end; p += 2 + p[1] * size)
		n += segment_hops(p);
	return (n);
}

/* Append n AS numbers of a segment to the path in u's scratch. */
static bool
path_append(struct bgp_update *u, const uint8_t *seg, unsigned int n,
    size_t size)
{
	uint16_t *len = &u->attrs.as_path_len;
	uint8_t *q = u->scratch + *len;
	const uint8_t *p = seg + 2;
	unsigned int i;

	if (sizeof(u->scratch) - *len < 2 + n * 4)
		return (false);
	q[0] = seg[0];
	q[1] = (uint8_t)n;
	for (i = 0; i < n; i++, p += size)
		bgp_put32(q + 2 + i * 4,
		    size == 4 ? bgp_get32(p) : bgp_get16(p));
	*len = (uint16_t)(*len + 2 + n * 4);
	return (true);
}

/*
 * The path of a two-octet session in four octets: as many leading hops of
 * AS_PATH as AS4_PATH lacks, then AS4_PATH (RFC 6793 4.2.3). Confederation
 * segments count nothing and are taken as long as they lead.
 */
static bool
path_merge(struct bgp_attr_state *st)
{
	struct bgp_update *u = st->update;
	const uint8_t *p = st->as_path2, *end = p + st->as_path2_len;
	unsigned int hops, hops4 = 0, n;

	u->attrs.as_path = u->scratch;
	hops = path_hops(p, st->as_path2_len, 2);
	/* An AGGREGATOR that is not AS_TRANS was set by one who knew only two
	   octets, behind whoever wrote the AS4 attributes. */
	if (st->as4_path != NULL &&
	    !(st->as4_aggregator && st->aggregator != 0 &&
		st->aggregator != BGP_AS_TRANS))
		hops4 = path_hops(st->as4_path, st->as4_path_len, 4);
	if (hops4 > hops)
		hops4 = 0;
	hops -= hops4;
	for (; p < end; p += 2 + p[1] * 2) {
		n = p[1];
		if (segment_hops(p) > 0) {
			if (hops == 0 && hops4 > 0)
				break;
			if (p[0] == BGP_AS_SEQUENCE && n > hops)
				n = hops;
			hops -= p[0] == BGP_AS_SEQUENCE ? n : 1;
		}
		if (!path_append(u, p, n, 2))
			return (false);
		if (n < p[1])
			break;
	}
	if (hops4 == 0)
		return (true);
	for (p = st->as4_path, end = p + st->as4_path_len; p < end;
	     p += 2 + p[1] * 4)
		if (segment_hops(p) > 0 && !path_append(u, p, p[1], 4))
			return (false);
	return (true);
}

/*
 * Communities do not say where packets go, so a route of a long message (RFC
 * 8654) does without the lists that do not fit; without its path it cannot.
 */
static void
lists_fit(struct bgp_update *u)
{
	struct attrs *a = &u->attrs;
	const struct {
		uint16_t *len;
		uint8_t	  code;
	} lists[] = { { &a->communities_len, BGP_ATTR_COMMUNITIES },
		{ &a->ext_communities_len, BGP_ATTR_EXT_COMMUNITIES },
		{ &a->large_communities_len, BGP_ATTR_LARGE_COMMUNITIES } };
	size_t i, room = LISTS_MAX;

	if (a->as_path_len > room) {
		bgp_event(u, BGP_WITHDRAW, BGP_ATTR_AS_PATH, BGP_R_TOO_LONG);
		return;
	}
	room -= a->as_path_len;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (*lists[i].len > room) {
			bgp_event(u, BGP_DISCARD, lists[i].code,
			    BGP_R_TOO_LONG);
			*lists[i].len = 0;
		}
		room -= *lists[i].len;
	}
}

bool
bgp_attrs_decode(struct bgp_attr_state *st, const uint8_t *p, size_t len)
{
	struct bgp_update *u = st->update;
	const uint8_t *end = p + len;
	struct attr a;
	size_t head;

	while (p < end) {
		a.head = p;
		a.flags = p[0];
		a.code = end - p > 1 ? p[1] : BGP_ATTR_NONE;
		head = (a.flags & BGP_FLAG_EXTENDED) != 0 ? 4 : 3;
		a.p = p + head;
		a.len = 0;
		if ((size_t)(end - p) >= head)
			a.len = head == 4 ? bgp_get16(p + 2) : p[2];
		if ((size_t)(end - p) < head + a.len) {
			/* RFC 7606 s. 4; without the prefixes s. 3 j. */
			st->other = true;
			if (a.code == BGP_ATTR_MP_REACH ||
			    a.code == BGP_ATTR_MP_UNREACH) {
				reset(st, BGP_UPDATE_LIST, BGP_R_OVERRUN, &a);
				return (false);
			}
			bgp_event(u, BGP_WITHDRAW, a.code, BGP_R_OVERRUN);
			break;
		}
		if (!attr_one(st, &a))
			return (false);
		p = a.p + a.len;
	}
	if (u->verdict < BGP_WITHDRAW && st->as_path2_len > 0 &&
	    !path_merge(st))
		bgp_event(u, BGP_WITHDRAW, BGP_ATTR_AS_PATH, BGP_R_TOO_LONG);
	lists_fit(u);
	return (true);
}
