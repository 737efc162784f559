/* SPDX-License-Identifier: ISC */
/*
 * What the files of the shell share: rde.c (messages and their order),
 * drain.c (from the trees to the parent's tables, and what the families'
 * states are), rebuild.c (the next tables beside them), audit.c (whether
 * tables hold what they ought to), rde_ctl.c and rde_rib.c (answers to
 * control).
 */
#ifndef RDE_SHELL_H
#define RDE_SHELL_H

#include <event2/event.h>

#include "../lib/config.h"
#include "../lib/msg.h"
#include "../lib/proc.h"
#include "../lib/stage.h"
#include "rde.h"

struct rde;

/* One address family's way into the tables. */
struct family {
	int		 af;
	struct tree	*tree;		/* the RIB's */
	struct fib	*fib;		/* NULL: no tables yet */
	struct fib	*next;		/* being built; fib stands still then */
	bool		 next_built;
	uint32_t	 next_epoch;	/* in the grace round; 0: none */
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
	uint32_t	 source;	/* index of the route source */
	bool		 carries[2];	/* this family: v4, v6 */
	bool		 eor[2];	/* End-of-RIB seen */
};

/* Ids are below these; 0: none known. */
struct id_limits {
	uint32_t	 nexthops, groups;
};

/* Where a FIB writes: the tables of a generation. */
struct writer {
	struct rde	*rde;
	uint32_t	 generation;
};

/* The parent is asked for one grace period at a time, for both families. */
enum grace_state { GRACE_IDLE, GRACE_WAIT_ACK, GRACE_ASKED };

/*
 * An answer that is too long for one go. It is sent in windows of CTL_WINDOW
 * records, and looked for in turns that leave the loop to others. A cursor
 * says where to go on, whatever has changed meanwhile.
 */
struct stream;

/* Go on for a bounded while; true: that was the end. */
typedef bool stream_fn(struct rde *, struct stream *);

struct stream {
	bool			 used;
	uint32_t		 id;	/* control's request */
	stream_fn		*fn;
	unsigned int		 credit; /* records until control asks on */
	const char		*why;	/* at the end: failed; NULL: did not */
	struct prefix		 cursor; /* next prefix */
	bool			 one;	/* this family only */
	/* rde_rib.c */
	struct ctl_rib_request	 rib;
	bool			 found;	/* a path was sent */
	bool			 within; /* some of the cursor's were sent, */
	struct rib_path		 last;	/* up to and with this one */
};

#define STREAM_LOOKS	4096	/* prefixes and paths looked at in a turn */
#define STREAMS_MAX	64

/* The audit: one round at a time, in it one slice at a time. */
struct audit {
	struct event	*timer;
	bool		 running;
	bool		 asked;		/* words are on their way */
	uint32_t	 generation;	/* of the round; else forget it */
	unsigned int	 part;		/* the families, then the groups */
	struct fib_words at;		/* asked for */
	uint32_t	 group;		/* the next to be asked for */
	struct ecmp_group *groups;	/* asked for; n 0: not looked at */
	uint64_t	 words, found;	/* in this round */
	uint64_t	 rounds, differences;	/* ever */
	int64_t		 last;		/* end of a round, seconds */
	uint64_t	 last_words;
};

struct rde {
	struct proc	 proc;
	struct event	*work;		/* there is something to do */
	struct event	*tick;		/* each second */
	uint64_t	 seed;
	struct nexthops	*nexthops;
	struct intern	*intern;
	struct groups	*groups;
	struct rib	*rib;
	unsigned int	 cause;		/* of what changes: fib_dirty_by's */
	struct family	 family[2];
	struct session	 sessions[RIB_PEERS];
	uint64_t	 refused;	/* next hops, as logged */
	uint64_t	 crowded;	/* paths not taken, as logged */
	uint64_t	 ungrouped;	/* groups refused, as logged */
	int64_t		 ungrouped_at;	/* when; 0: never */

