/* SPDX-License-Identifier: ISC */
/*
 * The loop and the pipes of one process: queueing, flow control and the
 * dispatch of messages by the process's rule table. It knows no message by
 * name and must not look into one.
 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "proc.h"

/* Queued bytes that are worth a system call before the loop's next round. */
#define WRITE_EAGER	(8 * 1024)

struct pipe {
	struct proc	*proc;
	enum proc_id	 peer;
	int		 fd;
	struct imsgbuf	*buf;
	struct event	*rev;
	struct event	*wev;
	bool		 paused;	/* rev is not in the loop */
	bool		 scheduled;	/* wev is active or in the loop */
	bool		 full;		/* the socket took no more */
	bool		 high;		/* drained is owed */
	bool		 broken;	/* nobody reads the other end */
	bool		 busy;		/* a handler of its message runs */
	bool		 closed;	/* to be freed once not busy */
};

static const char *const names[PROC_MAX] = {
	[PROC_PARENT] = "parent",
	[PROC_CONF] = "conf",
	[PROC_RDE] = "rde",
	[PROC_BGPE] = "bgpe",
	[PROC_BMPE] = "bmpe",
	[PROC_CONTROL] = "control",
};

const char *
proc_name(enum proc_id id)
{
	return ((unsigned int)id < PROC_MAX ? names[id] : "unknown");
}

int
proc_by_name(const char *name)
{
	int i;

	for (i = 0; i < PROC_MAX; i++)
		if (strcmp(names[i], name) == 0)
			return (i);
	return (-1);
}

void
proc_init(struct proc *p, enum proc_id self, const struct msg_rule *rules,
    size_t nrules, void *ctx)
{
	memset(p, 0, sizeof(*p));
	p->self = self;
	p->rules = rules;
	p->nrules = nrules;
	p->ctx = ctx;
	if ((p->base = event_base_new()) == NULL)
		fatal("event_base_new");
	/* A peer that is gone is an errno of the write, not a signal. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signal");
}

static void
pipe_free(struct pipe *pp)
{
	event_free(pp->rev);
	event_free(pp->wev);
	imsgbuf_free(pp->buf);
	close(pp->fd);
	free(pp);
}

void
proc_close_pipe(struct proc *p, enum proc_id id)
{
	struct pipe *pp = p->pipes[id];

	if (pp == NULL)
		return;
	p->pipes[id] = NULL;
	pp->closed = true;
	event_del(pp->rev);
	event_del(pp->wev);
	/* The message that is being handled lives in the pipe's buffer. */
	if (!pp->busy)
		pipe_free(pp);
}

static void
pipe_closed(struct proc *p, enum proc_id id)
{
	proc_close_pipe(p, id);
	if (p->closed != NULL)
		p->closed(p, id);
	/* No child outlives its parent, whatever its shell makes of it. */
	if (p->self != PROC_PARENT && id == PROC_PARENT)
		event_base_loopbreak(p->base);
}

/*
 * Have pipe_write called: at once if the socket may take more (this round of
 * the loop, behind what is active already, so that a burst is one write), else
 * when it does.
 */
static void
pipe_schedule(struct pipe *pp)
{
	if (pp->scheduled)
		return;
	pp->scheduled = true;
	if (!pp->full)
		event_active(pp->wev, EV_WRITE, 0);
	else if (event_add(pp->wev, NULL) == -1)
		fatalx("event_add: pipe to %s", proc_name(pp->peer));
}

static void
pipe_try(struct pipe *pp)
{
	if (pp->broken)
		return;
	if (imsgbuf_write(pp->buf) == -1) {
		if (errno != EPIPE && errno != ECONNRESET)
			fatal("write to %s", proc_name(pp->peer));
		/*
		 * What the peer sent before it went is still to be read; the
		 * end of file behind it closes the pipe.
		 */
		pp->broken = true;
		return;
	}
	pp->full = imsgbuf_queued(pp->buf) > 0;
}

static void
pipe_write(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *pp = arg;
	struct proc *p = pp->proc;
	enum proc_id peer = pp->peer;

	pp->scheduled = false;
	pipe_try(pp);
	if (!pp->broken && imsgbuf_queued(pp->buf) > 0)
		pipe_schedule(pp);
	if (pp->high && proc_queued(p, peer) < PROC_LOW) {
		pp->high = false;
		if (p->drained != NULL)
			p->drained(p, peer);
	}
}

/* Account for what was queued. Never calls back: the caller is in the middle
   of producing. */
static void
pipe_queued(struct pipe *pp)
{
	if (imsgbuf_queued(pp->buf) >= WRITE_EAGER && !pp->full)
		pipe_try(pp);
	if (imsgbuf_queued(pp->buf) > PROC_HIGH)
		pp->high = true;
	pipe_schedule(pp);
}

void
proc_send(struct proc *p, enum proc_id to, uint32_t type, uint32_t id, int fd,
    const void *data, size_t len)
{
	struct pipe *pp = p->pipes[to];

	if (pp == NULL || pp->broken) {
		if (fd != -1)
			close(fd);
		return;
	}
	if (imsg_compose(pp->buf, type, id, fd, data, len) == -1)
		fatal("message %u of %zu bytes to %s", type, len,
		    proc_name(to));
	pipe_queued(pp);
}

