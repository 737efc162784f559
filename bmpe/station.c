/* SPDX-License-Identifier: ISC */
/*
 * Routers' connections: sockets and the way to rde around their sessions. It
 * takes bytes in and does what comes back; what bytes mean is the business of
 * router.c. A station writes nothing to its routers.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "bmpe.h"

#define READ_BURST	4	/* reads of BMP_MSG_MAX in one round */
#define LOC_RIB_TIME	30	/* seconds for a Loc-RIB to be seen */

/*
 * BMP has no keepalive, and a router with nothing to tell is silent: TCP asks
 * whether it is there. Seconds until the first probe, between them, and how
 * many may be lost.
 */
static const struct {
	int	level, name, value;
} keepalive[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 15 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
};

static uint64_t
now_ms(void)
{
	return ((uint64_t)proc_now_ms());
}

static bool
may_log(struct log_limit *l, const char *name)
{
	return (log_limit(l, now_ms(), "router", name));
}

/* Ids come round last of all, so that what is of an old feed has gone. */
static bool
feed_up(void *arg, const struct bmp_peer *p, int f, uint32_t *id)
{
	struct station *s = arg;
	struct bmpe *b = s->bmpe;
	struct msg_peer peer;
	char name[ADDRSTRLEN];
	uint32_t i;

	for (i = 1; i <= PEERS_MAX; i++) {
		*id = (b->last_id + i) % PEERS_MAX;
		if (!b->ids[*id])
			break;
	}
	if (i > PEERS_MAX)
		return (false);
	b->ids[*id] = true;
	b->last_id = *id;
	memset(&peer, 0, sizeof(peer));
	peer.id = *id;
	peer.source = s->listener->index;
	/* A Loc-RIB is nobody's but the router's. */
	peer.addr = p->head.addr.af != AF_UNSPEC ? p->head.addr : s->addr;
	peer.remote_as = p->head.as;
	peer.local_as = p->local_as;
	peer.router_id = p->head.router_id;
	peer.families = f == 0 ? BGP_FAM_IPV4 : BGP_FAM_IPV6;
	msg_send(&b->proc, PROC_RDE, M_PEER_UP, 0, &record_msg_peer, &peer);
	log_debug("router %s: peer %s, AS %u, IPv%c%s", s->name,
	    addr_format(&peer.addr, name), peer.remote_as, f == 0 ? '4' : '6',
	    p->head.type == BMP_PEER_LOC_RIB ? ", Loc-RIB" : "");
	return (true);
}

static void
feed_down(void *arg, uint32_t id)
{
	struct station *s = arg;
	struct msg_u32 m = { id };

	msg_send(&s->bmpe->proc, PROC_RDE, M_PEER_DOWN, 0, &record_msg_u32,
	    &m);
	s->bmpe->ids[id] = false;
}

/* Routes to rde, in a batch or more. */
static void
feed_routes(void *arg, uint32_t id, struct attrs *attrs, struct bgp_routes *r)
{
	struct station *s = arg;
	struct bmpe *b = s->bmpe;
	struct ibuf *batch;

	while (r->count > 0) {
		if ((batch = imsg_create()) == NULL ||
		    route_batch_start(batch, id, r->af, r->withdraw ? NULL :
			attrs) == -1 ||
		    bgp_routes_put(batch, r) == 0)
			fatal("routes of router %s", s->name);
		proc_send_ibuf(&b->proc, PROC_RDE, M_ROUTE_BATCH, 0, -1,
		    batch);
	}
	if (proc_queued(&b->proc, PROC_RDE) > PROC_HIGH) {
		b->busy = s;
		station_pause(b, true);
	}
}

static void
feed_eor(void *arg, uint32_t id, int af)
{
	struct station *s = arg;
	struct msg_eor eor = { id, (uint8_t)af };

	log_debug("router %s: End-of-RIB, IPv%c", s->name,
	    af == AF_INET ? '4' : '6');
	msg_send(&s->bmpe->proc, PROC_RDE, M_END_OF_RIB, 0, &record_msg_eor,
	    &eor);
}

static void
feed_note(void *arg, const struct bmp_peer *p, const char *text)
{
	struct station *s = arg;
	char name[ADDRSTRLEN];

	if (!may_log(&s->limit, s->name))
		return;
	if (p == NULL)
		log_warnx("router %s: %s", s->name, text);
	else
		log_warnx("router %s: %s %s: %s", s->name,
		    p->head.addr.af == AF_UNSPEC ? "its" : "peer",
		    p->head.addr.af == AF_UNSPEC ? "Loc-RIB" :
		    addr_format(&p->head.addr, name), text);
}

static const struct router_ops router_ops = { feed_up, feed_down, feed_routes,
	feed_eor, feed_note };

static void
station_close(struct station *s, const char *why)
{
	struct bmpe *b = s->bmpe;

	router_end(s->router, now_ms(), why);
	log_warnx("router %s: session ended: %s", s->name, s->router->reason);
	TAILQ_REMOVE(&b->stations, s, entry);
	b->nstations--;
	if (b->busy == s)
		b->busy = NULL;
	event_free(s->rev);
	event_free(s->timer);
	close(s->fd);
	router_free(s->router);
	free(s);
}

