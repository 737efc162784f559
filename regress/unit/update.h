/* SPDX-License-Identifier: ISC */
/* UPDATE messages in hex, and the sessions they come from. */
#ifndef UNIT_UPDATE_H
#define UNIT_UPDATE_H

#include <stdlib.h>
#include <string.h>

#include "../../lib/bgp.h"
#include "hex.h"

enum kind { IBGP, EBGP, IBGP2, EBGP2, V4ONLY, V6ONLY, ADDPATH,
	ADDPATH2 };

static const struct bgp_params params[] = {
	[IBGP] = { true, true, BGP_FAM_IPV4 | BGP_FAM_IPV6, 0, false },
	[EBGP] = { true, false, BGP_FAM_IPV4 | BGP_FAM_IPV6, 0, false },
	[IBGP2] = { false, true, BGP_FAM_IPV4 | BGP_FAM_IPV6, 0, false },
	[EBGP2] = { false, false, BGP_FAM_IPV4 | BGP_FAM_IPV6, 0, false },
	[V4ONLY] = { true, true, BGP_FAM_IPV4, 0, false },
	[V6ONLY] = { true, true, BGP_FAM_IPV6, 0, false },
	[ADDPATH] = { true, true, BGP_FAM_IPV4 | BGP_FAM_IPV6, BGP_FAM_IPV4,
	    false },
	[ADDPATH2] = { true, true, BGP_FAM_IPV4 | BGP_FAM_IPV6,
	    BGP_FAM_IPV4 | BGP_FAM_IPV6, false }
};

/* Hex, spaces ignored. */
#define ORIGIN	"40 01 01 00 "
#define PATH	"40 02 06 02 01 0000fde9 "
#define PATH2	"40 02 04 02 01 fde9 "
#define NH	"40 03 04 0a000001 "
#define BASE	ORIGIN PATH NH
#define BASE2	ORIGIN PATH2 NH
#define NLRI	"08 0a "
#define G6	"20010db8000000000000000000000001 "
#define LL6	"fe800000000000000000000000000001 "
#define REACH6	"80 0e 1a 0002 01 10 " G6 "00 20 20010db8 "
#define UNREACH6 "80 0f 08 0002 01 20 20010db8 "

static size_t
build(uint8_t *msg, const char *withdrawn, const char *attrs,
    const char *nlri)
{
	size_t n, len = 2;

	n = unhex(withdrawn, msg + len);
	bgp_put16(msg, (uint16_t)n);
	len += n + 2;
	n = unhex(attrs, msg + len);
	bgp_put16(msg + len - 2, (uint16_t)n);
	len += n;
	return (len + unhex(nlri, msg + len));
}

static struct bgp_update *
update_new(void)
{
	struct bgp_update *u;

	ATF_REQUIRE((u = malloc(sizeof(*u))) != NULL);
	memset(u, 0xa5, sizeof(*u));
	return (u);
}

#endif
