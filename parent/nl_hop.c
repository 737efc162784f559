/* SPDX-License-Identifier: ISC */
/*
 * Next hops and the neighbors they go through: which lookups are due, what a
 * wanted next hop's state is, which neighbors are kept alive. Core: no
 * sockets, no clock.
 */
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nl.h"

/* A neighbor in one of these states has an address that the kernel uses. */
#define NUD_USABLE	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | \
			    NUD_PERMANENT | NUD_NOARP)

static int
neigh_cmp(const struct neigh *a, const struct neigh *b)
{
	if (a->last.ifindex != b->last.ifindex)
		return (a->last.ifindex < b->last.ifindex ? -1 : 1);
	return (addr_cmp(&a->last.addr, &b->last.addr));
}

static int
hop_cmp_id(const struct hop *a, const struct hop *b)
{
	if (a->id != b->id)
		return (a->id < b->id ? -1 : 1);
	return (0);
}

static int
hop_cmp_addr(const struct hop *a, const struct hop *b)
{
	int c;

	if ((c = addr_cmp(&a->addr, &b->addr)) != 0)
		return (c);
	return (hop_cmp_id(a, b));
}

RB_GENERATE(neighs, neigh, entry, neigh_cmp)
RB_GENERATE(hops_by_id, hop, by_id, hop_cmp_id)
RB_GENERATE(hops_by_addr, hop, by_addr, hop_cmp_addr)

static struct neigh *
neigh_find(struct nl_model *m, unsigned int ifindex, const struct addr *addr)
{
	struct neigh key;

	key.last.ifindex = ifindex;
	key.last.addr = *addr;
	return (RB_FIND(neighs, &m->neighs, &key));
}

static struct neigh *
neigh_get(struct nl_model *m, unsigned int ifindex, const struct addr *addr)
{
	struct neigh *n;

	if ((n = neigh_find(m, ifindex, addr)) != NULL)
		return (n);
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return (NULL);
	n->last.ifindex = ifindex;
	n->last.addr = *addr;
	LIST_INIT(&n->hops);
	RB_INSERT(neighs, &m->neighs, n);
	return (n);
}

static void
neigh_put(struct nl_model *m, struct neigh *n)
{
	if (n->known || !LIST_EMPTY(&n->hops))
		return;
	RB_REMOVE(neighs, &m->neighs, n);
	free(n);
}

/* An operator's or a control plane's entry: not ours to keep or change. */
static bool
neigh_foreign(const struct neigh *n)
{
	return (n->known && ((n->last.state & (NUD_PERMANENT | NUD_NOARP)) ||
	    (n->last.flags & NTF_EXT_LEARNED) ||
	    (!n->kept && (n->last.ext & NTF_EXT_MANAGED))));
}

static void
neigh_keep(struct nl_model *m, struct neigh *n)
{
	if (n->kept || LIST_EMPTY(&n->hops) || neigh_foreign(n))
		return;
	if (m->ops.keep(m->ops.shell, n->last.ifindex, &n->last.addr,
	    true) == 0)
		n->kept = true;
}

static bool
neigh_usable(const struct neigh *n)
{
	static const uint8_t zero[6];

	return (n->known && (n->last.state & NUD_USABLE) && n->last.has_mac &&
	    memcmp(n->last.mac, zero, sizeof(zero)) != 0);
}

static bool
info_same(const struct nexthop_info *a, const struct nexthop_info *b)
{
	return (a->state == b->state && a->ifindex == b->ifindex &&
	    addr_cmp(&a->gateway, &b->gateway) == 0 &&
	    memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	    strcmp(a->reason, b->reason) == 0);
}

static const char *
lookup_reason(int error)
{
	switch (error) {
	case ENETUNREACH:
	case ENOENT:
	case ESRCH:
	case EAGAIN:		/* a throw route and nothing behind it */
		return ("no route");
	case EHOSTUNREACH:
		return ("unreachable route");
	case EINVAL:
		return ("blackhole route");
	case EACCES:
		return ("prohibit route");
	case EADDRNOTAVAIL:
		return ("not an address that a route can lead to");
	}
	return (strerror(error));
}

