/* SPDX-License-Identifier: ISC */
/*
 * The interfaces of the config: attach, follow their links, and tell the
 * programs which MACs are ours and where packets may leave.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/log.h"
#include "shell.h"

static struct iface *
by_index(unsigned int ifindex)
{
	uint32_t	i;

	for (i = 0; i < parent.nifaces; i++)
		if (parent.ifaces[i].ifindex == ifindex &&
		    parent.ifaces[i].attached != DP_NONE)
			return (&parent.ifaces[i]);
	return (NULL);
}

const struct iface *
interface_by_index(unsigned int ifindex)
{
	return (by_index(ifindex));
}

static uint64_t
mac_word(const uint8_t *mac)
{
	uint64_t	w = 0;
	int		i;

	for (i = 5; i >= 0; i--)
		w = w << 8 | mac[i];
	return (w);
}

/* A native program needs the egress driver's ndo_xdp_xmit; where every program
   is generic, a redirect is an ordinary transmit. */
static bool
may_leave(const struct link_info *l)
{
	uint32_t	i;

	if (!l->up || !l->ether)
		return (false);
	if (l->xmit)
		return (true);
	for (i = 0; i < parent.nifaces; i++)
		if (parent.ifaces[i].attached == DP_NATIVE)
			return (false);
	return (true);
}

/*
 * What programs know of the ingress l.  A bridge or bond above it is what the
 * kernel would route from, and lends its address.  Other masters but a VRF
 * take packets by rules of their own (Open vSwitch, team), so that below them
 * all is passed.
 */
static void
port_write(const struct link_info *l)
{
	const struct link_info	*m = l;
	struct port		 port;
	uint32_t		 n = 0;
	bool			 up = l->up && l->forwarding;

	memset(&port, 0, sizeof(port));
	port.ifindex = port.l3dev = l->ifindex;
	port.mac[n++] = mac_word(l->mac);
	while (up && m->master != 0) {
		m = netlink_link(parent.nl, m->master);
		if (m != NULL && strcmp(m->kind, "vrf") == 0)
			break;
		up = m != NULL && n < PORT_MACS && m->up && m->forwarding &&
		    (strcmp(m->kind, "bridge") == 0 ||
		    strcmp(m->kind, "bond") == 0);
		if (up) {
			port.l3dev = m->ifindex;
			port.mac[n++] = mac_word(m->mac);
		}
	}
	if (up)
		port.flags = PORT_UP;
	if (dp_port_set(parent.dp, &port) == -1)
		log_warn("%s: port table", l->name);
}

/* Write what the programs know of an attached interface. */
static void
program(struct iface *f, const struct link_info *l)
{
	bool	leave;

	port_write(l);
	leave = may_leave(l);
	if (leave != f->egress) {
		f->egress = leave;
		if (dp_egress_set(parent.dp, l->ifindex, leave) == -1)
			log_warn("%s: egress", f->name);
		else
			log_debug("%s: %s egress", f->name,
			    leave ? "is an" : "is no");
	}
}

static int
attach_link(struct iface *f, const struct link_info *l)
{
	char	err[DP_ERRLEN];

	f->ifindex = l->ifindex;
	f->attached = dp_attach(parent.dp, l->ifindex, f->mode, f->why, err);
	/* what is merged is not the packet that came, and goes out as one */
	if (f->attached == DP_GENERIC && !f->merged_ok &&
	    netlink_merges(parent.nl, f->name)) {
		dp_detach(parent.dp, l->ifindex);
		f->attached = DP_NONE;
		snprintf(err, sizeof(err), "generic mode would see packets "
		    "merged by GRO or LRO: switch them off (ethtool -K %s gro "
		    "off lro off) or add accept-merged%s%.80s", f->name,
		    f->why[0] != '\0' ? "; native failed: " : "", f->why);
	}
	if (f->attached == DP_NONE) {
		log_warnx("attach %s: %s", f->name, err);
		strlcpy(f->why, err, sizeof(f->why));
		return (-1);
	}
	if (f->why[0] != '\0')
		log_warnx("attach %s: generic, because native failed: %s",
		    f->name, f->why);
	log_info("attached to %s, %s", f->name,
	    f->attached == DP_NATIVE ? "native" : "generic");
	return (0);
}

/* An interface of the config that was deleted is there again, as another one
   of the same name. Each gets one try. */
static void
come_back(const struct link_info *l)
{
	const struct link_info	*o;
	uint32_t		 i;

	for (i = 0; i < parent.nifaces; i++)
		if (parent.ifaces[i].ifindex != l->ifindex &&
		    parent.ifaces[i].attached == DP_NONE &&
		    strcmp(parent.ifaces[i].name, l->name) == 0)
			break;
	if (i == parent.nifaces || !l->ether ||
	    attach_link(&parent.ifaces[i], l) == -1)
		return;
	/* its mode may change where the others' packets may leave */
	for (i = 0; i < parent.nifaces; i++)
		if (parent.ifaces[i].attached != DP_NONE &&
		    (o = netlink_link(parent.nl, parent.ifaces[i].ifindex)) !=
		    NULL)
			program(&parent.ifaces[i], o);
}

