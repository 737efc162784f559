/* SPDX-License-Identifier: ISC */
/*
 * Links and own addresses as the kernel's messages tell them. Core: events in,
 * calls out; it has no sockets and decides nothing about packets.
 */
#include <sys/socket.h>

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>

#include <net/if_arp.h>

#include <stdlib.h>
#include <string.h>

#include "nl.h"

static int
link_cmp(const struct link *a, const struct link *b)
{
	if (a->info.ifindex != b->info.ifindex)
		return (a->info.ifindex < b->info.ifindex ? -1 : 1);
	return (0);
}

static int
own_cmp(const struct own *a, const struct own *b)
{
	int c;

	if ((c = prefix_cmp(&a->prefix, &b->prefix)) != 0)
		return (c);
	if (a->source != b->source)
		return (a->source < b->source ? -1 : 1);
	if (a->ifindex != b->ifindex)
		return (a->ifindex < b->ifindex ? -1 : 1);
	if (a->type != b->type)
		return (a->type < b->type ? -1 : 1);
	if (a->metric != b->metric)
		return (a->metric < b->metric ? -1 : 1);
	return (addr_cmp(&a->via, &b->via));
}

RB_GENERATE(links, link, entry, link_cmp)
RB_GENERATE(owns, own, entry, own_cmp)

void
nl_model_init(struct nl_model *m, const struct nl_ops *ops)
{
	memset(m, 0, sizeof(*m));
	m->ops = *ops;
	m->managed = true;
	RB_INIT(&m->links);
	RB_INIT(&m->owns);
	RB_INIT(&m->nets);
	RB_INIT(&m->neighs);
	RB_INIT(&m->hops);
	RB_INIT(&m->addrs);
	TAILQ_INIT(&m->queue);
}

static void
owns_clear(struct owns *owns)
{
	struct own *own;

	while ((own = RB_ROOT(owns)) != NULL) {
		RB_REMOVE(owns, owns, own);
		free(own);
	}
}

void
nl_model_clear(struct nl_model *m)
{
	struct link *link;

	nl_hop_clear(m);
	while ((link = RB_ROOT(&m->links)) != NULL) {
		RB_REMOVE(links, &m->links, link);
		free(link);
	}
	owns_clear(&m->owns);
	owns_clear(&m->nets);
}

struct link *
nl_model_link(const struct nl_model *m, unsigned int ifindex)
{
	struct nl_model *unconst = (struct nl_model *)(uintptr_t)m;
	struct link key;

	key.info.ifindex = ifindex;
	return (RB_FIND(links, &unconst->links, &key));
}

const struct link_info *
nl_model_link_name(const struct nl_model *m, const char *name)
{
	struct nl_model *unconst = (struct nl_model *)(uintptr_t)m;
	struct link *link;

	RB_FOREACH(link, links, &unconst->links) {
		if (strcmp(link->info.name, name) == 0)
			return (&link->info);
	}
	return (NULL);
}

void
nl_model_each(const struct nl_model *m,
    void (*fn)(void *, const struct link_info *), void *arg)
{
	struct nl_model *unconst = (struct nl_model *)(uintptr_t)m;
	struct link *link;

	RB_FOREACH(link, links, &unconst->links)
		fn(arg, &link->info);
}

/* Tell of a link now, or at the end of a dump, when masters are known. */
static void
link_tell(struct nl_model *m, struct link *link)
{
	if (m->dumping == NL_LINK) {
		link->changed = true;
		return;
	}
	link->changed = false;
	m->ops.up.link(m->ops.up_arg, &link->info);
}

/* What follows from other links and from the driver. */
static void
link_derive(const struct nl_model *m, const struct link *link,
    struct link_info *info)
{
	const struct link *master = NULL;

	if (info->master != 0)
		master = nl_model_link(m, info->master);
	memset(info->master_kind, 0, sizeof(info->master_kind));
	if (master != NULL)
		memcpy(info->master_kind, master->info.kind,
		    sizeof(info->master_kind));
	info->forwarding = !link->backup &&
	    (!link->port || link->stp == BR_STATE_FORWARDING);
	nl_features_judge(&link->features, info);
}

/* Take a link's new face and tell of it and what hangs on it. */
static void
link_set(struct nl_model *m, struct link *link, const struct link_info *info)
{
	bool was = link->info.up && link->info.ether;
	bool is = info->up && info->ether;

	if (memcmp(&link->info, info, sizeof(*info)) == 0)
		return;
	memcpy(&link->info, info, sizeof(*info));
	link_tell(m, link);
	if (was != is) {
		/* the kernel drops routes with a link without saying so */
		if (was)
			m->audit = true;
		nl_hop_link(m, info->ifindex, is);
	}
}