static const char *
type_reason(uint8_t type)
{
	switch (type) {
	case RTN_BROADCAST:
		return ("broadcast address");
	case RTN_ANYCAST:
		return ("anycast address of this router");
	case RTN_MULTICAST:
		return ("multicast address");
	case RTN_BLACKHOLE:
		return ("blackhole route");
	case RTN_UNREACHABLE:
		return ("unreachable route");
	case RTN_PROHIBIT:
		return ("prohibit route");
	case RTN_THROW:
		return ("no route");
	}
	return ("route is not unicast");
}

/* The way out, once the route is known to be unicast. */
static void
hop_egress(const struct nl_model *m, const struct hop *hop,
    struct nexthop_info *info)
{
	const struct neigh *n = hop->neigh;
	const struct link *link;
	const char *reason;

	info->state = NEXTHOP_UNRESOLVED;
	info->ifindex = hop->route.oif;
	info->gateway = hop->route.gateway;
	link = nl_model_link(m, hop->route.oif);
	if (link == NULL)
		reason = "interface is gone";
	else if (!link->info.ether)
		reason = "interface is not Ethernet";
	else if (!link->info.up)
		reason = "interface is down";
	else if (n == NULL)
		reason = "gateway is not unicast";
	else if (neigh_usable(n)) {
		info->state = NEXTHOP_VALID;
		memcpy(info->mac, n->last.mac, sizeof(info->mac));
		return;
	} else {
		info->state = NEXTHOP_INCOMPLETE;
		reason = n->known && (n->last.state & NUD_FAILED) ?
		    "neighbor does not answer" : "neighbor is being resolved";
	}
	strlcpy(info->reason, reason, sizeof(info->reason));
}

/* Work out a next hop's state and tell it if it is news. */
static void
hop_update(struct nl_model *m, struct hop *hop)
{
	struct nexthop_info info;

	if (!hop->answered)
		return;
	memset(&info, 0, sizeof(info));
	if (nl_model_is_own(m, &hop->addr) || addr_is_loopback(&hop->addr) ||
	    (hop->error == 0 && hop->route.type == RTN_LOCAL)) {
		info.state = NEXTHOP_LOCAL;
		strlcpy(info.reason, "address of this router",
		    sizeof(info.reason));
	} else if (hop->error != 0) {
		info.state = NEXTHOP_UNRESOLVED;
		strlcpy(info.reason, lookup_reason(hop->error),
		    sizeof(info.reason));
	} else if (hop->route.type != RTN_UNICAST) {
		info.state = NEXTHOP_UNRESOLVED;
		strlcpy(info.reason, type_reason(hop->route.type),
		    sizeof(info.reason));
	} else
		hop_egress(m, hop, &info);
	if (hop->told && info_same(&hop->info, &info))
		return;
	hop->told = true;
	hop->info = info;
	m->ops.up.nexthop(m->ops.up_arg, hop->id, &hop->info);
}

static void
hop_dirty(struct nl_model *m, struct hop *hop)
{
	if (hop->dirty)
		return;
	hop->dirty = true;
	m->ndirty++;
	TAILQ_INSERT_TAIL(&m->queue, hop, queue);
}

static void
hop_clean(struct nl_model *m, struct hop *hop)
{
	if (!hop->dirty)
		return;
	hop->dirty = false;
	m->ndirty--;
	TAILQ_REMOVE(&m->queue, hop, queue);
}

/* Lead a next hop through another neighbor, or none. */
static void
hop_attach(struct nl_model *m, struct hop *hop, struct neigh *n)
{
	struct neigh *old = hop->neigh;

	if (n != NULL && n != old) {
		if (old != NULL)
			LIST_REMOVE(hop, same);
		LIST_INSERT_HEAD(&n->hops, hop, same);
	} else if (n == NULL && old != NULL)
		LIST_REMOVE(hop, same);
	hop->neigh = n;
	if (n != NULL)
		neigh_keep(m, n);
	if (old == NULL || old == n || !LIST_EMPTY(&old->hops))
		return;
	if (old->kept) {
		m->ops.keep(m->ops.shell, old->last.ifindex, &old->last.addr,
		    false);
		old->last.ext &= ~NTF_EXT_MANAGED;
	}
	old->kept = false;
	neigh_put(m, old);
}

