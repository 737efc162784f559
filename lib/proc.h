/* SPDX-License-Identifier: ISC */
/*
 * Processes and the pipes between them. Each process owns one struct proc:
 * an event loop, a pipe to each process it talks to, and one table of what it
 * accepts from whom. A message that the table does not list, from that sender
 * and of that size, is fatal: only a compromised process sends it.
 */
#ifndef LIB_PROC_H
#define LIB_PROC_H

#include <sys/types.h>

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg.h"

enum proc_id {
	PROC_PARENT,
	PROC_CONF,
	PROC_RDE,
	PROC_BGPE,
	PROC_BMPE,
	PROC_CONTROL,
	PROC_MAX
};

#define FROM(p)		(1U << PROC_##p)	/* for msg_rule.senders */
#define FROM_ANY	((1U << PROC_MAX) - 1)

struct proc;

typedef void msg_fn(struct proc *, enum proc_id from, struct imsg *);

struct msg_rule {
	uint32_t	 type;		/* enum msg */
	uint32_t	 senders;	/* FROM() bits */
	size_t		 min;		/* body bytes */
	size_t		 max;
	msg_fn		*fn;		/* what body or fd it leaves is freed */
};

struct proc {
	enum proc_id		 self;
	struct event_base	*base;
	const struct msg_rule	*rules;
	size_t			 nrules;
	void			*ctx;		/* the shell's own struct */
	/* the pipe to a process has closed. Default (NULL): a child exits
	   when the parent's has, and ignores a sibling's */
	void			(*closed)(struct proc *, enum proc_id);
	/* the queue to a process has fallen below PROC_LOW */
	void			(*drained)(struct proc *, enum proc_id);
	struct pipe		*pipes[PROC_MAX];
};

/* Queue to one process, bytes: stop producing above HIGH, go on below LOW. Who
   comes next waits for what is queued, so it is little. */
#define PROC_HIGH	(16 * 1024)
#define PROC_LOW	(4 * 1024)

const char	*proc_name(enum proc_id);
/* -1 if there is no such process. */
int		 proc_by_name(const char *);

/* Fill a proc with a new event base; rules end the setup. Fatal on failure. */
void		 proc_init(struct proc *, enum proc_id,
		    const struct msg_rule *, size_t, void *ctx);
/* Take fd as the pipe to a process (replacing one that was closed). */
void		 proc_add_pipe(struct proc *, enum proc_id, int fd);
void		 proc_close_pipe(struct proc *, enum proc_id);
bool		 proc_has_pipe(const struct proc *, enum proc_id);
/* Queue a message; fatal on lack of memory, dropped if the pipe is gone. */
void		 proc_send(struct proc *, enum proc_id, uint32_t type,
		    uint32_t id, int fd, const void *, size_t);
/* Queue what imsg_create() made and the caller filled. */
void		 proc_send_ibuf(struct proc *, enum proc_id, uint32_t type,
		    uint32_t id, int fd, struct ibuf *);
size_t		 proc_queued(const struct proc *, enum proc_id);
/* Stop and go on reading from a process. */
void		 proc_pause(struct proc *, enum proc_id, bool);
/* Milliseconds of the monotonic clock, for deadlines. */
int64_t		 proc_now_ms(void);
/* Write all that is queued, blocking up to ms. For shutdown. */
void		 proc_flush(struct proc *, int ms);

/*
 * A child: "packetframed -P NAME ..." started by the parent with the pipe to
 * it on fd 3. child_start reads these options, names the process, logs,
 * locks itself up (sandbox_enter), makes the loop and the pipe. The rules
 * given are joined by those every child has: M_PIPE, M_LOG_LEVEL, M_SHUTDOWN.
 * child_run loops until the parent's pipe closes or M_SHUTDOWN comes, then
 * calls stop (may be NULL) and exits 0. It re-arms alarm(2) every second:
 * a child that hangs for CHILD_ALARM seconds is ended by SIGALRM.
 */
#define CHILD_FD	3
#define CHILD_ALARM	60

struct child_args {
	uid_t	 uid;		/* (uid_t)-1: stay what we are */
	gid_t	 gid;
	char	*chroot;	/* NULL: none */
	bool	 foreground;
	int	 log_level;
};

/*
 * Read the options privsep_start gave ("-P NAME [-u UID:GID] [-R CHROOT] [-d]
 * [-v LEVEL]"); -1 if they are not such. main calls it when argv[1] is -P,
 * after setproctitle_init(argc, argv, environ), which moves what argv points
 * at; args point into argv.
 */
int	 child_parse_args(int argc, char **argv, enum proc_id *,
	    struct child_args *);
void	 child_start(struct proc *, enum proc_id, const struct child_args *,
	    const struct msg_rule *, size_t, void *ctx);
void	 child_run(struct proc *, void (*stop)(struct proc *))
	    __attribute__((__noreturn__));

#endif
