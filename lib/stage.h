/* SPDX-License-Identifier: ISC */
/*
 * A child's side of a config transaction: collect the wire form, hold the
 * staged config until the parent says commit or abort.
 */
#ifndef LIB_STAGE_H
#define LIB_STAGE_H

#include "config.h"
#include "proc.h"

struct stage {
	struct ibuf	*wire;
	struct config	*next;		/* staged; NULL: nothing is */
};

/* M_CONFIG_DATA: collect. */
void	 stage_data(struct stage *, struct imsg *);
/* M_CONFIG_END: decode into next. What the parent sends decodes, or fatal. */
void	 stage_end(struct stage *);
/* The answer to M_CONFIG_END, m: ready, or the reason why not (next goes). */
void	 stage_ready(struct proc *, const struct imsg *);
void	 stage_refuse(struct stage *, struct proc *, const struct imsg *,
	    const char *reason);
/* M_CONFIG_COMMIT: the staged config, now the caller's. */
struct config *stage_take(struct stage *);
/* M_CONFIG_ABORT: forget it. */
void	 stage_abort(struct stage *);

#endif
