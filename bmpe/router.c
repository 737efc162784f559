/* SPDX-License-Identifier: ISC */
/*
 * One router's connection: framing, its peers, which view of their routes is
 * followed, and what that means for rde. No sockets, no clock: bytes and time
 * come in, calls of router_ops go out.
 *
 * Of what a router shows, one view is taken: its Loc-RIB (RFC 9069), which is
 * what it forwards by, for the whole router; else of each peer and family the
 * Adj-RIB-In behind its policy, else before it. Never two at once. Routing
 * instances other than the default one are not ours to forward by.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmpe.h"

const char *
view_name(uint8_t view)
{
	static const char *const names[] = { "none", "pre-policy",
		"post-policy", "loc-rib" };

	return (view <= VIEW_LOC_RIB ? names[view] : "unknown");
}

struct router *
router_new(const struct router_ops *ops, void *arg, bool require_loc_rib)
{
	struct router *r;

	/* Not calloc: the buffer's pages are touched when they are used. */
	if ((r = malloc(sizeof(*r))) == NULL)
		return (NULL);
	memset(r, 0, offsetof(struct router, update));
	r->ops = ops;
	r->arg = arg;
	r->require_loc_rib = require_loc_rib;
	return (r);
}

void
router_free(struct router *r)
{
	uint32_t i;

	for (i = 0; i < r->npeers; i++)
		free(r->peers[i]);
	free(r);
}

uint8_t *
router_space(struct router *r, size_t *n)
{
	if (r->rx_pos > 0) {
		memmove(r->rx, r->rx + r->rx_pos, r->rx_len - r->rx_pos);
		r->rx_len -= r->rx_pos;
		r->rx_pos = 0;
	}
	*n = sizeof(r->rx) - r->rx_len;
	return (r->rx + r->rx_len);
}

void
router_filled(struct router *r, size_t n)
{
	r->rx_len += n;
	r->count.bytes += n;
}

static void __attribute__((__format__(printf, 3, 4)))
note(struct router *r, const struct bmp_peer *p, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	r->ops->note(r->arg, p, buf);
}

bool
router_peer_used(const struct router *r, const struct bmp_peer *p)
{
	if (p->head.vrf)
		return (false);
	if (p->head.type == BMP_PEER_LOC_RIB)
		return (true);
	return (p->head.type == BMP_PEER_GLOBAL && !r->loc_rib &&
	    !r->require_loc_rib);
}

static void
feed_down(struct router *r, struct feed *f)
{
	if (f->up)
		r->ops->down(r->arg, f->id);
	memset(f, 0, sizeof(*f));
}

static void
feeds_down(struct router *r, struct bmp_peer *p)
{
	feed_down(r, &p->feed[0]);
	feed_down(r, &p->feed[1]);
}

/* The peer is up, but what it sends cannot be followed. */
static void
peer_fail(struct router *r, struct bmp_peer *p, const char *why)
{
	feeds_down(r, p);
	p->failed = true;
	snprintf(p->reason, sizeof(p->reason), "%s", why);
	note(r, p, "routes are not taken until its next Peer Up: %s", why);
}

static void
feeds_up(struct router *r, struct bmp_peer *p)
{
	int f;

	for (f = 0; f < 2; f++) {
		if ((p->params.families & (f == 0 ? BGP_FAM_IPV4 :
		    BGP_FAM_IPV6)) == 0)
			continue;
		if (!r->ops->up(r->arg, p, f, &p->feed[f].id)) {
			peer_fail(r, p, "too many peers");
			return;
		}
		p->feed[f].up = true;
		if (p->head.type == BMP_PEER_LOC_RIB)
			p->feed[f].view = VIEW_LOC_RIB;
	}
}

static uint32_t
hash(const uint8_t *key)
{
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < BMP_KEY_LEN; i++)
		h = (h ^ key[i]) * 16777619U;
	return ((h ^ h >> 16) % ROUTER_HASH);
}

static struct bmp_peer *
peer_find(const struct router *r, const uint8_t *key)
{
	struct bmp_peer *p;

	for (p = r->buckets[hash(key)]; p != NULL; p = p->next)
		if (memcmp(p->head.key, key, BMP_KEY_LEN) == 0)
			break;
	return (p);
}