static void
link_refresh(struct nl_model *m, struct link *link)
{
	struct link_info info;

	memcpy(&info, &link->info, sizeof(info));
	link_derive(m, link, &info);
	link_set(m, link, &info);
}

static void
link_gone(struct nl_model *m, struct link *link)
{
	RB_REMOVE(links, &m->links, link);
	m->audit = true;
	link->info.gone = true;
	link->info.up = false;
	m->ops.up.link(m->ops.up_arg, &link->info);
	nl_hop_link(m, link->info.ifindex, false);
	free(link);
}

static struct link *
link_new(struct nl_model *m, const struct nl_link *ev)
{
	struct link *link;

	if ((link = calloc(1, sizeof(*link))) == NULL)
		return (NULL);
	link->info.ifindex = ev->ifindex;
	RB_INSERT(links, &m->links, link);
	m->ops.probe(m->ops.shell, ev->ifindex, ev->name, &link->features);
	return (link);
}

static int
event_link(struct nl_model *m, const struct nl_link *ev, bool gone)
{
	struct link *link, *port;
	struct link_info info;
	bool fresh = false;

	link = nl_model_link(m, ev->ifindex);
	if (gone) {
		if (link != NULL)
			link_gone(m, link);
		return (0);
	}
	if (link == NULL) {
		if ((link = link_new(m, ev)) == NULL)
			return (-1);
		fresh = true;
	}
	link->gen = m->gen;
	link->port = ev->port;
	link->stp = ev->stp;
	link->backup = ev->backup;
	memset(&info, 0, sizeof(info));
	info.ifindex = ev->ifindex;
	memcpy(info.name, ev->name, sizeof(info.name));
	info.ether = ev->type == ARPHRD_ETHER;
	/* the kernel sets IFF_RUNNING for operstate UP and UNKNOWN */
	info.up = (ev->flags & (IFF_UP | IFF_RUNNING)) ==
	    (IFF_UP | IFF_RUNNING);
	memcpy(info.mac, ev->mac, sizeof(info.mac));
	info.mtu = ev->mtu;
	info.master = ev->master;
	memcpy(info.kind, ev->kind, sizeof(info.kind));
	link_derive(m, link, &info);
	link_set(m, link, &info);
	if (fresh && m->dumping != NL_LINK) {
		RB_FOREACH(port, links, &m->links) {
			if (port->info.master == ev->ifindex)
				link_refresh(m, port);
		}
	}
	return (0);
}

static void
event_port(struct nl_model *m, const struct nl_port *ev)
{
	struct link *link;

	/* a message from before it left the bridge says nothing any more */
	link = nl_model_link(m, ev->ifindex);
	if (link == NULL || link->info.master == 0)
		return;
	link->port = true;
	link->stp = ev->stp;
	link_refresh(m, link);
}

void
nl_model_features(struct nl_model *m, unsigned int ifindex, uint64_t xdp)
{
	struct link *link;

	if ((link = nl_model_link(m, ifindex)) == NULL)
		return;
	link->features.known = true;
	link->features.xdp = xdp;
	link_refresh(m, link);
}

/* The first reason for a prefix, in tree order. */
static struct own *
own_first(const struct owns *owns, const struct prefix *prefix)
{
	struct owns *unconst = (struct owns *)(uintptr_t)owns;
	struct own key, *own;

	memset(&key, 0, sizeof(key));
	key.prefix = *prefix;
	own = RB_NFIND(owns, unconst, &key);
	if (own == NULL || prefix_cmp(&own->prefix, prefix) != 0)
		return (NULL);
	return (own);
}

bool
nl_model_is_own(const struct nl_model *m, const struct addr *addr)
{
	struct prefix prefix;

	prefix.addr = *addr;
	prefix.len = af_bits(addr->af);
	return (own_first(&m->owns, &prefix) != NULL);
}

/* A prefix of one of the two sets came or went: tell. */
static void
own_tell(struct nl_model *m, const struct owns *owns,
    const struct prefix *prefix, bool up)
{
	if (owns == &m->owns) {
		m->ops.up.local(m->ops.up_arg, prefix, up);
		nl_hop_dirty_prefix(m, prefix);
	} else if (m->ops.up.connected != NULL)
		m->ops.up.connected(m->ops.up_arg, prefix, up);
}

