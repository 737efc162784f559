/* SPDX-License-Identifier: ISC */
/*
 * One connection with a neighbor: message framing (RFC 4271 4.1, 6.1), what
 * the state machine orders, timers as deadlines. No sockets, no clock: bytes
 * and time come in, bytes and SESSION_* bits go out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpe.h"

struct session *
session_new(const struct session_params *params, struct monotime now)
{
	struct session *s;

	/* Not calloc: the buffer's pages are touched when they are used. */
	if ((s = malloc(sizeof(*s))) == NULL)
		return (NULL);
	memset(s, 0, offsetof(struct session, rx));
	s->params = *params;
	s->state = fsm_step(FSM_IDLE, EV_START).state;
	s->since = now;
	s->jitter = params->seed | 1;
	return (s);
}

void
session_free(struct session *s)
{
	free(s);
}

uint8_t *
session_space(struct session *s, size_t *n)
{
	if (s->rx_pos > 0) {
		memmove(s->rx, s->rx + s->rx_pos, s->rx_len - s->rx_pos);
		s->rx_len -= s->rx_pos;
		s->rx_pos = 0;
	}
	*n = sizeof(s->rx) - s->rx_len;
	return (s->rx + s->rx_len);
}

void
session_filled(struct session *s, size_t n)
{
	s->rx_len += n;
	s->count.rx_bytes += n;
}

const uint8_t *
session_output(const struct session *s, size_t *n)
{
	*n = s->tx_len;
	return (s->tx);
}

void
session_sent(struct session *s, size_t n)
{
	memmove(s->tx, s->tx + n, s->tx_len - n);
	s->tx_len -= n;
}

/* Queue a message; false: the peer has not read for so long that the buffer
   is full. */
static bool
message(struct session *s, enum bgp_type type, const void *body, size_t len)
{
	uint8_t *p = s->tx + s->tx_len;

	if (sizeof(s->tx) - s->tx_len < BGP_HEADER_LEN + len)
		return (false);
	memset(p, 0xff, BGP_MARKER_LEN);
	bgp_put16(p + BGP_MARKER_LEN, (uint16_t)(BGP_HEADER_LEN + len));
	p[BGP_HEADER_LEN - 1] = (uint8_t)type;
	if (len > 0)
		memcpy(p + BGP_HEADER_LEN, body, len);
	s->tx_len += BGP_HEADER_LEN + len;
	s->count.tx_messages++;
	return (true);
}

static bool
send_open(struct session *s)
{
	uint8_t body[OPEN_MAX];

	return (message(s, BGP_OPEN, body, open_encode(body, &s->params)));
}

static void
send_notification(struct session *s)
{
	uint8_t body[2 + BGP_ERR_DATA_MAX];
	char text[128];

	body[0] = s->error.code;
	body[1] = s->error.subcode;
	memcpy(body + 2, s->error.data, s->error.len);
	message(s, BGP_NOTIFICATION, body, 2 + (size_t)s->error.len);
	s->notified = true;
	notify_text(&s->error, text, sizeof(text));
	snprintf(s->reason, sizeof(s->reason), "sent NOTIFICATION %s%s%s%s",
	    text, s->detail[0] == '\0' ? "" : " (", s->detail,
	    s->detail[0] == '\0' ? "" : ")");
}

/* Three keepalives a hold time, each a quarter early at most (RFC 4271 10),
   so that many sessions do not beat as one. */
static void
keepalive_start(struct session *s, struct monotime now)
{
	uint64_t ms = (uint64_t)s->hold_time * 1000 / 3;

	s->keepalive_at = 0;
	if (ms == 0)
		return;
	s->jitter ^= s->jitter << 13;
	s->jitter ^= s->jitter >> 17;
	s->jitter ^= s->jitter << 5;
	s->keepalive_at = now.ms + ms - s->jitter % (ms / 4);
}

static void
hold_start(struct session *s, struct monotime now)
{
	s->hold_at = 0;
	if (s->hold_time != 0)
		s->hold_at = now.ms + (uint64_t)s->hold_time * 1000;
}

