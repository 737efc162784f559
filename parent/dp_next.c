/* SPDX-License-Identifier: ISC */
/*
 * The next generation of tables and program, made beside the one that runs,
 * and the links' way from one to the other.
 */
#include <sys/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dp.h"

enum { FD_PROG = DP_OWN, FD_BEAT };

_Static_assert(FD_BEAT + 1 == DP_FDS, "descriptors of a generation");

int
dp_make(const struct dp *dp, const struct dp_params *params, int fds[DP_FDS],
    char *err)
{
	struct dp *next;
	int i;

	if ((next = dp_new(dp->sh, params, err)) == NULL)
		return (-1);
	if (dp_tables(next, params, err) == -1 || dp_program(next, err) == -1) {
		dp_free(next);
		return (-1);
	}
	for (i = 0; i < DP_OWN; i++) {
		fds[i] = next->tables[i].fd;
		next->tables[i].fd = -1;
	}
	fds[FD_PROG] = next->prog;
	fds[FD_BEAT] = next->beat;
	next->prog = next->beat = -1;
	dp_free(next);
	return (0);
}

/* The tables are as large as the program believes. */
static bool
sizes_fit(const struct dp *dp, const struct dp_params *params)
{
	return (dp->tables[DP_DIR4].words == FIB4_DIR_WORDS &&
	    dp->tables[DP_POOL4].words == params->units4 * 2 &&
	    dp->tables[DP_DIR6].words == FIB6_DIR_WORDS &&
	    dp->tables[DP_POOL6].words == params->units6 * 2 &&
	    dp->tables[DP_GROUPS].words == dp->groups * GROUP_WORDS &&
	    dp->tables[DP_NEXTHOPS].size == dp->nexthops * sizeof(uint32_t) &&
	    dp->tables[DP_NHENTS].size ==
		dp->nh.entries * sizeof(struct nh_entry));
}

struct dp *
dp_take(const struct dp *dp, const struct dp_params *params,
    const int fds[DP_FDS], char *err)
{
	struct dp *next;
	int i, n = 0;

	if ((next = dp_new(dp->sh, params, err)) != NULL) {
		for (; n < DP_OWN; n++)
			if (table_take(&next->tables[n], fds[n]) == -1)
				break;
		if (n == DP_OWN) {
			dp_words(next);
			next->prog = fds[FD_PROG];
			next->beat = fds[FD_BEAT];
			n = DP_FDS;
			if (sizes_fit(next, params))
				return (next);
			errno = ERANGE;
		}
		dp_error(err, "cannot take over the tables: %s",
		    strerror(errno));
	}
	for (i = n; i < DP_FDS; i++)
		close(fds[i]);
	dp_free(next);
	return (NULL);
}

struct dp *
dp_next(const struct dp *dp, const struct dp_params *params, char *err)
{
	int fds[DP_FDS];

	if (dp_make(dp, params, fds, err) == -1)
		return (NULL);
	return (dp_take(dp, params, fds, err));
}

int
dp_commit(struct dp *dp, const struct dp *before, char *err)
{
	struct dp_link *links = dp->sh->links;
	size_t i;

	for (i = 0; i < dp->sh->nlinks; i++) {
		if (bpf_link_update(links[i].fd, dp->prog, NULL) == 0)
			continue;
		/* ENOLINK: the interface is gone, and its link with it */
		if (errno == ENOLINK)
			continue;
		dp_error(err, "interface %u: cannot update the link: %s",
		    links[i].ifindex, strerror(errno));
		while (i-- > 0)
			bpf_link_update(links[i].fd, before->prog, NULL);
		return (-1);
	}
	return (0);
}

void
dp_sizes(const struct dp *dp, struct dp_params *params)
{
	params->units4 = dp->tables[DP_POOL4].words / 2;
	params->units6 = dp->tables[DP_POOL6].words / 2;
	params->nexthops = dp->nexthops;
	params->groups = dp->groups;
	params->mode = dp->mode;
	params->hash_mode = dp->hash_mode;
}

static int
fd_cmp(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

/* By ranges: where descriptors are unlimited, trying each takes minutes. */
void
dp_close_but(int *keep, size_t n)
{
	unsigned int from = 3;
	size_t i;

	qsort(keep, n, sizeof(*keep), fd_cmp);
	for (i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			close_range(from, keep[i] - 1, 0);
		from = keep[i] + 1;
	}
	close_range(from, ~0U, 0);
}

void
dp_make_only(const struct dp *dp, int keep)
{
	const struct dp_shared *sh = dp->sh;
	int fds[] = { keep, sh->tables[DP_PORTS].fd, sh->tables[DP_CONTROL].fd,
		sh->counters, sh->devmap };

	dp_close_but(fds, sizeof(fds) / sizeof(*fds));
}
