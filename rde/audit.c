/* SPDX-License-Identifier: ISC */
/*
 * The audit of the tables: at idle, slice by slice, the words that the
 * parent's tables hold are read back and compared with what was written, and
 * that with what the RIB says. What differs is repaired, counted and logged;
 * at once when there is other work, the audit waits.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "shell.h"

#define ROUND_PAUSE	60		/* seconds between two rounds */
#define BUSY_PAUSE	100		/* ms until we look again */
#define SLICE_PAUSE	10		/* ms between two slices */
#define LOGGED_MAX	10		/* differences of a round */

/* What a round goes through. */
enum part { PART_V4, PART_V6, PART_GROUPS, PART_END };

static const char *const	table_names[FIB_TABLE_MAX] = {
	"IPv4 direct array", "IPv4 nodes", "IPv6 direct array", "IPv6 nodes",
	"ECMP groups"
};

static void
audit_sleep(struct rde *rde, unsigned int ms)
{
	struct timeval	tv = { ms / 1000, ms % 1000 * 1000 };

	if (evtimer_add(rde->audit.timer, &tv) == -1)
		fatalx("event_add: audit");
}

static void
differs(void *arg, const struct fib_difference *d)
{
	struct rde	*rde = arg;
	struct audit	*a = &rde->audit;

	/* Routes go unnoticed from tables of a family that is on hold. */
	if (d->image && rde->family[a->part].hold)
		return;
	a->differences++;
	if (++a->found > LOGGED_MAX)
		return;
	log_warnx("audit: word %u of the %s is %#x, expected %#x%s: repaired",
	    d->index, table_names[d->table], d->found, d->expected,
	    d->image ? " by the routes" : "");
}

/* Is there anything that the audit would be in the way of? */
static bool
busy(const struct rde *rde)
{
	int	i;

	if (rde->tables.generation == 0 || rde->next.generation != 0 ||
	    rde->batch != NULL || rde->sent != rde->acked ||
	    rib_sweeping(rde->rib) || evtimer_pending(rde->work, NULL))
		return (true);
	for (i = 0; i < 2; i++) {
		if (fib_pending(rde->family[i].fib) > 0)
			return (true);
	}
	return (false);
}

static void
round_end(struct rde *rde)
{
	struct audit	*a = &rde->audit;

	if (a->found > LOGGED_MAX)
		log_warnx("audit: %llu words differed in all, all were "
		    "repaired", (unsigned long long)a->found);
	log_debug("audit: %llu words compared, %llu differed",
	    (unsigned long long)a->words, (unsigned long long)a->found);
	a->running = false;
	a->rounds++;
	a->last = rde_now();
	a->last_words = a->words;
	audit_sleep(rde, ROUND_PAUSE * 1000);
}

static void
part_start(struct rde *rde, unsigned int part)
{
	struct audit	*a = &rde->audit;
	struct family	*fam;

	a->part = part;
	a->group = GROUP_FIRST;
	if (part >= PART_GROUPS)
		return;
	fam = &rde->family[part];
	if (fib_audit_start(fam->fib, !fam->hold, differs, rde) == -1)
		fatal("audit");
}

/* As many groups as one read takes, and what they are to be. */
static bool
groups_next(struct rde *rde, struct fib_words *w)
{
	const uint32_t		 max = TABLE_READ_MAX / GROUP_WORDS;
	const struct ecmp_group	*g;
	struct audit		*a = &rde->audit;
	uint32_t		 i;
	bool			 any;

	if (a->groups == NULL && (a->groups = calloc(max,
	    sizeof(*a->groups))) == NULL)
		fatal("audit");
	for (any = false; !any && a->group < rde->tables.groups;) {
		w->index = a->group * GROUP_WORDS;
		for (i = 0; i < max && a->group < rde->tables.groups;
		    i++, a->group++) {
			g = group_get(rde->groups, a->group);
			memset(&a->groups[i], 0, sizeof(a->groups[i]));
			if (g != NULL)
				a->groups[i] = *g;
			any |= g != NULL;
		}
		w->table = FIB_TABLE_GROUPS;
		w->count = i * GROUP_WORDS;
	}
	return (any);
}

