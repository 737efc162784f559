/* SPDX-License-Identifier: ISC */
/* ECMP groups: one for each set, when it is written, when its id is free. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

#define NHOPS	40
#define LIMIT	200

struct world {
	struct nexthops	*nexthops;
	struct groups	*groups;
	unsigned int	 drops, works, writes;
	unsigned int	 refuse;	/* so many writes from now on */
	struct ecmp_group table[LIMIT];
};

static void
on_want(void *arg, uint32_t id, const struct addr *addr)
{
}

static void
on_drop(void *arg, uint32_t id)
{
	struct world	*w = arg;

	w->drops++;
}

static const struct nexthop_ops	ops = { on_want, on_drop, NULL };

static void
on_work(void *arg)
{
	struct world	*w = arg;

	w->works++;
}

static int
store(void *arg, uint32_t id, const struct ecmp_group *g)
{
	struct world	*w = arg;

	if (w->refuse > 0) {
		w->refuse--;
		return (-1);
	}
	ATF_REQUIRE(id >= GROUP_FIRST && id < LIMIT);
	w->table[id] = *g;
	w->writes++;
	return (0);
}

/* Next hops LEAF_ID_FIRST and so on, each with one reference. */
static void
world_start(struct world *w, uint32_t limit)
{
	struct addr	a;
	int		i;

	memset(w, 0, sizeof(*w));
	w->nexthops = nexthop_new(LEAF_ID_FIRST + NHOPS, &ops, w);
	ATF_REQUIRE(w->nexthops != NULL);
	memset(&a, 0, sizeof(a));
	a.af = AF_INET;
	for (i = 0; i < NHOPS; i++) {
		a.b[3] = i + 1;
		ATF_REQUIRE_EQ(nexthop_get(w->nexthops, &a),
		    (uint32_t)LEAF_ID_FIRST + i);
	}
	w->groups = group_new(w->nexthops, 11, on_work, w);
	ATF_REQUIRE(w->groups != NULL);
	group_limit(w->groups, limit);
}

static void
world_end(struct world *w)
{
	group_free(w->groups);
	nexthop_free(w->nexthops);
}

/* The group of the next hops in a set of bits. */
static uint32_t
take(struct world *w, uint64_t set)
{
	uint32_t	ids[ECMP_MEMBERS_MAX], n, i;

	for (n = 0, i = 0; i < NHOPS; i++) {
		if (set >> i & 1)
			ids[n++] = LEAF_ID_FIRST + i;
	}
	return (group_take(w->groups, ids, n));
}

ATF_TC_WITHOUT_HEAD(interned);
ATF_TC_BODY(interned, tc)
{
	const struct ecmp_group	*g;
	struct world		 w;
	uint32_t		 a, b, ids[2] = { 2, 3 };
	uint32_t		 other[3] = { 2, 3, 4 };

	world_start(&w, LIMIT);
	a = take(&w, 3);
	ATF_CHECK_EQ(a, GROUP_FIRST);
	ATF_CHECK_EQ(w.works, 1);
	b = take(&w, 7);
	ATF_CHECK(b != a && b != 0);
	ATF_CHECK_EQ(take(&w, 3), a);
	ATF_CHECK_EQ(w.works, 2);
	ATF_CHECK_EQ(group_count(w.groups), 2);
	ATF_CHECK(group_is(w.groups, a, ids, 2));
	ATF_CHECK(!group_is(w.groups, a, other, 3));
	ATF_CHECK(!group_is(w.groups, b, ids, 2));
	ATF_REQUIRE((g = group_get(w.groups, b)) != NULL);
	ATF_CHECK_EQ(g->n, 3);
	ATF_CHECK(g->ids[0] == 2 && g->ids[1] == 3 && g->ids[2] == 4);
	ATF_CHECK(g->ids[3] == 0 && g->pad[0] == 0);
	ATF_CHECK(group_get(w.groups, 0) == NULL);
	ATF_CHECK(group_get(w.groups, b + 1) == NULL);
	ATF_CHECK(group_memory(w.groups) > 2 * sizeof(*g));
	world_end(&w);
}

ATF_TC_WITHOUT_HEAD(written_once);
ATF_TC_BODY(written_once, tc)
{
	struct world	w;
	uint32_t	a, b;

	world_start(&w, LIMIT);
	a = take(&w, 3);
	b = take(&w, 5);
	w.refuse = 1;
	ATF_CHECK_EQ(group_write(w.groups, store, &w), -1);
	ATF_CHECK_EQ(w.writes, 0);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK_EQ(w.writes, 2);
	ATF_CHECK_EQ(w.table[a].ids[1], 3);
	ATF_CHECK_EQ(w.table[b].ids[1], 4);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK_EQ(w.writes, 2);
	/* New tables: all, but each once. */
	(void)take(&w, 9);
	group_rewrite(w.groups);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK_EQ(w.writes, 5);
	world_end(&w);
}

