/* SPDX-License-Identifier: ISC */
/*
 * The decision: one row a rule, which of the paths share packets, and the same
 * answer in whatever order.
 */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/rde.h"

/* The path that rows change: a middling one in everything. */
static struct decision_path
middling(void)
{
	struct decision_path	p;

	memset(&p, 0, sizeof(p));
	p.local_pref = 100;
	p.hops = 3;
	p.origin = ORIGIN_EGP;
	p.med = 50;
	p.neighbor_as = 65001;
	p.ebgp = false;
	p.router_id = 500;
	p.cluster_len = 2;
	p.path_id = 7;
	p.peer_number = 20;
	p.eligible = true;
	ATF_REQUIRE(addr_parse("192.0.2.50", &p.peer) == 0);
	return (p);
}

static size_t
best_of(const struct decision_path *p, size_t n)
{
	struct decision_set	set;

	return (decision_best(p, n, &set));
}

enum what { ELIGIBLE, LOCAL_PREF, HOPS, ORIGIN, MED, AS, EBGP, ROUTER_ID,
    CLUSTER, PEER, PATH_ID, NUMBER, NONE };

static void
change(struct decision_path *p, enum what what, uint32_t v)
{
	switch (what) {
	case ELIGIBLE:
		p->eligible = v;
		break;
	case LOCAL_PREF:
		p->local_pref = v;
		break;
	case HOPS:
		p->hops = v;
		break;
	case ORIGIN:
		p->origin = v;
		break;
	case MED:
		p->med = v;
		break;
	case AS:
		p->neighbor_as = v;
		break;
	case EBGP:
		p->ebgp = v;
		break;
	case ROUTER_ID:
		p->router_id = v;
		break;
	case CLUSTER:
		p->cluster_len = v;
		break;
	case PEER:
		p->peer.b[3] = v;
		break;
	case PATH_ID:
		p->path_id = v;
		break;
	case NUMBER:
		p->peer_number = v;
		break;
	case NONE:
		break;
	}
}

/*
 * The winner differs from a middling path by one thing for the better and, if
 * that rule comes before it, by a later thing for the worse.
 */
static const struct row {
	const char	*name;
	enum what	 better;
	uint32_t	 b;
	enum what	 worse;
	uint32_t	 w;
} rows[] = {
	{ "eligible before local-pref", NONE, 0, LOCAL_PREF, 90 },
	{ "local-pref", LOCAL_PREF, 101, NONE, 0 },
	{ "local-pref before hops", LOCAL_PREF, 101, HOPS, 9 },
	{ "hops", HOPS, 2, NONE, 0 },
	{ "hops before origin", HOPS, 2, ORIGIN, ORIGIN_INCOMPLETE },
	{ "origin", ORIGIN, ORIGIN_IGP, NONE, 0 },
	{ "origin before med", ORIGIN, ORIGIN_IGP, MED, 99 },
	{ "med", MED, 49, NONE, 0 },
	{ "med before router id", MED, 49, ROUTER_ID, 900 },
	{ "ebgp", EBGP, 1, NONE, 0 },
	{ "ebgp before router id", EBGP, 1, ROUTER_ID, 900 },
	{ "router id", ROUTER_ID, 499, NONE, 0 },
	{ "router id before cluster list", ROUTER_ID, 499, CLUSTER, 9 },
	{ "cluster list", CLUSTER, 1, NONE, 0 },
	{ "cluster list before peer", CLUSTER, 1, PEER, 99 },
	{ "peer", PEER, 49, NONE, 0 },
	{ "peer before path id", PEER, 49, PATH_ID, 99 },
	{ "path id", PATH_ID, 6, NONE, 0 },
	{ "path id before number", PATH_ID, 6, NUMBER, 30 },
	{ "number", NUMBER, 19, NONE, 0 },
};

ATF_TC_WITHOUT_HEAD(rules);
ATF_TC_BODY(rules, tc)
{
	struct decision_path	 p[2];
	const struct row	*r;
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = &rows[i];
		p[0] = p[1] = middling();
		if (i == 0)
			p[1].eligible = false;
		change(&p[0], r->better, r->b);
		change(&p[0], r->worse, r->w);
		ATF_CHECK_MSG(decision_cmp(&p[0], &p[1]) < 0, "%s", r->name);
		ATF_CHECK_MSG(decision_cmp(&p[1], &p[0]) > 0, "%s", r->name);
		ATF_CHECK_MSG(best_of(p, 2) == 0, "%s", r->name);
		p[1] = p[0];
		p[0] = middling();
		if (i == 0)
			p[0].eligible = false;
		ATF_CHECK_MSG(best_of(p, 2) == 1, "%s, swapped",
		    r->name);
	}
}

/* MED says nothing between paths from different neighbor ASes. */
ATF_TC_WITHOUT_HEAD(med_only_within_as);
ATF_TC_BODY(med_only_within_as, tc)
{
	struct decision_path	p[2];

	p[0] = p[1] = middling();
	p[0].med = 1000;
	p[0].router_id = 400;
	p[0].neighbor_as = 65002;
	ATF_CHECK_EQ(best_of(p, 2), 0);
	p[0].neighbor_as = 65001;
	ATF_CHECK_EQ(best_of(p, 2), 1);
}

