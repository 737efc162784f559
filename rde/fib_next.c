/* SPDX-License-Identifier: ISC */
/*
 * Two FIBs of one family: one that is built anew beside one that stands still.
 * The mark in a tree's entry is of one queue only; it goes with the items to
 * whoever works, and the other keeps but the areas they lie in.
 */
#include <sys/socket.h>

#include <stdlib.h>

#include "fib.h"

static void
area_mark(struct fib *f, const struct key *k, unsigned int len)
{
	if (!in_dir(f, k, len))
		f->root = true;
	if (in_dir(f, k, len) && len > f->depth)
		slots_mark(f, slot_of(f, k), 1);
	else if (in_dir(f, k, len) || len < FIB6_DIR_SKIP)
		slots_mark_prefix(f, k, len);
}

void
fib_dirty_area(struct fib *f, const struct prefix *p)
{
	struct key k = key_from(&p->addr);

	fib_audit_changed(f);
	area_mark(f, &k, p->len);
}

static int
item_move(struct fib *f, struct fib *from, const struct fib_item *it,
    unsigned int cause)
{
	struct tree_ent *e;
	struct prefix p;

	memset(&p, 0, sizeof(p));
	p.addr.af = (uint8_t)tree_af(f->tree);
	key_to(&it->key, &p.addr);
	p.len = (uint8_t)it->len;
	if ((e = tree_get(f->tree, &p)) != NULL)
		e->leaf &= ~ENT_DIRTY;
	area_mark(from, &it->key, it->len);
	return (fib_dirty_by(f, &p, cause));
}

static int
queue_move(struct fib *f, struct fib *from, struct fib_queue *q,
    unsigned int cause)
{
	for (; q->head < q->tail; q->head++)
		if (item_move(f, from, &q->items[q->head], cause) == -1)
			return (-1);
	free(q->items);
	memset(q, 0, sizeof(*q));
	return (0);
}

int
fib_inherit(struct fib *f, struct fib *from)
{
	unsigned int i;

	fib_audit_changed(from);
	for (; from->batch_done < from->batch_n; from->batch_done++)
		if (item_move(f, from, &from->batch[from->batch_done],
			from->last) == -1)
			return (-1);
	/* what had one cause has one still; its number does not matter */
	for (i = 0; i < FIB_QUEUES; i++)
		if (queue_move(f, from, &from->queues[i], i) == -1)
			return (-1);
	from->ready = 0;
	return (queue_move(f, from, &from->stuck, 0));
}

bool
fib_built(const struct fib *f)
{
	return (!slots_todo(f) && slots_stuck(f) == 0 && !plan_pending(f));
}