int
nl_hop_want(struct nl_model *m, uint32_t id, const struct addr *addr)
{
	struct hop *hop;

	if ((hop = calloc(1, sizeof(*hop))) == NULL)
		return (-1);
	hop->id = id;
	hop->addr = *addr;
	if (RB_INSERT(hops_by_id, &m->hops, hop) != NULL) {
		free(hop);
		errno = EEXIST;
		return (-1);
	}
	RB_INSERT(hops_by_addr, &m->addrs, hop);
	m->nhops++;
	hop_dirty(m, hop);
	return (0);
}

static struct hop *
hop_find(struct nl_model *m, uint32_t id)
{
	struct hop key;

	key.id = id;
	return (RB_FIND(hops_by_id, &m->hops, &key));
}

static void
hop_free(struct nl_model *m, struct hop *hop)
{
	hop_attach(m, hop, NULL);
	hop_clean(m, hop);
	RB_REMOVE(hops_by_id, &m->hops, hop);
	RB_REMOVE(hops_by_addr, &m->addrs, hop);
	m->nhops--;
	free(hop);
}

void
nl_hop_drop(struct nl_model *m, uint32_t id)
{
	struct hop *hop;

	if ((hop = hop_find(m, id)) != NULL)
		hop_free(m, hop);
}

/* Neighbors that we kept are let go of. */
void
nl_hop_clear(struct nl_model *m)
{
	struct hop *hop;
	struct neigh *n;

	while ((hop = RB_ROOT(&m->hops)) != NULL)
		hop_free(m, hop);
	while ((n = RB_ROOT(&m->neighs)) != NULL) {
		RB_REMOVE(neighs, &m->neighs, n);
		free(n);
	}
}

/* An IPv6 link-local address means nothing without its interface. */
static bool
hop_askable(const struct addr *addr)
{
	return (!addr_is_multicast(addr) && !addr_is_unspecified(addr) &&
	    !addr_is_loopback(addr) &&
	    !(addr->af == AF_INET6 && addr_is_linklocal(addr)));
}

bool
nl_hop_next(struct nl_model *m, uint32_t *id, struct addr *addr)
{
	struct hop *hop;

	while ((hop = TAILQ_FIRST(&m->queue)) != NULL) {
		hop_clean(m, hop);
		if (!hop_askable(&hop->addr)) {
			nl_hop_answer(m, hop->id, NULL, EADDRNOTAVAIL);
			continue;
		}
		*id = hop->id;
		*addr = hop->addr;
		return (true);
	}
	return (false);
}

/* The neighbor that a unicast route leads to; NULL if there is none to ask. */
static struct neigh *
hop_neighbor(struct nl_model *m, const struct hop *hop)
{
	const struct addr *gw = &hop->route.gateway;
	const struct link *link;

	if (hop->error != 0 || hop->route.type != RTN_UNICAST ||
	    nl_model_is_own(m, &hop->addr) || addr_is_multicast(gw) ||
	    addr_is_unspecified(gw))
		return (NULL);
	link = nl_model_link(m, hop->route.oif);
	if (link == NULL || !link->info.up || !link->info.ether)
		return (NULL);
	return (neigh_get(m, hop->route.oif, gw));
}

void
nl_hop_answer(struct nl_model *m, uint32_t id, const struct nl_route *route,
    int error)
{
	struct hop *hop;

	if ((hop = hop_find(m, id)) == NULL)
		return;
	hop->answered = true;
	hop->error = error;
	memset(&hop->route, 0, sizeof(hop->route));
	if (error == 0) {
		hop->route = *route;
		if (hop->route.gateway.af == AF_UNSPEC)
			hop->route.gateway = hop->addr;
	}
	hop_attach(m, hop, hop_neighbor(m, hop));
	hop_update(m, hop);
}

