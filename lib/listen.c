/* SPDX-License-Identifier: ISC */
/*
 * An engine's listeners. What comes of a connection is not known here.
 */
#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"
#include "msg.h"

/* Connections taken in one round of the loop. */
#define ACCEPT_BURST	16

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
	if (event_base_once(l->set->base, -1, EV_TIMEOUT, listener_again, l,
	    &second) == -1)
		fatalx("event: listener");
}

static void
listener_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
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
			listener_rest(l);
			return;
		}
		l->set->accept(l, c, (struct sockaddr *)&ss);
	}
}

static struct listener *
listener_find(const struct listeners *ls, uint32_t index)
{
	struct listener *l;

	TAILQ_FOREACH(l, &ls->list, entry)
		if (l->index == index)
			return (l);
	return (NULL);
}

static void
listener_free(struct listener *l)
{
	TAILQ_REMOVE(&l->set->list, l, entry);
	close(l->fd);
	free(l);
}

void
listen_init(struct listeners *ls, bool bmp, listen_fn *accept)
{
	TAILQ_INIT(&ls->list);
	ls->base = NULL;
	ls->accept = accept;
	ls->bmp = bmp;
}

void
listen_staged(struct listeners *ls, struct imsg *m)
{
	struct listener *l;
	struct msg_u32 index;

	msg_get(m, &record_msg_u32, &index);
	if (m->fd == -1 || listener_find(ls, index.value) != NULL)
		fatalx("listener of route source %u", index.value);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("listener");
	l->set = ls;
	l->index = index.value;
	l->fd = m->fd;
	m->fd = -1;
	TAILQ_INSERT_TAIL(&ls->list, l, entry);
}

void
listen_check(const struct listeners *ls, const struct config *c)
{
	uint32_t i;

	for (i = 0; i < c->nsources; i++)
		if (c->sources[i].bmp == ls->bmp &&
		    listener_find(ls, i) == NULL)
			fatalx("route source %u has no listener", i);
}

void
listen_commit(struct listeners *ls, struct event_base *base,
    const struct config *c)
{
	struct listener *l;

	ls->base = base;
	TAILQ_FOREACH(l, &ls->list, entry) {
		if (l->index >= c->nsources ||
		    c->sources[l->index].bmp != ls->bmp)
			fatalx("listener of route source %u", l->index);
		l->source = &c->sources[l->index];
		if (l->ev != NULL)
			continue;
		l->ev = event_new(base, l->fd, EV_READ | EV_PERSIST,
		    listener_accept, l);
		if (l->ev == NULL || event_add(l->ev, NULL) == -1)
			fatalx("event: listener");
	}
}

void
listen_abort(struct listeners *ls)
{
	struct listener *l, *next;

	for (l = TAILQ_FIRST(&ls->list); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->ev == NULL)
			listener_free(l);
	}
}

bool
listen_allows(const struct config_source *src, const struct addr *addr)
{
	uint32_t i;

	if (src->peer_ip.af != AF_UNSPEC && addr_cmp(&src->peer_ip, addr) != 0)
		return (false);
	/* Without a list the listener is on loopback: whoever reaches it is
	   on this machine. */
	if (src->npeer_from == 0)
		return (true);
	for (i = 0; i < src->npeer_from; i++)
		if (prefix_contains(&src->peer_from[i], addr))
			return (true);
	return (false);
}