	/* policy */
	struct stage	 stage;
	bool		 have_config;
	bool		 have_locals;
	struct prefix	*allow;		/* sorted, each once */
	size_t		 nallow;
	uint32_t	 nsources;	/* route sources of the config */
	struct prefix	*coming;	/* committed, waits for tables to be
					   built anew with it; or NULL */
	size_t		 ncoming;
	struct prefix	*revoked;	/* no longer allowed, still in tables */
	size_t		 nrevoked;

	/* generations: programs use the first, the second is being built */
	struct msg_table_info tables;
	struct msg_table_info next;	/* generation 0: none */
	struct id_limits limits;	/* of the config, */
	struct id_limits staged;	/* ... of the one that may come */
	struct writer	 writers[2];
	unsigned int	 writer;	/* of tables; the other's is next's */
	int64_t		 next_since;	/* ms, monotonic */
	bool		 next_sealed;	/* all built; waits for the parent to */
	uint32_t	 next_seq;	/* ... acknowledge this, and is then */
	bool		 next_sent;	/* ... committed */

	/* writes */
	struct ibuf	*batch;		/* being filled, or NULL */
	uint32_t	 sent;		/* seq of the last batch */
	uint32_t	 acked;

	enum grace_state grace;
	uint32_t	 grace_seq;
	uint32_t	 grace_epoch;

	struct audit	 audit;

	struct stream	 streams[STREAMS_MAX];
	struct event	*answer;	/* the next turn of a stream */
	unsigned int	 turn;		/* whose it was */
};

/* rde.c */
int64_t		 rde_now(void);
/* Have the work done in the loop's next round. */
void		 rde_schedule(struct rde *);
struct family	*rde_family(struct rde *, int af);
/* Take back what a commit has revoked. */
void		 rde_revoke(struct rde *);

/* Have the policy that is coming be what the RIB has. */
void		 rde_policy(struct rde *);

/* drain.c */
#define DRAIN_NODES	1024	/* written before the loop gets its turn */
#define DRAIN_RETRIES	3	/* grace periods that are to make room */
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
fib_write_fn	 drain_write;
/* Down at once: nothing may be forwarded by what is not there any more. */
void		 drain_lower(struct rde *, struct family *, uint8_t state);

/* rebuild.c */
/* A FIB of these tables for each family, all dirty. -1 ENOMEM. */
int		 rebuild_fibs(struct rde *, const struct msg_table_info *,
		    struct fib *fibs[2]);
/* Build in these tables. */
void		 rebuild_begin(struct rde *, const struct msg_table_info *);
/* A piece of work for a family; true: there is more. */
bool		 rebuild_work(struct rde *, struct family *);
/* Commit it, if it is complete and acknowledged. */
void		 rebuild_step(struct rde *);
void		 rebuild_done(struct rde *, uint32_t);
void		 rebuild_failed(struct rde *, uint32_t);
/* Would this config be too small for what is in use? Else no more than it has
   room for is used until it is committed or not. The reason, or NULL. */
const char	*rebuild_stage(struct rde *, const struct config *);
void		 rebuild_staged(struct rde *, bool committed);
/* As many ids as tables and configs have room for. */
void		 rebuild_limits(struct rde *);

/* audit.c */
void		 audit_init(struct rde *);
msg_fn		 audit_words;
void		 audit_status(const struct rde *, struct ctl_audit *);

/* rde_ctl.c */
msg_fn		 ctl_request, ctl_cancel, ctl_more;
void		 ctl_init(struct rde *);
/* Answer by a stream, which is zeroed but for what is given here. NULL: there
   are too many, and the client was told. */
struct stream	*stream_start(struct rde *, uint32_t id, stream_fn *);
void		 stream_reply(struct rde *, struct stream *, uint32_t rec,
		    const void *);
void		 cursor_start(struct prefix *, int af);

/* rde_rib.c */
void		 show_rib(struct rde *, uint32_t id, struct imsg *);

#endif
