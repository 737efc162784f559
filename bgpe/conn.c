/* SPDX-License-Identifier: ISC */
/*
 * Neighbors and their connections: sockets, timers and the way to rde around
 * sessions. It takes bytes to a session and does what comes back; what bytes
 * mean is the session's business.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/log.h"
#include "bgpe.h"

#define READ_BURST	4	/* reads of SESSION_BUF in one round */
#define LINGER		2	/* seconds for a last NOTIFICATION */
#define PROBE_GAP	1000	/* ms between probes (RFC 4271 4.4) */

static bool	conn_do(struct conn *, unsigned int);

struct monotime
conn_now(void)
{
	struct monotime now;

	now.ms = (uint64_t)proc_now_ms();
	return (now);
}

struct conn *
neighbor_conn(const struct neighbor *n)
{
	struct conn *c, *best = NULL;

	TAILQ_FOREACH(c, &n->conns, entry) {
		if (c->closing)
			continue;
		if (c->session->state == FSM_ESTABLISHED)
			return (c);
		if (best == NULL)
			best = c;
	}
	return (best);
}

static struct conn *
neighbor_established(const struct neighbor *n)
{
	struct conn *c = neighbor_conn(n);

	return (c != NULL && c->session->state == FSM_ESTABLISHED ? c : NULL);
}

static bool
may_log(struct log_limit *l, const char *name)
{
	return (log_limit(l, conn_now().ms, "neighbor", name));
}

/* The known one, or a new one, which may take the place of that which has
   been gone for longest. NULL: all are connected. */
static struct neighbor *
neighbor_get(struct bgpe *b, struct listener *l, const struct addr *addr)
{
	struct neighbor *n, *gone = NULL;
	uint32_t i, id = PEERS_MAX;

	for (i = PEERS_MAX; i-- > 0;) {
		if ((n = b->neighbors[i]) == NULL)
			id = i;
		else if (n->listener == l && addr_cmp(&n->addr, addr) == 0)
			return (n);
		else if (TAILQ_EMPTY(&n->conns) &&
		    (gone == NULL || n->since.ms < gone->since.ms))
			gone = n;
	}
	if (id == PEERS_MAX) {
		if (gone == NULL)
			return (NULL);
		id = gone->id;
		free(gone);
	}
	if ((n = calloc(1, sizeof(*n))) == NULL)
		fatal("neighbor");
	TAILQ_INIT(&n->conns);
	n->bgpe = b;
	n->id = id;
	n->listener = l;
	n->addr = *addr;
	addr_format(addr, n->name);
	b->neighbors[id] = n;
	return (n);
}

void
count_add(struct session_counters *to, const struct session_counters *c)
{
	to->rx_messages += c->rx_messages;
	to->tx_messages += c->tx_messages;
	to->rx_updates += c->rx_updates;
	to->rx_bytes += c->rx_bytes;
	to->rx_announced += c->rx_announced;
	to->rx_withdrawn += c->rx_withdrawn;
	to->discarded += c->discarded;
	to->withdrawn += c->withdrawn;
}

static void
conn_free(struct conn *c)
{
	struct neighbor *n = c->neighbor;

	count_add(&n->count, &c->session->count);
	TAILQ_REMOVE(&n->conns, c, entry);
	if (TAILQ_EMPTY(&n->conns))
		n->since = conn_now();
	n->bgpe->nconns--;
	event_free(c->rev);
	event_free(c->wev);
	event_free(c->timer);
	close(c->fd);
	session_free(c->session);
	free(c);
}

static void
conn_timeout(struct event *ev, uint64_t ms)
{
	struct timeval tv;

	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (event_add(ev, &tv) == -1)
		fatalx("event_add: timer");
}

/* A deadline that moves away is looked at when it would have been reached. */
static void
conn_arm(struct conn *c)
{
	struct monotime at, now = conn_now();

	if (session_deadline(c->session, &at))
		conn_timeout(c->timer, at.ms > now.ms ? at.ms - now.ms : 0);
	else
		event_del(c->timer);
}

