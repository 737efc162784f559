/* SPDX-License-Identifier: ISC */
/*
 * A session: commands of a byte each, with their arguments. Bytes come in
 * reads of any size, time passes, timers fire, the connection breaks. What
 * must hold: one up, one down, nothing after the close.
 */
#include <stdlib.h>
#include <string.h>

#include "../../bgpe/bgpe.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct watch {
	struct session	*s;
	struct monotime	 now;
	bool		 up, closed;
};

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

/* What is not bytes; n is the argument. */
static void
command(struct watch *w, uint8_t op, size_t n)
{
	static const uint8_t open[] = { 4, 0xfd, 0xe8, 0, 30, 10, 0, 0, 2, 20,
		2, 18, 1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 65, 4, 0, 0, 0xfd,
		0xe8 };
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
		1 };
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
		case BGP_OPEN:
		case BGP_UPDATE:
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
