/* SPDX-License-Identifier: ISC */
/*
 * Answers to control: what is in the RIB and in the tables. All routes are a
 * stream that stops after a window of records until control asks for more,
 * and goes on from a cursor, whatever has changed meanwhile.
 */
#include <string.h>

#include "../lib/log.h"
#include "shell.h"

static void
cursor_start(struct prefix *cursor, int af)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->addr.af = af;
}

/*
 * One record about addr: the entry that decides (NULL: none), its prefix, and
 * the policy of prefixes up to maxlen bits.
 */
static void
fib_reply(struct rde *rde, uint32_t id, const struct tree_ent *e,
    const struct prefix *prefix, const struct addr *addr, int maxlen)
{
	const struct attr_set	*set;
	struct family		*fam;
	struct ctl_fib		 c;
	struct prefix		 found;
	struct attrs		 a;
	uint32_t		 attr;

	fam = rde_family(rde, addr->af);
	memset(&c, 0, sizeof(c));
	c.prefix = *prefix;
	if (e != NULL && (e->leaf & ENT_ROUTE)) {
		c.route = true;
		c.nexthop = e->leaf & LEAF_ID;
		c.nexthop_state = nexthop_state(rde->nexthops, c.nexthop);
	}
	/* a route to a connected network is there, but nothing follows it */
	if (e != NULL && !(e->leaf & ENT_CONNECTED) &&
	    rib_best(rde->rib, e, &c.neighbor, &attr)) {
		c.neighbor_addr = rib_peer(rde->rib, c.neighbor)->addr;
		set = intern_set(rde->intern, attr);
		if (attrs_parse(set->blob, set->len, &a) == 0)
			c.gateway = a.nexthop;
	}
	c.allow = tree_match(fam->tree, addr, maxlen, LEAF_ALLOW, &found) !=
	    NULL;
	c.block = tree_match(fam->tree, addr, maxlen, LEAF_BLOCK, &found) !=
	    NULL;
	c.local = tree_match(fam->tree, addr, maxlen, LEAF_LOCAL, &found) !=
	    NULL;
	c.allow_only = !c.route && (c.allow || c.block || c.local);
	if (fam->fib != NULL) {
		c.leaf = fib_lookup(fam->fib, addr);
		c.pending = c.leaf != fib_expect(fam->fib, addr);
	} else
		c.pending = true;
	ctl_reply(&rde->proc, id, REC_FIB, &c);
}

static void
show_fib_addr(struct rde *rde, uint32_t id, const struct addr *addr)
{
	struct tree_ent	*e;
	struct prefix	 found;
	int		 bits;

	bits = af_bits(addr->af);
	e = tree_match(rde_family(rde, addr->af)->tree, addr, bits, ENT_ROUTE,
	    &found);
	if (e == NULL) {
		memset(&found, 0, sizeof(found));
		found.addr = *addr;
		found.len = bits;
	}
	fib_reply(rde, id, e, &found, addr, bits);
	ctl_reply_end(&rde->proc, id, NULL);
}

static void
show_fib_prefix(struct rde *rde, uint32_t id, const struct prefix *prefix)
{
	struct tree_ent	*e;

	e = tree_get(rde_family(rde, prefix->addr.af)->tree, prefix);
	if (e == NULL || (e->leaf & ~ENT_DIRTY) == 0) {
		ctl_reply_end(&rde->proc, id, "there is no such prefix");
		return;
	}
	fib_reply(rde, id, e, prefix, &prefix->addr, prefix->len);
	ctl_reply_end(&rde->proc, id, NULL);
}

/* Send a window of routes; true: that was the last. */
static bool
stream_window(struct rde *rde, struct stream *s)
{
	struct tree_ent	*e;
	unsigned int	 n;
	int		 af;

	for (n = 0; n < CTL_WINDOW;) {
		af = s->cursor.addr.af;
		e = tree_next(rde_family(rde, af)->tree, &s->cursor);
		if (e != NULL) {
			if (e->leaf & ENT_ROUTE) {
				fib_reply(rde, s->id, e, &s->cursor,
				    &s->cursor.addr, s->cursor.len);
				n++;
			}
			if (tree_after(&s->cursor))
				continue;
		}
		if (s->one || af == AF_INET6)
			return (true);
		cursor_start(&s->cursor, AF_INET6);
	}
	return (false);
}

static void
stream_go(struct rde *rde, struct stream *s)
{
	if (!stream_window(rde, s))
		return;
	ctl_reply_end(&rde->proc, s->id, NULL);
	s->used = false;
}

static struct stream *
stream_find(struct rde *rde, uint32_t id)
{
	unsigned int	i;

	for (i = 0; i < STREAMS_MAX; i++) {
		if (rde->streams[i].used && rde->streams[i].id == id)
			return (&rde->streams[i]);
	}
	return (NULL);
}