/* Write what the socket takes. -1: it takes nothing any more. */
static int
conn_write(struct conn *c)
{
	const uint8_t *p;
	size_t len;
	ssize_t n;

	for (;;) {
		p = session_output(c->session, &len);
		if (len == 0)
			return (0);
		if ((n = write(c->fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
				return (-1);
			if (event_add(c->wev, NULL) == -1)
				fatalx("event_add: write");
			return (0);
		}
		session_sent(c->session, (size_t)n);
	}
}

/*
 * Write the rest, then say that no more comes, and wait for the peer to close:
 * a close with bytes unread would reset the connection under the
 * NOTIFICATION. Frees the connection when there is nothing to wait for.
 */
static void
conn_linger(struct conn *c)
{
	size_t len;

	if (conn_write(c) == -1) {
		conn_free(c);
		return;
	}
	session_output(c->session, &len);
	if (len == 0 && shutdown(c->fd, SHUT_WR) == -1)
		conn_free(c);
}

/* The session is over. c may be gone when this returns. */
static void
conn_close(struct conn *c, bool was_up)
{
	struct neighbor *n = c->neighbor;
	struct session *s = c->session;
	uint8_t without;
	size_t len;

	strlcpy(n->last_error, s->reason, sizeof(n->last_error));
	if (was_up || may_log(&n->limit, n->name))
		log_warnx("neighbor %s: session %s: %s", n->name,
		    was_up ? "down" : "failed", s->reason);
	/* That is for the next connection: the peer opens them. */
	if (!s->notified && (without = open_refused(&s->error)) != 0) {
		n->without |= without;
		n->refused = conn_now();
		log_info("neighbor %s: the next OPEN offers less", n->name);
	}
	c->closing = true;
	session_output(s, &len);
	if (len == 0) {
		conn_free(c);
		return;
	}
	if (event_add(c->rev, NULL) == -1)
		fatalx("event_add: read");
	conn_timeout(c->timer, LINGER * 1000);
	conn_linger(c);
}

static void
send_eor(const struct neighbor *n, int af)
{
	struct msg_eor eor = { n->id, (uint8_t)af };

	msg_send(&n->bgpe->proc, PROC_RDE, M_END_OF_RIB, 0, &record_msg_eor,
	    &eor);
}

static void
conn_up(struct conn *c)
{
	struct neighbor *n = c->neighbor;
	const struct session *s = c->session;
	struct msg_peer peer;
	struct conn *o;

	TAILQ_FOREACH(o, &n->conns, entry)
		o->session->rival = o != c;
	n->router_id = s->peer.router_id;
	peer.id = n->id;
	peer.source = n->listener->index;
	peer.addr = n->addr;
	peer.remote_as = s->peer.as;
	peer.local_as = s->params.local_as;
	peer.router_id = s->peer.router_id;
	peer.families = s->agreed.families;
	msg_send(&n->bgpe->proc, PROC_RDE, M_PEER_UP, 0, &record_msg_peer,
	    &peer);
	log_info("neighbor %s: session up, AS %u, %s%s%s%s, hold time %u s",
	    n->name, s->peer.as,
	    s->agreed.families & BGP_FAM_IPV4 ? "IPv4" : "",
	    s->agreed.families == (BGP_FAM_IPV4 | BGP_FAM_IPV6) ? " and "
								 : "",
	    s->agreed.families & BGP_FAM_IPV6 ? "IPv6" : "",
	    s->agreed.add_path != 0 ? " with path ids" : "", s->hold_time);
}

static void
conn_down(struct conn *c)
{
	struct neighbor *n = c->neighbor;
	struct msg_u32 id = { n->id };
	struct conn *o;

	TAILQ_FOREACH(o, &n->conns, entry)
		o->session->rival = false;
	msg_send(&n->bgpe->proc, PROC_RDE, M_PEER_DOWN, 0, &record_msg_u32,
	    &id);
}

/* What RFC 7606 made of an UPDATE that was not right. */
static void
log_verdict(struct conn *c)
{
	struct neighbor *n = c->neighbor;
	const struct bgp_update *u = &c->session->update;
	const struct bgp_event *e;
	const char *name;
	char number[16];
	unsigned int i;

	if (u->verdict < BGP_WITHDRAW && log_get_level() < LEVEL_DEBUG)
		return;
	for (i = 0; i < u->nevents && i < BGP_EVENTS_MAX; i++) {
		e = &u->events[i];
		if ((name = bgp_attr_name(e->attr)) == NULL) {
			snprintf(number, sizeof(number), "attribute %u",
			    e->attr);
			name = e->attr == BGP_ATTR_NONE ? "UPDATE" : number;
		}
		if (e->verdict < BGP_WITHDRAW)
			log_debug("neighbor %s: discarded %s: %s", n->name,
			    name, bgp_reason_text(e->reason));
		else if (may_log(&n->limit, n->name))
			log_warnx("neighbor %s: routes treated as withdrawn: "
			    "%s: %s", n->name, name,
			    bgp_reason_text(e->reason));
	}
}

/* Routes to rde, a batch or more for each field of prefixes. */
static void
conn_update(struct conn *c)
{
	struct bgpe *b = c->neighbor->bgpe;
	struct bgp_update *u = &c->session->update;
	struct bgp_routes *r;
	struct ibuf *batch;
	unsigned int i;

	if (u->nevents > 0)
		log_verdict(c);
	for (i = 0; i < u->nroutes; i++) {
		r = &u->routes[i];
		u->attrs.nexthop = r->nexthop;
		while (r->count > 0) {
			if ((batch = imsg_create()) == NULL ||
			    route_batch_start(batch, c->neighbor->id, r->af,
				r->withdraw ? NULL : &u->attrs) == -1 ||
			    bgp_routes_put(batch, r) == 0)
				fatal("routes of neighbor %s",
				    c->neighbor->name);
			proc_send_ibuf(&b->proc, PROC_RDE, M_ROUTE_BATCH, 0,
			    -1, batch);
		}
	}
	if (u->eor != 0) {
		log_info("neighbor %s: End-of-RIB, IPv%c", c->neighbor->name,
		    u->eor == AF_INET ? '4' : '6');
		send_eor(c->neighbor, u->eor);
	}
	if (proc_queued(&b->proc, PROC_RDE) > PROC_HIGH) {
		b->busy = c->neighbor->id;
		conn_pause(b, true);
	}
}

/* Of connections that are not Established the newest that has said who it is
   stays: the peer opened them all, so it has given up the others. */
static void
conn_collide(struct conn *c)
{
	struct conn *o, *next;

	TAILQ_FOREACH_SAFE(o, &c->neighbor->conns, entry, next) {
		if (o != c && !o->closing)
			conn_do(o, session_stop(o->session, conn_now(),
				       BGP_CEASE_COLLISION));
	}
}

/* Do what the session says. False: c is closing, or gone. */
static bool
conn_do(struct conn *c, unsigned int bits)
{
	if (bits & SESSION_UPDATE)
		conn_update(c);
	if (bits & SESSION_OPENED)
		conn_collide(c);
	if (bits & SESSION_UP)
		conn_up(c);
	if (bits & SESSION_DOWN)
		conn_down(c);
	if (bits & SESSION_CLOSE) {
		conn_close(c, (bits & SESSION_DOWN) != 0);
		return (false);
	}
	if (bits & (SESSION_OPENED | SESSION_UP))
		conn_arm(c);
	if (conn_write(c) == -1)
		return (conn_do(c, session_lost(c->session, conn_now(),
				       strerror(errno))));
	return (true);
}

/* Take the messages of what was read, until rde is behind: a neighbor's buffer
   may hold more than others ought to wait for. False: c is closing, or gone. */
static bool
conn_messages(struct conn *c, struct monotime now)
{
	const struct bgpe *b = c->neighbor->bgpe;
	unsigned int bits;

	c->left = false;
	while (!b->paused) {
		if ((bits = session_step(c->session, now)) == 0)
			return (true);
		if (bits != SESSION_MESSAGE && !conn_do(c, bits))
			return (false);
	}
	c->left = true;
	return (true);
}

/* Take what has come. False: c is closing, or gone. */
static bool
conn_input(struct conn *c)
{
	struct session *s = c->session;
	struct monotime now;
	unsigned int i;
	uint8_t *p;
	size_t room;
	ssize_t n;

	if (c->left && !conn_messages(c, conn_now()))
		return (false);
	for (i = 0; i < READ_BURST && !c->neighbor->bgpe->paused; i++) {
		p = session_space(s, &room);
		n = read(c->fd, p, room);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return (true);
		now = conn_now();
		if (n <= 0)
			return (conn_do(c, session_lost(s, now, n == 0
					? "connection closed by peer"
					: strerror(errno))));
		session_filled(s, (size_t)n);
		if (!conn_messages(c, now))
			return (false);
		if ((size_t)n < room)
			return (true);
	}
	return (true);
}

/* Take what is left of what was read before a pause: a neighbor each. */
static void
conn_again(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now = { 0, 0 };
	struct bgpe *b = arg;
	struct neighbor *n;
	struct conn *c;
	uint32_t i, first = b->busy;
	bool more = false;

	for (i = 1; i <= PEERS_MAX && !b->paused; i++) {
		n = b->neighbors[(first + i) % PEERS_MAX];
		if (n == NULL)
			continue;
		TAILQ_FOREACH(c, &n->conns, entry)
			if (c->left && !c->closing)
				break;
		/* its others may be gone with it: they are for the next time */
		if (c != NULL) {
			conn_input(c);
			more = true;
		}
	}
	if (more && !b->paused && evtimer_add(b->again, &now) == -1)
		fatalx("event_add: messages");
}

void
conn_init(struct bgpe *b)
{
	if ((b->again = evtimer_new(b->proc.base, conn_again, b)) == NULL)
		fatalx("event_new: messages");
}

static void
conn_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	uint8_t waste[4096];
	ssize_t n;

	if (!c->closing) {
		conn_input(c);
		return;
	}
	n = read(fd, waste, sizeof(waste));
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		conn_free(c);
}

static void
conn_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	if (c->closing)
		conn_linger(c);
	else
		conn_do(c, 0);
}

