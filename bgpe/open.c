/* SPDX-License-Identifier: ISC */
/*
 * OPEN: ours encoded, the peer's decoded, and what both can do (RFC 4271 4.2,
 * 6.2; capabilities RFC 5492, 4760, 6793; parameters RFC 9072). Pure.
 */
#include <stdio.h>
#include <string.h>

#include "bgpe.h"

/* Capabilities, each of 4 bytes, that we send and want. */
static const uint8_t cap_ipv4[] = { BGP_CAP_MP, 4, 0, BGP_AFI_IPV4, 0,
	BGP_SAFI_UNICAST };
static const uint8_t cap_ipv6[] = { BGP_CAP_MP, 4, 0, BGP_AFI_IPV6, 0,
	BGP_SAFI_UNICAST };

size_t
open_encode(uint8_t *buf, const struct session_params *params)
{
	uint8_t *p = buf, *len;

	*p++ = BGP_VERSION;
	bgp_put16(p, params->local_as > UINT16_MAX ? BGP_AS_TRANS :
	    (uint16_t)params->local_as);
	bgp_put16(p + 2, HOLD_TIME);
	bgp_put32(p + 4, params->router_id);
	p += 8;
	len = p++;
	*p++ = BGP_PARAM_CAPABILITIES;
	p++;
	memcpy(p, cap_ipv4, sizeof(cap_ipv4));
	p += sizeof(cap_ipv4);
	memcpy(p, cap_ipv6, sizeof(cap_ipv6));
	p += sizeof(cap_ipv6);
	*p++ = BGP_CAP_AS4;
	*p++ = 4;
	bgp_put32(p, params->local_as);
	p += 4;
	len[0] = (uint8_t)(p - len - 1);
	len[2] = (uint8_t)(p - len - 3);
	return ((size_t)(p - buf));
}

/* One capability. False: the OPEN cannot be understood. */
static bool
capability(struct open *o, uint8_t code, const uint8_t *p, size_t len)
{
	switch (code) {
	case BGP_CAP_MP:
		/* One that is not in form offers nothing. */
		if (len != 4)
			break;
		o->mp = true;
		o->families |= bgp_family(bgp_get16(p), p[3]);
		break;
	case BGP_CAP_AS4:
		/* Guessing how wide AS numbers are would read every path
		   wrong. */
		if (len != 4)
			return (false);
		o->as4 = true;
		o->as = bgp_get32(p);
		break;
	}
	return (true);
}

static bool
capabilities(struct open *o, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	while (p < end) {
		if (end - p < 2 || end - p - 2 < p[1] ||
		    !capability(o, p[0], p + 2, p[1]))
			return (false);
		p += 2 + p[1];
	}
	return (true);
}

/* The optional parameters; wide: lengths of two bytes (RFC 9072). */
static bool
parameters(struct open *o, const uint8_t *p, size_t len, bool wide,
    struct bgp_error *err)
{
	const uint8_t *end = p + len;
	size_t head = wide ? 3 : 2, n;

	bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_UNSPECIFIC, NULL, 0);
	while (p < end) {
		if ((size_t)(end - p) < head)
			return (false);
		n = wide ? bgp_get16(p + 1) : p[1];
		if ((size_t)(end - p) - head < n)
			return (false);
		if (p[0] != BGP_PARAM_CAPABILITIES) {
			err->subcode = BGP_OPEN_PARAMETER;
			return (false);
		}
		if (!capabilities(o, p + head, n))
			return (false);
		p += head + n;
	}
	return (true);
}

bool
open_decode(struct open *o, const uint8_t *p, size_t len, struct bgp_error *err)
{
	static const uint8_t version[2] = {0, BGP_VERSION};
	size_t n;
	bool wide;

	memset(o, 0, sizeof(*o));
	bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_UNSPECIFIC, NULL, 0);
	if (len < 10)
		return (false);
	if (p[0] != BGP_VERSION) {
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_VERSION, version,
		    sizeof(version));
		return (false);
	}
	o->as = bgp_get16(p + 1);
	o->hold_time = bgp_get16(p + 3);
	o->router_id = bgp_get32(p + 5);
	n = p[9];
	p += 10;
	len -= 10;
	/* RFC 9072 2: the first type tells, with any length but 0. */
	wide = n != 0 && len > 0 && p[0] == BGP_PARAM_EXTENDED;
	if (wide) {
		if (len < 3)
			return (false);
		n = bgp_get16(p + 1);
		p += 3;
		len -= 3;
	}
	if (n != len || !parameters(o, p, n, wide, err))
		return (false);
	err->code = 0;
	return (true);
}

bool
open_negotiate(const struct open *o, const struct session_params *params,
    struct bgp_params *agreed, uint16_t *hold_time, struct bgp_error *err,
    char *detail, size_t n)
{
	uint8_t wanted[sizeof(cap_ipv4) + sizeof(cap_ipv6)];

	/* AS 0 is nobody's (RFC 7607). */
	if (o->as == 0 || o->as != params->peer_as) {
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_PEER_AS, NULL, 0);
		snprintf(detail, n, "peer is AS %u, peer-as is %u", o->as,
		    params->peer_as);
		return (false);
	}
	agreed->internal = params->local_as == params->peer_as;
	/* RFC 6286 2.2 */
	if (o->router_id == 0 ||
	    (agreed->internal && o->router_id == params->router_id)) {
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_ROUTER_ID, NULL, 0);
		snprintf(detail, n, "%s", o->router_id == 0 ?
		    "router id is 0" : "peer has our own router id");
		return (false);
	}
	if (o->hold_time == 1 || o->hold_time == 2) {
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_HOLD_TIME, NULL, 0);
		snprintf(detail, n, "hold time of %u s", o->hold_time);
		return (false);
	}
	/* Who says nothing of families means IPv4 unicast (RFC 4760 8). */
	agreed->families = o->mp ? o->families : BGP_FAM_IPV4;
	if (agreed->families == 0) {
		memcpy(wanted, cap_ipv4, sizeof(cap_ipv4));
		memcpy(wanted + sizeof(cap_ipv4), cap_ipv6, sizeof(cap_ipv6));
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, wanted,
		    sizeof(wanted));
		snprintf(detail, n, "neither IPv4 nor IPv6 unicast offered");
		return (false);
	}
	agreed->as4 = o->as4;
	agreed->add_path = 0;
	*hold_time = o->hold_time < HOLD_TIME ? o->hold_time : HOLD_TIME;
	return (true);
}
