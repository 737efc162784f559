/* SPDX-License-Identifier: ISC */
/*
 * Tables that are built anew beside those that programs use: begun when the
 * parent has some, committed when they are complete and acknowledged. From
 * then on, or if it comes to nothing, everything goes on as in one generation.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../lib/log.h"
#include "shell.h"

static int64_t
now_ms(void)
{
	struct timespec	ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		fatal("clock_gettime");
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

int
rebuild_fibs(struct rde *rde, const struct msg_table_info *info,
    struct fib *fibs[2])
{
	struct writer	*w;
	int		 i;

	w = &rde->writers[0];
	if (w->generation != info->generation)
		w = &rde->writers[1];
	for (i = 0; i < 2; i++) {
		fibs[i] = fib_new(rde->family[i].tree,
		    i == 0 ? info->units4 : info->units6, drain_write, w);
		if (fibs[i] == NULL) {
			if (i == 1)
				fib_free(fibs[0]);
			return (-1);
		}
		fib_dirty_all(fibs[i]);
	}
	return (0);
}

static void
lower(struct id_limits *to, uint32_t nexthops, uint32_t groups)
{
	if (to->nexthops > nexthops)
		to->nexthops = nexthops;
	if (to->groups > groups)
		to->groups = groups;
}

void
rebuild_limits(struct rde *rde)
{
	struct id_limits	l;

	l.nexthops = rde->tables.nexthops;
	l.groups = rde->tables.groups;
	if (rde->next.generation != 0)
		lower(&l, rde->next.nexthops, rde->next.groups);
	if (rde->limits.nexthops != 0)
		lower(&l, rde->limits.nexthops, rde->limits.groups);
	if (rde->staged.nexthops != 0)
		lower(&l, rde->staged.nexthops, rde->staged.groups);
	nexthop_limit(rde->nexthops, l.nexthops);
	group_limit(rde->groups, l.groups);
}

const char *
rebuild_stage(struct rde *rde, const struct config *c)
{
	static char	why[128];
	uint32_t	nexthops, groups, id, routes;

	nexthops = c->nexthops_max + LEAF_ID_FIRST;
	groups = c->ecmp_groups_max + GROUP_FIRST;
	if ((id = nexthop_next(rde->nexthops, nexthops, &routes)) !=
	    LEAF_ID_NONE) {
		snprintf(why, sizeof(why), "nexthops-max-entries %u: the next "
		    "hop with id %u is in use", c->nexthops_max, id);
		return (why);
	}
	for (id = groups; id < rde->tables.groups; id++) {
		if (group_get(rde->groups, id) == NULL)
			continue;
		snprintf(why, sizeof(why), "ecmp-groups-max-entries %u: the "
		    "group with id %u is in use", c->ecmp_groups_max, id);
		return (why);
	}
	/* none of what would be too high comes to be before it is committed */
	rde->staged.nexthops = nexthops;
	rde->staged.groups = groups;
	rebuild_limits(rde);
	return (NULL);
}

void
rebuild_staged(struct rde *rde, bool committed)
{
	if (committed)
		rde->limits = rde->staged;
	rde->staged.nexthops = rde->staged.groups = 0;
	rebuild_limits(rde);
}

/* No generation is being built any more. */
static void
ended(struct rde *rde)
{
	rde->next.generation = 0;
	rebuild_limits(rde);
	rde_schedule(rde);
}

/* The one that programs use goes on, and has to do what is not done. */
static void
undo(struct rde *rde)
{
	struct family	*fam;
	int		 i;

	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		if (fib_inherit(fam->fib, fam->next) == -1)
			fatal("%s table", drain_af_name(fam->af));
		fib_free(fam->next);
		fam->next = NULL;
		fam->next_epoch = 0;
		fam->full = fam->drained = false;
		fam->retries = 0;
	}
	ended(rde);
}

static void
give_up(struct rde *rde)
{
	struct msg_u32	m = { rde->next.generation };

	msg_send(&rde->proc, PROC_PARENT, M_GENERATION_ABORT, 0,
	    &record_msg_u32, &m);
}