/* Feed one event to the state machine and do what it says. */
static unsigned int
event(struct session *s, enum fsm_event ev, struct monotime now)
{
	static const uint8_t unexpected[FSM_STATES] = {
		[FSM_OPENSENT] = BGP_FSM_OPENSENT,
		[FSM_OPENCONFIRM] = BGP_FSM_OPENCONFIRM,
		[FSM_ESTABLISHED] = BGP_FSM_ESTABLISHED
	};
	struct fsm_result r = fsm_step(s->state, ev);
	unsigned int bits = 0;
	bool room = true;

	if (r.actions & ACT_FSM_ERROR)
		bgp_error_set(&s->error, BGP_ERR_FSM, unexpected[s->state],
		    NULL, 0);
	if (r.state != s->state)
		s->since = now;
	s->state = r.state;
	if (r.actions & ACT_SEND_OPEN)
		room = send_open(s);
	if (r.actions & ACT_SEND_KEEPALIVE)
		room = message(s, BGP_KEEPALIVE, NULL, 0);
	if (r.actions & ACT_SEND_NOTIFICATION)
		send_notification(s);
	if (r.actions & ACT_HOLD_LARGE)
		s->hold_at = now.ms + HOLD_TIME_OPEN * 1000;
	if (r.actions & ACT_HOLD)
		hold_start(s, now);
	if (r.actions & ACT_KEEPALIVE)
		keepalive_start(s, now);
	if (r.actions & ACT_CLOSE)
		s->hold_at = s->keepalive_at = 0;
	bits |= r.actions & ACT_OPENED ? SESSION_OPENED : 0;
	bits |= r.actions & ACT_UP ? SESSION_UP : 0;
	bits |= r.actions & ACT_UPDATE ? SESSION_UPDATE : 0;
	bits |= r.actions & ACT_DOWN ? SESSION_DOWN : 0;
	bits |= r.actions & ACT_CLOSE ? SESSION_CLOSE : 0;
	if (!room)
		bits |= session_lost(s, now, "the peer does not read");
	return (bits);
}

unsigned int
session_connected(struct session *s, struct monotime now)
{
	return (event(s, EV_TCP_UP, now));
}

unsigned int
session_lost(struct session *s, struct monotime now, const char *why)
{
	if (s->reason[0] == '\0')
		snprintf(s->reason, sizeof(s->reason), "%s", why);
	return (event(s, EV_TCP_LOST, now));
}

unsigned int
session_stop(struct session *s, struct monotime now, enum bgp_sub_cease why)
{
	bgp_error_set(&s->error, BGP_ERR_CEASE, (uint8_t)why, NULL, 0);
	return (event(s, why == BGP_CEASE_COLLISION ? EV_COLLISION : EV_STOP,
	    now));
}

unsigned int
session_probe(struct session *s, struct monotime now)
{
	if (s->state != FSM_ESTABLISHED || message(s, BGP_KEEPALIVE, NULL, 0))
		return (0);
	return (session_lost(s, now, "the peer does not read"));
}

unsigned int
session_timers(struct session *s, struct monotime now)
{
	unsigned int bits = 0;

	if (s->hold_at != 0 && now.ms >= s->hold_at) {
		s->hold_at = 0;
		bgp_error_set(&s->error, BGP_ERR_HOLD_TIMER, 0, NULL, 0);
		bits |= event(s, EV_HOLD_EXPIRED, now);
	}
	if (s->keepalive_at != 0 && now.ms >= s->keepalive_at) {
		s->keepalive_at = 0;
		bits |= event(s, EV_KEEPALIVE_DUE, now);
	}
	return (bits);
}

bool
session_deadline(const struct session *s, struct monotime *at)
{
	at->ms = s->hold_at;
	if (at->ms == 0 || (s->keepalive_at != 0 && s->keepalive_at < at->ms))
		at->ms = s->keepalive_at;
	return (at->ms != 0);
}

void
session_excuse(struct session *s, struct monotime now)
{
	if (s->state >= FSM_OPENCONFIRM)
		hold_start(s, now);
}

static unsigned int
header_error(struct session *s, enum bgp_sub_header why, const void *data,
    size_t len, struct monotime now)
{
	bgp_error_set(&s->error, BGP_ERR_HEADER, (uint8_t)why, data, len);
	return (event(s, EV_HEADER_ERROR, now));
}

static unsigned int
take_open(struct session *s, const uint8_t *p, size_t len,
    struct monotime now)
{
	if (s->state != FSM_OPENSENT)
		return (event(s, EV_OPEN, now));
	if (!bgp_open_decode(&s->peer, p, len, &s->error) ||
	    !open_negotiate(&s->peer, &s->params, &s->agreed, &s->hold_time,
		&s->error, s->detail, sizeof(s->detail)))
		return (event(s, EV_OPEN_ERROR, now));
	/*
	 * RFC 4271 6.8: an Established connection wins over a new one.
	 * Of two that are not, both were opened by the peer, so the later is
	 * the one it means; that is for whoever knows both to arrange.
	 */
	if (s->rival)
		return (session_stop(s, now, BGP_CEASE_COLLISION));
	return (event(s, EV_OPEN, now));
}

static void
update_error(struct session *s)
{
	const struct bgp_event *e;
	const char *name;
	unsigned int n = s->update.nevents;

	s->error = s->update.error;
	if (n == 0)
		return;
	/* the last one that was kept */
	if (n > BGP_EVENTS_MAX)
		n = BGP_EVENTS_MAX;
	e = &s->update.events[n - 1];
	name = bgp_attr_name(e->attr);
	snprintf(s->detail, sizeof(s->detail), "%s%s%s",
	    name == NULL ? "" : name, name == NULL ? "" : ": ",
	    bgp_reason_text(e->reason));
}