/* Pairwise: a beats b by router id, b beats c likewise, c beats a by MED. */
ATF_TC_WITHOUT_HEAD(med_circle);
ATF_TC_BODY(med_circle, tc)
{
	static const int	 orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 },
		{ 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct decision_path	 p[3], q[3];
	size_t			 i, j;

	for (i = 0; i < 3; i++) {
		p[i] = middling();
		p[i].router_id = i + 1;
	}
	p[0].med = 10;
	p[1].neighbor_as = 65002;
	p[2].med = 5;
	ATF_CHECK(decision_cmp(&p[0], &p[1]) < 0);
	ATF_CHECK(decision_cmp(&p[1], &p[2]) < 0);
	ATF_CHECK(decision_cmp(&p[2], &p[0]) < 0);
	for (i = 0; i < 6; i++) {
		for (j = 0; j < 3; j++)
			q[j] = p[orders[i][j]];
		/* 0 is out by MED; then 1 has the lower router id. */
		ATF_CHECK_EQ(q[best_of(q, 3)].router_id, 2);
	}
}

/* What differs, and whether both are in the set then. */
static const struct pair {
	const char	*name;
	enum what	 what;
	uint32_t	 v;
	bool		 both;
} pairs[] = {
	{ "nothing", NONE, 0, true },
	{ "eligible", ELIGIBLE, 0, false },
	{ "local-pref", LOCAL_PREF, 99, false },
	{ "hops", HOPS, 4, false },
	{ "origin", ORIGIN, ORIGIN_INCOMPLETE, false },
	{ "med", MED, 51, false },
	{ "as", AS, 65002, true },
	{ "ebgp", EBGP, 1, false },
	{ "router id", ROUTER_ID, 501, true },
	{ "cluster list", CLUSTER, 3, true },
	{ "peer", PEER, 51, true },
	{ "path id", PATH_ID, 8, true },
	{ "number", NUMBER, 21, true },
};

ATF_TC_WITHOUT_HEAD(set_of_two);
ATF_TC_BODY(set_of_two, tc)
{
	struct decision_path	 p[2];
	struct decision_set	 set;
	const struct pair	*r;
	size_t			 i, best;
	int			 swap;

	for (i = 0; i < 2 * sizeof(pairs) / sizeof(pairs[0]); i++) {
		r = &pairs[i / 2];
		swap = i % 2;
		p[0] = p[1] = middling();
		p[swap].nexthop = 12;
		p[!swap].nexthop = 11;
		change(&p[!swap], r->what, r->v);
		best = decision_best(p, 2, &set);
		ATF_CHECK_EQ_MSG(set.n, r->both ? 2U : 1U, "%s", r->name);
		if (r->both)
			ATF_CHECK(set.ids[0] == 11 && set.ids[1] == 12);
		else
			ATF_CHECK_EQ(set.ids[0], p[best].nexthop);
		ATF_CHECK(decision_ties(p, 2, best, &p[best]));
		ATF_CHECK_EQ(decision_ties(p, 2, best, &p[!best]), r->both);
	}
}

ATF_TC_WITHOUT_HEAD(set_members);
ATF_TC_BODY(set_members, tc)
{
	struct decision_path	p[4];
	struct decision_set	set;
	size_t			i;

	for (i = 0; i < 4; i++) {
		p[i] = middling();
		p[i].nexthop = 30 - i;
		p[i].path_id = i;
	}
	/* One next hop counts once; what takes no packets, not at all. */
	p[1].nexthop = p[3].nexthop;
	p[2].nexthop = 0;
	ATF_CHECK_EQ(decision_best(p, 4, &set), 0);
	ATF_CHECK_EQ(set.n, 2);
	ATF_CHECK(set.ids[0] == 27 && set.ids[1] == 30);
	/* None is eligible: there is a best, and no set. */
	for (i = 0; i < 4; i++)
		p[i].eligible = false;
	ATF_CHECK_EQ(decision_best(p, 4, &set), 0);
	ATF_CHECK_EQ(set.n, 0);
	ATF_CHECK(!decision_ties(p, 4, 0, &p[0]));
	/* A MED that another of the AS beats keeps it out, even though the
	   best is of an AS of its own. */
	for (i = 0; i < 4; i++) {
		p[i].eligible = true;
		p[i].nexthop = 40 + i;
		p[i].neighbor_as = i == 0 ? 65009 : 65001;
		p[i].med = i == 3 ? 40 : 50;
	}
	ATF_CHECK_EQ(decision_best(p, 4, &set), 0);
	ATF_CHECK_EQ(set.n, 2);
	ATF_CHECK(set.ids[0] == 40 && set.ids[1] == 43);
}

