/* SPDX-License-Identifier: ISC */
/*
 * Attribute sets, each distinct one once: found by its canonical bytes,
 * counted by who uses it, named by a 32-bit handle. What the decision needs is
 * kept beside the bytes, decoded.
 */
#include <stdlib.h>
#include <string.h>

#include "rde.h"

#define INTERN_MIN	1024	/* handles at start, power of 2 */

/* The hash lies here too, so that what is not there costs no look at a set. */
struct slot {
	uint32_t	hash;
	uint32_t	handle;		/* 0: free */
};

struct intern {
	struct nexthops	 *nexthops;
	uint64_t	  seed;
	struct attr_set	**sets;		/* by handle; 0 is none */
	uint32_t	 *freed;	/* stack of handles to be used again */
	uint32_t	  size;		/* of each of them */
	struct slot	 *slots;	/* open addressing, linear probing */
	uint32_t	  mask;		/* twice as many as handles, less 1 */
	uint32_t	  nfreed;
	uint32_t	  used;		/* handles ever given out, and 0 */
	uint32_t	  count;
	uint32_t	  punted;	/* of these, without an id */
	size_t		  bytes;	/* of all sets */
};

/*
 * Keyed, so that a neighbor cannot choose attributes that all fall into one
 * place without knowing the key.
 */
static uint32_t
intern_hash(uint64_t seed, const uint8_t *p, size_t len)
{
	const uint64_t	 k = 0x9fb21c651e98df25ULL;
	uint64_t	 h, w;

	h = seed ^ (len * k);
	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = (h ^ w) * k;
		h = (h ^ h >> 29) + seed;
	}
	if (len > 0) {
		w = 0;
		memcpy(&w, p, len);
		h = (h ^ w) * k;
		h ^= h >> 29;
	}
	h *= k;
	return (h >> 32);
}

static void
slot_put(struct slot *slots, uint32_t mask, uint32_t hash, uint32_t handle)
{
	uint32_t	i;

	for (i = hash & mask; slots[i].handle != 0; i = (i + 1) & mask)
		;
	slots[i].hash = hash;
	slots[i].handle = handle;
}

/* What stands behind it and was pushed there moves up. */
static void
slot_remove(struct slot *slots, uint32_t mask, uint32_t hash, uint32_t handle)
{
	uint32_t	i, j;

	for (i = hash & mask; slots[i].handle != handle; i = (i + 1) & mask)
		;
	for (j = (i + 1) & mask; slots[j].handle != 0; j = (j + 1) & mask) {
		if (((j - slots[j].hash) & mask) >= ((j - i) & mask)) {
			slots[i] = slots[j];
			i = j;
		}
	}
	slots[i].handle = 0;
}

/* Double everything (or make the first of it). */
static int
intern_grow(struct intern *in)
{
	struct attr_set	**sets;
	struct slot	 *slots;
	uint32_t	 *freed, size, mask, i;

	size = in->size == 0 ? INTERN_MIN : in->size * 2;
	sets = reallocarray(in->sets, size, sizeof(*sets));
	if (sets == NULL)
		return (-1);
	in->sets = sets;
	freed = reallocarray(in->freed, size, sizeof(*freed));
	if (freed == NULL)
		return (-1);
	in->freed = freed;
	mask = size * 2 - 1;
	if ((slots = calloc((size_t)mask + 1, sizeof(*slots))) == NULL)
		return (-1);
	memset(sets + in->size, 0, (size - in->size) * sizeof(*sets));
	for (i = 0; in->slots != NULL && i <= in->mask; i++) {
		if (in->slots[i].handle != 0)
			slot_put(slots, mask, in->slots[i].hash,
			    in->slots[i].handle);
	}
	free(in->slots);
	in->slots = slots;
	in->mask = mask;
	in->size = size;
	return (0);
}

struct intern *
intern_new(struct nexthops *nexthops, uint64_t seed)
{
	struct intern	*in;

	if ((in = calloc(1, sizeof(*in))) == NULL)
		return (NULL);
	in->nexthops = nexthops;
	in->seed = seed;
	in->used = 1;
	if (intern_grow(in) == -1) {
		intern_free(in);
		return (NULL);
	}
	return (in);
}