static void
groups_words(struct rde *rde, const uint32_t *words)
{
	const struct ecmp_group	*g;
	struct fib_difference	 d;
	struct audit		*a = &rde->audit;
	uint32_t		 expected[GROUP_WORDS], i, j, id;

	memset(&d, 0, sizeof(d));
	d.table = FIB_TABLE_GROUPS;
	for (i = 0; i < a->at.count / GROUP_WORDS; i++) {
		id = a->at.index / GROUP_WORDS + i;
		g = group_get(rde->groups, id);
		/* it may have gone, or become another */
		if (g == NULL || memcmp(g, &a->groups[i], sizeof(*g)) != 0 ||
		    memcmp(g, words + i * GROUP_WORDS, sizeof(*g)) == 0)
			continue;
		memcpy(expected, g, sizeof(expected));
		if (drain_write(&rde->writers[rde->writer], FIB_TABLE_GROUPS,
		    id * GROUP_WORDS, expected, GROUP_WORDS) == -1)
			continue;	/* in the next round */
		for (j = 0; j < GROUP_WORDS; j++) {
			d.index = id * GROUP_WORDS + j;
			d.found = words[i * GROUP_WORDS + j];
			d.expected = expected[j];
			if (d.found != d.expected)
				differs(rde, &d);
		}
	}
}

/* The next slice of the round; false: that was all. */
static bool
next_slice(struct rde *rde)
{
	struct audit	*a = &rde->audit;

	for (; a->part < PART_GROUPS; part_start(rde, a->part + 1)) {
		if (fib_audit_next(rde->family[a->part].fib, &a->at) == 1)
			return (true);
	}
	return (a->part == PART_GROUPS && groups_next(rde, &a->at));
}

static void
audit_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rde		*rde = arg;
	struct audit		*a = &rde->audit;
	struct msg_table_read	 m;

	if (a->running && (rde->next.generation != 0 ||
	    a->generation != rde->tables.generation))
		a->running = false;
	if (a->asked || busy(rde)) {
		audit_sleep(rde, BUSY_PAUSE);
		return;
	}
	if (!a->running) {
		a->running = true;
		a->generation = rde->tables.generation;
		a->words = a->found = 0;
		part_start(rde, PART_V4);
	}
	if (!next_slice(rde)) {
		round_end(rde);
		return;
	}
	memset(&m, 0, sizeof(m));
	m.table = TABLE_REF(a->generation, a->at.table);
	m.index = a->at.index;
	m.count = a->at.count;
	msg_send(&rde->proc, PROC_PARENT, M_TABLE_READ, 0,
	    &record_msg_table_read, &m);
	a->asked = true;
	/* slots of it may have been marked */
	rde_schedule(rde);
}

void
audit_words(struct proc *p, enum proc_id from, struct imsg *m)
{
	static uint32_t		 words[TABLE_READ_MAX];
	struct rde		*rde = p->ctx;
	struct audit		*a = &rde->audit;
	struct msg_table_read	 r;

	if (!a->asked)
		fatalx("words of a table that nobody asked for");
	if (ibuf_get_u32(&m->body, &r.table) == -1 ||
	    ibuf_get_u32(&m->body, &r.index) == -1 ||
	    ibuf_get_u32(&m->body, &r.count) == -1 ||
	    r.count > TABLE_READ_MAX ||
	    ibuf_get(&m->body, words, r.count * sizeof(*words)) == -1 ||
	    ibuf_left(&m->body) != 0)
		fatalx("bad words of a table");
	a->asked = false;
	evtimer_del(a->timer);
	audit_sleep(rde, SLICE_PAUSE);
	/* Tables that programs are about to leave are not looked at. */
	if (!a->running || rde->next.generation != 0 ||
	    a->generation != rde->tables.generation) {
		a->running = false;
		return;
	}
	if (TABLE_ID(r.table) != a->at.table || r.index != a->at.index ||
	    r.count != a->at.count)
		fatalx("words of a table that were not asked for");
	a->words += r.count;
	if (a->part == PART_GROUPS)
		groups_words(rde, words);
	else if (fib_audit_words(rde->family[a->part].fib, words) == -1)
		log_warn("audit: a repair has to wait");
	rde_schedule(rde);
}

void
audit_init(struct rde *rde)
{
	rde->audit.timer = evtimer_new(rde->proc.base, audit_timer, rde);
	if (rde->audit.timer == NULL)
		fatalx("event: audit");
	audit_sleep(rde, BUSY_PAUSE);
}

void
audit_status(const struct rde *rde, struct ctl_audit *s)
{
	const struct audit	*a = &rde->audit;
	int64_t			 now;

	memset(s, 0, sizeof(*s));
	now = rde_now();
	s->rounds = a->rounds;
	s->last = a->rounds == 0 ? ~0ULL : (uint64_t)(now - a->last);
	s->words = a->last_words;
	s->differences = a->differences;
	if (!a->running || a->generation != rde->tables.generation)
		return;
	if (a->part == PART_GROUPS)
		s->percent = 99;
	else
		s->percent = (a->part * 100 +
		    fib_audit_percent(rde->family[a->part].fib)) / 2;
}
