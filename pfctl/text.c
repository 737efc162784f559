/* SPDX-License-Identifier: ISC */
/* Records as text for people. */
#include <string.h>

#include "../lib/addr.h"
#include "pfctl.h"

static const char *
yes(bool b)
{
	return (b ? "yes" : "no");
}

static const char *
family_name(uint8_t af)
{
	return (af == AF_INET ? "IPv4" : "IPv6");
}

char *
text_duration(uint64_t s, char *buf, size_t len)
{
	if (s >= 86400)
		snprintf(buf, len, "%llud%02lluh", U(s / 86400),
		    U(s / 3600 % 24));
	else
		snprintf(buf, len, "%02llu:%02llu:%02llu", U(s / 3600),
		    U(s / 60 % 60), U(s % 60));
	return (buf);
}

void
text_summary(FILE *f, const struct ctl_summary *s)
{
	char	up[32];

	fprintf(f, "packetframed %s, pid %u, up %s, config %s\n", s->version,
	    s->pid, text_duration(s->uptime, up, sizeof(up)), s->config);
	fprintf(f, "mode %s%s%s, stale-time %us\n", s->mode,
	    s->dry_run ? ", dry-run" : "", !s->breaker_set ?
	    (s->breaker_tripped ? ", circuit breaker TRIPPED" : "") :
	    s->breaker_tripped ? ", circuit breaker TRIPPED" :
	    ", circuit breaker armed", s->stale_time);
	fprintf(f, "interfaces %u, nexthops %u (%u valid)\n", s->interfaces,
	    s->nexthops, s->nexthops_valid);
	fprintf(f, "packets %llu, matched %llu, forwarded %llu, dropped "
	    "%llu\n", U(s->rx), U(s->matched), U(s->forwarded),
	    U(s->dropped));
	if (s->last_reload[0] != '\0')
		fprintf(f, "last reload %s\n", s->last_reload);
}

void
text_family(FILE *f, const struct ctl_family *a)
{
	fprintf(f, "%s: %s, %llu prefixes, %llu paths, %llu pending; table "
	    "%u nodes, %llu KiB of %llu KiB%s\n", family_name(a->af), a->state,
	    U(a->prefixes), U(a->paths), U(a->pending), a->nodes,
	    U((uint64_t)(a->units_used + a->units_waiting) * 8 / 1024),
	    U((uint64_t)a->units * 8 / 1024), a->overflow ?
	    ", FULL: the family passes to the kernel" : "");
}

void
text_neighbor_line(FILE *f, const struct ctl_neighbor *n, bool first)
{
	char	addr[ADDRSTRLEN], t[32];

	if (first)
		fprintf(f, "%-28s %10s %-12s %10s %10s\n", "neighbor", "AS",
		    "state", "since", "updates");
	fprintf(f, "%-28s %10u %-12s %10s %10llu\n",
	    addr_format(&n->addr, addr), n->remote_as, n->state,
	    text_duration(n->since, t, sizeof(t)), U(n->rx_updates));
}

void
text_neighbor(FILE *f, const struct ctl_neighbor *n,
    const struct ctl_neighbor_rib *r)
{
	char		addr[ADDRSTRLEN], local[ADDRSTRLEN], t[32];
	uint32_t	id = n->router_id;

	fprintf(f, "neighbor %s port %u, AS %u, local AS %u, listener %s port "
	    "%u\n", addr_format(&n->addr, addr), n->port, n->remote_as,
	    n->local_as, addr_format(&n->listener, local), n->listener_port);
	fprintf(f, "  state %s for %s, router-id %u.%u.%u.%u, hold time "
	    "%us\n", n->state, text_duration(n->since, t, sizeof(t)), id >> 24,
	    id >> 16 & 255, id >> 8 & 255, id & 255, n->hold_time);
	fprintf(f, "  negotiated:%s%s%s%s%s\n", n->ipv4 ? " IPv4" : "",
	    n->ipv6 ? " IPv6" : "", n->as4 ? " 4-octet-AS" : "",
	    n->add_path4 ? " ADD-PATH-IPv4" : "",
	    n->add_path6 ? " ADD-PATH-IPv6" : "");
	fprintf(f, "  End-of-RIB: IPv4 %s, IPv6 %s\n", yes(n->eor4),
	    yes(n->eor6));
	fprintf(f, "  received %llu messages, %llu updates, %llu bytes; sent "
	    "%llu messages\n", U(n->rx_messages), U(n->rx_updates),
	    U(n->rx_bytes), U(n->tx_messages));
	fprintf(f, "  announced %llu, withdrawn %llu\n", U(n->rx_announced),
	    U(n->rx_withdrawn));
	if (r != NULL)
		fprintf(f, "  paths: IPv4 %llu (%llu best), IPv6 %llu (%llu "
		    "best)\n", U(r->paths4), U(r->best4), U(r->paths6),
		    U(r->best6));
	if (n->last_error[0] != '\0')
		fprintf(f, "  last error: %s\n", n->last_error);
}

void
text_nexthop(FILE *f, const struct ctl_nexthop *n, uint64_t routes,
    bool first)
{
	char	addr[ADDRSTRLEN], gw[ADDRSTRLEN], mac[MACSTRLEN];

	if (first)
		fprintf(f, "%6s %-24s %-10s %-24s %-12s %-17s %5s %9s\n", "id",
		    "next hop", "state", "gateway", "egress", "MAC", "MTU",
		    "routes");
	fprintf(f, "%6u %-24s %-10s %-24s %-12s %-17s %5u %9llu\n", n->id,
	    addr_format(&n->addr, addr), nexthop_state_name(n->state),
	    n->gateway.af == AF_UNSPEC ? "-" : addr_format(&n->gateway, gw),
	    n->ifname[0] != '\0' ? n->ifname : "-",
	    n->state == NEXTHOP_VALID ? mac_format(n->mac, mac) : "-", n->mtu,
	    U(routes));
	if (n->reason[0] != '\0')
		fprintf(f, "%6s %s\n", "", n->reason);
}

