/* SPDX-License-Identifier: ISC */
/*
 * The decision process: which of the paths to a prefix is best. Plain values
 * in, an index out; the answer does not depend on the order of the paths.
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
 * The path identifier only makes the order total.
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

/* RFC 4271 s. 9.1.2.2 c: a rival that got as far has a lower MED. */
static bool
beaten_by_med(const struct decision_path *p, const struct decision_path *paths,
    size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++) {
		if (paths[i].neighbor_as == p->neighbor_as &&
		    paths[i].med < p->med && compare_head(&paths[i], p) == 0)
			return (true);
	}
	return (false);
}

/*
 * Pairwise comparison is not an order once MED is in it (it may go round in
 * a circle), so paths are eliminated step by step, as the RFC has it.
 */
size_t
decision_best(const struct decision_path *paths, size_t n)
{
	const struct decision_path	*head, *best;
	size_t				 i;

	head = paths;
	for (i = 1; i < n; i++) {
		if (compare_head(&paths[i], head) < 0)
			head = &paths[i];
	}
	best = NULL;
	for (i = 0; i < n; i++) {
		if (compare_head(&paths[i], head) != 0 ||
		    beaten_by_med(&paths[i], paths, n))
			continue;
		if (best == NULL || compare_tail(&paths[i], best) < 0)
			best = &paths[i];
	}
	return (best - paths);
}