ATF_TC_WITHOUT_HEAD(reuse_after_grace);
ATF_TC_BODY(reuse_after_grace, tc)
{
	struct world	w;
	uint32_t	a;

	world_start(&w, GROUP_FIRST + 1);
	a = take(&w, 3);
	ATF_REQUIRE(a != 0);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK(!group_room(w.groups));
	ATF_CHECK(!group_seal(w.groups));
	nexthop_put(w.nexthops, 2);
	nexthop_put(w.nexthops, 3);
	nexthop_reap(w.nexthops);
	ATF_CHECK_EQ(w.drops, 0);
	group_put(w.groups, a);
	ATF_CHECK_EQ(group_count(w.groups), 0);
	ATF_CHECK_EQ(group_used(w.groups), 1);
	/* Idle: another set finds no room, its own finds it again. */
	ATF_CHECK_EQ(take(&w, 5), 0);
	ATF_CHECK_EQ(group_refused(w.groups), 1);
	ATF_CHECK(group_get(w.groups, a) != NULL);
	ATF_CHECK_EQ(take(&w, 3), a);
	group_put(w.groups, a);
	/* A period that began before it was given up is none of its own. */
	group_release(w.groups);
	ATF_CHECK_EQ(take(&w, 5), 0);
	ATF_CHECK(group_seal(w.groups));
	ATF_CHECK_EQ(take(&w, 5), 0);
	/* Used again while it waits: it stays. */
	ATF_CHECK_EQ(take(&w, 3), a);
	group_release(w.groups);
	ATF_CHECK(group_get(w.groups, a) != NULL);
	group_put(w.groups, a);
	group_release(w.groups);
	ATF_CHECK(group_get(w.groups, a) != NULL);
	ATF_CHECK(group_seal(w.groups));
	nexthop_reap(w.nexthops);
	ATF_CHECK_EQ(w.drops, 0);
	ATF_CHECK_EQ(w.writes, 1);
	group_release(w.groups);
	ATF_CHECK(group_get(w.groups, a) == NULL);
	ATF_CHECK_EQ(group_used(w.groups), 0);
	ATF_CHECK(group_room(w.groups));
	/* Its next hops were its own at last. */
	nexthop_reap(w.nexthops);
	ATF_CHECK_EQ(w.drops, 2);
	ATF_CHECK_EQ(take(&w, 12), a);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK_EQ(w.table[a].ids[0], 4);
	world_end(&w);
}

/* Made and given up before it was ever written. */
ATF_TC_WITHOUT_HEAD(never_written);
ATF_TC_BODY(never_written, tc)
{
	struct world	w;

	world_start(&w, LIMIT);
	group_put(w.groups, take(&w, 3));
	ATF_CHECK(group_seal(w.groups));
	group_release(w.groups);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK_EQ(w.writes, 0);
	group_rewrite(w.groups);
	ATF_CHECK_EQ(group_write(w.groups, store, &w), 0);
	ATF_CHECK_EQ(w.writes, 0);
	world_end(&w);
}

ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	struct world	w;
	uint32_t	i, id;

	world_start(&w, 0);
	ATF_CHECK(!group_room(w.groups));
	ATF_CHECK_EQ(take(&w, 3), 0);
	group_limit(w.groups, LIMIT);
	for (i = 0; i < LIMIT - GROUP_FIRST; i++) {
		ATF_CHECK(group_room(w.groups));
		ATF_REQUIRE_EQ(take(&w, 1ULL << 20 | (i + 1)),
		    GROUP_FIRST + i);
	}
	ATF_CHECK(!group_room(w.groups));
	ATF_CHECK_EQ(take(&w, 3ULL << 21), 0);
	for (i = 0; i < LIMIT - GROUP_FIRST; i++) {
		id = take(&w, 1ULL << 20 | (i + 1));
		ATF_REQUIRE_EQ(id, GROUP_FIRST + i);
		group_put(w.groups, id);
		if (i % 2)
			group_put(w.groups, id);
	}
	/* Ids beyond a lower limit are not given out again. */
	group_limit(w.groups, 10);
	group_seal(w.groups);
	group_release(w.groups);
	for (i = 0; group_room(w.groups); i++) {
		id = take(&w, 3ULL << 30 | i);
		ATF_CHECK(id >= GROUP_FIRST && id < 10);
	}
	ATF_CHECK_EQ(i, 4);
	ATF_CHECK_EQ(take(&w, 3ULL << 21), 0);
	world_end(&w);
}

/* Sets come and go at random; the table always has what is in use. */
ATF_TC_WITHOUT_HEAD(churn);
ATF_TC_BODY(churn, tc)
{
	struct world	w;
	uint64_t	set[LIMIT];
	uint32_t	refs[LIMIT] = { 0 }, id, i, j, live;

	srandom(4);
	world_start(&w, LIMIT);
	for (i = 0; i < 100000; i++) {
		j = random() % 100;
		if (j < 50) {
			uint64_t	s = 1ULL << 33 | (1 + random() % 400);

			if ((id = take(&w, s)) == 0)
				continue;
			ATF_REQUIRE(refs[id] == 0 || set[id] == s);
			set[id] = s;
			refs[id]++;
		} else if (j < 94) {
			id = random() % LIMIT;
			if (refs[id] > 0) {
				group_put(w.groups, id);
				refs[id]--;
			}
		} else if (j < 97) {
			if (group_seal(w.groups) && random() % 2)
				group_release(w.groups);
		} else
			(void)group_write(w.groups, store, &w);
		if (i % 100 != 0)
			continue;
		(void)group_write(w.groups, store, &w);
		for (live = 0, id = GROUP_FIRST; id < LIMIT; id++) {
			if (refs[id] == 0)
				continue;
			live++;
			ATF_REQUIRE_EQ(w.table[id].n,
			    (uint32_t)__builtin_popcountll(set[id]));
			for (j = 0; j < w.table[id].n; j++) {
				ATF_REQUIRE(set[id] >> (w.table[id].ids[j] -
				    LEAF_ID_FIRST) & 1);
				ATF_REQUIRE(j == 0 || w.table[id].ids[j] >
				    w.table[id].ids[j - 1]);
			}
		}
		ATF_REQUIRE_EQ(group_count(w.groups), live);
	}
	ATF_CHECK(group_refused(w.groups) > 0);
	world_end(&w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, interned);
	ATF_TP_ADD_TC(tp, written_once);
	ATF_TP_ADD_TC(tp, reuse_after_grace);
	ATF_TP_ADD_TC(tp, never_written);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, churn);
	return (atf_no_error());
}
