/* SPDX-License-Identifier: ISC */
/*
 * Areas that are compiled whole: slots of the direct array, and the root word
 * of IPv6 with everything outside of 2000::/4. One that is too large for one
 * plan is done slice by slice. Only marks and order; what a word ought to be
 * is not known here.
 */
#include <sys/socket.h>

#include "fib.h"

void
slots_mark(struct fib *f, uint32_t from, uint32_t n)
{
	uint32_t g, end = from + n;
	uint64_t m;

	if (f->nslots == 0)
		f->next = from; /* nothing to look for before */
	for (; from < end; from = (g + 1) * GROUP) {
		g = from / GROUP;
		m = ~0ULL << (from % GROUP);
		if (end < (g + 1) * GROUP)
			m &= (1ULL << (end % GROUP)) - 1;
		f->nslots += bits64(m & ~f->slots[g]);
		f->slots[g] |= m;
	}
}

void
slots_mark_prefix(struct fib *f, const struct key *k, unsigned int len)
{
	if (in_dir(f, k, len))
		slots_mark(f, slot_of(f, k), 1U << (f->depth - len));
	else if (len == 0 ||
	    (k->hi ^ (uint64_t)DIR6_TOP << 60) >> (64 - len) == 0)
		slots_mark(f, 0, f->ndir); /* 2000::/4 is in it */
}

void
slots_unstick(struct fib *f, const struct key *k, unsigned int len)
{
	uint32_t g = 0, end = f->ndir / GROUP;
	uint64_t m = ~0ULL;

	if (k != NULL && in_dir(f, k, len)) {
		if (len <= f->depth)
			return;
		g = slot_of(f, k) / GROUP;
		end = g + 1;
		m = 1ULL << (slot_of(f, k) % GROUP);
	} else {
		f->root |= f->root_stuck;
		f->root_stuck = false;
		if (k != NULL)
			return;
	}
	if (f->nslots_stuck == 0)
		return;
	for (; g < end; g++) {
		if ((f->slots_stuck[g] & m) == 0)
			continue;
		f->nslots += bits64(f->slots_stuck[g] & m & ~f->slots[g]);
		f->slots[g] |= f->slots_stuck[g] & m;
		f->nslots_stuck -= bits64(f->slots_stuck[g] & m);
		f->slots_stuck[g] &= ~m;
	}
}

static bool
slots_only_todo(const struct fib *f)
{
	return (f->nslots > 0 || f->slot_part.open);
}

static bool
root_todo(const struct fib *f)
{
	return (f->root || f->root_part.open);
}

bool
slots_todo(const struct fib *f)
{
	return (slots_only_todo(f) || root_todo(f));
}

size_t
slots_stuck(const struct fib *f)
{
	return (f->nslots_stuck + f->root_stuck);
}

size_t
slots_pending(const struct fib *f)
{
	return (f->nslots + f->slot_part.open + f->root + f->root_part.open +
	    slots_stuck(f));
}

void
slice_begin(struct fib *f, const struct key *from)
{
	memset(&f->slice, 0, sizeof(f->slice));
	f->slice.end = f->work + FIB_SLICE;
	if (from != NULL) {
		f->slice.resume = true;
		f->slice.from = *from;
	}
}

static struct key
group_key(const struct fib *f, uint32_t g)
{
	struct key k = { 0, 0 };

	k.hi = (uint64_t)g << (64 - (f->depth - STRIDE));
	if (f->v6)
		k.hi |= (uint64_t)DIR6_TOP << 60;
	return (k);
}

/* Close what was planned of an area: is it done, to go on, or stuck? */
static int
part_close(struct fib *f, struct fib_part *part, uint32_t slot)
{
	part->open = false;
	if (plan_close(f) == -1)
		return (-1);
	fib_audit_planned(f);
	part->open = f->slice.stopped;
	part->from = f->slice.stop;
	part->slot = slot;
	return (0);
}

static int
root_step(struct fib *f)
{
	struct fib_part *part = &f->root_part;
	struct key zero = { 0, 0 };
	uint32_t kid, leaf, old, now;

	slice_begin(f, part->open ? &part->from : NULL);
	if (!part->open)
		f->root = f->root_stuck = false;
	memcpy(&old, pool_at(&f->pool, 0), sizeof(old));
	kid = compile_walk(f, &zero, 0, &leaf);
	now = compile_all(f, kid, old, 0, leaf);
	if (now != old)
		plan_store(f, false, 0, now);
	if (part_close(f, part, 0) == 0)
		return (0);
	f->root_stuck = true;
	return (-1);
}

