/* SPDX-License-Identifier: ISC */
/* The decision: one row a rule, and the same answer in whatever order. */
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
	p.eligible = true;
	ATF_REQUIRE(addr_parse("192.0.2.50", &p.peer) == 0);
	return (p);
}

enum what { ELIGIBLE, LOCAL_PREF, HOPS, ORIGIN, MED, AS, EBGP, ROUTER_ID,
    CLUSTER, PEER, PATH_ID, NONE };

static void
set(struct decision_path *p, enum what what, uint32_t v)
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
		set(&p[0], r->better, r->b);
		set(&p[0], r->worse, r->w);
		ATF_CHECK_MSG(decision_cmp(&p[0], &p[1]) < 0, "%s", r->name);
		ATF_CHECK_MSG(decision_cmp(&p[1], &p[0]) > 0, "%s", r->name);
		ATF_CHECK_MSG(decision_best(p, 2) == 0, "%s", r->name);
		p[1] = p[0];
		p[0] = middling();
		if (i == 0)
			p[0].eligible = false;
		ATF_CHECK_MSG(decision_best(p, 2) == 1, "%s, swapped",
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
	ATF_CHECK_EQ(decision_best(p, 2), 0);
	p[0].neighbor_as = 65001;
	ATF_CHECK_EQ(decision_best(p, 2), 1);
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
		ATF_CHECK_EQ(q[decision_best(q, 3)].router_id, 2);
	}
}

ATF_TC_WITHOUT_HEAD(any_order);
ATF_TC_BODY(any_order, tc)
{
	struct decision_path	 p[8], t;
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
		}
		best = p[decision_best(p, n)].path_id;
		for (i = n - 1; i > 0; i--) {
			j = random() % (i + 1);
			t = p[i];
			p[i] = p[j];
			p[j] = t;
		}
		ATF_REQUIRE_EQ(p[decision_best(p, n)].path_id, best);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rules);
	ATF_TP_ADD_TC(tp, med_only_within_as);
	ATF_TP_ADD_TC(tp, med_circle);
	ATF_TP_ADD_TC(tp, any_order);
	return (atf_no_error());
}
