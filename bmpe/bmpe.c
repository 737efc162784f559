/* SPDX-License-Identifier: ISC */
/*
 * BMP engine: the process that will talk to routers' BMP exporters. It takes
 * part in config transactions and answers control; it has no station, and a
 * config that asks for one is refused before it gets here.
 */
#include <stddef.h>

#include "../lib/mains.h"
#include "../lib/msg.h"
#include "../lib/stage.h"

static struct {
	struct proc	 proc;
	struct stage	 stage;
	struct config	*conf;
} bmpe;

static void
config_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_data(&bmpe.stage, m);
}

static void
config_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	uint32_t i;

	stage_end(&bmpe.stage);
	for (i = 0; i < bmpe.stage.next->nsources; i++) {
		if (bmpe.stage.next->sources[i].bmp) {
			stage_refuse(&bmpe.stage, p, m,
			    "route-source bmp is not supported yet");
			return;
		}
	}
	stage_ready(p, m);
}

static void
config_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	config_free(bmpe.conf);
	bmpe.conf = stage_take(&bmpe.stage);
}

static void
config_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_abort(&bmpe.stage);
}

static void
ctl_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	ctl_reply_end(p, m->hdr.id, "no BMP station is running");
}

/* The answer to a request is complete before its cancellation can come. */
static void
ctl_late(struct proc *p, enum proc_id from, struct imsg *m)
{
}

static const struct msg_rule rules[] = {
	{ M_CONFIG_DATA, FROM(PARENT), 0, IMSG_BODY_MAX, config_data },
	{ M_CONFIG_END, FROM(PARENT), 0, 0, config_end },
	{ M_CONFIG_COMMIT, FROM(PARENT), 0, 0, config_commit },
	{ M_CONFIG_ABORT, FROM(PARENT), 0, 0, config_abort },
	{ M_CTL_REQUEST, FROM(CONTROL), 4, 4096, ctl_request },
	{ M_CTL_CANCEL, FROM(CONTROL), 0, 0, ctl_late },
	{ M_CTL_MORE, FROM(CONTROL), 0, 0, ctl_late },
};

void
bmpe_main(const struct child_args *args)
{
	child_start(&bmpe.proc, PROC_BMPE, args, rules,
	    sizeof(rules) / sizeof(rules[0]), NULL);
	child_run(&bmpe.proc, NULL);
}
