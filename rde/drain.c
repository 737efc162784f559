/* SPDX-License-Identifier: ISC */
/*
 * From the trees to the parent's tables: batches of writes and their
 * acknowledgement, grace periods, and what each family's state is. The sets of
 * what is to be written are the FIB's and bounded by the number of prefixes, so
 * nothing piles up here when the parent is slow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "shell.h"

#define BATCH_BYTES	(48 * 1024)
#define BATCHES_MAX	16	/* not acknowledged */
#define WRITE_HEAD	12	/* table, index, count */

/*
 * A neighbor that never sends End-of-RIB (RFC 4724 s. 2) has sent all it has
 * after so many seconds.
 */
#define CONVERGE_TIME	60

const char *
drain_af_name(int af)
{
	return (af == AF_INET ? "IPv4" : "IPv6");
}

/* Sequence numbers wrap. */
static bool
seq_reached(uint32_t have, uint32_t want)
{
	return ((int32_t)(have - want) >= 0);
}

static uint32_t
batches_open(const struct rde *rde)
{
	return (rde->sent - rde->acked);
}

static void
batch_send(struct rde *rde)
{
	if (rde->batch == NULL)
		return;
	proc_send_ibuf(&rde->proc, PROC_PARENT, M_TABLE_WRITE, 0, -1,
	    rde->batch);
	rde->batch = NULL;
}

/* Bytes that the open batch still takes. */
static size_t
batch_room(const struct rde *rde)
{
	if (rde->batch == NULL || rde->batch->wpos >= BATCH_BYTES)
		return (0);
	return (BATCH_BYTES - rde->batch->wpos);
}

int
drain_write(void *arg, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	const struct writer	*to = arg;
	struct rde		*rde = to->rde;
	uint32_t		 part;

	/* Taken whole or not at all; one long write may go over the limit. */
	if (batch_room(rde) < WRITE_HEAD + n * sizeof(*words) &&
	    batches_open(rde) >= BATCHES_MAX) {
		errno = EAGAIN;
		return (-1);
	}
	while (n > 0) {
		if (batch_room(rde) < WRITE_HEAD + sizeof(*words))
			batch_send(rde);
		if (rde->batch == NULL) {
			if ((rde->batch = imsg_create()) == NULL)
				fatal("table write");
			ibuf_put_u32(rde->batch, ++rde->sent);
		}
		part = (batch_room(rde) - WRITE_HEAD) / sizeof(*words);
		if (part > n)
			part = n;
		ibuf_put_u32(rde->batch, TABLE_REF(to->generation, table));
		ibuf_put_u32(rde->batch, index);
		ibuf_put_u32(rde->batch, part);
		ibuf_put(rde->batch, words, part * sizeof(*words));
		index += part;
		words += part;
		n -= part;
	}
	return (0);
}

/* To all tables that there are: a group may be written twice, the same. */
static int
write_group(void *arg, uint32_t id, const struct ecmp_group *g)
{
	struct rde	*rde = arg;
	uint32_t	 words[GROUP_WORDS];
	unsigned int	 i;

	memcpy(words, g, sizeof(words));
	for (i = 0; i < 2; i++) {
		if (i != rde->writer && rde->next.generation == 0)
			continue;
		if (drain_write(&rde->writers[i], FIB_TABLE_GROUPS,
		    id * GROUP_WORDS, words, GROUP_WORDS) == -1)
			return (-1);
	}
	return (0);
}

void
drain_init(struct rde *rde)
{
	struct family	*fam;
	int		 i;

	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		fam->af = i == 0 ? AF_INET : AF_INET6;
		fam->tree = rib_tree(rde->rib, fam->af);
		fam->hold = true;
		fam->policy = true;
		fam->state = fam->goal = FAMILY_NOT_READY;
	}
}

