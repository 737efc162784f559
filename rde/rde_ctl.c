/* SPDX-License-Identifier: ISC */
/*
 * Answers to control: what is in the tables, how much there is of everything,
 * and the streams that carry long answers.
 */
#include <stdio.h>
#include <string.h>

#include "../lib/log.h"
#include "shell.h"

void
cursor_start(struct prefix *cursor, int af)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->addr.af = af;
}

/*
 * Streams.
 */
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

/* The next one, in turn, that may go on; NULL: none. */
static struct stream *
stream_next(struct rde *rde)
{
	struct stream	*s;
	unsigned int	 i;

	for (i = 1; i <= STREAMS_MAX; i++) {
		s = &rde->streams[(rde->turn + i) % STREAMS_MAX];
		if (s->used && s->credit > 0)
			return (s);
	}
	return (NULL);
}

static void
stream_schedule(struct rde *rde)
{
	static const struct timeval	now = { 0, 0 };

	if (!evtimer_pending(rde->answer, NULL) &&
	    evtimer_add(rde->answer, &now) == -1)
		fatalx("event_add: answer");
}

static void
stream_turn(evutil_socket_t fd, short what, void *arg)
{
	struct rde	*rde = arg;
	struct stream	*s;

	if ((s = stream_next(rde)) == NULL)
		return;
	rde->turn = s - rde->streams;
	if (s->fn(rde, s)) {
		ctl_reply_end(&rde->proc, s->id, s->why);
		s->used = false;
	}
	if (stream_next(rde) != NULL)
		stream_schedule(rde);
}

void
ctl_init(struct rde *rde)
{
	rde->answer = evtimer_new(rde->proc.base, stream_turn, rde);
	if (rde->answer == NULL)
		fatalx("events");
}

struct stream *
stream_start(struct rde *rde, uint32_t id, stream_fn *fn)
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
		s->fn = fn;
		s->credit = CTL_WINDOW;
		stream_schedule(rde);
		return (s);
	}
	ctl_reply_end(&rde->proc, id, "too many requests at a time");
	return (NULL);
}

void
stream_reply(struct rde *rde, struct stream *s, uint32_t rec, const void *r)
{
	ctl_reply(&rde->proc, s->id, rec, r);
	s->credit--;
}

/* The next hops of a group's members, of which only paths know. */
struct members {
	struct rde			*rde;
	const struct ecmp_group		*group;
	struct addr			 addr[ECMP_MEMBERS_MAX];
};

static void
members_add(void *arg, const struct rib_path *p)
{
	const struct attr_set	*set;
	struct members		*m = arg;
	struct attrs		 a;
	uint32_t		 i;

	if (!p->multipath)
		return;
	set = intern_set(m->rde->intern, p->attr);
	for (i = 0; i < m->group->n && m->group->ids[i] != set->nexthop; i++)
		;
	if (i < m->group->n && m->addr[i].af == AF_UNSPEC &&
	    attrs_parse(set->blob, set->len, &a) == 0)
		m->addr[i] = a.nexthop;
}

/* A group is as good as its best member. */
static void
group_fill(struct rde *rde, const struct tree_ent *e, struct ctl_fib *c)
{
	struct members	 m;
	const char	*comma = "";
	char		 text[ADDRSTRLEN];
	uint32_t	 i;
	uint8_t		 state;

	memset(&m, 0, sizeof(m));
	m.rde = rde;
	if ((m.group = group_get(rde->groups, c->nexthop)) == NULL)
		return;
	rib_each(rde->rib, e, members_add, &m);
	for (i = 0; i < m.group->n; i++, comma = ",") {
		state = nexthop_state(rde->nexthops, m.group->ids[i]);
		if (state > c->nexthop_state)
			c->nexthop_state = state;
		snprintf(text, sizeof(text), "%s%u", comma, m.group->ids[i]);
		strlcat(c->members, text, sizeof(c->members));
		strlcat(c->gateways, comma, sizeof(c->gateways));
		strlcat(c->gateways, m.addr[i].af == AF_UNSPEC ? "-" :
		    addr_format(&m.addr[i], text), sizeof(c->gateways));
		strlcat(c->states, comma, sizeof(c->states));
		strlcat(c->states, nexthop_state_name(state),
		    sizeof(c->states));
	}
}

