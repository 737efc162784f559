/* SPDX-License-Identifier: ISC */
/*
 * A session: commands of a byte each, with their arguments. Bytes come in
 * reads of any size, time passes, timers fire, the connection breaks. What
 * must hold: one up, one down, nothing after the close.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "../../bgpe/bgpe.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct watch {
	struct session	*s;
	struct monotime	 now;
	bool		 up, closed;
};

/* Prefixes have path ids where that was agreed on, and nowhere else. */
static void
updated(const struct bgp_update *u, const struct bgp_params *agreed)
{
	unsigned int i;
	uint8_t family;

	for (i = 0; i < u->nroutes; i++) {
		family = u->routes[i].af == AF_INET ? BGP_FAM_IPV4
						     : BGP_FAM_IPV6;
		if (u->routes[i].add_path != ((agreed->add_path & family) != 0))
			abort();
	}
}

static void
check(struct watch *w, unsigned int bits)
{
	if (w->closed && bits != 0)
		abort();
	if (bits & SESSION_UP) {
		if (w->up)
			abort();
		w->up = true;
	}
	if ((bits & SESSION_UPDATE) && !w->up)
		abort();
	if (bits & SESSION_UPDATE)
		updated(&w->s->update, &w->s->agreed);
	if (bits & SESSION_DOWN) {
		if (!w->up || !(bits & SESSION_CLOSE))
			abort();
		w->up = false;
	}
	if (bits & SESSION_CLOSE) {
		if (w->up || w->s->reason[0] == '\0')
			abort();
		w->closed = true;
	}
	if (w->up != (w->s->state == FSM_ESTABLISHED))
		abort();
}

static void
bytes(struct watch *w, const uint8_t *p, size_t len)
{
	unsigned int bits;
	uint8_t *to;
	size_t room;

	to = session_space(w->s, &room);
	if (len > room)
		len = room;
	if (len > 0)
		memcpy(to, p, len);
	session_filled(w->s, len);
	while ((bits = session_step(w->s, w->now)) != 0)
		check(w, bits);
}

/* A message with a right header, so that bodies are reached. */
static void
framed(struct watch *w, uint8_t type, const uint8_t *p, size_t len)
{
	uint8_t head[BGP_HEADER_LEN];

	memset(head, 0xff, sizeof(head));
	bgp_put16(head + BGP_MARKER_LEN, (uint16_t)(sizeof(head) + len));
	head[BGP_HEADER_LEN - 1] = type;
	bytes(w, head, sizeof(head));
	bytes(w, p, len);
}

/*
 * An UPDATE as long as a message may be (RFC 8654): what is there is its
 * attributes, the last of them repeated or not, or its prefixes, or both.
 */
static void
longest(struct watch *w, uint8_t op, const uint8_t *p, size_t n)
{
	static uint8_t body[BGP_MSG_EXTENDED_MAX - BGP_HEADER_LEN];
	size_t attrs, len, at = 4, i;

	if (n == 0)
		return;
	len = sizeof(body) - (p[0] & 0x7f);
	attrs = op & 0x20 ? len - 4 - (op & 0x40 ? n : 0) : n;
	memset(body, 0, 4);
	bgp_put16(body + 2, (uint16_t)attrs);
	memcpy(body + at, p, n);
	for (i = n; i < attrs; i++)
		body[at + i] = p[n / 2 + i % (n - n / 2)];
	/* A list that takes all the room. */
	if ((op & 0x20) && n > 4 && (p[0] & 0x10))
		bgp_put16(body + at + 2, (uint16_t)((attrs - 4) / 12 * 12));
	for (at += attrs, i = 0; at < len; at++, i++)
		body[at] = p[n / 2 + i % (n - n / 2)];
	/* withdrawn routes in place of attributes */
	if (op & 0x80) {
		bgp_put16(body, (uint16_t)(len - 4));
		memmove(body + 2, body + 4, len - 4);
		memset(body + len - 2, 0, 2);
	}
	framed(w, BGP_UPDATE, body, len);
}

/* What is not bytes; n is the argument. */
static void
command(struct watch *w, uint8_t op, size_t n)
{
	static const uint8_t open[] = { 4, 0xfd, 0xe8, 0, 30, 10, 0, 0, 2, 20,
		2, 18, 1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 65, 4, 0, 0, 0xfd,
		0xe8 };
	static const uint8_t addpath[] = { 4, 0xfd, 0xe8, 0, 30, 10, 0, 0, 2,
		30, 2, 28, 1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 65, 4, 0, 0,
		0xfd, 0xe8, 69, 8, 0, 1, 1, 2, 0, 2, 1, 3 };
	struct monotime at;
	size_t out;

	switch (op & 0x0f) {
	case 6:
		w->now.ms += (uint64_t)n * 500;
		check(w, session_timers(w->s, w->now));
		break;
	case 7:
		if (session_deadline(w->s, &at) && at.ms > w->now.ms)
			w->now = at;
		check(w, session_timers(w->s, w->now));
		break;
	case 8:
		session_output(w->s, &out);
		session_sent(w->s, out < n ? out : n);
		break;
	case 9:
		w->s->rival = n & 1;
		w->s->params.without = (uint8_t)(n >> 1 & 7);
		break;
	case 10:
		check(w, session_probe(w->s, w->now));
		break;
	case 11:
		session_excuse(w->s, w->now);
		break;
	case 12:
		check(w, session_stop(w->s, w->now,
			     (enum bgp_sub_cease)(op >> 4)));
		break;
	case 13:
		check(w, session_lost(w->s, w->now, "lost"));
		break;
	case 14:
		if (op & 0x10)
			framed(w, BGP_OPEN, addpath, sizeof(addpath));
		else
			framed(w, BGP_OPEN, open, sizeof(open));
		break;
	default:
		framed(w, BGP_KEEPALIVE, NULL, 0);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct session_params ours = { 65000, 65000, 0x7f000001,
		1, 0 };
	struct watch w = { NULL, { 1000 }, false, false };
	size_t n;
	uint8_t op;

	if ((w.s = session_new(&ours, w.now)) == NULL)
		abort();
	check(&w, session_connected(w.s, w.now));
	while (len > 0) {
		op = *data++;
		len--;
		/* Most commands have an argument; bytes are as many as it
		   says. */
		n = 0;
		if ((op & 0x0f) < 10 && len > 0) {
			n = *data++;
			len--;
		}
		if ((op & 0x0f) <= BGP_ROUTE_REFRESH && n > len)
			n = len;
		switch (op & 0x0f) {
		case 0:
			bytes(&w, data, n);
			break;
		case BGP_UPDATE:
			if (op & 0x10)
				longest(&w, op, data, n);
			else
				framed(&w, BGP_UPDATE, data, n);
			break;
		case BGP_OPEN:
		case BGP_NOTIFICATION:
		case BGP_KEEPALIVE:
		case BGP_ROUTE_REFRESH:
			framed(&w, op & 0x0f, data, n);
			break;
		default:
			command(&w, op, n);
			n = 0;
			break;
		}
		data += n;
		len -= n;
	}
	session_free(w.s);
	return (0);
}