void
text_interface(FILE *f, const struct ctl_interface *i, bool first)
{
	char	mac[MACSTRLEN];

	if (first)
		fprintf(f, "%-15s %7s %-10s %-8s %-4s %-6s %-17s %5s %-10s "
		    "%s\n", "interface", "ifindex", "configured", "attached",
		    "link", "egress", "MAC", "MTU", "driver", "master");
	fprintf(f, "%-15s %7u %-10s %-8s %-4s %-6s %-17s %5u %-10s %s\n",
	    i->ifname, i->ifindex, i->configured, i->attached, i->up ? "up" :
	    "down", yes(i->egress), mac_format(i->mac, mac), i->mtu,
	    i->driver[0] != '\0' ? i->driver : "-",
	    i->master[0] != '\0' ? i->master : "-");
	if (i->reason[0] != '\0')
		fprintf(f, "  attach: %s\n", i->reason);
	if (i->egress_reason[0] != '\0')
		fprintf(f, "  egress: %s\n", i->egress_reason);
}

void
text_counter(FILE *f, const struct ctl_counter *c, bool first)
{
	if (first)
		fprintf(f, "%-20s %16s\n", "counter", "packets");
	fprintf(f, "%-20s %16llu  %s\n", c->name, U(c->value), c->help);
}

static void
flags(FILE *f, const struct ctl_fib *r)
{
	fprintf(f, "%c%c%c%c", r->allow ? 'A' : '-', r->block ? 'B' : '-',
	    r->local ? 'L' : '-', r->pending ? 'P' : '-');
}

/* The next item of a list with commas, as long as *n; NULL: none. */
static const char *
item(const char **list, int *n)
{
	const char	*s = *list;

	if (*s == '\0')
		return (NULL);
	*n = strcspn(s, ",");
	*list += *n + (s[*n] == ',');
	return (s);
}

static char *
group_state(const struct ctl_fib *r, char *buf, size_t len)
{
	const char	*list = r->states, *valid, *s;
	int		 all = 0, good = 0, n;

	valid = nexthop_state_name(NEXTHOP_VALID);
	for (; (s = item(&list, &n)) != NULL; all++)
		good += (size_t)n == strlen(valid) && strncmp(s, valid, n) ==
		    0;
	snprintf(buf, len, "%d/%d %s", good, all, valid);
	return (buf);
}

static void
group_members(FILE *f, const struct ctl_fib *r)
{
	const char	*ids = r->members, *gws = r->gateways;
	const char	*states = r->states, *id, *gw, *state;
	int		 nid, ngw, nstate;

	while ((id = item(&ids, &nid)) != NULL &&
	    (gw = item(&gws, &ngw)) != NULL &&
	    (state = item(&states, &nstate)) != NULL)
		fprintf(f, "  next hop %.*s, nexthop %.*s, %.*s\n", ngw, gw,
		    nid, id, nstate, state);
}

void
text_fib_line(FILE *f, const struct ctl_fib *r, bool first)
{
	char	prefix[PREFIXSTRLEN], gw[ADDRSTRLEN], from[ADDRSTRLEN];
	char	state[24];

	if (first)
		fprintf(f, "flags: A allowed, B blocked, L local, P not yet "
		    "in the table\n%-4s %-43s %-28s %-10s %s\n", "flag",
		    "prefix", "next hop", "state", "neighbor");
	flags(f, r);
	fprintf(f, " %-43s ", prefix_format(&r->prefix, prefix));
	if (!r->route)
		fprintf(f, "%-28s %-10s -\n", "-", "-");
	else
		fprintf(f, "%-28s %-10s %s\n", r->group ? r->gateways :
		    addr_format(&r->gateway, gw), r->group ?
		    group_state(r, state, sizeof(state)) : r->nexthop == 1 ?
		    "punt" : nexthop_state_name(r->nexthop_state),
		    addr_format(&r->neighbor_addr, from));
}

void
text_fib_addr(FILE *f, const struct prefix *addr, const struct ctl_fib *r)
{
	char	a[ADDRSTRLEN], prefix[PREFIXSTRLEN], gw[ADDRSTRLEN];
	char	from[ADDRSTRLEN];

	addr_format(&addr->addr, a);
	if (r->route && r->gateway.af == AF_UNSPEC)
		fprintf(f, "%s: connected network %s: slow path\n", a,
		    prefix_format(&r->prefix, prefix));
	else if (r->route && r->group) {
		fprintf(f, "%s: route %s\n  ECMP group %u\n", a,
		    prefix_format(&r->prefix, prefix), r->nexthop);
		group_members(f, r);
		fprintf(f, "  from neighbor %s, the best\n",
		    addr_format(&r->neighbor_addr, from));
	} else if (r->route)
		fprintf(f, "%s: route %s\n  next hop %s, nexthop %u, %s\n"
		    "  from neighbor %s\n", a, prefix_format(&r->prefix,
		    prefix), addr_format(&r->gateway, gw), r->nexthop,
		    r->nexthop == 1 ? "punt" :
		    nexthop_state_name(r->nexthop_state),
		    addr_format(&r->neighbor_addr, from));
	else
		fprintf(f, "%s: no route\n", a);
	fprintf(f, "  allowed %s, blocked %s, local %s\n"
	    "  table word 0x%08x%s\n",
	    yes(r->allow), yes(r->block), yes(r->local), r->leaf,
	    r->pending ? " (a change is not yet in the table)" : "");
}
