/* SPDX-License-Identifier: ISC */
/*
 * The BMP process: its messages, its config and its listeners, which the
 * parent has bound. It has no right to open anything itself.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/mains.h"
#include "bmpe.h"

static struct bmpe bmpe;

static void
accepted(struct listener *l, int fd, const struct sockaddr *sa)
{
	station_accept(&bmpe, l, fd, sa);
}

static void
listener_staged(struct proc *p, enum proc_id from, struct imsg *m)
{
	listen_staged(&bmpe.listeners, m);
}

static void
config_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_data(&bmpe.stage, m);
}

static void
config_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_end(&bmpe.stage);
	listen_check(&bmpe.listeners, bmpe.stage.next);
	stage_ready(p, m);
}

static void
config_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct config *old = bmpe.conf;

	bmpe.conf = stage_take(&bmpe.stage);
	listen_commit(&bmpe.listeners, p->base, bmpe.conf);
	config_free(old);
}

static void
config_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	listen_abort(&bmpe.listeners);
	stage_abort(&bmpe.stage);
}

static void
drained(struct proc *p, enum proc_id to)
{
	if (to == PROC_RDE)
		station_pause(&bmpe, false);
}

static void
stop(struct proc *p)
{
	station_shutdown(&bmpe);
}

static const struct msg_rule rules[] = {
	{ M_CONFIG_DATA, FROM(PARENT), 1, IMSG_BODY_MAX, config_data },
	{ M_CONFIG_END, FROM(PARENT), 0, 0, config_end },
	{ M_CONFIG_COMMIT, FROM(PARENT), 0, 0, config_commit },
	{ M_CONFIG_ABORT, FROM(PARENT), 0, 0, config_abort },
	{ M_LISTENER, FROM(PARENT), 4, 4, listener_staged },
	{ M_CTL_REQUEST, FROM(CONTROL), 4, 4096, bmpe_ctl_request },
	{ M_CTL_CANCEL, FROM(CONTROL), 0, 0, bmpe_ctl_cancel },
	{ M_CTL_MORE, FROM(CONTROL), 0, 0, bmpe_ctl_more }
};

void
bmpe_main(const struct child_args *args)
{
	listen_init(&bmpe.listeners, true, accepted);
	TAILQ_INIT(&bmpe.stations);
	child_start(&bmpe.proc, PROC_BMPE, args, rules,
	    sizeof(rules) / sizeof(rules[0]), &bmpe);
	bmpe.proc.drained = drained;
	child_run(&bmpe.proc, stop);
}