void
nl_hop_dirty_all(struct nl_model *m)
{
	struct hop *hop;

	if (m->ndirty == m->nhops)
		return;
	RB_FOREACH(hop, hops_by_id, &m->hops)
		hop_dirty(m, hop);
}

/*
 * A route changed: only next hops that its prefix covers may resolve
 * differently. One descent of the tree for the many that cover none.
 */
void
nl_hop_dirty_prefix(struct nl_model *m, const struct prefix *prefix)
{
	struct hop key, *hop;

	if (m->ndirty == m->nhops)
		return;
	key.addr = prefix->addr;
	key.id = 0;
	hop = RB_NFIND(hops_by_addr, &m->addrs, &key);
	while (hop != NULL && prefix_contains(prefix, &hop->addr)) {
		hop_dirty(m, hop);
		hop = RB_NEXT(hops_by_addr, &m->addrs, hop);
	}
}

static void
neigh_update(struct nl_model *m, struct neigh *n, bool dirty)
{
	struct hop *hop, *next;

	LIST_FOREACH_SAFE(hop, &n->hops, same, next) {
		if (dirty)
			hop_dirty(m, hop);
		hop_update(m, hop);
	}
}

void
nl_hop_link(struct nl_model *m, unsigned int ifindex, bool came_up)
{
	struct neigh key, *n;

	/* its routes come back to life without a message, too */
	if (came_up)
		nl_hop_dirty_all(m);
	memset(&key, 0, sizeof(key));
	key.last.ifindex = ifindex;
	n = RB_NFIND(neighs, &m->neighs, &key);
	while (n != NULL && n->last.ifindex == ifindex) {
		neigh_update(m, n, true);
		n = RB_NEXT(neighs, &m->neighs, n);
	}
}

/* The kernel no longer has it: what keeps it alive went with it. */
static void
neigh_lost(struct nl_model *m, struct neigh *n)
{
	n->known = false;
	n->kept = false;
	neigh_update(m, n, true);
	neigh_put(m, n);
}

int
nl_hop_neigh(struct nl_model *m, const struct nl_neigh *ev, bool gone)
{
	struct neigh *n;

	if (gone) {
		n = neigh_find(m, ev->ifindex, &ev->addr);
		if (n != NULL)
			neigh_lost(m, n);
		return (0);
	}
	if ((n = neigh_get(m, ev->ifindex, &ev->addr)) == NULL)
		return (-1);
	n->known = true;
	n->gen = m->gen;
	n->last = *ev;
	neigh_update(m, n, false);
	if (neigh_foreign(n))
		n->kept = false;
	/* somebody replaced the entry, and our flag with it; or this is from
	   before we set it, and the flag is still there */
	else if (m->managed && n->kept && !(ev->ext & NTF_EXT_MANAGED) &&
	    m->ops.keep(m->ops.shell, ev->ifindex, &ev->addr, true) == -1)
		n->kept = false;
	neigh_keep(m, n);
	return (0);
}

void
nl_hop_sweep(struct nl_model *m)
{
	struct neigh *n, *next;

	RB_FOREACH_SAFE(n, neighs, &m->neighs, next) {
		if (n->known && n->gen != m->gen)
			neigh_lost(m, n);
	}
}

bool
nl_hop_keep_next(const struct nl_model *m, struct nl_neigh *cursor)
{
	struct nl_model *unconst = (struct nl_model *)(uintptr_t)m;
	struct neigh key, *n;

	key.last = *cursor;
	n = RB_NFIND(neighs, &unconst->neighs, &key);
	if (n != NULL && neigh_cmp(n, &key) == 0)
		n = RB_NEXT(neighs, &unconst->neighs, n);
	while (n != NULL && !n->kept)
		n = RB_NEXT(neighs, &unconst->neighs, n);
	if (n == NULL)
		return (false);
	*cursor = n->last;
	return (true);
}
