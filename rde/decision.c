/* SPDX-License-Identifier: ISC */
/*
 * The decision process: which of the paths to a prefix is best, and which are
 * as good as it for ECMP. Plain values in, an index or ids out; the answer
 * does not depend on the order of the paths.
 */
#include <string.h>

#include "rde.h"

/* Before MED: RFC 4271 s. 9.1.2.1 and 9.1.2.2 a, b. */
static int
compare_head(const struct decision_path *a, const struct decision_path *b)
{
	if (a->eligible != b->eligible)
		return (a->eligible ? -1 : 1);
	if (a->local_pref != b->local_pref)
		return (a->local_pref > b->local_pref ? -1 : 1);
	if (a->hops != b->hops)
		return (a->hops < b->hops ? -1 : 1);
	if (a->origin != b->origin)
		return (a->origin < b->origin ? -1 : 1);
	return (0);
}

/*
 * After MED: RFC 4271 s. 9.1.2.2 d, f, g, with RFC 4456 s. 9 between f and g.
 * Step e has nothing to compare: no IGP metric is known here, all are equal.
 * The path identifier only makes the order total, and the number does between
 * peers of one address: a neighbor, and the same as a BMP station sees it.
 */
static int
compare_tail(const struct decision_path *a, const struct decision_path *b)
{
	int	r;

	if (a->ebgp != b->ebgp)
		return (a->ebgp ? -1 : 1);
	if (a->router_id != b->router_id)
		return (a->router_id < b->router_id ? -1 : 1);
	if (a->cluster_len != b->cluster_len)
		return (a->cluster_len < b->cluster_len ? -1 : 1);
	if ((r = addr_cmp(&a->peer, &b->peer)) != 0)
		return (r);
	if (a->path_id != b->path_id)
		return (a->path_id < b->path_id ? -1 : 1);
	if (a->peer_number != b->peer_number)
		return (a->peer_number < b->peer_number ? -1 : 1);
	return (0);
}

int
decision_cmp(const struct decision_path *a, const struct decision_path *b)
{
	int	r;

	if ((r = compare_head(a, b)) != 0)
		return (r);
	if (a->neighbor_as == b->neighbor_as && a->med != b->med)
		return (a->med < b->med ? -1 : 1);
	return (compare_tail(a, b));
}

/* RFC 4271 s. 9.1.2.2 c: the lowest MED of p's rivals that got as far. */
static uint32_t
lowest_med(const struct decision_path *p, const struct decision_path *paths,
    size_t n)
{
	uint32_t	med = p->med;
	size_t		i;

	for (i = 0; i < n; i++) {
		if (paths[i].neighbor_as == p->neighbor_as &&
		    paths[i].med < med && compare_head(&paths[i], p) == 0)
			med = paths[i].med;
	}
	return (med);
}

/* The lowest MEDs of the neighbor ASes met last: a neighbor that sends very
   many paths to a prefix must not make each of them be held against all. */
struct meds {
	uint32_t	known;		/* bits */
	struct {
		uint32_t	as, med;
	} of[32];
};

static bool
beaten_by_med(struct meds *meds, const struct decision_path *p,
    const struct decision_path *paths, size_t n)
{
	uint32_t	i = p->neighbor_as % 32;

	if (!(meds->known & 1U << i) || meds->of[i].as != p->neighbor_as) {
		meds->of[i].as = p->neighbor_as;
		meds->of[i].med = lowest_med(p, paths, n);
		meds->known |= 1U << i;
	}
	return (meds->of[i].med < p->med);
}

/* The next hops of a set with the best path of each, in order of decision. */
struct ranking {
	const struct decision_path	*path[ECMP_MEMBERS_MAX];
	uint32_t			 n;
};

/*
 * What falls off the end comes back with a path that is good enough, so the
 * outcome is the first of all next hops, whatever the order of the paths.
 */
static void
rank(struct ranking *r, const struct decision_path *p)
{
	uint32_t	i;

	for (i = 0; i < r->n && r->path[i]->nexthop != p->nexthop; i++)
		;
	if (i == r->n) {
		if (r->n < ECMP_MEMBERS_MAX)
			r->n++;
		else if (compare_tail(p, r->path[--i]) >= 0)
			return;
	} else if (compare_tail(p, r->path[i]) >= 0)
		return;
	for (; i > 0 && compare_tail(p, r->path[i - 1]) < 0; i--)
		r->path[i] = r->path[i - 1];
	r->path[i] = p;
}

static void
ranking_ids(const struct ranking *r, struct decision_set *set)
{
	uint32_t	i, j, id;

	set->n = r->n;
	for (i = 0; i < r->n; i++) {
		id = r->path[i]->nexthop;
		for (j = i; j > 0 && set->ids[j - 1] > id; j--)
			set->ids[j] = set->ids[j - 1];
		set->ids[j] = id;
	}
}

/*
 * Pairwise comparison is not an order once MED is in it (it may go round in
 * a circle), so paths are eliminated step by step, as the RFC has it.
 */
size_t
decision_best(const struct decision_path *paths, size_t n,
    struct decision_set *set)
{
	const struct decision_path	*head, *best, *p;
	struct ranking			 r;
	struct meds			 meds;
	size_t				 i;

	meds.known = 0;
	head = paths;
	for (i = 1; i < n; i++) {
		if (compare_head(&paths[i], head) < 0)
			head = &paths[i];
	}
	best = NULL;
	r.n = 0;
	for (i = 0; i < n; i++) {
		p = &paths[i];
		if (compare_head(p, head) != 0 ||
		    beaten_by_med(&meds, p, paths, n))
			continue;
		/* eBGP has no equals but eBGP */
		if (best != NULL && p->ebgp && !best->ebgp)
			r.n = 0;
		if (best == NULL || compare_tail(p, best) < 0)
			best = p;
		if (p->eligible && p->nexthop != 0 && p->ebgp == best->ebgp)
			rank(&r, p);
	}
	ranking_ids(&r, set);
	return (best - paths);
}

bool
decision_ties(const struct decision_path *paths, size_t n, size_t best,
    const struct decision_path *p)
{
	return (p->eligible && p->ebgp == paths[best].ebgp &&
	    compare_head(p, &paths[best]) == 0 &&
	    lowest_med(p, paths, n) == p->med);
}
