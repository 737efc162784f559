/* SPDX-License-Identifier: ISC */
/*
 * The UPDATE decoder: the message's own lengths, the prefix fields and the
 * verdict over all of it (RFC 4271 4.3, 6.3; RFC 7606). Attributes are in
 * bgp_attr.c. No state between messages, no allocation.
 */
#include <sys/socket.h>

#include <string.h>

#include "bgp.h"

static const char *const reasons[BGP_R_MAX] = {
	[BGP_R_NONE] = "none",
	[BGP_R_LENGTHS] = "lengths contradict the message's",
	[BGP_R_OVERRUN] = "runs past the attribute list",
	[BGP_R_FLAGS] = "wrong flags",
	[BGP_R_LENGTH] = "wrong length",
	[BGP_R_VALUE] = "invalid value",
	[BGP_R_SEGMENT] = "malformed segment",
	[BGP_R_AS_ZERO] = "AS 0",
	[BGP_R_CONFED] = "confederation segment from outside",
	[BGP_R_NEXTHOP] = "unusable next hop",
	[BGP_R_NLRI] = "prefixes cannot be parsed",
	[BGP_R_DUPLICATE] = "appears more than once",
	[BGP_R_MISSING] = "missing",
	[BGP_R_UNKNOWN] = "unrecognized well-known attribute",
	[BGP_R_EXTERNAL] = "not expected from an external peer",
	[BGP_R_NEW_SPEAKER] = "not expected on a four-octet AS session",
	[BGP_R_FAMILY] = "address family not negotiated",
	[BGP_R_TOO_LONG] = "too long",
	[BGP_R_NO_NLRI] = "attribute error in a message without prefixes"
};

const char *
bgp_reason_text(uint8_t reason)
{
	return (reason < BGP_R_MAX ? reasons[reason] : "unknown");
}

uint8_t
bgp_family(uint16_t afi, uint8_t safi)
{
	if (safi != BGP_SAFI_UNICAST)
		return (0);
	if (afi == BGP_AFI_IPV4)
		return (BGP_FAM_IPV4);
	return (afi == BGP_AFI_IPV6 ? BGP_FAM_IPV6 : 0);
}

/* Data beyond what a NOTIFICATION holds is cut off. */
void
bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode,
    const void *data, size_t len)
{
	if (len > sizeof(e->data))
		len = sizeof(e->data);
	e->code = code;
	e->subcode = subcode;
	e->len = (uint16_t)len;
	if (len > 0)
		memcpy(e->data, data, len);
}

void
bgp_event(struct bgp_update *u, enum bgp_verdict verdict, uint8_t attr,
    enum bgp_reason reason)
{
	struct bgp_event *e;

	if (u->nevents < BGP_EVENTS_MAX) {
		e = &u->events[u->nevents];
		e->verdict = (uint8_t)verdict;
		e->attr = attr;
		e->reason = (uint8_t)reason;
	}
	u->nevents++;
	/* RFC 7606 s. 3 h: the strongest of them counts. */
	if (verdict > u->verdict)
		u->verdict = verdict;
}

bool
bgp_nexthop_bad(const struct addr *a)
{
	static const uint8_t ones[4] = { 255, 255, 255, 255 };

	return (addr_is_multicast(a) ||
	    (a->af == AF_INET && memcmp(a->b, ones, 4) == 0));
}

bool
bgp_nlri_check(struct bgp_routes *r, const uint8_t *p, size_t len,
    uint8_t family, const struct bgp_params *params)
{
	const uint8_t *end = p + len;
	unsigned int bits = family == BGP_FAM_IPV4 ? 32 : 128;
	size_t head;
	uint32_t n = 0;

	r->nlri = p;
	r->len = len;
	r->af = family == BGP_FAM_IPV4 ? AF_INET : AF_INET6;
	r->add_path = (params->add_path & family) != 0;
	head = r->add_path ? 5 : 1;
	while (p < end) {
		if ((size_t)(end - p) < head || p[head - 1] > bits)
			return (false);
		p += head - 1;
		if ((size_t)(end - p) < 1 + (p[0] + 7U) / 8)
			return (false);
		p += 1 + (p[0] + 7U) / 8;
		n++;
	}
	r->count = n;
	return (true);
}

/* How many prefixes of *r go into room bytes of a batch. */
static uint32_t
routes_fit(const struct bgp_routes *r, size_t room, size_t *out)
{
	const uint8_t *p = r->nlri;
	size_t bytes;
	uint32_t n;

	/* What a path id or the lack of one adds to each is all there is. */
	*out = r->len + (r->add_path ? 0 : 4 * (size_t)r->count);
	if (*out <= room)
		return (r->count);
	*out = 0;
	for (n = 0; n < r->count; n++) {
		if (r->add_path)
			p += 4;
		bytes = (p[0] + 7U) / 8;
		if (*out + 5 + bytes > room)
			break;
		*out += 5 + bytes;
		p += 1 + bytes;
	}
	return (n);
}

uint32_t
bgp_routes_put(struct ibuf *b, struct bgp_routes *r)
{
	const uint8_t *p = r->nlri;
	uint8_t *q;
	size_t out;
	uint32_t i, n, id = PATH_ID_NONE;
	unsigned int bytes, rest, j;

	n = routes_fit(r, b->max - b->wpos, &out);
	if (n == 0 || (q = ibuf_reserve(b, out)) == NULL)
		return (0);
	for (i = 0; i < n; i++) {
		if (r->add_path) {
			id = bgp_get32(p);
			p += 4;
		}
		memcpy(q, &id, sizeof(id));
		q += sizeof(id);
		bytes = (p[0] + 7U) / 8;
		rest = p[0] & 7;
		for (j = 0; j <= bytes; j++)
			*q++ = *p++;
		/* Bits behind the length mean nothing (RFC 4271 4.3). */
		if (rest != 0)
			q[-1] &= (uint8_t)(0xff00 >> rest);
	}
	r->len -= (size_t)(p - r->nlri);
	r->nlri = p;
	r->count -= n;
	return (n);
}

