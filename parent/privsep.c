/* SPDX-License-Identifier: ISC */
/*
 * The children: started by fork and exec of our own binary, joined by pipes,
 * reaped by name, stopped in order. What they say is not looked at here. The
 * parent runs as another user than they do and cannot signal them; all it can
 * do to one that hangs is to close its pipe and leave it to its alarm.
 */
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/sandbox.h"
#include "parent.h"

#define PIPE_BYTES	(16 * 1024)

static struct {
	pid_t	pid[PROC_MAX];		/* 0: not running */
	bool	stopping[PROC_MAX];	/* was asked to end */
	int	statm[PROC_MAX];	/* 0: not open */
} children;

static const struct {
	enum proc_id	a, b;
} siblings[] = {
	{ PROC_BGPE, PROC_RDE },
	{ PROC_BMPE, PROC_RDE },
	{ PROC_CONTROL, PROC_RDE },
	{ PROC_CONTROL, PROC_BGPE },
	{ PROC_CONTROL, PROC_BMPE },
};

static void
make_pair(int *sv)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    sv) == -1)
		fatal("socketpair");
}

/*
 * What the first of two siblings sends the second, an engine's routes, waits
 * in its order: less of it is ahead of what another neighbor has to say.
 */
static void
pipe_shorten(int fd)
{
	const int bytes = PIPE_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) == -1)
		log_warn("pipe: SO_SNDBUF");
}

/* Nothing of our environment is a child's business. */
static char **
child_environ(void)
{
	static char *env[4];
#ifdef SANITIZED
	static const char *const names[] = { "ASAN_OPTIONS", "LSAN_OPTIONS",
	    "UBSAN_OPTIONS" };
	size_t i, n = 0;
	char *value;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((value = getenv(names[i])) == NULL)
			continue;
		if (asprintf(&env[n++], "%s=%s", names[i], value) == -1)
			fatal("environment");
	}
#endif
	return (env);
}

/* In the new process: the pipe becomes fd 3, the only one it gets but stdio. */
static void __attribute__((__noreturn__))
child_exec(int fd, const char *self, char **argv)
{
	int null, pipefd;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Out of the way of the numbers that are given out. */
	pipefd = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD + 1);
	if (null == -1 || pipefd == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 || dup2(pipefd, CHILD_FD) == -1 ||
	    close_range(CHILD_FD + 1, ~0U, 0) == -1) {
		log_warn("starting %s: descriptors", argv[2]);
		_exit(1);
	}
	execve(self, argv, child_environ());
	log_warn("starting %s: %s", argv[2], self);
	_exit(1);
}

/*
 * What it will say of a process is read later, when no file of /proc can be
 * opened any more.  Nothing depends on it.
 */
static void
statm_open(enum proc_id id, pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		log_debug("%s: its memory will not be known", path);
	else
		children.statm[id] = fd;
}

static void
statm_close(enum proc_id id)
{
	if (children.statm[id] != 0)
		close(children.statm[id]);
	children.statm[id] = 0;
}

int
privsep_memory(enum proc_id id, uint64_t *resident, uint64_t *own)
{
	unsigned long long all, shared;
	char buf[128];
	ssize_t n;

	if (children.statm[id] == 0 || (n = pread(children.statm[id], buf,
	    sizeof(buf) - 1, 0)) <= 0)
		return (-1);
	buf[n] = '\0';
	if (sscanf(buf, "%*u %llu %llu", &all, &shared) != 2 || all < shared)
		return (-1);
	*resident = all;
	*own = all - shared;
	return (0);
}

void
privsep_start(struct proc *p, enum proc_id id, const struct privsep_args *args)
{
	char ids[32], *argv[12];
	const char *name;
	sigset_t all, old;
	pid_t pid;
	int n = 0, sv[2];

	name = proc_name(id);
	if (children.pid[id] != 0)
		fatalx("%s is running already", name);
	argv[n++] = (char *)(uintptr_t)"packetframed";
	argv[n++] = (char *)(uintptr_t)"-P";
	argv[n++] = (char *)(uintptr_t)name;
	argv[n++] = (char *)(uintptr_t)"-v";
	argv[n++] = (char *)(uintptr_t)log_level_name(args->log_level);
	if (args->foreground)
		argv[n++] = (char *)(uintptr_t)"-d";
	if (args->uid != (uid_t)-1) {
		snprintf(ids, sizeof(ids), "%u:%u", args->uid, args->gid);
		argv[n++] = (char *)(uintptr_t)"-u";
		argv[n++] = ids;
	}
	if (args->chroot != NULL) {
		argv[n++] = (char *)(uintptr_t)"-R";
		argv[n++] = (char *)(uintptr_t)args->chroot;
	}
	argv[n] = NULL;

	make_pair(sv);
	/* Our handlers must not run in the child, where they would write to
	   the loop's own pipe. It unblocks once its own signals are set. */
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &old) == -1)
		fatal("sigprocmask");
	switch ((pid = fork())) {
	case -1:
		fatal("starting %s: fork", name);
	case 0:
		child_exec(sv[1], args->self, argv);
	}
	if (sigprocmask(SIG_SETMASK, &old, NULL) == -1)
		fatal("sigprocmask");
	close(sv[1]);
	children.pid[id] = pid;
	children.stopping[id] = false;
	statm_open(id, pid);
	proc_add_pipe(p, id, sv[0]);
	log_debug("%s started: pid %d", name, (int)pid);
}

