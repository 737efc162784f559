/* SPDX-License-Identifier: ISC */
/*
 * Waiting for grace periods.  The wait blocks, so a fork of the parent does
 * it: one byte asks, one byte answers.  Requests are answered in order.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

struct grace_request {
	void		(*done)(void *, uint32_t);
	void		 *arg;
	uint32_t	 epoch;
};

#define GRACE_QUEUE	64

static struct {
	int			 fd;
	struct event		*ev;
	struct grace_request	 queue[GRACE_QUEUE];	/* ring */
	unsigned int		 head, count;
} grace = { .fd = -1 };

/* The helper holds nothing but its socket and the datapath's grace maps: a
   copy of a child's pipe here would hide the parent's death from it. */
static void __attribute__((__noreturn__))
grace_helper(struct dp *dp, int fd)
{
	char	buf[GRACE_QUEUE];
	ssize_t	n, w;

	/* what is sent to the whole group is the parent's to act on */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	dp_grace_only(dp, fd);
	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		if (dp_grace(dp) == -1)
			_exit(1);
		do {
			w = write(fd, buf, n);
		} while (w == -1 && errno == EINTR);
		if (w != n)
			_exit(0);
	}
}

static void
grace_answer(evutil_socket_t fd, short what, void *arg)
{
	char			buf[GRACE_QUEUE];
	struct grace_request	r;
	ssize_t			n, i;

	n = read(fd, buf, sizeof(buf));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		log_warnx("grace helper ended");
		parent_exit(1);
		return;
	}
	for (i = 0; i < n && grace.count > 0; i++) {
		r = grace.queue[grace.head];
		grace.head = (grace.head + 1) % GRACE_QUEUE;
		grace.count--;
		r.done(r.arg, r.epoch);
	}
}

int
grace_start(struct event_base *base, struct dp *dp)
{
	int	sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return (-1);
	switch (fork()) {
	case -1:
		close(sv[0]);
		close(sv[1]);
		return (-1);
	case 0:
		grace_helper(dp, sv[1]);
	}
	close(sv[1]);
	evutil_make_socket_nonblocking(sv[0]);
	grace.fd = sv[0];
	grace.ev = event_new(base, sv[0], EV_READ | EV_PERSIST, grace_answer,
	    NULL);
	if (grace.ev == NULL || event_add(grace.ev, NULL) == -1)
		fatalx("event_new");
	return (0);
}

int
grace_wait(void (*done)(void *, uint32_t), void *arg, uint32_t epoch)
{
	struct grace_request	*r;

	if (grace.count == GRACE_QUEUE)
		return (-1);
	if (write(grace.fd, "", 1) != 1)
		return (-1);
	r = &grace.queue[(grace.head + grace.count++) % GRACE_QUEUE];
	r->done = done;
	r->arg = arg;
	r->epoch = epoch;
	return (0);
}
