/* SPDX-License-Identifier: ISC */
/*
 * Nexthops: what rde wants, what netlink says of it, and the entry that the
 * programs read.  However many routes point at one, a change is one write.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "shell.h"

static struct {
	bool	late;		/* some nexthop found no entry free */
	/* what waits for the grace period under way, by generation */
	struct {
		struct dp	*dp;
		uint32_t	 epoch;
	} sealed[2];
} nexthops;

static void	settle(void);

static void
tell(uint32_t id, uint8_t state)
{
	struct msg_nexthop_state s = { .id = id, .state = state };

	msg_send(&parent.proc, PROC_RDE, M_NEXTHOP_STATE, 0,
	    &record_msg_nexthop_state, &s);
}

/* What programs are to know of one now; false: they are to pass. */
static bool
entry_of(const struct nexthop *n, struct nh_entry *e)
{
	const struct link_info	*l = NULL;

	if (n->wanted && n->info.state == NEXTHOP_VALID)
		l = netlink_link(parent.nl, n->info.ifindex);
	if (l == NULL || !l->up)
		return (false);
	memset(e, 0, sizeof(*e));
	memcpy(e->dmac, n->info.mac, sizeof(e->dmac));
	memcpy(e->smac, l->mac, sizeof(e->smac));
	e->mtu = l->mtu < UINT16_MAX ? l->mtu : UINT16_MAX;
	e->ifindex = l->ifindex;
	e->flags = NH_FORWARD;
	return (true);
}

/* Where all entries wait for a grace period, what the id pointed at is wrong
   by now: pass until there is an entry. Returns it. */
static int
write_to(struct dp *dp, uint32_t id, const struct nh_entry *e, bool *late)
{
	int	entry;

	entry = dp_nexthop_set(dp, id, e);
	if (entry == -1 && errno == ENOSPC) {
		*late = true;
		entry = dp_nexthop_set(dp, id, NULL);
	}
	return (entry);
}

/* Write the entry that fits what is known now, to all generations. */
static void
write_entry(uint32_t id)
{
	struct nexthop	*n = &parent.nexthops[id];
	struct nh_entry	 entry, *e;
	char		 addr[ADDRSTRLEN];
	bool		 waited = n->late;

	e = entry_of(n, &entry) ? &entry : NULL;
	n->late = false;
	n->entry = write_to(parent.dp, id, e, &n->late);
	if (parent.next != NULL)
		write_to(parent.next, id, e, &n->late);
	if (n->late) {
		nexthops.late = true;
		if (!waited)
			log_debug("nexthop %s: passes until an entry is free",
			    addr_format(&n->addr, addr));
	}
	if (n->entry == -1)
		log_warn("nexthop %s: entry", addr_format(&n->addr, addr));
}

static void
program(uint32_t id)
{
	write_entry(id);
	settle();
}

/* Entries are free again: for those that found none. */
static void
write_late(void)
{
	uint32_t	i;

	if (!nexthops.late)
		return;
	nexthops.late = false;
	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++)
		if (parent.nexthops[i].late)
			write_entry(i);
}

/*
 * What nothing points at any more comes back after a grace period: entries to
 * the table, ids to rde.  One is under way at a time, and what was freed
 * meanwhile goes with the next.
 */
static void
released(void *arg, uint32_t none)
{
	struct msg_u32	u;
	uint32_t	i;

	for (i = 0; i < 2; i++) {
		if (nexthops.sealed[i].dp != NULL)
			dp_nexthop_release(nexthops.sealed[i].dp,
			    nexthops.sealed[i].epoch);
		nexthops.sealed[i].dp = NULL;
	}
	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++) {
		if (parent.nexthops[i].leaving != LEAVING_GRACE)
			continue;
		parent.nexthops[i].leaving = LEAVING_NOT;
		u.value = i;
		msg_send(&parent.proc, PROC_RDE, M_NEXTHOP_GONE, 0,
		    &record_msg_u32, &u);
	}
	parent.nexthop_grace = false;
	write_late();
	settle();
}

/* True: there is something. */
static bool
seal(unsigned int i, struct dp *dp)
{
	uint32_t	epoch;

	if (dp == NULL || (epoch = dp_nexthop_seal(dp)) == 0)
		return (false);
	nexthops.sealed[i].dp = dp;
	nexthops.sealed[i].epoch = epoch;
	return (true);
}