static void
send_pipe(struct proc *p, enum proc_id to, enum proc_id sibling, int fd)
{
	struct msg_pipe mp = { .proc = sibling };
	struct ibuf *body;

	if ((body = imsg_create()) == NULL ||
	    record_put(body, &record_msg_pipe, &mp) == -1)
		fatal("pipe for %s", proc_name(to));
	proc_send_ibuf(p, to, M_PIPE, 0, fd, body);
}

void
privsep_connect(struct proc *p)
{
	size_t i;
	int sv[2];

	/* By now we have the pid that we stay. */
	statm_close(PROC_PARENT);
	statm_open(PROC_PARENT, getpid());
	for (i = 0; i < sizeof(siblings) / sizeof(siblings[0]); i++) {
		if (!proc_has_pipe(p, siblings[i].a) ||
		    !proc_has_pipe(p, siblings[i].b))
			continue;
		make_pair(sv);
		pipe_shorten(sv[0]);
		send_pipe(p, siblings[i].a, siblings[i].b, sv[0]);
		send_pipe(p, siblings[i].b, siblings[i].a, sv[1]);
	}
}

/* 1 if it has ended (and is forgotten), 0 if it runs. */
static int
reap_one(enum proc_id id)
{
	bool asked = children.stopping[id];
	int status;
	pid_t pid;

	/* By pid: there are forks that are others' to wait for. */
	do {
		pid = waitpid(children.pid[id], &status, WNOHANG);
	} while (pid == -1 && errno == EINTR);
	if (pid == -1)
		fatal("waitpid %s", proc_name(id));
	if (pid == 0)
		return (0);
	children.pid[id] = 0;
	statm_close(id);
	if (WIFSIGNALED(status))
		log_warnx("%s terminated: signal %d", proc_name(id),
		    WTERMSIG(status));
	else if (!asked || WEXITSTATUS(status) != 0)
		log_warnx("%s exited: status %d", proc_name(id),
		    WEXITSTATUS(status));
	else
		log_debug("%s ended", proc_name(id));
	return (1);
}

int
privsep_reap(struct proc *p)
{
	int i, n = 0;

	for (i = 0; i < PROC_MAX; i++) {
		if (children.pid[i] == 0 || !reap_one(i))
			continue;
		if (!children.stopping[i])
			n++;
	}
	return (n);
}

/* Ask all of a set (FROM() bits) to end, and wait for it. */
static void
stop_set(struct proc *p, unsigned int set, int ms)
{
	struct pollfd pfd[PROC_MAX];
	int64_t deadline, left;
	bool queued;
	int i, n;

	for (i = 0; i < PROC_MAX; i++) {
		if (!(set & (1U << i)) || children.pid[i] == 0)
			continue;
		children.stopping[i] = true;
		proc_send(p, i, M_SHUTDOWN, 0, -1, NULL, 0);
	}
	deadline = proc_now_ms() + ms;
	for (;;) {
		proc_flush(p, 0);
		left = deadline - proc_now_ms();
		queued = false;
		for (i = 0, n = 0; i < PROC_MAX; i++) {
			if (!(set & (1U << i)) || children.pid[i] == 0)
				continue;
			if (reap_one(i)) {
				proc_close_pipe(p, i);
				continue;
			}
			if (left <= 0) {
				log_warnx("%s does not end: left to its alarm",
				    proc_name(i));
				proc_close_pipe(p, i);
				continue;
			}
			pfd[n].fd = pidfd_open(children.pid[i], 0);
			if (pfd[n].fd == -1)
				fatal("pidfd_open %s", proc_name(i));
			pfd[n].events = POLLIN;
			pfd[n++].revents = 0;
			queued = queued || proc_queued(p, i) > 0;
		}
		if (n == 0)
			return;
		/* A child that has yet to read is looked at again soon. */
		if (queued && left > 10)
			left = 10;
		if (poll(pfd, n, (int)left) == -1 && errno != EINTR)
			fatal("poll");
		while (n > 0)
			close(pfd[--n].fd);
	}
}

void
privsep_stop(struct proc *p, int ms)
{
	/* Who feeds another ends first. */
	stop_set(p, FROM(BGPE) | FROM(BMPE) | FROM(CONTROL), ms);
	stop_set(p, FROM(RDE), ms);
	stop_set(p, FROM(CONF), ms);
}

void
privsep_stop_one(struct proc *p, enum proc_id id, int ms)
{
	stop_set(p, 1U << id, ms);
}