/* af AF_UNSPEC: both families. */
static void
stream_start(struct rde *rde, uint32_t id, int af)
{
	struct stream	*s;
	unsigned int	 i;

	if (stream_find(rde, id) != NULL)
		fatalx("control's request %u is being answered", id);
	for (i = 0; i < STREAMS_MAX; i++) {
		s = &rde->streams[i];
		if (s->used)
			continue;
		memset(s, 0, sizeof(*s));
		s->used = true;
		s->id = id;
		s->one = af != AF_UNSPEC;
		cursor_start(&s->cursor, s->one ? af : AF_INET);
		stream_go(rde, s);
		return;
	}
	ctl_reply_end(&rde->proc, id, "too many requests at a time");
}

static void
show_fib(struct rde *rde, uint32_t id, struct imsg *m)
{
	struct ctl_fib_request	req;
	int			af;

	if (record_get_only(&m->body, &record_ctl_fib_request, &req) == -1) {
		ctl_reply_end(&rde->proc, id, "malformed request");
		return;
	}
	af = req.prefix.addr.af;
	if (req.match == FIB_ALL)
		stream_start(rde, id, af);
	else if (af == AF_UNSPEC || req.match > FIB_PREFIX)
		ctl_reply_end(&rde->proc, id, "malformed request");
	else if (req.match == FIB_ADDR)
		show_fib_addr(rde, id, &req.prefix.addr);
	else
		show_fib_prefix(rde, id, &req.prefix);
}

static void
show_summary(struct rde *rde, uint32_t id, struct imsg *m)
{
	static const char *const	 states[] = {
		[FAMILY_NOT_READY] = "not-ready",
		[FAMILY_READY] = "ready",
		[FAMILY_CONVERGED] = "converged",
	};
	struct fib_stats		 st;
	struct ctl_family		 c;
	struct family			*fam;
	int				 i;

	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		memset(&c, 0, sizeof(c));
		c.af = fam->af;
		c.prefixes = rib_prefixes(rde->rib, fam->af);
		c.paths = rib_paths(rde->rib, fam->af);
		c.attributes = intern_count(rde->intern);
		if (fam->fib != NULL) {
			c.pending = fib_pending(fam->fib);
			fib_stats(fam->fib, &st);
			c.units = st.units;
			c.units_used = st.units_used;
			c.units_waiting = st.units_waiting;
			c.nodes = st.nodes;
		}
		strlcpy(c.state, states[fam->state], sizeof(c.state));
		c.overflow = fam->overflow;
		ctl_reply(&rde->proc, id, REC_FAMILY, &c);
	}
	ctl_reply_end(&rde->proc, id, NULL);
}

static void
show_neighbors(struct rde *rde, uint32_t id, struct imsg *m)
{
	const struct rib_peer	*peer;
	struct ctl_neighbor_rib	 c;
	uint32_t		 i;

	for (i = 0; i < RIB_PEERS; i++) {
		peer = rib_peer(rde->rib, i);
		if (!peer->up && peer->paths[0] + peer->paths[1] == 0)
			continue;
		memset(&c, 0, sizeof(c));
		c.id = i;
		c.paths4 = peer->paths[0];
		c.paths6 = peer->paths[1];
		c.best4 = peer->best[0];
		c.best6 = peer->best[1];
		ctl_reply(&rde->proc, id, REC_NEIGHBOR_RIB, &c);
	}
	ctl_reply_end(&rde->proc, id, NULL);
}

static void
show_nexthops(struct rde *rde, uint32_t id, struct imsg *m)
{
	struct ctl_nexthop_rib	c;
	uint32_t		nh, routes;

	for (nh = 0; (nh = nexthop_next(rde->nexthops, nh, &routes)) != 0;
	    nh++) {
		memset(&c, 0, sizeof(c));
		c.id = nh;
		c.routes = routes;
		ctl_reply(&rde->proc, id, REC_NEXTHOP_RIB, &c);
	}
	ctl_reply_end(&rde->proc, id, NULL);
}

static const struct {
	uint32_t	 type;		/* enum ctl */
	void		(*fn)(struct rde *, uint32_t, struct imsg *);
} requests[] = {
	{ CTL_SHOW_RIB_SUMMARY, show_summary },
	{ CTL_SHOW_FIB, show_fib },
	{ CTL_SHOW_NEIGHBOR_RIB, show_neighbors },
	{ CTL_SHOW_NEXTHOP_RIB, show_nexthops },
};

void
ctl_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	uint32_t	type;
	size_t		i;

	if (ibuf_get_u32(&m->body, &type) == -1)
		fatal("request from control");
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type == type) {
			requests[i].fn(p->ctx, m->hdr.id, m);
			return;
		}
	}
	ctl_reply_end(p, m->hdr.id, "no such request here");
}

/* The client went; the stream may have come to its end meanwhile. */
void
ctl_cancel(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct stream	*s;

	if ((s = stream_find(p->ctx, m->hdr.id)) != NULL)
		s->used = false;
}

void
ctl_more(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct stream	*s;

	if ((s = stream_find(p->ctx, m->hdr.id)) != NULL)
		stream_go(p->ctx, s);
}
