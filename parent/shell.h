/* SPDX-License-Identifier: ISC */
/*
 * What the files of the parent's shell share: main.c (options, one-shot
 * verbs), boot.c (what root must do), parent.c (the loop), conf_client.c,
 * reload.c, generation.c, interfaces.c, nexthops.c, guard.c, state.c, answer.c,
 * grace.c.
 */
#ifndef PARENT_SHELL_H
#define PARENT_SHELL_H

#include <limits.h>
#include <time.h>

#include "../lib/proc.h"
#include "breaker.h"
#include "parent.h"

struct iface {
	char			name[IFNAMSIZ];
	uint8_t			mode;		/* enum attach_mode */
	bool			merged_ok;	/* GRO in front of generic */
	unsigned int		ifindex;
	enum dp_attached	attached;
	bool			fresh;		/* attached by this start */
	char			why[DP_ERRLEN];	/* of a fallback */
	bool			egress;
};

struct nexthop {
	bool			wanted;
	enum { LEAVING_NOT, LEAVING_DROPPED, LEAVING_GRACE } leaving;
	struct addr		addr;
	struct nexthop_info	info;
	int			entry;
	bool			late;	/* passes, for want of an entry */
};

struct options {
	const char	*self;		/* path of our binary */
	const char	*config;
	const char	**macros;
	size_t		 nmacros;
	bool		 foreground;
	bool		 check;
	int		 verbose;
};

struct parent {
	struct proc		 proc;
	struct options		 opt;
	struct config		*conf;		/* current */
	struct dp		*dp;		/* programs use it */
	struct dp		*next;		/* being built, or NULL */
	struct netlink		*nl;
	uid_t			 uid, child_uid;
	gid_t			 gid, child_gid;
	int			 lockfd;	/* bpffs-root, flocked */
	int			 statefd;	/* state-dir */
	int			*listeners;	/* one a route source */
	int			*sockets;	/* control */
	time_t			 started;
	bool			 running;	/* boot is behind us */
	int			 status;	/* to exit with */

	struct iface		*ifaces;
	uint32_t		 nifaces;
	struct nexthop		*nexthops;
	uint32_t		 nnexthops;
	bool			 nexthop_grace;	/* one is under way */
	bool			 nexthops_leave; /* some were dropped since */

	struct timespec		 rde_beat;	/* last heartbeat */
	uint64_t		 words;		/* table words written */
	bool			 tripped;
	char			 last_reload[128];
	struct breaker		 breaker;
};

extern struct parent	parent;

/* parent.c */
void	 parent_rules(void);
int	 parent_run(void);
/* End the loop; the daemon exits in order with this status. */
void	 parent_exit(int status);
void	 parent_log_level(int);
const char *mode_name(uint8_t);

/* boot.c: root's part, in order. Errors are logged. -1: cannot start. */
int	 boot_users(void);
int	 boot_directories(void);
int	 boot_lock(void);
int	 boot_listeners(void);
int	 boot_sockets(void);
void	 boot_drop(void);

/* conf_client.c: have the conf process parse the file. done is called from the
   loop with the config (the callee's), or NULL: errors were told to say. */
typedef void conf_done_fn(struct config *);
typedef void conf_say_fn(int level, const char *);
void	 conf_client_parse(conf_done_fn *, conf_say_fn *);
int	 conf_client_open(const char *path);	/* remember the directory */
bool	 conf_client_readable(void);	/* errno: why the file is not */
void	 conf_client_file(struct proc *, enum proc_id, struct imsg *);
void	 conf_client_log(struct proc *, enum proc_id, struct imsg *);
void	 conf_client_data(struct proc *, enum proc_id, struct imsg *);
void	 conf_client_end(struct proc *, enum proc_id, struct imsg *);
void	 conf_client_fail(struct proc *, enum proc_id, struct imsg *);

/* reload.c: staging in the children, at boot and at reload. */
void	 reload_stage_boot(struct config *);
void	 reload_request(uint32_t ctl_id, bool from_control);
void	 reload_ready(struct proc *, enum proc_id, struct imsg *);
void	 reload_reason(struct proc *, enum proc_id, struct imsg *);

/* A generation that the reload asked for is loaded, or why not. */
void	 reload_loaded(const char *why);
/* No generation is under way any more; why: the reload's was given up. */
void	 reload_generation(const char *why);

/* generation.c */
/* The first: loaded here and now. -1: errors are logged. */
int	 generation_first(void);
uint8_t	 generation_mode(void);	/* that programs have */
/* Do the running tables and programs serve this config? */
bool	 generation_fits(const struct config *);
bool	 generation_busy(void);
/* Load what this config asks for; reload_loaded is told the end. -1 errno. */
int	 generation_load(const struct config *);
/* It is loaded: have rde fill it. */
void	 generation_begin(void);
/* By the number in a TABLE_REF; NULL: it is gone, and what rde still says of
   it is to be ignored. Any other number is fatal. */
struct dp *generation_dp(uint32_t number);
/* A child has ended; it may be the one that loads. */
void	 generation_reap(void);
void	 generation_want(struct proc *, enum proc_id, struct imsg *);
void	 generation_commit(struct proc *, enum proc_id, struct imsg *);
void	 generation_abort(struct proc *, enum proc_id, struct imsg *);

/* interfaces.c */
int	 interfaces_attach(void);
void	 interfaces_rollback(void);
void	 interfaces_link(const struct link_info *);
const struct iface *interface_by_index(unsigned int);

/* nexthops.c */
void	 nexthops_want(struct proc *, enum proc_id, struct imsg *);
void	 nexthops_drop(struct proc *, enum proc_id, struct imsg *);
void	 nexthops_changed(uint32_t, const struct nexthop_info *);
void	 nexthops_link(unsigned int ifindex);
/* Have room for ids below n. */
void	 nexthops_room(uint32_t n);
/* Write all entries to a fresh generation. */
void	 nexthops_fill(struct dp *);
/* A generation is about to be freed: its entries wait for nothing. */
void	 nexthops_forget(const struct dp *);

/* guard.c: heartbeat, breaker, metrics. */
void	 guard_start(void);
int	 guard_load_state(void);
int	 guard_breaker_reset(void);

/* state.c: small files in state-dir that outlive the daemon. */
/* Text of a file, as far as it can be read. Its length; -1 with errno: it
   cannot be opened. */
ssize_t	 state_read(const char *name, char *buf, size_t);
/* Whole or not at all. -1: errors are logged. */
int	 state_write(const char *name, const char *text);
/* Of this host's ECMP hash; made at the first call ever. */
uint64_t state_hash_seed(void);

/* metrics.c: OpenMetrics text of the counters. */
const char *counter_name(unsigned int, bool *end, const char **help);
void	 metrics_print(FILE *, const uint64_t *count,
	    const struct ctl_summary *);
int	 metrics_write(const char *path, const uint64_t *count,
	    const struct ctl_summary *);

/* answer.c */
void	 answer_request(struct proc *, enum proc_id, struct imsg *);
void	 answer_ignore(struct proc *, enum proc_id, struct imsg *);
void	 summary_fill(struct ctl_summary *);

/* memory.c: the answer to show memory. */
const char *memory_answer(struct proc *, uint32_t id, struct ibuf *);

/* grace.c */
int	 grace_start(struct event_base *, struct dp *);
/* Call done after a grace period that begins now; -1: too many wait. */
int	 grace_wait(void (*)(void *, uint32_t), void *, uint32_t epoch);

#endif
