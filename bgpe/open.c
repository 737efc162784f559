/* SPDX-License-Identifier: ISC */
/*
 * OPEN: ours encoded, and what both sides can do (RFC 4271 4.2, 6.2;
 * capabilities RFC 5492, 4760, 6793, 7911, 8654). Pure; the peer's is decoded
 * in lib.
 */
#include <stdio.h>
#include <string.h>

#include "bgpe.h"

/* Capabilities that we send; the first two are what we want. */
static const uint8_t cap_ipv4[] = { BGP_CAP_MP, 4, 0, BGP_AFI_IPV4, 0,
	BGP_SAFI_UNICAST };
static const uint8_t cap_ipv6[] = { BGP_CAP_MP, 4, 0, BGP_AFI_IPV6, 0,
	BGP_SAFI_UNICAST };
static const uint8_t cap_add_path[] = { BGP_CAP_ADD_PATH, 8, 0, BGP_AFI_IPV4,
	BGP_SAFI_UNICAST, BGP_ADD_PATH_RECEIVE, 0, BGP_AFI_IPV6,
	BGP_SAFI_UNICAST, BGP_ADD_PATH_RECEIVE };
static const uint8_t cap_extended[] = { BGP_CAP_EXTENDED, 0 };

static uint8_t *
put(uint8_t *p, const uint8_t *cap, size_t len)
{
	memcpy(p, cap, len);
	return (p + len);
}

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
	len[0] = 0;
	if (params->without & OPEN_NO_CAPABILITIES)
		return ((size_t)(p - buf));
	*p++ = BGP_PARAM_CAPABILITIES;
	p++;
	p = put(p, cap_ipv4, sizeof(cap_ipv4));
	p = put(p, cap_ipv6, sizeof(cap_ipv6));
	*p++ = BGP_CAP_AS4;
	*p++ = 4;
	bgp_put32(p, params->local_as);
	p += 4;
	if ((params->without & OPEN_NO_EXTENDED) == 0)
		p = put(p, cap_extended, sizeof(cap_extended));
	if ((params->without & OPEN_NO_ADD_PATH) == 0)
		p = put(p, cap_add_path, sizeof(cap_add_path));
	len[0] = (uint8_t)(p - len - 1);
	len[2] = (uint8_t)(p - len - 3);
	return ((size_t)(p - buf));
}

bool
open_negotiate(const struct bgp_open *o, const struct session_params *params,
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
	if (params->without & OPEN_NO_CAPABILITIES)
		agreed->families &= BGP_FAM_IPV4;
	if (agreed->families == 0) {
		memcpy(wanted, cap_ipv4, sizeof(cap_ipv4));
		memcpy(wanted + sizeof(cap_ipv4), cap_ipv6, sizeof(cap_ipv6));
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, wanted,
		    sizeof(wanted));
		snprintf(detail, n, "neither IPv4 nor IPv6 unicast offered");
		return (false);
	}
	agreed->as4 = o->as4 && (params->without & OPEN_NO_CAPABILITIES) == 0;
	agreed->add_path = 0;
	if ((params->without & (OPEN_NO_ADD_PATH | OPEN_NO_CAPABILITIES)) == 0)
		agreed->add_path = o->add_path & agreed->families;
	*hold_time = o->hold_time < HOLD_TIME ? o->hold_time : HOLD_TIME;
	return (true);
}

/*
 * RFC 5492 3: who does not know the parameter is asked again without it. An
 * Unsupported Capability must not answer one that we sent, but names what the
 * peer misses (5); those who break that rule name what they cannot take, or
 * nothing. Only what we can do without is left out then.
 */
uint8_t
open_refused(const struct bgp_error *e)
{
	uint8_t without = 0;
	size_t i;

	if (e->code != BGP_ERR_OPEN)
		return (0);
	if (e->subcode == BGP_OPEN_PARAMETER)
		return (OPEN_NO_CAPABILITIES);
	if (e->subcode != BGP_OPEN_CAPABILITY)
		return (0);
	if (e->len == 0)
		return (OPEN_NO_ADD_PATH | OPEN_NO_EXTENDED);
	for (i = 0; i + 2 <= e->len; i += 2U + e->data[i + 1])
		if (e->data[i] == BGP_CAP_ADD_PATH)
			without |= OPEN_NO_ADD_PATH;
		else if (e->data[i] == BGP_CAP_EXTENDED)
			without |= OPEN_NO_EXTENDED;
	return (without);
}
