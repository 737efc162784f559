/* SPDX-License-Identifier: ISC */
#ifndef PARENT_BREAKER_H
#define PARENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/config.h"

struct breaker {
	uint32_t	ratio;		/* millionths */
	uint32_t	threshold;	/* windows in a row */
	uint32_t	bad;		/* so far */
	uint64_t	matched, errors;	/* at the last one's end */
	bool		started;
};

void	breaker_init(struct breaker *, const struct config_breaker *);
/* End a window: counters since boot of matched packets, and of lookup and
   redirect errors.  True: trip.  Windows with under 1,000 matched packets are
   skipped: they neither count nor end a row. */
bool	breaker_window(struct breaker *, uint64_t matched, uint64_t errors);

#endif