static void
conn_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	if (c->closing) {
		conn_free(c);
		return;
	}
	/* A peer is silent only if nothing of it waits to be read. */
	if (c->neighbor->bgpe->paused)
		session_excuse(c->session, conn_now());
	else if (!conn_input(c))
		return;
	if (conn_do(c, session_timers(c->session, conn_now())))
		conn_arm(c);
}

/* RFC 4271 4.2: ours, else the address that the peer connected to. */
static uint32_t
local_router_id(const struct config_source *src, int fd)
{
	struct sockaddr_storage ss;
	struct addr addr = { 0 };
	socklen_t len = sizeof(ss);

	if (src->router_id != 0)
		return (src->router_id);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sa(&addr, (struct sockaddr *)&ss);
	return (addr.af == AF_INET ? bgp_get32(addr.b) : 0);
}

/*
 * A neighbor connects again. RFC 4271 6.8 has the Established connection win,
 * also if the peer lost its end in a crash: then the peer is locked out for a
 * hold time. So look whether the old one has ended already, and send it a
 * KEEPALIVE: a host that does not know it answers with a reset, and the peer's
 * next try is welcome.
 */
static void
neighbor_again(struct neighbor *n)
{
	struct conn *c, *next, *old = NULL;
	struct monotime now = conn_now();
	unsigned int waiting = 0;

	if ((c = neighbor_established(n)) != NULL && conn_input(c) &&
	    now.ms - n->probed.ms >= PROBE_GAP) {
		n->probed = now;
		conn_do(c, session_probe(c->session, now));
	}
	/* Of those that have not said who they are, two are enough. */
	TAILQ_FOREACH_SAFE(c, &n->conns, entry, next) {
		if (c->closing || c->session->state == FSM_ESTABLISHED)
			continue;
		waiting++;
		old = c;
	}
	if (waiting > 1)
		conn_do(old, session_stop(old->session, now,
				 BGP_CEASE_COLLISION));
}

