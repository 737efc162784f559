/* SPDX-License-Identifier: ISC */
/* Staging of a config in a child. It judges nothing. */
#include <stdlib.h>

#include "log.h"
#include "msg.h"
#include "stage.h"

void
stage_data(struct stage *s, struct imsg *m)
{
	size_t	n = ibuf_left(&m->body);

	if (s->wire == NULL && (s->wire = ibuf_new(CONFIG_MAX)) == NULL)
		fatal(NULL);
	if (ibuf_put(s->wire, ibuf_take(&m->body, n), n) == -1)
		fatal("config from the parent");
}

void
stage_end(struct stage *s)
{
	config_free(s->next);
	s->next = s->wire == NULL ? NULL : config_get(s->wire);
	if (s->next == NULL)
		fatal("config from the parent");
	ibuf_free(s->wire);
	s->wire = NULL;
}

void
stage_ready(struct proc *p, const struct imsg *m)
{
	proc_send(p, PROC_PARENT, M_CONFIG_READY, m->hdr.id, -1, NULL, 0);
}

void
stage_refuse(struct stage *s, struct proc *p, const struct imsg *m,
    const char *reason)
{
	struct ibuf	*b;

	stage_abort(s);
	if ((b = imsg_create()) == NULL)
		fatal(NULL);
	ibuf_put_str(b, reason);
	proc_send_ibuf(p, PROC_PARENT, M_CONFIG_REASON, m->hdr.id, -1, b);
}

struct config *
stage_take(struct stage *s)
{
	struct config	*c = s->next;

	if (c == NULL)
		fatalx("commit of a config that was not staged");
	s->next = NULL;
	return (c);
}

void
stage_abort(struct stage *s)
{
	ibuf_free(s->wire);
	s->wire = NULL;
	config_free(s->next);
	s->next = NULL;
}