void
proc_send_ibuf(struct proc *p, enum proc_id to, uint32_t type, uint32_t id,
    int fd, struct ibuf *body)
{
	struct pipe *pp = p->pipes[to];

	if (pp == NULL || pp->broken) {
		if (fd != -1)
			close(fd);
		ibuf_free(body);
		return;
	}
	if (imsg_close(pp->buf, type, id, fd, body) == -1)
		fatal("message %u to %s", type, proc_name(to));
	pipe_queued(pp);
}

size_t
proc_queued(const struct proc *p, enum proc_id to)
{
	const struct pipe *pp = p->pipes[to];

	if (pp == NULL || pp->broken)
		return (0);
	return (imsgbuf_queued(pp->buf));
}

bool
proc_has_pipe(const struct proc *p, enum proc_id id)
{
	return (p->pipes[id] != NULL);
}

/* Find who takes it, or be fatal and say what is wrong with it. */
static const struct msg_rule *
rule_find(const struct proc *p, enum proc_id from, const struct imsg *m)
{
	const struct msg_rule *r;
	size_t i, len;
	bool known = false;

	len = ibuf_left(&m->body);
	for (i = 0; i < p->nrules; i++) {
		r = &p->rules[i];
		if (r->type != m->hdr.type)
			continue;
		known = true;
		if (!(r->senders & (1U << from)))
			continue;
		if (len < r->min || len > r->max)
			fatalx("message %u from %s: %zu bytes, expected %zu "
			       "to %zu",
			    m->hdr.type, proc_name(from), len, r->min, r->max);
		return (r);
	}
	fatalx("message %u from %s, %zu bytes: %s", m->hdr.type,
	    proc_name(from), len,
	    known ? "not from this sender" : "no such type here");
}

/* Hand out what is buffered until a handler pauses or closes the pipe. */
static void
pipe_dispatch(struct pipe *pp)
{
	struct proc *p = pp->proc;
	const struct msg_rule *r;
	struct imsg m;
	int n;

	pp->busy = true;
	while (!pp->paused && !pp->closed) {
		if ((n = imsg_get(pp->buf, &m)) == -1)
			fatal("message from %s", proc_name(pp->peer));
		if (n == 0)
			break;
		r = rule_find(p, pp->peer, &m);
		r->fn(p, pp->peer, &m);
		imsg_free(&m);
	}
	pp->busy = false;
}

/* One read an event, so that no pipe starves the others. */
static void
pipe_read(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *pp = arg;
	int n;

	/* Left over from before a pause; makes room for the read, too. */
	pipe_dispatch(pp);
	if (pp->closed) {
		pipe_free(pp);
		return;
	}
	if (pp->paused)
		return;
	n = imsgbuf_read(pp->buf);
	if (n == -1 && errno != ECONNRESET)
		fatal("read from %s", proc_name(pp->peer));
	if (n != 1) {
		pipe_closed(pp->proc, pp->peer);
		return;
	}
	pipe_dispatch(pp);
	if (pp->closed)
		pipe_free(pp);
}

void
proc_add_pipe(struct proc *p, enum proc_id id, int fd)
{
	struct pipe *pp;
	int fl;

	if (p->pipes[id] != NULL)
		fatalx("a second pipe to %s", proc_name(id));
	if ((fl = fcntl(fd, F_GETFL)) == -1 ||
	    (!(fl & O_NONBLOCK) && fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1))
		fatal("pipe to %s: fcntl", proc_name(id));
	if ((pp = calloc(1, sizeof(*pp))) == NULL)
		fatal("pipe to %s", proc_name(id));
	pp->proc = p;
	pp->peer = id;
	pp->fd = fd;
	if ((pp->buf = imsgbuf_new(fd)) == NULL)
		fatal("pipe to %s", proc_name(id));
	pp->rev = event_new(p->base, fd, EV_READ | EV_PERSIST, pipe_read, pp);
	pp->wev = event_new(p->base, fd, EV_WRITE, pipe_write, pp);
	if (pp->rev == NULL || pp->wev == NULL ||
	    event_add(pp->rev, NULL) == -1)
		fatalx("pipe to %s: event", proc_name(id));
	p->pipes[id] = pp;
}

void
proc_pause(struct proc *p, enum proc_id id, bool pause)
{
	struct pipe *pp = p->pipes[id];

	if (pp == NULL || pp->paused == pause)
		return;
	pp->paused = pause;
	if (pause) {
		event_del(pp->rev);
		return;
	}
	if (event_add(pp->rev, NULL) == -1)
		fatalx("event_add: pipe to %s", proc_name(id));
	/* The buffer may hold messages that no poll will tell of. */
	event_active(pp->rev, EV_READ, 0);
}

int64_t
proc_now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		fatal("clock_gettime");
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

void
proc_flush(struct proc *p, int ms)
{
	struct pollfd pfd[PROC_MAX];
	int64_t deadline, left;
	nfds_t n;
	int i;

	deadline = proc_now_ms() + ms;
	for (;;) {
		for (i = 0, n = 0; i < PROC_MAX; i++) {
			if (p->pipes[i] == NULL)
				continue;
			pipe_try(p->pipes[i]);
			if (proc_queued(p, i) == 0)
				continue;
			pfd[n].fd = p->pipes[i]->fd;
			pfd[n].events = POLLOUT;
			pfd[n++].revents = 0;
		}
		left = deadline - proc_now_ms();
		if (n == 0 || left <= 0)
			return;
		if (poll(pfd, n, (int)left) == -1 && errno != EINTR)
			fatal("poll");
	}
}
