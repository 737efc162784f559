/* SPDX-License-Identifier: ISC */
/*
 * The audit of one family, slice by slice: the image against the tree, by
 * compiling what ought to change nothing, and the tables against the image, by
 * words that were read back. Repairs go the way of all writes.
 */
#include <errno.h>
#include <stdlib.h>

#include "fib.h"

struct fib_audit {
	fib_differs_fn *differs;
	void *arg;
	bool tree; /* the image is compared with it */
	bool watch; /* whatever is planned is a difference */
	bool asked; /* the words below are being read */
	bool pool; /* the direct array is done */
	uint32_t next; /* word that comes next */
	struct fib_words at;
	uint32_t words[TABLE_READ_MAX];
	uint64_t live[TABLE_READ_MAX / 128]; /* by units */
};

void
live_mark(struct fib *f, uint32_t ref, bool on)
{
	uint32_t u = node_unit(ref), end = u + node_size(f, ref);

	for (; u < end; u++)
		if (on)
			f->live[u / 64] |= 1ULL << (u % 64);
		else
			f->live[u / 64] &= ~(1ULL << (u % 64));
}

static bool
unit_live(const struct fib *f, uint32_t u)
{
	/* unit 0 has the root word */
	return (u == 0 ? f->v6 : f->live[u / 64] >> (u % 64) & 1);
}

static uint32_t *
image_word(const struct fib *f, bool dir, uint32_t index)
{
	if (dir)
		return (f->dir + index);
	return ((uint32_t *)pool_at(&f->pool, 0) + index);
}

int
fib_audit_start(struct fib *f, bool tree, fib_differs_fn *differs, void *arg)
{
	if (f->audit == NULL &&
	    (f->audit = calloc(1, sizeof(*f->audit))) == NULL)
		return (-1);
	f->audit->differs = differs;
	f->audit->arg = arg;
	f->audit->tree = tree;
	f->audit->watch = f->audit->asked = f->audit->pool = false;
	f->audit->next = 0;
	return (0);
}

/* Words as they are in the tables when all writes so far have been made. */
static void
snapshot(struct fib *f, struct fib_audit *a)
{
	uint32_t i, u;

	memcpy(a->words, image_word(f, !a->pool, a->at.index),
	    a->at.count * sizeof(*a->words));
	memset(a->live, a->pool ? 0 : 0xff, sizeof(a->live));
	for (i = 0; a->pool && i < a->at.count; i += 2) {
		u = (a->at.index + i) / 2;
		a->live[i / 128] |= (uint64_t)unit_live(f, u) << (i / 2 % 64);
	}
}

int
fib_audit_next(struct fib *f, struct fib_words *w)
{
	struct fib_audit *a = f->audit;
	uint32_t end;

	if (a == NULL || a->asked || fib_pending(f) > 0) {
		errno = EAGAIN;
		return (-1);
	}
	a->watch = false;
	if (!a->pool && a->next == f->ndir) {
		a->pool = true;
		a->next = 0;
	}
	end = a->pool ? f->pool.top * 2 : f->ndir;
	if (a->next >= end)
		return (0);
	a->at.table = a->pool ? f->pool_table : f->dir_table;
	a->at.index = a->next;
	a->at.count = end - a->next;
	if (a->at.count > TABLE_READ_MAX)
		a->at.count = TABLE_READ_MAX;
	snapshot(f, a);
	if (!a->pool && a->tree) {
		a->watch = true;
		slots_mark(f, a->at.index, a->at.count);
		f->root |= f->v6 && a->at.index == 0;
	}
	a->next += a->at.count;
	a->asked = true;
	*w = a->at;
	return (1);
}

/* Words that differ are stored again as they are to be now. */
static void
repair(struct fib *f, const struct fib_difference *d)
{
	bool dir = d->table == f->dir_table;

	if (dir || unit_live(f, d->index / 2))
		plan_store(f, dir, d->index, *image_word(f, dir, d->index));
}

int
fib_audit_words(struct fib *f, const uint32_t *words)
{
	struct fib_audit *a = f->audit;
	struct fib_difference d;
	uint32_t i;

	if (a == NULL || !a->asked) {
		errno = EINVAL;
		return (-1);
	}
	a->asked = false;
	/* what cannot be repaired now is found again in the next round */
	if (memcmp(words, a->words, a->at.count * sizeof(*words)) == 0 ||
	    plan_pending(f))
		return (0);
	memset(&d, 0, sizeof(d));
	d.table = a->at.table;
	for (i = 0; i < a->at.count; i++) {
		if (words[i] == a->words[i] ||
		    !(a->live[i / 128] >> (i / 2 % 64) & 1))
			continue;
		d.index = a->at.index + i;
		d.found = words[i];
		d.expected = a->words[i];
		a->differs(a->arg, &d);
		repair(f, &d);
	}
	return (plan_close(f));
}

/* What is compiled from here on may differ from what is there. */
void
fib_audit_changed(struct fib *f)
{
	if (f->audit != NULL)
		f->audit->watch = false;
}

void
fib_audit_planned(struct fib *f)
{
	struct fib_audit *a = f->audit;
	struct fib_plan *p = &f->plan;
	struct fib_difference d;
	uint32_t i;

	if (a == NULL || !a->watch)
		return;
	memset(&d, 0, sizeof(d));
	d.image = true;
	for (i = 0; i < p->nstores; i++) {
		d.table = p->dir[i] ? f->dir_table : f->pool_table;
		d.index = p->index[i];
		d.found = *image_word(f, p->dir[i], p->index[i]);
		d.expected = p->word[i];
		a->differs(a->arg, &d);
	}
}

uint32_t
fib_audit_percent(const struct fib *f)
{
	const struct fib_audit *a = f->audit;
	uint64_t done;

	if (a == NULL)
		return (0);
	done = a->next + (a->pool ? f->ndir : 0U);
	return ((uint32_t)(done * 100 / (f->ndir + f->pool.top * 2ULL)));
}
