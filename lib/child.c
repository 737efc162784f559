/* SPDX-License-Identifier: ISC */
/*
 * What every child does alike: read the options its parent gave it, lock
 * itself up, join the pipes, and end when it is told to, when its parent is
 * gone, or when it hangs. What a child is for is its own room's affair.
 */
#include <sys/types.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "msg.h"
#include "proc.h"
#include "sandbox.h"

/* "UID:GID" */
static int
parse_ids(char *arg, struct child_args *args)
{
	const char *err;
	char *gid;

	if ((gid = strchr(arg, ':')) == NULL)
		return (-1);
	*gid++ = '\0';
	args->uid = strtonum(arg, 0, UINT_MAX - 1, &err);
	if (err != NULL)
		return (-1);
	args->gid = strtonum(gid, 0, UINT_MAX - 1, &err);
	return (err == NULL ? 0 : -1);
}

int
child_parse_args(int argc, char **argv, enum proc_id *id,
    struct child_args *args)
{
	int c, n = -1;

	memset(args, 0, sizeof(*args));
	args->uid = (uid_t)-1;
	args->gid = (gid_t)-1;
	args->log_level = LEVEL_INFO;
	optind = 1;
	while ((c = getopt(argc, argv, "P:u:R:dv:")) != -1) {
		switch (c) {
		case 'P':
			n = proc_by_name(optarg);
			break;
		case 'u':
			if (parse_ids(optarg, args) == -1)
				return (-1);
			break;
		case 'R':
			args->chroot = optarg;
			break;
		case 'd':
			args->foreground = true;
			break;
		case 'v':
			args->log_level = log_level_parse(optarg);
			if (args->log_level == -1)
				return (-1);
			break;
		default:
			return (-1);
		}
	}
	if (n == -1 || n == PROC_PARENT || optind != argc)
		return (-1);
	*id = n;
	return (0);
}

static void
child_pipe(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_pipe mp;

	msg_get(m, &record_msg_pipe, &mp);
	if (mp.proc >= PROC_MAX || mp.proc == PROC_PARENT ||
	    (int)mp.proc == (int)p->self)
		fatalx("pipe to process %u", mp.proc);
	if (m->fd == -1)
		fatalx("pipe to %s without a descriptor", proc_name(mp.proc));
	proc_add_pipe(p, mp.proc, m->fd);
	m->fd = -1;
}

static void
child_log_level(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32 level;

	msg_get(m, &record_msg_u32, &level);
	if (level.value >= LEVEL_MAX)
		fatalx("log level %u", level.value);
	log_set_level(level.value);
}

static void
child_shutdown(struct proc *p, enum proc_id from, struct imsg *m)
{
	event_base_loopbreak(p->base);
}

static const struct msg_rule child_rules[] = {
	{ M_PIPE, FROM(PARENT), 4, 4, child_pipe },
	{ M_LOG_LEVEL, FROM(PARENT), 4, 4, child_log_level },
	{ M_SHUTDOWN, FROM(PARENT), 0, 0, child_shutdown },
};

#define NCHILD_RULES	(sizeof(child_rules) / sizeof(child_rules[0]))

/*
 * What a terminal or a service manager sends to the whole group is the
 * parent's to act on: it ends its children in order. Handlers are not
 * inherited over exec, but what is ignored or blocked is.
 */
static void
child_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
	    SIGUSR2 };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			fatal("signal");
	sigemptyset(&none);
	if (signal(SIGALRM, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		fatal("signals");
}

void
child_start(struct proc *p, enum proc_id id, const struct child_args *args,
    const struct msg_rule *rules, size_t n, void *ctx)
{
	struct msg_rule *all;

	log_init(proc_name(id), args->foreground);
	log_set_level(args->log_level);
	setproctitle("%s", proc_name(id));
	child_signals();
	if (fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC) == -1)
		fatal("the pipe to the parent");

	if ((all = calloc(n + NCHILD_RULES, sizeof(*all))) == NULL)
		fatal("rules");
	if (n > 0)
		memcpy(all, rules, n * sizeof(*all));
	memcpy(all + n, child_rules, sizeof(child_rules));
	/* The loop's own descriptors are made before that is forbidden; what
	   the parent wrote is not read before child_run. */
	proc_init(p, id, all, n + NCHILD_RULES, ctx);
	alarm(CHILD_ALARM);
	sandbox_enter(id, args->chroot, args->uid, args->gid, NULL);
	proc_add_pipe(p, PROC_PARENT, CHILD_FD);
}

static void
child_alive(evutil_socket_t fd, short what, void *arg)
{
	alarm(CHILD_ALARM);
}

void
child_run(struct proc *p, void (*stop)(struct proc *))
{
	const struct timeval second = { 1, 0 };
	struct event *ev;

	ev = event_new(p->base, -1, EV_PERSIST, child_alive, NULL);
	if (ev == NULL || event_add(ev, &second) == -1)
		fatalx("event: alarm");
	if (event_base_dispatch(p->base) == -1)
		fatalx("event_base_dispatch");
	if (stop != NULL)
		stop(p);
	/* Exit handlers have nothing to do here that the sandbox allows. */
	_exit(0);
}
