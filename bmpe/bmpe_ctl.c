/* SPDX-License-Identifier: ISC */
/*
 * What the BMP process answers to control: its routers, each followed by its
 * peers. It changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "../lib/log.h"
#include "bmpe.h"

static struct bmpe *
ctx(struct proc *p)
{
	return (p->ctx);
}

static void
show_station(struct bmpe *b, uint32_t id, const struct station *s)
{
	const struct router *r = s->router;
	struct ctl_bmp_station c;
	uint32_t i;

	memset(&c, 0, sizeof(c));
	c.addr = s->addr;
	c.port = s->port;
	c.listener = s->listener->source->addr;
	c.listener_port = s->listener->source->port;
	strlcpy(c.name, r->name, sizeof(c.name));
	strlcpy(c.description, r->descr, sizeof(c.description));
	c.since = ((uint64_t)proc_now_ms() - s->since) / 1000;
	c.loc_rib = r->loc_rib;
	c.require_loc_rib = r->require_loc_rib;
	for (i = 0; i < r->npeers; i++) {
		c.peers++;
		c.peers_up += r->peers[i]->up;
	}
	c.messages = r->count.messages;
	c.bytes = r->count.bytes;
	c.route_monitoring = r->count.types[BMP_ROUTE_MONITORING];
	c.statistics = r->count.types[BMP_STATISTICS];
	c.route_mirroring = r->count.types[BMP_ROUTE_MIRRORING];
	c.ignored = r->count.ignored;
	c.orphans = r->count.orphans;
	c.unknown = r->count.unknown;
	ctl_reply(&b->proc, id, REC_BMP_STATION, &c);
}

static const char *
peer_state(const struct router *r, const struct bmp_peer *p)
{
	if (!p->up)
		return ("down");
	if (p->failed)
		return ("failed");
	return (router_peer_used(r, p) ? "up" : "ignored");
}

static void
show_peer(struct bmpe *b, uint32_t id, const struct station *s,
    const struct bmp_peer *p)
{
	struct ctl_bmp_peer c;

	memset(&c, 0, sizeof(c));
	c.station = s->addr;
	c.addr = p->head.addr;
	c.remote_as = p->head.as;
	c.router_id = p->head.router_id;
	strlcpy(c.state, peer_state(s->router, p), sizeof(c.state));
	c.since = ((uint64_t)proc_now_ms() - p->since) / 1000;
	c.vrf = p->head.vrf;
	c.filtered = p->filtered;
	c.ipv4 = p->feed[0].up;
	c.ipv6 = p->feed[1].up;
	strlcpy(c.view4, view_name(p->feed[0].view), sizeof(c.view4));
	strlcpy(c.view6, view_name(p->feed[1].view), sizeof(c.view6));
	c.add_path4 = (p->params.add_path & BGP_FAM_IPV4) != 0;
	c.add_path6 = (p->params.add_path & BGP_FAM_IPV6) != 0;
	c.eor4 = p->feed[0].eor;
	c.eor6 = p->feed[1].eor;
	c.updates = p->updates;
	c.ignored = p->ignored;
	c.announced = p->announced;
	c.withdrawn = p->withdrawn;
	strlcpy(c.last_down, p->reason, sizeof(c.last_down));
	ctl_reply(&b->proc, id, REC_BMP_PEER, &c);
}

/* The one with the lowest number that is not below this. */
static const struct station *
station_next(const struct bmpe *b, uint64_t number)
{
	const struct station *s, *next = NULL;

	TAILQ_FOREACH(s, &b->stations, entry)
		if (s->number >= number &&
		    (next == NULL || s->number < next->number))
			next = s;
	return (next);
}

/* A window of records, or the end. */
static void
show_go(struct bmpe *b, struct show *w)
{
	const struct station *s;
	unsigned int n;

	for (n = 0; n < CTL_WINDOW; n++) {
		if ((s = station_next(b, w->station)) == NULL) {
			w->used = false;
			ctl_reply_end(&b->proc, w->id, NULL);
			return;
		}
		if (s->number != w->station) {
			w->station = s->number;
			w->peer = 0;
		}
		if (w->peer == 0)
			show_station(b, w->id, s);
		else
			show_peer(b, w->id, s, s->router->peers[w->peer - 1]);
		if (w->peer++ == s->router->npeers) {
			w->station++;
			w->peer = 0;
		}
	}
}

static struct show *
show_find(struct bmpe *b, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < SHOWS_MAX; i++)
		if (b->shows[i].used && b->shows[i].id == id)
			return (&b->shows[i]);
	return (NULL);
}

void
bmpe_ctl_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct bmpe *b = ctx(p);
	uint32_t type = 0, i;

	if (ibuf_get_u32(&m->body, &type) == -1 || type != CTL_SHOW_BMP ||
	    ibuf_end(&m->body) == -1)
		fatalx("request %u from control", type);
	for (i = 0; i < SHOWS_MAX && b->shows[i].used; i++)
		;
	if (i == SHOWS_MAX) {
		ctl_reply_end(p, m->hdr.id, "too many requests");
		return;
	}
	memset(&b->shows[i], 0, sizeof(b->shows[i]));
	b->shows[i].used = true;
	b->shows[i].id = m->hdr.id;
	show_go(b, &b->shows[i]);
}

/* Both may come when the answer is complete already. */
void
bmpe_ctl_cancel(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct show *w;

	if ((w = show_find(ctx(p), m->hdr.id)) != NULL)
		w->used = false;
}

void
bmpe_ctl_more(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct show *w;

	if ((w = show_find(ctx(p), m->hdr.id)) != NULL)
		show_go(ctx(p), w);
}