/* A new one, or the place of one that has gone. NULL: all are up. */
static struct bmp_peer *
peer_new(struct router *r, const struct bmp_peer_header *h)
{
	struct bmp_peer *p = NULL, **pp;
	uint32_t i;

	if (r->npeers < ROUTER_PEERS_MAX) {
		if ((p = malloc(sizeof(*p))) == NULL)
			return (NULL);
		r->peers[r->npeers++] = p;
	} else {
		for (i = 0; i < r->npeers && p == NULL; i++)
			if (!r->peers[i]->up)
				p = r->peers[i];
		if (p == NULL)
			return (NULL);
		for (pp = &r->buckets[hash(p->head.key)]; *pp != p;
		    pp = &(*pp)->next)
			;
		*pp = p->next;
	}
	memset(p, 0, sizeof(*p));
	p->head = *h;
	pp = &r->buckets[hash(h->key)];
	p->next = *pp;
	*pp = p;
	return (p);
}

/*
 * How the peer's UPDATEs are encoded: as the two of them have agreed, or, of a
 * Loc-RIB, as the router alone says in either OPEN (RFC 9069 4.2). One that
 * does not say which families it has may have both.
 */
static void
peer_params(struct bmp_peer *p, const struct bgp_open *sent,
    const struct bgp_open *received)
{
	struct bgp_params *a = &p->params;
	uint8_t ours, theirs;

	ours = sent->mp ? sent->families : BGP_FAM_IPV4;
	theirs = received->mp ? received->families : BGP_FAM_IPV4;
	memset(a, 0, sizeof(*a));
	if (p->head.type == BMP_PEER_LOC_RIB) {
		a->families = BGP_FAM_IPV4 | BGP_FAM_IPV6;
		if (sent->mp || received->mp)
			a->families = sent->families | received->families;
		a->add_path = a->families & (sent->add_path |
		    sent->add_path_rx | received->add_path |
		    received->add_path_rx);
		/* What is behind the decision is nobody else's. */
		p->local_as = p->head.as;
		return;
	}
	a->families = ours & theirs;
	a->add_path = a->families & sent->add_path_rx & received->add_path;
	p->local_as = sent->as;
}

/* The first that is known of a Loc-RIB: all else is not followed any more. */
static void
loc_rib_found(struct router *r, const struct bmp_peer *p)
{
	uint32_t i;

	if (p->head.type != BMP_PEER_LOC_RIB || p->head.vrf || r->loc_rib)
		return;
	r->loc_rib = true;
	for (i = 0; i < r->npeers; i++)
		if (r->peers[i]->head.type != BMP_PEER_LOC_RIB)
			feeds_down(r, r->peers[i]);
}

static void
peer_up(struct router *r, const struct bmp_peer_header *h, uint64_t now,
    const uint8_t *body, size_t len)
{
	struct bmp_peer_up up;
	struct bmp_peer *p;
	const char *why;

	if ((p = peer_find(r, h->key)) == NULL &&
	    (p = peer_new(r, h)) == NULL) {
		note(r, NULL, "no room for another peer");
		return;
	}
	/* RFC 7854 4.10: what it had before is void. */
	feeds_down(r, p);
	p->head = *h;
	p->up = true;
	p->failed = false;
	p->since = now;
	p->filtered = h->type == BMP_PEER_LOC_RIB && h->flags & BMP_FLAG_V;
	loc_rib_found(r, p);
	if (body == NULL) {
		memset(&up, 0, sizeof(up));
	} else if (!bmp_peer_up(&up, body, len, &why)) {
		peer_fail(r, p, why);
		return;
	}
	peer_params(p, &up.sent, &up.received);
	p->port = up.remote_port;
	if (router_peer_used(r, p))
		feeds_up(r, p);
}

static void
peer_down(struct router *r, const struct bmp_peer_header *h, uint64_t now,
    const uint8_t *body, size_t len)
{
	struct bmp_peer *p;

	if ((p = peer_find(r, h->key)) == NULL || !p->up) {
		r->count.orphans++;
		return;
	}
	feeds_down(r, p);
	p->up = p->failed = false;
	p->since = now;
	if (!bmp_peer_down(body, len, p->reason, sizeof(p->reason)))
		snprintf(p->reason, sizeof(p->reason), "no reason given");
	if (router_peer_used(r, p))
		note(r, p, "down: %s", p->reason);
}

