/* SPDX-License-Identifier: ISC */
/*
 * The BGP process: its messages, its config and its listeners, which the
 * parent has bound. It has no right to open anything itself.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/mains.h"
#include "bgpe.h"

static struct bgpe bgpe;

static void
accepted(struct listener *l, int fd, const struct sockaddr *sa)
{
	conn_accept(&bgpe, l, fd, sa);
}

static void
listener_staged(struct proc *p, enum proc_id from, struct imsg *m)
{
	listen_staged(&bgpe.listeners, m);
}

static void
config_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_data(&bgpe.stage, m);
}

static void
config_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	const struct config *c;
	const struct config_source *src;
	char reason[512], where[256], addr[ADDRSTRLEN];
	uint32_t i;

	stage_end(&bgpe.stage);
	c = bgpe.stage.next;
	listen_check(&bgpe.listeners, c);
	for (i = 0; i < c->nsources; i++) {
		src = &c->sources[i];
		if (src->bmp)
			continue;
		/*
		 * An identifier made up from an IPv6 address may be another
		 * router's in this AS (RFC 6286), and then no session comes
		 * up: better to be told here.
		 */
		if (src->router_id == 0 && src->addr.af == AF_INET6) {
			snprintf(reason, sizeof(reason), "%s: route-source bgp "
			    "[%s]:%u: a listener with an IPv6 address needs "
			    "router-id",
			    config_where(c, &src->where, where, sizeof(where)),
			    addr_format(&src->addr, addr), src->port);
			listen_abort(&bgpe.listeners);
			stage_refuse(&bgpe.stage, p, m, reason);
			return;
		}
	}
	stage_ready(p, m);
}

static void
config_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct config *old = bgpe.conf;

	bgpe.conf = stage_take(&bgpe.stage);
	listen_commit(&bgpe.listeners, p->base, bgpe.conf);
	config_free(old);
}

static void
config_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	listen_abort(&bgpe.listeners);
	stage_abort(&bgpe.stage);
}

static void
ctl_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	bgpe_ctl_request(&bgpe, m);
}

/* Answers are sent whole, so there is nothing left to cancel or go on with. */
static void
ctl_late(struct proc *p, enum proc_id from, struct imsg *m)
{
}

static void
drained(struct proc *p, enum proc_id to)
{
	if (to == PROC_RDE)
		conn_pause(&bgpe, false);
}

static void
stop(struct proc *p)
{
	conn_shutdown(&bgpe);
}

static const struct msg_rule rules[] = {
	{ M_CONFIG_DATA, FROM(PARENT), 1, IMSG_BODY_MAX, config_data },
	{ M_CONFIG_END, FROM(PARENT), 0, 0, config_end },
	{ M_CONFIG_COMMIT, FROM(PARENT), 0, 0, config_commit },
	{ M_CONFIG_ABORT, FROM(PARENT), 0, 0, config_abort },
	{ M_LISTENER, FROM(PARENT), 4, 4, listener_staged },
	{ M_CTL_REQUEST, FROM(CONTROL), 4, 4096, ctl_request },
	{ M_CTL_CANCEL, FROM(CONTROL), 0, 0, ctl_late },
	{ M_CTL_MORE, FROM(CONTROL), 0, 0, ctl_late }
};

void
bgpe_main(const struct child_args *args)
{
	listen_init(&bgpe.listeners, false, accepted);
	child_start(&bgpe.proc, PROC_BGPE, args, rules,
	    sizeof(rules) / sizeof(rules[0]), &bgpe);
	bgpe.proc.drained = drained;
	conn_init(&bgpe);
	child_run(&bgpe.proc, stop);
}