void
drain_tables(struct rde *rde, const struct msg_table_info *info)
{
	struct fib	*fibs[2];
	int		 i;

	if (rde->tables.generation != 0) {
		rebuild_begin(rde, info);
		return;
	}
	rde->tables = *info;
	rde->writers[rde->writer].rde = rde;
	rde->writers[rde->writer].generation = info->generation;
	if (rebuild_fibs(rde, info, fibs) == -1)
		fatal("tables of %u and %u units", info->units4,
		    info->units6);
	for (i = 0; i < 2; i++)
		rde->family[i].fib = fibs[i];
	rebuild_limits(rde);
	rde_schedule(rde);
}

void
drain_changed(void *arg, const struct prefix *prefix, int what)
{
	struct rde	*rde = arg;
	struct family	*fam;

	fam = rde_family(rde, prefix->addr.af);
	if (what & RIB_POLICY)
		fam->policy = true;
	if (fam->fib == NULL) {
		/* Nothing was compiled from it, nothing will be. */
		if (what & RIB_EMPTY)
			tree_remove(fam->tree, prefix);
		return;
	}
	/* All routes are compiled when the feed has converged; only what is
	   to go must be dealt with in any case. */
	if (fam->hold && what == 0)
		return;
	if (fam->next != NULL)
		fib_dirty_area(fam->fib, prefix);
	if (fib_dirty_by(fam->next != NULL ? fam->next : fam->fib, prefix,
	    rde->cause) == -1)
		fatal("%s table", drain_af_name(fam->af));
	fam->drained = false;
	rde_schedule(rde);
}

static void
family_tell(struct rde *rde, struct family *fam, uint8_t state)
{
	static const char *const	 names[] = { "not ready", "ready",
		"converged" };
	struct msg_family_state		 m;

	log_debug("%s is %s", drain_af_name(fam->af), names[state]);
	fam->state = state;
	memset(&m, 0, sizeof(m));
	m.af = fam->af;
	m.state = state;
	msg_send(&rde->proc, PROC_PARENT, M_FAMILY_STATE, 0,
	    &record_msg_family_state, &m);
}

void
drain_lower(struct rde *rde, struct family *fam, uint8_t state)
{
	if (fam->goal > state)
		fam->goal = state;
	if (fam->state > state)
		family_tell(rde, fam, state);
}

/* Up only when the parent has stored what the state promises. */
static void
family_raise(struct rde *rde, struct family *fam)
{
	if (fam->goal > fam->state && seq_reached(rde->acked, fam->goal_seq))
		family_tell(rde, fam, fam->goal);
}

/* The tables hold (or will, with the last batch) all of the tree. */
static void
family_drained(struct rde *rde, struct family *fam)
{
	uint8_t	goal;

	if (fam->overflow)
		log_info("%s: everything fits the table again",
		    drain_af_name(fam->af));
	fam->overflow = fam->full = false;
	fam->retries = 0;
	fam->drained = true;
	if (!rde->have_config || !rde->have_locals)
		return;
	fam->policy = false;
	goal = fam->hold ? FAMILY_READY : FAMILY_CONVERGED;
	if (goal > fam->goal) {
		fam->goal = goal;
		fam->goal_seq = rde->sent;
	}
	family_raise(rde, fam);
}

/*
 * Something does not fit. Nodes that wait for a grace period may make room;
 * if they do not, the family goes to the slow path, for a route that is
 * missing would let packets follow one that covers it.
 */
static void
family_full(struct rde *rde, struct family *fam)
{
	struct fib_stats	st;

	fam->full = true;
	fib_stats(fam->fib, &st);
	if (fam->overflow) {
		/* own addresses may be among what does not fit */
		if (fam->policy)
			drain_lower(rde, fam, FAMILY_NOT_READY);
		return;
	}
	if (st.units_waiting > 0 && fam->retries < DRAIN_RETRIES)
		return;
	fam->overflow = true;
	log_warnx("%s: %u routes do not fit the table of %u units: all %s "
	    "packets go to the slow path until they do; raise %s",
	    drain_af_name(fam->af), rib_prefixes(rde->rib, fam->af), st.units,
	    drain_af_name(fam->af), fam->af == AF_INET ?
	    "fib-v4-max-entries" : "fib-v6-max-entries");
	drain_lower(rde, fam, fam->policy ? FAMILY_NOT_READY : FAMILY_READY);
}