/*
 * Is this the view of a feed that is followed? Routes make it so, if it is a
 * better one than it was. Nothing else does: an exporter may end a RIB, or
 * withdraw from it, that it does not show.
 */
static bool
feed_view(struct router *r, struct bmp_peer *p, int f, uint8_t view,
    bool routes)
{
	struct feed *feed = &p->feed[f];

	if (!feed->up)
		return (false);
	if (!routes || view <= feed->view)
		return (view == feed->view || feed->view == VIEW_NONE);
	if (feed->view != VIEW_NONE) {
		/* The same routes come again as the policy left them. */
		feed_down(r, feed);
		if (!r->ops->up(r->arg, p, f, &feed->id))
			return (false);
		feed->up = true;
	}
	feed->view = view;
	return (true);
}

/* Routes of a message that has been decoded. False: none were followed. */
static bool
take_routes(struct router *r, struct bmp_peer *p, uint8_t view)
{
	struct bgp_update *u = &r->update;
	struct bgp_routes *rt;
	bool used = false;
	unsigned int i;
	int f;

	for (i = 0; i < u->nroutes; i++) {
		rt = &u->routes[i];
		f = rt->af == AF_INET ? 0 : 1;
		if (!feed_view(r, p, f, view, !rt->withdraw))
			continue;
		used = true;
		if (rt->withdraw)
			p->withdrawn += rt->count;
		else
			p->announced += rt->count;
		u->attrs.nexthop = rt->nexthop;
		r->ops->routes(r->arg, p->feed[f].id, &u->attrs, rt);
	}
	f = u->eor == AF_INET ? 0 : 1;
	if (u->eor != 0 && feed_view(r, p, f, view, false)) {
		used = true;
		if (!p->feed[f].eor)
			r->ops->eor(r->arg, p->feed[f].id, u->eor);
		p->feed[f].eor = true;
	}
	return (used || (u->nroutes == 0 && u->eor == 0));
}

static const char *
update_error(const struct bgp_update *u, char *buf, size_t n)
{
	const struct bgp_event *e;
	const char *name;
	unsigned int last = u->nevents < BGP_EVENTS_MAX ? u->nevents :
	    BGP_EVENTS_MAX;

	if (last == 0)
		return ("UPDATE error");
	e = &u->events[last - 1];
	name = bgp_attr_name(e->attr);
	snprintf(buf, n, "UPDATE error: %s%s%s", name == NULL ? "" : name,
	    name == NULL ? "" : ": ", bgp_reason_text(e->reason));
	return (buf);
}

/* The peer of a Route Monitoring, if its routes are to be followed. */
static struct bmp_peer *
monitored(struct router *r, const struct bmp_peer_header *h, uint64_t now)
{
	struct bmp_peer *p = peer_find(r, h->key);

	/* Not every router tells that its Loc-RIB is up. */
	if (p == NULL && h->type == BMP_PEER_LOC_RIB) {
		peer_up(r, h, now, NULL, 0);
		p = peer_find(r, h->key);
	}
	if (p == NULL || !p->up) {
		if (r->count.orphans++ == 0)
			note(r, p, "routes of a peer that is not up");
		return (NULL);
	}
	p->updates++;
	if (p->failed || !router_peer_used(r, p) ||
	    (h->type == BMP_PEER_GLOBAL && h->flags & BMP_FLAG_O)) {
		p->ignored++;
		r->count.ignored++;
		return (NULL);
	}
	return (p);
}