void
rebuild_begin(struct rde *rde, const struct msg_table_info *info)
{
	struct writer	*w;
	struct family	*fam;
	struct fib	*fibs[2];
	int		 i;

	if (rde->next.generation != 0)
		fatalx("tables of generation %u while %u is being built",
		    info->generation, rde->next.generation);
	rde->next = *info;
	rde->next_since = now_ms();
	rde->next_sealed = rde->next_sent = false;
	w = &rde->writers[!rde->writer];
	w->rde = rde;
	w->generation = info->generation;
	if (rebuild_fibs(rde, info, fibs) == -1) {
		log_warn("no memory for tables beside those in use");
		give_up(rde);
		ended(rde);
		rde_policy(rde);
		return;
	}
	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		fam->next = fibs[i];
		fam->next_built = false;
		fam->full = false;
		fam->retries = 0;
		if (fib_inherit(fam->next, fam->fib) == -1)
			fatal("%s table", drain_af_name(fam->af));
	}
	rebuild_limits(rde);
	group_rewrite(rde->groups);
	/* what is no longer allowed goes with the old tables */
	rde_policy(rde);
	rde_revoke(rde);
	rde_schedule(rde);
}

/*
 * Tables that are too small are given up, unless those in use are that, too:
 * then a family passes in both, and the new mode or size is all the same
 * wanted.
 */
static void
full(struct rde *rde, struct family *fam)
{
	struct fib_stats	st;

	fam->full = true;
	fib_stats(fam->next, &st);
	if (st.units_waiting > 0 && fam->retries < DRAIN_RETRIES)
		return;
	if (fam->overflow) {
		fam->policy = true;
		drain_lower(rde, fam, FAMILY_NOT_READY);
		fam->next_built = true;
		return;
	}
	log_warnx("%s: %u routes do not fit the new table of %u units: the "
	    "one in use stays; raise %s", drain_af_name(fam->af),
	    rib_prefixes(rde->rib, fam->af), st.units,
	    fam->af == AF_INET ? "fib-v4-max-entries" : "fib-v6-max-entries");
	give_up(rde);
	undo(rde);
}

bool
rebuild_work(struct rde *rde, struct family *fam)
{
	bool	more;

	switch (fib_step(fam->next, DRAIN_NODES)) {
	case 0:
		fam->full = false;
		more = false;
		break;
	case 1:
		more = true;
		break;
	default:
		if (errno == ENOSPC && !fam->next_built)
			full(rde, fam);
		else if (errno != EAGAIN && errno != ENOSPC)
			fatal("%s table", drain_af_name(fam->af));
		return (false);
	}
	/* Changes keep coming; once it was complete it is no further behind
	   than the tables in use would be. */
	fam->next_built |= fib_built(fam->next);
	return (more);
}

void
rebuild_step(struct rde *rde)
{
	struct msg_u32	m = { rde->next.generation };

	if (rde->next.generation == 0 || rde->next_sent)
		return;
	if (!rde->family[0].next_built || !rde->family[1].next_built) {
		rde->next_sealed = false;
		return;
	}
	if (!rde->next_sealed) {
		rde->next_sealed = true;
		rde->next_seq = rde->sent;
	}
	if ((int32_t)(rde->acked - rde->next_seq) < 0)
		return;
	log_info("generation %u: %u prefixes compiled in %lld ms",
	    rde->next.generation, rib_prefixes(rde->rib, AF_INET) +
	    rib_prefixes(rde->rib, AF_INET6),
	    (long long)(now_ms() - rde->next_since));
	msg_send(&rde->proc, PROC_PARENT, M_GENERATION_COMMIT, 0,
	    &record_msg_u32, &m);
	rde->next_sent = true;
}

void
rebuild_done(struct rde *rde, uint32_t generation)
{
	struct family	*fam;
	int		 i;

	if (!rde->next_sent || generation != rde->next.generation)
		fatalx("generation %u is done, but was not committed",
		    generation);
	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		fib_free(fam->fib);
		fam->fib = fam->next;
		fam->next = NULL;
		fam->epoch = fam->next_epoch;
		fam->next_epoch = 0;
		fam->full = fam->drained = false;
		fam->retries = 0;
	}
	rde->tables = rde->next;
	rde->writer = !rde->writer;
	ended(rde);
}

void
rebuild_failed(struct rde *rde, uint32_t generation)
{
	/* none could be made: in place, then */
	if (generation == 0) {
		rde_policy(rde);
		return;
	}
	if (!rde->next_sent || generation != rde->next.generation)
		fatalx("generation %u has failed, but was not committed",
		    generation);
	undo(rde);
}