/* True: there is more to do now. */
static bool
family_step(struct rde *rde, struct family *fam)
{
	if (fam->fib == NULL)
		return (false);
	if (fam->next != NULL)
		return (rebuild_work(rde, fam));
	switch (fib_step(fam->fib, DRAIN_NODES)) {
	case 0:
		family_drained(rde, fam);
		return (false);
	case 1:
		return (true);
	}
	if (errno == ENOSPC)
		family_full(rde, fam);
	else if (errno != EAGAIN)	/* goes on with the next ack */
		fatal("%s table", drain_af_name(fam->af));
	return (false);
}

/* The stores that unlinked nodes have been made: ask when nobody reads them. */
static void
grace_ask(struct rde *rde)
{
	struct msg_u32	m;

	if (rde->grace != GRACE_WAIT_ACK ||
	    !seq_reached(rde->acked, rde->grace_seq))
		return;
	rde->grace = GRACE_ASKED;
	m.value = ++rde->grace_epoch;
	msg_send(&rde->proc, PROC_PARENT, M_GRACE, 0, &record_msg_u32, &m);
}

/* Do the tables that packets are forwarded by name no more than the RIB? */
static bool
tables_current(const struct rde *rde)
{
	const struct family	*fam;
	int			 i;

	/* one that stands still may name what the RIB has left */
	if (rde->next.generation != 0)
		return (false);
	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		if (!fam->drained && (fam->state == FAMILY_CONVERGED ||
		    fam->goal == FAMILY_CONVERGED))
			return (false);
	}
	return (true);
}

static void
grace_start(struct rde *rde)
{
	struct family	*fam;
	bool		 any;
	int		 i;

	if (rde->grace != GRACE_IDLE)
		return;
	for (any = false, i = 0; i < 2; i++) {
		fam = &rde->family[i];
		fam->epoch = fam->fib == NULL ? 0 : fib_seal(fam->fib);
		fam->next_epoch = fam->next == NULL ? 0 :
		    fib_seal(fam->next);
		any |= fam->epoch != 0 || fam->next_epoch != 0;
	}
	if (tables_current(rde))
		any |= group_seal(rde->groups);
	if (!any)
		return;
	rde->grace = GRACE_WAIT_ACK;
	rde->grace_seq = rde->sent;
	grace_ask(rde);
}

void
drain_grace_done(struct rde *rde, uint32_t epoch)
{
	struct family	*fam;
	int		 i;

	if (rde->grace != GRACE_ASKED || epoch != rde->grace_epoch)
		fatalx("grace period %u was not asked for", epoch);
	rde->grace = GRACE_IDLE;
	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		if (fam->epoch != 0)
			fib_release(fam->fib, fam->epoch);
		if (fam->next_epoch != 0)
			fib_release(fam->next, fam->next_epoch);
		if (fam->full)
			fam->retries++;
	}
	group_release(rde->groups);
	rde_schedule(rde);
}

/*
 * Next hops that nobody uses are dropped once no table that is forwarded by
 * names them: the parent takes the drop behind the writes before it.
 */
static void
reap_nexthops(struct rde *rde)
{
	if (nexthop_idle(rde->nexthops) && tables_current(rde))
		nexthop_reap(rde->nexthops);
}

/* What is no longer allowed goes when what is newly allowed is there. */
static bool
revoke(struct rde *rde)
{
	struct family	*fam;
	int		 i;

	if (rde->nrevoked == 0)
		return (false);
	for (i = 0; i < 2; i++) {
		fam = &rde->family[i];
		if (fam->fib != NULL && !fam->drained && !fam->full)
			return (false);
	}
	rde_revoke(rde);
	return (true);
}