/* Plan of these slots of a group what one plan takes; returns which were
   tried. The last of them may have been cut. */
static uint64_t
group_plan(struct fib *f, uint32_t g, uint64_t which, const struct key *from,
    uint64_t work_end)
{
	uint32_t leaves[GROUP], kid, leaf, slot, now;
	struct tnode *n = NULL;
	struct key k = group_key(f, g);
	uint64_t m, tried = 0, plan_end = f->work + FIB_SLICE;
	unsigned int i;

	f->work++;
	if ((kid = compile_walk(f, &k, f->depth - STRIDE, &leaf)) != 0) {
		n = tnode_at(f->tree, kid);
		compile_leaves(n, leaf, leaves);
	}
	for (m = which; m != 0; m &= m - 1) {
		i = (unsigned int)__builtin_ctzll(m);
		slot = g * GROUP + i;
		tried |= 1ULL << i;
		if (n != NULL)
			leaf = leaves[i];
		kid = n != NULL ? tnode_kid(n, i) : 0;
		now = leaf;
		slice_begin(f, from);
		if (kid != 0 || f->dir[slot] & FIB_NODE)
			now = compile_all(f, kid, f->dir[slot], f->depth, leaf);
		if (f->plan.error != 0)
			break;
		if (now != f->dir[slot])
			plan_store(f, true, slot, now);
		if (f->slice.stopped || f->work >= plan_end ||
		    f->work >= work_end)
			break;
	}
	return (tried);
}

static int
group_close(struct fib *f, uint32_t g, uint64_t tried)
{
	uint32_t last = 63 - (uint32_t)__builtin_clzll(tried);

	return (part_close(f, &f->slot_part, g * GROUP + last));
}

/* The slots that were tried are done, or at least begun; or stuck. */
static void
group_tried(struct fib *f, uint32_t g, uint64_t tried, bool failed)
{
	f->nslots -= bits64(f->slots[g] & tried);
	f->slots[g] &= ~tried;
	f->nslots_stuck -= bits64(f->slots_stuck[g] & tried);
	f->slots_stuck[g] &= ~tried;
	if (failed) {
		f->slots_stuck[g] |= tried;
		f->nslots_stuck += bits64(tried);
	}
}

static int
part_step(struct fib *f)
{
	struct key from = f->slot_part.from;
	uint32_t slot = f->slot_part.slot, g = slot / GROUP;
	uint64_t m = 1ULL << (slot % GROUP);

	(void)group_plan(f, g, m, &from, 0);
	if (group_close(f, g, m) == 0)
		return (0);
	/* if it is marked anew, that is all the same now */
	group_tried(f, g, m, true);
	return (-1);
}

static int
dir_step(struct fib *f, uint64_t work_end)
{
	uint64_t which, tried;
	uint32_t g;
	int ret;

	if (f->slot_part.open)
		return (part_step(f));
	/* on from where we were: a slot that is marked again and again must
	   not keep the others waiting */
	for (;;) {
		g = f->next / GROUP;
		which = f->slots[g] & ~0ULL << (f->next % GROUP);
		if (which != 0)
			break;
		f->next = (g + 1) * GROUP % f->ndir;
	}
	tried = group_plan(f, g, which, NULL, work_end);
	ret = group_close(f, g, tried);
	if (ret == -1 && tried & (tried - 1)) {
		/* one of many does not fit: find out which */
		tried = group_plan(f, g, which & -which, NULL, work_end);
		ret = group_close(f, g, tried);
	}
	group_tried(f, g, tried, ret == -1);
	f->next = (g * GROUP + 64 - (uint32_t)__builtin_clzll(tried)) % f->ndir;
	return (ret);
}

int
slots_step(struct fib *f, uint64_t work_end)
{
	f->root_turn = root_todo(f) && (!slots_only_todo(f) || !f->root_turn);
	if (f->root_turn)
		return (root_step(f));
	return (dir_step(f, work_end));
}