static void
reset(struct bgp_update *u, enum bgp_reason reason, uint8_t subcode)
{
	bgp_event(u, BGP_RESET, BGP_ATTR_NONE, reason);
	bgp_error_set(&u->error, BGP_ERR_UPDATE, subcode, NULL, 0);
}

static void
add_routes(struct bgp_update *u, const struct bgp_routes *r, bool withdraw,
    const struct addr *nexthop)
{
	struct bgp_routes *to;

	if (r->count == 0)
		return;
	to = &u->routes[u->nroutes++];
	*to = *r;
	to->withdraw = withdraw;
	if (!withdraw)
		to->nexthop = *nexthop;
}

/* RFC 4271 5, RFC 7606 s. 3 d: attributes that routes must have. */
static void
check_mandatory(const struct bgp_attr_state *st, bool announced)
{
	struct bgp_update *u = st->update;

	if (!announced && st->mp_reach.count == 0)
		return;
	if (!bgp_attr_seen(st, BGP_ATTR_ORIGIN))
		bgp_event(u, BGP_WITHDRAW, BGP_ATTR_ORIGIN, BGP_R_MISSING);
	if (!bgp_attr_seen(st, BGP_ATTR_AS_PATH) && !st->params->loc_rib)
		bgp_event(u, BGP_WITHDRAW, BGP_ATTR_AS_PATH, BGP_R_MISSING);
	if (!announced)
		return;
	if (!bgp_attr_seen(st, BGP_ATTR_NEXT_HOP))
		bgp_event(u, BGP_WITHDRAW, BGP_ATTR_NEXT_HOP, BGP_R_MISSING);
	else if (st->nexthop.af == AF_INET && bgp_nexthop_bad(&st->nexthop))
		bgp_event(u, BGP_WITHDRAW, BGP_ATTR_NEXT_HOP, BGP_R_NEXTHOP);
}

/*
 * The fields of the message, attributes decoded: their prefixes, and what is
 * left to be judged over the whole.
 */
static enum bgp_verdict
finish(struct bgp_attr_state *st, const uint8_t *wd, size_t wdlen,
    const uint8_t *nlri, size_t nlrilen, bool empty)
{
	struct bgp_update *u = st->update;
	const struct bgp_params *params = st->params;
	struct bgp_routes withdrawn = { 0 }, announced = { 0 };
	bool all;

	if ((params->families & BGP_FAM_IPV4) == 0) {
		if (wdlen > 0 || nlrilen > 0)
			bgp_event(u, BGP_DISCARD, BGP_ATTR_NONE, BGP_R_FAMILY);
		if (empty)
			return (u->verdict);
	} else if (!bgp_nlri_check(&withdrawn, wd, wdlen, BGP_FAM_IPV4,
	    params) ||
	    !bgp_nlri_check(&announced, nlri, nlrilen, BGP_FAM_IPV4, params)) {
		/* RFC 7606 s. 5.3, s. 3 j */
		reset(u, BGP_R_NLRI, BGP_UPDATE_NETWORK);
		return (u->verdict);
	} else if (empty) {
		u->eor = AF_INET;
		return (u->verdict);
	}
	check_mandatory(st, announced.count > 0);
	/*
	 * RFC 7606 s. 5.2: attributes without any reachable prefix leave in
	 * doubt whether the prefixes were found at all.
	 */
	if (u->verdict == BGP_WITHDRAW && st->other && nlrilen == 0 &&
	    !st->reach) {
		reset(u, BGP_R_NO_NLRI, BGP_UPDATE_LIST);
		return (u->verdict);
	}
	if (u->nevents == 0 && st->unreach && st->mp_unreach.len == 0 &&
	    !st->other && wdlen == 0 && nlrilen == 0) {
		u->eor = st->mp_unreach.af;
		return (u->verdict);
	}
	all = u->verdict >= BGP_WITHDRAW;
	add_routes(u, &withdrawn, true, NULL);
	add_routes(u, &st->mp_unreach, true, NULL);
	add_routes(u, &announced, all, &st->nexthop);
	add_routes(u, &st->mp_reach, all, &st->mp_reach.nexthop);
	return (u->verdict);
}

enum bgp_verdict
bgp_update_decode(struct bgp_update *u, const struct bgp_params *params,
    const uint8_t *p, size_t len)
{
	struct bgp_attr_state st;
	const uint8_t *wd, *attr;
	size_t wdlen, attrlen;

	u->verdict = BGP_OK;
	u->eor = 0;
	u->nroutes = 0;
	u->nevents = 0;
	u->error.code = 0;
	memset(&u->attrs, 0, sizeof(u->attrs));
	memset(&st, 0, sizeof(st));
	st.params = params;
	st.update = u;

	/* RFC 4271 6.3, RFC 7606 s. 3 a */
	if (len < 4 || (wdlen = bgp_get16(p)) > len - 4) {
		reset(u, BGP_R_LENGTHS, BGP_UPDATE_LIST);
		return (u->verdict);
	}
	wd = p + 2;
	attr = wd + wdlen + 2;
	attrlen = bgp_get16(wd + wdlen);
	if (attrlen > len - 4 - wdlen) {
		reset(u, BGP_R_LENGTHS, BGP_UPDATE_LIST);
		return (u->verdict);
	}
	if (!bgp_attrs_decode(&st, attr, attrlen))
		return (u->verdict);
	return (finish(&st, wd, wdlen, attr + attrlen,
	    len - 4 - wdlen - attrlen, len == 4));
}