/* Of too many, those that decide better stay, however they came. */
ATF_TC_WITHOUT_HEAD(set_too_many);
ATF_TC_BODY(set_too_many, tc)
{
	struct decision_path	p[64], t;
	struct decision_set	set;
	unsigned int		round, i, j, n;

	srandom(16);
	n = sizeof(p) / sizeof(p[0]);
	for (round = 0; round < 1000; round++) {
		for (i = 0; i < n; i++) {
			p[i] = middling();
			/* twice each; the better path decides */
			p[i].nexthop = 100 + i % 32;
			p[i].router_id = i % 32 == i ? 1000 + i :
			    1000 - (i % 32);
		}
		for (i = n - 1; i > 0; i--) {
			j = random() % (i + 1);
			t = p[i];
			p[i] = p[j];
			p[j] = t;
		}
		ATF_REQUIRE_EQ(p[decision_best(p, n, &set)].nexthop, 131);
		ATF_REQUIRE_EQ(set.n, ECMP_MEMBERS_MAX);
		for (i = 0; i < set.n; i++)
			ATF_REQUIRE_EQ(set.ids[i], 116 + i);
	}
}

ATF_TC_WITHOUT_HEAD(any_order);
ATF_TC_BODY(any_order, tc)
{
	struct decision_path	 p[8], t;
	struct decision_set	 set, again;
	uint32_t		 best;
	unsigned int		 round, i, j, n;

	srandom(4271);
	for (round = 0; round < 20000; round++) {
		n = 2 + random() % 7;
		for (i = 0; i < n; i++) {
			p[i] = middling();
			p[i].local_pref += random() % 2;
			p[i].hops += random() % 2;
			p[i].origin = random() % 2;
			p[i].med = random() % 4;
			p[i].neighbor_as += random() % 3;
			p[i].ebgp = random() % 2;
			p[i].router_id += random() % 3;
			p[i].eligible = random() % 4 != 0;
			p[i].path_id = i;
			p[i].nexthop = random() % 5;
		}
		memset(&set, 0, sizeof(set));
		memset(&again, 0, sizeof(again));
		best = p[decision_best(p, n, &set)].path_id;
		for (i = n - 1; i > 0; i--) {
			j = random() % (i + 1);
			t = p[i];
			p[i] = p[j];
			p[j] = t;
		}
		ATF_REQUIRE_EQ(p[decision_best(p, n, &again)].path_id, best);
		ATF_REQUIRE_EQ(memcmp(&set, &again, sizeof(set)), 0);
	}
}

/* What is left when each step of the RFC is taken by its words. */
static size_t
by_the_words(const struct decision_path *p, size_t n)
{
	bool	out[64];
	size_t	i, j, best;

	ATF_REQUIRE(n <= 64);
	for (i = 0; i < n; i++) {
		for (out[i] = false, j = 0; j < n; j++)
			out[i] |= p[j].local_pref > p[i].local_pref ||
			    (p[j].local_pref == p[i].local_pref &&
			    p[j].hops < p[i].hops);
	}
	/* of those that are left, and all at once */
	for (i = 0; i < n; i++) {
		for (j = 0; j < n && !out[i]; j++) {
			if (p[j].local_pref == p[i].local_pref &&
			    p[j].hops == p[i].hops &&
			    p[j].neighbor_as == p[i].neighbor_as &&
			    p[j].med < p[i].med)
				out[i] = true;
		}
	}
	for (best = n, i = 0; i < n; i++) {
		if (!out[i] && (best == n || (p[i].ebgp && !p[best].ebgp) ||
		    (p[i].ebgp == p[best].ebgp &&
		    p[i].router_id < p[best].router_id)))
			best = i;
	}
	return (best);
}

/* More neighbor ASes than any shortcut has room for. */
ATF_TC_WITHOUT_HEAD(many_ases);
ATF_TC_BODY(many_ases, tc)
{
	struct decision_path	p[64];
	size_t			i, n, best;
	int			round;

	srandom(4271);
	for (round = 0; round < 20000; round++) {
		n = 1 + random() % 64;
		for (i = 0; i < n; i++) {
			p[i] = middling();
			p[i].local_pref = 100 + random() % 2;
			p[i].hops = 1 + random() % 2;
			p[i].neighbor_as = random() % 3 * 32 + random() % 20;
			p[i].med = random() % 3;
			p[i].ebgp = random() % 8 == 0;
			p[i].router_id = random();
		}
		best = by_the_words(p, n);
		ATF_REQUIRE_EQ(best_of(p, n), best);
		for (i = 0; i < n; i++)
			ATF_REQUIRE(!decision_ties(p, n, best, &p[i]) ||
			    (p[i].local_pref == p[best].local_pref &&
			    p[i].hops == p[best].hops &&
			    p[i].ebgp == p[best].ebgp));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rules);
	ATF_TP_ADD_TC(tp, med_only_within_as);
	ATF_TP_ADD_TC(tp, med_circle);
	ATF_TP_ADD_TC(tp, set_of_two);
	ATF_TP_ADD_TC(tp, set_members);
	ATF_TP_ADD_TC(tp, set_too_many);
	ATF_TP_ADD_TC(tp, any_order);
	ATF_TP_ADD_TC(tp, many_ases);
	return (atf_no_error());
}