/*
 * There is no place for one more: of those that have not become a session,
 * the one that has had the longest time for it gives up its own.
 */
static void
conn_evict(struct bgpe *b)
{
	struct conn *c, *old = NULL;
	uint32_t i;

	for (i = 0; i < PEERS_MAX; i++) {
		if (b->neighbors[i] == NULL)
			continue;
		TAILQ_FOREACH(c, &b->neighbors[i]->conns, entry)
			if (c->session->state != FSM_ESTABLISHED &&
			    (old == NULL ||
				c->session->since.ms < old->session->since.ms))
				old = c;
	}
	if (old == NULL)
		return;
	if (old->closing)
		conn_free(old);
	else
		conn_do(old, session_lost(old->session, conn_now(),
				 "too many connections"));
}

static struct conn *
conn_new(struct neighbor *n, int fd, uint16_t port)
{
	const struct config_source *src = n->listener->source;
	struct event_base *base = n->bgpe->proc.base;
	struct session_params params;
	struct monotime now = conn_now();
	struct conn *c;

	params.local_as = src->local_as;
	params.peer_as = src->peer_as;
	params.router_id = local_router_id(src, fd);
	if (now.ms - n->refused.ms >= REFUSED_TIME * 1000)
		n->without = 0;
	params.without = n->without;
	params.seed = ((uint32_t)now.ms ^ n->id << 16) * 2654435761U;
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->session = session_new(&params, now)) == NULL)
		fatal("session");
	c->neighbor = n;
	c->fd = fd;
	c->port = port;
	c->rev = event_new(base, fd, EV_READ | EV_PERSIST, conn_readable, c);
	c->wev = event_new(base, fd, EV_WRITE, conn_writable, c);
	c->timer = event_new(base, -1, 0, conn_timer, c);
	if (c->rev == NULL || c->wev == NULL || c->timer == NULL ||
	    (!n->bgpe->paused && event_add(c->rev, NULL) == -1))
		fatalx("event_new: connection");
	c->session->rival = neighbor_established(n) != NULL;
	TAILQ_INSERT_HEAD(&n->conns, c, entry);
	n->bgpe->nconns++;
	return (c);
}

