/* SPDX-License-Identifier: ISC */
/*
 * The parent's loop: a table of privileged verbs.  What rde, conf and control
 * may ask for is in the rules below, and nowhere else.
 */
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

#define STOP_MS		3000	/* for each stage of an ordered shutdown */

struct parent	parent = { .lockfd = -1, .statefd = -1 };

const char *
mode_name(uint8_t mode)
{
	static const char	*names[] = { "kernel-fib", "custom-fib",
	    "compare" };

	return (mode < 3 ? names[mode] : "?");
}

void
parent_exit(int status)
{
	if (parent.status == 0)
		parent.status = status;
	event_base_loopexit(parent.proc.base, NULL);
}

void
parent_log_level(int level)
{
	struct msg_u32	u = { level };
	enum proc_id	p;

	log_set_level(level);
	for (p = PROC_CONF; p < PROC_MAX; p++)
		msg_send(&parent.proc, p, M_LOG_LEVEL, 0, &record_msg_u32, &u);
}

/* Words for a table: bounds are the datapath's to check, for rde decides what
   is written, but never where. */
static void
table_write(struct proc *p, enum proc_id from, struct imsg *m)
{
	static uint32_t	 words[IMSG_BODY_MAX / sizeof(uint32_t)];
	struct dp	*dp;
	struct msg_u32	 ack;
	uint32_t	 table, index, count;

	if (ibuf_get_u32(&m->body, &ack.value) == -1)
		fatalx("rde: bad M_TABLE_WRITE");
	while (ibuf_left(&m->body) > 0) {
		if (ibuf_get_u32(&m->body, &table) == -1 ||
		    ibuf_get_u32(&m->body, &index) == -1 ||
		    ibuf_get_u32(&m->body, &count) == -1 ||
		    count > sizeof(words) / sizeof(*words) ||
		    ibuf_get(&m->body, words, count * sizeof(*words)) == -1)
			fatalx("rde: bad M_TABLE_WRITE");
		if ((dp = generation_dp(TABLE_GEN(table))) == NULL)
			continue;
		if (dp_table_write(dp, TABLE_ID(table), index, words,
		    count) == -1)
			fatalx("rde: write of %u words at %u of table %u is "
			    "out of bounds", count, index, table);
		parent.words += count;
	}
	msg_send(p, from, M_TABLE_ACK, 0, &record_msg_u32, &ack);
}

/* Words of a table as they are behind all writes so far; none if it is gone. */
static void
table_read(struct proc *p, enum proc_id from, struct imsg *m)
{
	static uint32_t		 words[TABLE_READ_MAX];
	struct msg_table_read	 r;
	struct ibuf		*b;
	struct dp		*dp;

	msg_get(m, &record_msg_table_read, &r);
	if (r.count > TABLE_READ_MAX)
		fatalx("rde: asks for %u words of a table", r.count);
	if ((dp = generation_dp(TABLE_GEN(r.table))) == NULL)
		r.count = 0;
	else if (dp_table_read(dp, TABLE_ID(r.table), r.index, words,
	    r.count) == -1)
		fatalx("rde: read of %u words at %u of table %u is out of "
		    "bounds", r.count, r.index, r.table);
	if ((b = imsg_create()) == NULL)
		fatal(NULL);
	record_put(b, &record_msg_table_read, &r);
	ibuf_put(b, words, r.count * sizeof(*words));
	proc_send_ibuf(p, from, M_TABLE_WORDS, 0, -1, b);
}

static void
grace_done(void *arg, uint32_t epoch)
{
	struct msg_u32	u = { epoch };

	msg_send(&parent.proc, PROC_RDE, M_GRACE_DONE, 0, &record_msg_u32,
	    &u);
}

static void
grace_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	u;

	msg_get(m, &record_msg_u32, &u);
	if (grace_wait(grace_done, NULL, u.value) == -1)
		fatalx("rde: asks for too many grace periods");
}

static void
family_state(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_family_state	 s;
	uint32_t		 ready, routes, set = 0;

	msg_get(m, &record_msg_family_state, &s);
	ready = s.af == AF_INET ? CTL_READY4 : CTL_READY6;
	routes = s.af == AF_INET ? CTL_ROUTES4 : CTL_ROUTES6;
	if (s.state >= FAMILY_READY)
		set |= ready;
	if (s.state >= FAMILY_CONVERGED)
		set |= routes;
	dp_flags(parent.dp, set, (ready | routes) & ~set);
	log_info("%s: %s", s.af == AF_INET ? "IPv4" : "IPv6",
	    s.state == FAMILY_CONVERGED ? "feed has converged" :
	    s.state == FAMILY_READY ? "policy is in the table" : "not ready");
}

