/* SPDX-License-Identifier: ISC */
/* Answers to what control asks of the parent. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

void
summary_fill(struct ctl_summary *s)
{
	uint64_t	c[CNT_MAX];
	uint32_t	i, flags = dp_get_flags(parent.dp);

	memset(s, 0, sizeof(*s));
	strlcpy(s->version, VERSION, sizeof(s->version));
	s->pid = getpid();
	s->uptime = time(NULL) - parent.started;
	strlcpy(s->config, parent.opt.config, sizeof(s->config));
	strlcpy(s->mode, mode_name(generation_mode()), sizeof(s->mode));
	s->dry_run = parent.conf->dry_run;
	s->breaker_set = parent.conf->breaker.set;
	s->breaker_tripped = parent.tripped;
	s->ready4 = (flags & CTL_READY4) != 0;
	s->ready6 = (flags & CTL_READY6) != 0;
	s->routes4 = (flags & CTL_ROUTES4) != 0;
	s->routes6 = (flags & CTL_ROUTES6) != 0;
	for (i = 0; i < parent.nifaces; i++)
		s->interfaces += parent.ifaces[i].attached != DP_NONE;
	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++) {
		if (!parent.nexthops[i].wanted)
			continue;
		s->nexthops++;
		s->nexthops_valid +=
		    parent.nexthops[i].info.state == NEXTHOP_VALID;
	}
	if (dp_counters(parent.dp, c) == 0) {
		s->rx = c[CNT_RX];
		s->matched = c[CNT_MATCHED];
		s->forwarded = c[CNT_FORWARD4] + c[CNT_FORWARD6];
		s->dropped = c[CNT_DROP_BLOCKED];
	}
	s->table_words = parent.words;
	s->stale_time = parent.conf->stale_time;
	strlcpy(s->last_reload, parent.last_reload, sizeof(s->last_reload));
}

static const char *
show(struct proc *p, uint32_t id, struct ibuf *body)
{
	struct ctl_summary	s;

	summary_fill(&s);
	ctl_reply(p, id, REC_SUMMARY, &s);
	return (NULL);
}

static const char *
show_nexthop(struct proc *p, uint32_t id, struct ibuf *body)
{
	const struct link_info	*l;
	const struct nexthop	*n;
	struct ctl_nexthop	 r;
	uint32_t		 i;

	for (i = LEAF_ID_FIRST; i < parent.nnexthops; i++) {
		n = &parent.nexthops[i];
		if (!n->wanted)
			continue;
		memset(&r, 0, sizeof(r));
		r.id = i;
		r.addr = n->addr;
		r.state = n->info.state;
		strlcpy(r.reason, n->info.reason, sizeof(r.reason));
		r.gateway = n->info.gateway;
		r.entry = n->entry;
		l = netlink_link(parent.nl, n->info.ifindex);
		if (l != NULL) {
			strlcpy(r.ifname, l->name, sizeof(r.ifname));
			r.mtu = l->mtu < UINT16_MAX ? l->mtu : UINT16_MAX;
		}
		memcpy(r.mac, n->info.mac, sizeof(r.mac));
		if (r.state == NEXTHOP_VALID) {
			const struct iface *f =
			    interface_by_index(n->info.ifindex);

			if (f == NULL)
				strlcpy(r.reason, "egress is not attached: "
				    "its packets pass", sizeof(r.reason));
			else if (!f->egress)
				strlcpy(r.reason, "egress is not usable: its "
				    "packets pass", sizeof(r.reason));
		}
		ctl_reply(p, id, REC_NEXTHOP, &r);
	}
	return (NULL);
}

static const char *
show_interfaces(struct proc *p, uint32_t id, struct ibuf *body)
{
	static const char	*modes[] = { "native", "generic", "auto" };
	static const char	*attached[] = { "none", "native", "generic" };
	const struct link_info	*l, *master;
	const struct iface	*f;
	struct ctl_interface	 r;
	uint32_t		 i;

	for (i = 0; i < parent.nifaces; i++) {
		f = &parent.ifaces[i];
		memset(&r, 0, sizeof(r));
		strlcpy(r.ifname, f->name, sizeof(r.ifname));
		r.ifindex = f->ifindex;
		strlcpy(r.configured, modes[f->mode], sizeof(r.configured));
		strlcpy(r.attached, attached[f->attached],
		    sizeof(r.attached));
		strlcpy(r.reason, f->why, sizeof(r.reason));
		r.egress = f->egress;
		l = netlink_link(parent.nl, f->ifindex);
		if (l == NULL)
			strlcpy(r.reason, "interface is gone",
			    sizeof(r.reason));
		else if (f->attached != DP_NONE) {
			r.up = l->up;
			memcpy(r.mac, l->mac, sizeof(r.mac));
			r.mtu = l->mtu < UINT16_MAX ? l->mtu : UINT16_MAX;
			strlcpy(r.driver, l->driver, sizeof(r.driver));
			if (!l->up)
				strlcpy(r.egress_reason, "link is down",
				    sizeof(r.egress_reason));
			else
				strlcpy(r.egress_reason, l->xmit_reason,
				    sizeof(r.egress_reason));
			master = l->master == 0 ? NULL :
			    netlink_link(parent.nl, l->master);
			if (master != NULL)
				strlcpy(r.master, master->name,
				    sizeof(r.master));
		}
		ctl_reply(p, id, REC_INTERFACE, &r);
	}
	return (NULL);
}

static const char *
show_counters(struct proc *p, uint32_t id, struct ibuf *body)
{
	struct ctl_counter	 r;
	const char		*help;
	uint64_t		 c[CNT_MAX];
	unsigned int		 i;

	if (dp_counters(parent.dp, c) == -1)
		return ("the counters cannot be read");
	for (i = 0; i < CNT_MAX; i++) {
		memset(&r, 0, sizeof(r));
		strlcpy(r.name, counter_name(i, &r.end, &help),
		    sizeof(r.name));
		strlcpy(r.help, help, sizeof(r.help));
		r.value = c[i];
		ctl_reply(p, id, REC_COUNTER, &r);
	}
	return (NULL);
}

static const char *
set_log(struct proc *p, uint32_t id, struct ibuf *body)
{
	struct msg_u32	u;

	if (record_get_only(body, &record_msg_u32, &u) == -1 ||
	    u.value >= LEVEL_MAX)
		return ("no such log level");
	parent_log_level(u.value);
	return (NULL);
}

static const char *
breaker_reset(struct proc *p, uint32_t id, struct ibuf *body)
{
	if (!parent.tripped)
		return ("the circuit breaker has not tripped");
	if (guard_breaker_reset() == -1)
		return ("reset, but its state could not be saved");
	return (NULL);
}

static const struct {
	enum ctl	 type;
	const char	*(*fn)(struct proc *, uint32_t, struct ibuf *);
} requests[] = {
	{ CTL_SHOW,		show },
	{ CTL_SHOW_NEXTHOP,	show_nexthop },
	{ CTL_SHOW_INTERFACES,	show_interfaces },
	{ CTL_SHOW_COUNTERS,	show_counters },
	{ CTL_SHOW_MEMORY,	memory_answer },
	{ CTL_LOG,		set_log },
	{ CTL_BREAKER_RESET,	breaker_reset },
};

void
answer_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	uint32_t	type;
	size_t		i;

	if (ibuf_get_u32(&m->body, &type) == -1)
		fatalx("control: bad M_CTL_REQUEST");
	if (!parent.running) {
		ctl_reply_end(p, m->hdr.id, "still starting");
		return;
	}
	if (type == CTL_RELOAD) {
		reload_request(m->hdr.id, true);
		return;
	}
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type != type)
			continue;
		ctl_reply_end(p, m->hdr.id,
		    requests[i].fn(p, m->hdr.id, &m->body));
		return;
	}
	ctl_reply_end(p, m->hdr.id, "not a request for the parent");
}

/* The parent's answers are short: it never waits for a window. */
void
answer_ignore(struct proc *p, enum proc_id from, struct imsg *m)
{
}