/* The driver of a bond runs the bond's program on its members, and there it
   is the member that packets come in by. */
static void
member_write(const struct link_info *l)
{
	const struct iface	*f = by_index(l->master);

	if (!l->gone && f != NULL && f->attached == DP_NATIVE)
		port_write(l);
	else
		dp_port_clear(parent.dp, l->ifindex);
}

static void
member(void *arg, const struct link_info *l)
{
	if (by_index(l->ifindex) == NULL)
		member_write(l);
}

/* Write what is somewhere below a bridge or bond that has changed. */
static void
below(void *arg, const struct link_info *l)
{
	const struct link_info	*m = l;
	const unsigned int	*above = arg;
	struct iface		*f;

	while (m != NULL && m->master != 0 && m->master != *above)
		m = netlink_link(parent.nl, m->master);
	if (m == NULL || m->master == 0)
		return;
	if ((f = by_index(l->ifindex)) != NULL)
		program(f, l);
	else
		member_write(l);
}

void
interfaces_link(const struct link_info *l)
{
	struct iface	*f;
	unsigned int	 above = l->ifindex;

	if (parent.dp == NULL)
		return;
	if ((f = by_index(l->ifindex)) != NULL) {
		if (l->gone) {
			log_warnx("%s: interface is gone", f->name);
			dp_egress_set(parent.dp, l->ifindex, false);
			dp_port_clear(parent.dp, l->ifindex);
			dp_detach(parent.dp, l->ifindex);
			f->attached = DP_NONE;
			f->ifindex = 0;
			f->egress = false;
		} else
			program(f, l);
	} else if (parent.running && !l->gone)
		come_back(l);
	member(NULL, l);
	if (strcmp(l->kind, "bridge") == 0 || strcmp(l->kind, "bond") == 0)
		netlink_each(parent.nl, below, &above);
}

/* Whether an interface attached before this one shares its bridge: changes of
   such ports are kept apart by attach-settle-time. */
static bool
shares_bridge(uint32_t n, const struct link_info *l)
{
	const struct link_info	*o;
	uint32_t		 i;

	for (i = 0; l->master != 0 && i < n; i++)
		if ((o = netlink_link(parent.nl, parent.ifaces[i].ifindex)) !=
		    NULL && o->master == l->master)
			return (true);
	return (false);
}

static int
attach(uint32_t n, const struct config_attach *a)
{
	struct iface		*f = &parent.ifaces[n];
	const struct link_info	*l;
	uint32_t		 ms = parent.conf->attach_settle_time;
	struct timespec		 ts = { ms / 1000, ms % 1000 * 1000000L };

	strlcpy(f->name, a->ifname, sizeof(f->name));
	f->mode = a->mode;
	f->merged_ok = a->merged_ok;
	if ((l = netlink_link_name(parent.nl, a->ifname)) == NULL) {
		log_warnx("attach %s: no such interface", a->ifname);
		return (-1);
	}
	if (!l->ether) {
		log_warnx("attach %s: not an Ethernet device", a->ifname);
		return (-1);
	}
	if (shares_bridge(n, l))
		nanosleep(&ts, NULL);
	return (attach_link(f, l));
}

/* What an earlier daemon left in the tables for interfaces that are no longer
   ours, or no longer usable: a packet sent there would be lost. */
static void
forget_others(void)
{
	unsigned int	*keep;
	size_t		 n = 0;
	uint32_t	 i;

	if ((keep = calloc(parent.nifaces + 1, sizeof(*keep))) == NULL)
		fatal(NULL);
	for (i = 0; i < parent.nifaces; i++)
		if (parent.ifaces[i].egress)
			keep[n++] = parent.ifaces[i].ifindex;
	if (dp_egress_only(parent.dp, keep, n) == -1)
		log_warn("egress table");
	free(keep);
	dp_detach_others(parent.dp);
}

int
interfaces_attach(void)
{
	const struct config	*c = parent.conf;
	const struct link_info	*l;
	uint32_t		 i;

	parent.ifaces = calloc(c->nattach + 1, sizeof(*parent.ifaces));
	if (parent.ifaces == NULL)
		fatal(NULL);
	for (i = 0; i < c->nattach; i++) {
		parent.nifaces = i + 1;
		if (attach(i, &c->attach[i]) == -1) {
			interfaces_rollback();
			return (-1);
		}
	}
	for (i = 0; i < parent.nifaces; i++)
		if ((l = netlink_link(parent.nl, parent.ifaces[i].ifindex)) !=
		    NULL)
			program(&parent.ifaces[i], l);
	netlink_each(parent.nl, member, NULL);
	forget_others();
	return (0);
}

/* A start that failed leaves nothing attached. */
void
interfaces_rollback(void)
{
	uint32_t	i;

	for (i = 0; i < parent.nifaces; i++) {
		if (parent.ifaces[i].attached == DP_NONE)
			continue;
		dp_detach(parent.dp, parent.ifaces[i].ifindex);
		parent.ifaces[i].attached = DP_NONE;
	}
}