void
intern_free(struct intern *in)
{
	uint32_t	h;

	if (in == NULL)
		return;
	for (h = 1; h < in->used; h++)
		free(in->sets[h]);
	free(in->sets);
	free(in->slots);
	free(in->freed);
	free(in);
}

static struct attr_set *
set_new(struct intern *in, const struct attrs *a, const uint8_t *blob,
    size_t len)
{
	struct attr_set	*set;

	if ((set = calloc(1, sizeof(*set) + len)) == NULL)
		return (NULL);
	set->refs = 1;
	set->local_pref = (a->has & ATTR_HAS_LOCAL_PREF) ? a->local_pref :
	    LOCAL_PREF_DEFAULT;
	/* RFC 4271 s. 9.1.2.2 c: a missing MED is the lowest. */
	set->med = (a->has & ATTR_HAS_MED) ? a->med : 0;
	set->hops = attrs_path_hops(a);
	set->neighbor_as = attrs_neighbor_as(a);
	set->origin = a->origin;
	set->has_originator = (a->has & ATTR_HAS_ORIGINATOR) != 0;
	set->originator = a->originator;
	set->cluster_len = a->cluster_len;
	set->nexthop = nexthop_get(in->nexthops, &a->nexthop);
	set->len = len;
	memcpy(set->blob, blob, len);
	return (set);
}

uint32_t
intern_get(struct intern *in, const struct attrs *a, const uint8_t *blob,
    size_t len)
{
	struct attr_set	*set;
	uint32_t	 hash, h, i, punted = 0;

	hash = intern_hash(in->seed, blob, len);
	for (i = hash & in->mask; (h = in->slots[i].handle) != 0;
	    i = (i + 1) & in->mask) {
		if (in->slots[i].hash != hash)
			continue;
		set = in->sets[h];
		if (set->len != len || memcmp(set->blob, blob, len) != 0)
			continue;
		if (set->nexthop != LEAF_ID_PUNT) {
			set->refs++;
			return (h);
		}
		punted = h;
	}
	/* one that found no id stands beside the one that does later */
	if (punted != 0 && !nexthop_room(in->nexthops, &a->nexthop)) {
		in->sets[punted]->refs++;
		return (punted);
	}
	if (in->nfreed == 0 && in->used == in->size && intern_grow(in) == -1)
		return (0);
	if ((set = set_new(in, a, blob, len)) == NULL)
		return (0);
	h = in->nfreed > 0 ? in->freed[--in->nfreed] : in->used++;
	set->hash = hash;
	slot_put(in->slots, in->mask, hash, h);
	in->sets[h] = set;
	in->count++;
	in->bytes += sizeof(*set) + len;
	in->punted += set->nexthop == LEAF_ID_PUNT;
	return (h);
}

uint32_t
intern_renew(struct intern *in, uint32_t h)
{
	struct attr_set	*set;
	struct attrs	 a;

	set = in->sets[h];
	if (set->nexthop != LEAF_ID_PUNT ||
	    attrs_parse(set->blob, set->len, &a) == -1 ||
	    !nexthop_room(in->nexthops, &a.nexthop))
		return (0);
	return (intern_get(in, &a, set->blob, set->len));
}

uint32_t
intern_punted(const struct intern *in)
{
	return (in->punted);
}

void
intern_ref(struct intern *in, uint32_t h)
{
	in->sets[h]->refs++;
}

void
intern_unref(struct intern *in, uint32_t h)
{
	struct attr_set	*set;

	set = in->sets[h];
	if (--set->refs > 0)
		return;
	slot_remove(in->slots, in->mask, set->hash, h);
	nexthop_put(in->nexthops, set->nexthop);
	in->punted -= set->nexthop == LEAF_ID_PUNT;
	in->sets[h] = NULL;
	in->freed[in->nfreed++] = h;
	in->count--;
	in->bytes -= sizeof(*set) + set->len;
	free(set);
}

const struct attr_set *
intern_set(const struct intern *in, uint32_t h)
{
	return (in->sets[h]);
}

uint32_t
intern_count(const struct intern *in)
{
	return (in->count);
}

size_t
intern_memory(const struct intern *in)
{
	return (sizeof(*in) + in->bytes + in->size * (sizeof(*in->sets) +
	    sizeof(*in->freed) + 2 * sizeof(*in->slots)));
}