static void
heartbeat(struct proc *p, enum proc_id from, struct imsg *m)
{
	clock_gettime(CLOCK_MONOTONIC, &parent.rde_beat);
}

static const struct msg_rule rules[] = {
	{ M_CONF_OPEN,	    FROM(CONF),	0, IMSG_BODY_MAX, conf_client_file },
	{ M_CONF_LOG,	    FROM(CONF),	0, IMSG_BODY_MAX, conf_client_log },
	{ M_CONFIG_DATA,    FROM(CONF),	1, IMSG_BODY_MAX, conf_client_data },
	{ M_CONFIG_END,	    FROM(CONF),	0, 0, conf_client_end },
	{ M_CONF_FAIL,	    FROM(CONF),	4, 4, conf_client_fail },
	{ M_CONFIG_READY,   FROM(RDE) | FROM(BGPE) | FROM(BMPE) |
	    FROM(CONTROL),	0, 0, reload_ready },
	{ M_CONFIG_REASON,  FROM(RDE) | FROM(BGPE) | FROM(BMPE) |
	    FROM(CONTROL),	2, 1024, reload_reason },
	{ M_TABLE_WRITE,    FROM(RDE),	4, IMSG_BODY_MAX, table_write },
	{ M_TABLE_READ,	    FROM(RDE),	12, 12, table_read },
	{ M_GRACE,	    FROM(RDE),	4, 4, grace_request },
	{ M_NEXTHOP_WANT,   FROM(RDE),	0, 64, nexthops_want },
	{ M_NEXTHOP_DROP,   FROM(RDE),	4, 4, nexthops_drop },
	{ M_FAMILY_STATE,   FROM(RDE),	2, 2, family_state },
	{ M_HEARTBEAT,	    FROM(RDE),	0, 0, heartbeat },
	{ M_GENERATION_WANT, FROM(RDE),	0, 0, generation_want },
	{ M_GENERATION_COMMIT, FROM(RDE), 4, 4, generation_commit },
	{ M_GENERATION_ABORT, FROM(RDE), 4, 4, generation_abort },
	{ M_CTL_REQUEST,    FROM(CONTROL), 4, 4096, answer_request },
	{ M_CTL_CANCEL,	    FROM(CONTROL), 0, 0, answer_ignore },
	{ M_CTL_MORE,	    FROM(CONTROL), 0, 0, answer_ignore },
};

void
parent_rules(void)
{
	proc_init(&parent.proc, PROC_PARENT, rules,
	    sizeof(rules) / sizeof(rules[0]), &parent);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	switch (sig) {
	case SIGHUP:
		reload_request(0, false);
		break;
	case SIGCHLD:
		generation_reap();
		if (privsep_reap(&parent.proc) > 0)
			parent_exit(1);
		break;
	default:
		log_info("%s: stopping", strsignal(sig));
		event_base_loopexit(parent.proc.base, NULL);
		break;
	}
}

/* A child that does so is dead, dying, or no longer ours. */
static void
on_closed(struct proc *p, enum proc_id from)
{
	if (privsep_reap(p) == 0)
		log_warnx("%s closed its pipe", proc_name(from));
	parent_exit(1);
}

/* SIGHUP has been blocked since the start: one that came is handled now. */
static void
signals(void)
{
	sigset_t		 hup;
	static const int	 sigs[] = { SIGHUP, SIGCHLD, SIGTERM, SIGINT };
	struct event		*ev;
	size_t			 i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		ev = evsignal_new(parent.proc.base, sigs[i], on_signal, NULL);
		if (ev == NULL || evsignal_add(ev, NULL) == -1)
			fatalx("evsignal_new");
	}
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	if (sigprocmask(SIG_UNBLOCK, &hup, NULL) == -1)
		fatal("sigprocmask");
}

static void
on_link(void *arg, const struct link_info *l)
{
	interfaces_link(l);
	nexthops_link(l->ifindex);
}

/* Own addresses go to rde, which puts them into the tables, and into the
   filter by which programs know a source that may be ours. */
