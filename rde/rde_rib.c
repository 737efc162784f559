/* SPDX-License-Identifier: ISC */
/*
 * Answers to control: the paths of the RIB. A walk over prefixes, and for each
 * of them its paths; both go on where a window of records or a turn ended. No
 * path and no prefix is changed here.
 */
#include <string.h>

#include "../lib/attr_text.h"
#include "shell.h"

/* What is said where nothing was found. */
static const char *const	none[] = {
	[RIB_ADDR] = "no path leads to this address",
	[RIB_EXACT] = "there is no path of this prefix",
	[RIB_LONGER] = "there is no path of this prefix or a more specific one",
	[RIB_SHORTER] = "there is no path of a prefix that covers this",
};

/* The paths of one prefix that are next to be sent. */
struct window {
	struct rde	*rde;
	struct stream	*s;
	struct rib_path	 paths[CTL_WINDOW];	/* in order */
	unsigned int	 n;
	unsigned int	 max;
	unsigned int	 looks;
	bool		 more;		/* than fit */
};

/* The best first; the others in an order that does not change. */
static int
path_cmp(const struct rib_path *a, const struct rib_path *b)
{
	if (a->best != b->best)
		return (a->best ? -1 : 1);
	if (a->peer != b->peer)
		return (a->peer < b->peer ? -1 : 1);
	if (a->path_id != b->path_id)
		return (a->path_id < b->path_id ? -1 : 1);
	return (0);
}

static bool
neighbor_is(const struct stream *s, const struct rib_peer *peer)
{
	return (s->rib.neighbor.af == AF_UNSPEC ||
	    addr_cmp(&s->rib.neighbor, &peer->addr) == 0);
}

/* Keep the first ones behind what was sent. */
static void
window_add(void *arg, const struct rib_path *p)
{
	struct window	*w = arg;
	unsigned int	 i;

	w->looks++;
	if (!neighbor_is(w->s, rib_peer(w->rde->rib, p->peer)) ||
	    (w->s->within && path_cmp(p, &w->s->last) <= 0))
		return;
	for (i = w->n; i > 0 && path_cmp(p, &w->paths[i - 1]) < 0; i--)
		;
	if (w->n == w->max) {
		w->more = true;
		if (i == w->n)
			return;
		w->n--;
	}
	memmove(&w->paths[i + 1], &w->paths[i],
	    (w->n - i) * sizeof(w->paths[0]));
	w->paths[i] = *p;
	w->n++;
}

static void
ipv4(struct addr *a, uint32_t value)
{
	a->af = AF_INET;
	a->b[0] = value >> 24;
	a->b[1] = value >> 16;
	a->b[2] = value >> 8;
	a->b[3] = value;
}

static void
detail_fill(struct ctl_rib *c, const struct rib_peer *peer,
    const struct attrs *a)
{
	ipv4(&c->router_id, peer->router_id);
	attr_text_communities(a, c->communities, sizeof(c->communities));
	attr_text_large(a, c->large_communities, sizeof(c->large_communities));
	attr_text_ext(a, c->ext_communities, sizeof(c->ext_communities));
	if (a->has & ATTR_HAS_ORIGINATOR)
		ipv4(&c->originator, a->originator);
	c->cluster_len = a->cluster_len;
}

static void
path_reply(struct rde *rde, struct stream *s, const struct rib_path *p)
{
	const struct rib_peer	*peer;
	const struct attr_set	*set;
	struct ctl_rib		 c;
	struct attrs		 a;

	peer = rib_peer(rde->rib, p->peer);
	set = intern_set(rde->intern, p->attr);
	memset(&c, 0, sizeof(c));
	c.prefix = s->cursor;
	c.neighbor = peer->addr;
	c.bmp = p->peer >= PEERS_MAX;
	c.path_id = p->path_id;
	c.best = p->best;
	c.multipath = p->multipath;
	c.eligible = p->eligible;
	c.internal = !peer->ebgp;
	c.origin = set->origin;
	c.local_pref = set->local_pref;
	c.med = set->med;
	c.nexthop_state = nexthop_state(rde->nexthops, set->nexthop);
	if (attrs_parse(set->blob, set->len, &a) == 0) {
		c.nexthop = a.nexthop;
		attr_text_path(&a, c.as_path, sizeof(c.as_path));
		if (s->rib.detail)
			detail_fill(&c, peer, &a);
	}
	stream_reply(rde, s, REC_RIB, &c);
	s->found = true;
}

/* Send paths of the cursor's entry; false: there are more than may be sent
   now. looks is raised by those looked at. */
static bool
paths_reply(struct rde *rde, struct stream *s, const struct tree_ent *e,
    unsigned int *looks)
{
	struct window	w;
	unsigned int	i;

	w.rde = rde;
	w.s = s;
	w.n = w.looks = 0;
	w.max = s->credit < CTL_WINDOW ? s->credit : CTL_WINDOW;
	w.more = false;
	rib_each(rde->rib, e, window_add, &w);
	for (i = 0; i < w.n; i++)
		path_reply(rde, s, &w.paths[i]);
	*looks += w.looks;
	s->within = w.more;
	if (w.more)
		s->last = w.paths[w.n - 1];
	return (!w.more);
}

