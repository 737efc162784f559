/* SPDX-License-Identifier: ISC */
/* The control process: its rules, its config, its listening sockets. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/mains.h"
#include "../lib/stage.h"
#include "control.h"

#define SOCKETS_MAX	16

static struct {
	struct proc	 proc;
	struct stage	 stage;
	struct config	*conf;
	unsigned int	 nsockets;
} control;

static void
connection(evutil_socket_t fd, short what, void *arg)
{
	client_accept(&control.proc, fd, arg != NULL);
}

static void
config_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_data(&control.stage, m);
}

static void
config_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_end(&control.stage);
	stage_ready(p, m);
}

static void
config_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	config_free(control.conf);
	control.conf = stage_take(&control.stage);
	client_policy_changed();
}

static void
config_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_abort(&control.stage);
}

static void
control_socket(struct proc *p, enum proc_id from, struct imsg *m)
{
	static char	 restricted[1];
	struct msg_u32	 u;
	struct event	*ev;

	msg_get(m, &record_msg_u32, &u);
	if (m->fd == -1 || control.nsockets == SOCKETS_MAX)
		fatalx("control socket %u", control.nsockets);
	ev = event_new(p->base, m->fd, EV_READ | EV_PERSIST, connection,
	    u.value ? restricted : NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("event_new");
	m->fd = -1;
	control.nsockets++;
}

static void
record(struct proc *p, enum proc_id from, struct imsg *m)
{
	client_record(p, from, m);
}

static void
record_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	client_end(p, from, m);
}

struct policy_walk {
	struct client	*cl;
	uint32_t	 n;		/* lines so far */
};

static void
policy_line(void *arg, const char *section, const char *directive,
    const char *args)
{
	struct policy_walk	*w = arg;
	struct ctl_policy	 r;

	w->n++;
	if (w->n <= w->cl->line || w->n > w->cl->line + POLICY_WINDOW)
		return;
	memset(&r, 0, sizeof(r));
	strlcpy(r.directive, directive, sizeof(r.directive));
	strlcpy(r.text, args, sizeof(r.text));
	client_send(w->cl, REC_POLICY, &r);
}

bool
control_policy(struct client *cl)
{
	struct policy_walk	w = { cl, 0 };

	if (control.conf != NULL)
		config_lines(control.conf, true, policy_line, &w);
	cl->line += POLICY_WINDOW;
	return (w.n <= cl->line);
}

#define ANSWERERS	(FROM(PARENT) | FROM(RDE) | FROM(BGPE) | FROM(BMPE))

static const struct msg_rule rules[] = {
	{ M_CONFIG_DATA,    FROM(PARENT), 1, IMSG_BODY_MAX, config_data },
	{ M_CONFIG_END,	    FROM(PARENT), 0, 0, config_end },
	{ M_CONFIG_COMMIT,  FROM(PARENT), 0, 0, config_commit },
	{ M_CONFIG_ABORT,   FROM(PARENT), 0, 0, config_abort },
	{ M_CONTROL_SOCKET, FROM(PARENT), 4, 4, control_socket },
	{ M_CTL_RECORD,	    ANSWERERS,	  4, IMSG_BODY_MAX, record },
	{ M_CTL_END,	    ANSWERERS,	  1, 1024, record_end },
};

void
control_main(const struct child_args *args)
{
	child_start(&control.proc, PROC_CONTROL, args, rules,
	    sizeof(rules) / sizeof(rules[0]), &control);
	control.proc.closed = client_lost;
	child_run(&control.proc, NULL);
}