static bool
route_monitoring(struct router *r, const struct bmp_peer_header *h,
    uint64_t now, const uint8_t *body, size_t len)
{
	struct bgp_params params;
	struct bmp_peer *p;
	const char *why;
	char text[96];
	uint8_t view;
	size_t n;

	if ((p = monitored(r, h, now)) == NULL)
		return (true);
	if ((body = bmp_update(body, len, &n, &why)) == NULL) {
		snprintf(r->reason, sizeof(r->reason), "%s", why);
		return (false);
	}
	view = h->type == BMP_PEER_LOC_RIB ? VIEW_LOC_RIB :
	    h->flags & BMP_FLAG_L ? VIEW_POST_POLICY : VIEW_PRE_POLICY;
	params = p->params;
	/* RFC 7854 4.2: the flag is of each message. RFC 9069 knows none. */
	params.as4 = view == VIEW_LOC_RIB || !(h->flags & BMP_FLAG_A);
	params.loc_rib = view == VIEW_LOC_RIB;
	/* What the router has set itself is there behind its policy. */
	params.internal = view != VIEW_PRE_POLICY || h->as == p->local_as;
	if (bgp_update_decode(&r->update, &params, body, n) == BGP_RESET) {
		peer_fail(r, p, update_error(&r->update, text, sizeof(text)));
		return (true);
	}
	if (r->update.verdict == BGP_WITHDRAW)
		note(r, p, "routes treated as withdrawn: %s",
		    update_error(&r->update, text, sizeof(text)));
	if (!take_routes(r, p, view)) {
		p->ignored++;
		r->count.ignored++;
	}
	return (true);
}

static bool
initiation(struct router *r, const uint8_t *body, size_t len)
{
	struct bmp_info info;

	if (!bmp_info(&info, body, len, true)) {
		snprintf(r->reason, sizeof(r->reason),
		    "malformed Initiation");
		return (false);
	}
	r->initiated = true;
	snprintf(r->name, sizeof(r->name), "%s", info.name);
	snprintf(r->descr, sizeof(r->descr), "%s", info.descr);
	return (true);
}

/* RFC 7854 4.5: it closes the connection next. */
static void
termination(struct router *r, const uint8_t *body, size_t len)
{
	struct bmp_info info;

	if (!bmp_info(&info, body, len, false))
		info.reason = -1;
	snprintf(r->reason, sizeof(r->reason), "terminated by the router: "
	    "%s%s%s", bmp_termination(info.reason),
	    info.text[0] == '\0' ? "" : ": ", info.text);
}

/* False: the session is over, and reason says why. */
static bool
take(struct router *r, uint8_t type, const uint8_t *body, size_t len,
    uint64_t now)
{
	struct bmp_peer_header h;

	if (type >= BMP_TYPES) {
		r->count.unknown++;
		return (true);
	}
	r->count.types[type]++;
	if (type == BMP_INITIATION)
		return (initiation(r, body, len));
	if (type == BMP_TERMINATION) {
		termination(r, body, len);
		return (false);
	}
	if (!bmp_peer_header(&h, body, len)) {
		snprintf(r->reason, sizeof(r->reason), "message of type %u "
		    "without a whole per-peer header", type);
		return (false);
	}
	/* A kind of peer of an extension to come (RFC 7854 4.2). */
	if (h.type > BMP_PEER_LOC_RIB)
		return (true);
	body += BMP_PEER_LEN;
	len -= BMP_PEER_LEN;
	switch (type) {
	case BMP_PEER_UP:
		peer_up(r, &h, now, body, len);
		break;
	case BMP_PEER_DOWN:
		peer_down(r, &h, now, body, len);
		break;
	case BMP_ROUTE_MONITORING:
		return (route_monitoring(r, &h, now, body, len));
	default:
		break;
	}
	return (true);
}

void
router_end(struct router *r, uint64_t now, const char *why)
{
	struct bmp_peer *p;
	uint32_t i;

	if (r->reason[0] == '\0')
		snprintf(r->reason, sizeof(r->reason), "%s", why);
	r->closed = true;
	for (i = 0; i < r->npeers; i++) {
		p = r->peers[i];
		feeds_down(r, p);
		if (p->up)
			p->since = now;
		p->up = false;
	}
}

unsigned int
router_step(struct router *r, uint64_t now)
{
	const uint8_t *p = r->rx + r->rx_pos;
	struct bmp_header h;
	int n;

	if (r->closed)
		return (0);
	n = bmp_header(&h, p, r->rx_len - r->rx_pos, r->reason,
	    sizeof(r->reason));
	if (n == 0)
		return (0);
	if (n == 1) {
		r->rx_pos += h.len;
		r->count.messages++;
		if (take(r, h.type, p + BMP_HEADER_LEN, h.len -
		    BMP_HEADER_LEN, now))
			return (ROUTER_MESSAGE);
	}
	router_end(r, now, "");
	return (ROUTER_CLOSE);
}
