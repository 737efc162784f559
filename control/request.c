/* SPDX-License-Identifier: ISC */
/* What may be asked over a control socket. */
#include <stddef.h>

#include "control.h"

/* Body of a ctl_fib_request on the wire: match, address, family, length. */
#define FIB_REQUEST	(1 + 16 + 1 + 1)

/* Of a ctl_rib_request: match, prefix, neighbor, detail. */
#define RIB_REQUEST	(1 + (16 + 1 + 1) + (16 + 1) + 1)

static const struct request rules[] = {
	{ CTL_SHOW,		 PROC_PARENT,	false, false, 0 },
	{ CTL_SHOW_RIB_SUMMARY,	 PROC_RDE,	false, false, 0 },
	{ CTL_SHOW_FIB,		 PROC_RDE,	false, true, FIB_REQUEST },
	{ CTL_SHOW_NEIGHBOR,	 PROC_BGPE,	false, false, 0 },
	{ CTL_SHOW_NEIGHBOR_RIB, PROC_RDE,	false, false, 0 },
	{ CTL_SHOW_NEXTHOP,	 PROC_PARENT,	false, false, 0 },
	{ CTL_SHOW_NEXTHOP_RIB,	 PROC_RDE,	false, false, 0 },
	{ CTL_SHOW_INTERFACES,	 PROC_PARENT,	false, false, 0 },
	{ CTL_SHOW_COUNTERS,	 PROC_PARENT,	false, false, 0 },
	{ CTL_SHOW_POLICY,	 PROC_CONTROL,	false, false, 0 },
	{ CTL_RELOAD,		 PROC_PARENT,	true, false, 0 },
	{ CTL_LOG,		 PROC_PARENT,	true, false, 4 },
	{ CTL_BREAKER_RESET,	 PROC_PARENT,	true, false, 0 },
	{ CTL_SHOW_RIB,		 PROC_RDE,	false, true, RIB_REQUEST },
	{ CTL_SHOW_MEMORY,	 PROC_PARENT,	false, false, 0 },
	{ CTL_SHOW_MEMORY_RIB,	 PROC_RDE,	false, false, 0 },
	{ CTL_SHOW_BMP,		 PROC_BMPE,	false, true, 0 },
};

const struct request *
request_rule(uint32_t type)
{
	size_t	i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == type)
			return (&rules[i]);
	return (NULL);
}