static int
own_add(struct nl_model *m, struct owns *owns, struct own *new)
{
	struct own *own;
	bool first;

	if ((own = RB_FIND(owns, owns, new)) != NULL) {
		own->gen = m->gen;
		return (0);
	}
	if ((own = malloc(sizeof(*own))) == NULL)
		return (-1);
	*own = *new;
	own->gen = m->gen;
	first = own_first(owns, &own->prefix) == NULL;
	RB_INSERT(owns, owns, own);
	if (first)
		own_tell(m, owns, &own->prefix, true);
	return (0);
}

static void
own_del(struct nl_model *m, struct owns *owns, struct own *own)
{
	RB_REMOVE(owns, owns, own);
	if (own_first(owns, &own->prefix) == NULL)
		own_tell(m, owns, &own->prefix, false);
	/* the kernel drops routes with their source address without saying
	   so */
	if (own->source == NL_ADDR)
		nl_hop_dirty_all(m);
	free(own);
}

static int
own_change(struct nl_model *m, struct owns *owns, struct own *key, bool gone)
{
	struct own *own;

	if (!gone)
		return (own_add(m, owns, key));
	if ((own = RB_FIND(owns, owns, key)) != NULL)
		own_del(m, owns, own);
	return (0);
}

static int
event_addr(struct nl_model *m, const struct nl_addr *ev, bool gone)
{
	struct own key;

	memset(&key, 0, sizeof(key));
	key.prefix.addr = ev->addr;
	key.prefix.len = af_bits(ev->addr.af);
	key.source = NL_ADDR;
	key.ifindex = ev->ifindex;
	if (own_change(m, &m->owns, &key, gone) == -1)
		return (-1);
	if (ev->net.addr.af == AF_UNSPEC)
		return (0);
	/* two addresses of one interface may share a connected prefix */
	key.via = ev->addr;
	key.prefix = ev->net;
	return (own_change(m, &m->nets, &key, gone));
}

static int
event_route(struct nl_model *m, const struct nl_route *ev, bool gone)
{
	struct own key;

	if (ev->cloned)
		return (0);
	if (m->dumping == NL_IGNORE)
		nl_hop_dirty_prefix(m, &ev->dst);
	if (ev->table != RT_TABLE_LOCAL ||
	    (ev->type != RTN_LOCAL && ev->type != RTN_BROADCAST &&
	    ev->type != RTN_ANYCAST))
		return (0);
	memset(&key, 0, sizeof(key));
	key.prefix = ev->dst;
	key.source = NL_ROUTE;
	key.ifindex = ev->oif;
	key.metric = ev->metric;
	key.type = ev->type;
	return (own_change(m, &m->owns, &key, gone));
}

int
nl_model_event(struct nl_model *m, const struct nl_event *ev)
{
	switch (ev->kind) {
	case NL_IGNORE:
		return (0);
	case NL_LINK:
		return (event_link(m, &ev->u.link, ev->gone));
	case NL_PORT:
		event_port(m, &ev->u.port);
		return (0);
	case NL_ADDR:
		return (event_addr(m, &ev->u.addr, ev->gone));
	case NL_NEIGH:
		return (nl_hop_neigh(m, &ev->u.neigh, ev->gone));
	case NL_ROUTE:
		return (event_route(m, &ev->u.route, ev->gone));
	case NL_POLICY:
		nl_hop_dirty_all(m);
		return (0);
	}
	return (0);
}

void
nl_model_dump_begin(struct nl_model *m, enum nl_kind kind)
{
	m->gen++;
	m->dumping = kind;
}

static void
sweep_links(struct nl_model *m, bool complete)
{
	struct link *link, *next;

	RB_FOREACH_SAFE(link, links, &m->links, next) {
		if (complete && link->gen != m->gen) {
			link_gone(m, link);
			continue;
		}
		link_refresh(m, link);
		if (link->changed)
			link_tell(m, link);
	}
}

static void
sweep_owns(struct nl_model *m, struct owns *owns, enum nl_kind source)
{
	struct own *own, *next;

	RB_FOREACH_SAFE(own, owns, owns, next) {
		if (own->source == source && own->gen != m->gen)
			own_del(m, owns, own);
	}
}

void
nl_model_dump_end(struct nl_model *m, enum nl_kind kind, bool complete)
{
	m->dumping = NL_IGNORE;
	if (kind == NL_LINK)
		sweep_links(m, complete);
	else if (complete && (kind == NL_ADDR || kind == NL_ROUTE)) {
		sweep_owns(m, &m->owns, kind);
		sweep_owns(m, &m->nets, kind);
	} else if (complete && kind == NL_NEIGH)
		nl_hop_sweep(m);
}

bool
nl_model_take_audit(struct nl_model *m)
{
	bool audit = m->audit;

	m->audit = false;
	return (audit);
}
