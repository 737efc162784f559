/* SPDX-License-Identifier: ISC */
/*
 * How much memory the kernel's tables and the processes take.  What lies in
 * the tables is rde's to say; who asks puts both together.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"

struct answer {
	struct proc	*p;
	uint32_t	 id;
	const char	*suffix;	/* of a table's name */
};

static void
reply(struct answer *a, const char *owner, const char *what, uint64_t bytes,
    uint64_t used, uint64_t items)
{
	struct ctl_memory	 r;

	memset(&r, 0, sizeof(r));
	strlcpy(r.owner, owner, sizeof(r.owner));
	snprintf(r.what, sizeof(r.what), "%s%s", what, a->suffix);
	r.bytes = bytes;
	r.used = used;
	r.items = items;
	ctl_reply(a->p, a->id, REC_MEMORY, &r);
}

static void
table(void *arg, const char *name, uint64_t bytes, uint64_t used,
    uint64_t items)
{
	reply(arg, "kernel", name, bytes, used, items);
}

const char *
memory_answer(struct proc *p, uint32_t id, struct ibuf *body)
{
	struct answer	 a = { p, id, "" };
	uint64_t	 page = sysconf(_SC_PAGESIZE), resident, own;
	enum proc_id	 proc;

	dp_memory_own(parent.dp, table, &a);
	dp_memory_shared(parent.dp, table, &a);
	if (parent.next != NULL) {
		a.suffix = ", next";
		dp_memory_own(parent.next, table, &a);
		a.suffix = "";
	}
	for (proc = 0; proc < PROC_MAX; proc++)
		if (privsep_memory(proc, &resident, &own) == 0)
			reply(&a, proc_name(proc), "process", resident * page,
			    own * page, 0);
	return (NULL);
}
