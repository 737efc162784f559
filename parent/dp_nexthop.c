/* SPDX-License-Identifier: ISC */
/*
 * Nexthops: immutable entries and the index words that point at them.  A
 * change is a fresh entry and one store; the old entry waits until no program
 * can still read it.
 */
#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dp.h"

int
nh_pool_init(struct nh_pool *nh, uint32_t entries)
{
	uint32_t i;

	nh->entries = entries;
	nh->epoch = 1;
	nh->free = calloc(entries, sizeof(*nh->free));
	nh->waiting = calloc(entries, sizeof(*nh->waiting));
	if (nh->free == NULL || nh->waiting == NULL)
		return (-1);
	/* entry 0 stays what it is: pass */
	for (i = entries - 1; i > 0; i--)
		nh->free[nh->nfree++] = i;
	return (0);
}

void
nh_pool_free(struct nh_pool *nh)
{
	free(nh->free);
	free(nh->waiting);
	memset(nh, 0, sizeof(*nh));
}

int
dp_nexthop_set(struct dp *dp, uint32_t id, const struct nh_entry *e)
{
	struct nh_pool *nh = &dp->nh;
	uint32_t *index = dp->tables[DP_NEXTHOPS].mem, entry = 0, old;
	struct nh_entry *entries = dp->tables[DP_NHENTS].mem;

	if (id < LEAF_ID_FIRST || id >= dp->nexthops) {
		errno = ERANGE;
		return (-1);
	}
	old = index[id];
	if (e != NULL) {
		if (old != 0 && memcmp(&entries[old], e, sizeof(*e)) == 0)
			return (old);
		if (nh->nfree == 0) {
			errno = ENOSPC;
			return (-1);
		}
		entry = nh->free[--nh->nfree];
		memcpy(&entries[entry], e, sizeof(*e));
	}
	if (entry == old)
		return (entry);
	__atomic_store_n(&index[id], entry, __ATOMIC_RELEASE);
	if (old != 0) {
		nh->waiting[nh->nwaiting].entry = old;
		nh->waiting[nh->nwaiting++].epoch = nh->epoch;
	}
	return (entry);
}

uint32_t
dp_nexthop_seal(struct dp *dp)
{
	struct nh_pool *nh = &dp->nh;

	if (nh->nwaiting == 0 ||
	    nh->waiting[nh->nwaiting - 1].epoch != nh->epoch)
		return (0);
	return (nh->epoch++);
}

void
dp_nexthop_release(struct dp *dp, uint32_t epoch)
{
	struct nh_pool *nh = &dp->nh;
	uint32_t n;

	/* what is not sealed yet has not waited */
	for (n = 0; n < nh->nwaiting && nh->waiting[n].epoch <= epoch &&
	     nh->waiting[n].epoch < nh->epoch;
	     n++)
		nh->free[nh->nfree++] = nh->waiting[n].entry;
	nh->nwaiting -= n;
	memmove(nh->waiting, nh->waiting + n,
	    nh->nwaiting * sizeof(*nh->waiting));
}
