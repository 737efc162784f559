/* SPDX-License-Identifier: ISC */
/*
 * Clients: one request at a time each, its records passed on as they come. A
 * client that does not read holds its own stream, and nobody else's.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "control.h"

static struct {
	struct proc	*proc;
	struct client	 clients[CLIENTS_MAX];
	uint32_t	 serial;
	bool		 full;		/* and the log says so */
} c;

/* A request's id: the client's slot and a serial, so that an answer which
   comes after its client left is known as late. */
static uint32_t
new_id(const struct client *cl)
{
	return (++c.serial * CLIENTS_MAX + (cl - c.clients));
}

/* Only who was asked may answer. */
static struct client *
by_id(enum proc_id from, uint32_t id)
{
	struct client	*cl = &c.clients[id % CLIENTS_MAX];

	return (cl->used && cl->request != NULL && cl->id == id &&
	    cl->request->who == from ? cl : NULL);
}

static void
client_close(struct client *cl)
{
	if (cl->request != NULL && cl->request->who != PROC_CONTROL)
		proc_send(c.proc, cl->request->who, M_CTL_CANCEL, cl->id, -1,
		    NULL, 0);
	event_free(cl->rev);
	event_free(cl->wev);
	imsgbuf_free(cl->buf);
	close(cl->fd);
	memset(cl, 0, sizeof(*cl));
	c.full = false;
}

/* An answer that this process streams itself, and that has more to come. */
static bool
own_stream(const struct client *cl)
{
	return (cl->request != NULL && cl->owed &&
	    cl->request->who == PROC_CONTROL);
}

/* Write what fits; -1: the client is gone, and closed. */
static int
flush(struct client *cl)
{
	if (imsgbuf_write(cl->buf) == -1) {
		client_close(cl);
		return (-1);
	}
	if (imsgbuf_queued(cl->buf) > 0 || own_stream(cl))
		event_add(cl->wev, NULL);
	return (0);
}

static void	policy(struct client *);

/* Ask for the next window once the last is passed on. */
static void
next_window(struct client *cl)
{
	if (!cl->owed || imsgbuf_queued(cl->buf) > CLIENT_HIGH)
		return;
	if (cl->request->who == PROC_CONTROL) {
		policy(cl);
		return;
	}
	cl->owed = false;
	cl->records = 0;
	proc_send(c.proc, cl->request->who, M_CTL_MORE, cl->id, -1, NULL, 0);
}

void
client_send(struct client *cl, uint32_t type, const void *rec)
{
	struct ibuf	*b;

	if ((b = imsg_create()) == NULL)
		fatal(NULL);
	record_put(b, ctl_record(type), rec);
	if (imsg_close(cl->buf, type, 0, -1, b) == -1)
		fatal("imsg_close");
}

static void
end(struct client *cl, const char *why)
{
	struct ctl_end	e = { .status = why != NULL };

	if (why != NULL)
		strlcpy(e.text, why, sizeof(e.text));
	client_send(cl, CTL_END, &e);
	cl->request = NULL;
	cl->owed = false;
}

static void
policy(struct client *cl)
{
	cl->owed = !control_policy(cl);
	if (!cl->owed)
		end(cl, NULL);
}

static void
request(struct client *cl, struct imsg *m)
{
	const struct request	*r = request_rule(m->hdr.type);
	struct ibuf		*b;
	size_t			 n = ibuf_left(&m->body);

	if (r == NULL || n != r->body || m->fd != -1) {
		end(cl, "request not understood: pfctl and packetframed of "
		    "different versions?");
		return;
	}
	if (r->changes && cl->restricted) {
		end(cl, "this socket is restricted to show commands");
		return;
	}
	cl->request = r;
	cl->id = new_id(cl);
	cl->records = 0;
	cl->owed = false;
	if (r->who == PROC_CONTROL) {
		cl->line = 0;
		policy(cl);
		return;
	}
	if (!proc_has_pipe(c.proc, r->who)) {
		end(cl, "the process that answers is not there");
		return;
	}
	if ((b = imsg_create()) == NULL)
		fatal(NULL);
	ibuf_put_u32(b, r->type);
	ibuf_put(b, ibuf_take(&m->body, n), n);
	proc_send_ibuf(c.proc, r->who, M_CTL_REQUEST, cl->id, -1, b);
}