/*
 * What there is about addr: the entry that decides (NULL: none), its prefix,
 * and the policy of prefixes up to maxlen bits.
 */
static void
fib_fill(struct rde *rde, const struct tree_ent *e,
    const struct prefix *prefix, const struct addr *addr, int maxlen,
    struct ctl_fib *c)
{
	const struct attr_set	*set;
	struct family		*fam;
	struct prefix		 found;
	struct attrs		 a;
	uint32_t		 attr;

	fam = rde_family(rde, addr->af);
	memset(c, 0, sizeof(*c));
	c->prefix = *prefix;
	if (e != NULL && (e->leaf & ENT_ROUTE)) {
		c->route = true;
		c->nexthop = e->leaf & LEAF_ID;
		c->group = (e->leaf & LEAF_GROUP) != 0;
		if (c->group)
			group_fill(rde, e, c);
		else
			c->nexthop_state = nexthop_state(rde->nexthops,
			    c->nexthop);
	}
	/* a route to a connected network is there, but nothing follows it */
	if (e != NULL && !(e->leaf & ENT_CONNECTED) &&
	    rib_best(rde->rib, e, &c->neighbor, &attr)) {
		c->neighbor_addr = rib_peer(rde->rib, c->neighbor)->addr;
		set = intern_set(rde->intern, attr);
		if (attrs_parse(set->blob, set->len, &a) == 0)
			c->gateway = a.nexthop;
	}
	c->allow = tree_match(fam->tree, addr, maxlen, LEAF_ALLOW, &found) !=
	    NULL;
	c->block = tree_match(fam->tree, addr, maxlen, LEAF_BLOCK, &found) !=
	    NULL;
	c->local = tree_match(fam->tree, addr, maxlen, LEAF_LOCAL, &found) !=
	    NULL;
	c->allow_only = !c->route && (c->allow || c->block || c->local);
	if (fam->fib != NULL) {
		c->leaf = fib_lookup(fam->fib, addr);
		c->pending = c->leaf != fib_expect(fam->fib, addr);
	} else
		c->pending = true;
}

static void
show_fib_addr(struct rde *rde, uint32_t id, const struct addr *addr)
{
	struct tree_ent	*e;
	struct ctl_fib	 c;
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
	fib_fill(rde, e, &found, addr, bits, &c);
	ctl_reply(&rde->proc, id, REC_FIB, &c);
	ctl_reply_end(&rde->proc, id, NULL);
}

static void
show_fib_prefix(struct rde *rde, uint32_t id, const struct prefix *prefix)
{
	struct tree_ent	*e;
	struct ctl_fib	 c;

	e = tree_get(rde_family(rde, prefix->addr.af)->tree, prefix);
	if (e == NULL || (e->leaf & ~ENT_DIRTY) == 0) {
		ctl_reply_end(&rde->proc, id, "there is no such prefix");
		return;
	}
	fib_fill(rde, e, prefix, &prefix->addr, prefix->len, &c);
	ctl_reply(&rde->proc, id, REC_FIB, &c);
	ctl_reply_end(&rde->proc, id, NULL);
}

