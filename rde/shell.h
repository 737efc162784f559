/* SPDX-License-Identifier: ISC */
/*
 * What the files of the shell share: rde.c (messages and their order),
 * drain.c (from the trees to the parent's tables, and what the families'
 * states are) and rde_ctl.c (answers to control).
 */
#ifndef RDE_SHELL_H
#define RDE_SHELL_H

#include <event2/event.h>

#include "../lib/config.h"
#include "../lib/msg.h"
#include "../lib/proc.h"
#include "../lib/stage.h"
#include "rde.h"

/* One address family's way into the tables. */
struct family {
	int		 af;
	struct tree	*tree;		/* the RIB's */
	struct fib	*fib;		/* NULL: no tables yet */
	bool		 hold;		/* the feed has not converged: routes
					   are compiled at once when it has */
	bool		 drained;	/* all of the tree has been written */
	bool		 policy;	/* flags changed since it was drained */
	bool		 full;		/* something does not fit now */
	unsigned int	 retries;	/* grace periods since it did not */
	bool		 overflow;	/* it will not fit: the family passes */
	uint8_t		 state;		/* as told to the parent */
	uint8_t		 goal;		/* to be told when goal_seq has been
					   acknowledged */
	uint32_t	 goal_seq;
	uint32_t	 epoch;		/* in the grace round; 0: none */
};

struct session {
	int64_t		 since;		/* seconds, monotonic */
	bool		 carries[2];	/* this family: v4, v6 */
	bool		 eor[2];	/* End-of-RIB seen */
};

/* The parent is asked for one grace period at a time, for both families. */
enum grace_state { GRACE_IDLE, GRACE_WAIT_ACK, GRACE_ASKED };

/* An answer that is too long for one go: the routes of the table. */
struct stream {
	bool		 used;
	uint32_t	 id;		/* control's request */
	struct prefix	 cursor;	/* next prefix */
	bool		 one;		/* this family only */
};

#define STREAMS_MAX	64

struct rde {
	struct proc	 proc;
	struct event	*work;		/* there is something to do */
	struct event	*tick;		/* each second */
	uint64_t	 seed;
	struct nexthops	*nexthops;
	struct intern	*intern;
	struct rib	*rib;
	struct family	 family[2];
	struct session	 sessions[RIB_PEERS];
	uint64_t	 refused;	/* next hops, as logged */

	/* policy */
	struct stage	 stage;
	bool		 have_config;
	bool		 have_locals;
	struct prefix	*allow;		/* sorted, each once */
	size_t		 nallow;
	uint32_t	 nsources;	/* route sources of the config */
	struct prefix	*revoked;	/* no longer allowed, still in tables */
	size_t		 nrevoked;

	/* writes */
	struct ibuf	*batch;		/* being filled, or NULL */
	uint32_t	 sent;		/* seq of the last batch */
	uint32_t	 acked;

	enum grace_state grace;
	uint32_t	 grace_seq;
	uint32_t	 grace_epoch;

	struct stream	 streams[STREAMS_MAX];
};

/* rde.c */
int64_t		 rde_now(void);
/* Have the work done in the loop's next round. */
void		 rde_schedule(struct rde *);
struct family	*rde_family(struct rde *, int af);
/* Take back what a commit has revoked. */
void		 rde_revoke(struct rde *);

/* drain.c */
void		 drain_init(struct rde *);
/* The parent's tables are there. */
void		 drain_tables(struct rde *, const struct msg_table_info *);
rib_changed_fn	 drain_changed;
/* A bounded piece of work; true: there is more. */
bool		 drain_step(struct rde *);
void		 drain_ack(struct rde *, uint32_t seq);
void		 drain_grace_done(struct rde *, uint32_t epoch);
/* Look whether feeds have converged. */
void		 drain_converge(struct rde *);
/* A peer is gone: is what the tables hold a full feed without it? */
void		 drain_feed_lost(struct rde *);
const char	*drain_af_name(int af);

/* rde_ctl.c */
msg_fn		 ctl_request, ctl_cancel, ctl_more;

#endif