/* Take the messages of what was read, until rde is behind: a router's buffer
   may hold more than others ought to wait for. False: s is gone. */
static bool
station_messages(struct station *s)
{
	unsigned int bits;

	s->left = false;
	while (!s->bmpe->paused) {
		if ((bits = router_step(s->router, now_ms())) == 0)
			return (true);
		if (bits & ROUTER_CLOSE) {
			station_close(s, "");
			return (false);
		}
	}
	s->left = true;
	return (true);
}

static void
station_readable(evutil_socket_t fd, short what, void *arg)
{
	struct station *s = arg;
	struct router *r = s->router;
	bool known = r->initiated;
	unsigned int i;
	uint8_t *p;
	size_t room;
	ssize_t n;

	if (s->left && !station_messages(s))
		return;
	for (i = 0; i < READ_BURST && !s->bmpe->paused; i++) {
		p = router_space(r, &room);
		n = read(fd, p, room);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			station_close(s, n == 0 ? "connection closed" :
			    strerror(errno));
			return;
		}
		router_filled(r, (size_t)n);
		if (!station_messages(s))
			return;
		if ((size_t)n < room)
			break;
	}
	if (!known && r->initiated)
		log_info("router %s: session up, %s%s%s", s->name,
		    r->name[0] != '\0' ? r->name : "no name",
		    r->descr[0] != '\0' ? ", " : "", r->descr);
}

/* What require-loc-rib asks for should have been seen. */
static void
station_timer(evutil_socket_t fd, short what, void *arg)
{
	struct station *s = arg;

	if (!s->router->loc_rib)
		log_warnx("router %s: sends no Loc-RIB, which require-loc-rib "
		    "asks for: nothing of it is used, %llu route messages so "
		    "far", s->name,
		    (unsigned long long)s->router->count.ignored);
}

/* No place for one more: the oldest that has not even said its name goes. */
static void
station_evict(struct bmpe *b)
{
	struct station *s, *old = NULL;

	TAILQ_FOREACH(s, &b->stations, entry)
		if (!s->router->initiated &&
		    (old == NULL || s->number < old->number))
			old = s;
	if (old != NULL)
		station_close(old, "too many connections");
}

static void
station_new(struct bmpe *b, struct listener *l, int fd,
    const struct addr *addr, uint16_t port)
{
	const struct timeval tv = { LOC_RIB_TIME, 0 };
	bool require = l->source->require_loc_rib;
	struct station *s;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->router = router_new(&router_ops, s, require)) == NULL)
		fatal("router");
	s->bmpe = b;
	s->number = ++b->number;
	s->listener = l;
	s->addr = *addr;
	s->port = port;
	s->fd = fd;
	s->since = now_ms();
	addr_format(addr, s->name);
	s->rev = event_new(b->proc.base, fd, EV_READ | EV_PERSIST,
	    station_readable, s);
	s->timer = event_new(b->proc.base, -1, 0, station_timer, s);
	if (s->rev == NULL || s->timer == NULL ||
	    (!b->paused && event_add(s->rev, NULL) == -1) ||
	    (require && event_add(s->timer, &tv) == -1))
		fatalx("event_new: router");
	TAILQ_INSERT_HEAD(&b->stations, s, entry);
	b->nstations++;
	log_debug("router %s: connection from port %u", s->name, port);
}

void
station_accept(struct bmpe *b, struct listener *l, int fd,
    const struct sockaddr *sa)
{
	const char *why = NULL;
	struct addr addr;
	char name[ADDRSTRLEN];
	size_t i;

	addr_from_sa(&addr, sa);
	addr_format(&addr, name);
	if (!listen_allows(l->source, &addr))
		why = "peer-from does not allow it";
	else if (b->nstations >= STATIONS_MAX)
		station_evict(b);
	if (why == NULL && b->nstations >= STATIONS_MAX)
		why = "too many connections";
	if (why != NULL) {
		if (may_log(&b->refused, name))
			log_warnx("router %s: connection refused: %s", name,
			    why);
		close(fd);
		return;
	}
	for (i = 0; i < sizeof(keepalive) / sizeof(keepalive[0]); i++)
		if (setsockopt(fd, keepalive[i].level, keepalive[i].name,
		    &keepalive[i].value, sizeof(int)) == -1)
			log_warn("router %s: keepalive", name);
	station_new(b, l, fd, &addr, sa_port(sa));
}

void
station_pause(struct bmpe *b, bool pause)
{
	struct station *s;

	if (b->paused == pause)
		return;
	b->paused = pause;
	/* Read in the order of being added again: who filled the queue is the
	   last, or it would fill it each time before the others' turn. */
	if (!pause && b->busy != NULL) {
		TAILQ_REMOVE(&b->stations, b->busy, entry);
		TAILQ_INSERT_TAIL(&b->stations, b->busy, entry);
	}
	TAILQ_FOREACH(s, &b->stations, entry) {
		if (pause)
			event_del(s->rev);
		else if (event_add(s->rev, NULL) == -1)
			fatalx("event_add: read");
		else if (s->left)
			event_active(s->rev, EV_READ, 0);
	}
}

void
station_shutdown(struct bmpe *b)
{
	struct station *s;

	while ((s = TAILQ_FIRST(&b->stations)) != NULL)
		station_close(s, "the station shuts down");
}