/* All routes. */
static bool
fib_stream(struct rde *rde, struct stream *s)
{
	struct tree_ent	*e;
	struct ctl_fib	 c;
	unsigned int	 looks;
	int		 af;

	for (looks = 0; s->credit > 0 && looks < STREAM_LOOKS; looks++) {
		af = s->cursor.addr.af;
		e = tree_next(rde_family(rde, af)->tree, &s->cursor);
		if (e != NULL) {
			if (e->leaf & ENT_ROUTE) {
				fib_fill(rde, e, &s->cursor, &s->cursor.addr,
				    s->cursor.len, &c);
				stream_reply(rde, s, REC_FIB, &c);
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

/* af AF_UNSPEC: both families. */
static void
show_fib_all(struct rde *rde, uint32_t id, int af)
{
	struct stream	*s;

	if ((s = stream_start(rde, id, fib_stream)) == NULL)
		return;
	s->one = af != AF_UNSPEC;
	cursor_start(&s->cursor, s->one ? af : AF_INET);
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
		show_fib_all(rde, id, af);
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

static void
memory_reply(struct rde *rde, uint32_t id, const char *owner,
    const char *what, uint64_t bytes, uint64_t used, uint64_t items)
{
	struct ctl_memory	c;

	memset(&c, 0, sizeof(c));
	strlcpy(c.owner, owner, sizeof(c.owner));
	strlcpy(c.what, what, sizeof(c.what));
	c.bytes = bytes;
	c.used = used;
	c.items = items;
	ctl_reply(&rde->proc, id, REC_MEMORY, &c);
}

/* An image, and what the parent cannot know of the table that it is of. */
static void
memory_fib(struct rde *rde, uint32_t id, int af, const struct fib *fib,
    const char *suffix)
{
	struct fib_stats	 st;
	char			 name[32];

	if (fib == NULL)
		return;
	fib_stats(fib, &st);
	snprintf(name, sizeof(name), "FIB image, %s%s", drain_af_name(af),
	    suffix);
	memory_reply(rde, id, "rde", name, st.memory, st.memory, st.nodes);
	snprintf(name, sizeof(name), "%s%s", af == AF_INET ? "pool4" :
	    "pool6", suffix);
	memory_reply(rde, id, "kernel", name, 0,
	    8ULL * ((uint64_t)st.units_used + st.units_waiting), st.nodes);
}

static void
memory_family(struct rde *rde, uint32_t id, const struct family *fam)
{
	char		name[32];
	uint64_t	bytes = tree_memory(fam->tree);

	snprintf(name, sizeof(name), "RIB tree, %s", drain_af_name(fam->af));
	memory_reply(rde, id, "rde", name, bytes, bytes,
	    tree_count(fam->tree));
	memory_fib(rde, id, fam->af, fam->fib, "");
	memory_fib(rde, id, fam->af, fam->next, ", next");
}

static void
show_memory(struct rde *rde, uint32_t id, struct imsg *m)
{
	struct ctl_audit	audit;
	uint64_t		bytes, paths, n;
	uint32_t		capacity, nh, routes;

	memory_family(rde, id, &rde->family[0]);
	memory_family(rde, id, &rde->family[1]);
	n = group_used(rde->groups);
	memory_reply(rde, id, "kernel", "groups", 0,
	    n * sizeof(struct ecmp_group), n);
	bytes = rib_memory(rde->rib, &capacity);
	paths = (uint64_t)rib_paths(rde->rib, AF_INET) +
	    rib_paths(rde->rib, AF_INET6);
	memory_reply(rde, id, "rde", "paths", bytes, capacity == 0 ? 0 :
	    bytes * paths / capacity, paths);
	bytes = intern_memory(rde->intern);
	memory_reply(rde, id, "rde", "attribute sets", bytes, bytes,
	    intern_count(rde->intern));
	for (n = nh = 0; (nh = nexthop_next(rde->nexthops, nh, &routes)) != 0;
	    nh++)
		n++;
	bytes = nexthop_memory(rde->nexthops);
	memory_reply(rde, id, "rde", "next hops", bytes, bytes, n);
	bytes = group_memory(rde->groups);
	memory_reply(rde, id, "rde", "ECMP groups", bytes, bytes,
	    group_count(rde->groups));
	audit_status(rde, &audit);
	ctl_reply(&rde->proc, id, REC_AUDIT, &audit);
	ctl_reply_end(&rde->proc, id, NULL);
}

static const struct {
	uint32_t	 type;		/* enum ctl */
	void		(*fn)(struct rde *, uint32_t, struct imsg *);
} requests[] = {
	{ CTL_SHOW_RIB_SUMMARY, show_summary },
	{ CTL_SHOW_FIB, show_fib },
	{ CTL_SHOW_RIB, show_rib },
	{ CTL_SHOW_NEIGHBOR_RIB, show_neighbors },
	{ CTL_SHOW_NEXTHOP_RIB, show_nexthops },
	{ CTL_SHOW_MEMORY_RIB, show_memory },
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

	if ((s = stream_find(p->ctx, m->hdr.id)) == NULL)
		return;
	s->credit = CTL_WINDOW;
	stream_schedule(p->ctx);
}