/* One request at a time, and none while the answers to earlier ones pile up:
   who does not read is not read either. */
static bool
may_serve(const struct client *cl)
{
	return (cl->request == NULL &&
	    imsgbuf_queued(cl->buf) <= CLIENT_HIGH);
}

/* Requests that may not be served yet stay in the buffer. */
static void
serve(struct client *cl)
{
	struct imsg	m;
	int		n = 1;

	while (n == 1 && may_serve(cl)) {
		while (may_serve(cl) && (n = imsg_get(cl->buf, &m)) == 1) {
			request(cl, &m);
			imsg_free(&m);
		}
		if (n == -1) {
			client_close(cl);
			return;
		}
		if (flush(cl) == -1)
			return;
	}
	if (may_serve(cl))
		event_add(cl->rev, NULL);
	else
		event_del(cl->rev);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct client	*cl = arg;

	if (imsgbuf_read(cl->buf) != 1) {
		client_close(cl);
		return;
	}
	serve(cl);
}

static void
writable(evutil_socket_t fd, short what, void *arg)
{
	struct client	*cl = arg;

	if (flush(cl) == -1)
		return;
	if (cl->request != NULL) {
		next_window(cl);
		if (flush(cl) == -1)
			return;
	}
	serve(cl);
}

/* A free slot. Restricted clients cannot take them all: who may change things
   gets in. */
static struct client *
slot(bool restricted)
{
	struct client	*cl = NULL;
	int		 i, n = 0;

	for (i = 0; i < CLIENTS_MAX; i++) {
		if (!c.clients[i].used)
			cl = &c.clients[i];
		else
			n += c.clients[i].restricted;
	}
	return (restricted && n >= RESTRICTED_MAX ? NULL : cl);
}

void
client_accept(struct proc *p, int listenfd, bool restricted)
{
	struct client	*cl;
	int		 fd;

	c.proc = p;
	fd = accept4(listenfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_warn("control socket: accept");
		return;
	}
	if ((cl = slot(restricted)) == NULL) {
		if (!c.full)
			log_warnx("control socket: too many clients");
		c.full = true;
		close(fd);
		return;
	}
	cl->used = true;
	cl->restricted = restricted;
	cl->fd = fd;
	cl->buf = imsgbuf_new(fd);
	cl->rev = event_new(p->base, fd, EV_READ | EV_PERSIST, readable, cl);
	cl->wev = event_new(p->base, fd, EV_WRITE, writable, cl);
	if (cl->buf == NULL || cl->rev == NULL || cl->wev == NULL ||
	    event_add(cl->rev, NULL) == -1)
		fatalx("control socket: no memory");
}

void
client_record(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct client	*cl = by_id(from, m->hdr.id);
	uint32_t	 type;
	size_t		 n;

	if (cl == NULL)
		return;
	if (ibuf_get_u32(&m->body, &type) == -1 || ctl_record(type) == NULL)
		fatalx("record of no known type");
	if (cl->owed)
		fatalx("%s: more records than asked for", proc_name(from));
	n = ibuf_left(&m->body);
	if (imsg_compose(cl->buf, type, 0, -1, ibuf_take(&m->body, n), n) ==
	    -1)
		fatal("imsg_compose");
	if (cl->request->windowed && ++cl->records == CTL_WINDOW)
		cl->owed = true;
	if (flush(cl) == 0)
		next_window(cl);
}

void
client_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct client	*cl = by_id(from, m->hdr.id);
	struct ctl_end	 e;

	msg_get(m, &record_ctl_end, &e);
	if (cl == NULL)
		return;
	end(cl, e.status == 0 ? NULL : e.text);
	serve(cl);
}

static void
end_all(enum proc_id who, const char *why)
{
	struct client	*cl;
	int		 i;

	for (i = 0; i < CLIENTS_MAX; i++) {
		cl = &c.clients[i];
		if (!cl->used || cl->request == NULL ||
		    cl->request->who != who)
			continue;
		end(cl, why);
		serve(cl);
	}
}

void
client_policy_changed(void)
{
	end_all(PROC_CONTROL, "the config was reloaded meanwhile: ask again");
}

void
client_lost(struct proc *p, enum proc_id who)
{
	end_all(who, "the process that answers has ended");
}