void
conn_accept(struct bgpe *b, struct listener *l, int fd,
    const struct sockaddr *sa)
{
	const char *why = NULL;
	struct neighbor *n = NULL;
	struct addr addr;
	struct conn *c;
	char name[ADDRSTRLEN];
	const int one = 1;

	addr_from_sa(&addr, sa);
	if (!listen_allows(l->source, &addr))
		why = "peer-from and peer-ip do not allow it";
	else if (b->nconns >= CONNS_MAX)
		conn_evict(b);
	if (why == NULL && (b->nconns >= CONNS_MAX ||
	    (n = neighbor_get(b, l, &addr)) == NULL))
		why = "too many connections";
	if (why != NULL) {
		addr_format(&addr, name);
		if (may_log(&b->refused, name))
			log_warnx("neighbor %s: connection refused: %s", name,
			    why);
		close(fd);
		return;
	}
	/* Our messages are few and small, and somebody waits for each. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == -1)
		log_warn("neighbor %s: TCP_NODELAY", n->name);
	neighbor_again(n);
	c = conn_new(n, fd, sa_port(sa));
	log_debug("neighbor %s: connection from port %u", n->name, c->port);
	if (conn_do(c, session_connected(c->session, conn_now())))
		conn_arm(c);
}

void
conn_pause(struct bgpe *b, bool pause)
{
	static const struct timeval now = { 0, 0 };
	struct neighbor *n;
	struct conn *c;
	uint32_t i;

	if (b->paused == pause)
		return;
	b->paused = pause;
	/* Read in the order of being added again: who filled the queue is the
	   last, or it would fill it each time before the others' turn. */
	for (i = 1; i <= PEERS_MAX; i++) {
		n = b->neighbors[(b->busy + i) % PEERS_MAX];
		if (n == NULL)
			continue;
		TAILQ_FOREACH(c, &n->conns, entry) {
			if (c->closing)
				continue;
			if (pause)
				event_del(c->rev);
			else if (event_add(c->rev, NULL) == -1)
				fatalx("event_add: read");
		}
	}
	/* Behind those who have something new: these had their turn. */
	if (!pause && evtimer_add(b->again, &now) == -1)
		fatalx("event_add: messages");
}

void
conn_shutdown(struct bgpe *b)
{
	struct conn *c, *next;
	uint8_t waste[4096];
	uint32_t i;

	for (i = 0; i < PEERS_MAX; i++) {
		if (b->neighbors[i] == NULL)
			continue;
		TAILQ_FOREACH_SAFE(c, &b->neighbors[i]->conns, entry, next) {
			/* Unread bytes would turn the close into a reset. */
			while (read(c->fd, waste, sizeof(waste)) > 0)
				;
			if (!c->closing)
				conn_do(c, session_stop(c->session, conn_now(),
					       BGP_CEASE_SHUTDOWN));
		}
	}
}