static unsigned int
take_update(struct session *s, const uint8_t *p, size_t len,
    struct monotime now)
{
	const struct bgp_update *u = &s->update;
	unsigned int i;

	s->count.rx_updates++;
	if (s->state != FSM_ESTABLISHED)
		return (event(s, EV_UPDATE, now));
	switch (bgp_update_decode(&s->update, &s->agreed, p, len)) {
	case BGP_RESET:
		update_error(s);
		return (event(s, EV_UPDATE_ERROR, now));
	case BGP_WITHDRAW:
		s->count.withdrawn++;
		break;
	case BGP_DISCARD:
		s->count.discarded++;
		break;
	case BGP_OK:
		break;
	}
	for (i = 0; i < u->nroutes; i++)
		if (u->routes[i].withdraw)
			s->count.rx_withdrawn += u->routes[i].count;
		else
			s->count.rx_announced += u->routes[i].count;
	if (u->eor != 0)
		s->eor |= u->eor == AF_INET ? BGP_FAM_IPV4 : BGP_FAM_IPV6;
	return (event(s, EV_UPDATE, now));
}

static unsigned int
take_notification(struct session *s, const uint8_t *p, size_t len,
    struct monotime now)
{
	char text[200];

	bgp_error_set(&s->error, p[0], p[1], p + 2, len - 2);
	notify_text(&s->error, text, sizeof(text));
	snprintf(s->reason, sizeof(s->reason), "received NOTIFICATION %s",
	    text);
	return (event(s, EV_NOTIFICATION, now));
}

/* RFC 4271 6.1: each type has its shortest length. Its own errors cannot be
   answered, so a short NOTIFICATION just ends the connection (6.4). */
static unsigned int
take(struct session *s, uint8_t type, const uint8_t *p, size_t len,
    struct monotime now)
{
	switch (type) {
	case BGP_OPEN:
		return (take_open(s, p, len, now));
	case BGP_UPDATE:
		return (take_update(s, p, len, now));
	case BGP_NOTIFICATION:
		return (take_notification(s, p, len, now));
	case BGP_KEEPALIVE:
		return (event(s, EV_KEEPALIVE, now));
	default:
		return (event(s, EV_REFRESH, now));
	}
}

static const struct {
	uint16_t	min, max;	/* of the body */
} lengths[] = {
	/* RFC 8654 4: an OPEN stays as short as ever. */
	[BGP_OPEN] = { 10, BGP_MSG_MAX - BGP_HEADER_LEN },
	[BGP_UPDATE] = { 4, BGP_MSG_EXTENDED_MAX },
	[BGP_NOTIFICATION] = { 2, BGP_MSG_EXTENDED_MAX },
	[BGP_KEEPALIVE] = { 0, 0 },
	[BGP_ROUTE_REFRESH] = { 0, BGP_MSG_EXTENDED_MAX }
};

/* RFC 8654 4: who has offered long messages has to take them. */
static size_t
message_max(const struct session *s)
{
	return (s->params.without & (OPEN_NO_EXTENDED | OPEN_NO_CAPABILITIES)
		? BGP_MSG_MAX : BGP_MSG_EXTENDED_MAX);
}

unsigned int
session_step(struct session *s, struct monotime now)
{
	static const uint8_t marker[BGP_MARKER_LEN] = { 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff };
	const uint8_t *p = s->rx + s->rx_pos;
	size_t have = s->rx_len - s->rx_pos, len;
	uint8_t type;

	if (s->state < FSM_OPENSENT || have < BGP_HEADER_LEN)
		return (0);
	if (memcmp(p, marker, sizeof(marker)) != 0)
		return (header_error(s, BGP_HEADER_SYNC, NULL, 0, now));
	len = bgp_get16(p + BGP_MARKER_LEN);
	type = p[BGP_HEADER_LEN - 1];
	if (len < BGP_HEADER_LEN || len > message_max(s))
		return (header_error(s, BGP_HEADER_LENGTH, p + BGP_MARKER_LEN,
		    2, now));
	if (type < BGP_OPEN || type > BGP_ROUTE_REFRESH)
		return (header_error(s, BGP_HEADER_TYPE, &type, 1, now));
	if (len - BGP_HEADER_LEN < lengths[type].min ||
	    len - BGP_HEADER_LEN > lengths[type].max) {
		if (type == BGP_NOTIFICATION)
			return (session_lost(s, now,
			    "received a truncated NOTIFICATION"));
		return (header_error(s, BGP_HEADER_LENGTH, p + BGP_MARKER_LEN,
		    2, now));
	}
	if (have < len)
		return (0);
	s->rx_pos += len;
	s->count.rx_messages++;
	return (SESSION_MESSAGE | take(s, type, p + BGP_HEADER_LEN,
	    len - BGP_HEADER_LEN, now));
}
