/* SPDX-License-Identifier: ISC */
/*
 * The OPEN decoder that BGP sessions and BMP feeds share (RFC 4271 4.2;
 * capabilities RFC 5492, 4760, 6793, 7911; parameters RFC 9072). Pure; what an
 * OPEN has to say is not judged here.
 */
#include <string.h>

#include "bgp.h"

/*
 * RFC 7911 4: with a value other than receive, send and both the capability
 * counts as not understood. Several of them add up (RFC 5492 4); what is said
 * last of a family holds.
 */
static void
add_path(struct bgp_open *o, const uint8_t *p, size_t len)
{
	uint8_t family, sends = o->add_path, takes = o->add_path_rx;
	size_t i;

	if (len % 4 != 0)
		return;
	for (i = 0; i < len; i += 4) {
		if (p[i + 3] < BGP_ADD_PATH_RECEIVE ||
		    p[i + 3] > (BGP_ADD_PATH_RECEIVE | BGP_ADD_PATH_SEND))
			return;
		family = bgp_family(bgp_get16(p + i), p[i + 2]);
		if (p[i + 3] & BGP_ADD_PATH_SEND)
			sends |= family;
		else
			sends &= (uint8_t)~family;
		if (p[i + 3] & BGP_ADD_PATH_RECEIVE)
			takes |= family;
		else
			takes &= (uint8_t)~family;
	}
	o->add_path = sends;
	o->add_path_rx = takes;
}

/* One capability. False: the OPEN cannot be understood. */
static bool
capability(struct bgp_open *o, uint8_t code, const uint8_t *p, size_t len)
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
	case BGP_CAP_ADD_PATH:
		add_path(o, p, len);
		break;
	}
	return (true);
}

static bool
capabilities(struct bgp_open *o, const uint8_t *p, size_t len)
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
parameters(struct bgp_open *o, const uint8_t *p, size_t len, bool wide,
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
bgp_open_decode(struct bgp_open *o, const uint8_t *p, size_t len,
    struct bgp_error *err)
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