bool
drain_step(struct rde *rde)
{
	bool	more;
	int	i;

	more = false;
	/* No leaf before the group that it names. */
	if (group_write(rde->groups, write_group, rde) == 0) {
		for (i = 0; i < 2; i++) {
			more |= family_step(rde, &rde->family[i]);
			/* it need not wait for the other's */
			batch_send(rde);
		}
	}
	more |= revoke(rde);
	batch_send(rde);
	rebuild_step(rde);
	grace_start(rde);
	reap_nexthops(rde);
	return (more);
}

void
drain_ack(struct rde *rde, uint32_t seq)
{
	/* The open batch has its number already, but was not sent. */
	if (seq_reached(rde->acked, seq) ||
	    !seq_reached(rde->sent - (rde->batch != NULL), seq))
		fatalx("acknowledgement of write %u, expected %u to %u", seq,
		    rde->acked + 1, rde->sent);
	rde->acked = seq;
	family_raise(rde, &rde->family[0]);
	family_raise(rde, &rde->family[1]);
	grace_ask(rde);
	rebuild_step(rde);
	rde_schedule(rde);
}

/* Has a session sent all of a family, as far as one can know? */
static bool
session_complete(const struct session *s, int f, int64_t now)
{
	return (s->eor[f] || now - s->since >= CONVERGE_TIME);
}

/*
 * Every peer that carries this family has sent all of it, and there is one.
 * What is configured gets the time to connect: the first to come may have but
 * a default route.
 */
static bool
feed_complete(struct rde *rde, int f, int64_t now)
{
	struct session	*s;
	int64_t		 since;
	uint64_t	 sources;	/* that have a peer */
	uint32_t	 i, up;
	bool		 any;

	since = now;
	for (any = false, sources = 0, i = 0; i < RIB_PEERS; i++) {
		if (!rib_peer(rde->rib, i)->up)
			continue;
		s = &rde->sessions[i];
		sources |= 1ULL << s->source;
		if (s->since < since)
			since = s->since;
		if (!s->carries[f])
			continue;
		any = true;
		if (!session_complete(s, f, now))
			return (false);
	}
	/* A source may have many neighbors, or a station of many peers. */
	for (up = 0; sources != 0; sources &= sources - 1)
		up++;
	return (any && (up >= rde->nsources || now - since >= CONVERGE_TIME));
}

/* Is there a peer that has sent all of this family? */
static bool
feed_alive(struct rde *rde, int f, int64_t now)
{
	struct session	*s;
	uint32_t	 i;

	for (i = 0; i < RIB_PEERS; i++) {
		s = &rde->sessions[i];
		if (rib_peer(rde->rib, i)->up && s->carries[f] &&
		    session_complete(s, f, now))
			return (true);
	}
	return (false);
}

void
drain_converge(struct rde *rde)
{
	struct family	*fam;
	int64_t		 now;
	int		 f;

	/* What a session left behind is no part of the feed. */
	if (rib_sweeping(rde->rib))
		return;
	now = rde_now();
	for (f = 0; f < 2; f++) {
		fam = &rde->family[f];
		if (!fam->hold || !feed_complete(rde, f, now))
			continue;
		log_info("%s feed has converged: %u prefixes",
		    drain_af_name(fam->af), rib_prefixes(rde->rib, fam->af));
		fam->hold = false;
		fam->drained = false;
		if (fam->fib != NULL)
			fib_dirty_all(fam->fib);
		if (fam->next != NULL) {
			fib_dirty_all(fam->next);
			fam->next_built = false;
		}
		rde_schedule(rde);
	}
}

void
drain_feed_lost(struct rde *rde)
{
	struct family	*fam;
	int64_t		 now;
	int		 f;

	now = rde_now();
	for (f = 0; f < 2; f++) {
		fam = &rde->family[f];
		if (feed_alive(rde, f, now))
			continue;
		if (!fam->hold)
			log_info("%s feed is lost: packets go to the slow "
			    "path until it has converged again",
			    drain_af_name(fam->af));
		fam->hold = true;
		drain_lower(rde, fam, FAMILY_READY);
	}
}