static void
on_local(void *arg, const struct prefix *prefix, bool up)
{
	static struct prefix	*own;
	static size_t		 n, size;
	struct msg_local	 l = { .prefix = *prefix, .up = up };
	struct prefix		*p;
	size_t			 i;

	msg_send(&parent.proc, PROC_RDE, M_LOCAL_ADDRESS, 0,
	    &record_msg_local, &l);
	if (up) {
		if (n == size) {
			size = size == 0 ? 64 : size * 2;
			p = reallocarray(own, size, sizeof(*own));
			if (p == NULL)
				fatal(NULL);
			own = p;
		}
		own[n++] = *prefix;
	} else {
		for (i = 0; i < n; i++)
			if (prefix_cmp(&own[i], prefix) == 0)
				break;
		if (i < n)
			own[i] = own[--n];
	}
	dp_own_set(parent.dp, own, n);
}

/* The kernel prefers a connected network to any route of the same length, and
   so do we: without this, a covering route of the feed would take its hosts'
   traffic away. */
static void
on_connected(void *arg, const struct prefix *prefix, bool up)
{
	struct msg_local	l = { .prefix = *prefix, .up = up };

	msg_send(&parent.proc, PROC_RDE, M_CONNECTED, 0, &record_msg_local,
	    &l);
}

static void
on_nexthop(void *arg, uint32_t id, const struct nexthop_info *info)
{
	nexthops_changed(id, info);
}

static const struct netlink_ops netlink_ops = {
	.link = on_link, .local = on_local, .connected = on_connected,
	.nexthop = on_nexthop
};

/* Tables, links and addresses of the kernel; then the interfaces. */
static int
start_datapath(void)
{
	if (generation_first() == -1)
		return (-1);
	if (grace_start(parent.proc.base, parent.dp) == -1) {
		log_warn("grace helper");
		return (-1);
	}
	parent.nl = netlink_open(parent.proc.base, &netlink_ops, NULL);
	if (parent.nl == NULL || netlink_start(parent.nl) == -1) {
		log_warn("netlink");
		return (-1);
	}
	proc_send(&parent.proc, PROC_RDE, M_LOCAL_END, 0, -1, NULL, 0);
	return (interfaces_attach());
}

static void
hand_out_sockets(void)
{
	const struct config	*c = parent.conf;
	struct msg_u32		 u;
	struct ibuf		*b;
	uint32_t		 i;

	for (i = 0; i < c->nsources + c->nsockets; i++) {
		bool	src = i < c->nsources;

		u.value = src ? i : c->sockets[i - c->nsources].restricted;
		if ((b = imsg_create()) == NULL)
			fatal(NULL);
		record_put(b, &record_msg_u32, &u);
		if (src)
			proc_send_ibuf(&parent.proc, c->sources[i].bmp ?
			    PROC_BMPE : PROC_BGPE, M_LISTENER, 0,
			    parent.listeners[i], b);
		else
			proc_send_ibuf(&parent.proc, PROC_CONTROL,
			    M_CONTROL_SOCKET, 0,
			    parent.sockets[i - c->nsources], b);
	}
}

/* Whether we can write the textfile, if one is asked for. */
static bool
metrics_writable(void)
{
	const struct config	*c = parent.conf;
	char			 buf[PATH_MAX], *dir;

	if (c->metrics_textfile[0] == '\0')
		return (true);
	strlcpy(buf, c->metrics_textfile, sizeof(buf));
	dir = dirname(buf);
	if (access(dir, W_OK) == 0)
		return (true);
	log_warn("metrics-textfile %s: user %s, %s", c->metrics_textfile,
	    c->user_parent, dir);
	return (false);
}

/* Unprivileged from here on. Returns the exit status of the daemon. */
int
parent_run(void)
{
	signals();
	/* one that died before there was a handler */
	if (privsep_reap(&parent.proc) > 0)
		parent.status = 1;
	parent.proc.closed = on_closed;
	parent.started = time(NULL);
	if (!conf_client_readable())
		log_warn("%s: user %s cannot read it, a reload will fail",
		    parent.opt.config, parent.conf->user_parent);
	if (!metrics_writable())
		parent.status = 1;
	if (parent.status == 0 && guard_load_state() == -1)
		parent.status = 1;
	if (parent.status == 0 && start_datapath() == -1)
		parent.status = 1;
	if (parent.status == 0) {
		hand_out_sockets();
		guard_start();
		reload_stage_boot(parent.conf);
		event_base_dispatch(parent.proc.base);
	}
	privsep_stop(&parent.proc, STOP_MS);
	if (parent.status != 0 && !parent.running)
		interfaces_rollback();
	log_info("terminating");
	return (parent.status);
}