/* The asked-for prefix, as long as this. */
static void
cursor_cover(struct stream *s, int len)
{
	s->cursor = s->rib.prefix;
	s->cursor.len = len;
	prefix_mask(&s->cursor);
}

/* Move the cursor behind itself; false: there is nothing behind. */
static bool
cursor_next(struct stream *s)
{
	switch (s->rib.match) {
	case RIB_ALL:
	case RIB_LONGER:
		return (tree_after(&s->cursor));
	case RIB_SHORTER:
		if (s->cursor.len == s->rib.prefix.len)
			return (false);
		cursor_cover(s, s->cursor.len + 1);
		return (true);
	default:
		return (false);
	}
}

/* The entry at the cursor, or the first behind it where all of them are asked
   for. NULL: none there. */
static struct tree_ent *
cursor_entry(struct rde *rde, struct stream *s)
{
	struct tree	*tree = rde_family(rde, s->cursor.addr.af)->tree;
	struct tree_ent	*e;

	if (s->rib.match != RIB_ALL && s->rib.match != RIB_LONGER)
		return (tree_get(tree, &s->cursor));
	e = tree_next(tree, &s->cursor);
	if (e != NULL && s->rib.match == RIB_LONGER &&
	    !prefix_covers(&s->rib.prefix, &s->cursor))
		return (NULL);
	return (e);
}

static bool
rib_end(struct stream *s)
{
	if (!s->found && s->rib.match != RIB_ALL)
		s->why = s->rib.neighbor.af != AF_UNSPEC ?
		    "this neighbor has no such path" : none[s->rib.match];
	return (true);
}

static bool
rib_stream(struct rde *rde, struct stream *s)
{
	struct tree_ent	*e;
	unsigned int	 looks;
	bool		 walk;

	walk = s->rib.match == RIB_ALL || s->rib.match == RIB_LONGER;
	for (looks = 0; s->credit > 0 && looks < STREAM_LOOKS; looks++) {
		/* its prefix may have gone since */
		if (s->within && tree_get(rde_family(rde,
		    s->cursor.addr.af)->tree, &s->cursor) == NULL)
			s->within = false;
		e = cursor_entry(rde, s);
		if (e != NULL && !paths_reply(rde, s, e, &looks))
			return (false);
		if ((e != NULL || !walk) && cursor_next(s))
			continue;
		if (s->rib.match != RIB_ALL || s->one ||
		    s->cursor.addr.af == AF_INET6)
			return (rib_end(s));
		cursor_start(&s->cursor, AF_INET6);
	}
	return (false);
}

static bool
neighbor_known(struct rde *rde, const struct addr *addr)
{
	const struct rib_peer	*peer;
	uint32_t		 i;

	for (i = 0; i < RIB_PEERS; i++) {
		peer = rib_peer(rde->rib, i);
		if ((peer->up || peer->paths[0] + peer->paths[1] > 0) &&
		    addr_cmp(&peer->addr, addr) == 0)
			return (true);
	}
	return (false);
}

/* The longest prefix with paths that covers the address. */
static bool
longest(struct rde *rde, const struct addr *addr, struct prefix *found)
{
	struct tree_ent	*e;
	uint32_t	 peer, attr;
	int		 bits;

	for (bits = af_bits(addr->af); bits >= 0; bits = found->len - 1) {
		e = tree_match(rde_family(rde, addr->af)->tree, addr, bits, 0,
		    found);
		if (e == NULL)
			return (false);
		if (rib_best(rde->rib, e, &peer, &attr))
			return (true);
	}
	return (false);
}

/* Where to begin. */
static const char *
cursor_first(struct rde *rde, struct stream *s)
{
	int	af = s->rib.prefix.addr.af;

	switch (s->rib.match) {
	case RIB_ALL:
		s->one = af != AF_UNSPEC;
		cursor_start(&s->cursor, s->one ? af : AF_INET);
		break;
	case RIB_ADDR:
		if (!longest(rde, &s->rib.prefix.addr, &s->cursor))
			return (none[RIB_ADDR]);
		break;
	case RIB_SHORTER:
		cursor_cover(s, 0);
		break;
	default:
		s->cursor = s->rib.prefix;
		break;
	}
	return (NULL);
}

void
show_rib(struct rde *rde, uint32_t id, struct imsg *m)
{
	struct ctl_rib_request	 req;
	struct stream		*s;
	const char		*why;

	if (record_get_only(&m->body, &record_ctl_rib_request, &req) == -1 ||
	    (req.match != RIB_ALL && req.prefix.addr.af == AF_UNSPEC)) {
		ctl_reply_end(&rde->proc, id, "malformed request");
		return;
	}
	if (req.neighbor.af != AF_UNSPEC &&
	    !neighbor_known(rde, &req.neighbor)) {
		ctl_reply_end(&rde->proc, id, "there is no such neighbor: "
		    "none has a session or paths");
		return;
	}
	if ((s = stream_start(rde, id, rib_stream)) == NULL)
		return;
	s->rib = req;
	if ((why = cursor_first(rde, s)) != NULL) {
		ctl_reply_end(&rde->proc, id, why);
		s->used = false;
	}
}