static void
settle(void)
{
	uint32_t	i;
	bool		any;

	if (parent.nexthop_grace)
		return;
	any = seal(0, parent.dp);
	any |= seal(1, parent.next);
	if (!any && !parent.nexthops_leave)
		return;
	if (grace_wait(released, NULL, 0) == -1)
		fatalx("too many grace periods asked for");
	parent.nexthop_grace = true;
	parent.nexthops_leave = false;
	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++)
		if (parent.nexthops[i].leaving == LEAVING_DROPPED)
			parent.nexthops[i].leaving = LEAVING_GRACE;
}

static struct nexthop *
get(uint32_t id)
{
	if (id < LEAF_ID_FIRST || id >= parent.nnexthops)
		fatalx("rde: nexthop %u out of range", id);
	return (&parent.nexthops[id]);
}

void
nexthops_want(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_nexthop_want	 w;
	struct nexthop		*n;
	char			 addr[ADDRSTRLEN];

	msg_get(m, &record_msg_nexthop_want, &w);
	n = get(w.id);
	if (n->wanted || n->leaving != LEAVING_NOT || w.addr.af == AF_UNSPEC)
		fatalx("rde: nexthop %u wanted twice", w.id);
	n->wanted = true;
	n->addr = w.addr;
	memset(&n->info, 0, sizeof(n->info));
	strlcpy(n->info.reason, "not looked up yet", sizeof(n->info.reason));
	if (netlink_want(parent.nl, w.id, &w.addr) == -1) {
		strlcpy(n->info.reason, strerror(errno),
		    sizeof(n->info.reason));
		log_warn("nexthop %s", addr_format(&w.addr, addr));
	}
}

void
nexthops_drop(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	 u;
	struct nexthop	*n;

	msg_get(m, &record_msg_u32, &u);
	n = get(u.value);
	if (!n->wanted)
		fatalx("rde: nexthop %u dropped twice", u.value);
	netlink_drop(parent.nl, u.value);
	n->wanted = false;
	/* the id may mean another nexthop only after every packet that read it
	   from a leaf is through */
	n->leaving = LEAVING_DROPPED;
	parent.nexthops_leave = true;
	program(u.value);
}

void
nexthops_changed(uint32_t id, const struct nexthop_info *info)
{
	struct nexthop	*n = &parent.nexthops[id];
	char		 addr[ADDRSTRLEN];
	uint8_t		 old = n->info.state;

	if (!n->wanted)
		return;
	n->info = *info;
	program(id);
	if (old != info->state) {
		log_debug("nexthop %s: %s%s%s", addr_format(&n->addr, addr),
		    nexthop_state_name(info->state),
		    info->reason[0] != '\0' ? ": " : "", info->reason);
	}
	tell(id, info->state);
}

/* The egress link changed: its MAC, MTU or state is in the entries. */
void
nexthops_link(unsigned int ifindex)
{
	uint32_t	i;

	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++)
		if (parent.nexthops[i].wanted &&
		    parent.nexthops[i].info.ifindex == ifindex)
			program(i);
}

void
nexthops_room(uint32_t n)
{
	struct nexthop	*p;

	if (n <= parent.nnexthops)
		return;
	p = reallocarray(parent.nexthops, n, sizeof(*p));
	if (p == NULL)
		fatal(NULL);
	memset(p + parent.nnexthops, 0,
	    (n - parent.nnexthops) * sizeof(*p));
	parent.nexthops = p;
	parent.nnexthops = n;
}

void
nexthops_fill(struct dp *dp)
{
	struct nh_entry	e;
	uint32_t	i;
	bool		late = false;

	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++)
		if (entry_of(&parent.nexthops[i], &e) &&
		    write_to(dp, i, &e, &late) == -1)
			log_warn("nexthop %u: entry", i);
}

void
nexthops_forget(const struct dp *dp)
{
	struct nh_entry	e;
	uint32_t	i;

	for (i = 0; i < 2; i++)
		if (nexthops.sealed[i].dp == dp)
			nexthops.sealed[i].dp = NULL;
	/* numbers of entries are a generation's own */
	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++)
		if (entry_of(&parent.nexthops[i], &e) &&
		    !parent.nexthops[i].late)
			write_entry(i);
}
