/* SPDX-License-Identifier: ISC */
/*
 * The BGP process: its messages, its config and its listeners, which the
 * parent has bound. It has no right to open anything itself.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/mains.h"
#include "bgpe.h"

/* Connections taken in one round of the loop. */
#define ACCEPT_BURST	16

static struct bgpe bgpe;

static void
listener_again(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	if (event_add(l->ev, NULL) == -1)
		fatalx("event_add: listener");
}

/* What the system lacks it will lack for a while; do not ask in a loop. */
static void
listener_rest(struct listener *l)
{
	const struct timeval second = { 1, 0 };

	event_del(l->ev);
	if (event_base_once(bgpe.proc.base, -1, EV_TIMEOUT, listener_again, l,
	    &second) == -1)
		fatalx("event: listener");
}

static void
listener_accept(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_storage ss;
	socklen_t len;
	unsigned int i;
	int c;

	for (i = 0; i < ACCEPT_BURST; i++) {
		len = sizeof(ss);
		c = accept4(fd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (c == -1) {
			/* Those that gave up while they waited are not ours. */
			if (errno == EAGAIN || errno == EINTR ||
			    errno == ECONNABORTED)
				return;
			log_warn("accept");
			listener_rest(arg);
			return;
		}
		conn_accept(&bgpe, arg, c, (struct sockaddr *)&ss);
	}
}

static struct listener *
listener_find(uint32_t index)
{
	struct listener *l;

	TAILQ_FOREACH(l, &bgpe.listeners, entry)
		if (l->index == index)
			return (l);
	return (NULL);
}

static void
listener_free(struct listener *l)
{
	TAILQ_REMOVE(&bgpe.listeners, l, entry);
	close(l->fd);
	free(l);
}

/* A listener for the config that is being staged. */
static void
listener_staged(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct listener *l;
	struct msg_u32 index;

	msg_get(m, &record_msg_u32, &index);
	if (m->fd == -1 || listener_find(index.value) != NULL)
		fatalx("listener of route source %u", index.value);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("listener");
	l->index = index.value;
	l->fd = m->fd;
	m->fd = -1;
	TAILQ_INSERT_TAIL(&bgpe.listeners, l, entry);
}

static void
listeners_abort(void)
{
	struct listener *l, *next;

	for (l = TAILQ_FIRST(&bgpe.listeners); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->ev == NULL)
			listener_free(l);
	}
}

static void
config_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_data(&bgpe.stage, m);
}

static void
config_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	const struct config *c;
	const struct config_source *src;
	char reason[512], where[256], addr[ADDRSTRLEN];
	uint32_t i;

	stage_end(&bgpe.stage);
	c = bgpe.stage.next;
	for (i = 0; i < c->nsources; i++) {
		src = &c->sources[i];
		if (src->bmp)
			continue;
		if (listener_find(i) == NULL)
			fatalx("route source %u has no listener", i);
		/*
		 * An identifier made up from an IPv6 address may be another
		 * router's in this AS (RFC 6286), and then no session comes
		 * up: better to be told here.
		 */
		if (src->router_id == 0 && src->addr.af == AF_INET6) {
			snprintf(reason, sizeof(reason), "%s: route-source bgp "
			    "[%s]:%u: a listener with an IPv6 address needs "
			    "router-id",
			    config_where(c, &src->where, where, sizeof(where)),
			    addr_format(&src->addr, addr), src->port);
			listeners_abort();
			stage_refuse(&bgpe.stage, p, m, reason);
			return;
		}
	}
	stage_ready(p, m);
}

static void
config_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct config *old = bgpe.conf;
	struct listener *l;

	bgpe.conf = stage_take(&bgpe.stage);
	TAILQ_FOREACH(l, &bgpe.listeners, entry) {
		if (l->index >= bgpe.conf->nsources ||
		    bgpe.conf->sources[l->index].bmp)
			fatalx("listener of route source %u", l->index);
		l->source = &bgpe.conf->sources[l->index];
		if (l->ev != NULL)
			continue;
		l->ev = event_new(p->base, l->fd, EV_READ | EV_PERSIST,
		    listener_accept, l);
		if (l->ev == NULL || event_add(l->ev, NULL) == -1)
			fatalx("event: listener");
	}
	config_free(old);
}

static void
config_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	listeners_abort();
	stage_abort(&bgpe.stage);
}

static void
ctl_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	bgpe_ctl_request(&bgpe, m);
}

/* Answers are sent whole, so there is nothing left to cancel or go on with. */
static void
ctl_late(struct proc *p, enum proc_id from, struct imsg *m)
{
}

static void
drained(struct proc *p, enum proc_id to)
{
	if (to == PROC_RDE)
		conn_pause(&bgpe, false);
}

static void
stop(struct proc *p)
{
	conn_shutdown(&bgpe);
}

static const struct msg_rule rules[] = {
	{ M_CONFIG_DATA, FROM(PARENT), 1, IMSG_BODY_MAX, config_data },
	{ M_CONFIG_END, FROM(PARENT), 0, 0, config_end },
	{ M_CONFIG_COMMIT, FROM(PARENT), 0, 0, config_commit },
	{ M_CONFIG_ABORT, FROM(PARENT), 0, 0, config_abort },
	{ M_LISTENER, FROM(PARENT), 4, 4, listener_staged },
	{ M_CTL_REQUEST, FROM(CONTROL), 4, 4096, ctl_request },
	{ M_CTL_CANCEL, FROM(CONTROL), 0, 0, ctl_late },
	{ M_CTL_MORE, FROM(CONTROL), 0, 0, ctl_late }
};

void
bgpe_main(const struct child_args *args)
{
	TAILQ_INIT(&bgpe.listeners);
	child_start(&bgpe.proc, PROC_BGPE, args, rules,
	    sizeof(rules) / sizeof(rules[0]), &bgpe);
	bgpe.proc.drained = drained;
	conn_init(&bgpe);
	child_run(&bgpe.proc, stop);
}
