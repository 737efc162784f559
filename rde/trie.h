/* SPDX-License-Identifier: ISC */
/*
 * What tree.c and the files of the FIB share: the insides of the prefix tree
 * and the allocator of units. Not for the rest of the room, which sees only
 * rde.h.
 */
#ifndef TRIE_H
#define TRIE_H

#include <endian.h>
#include <string.h>

#include "rde.h"

#define STRIDE		FIB_STRIDE
#define FANOUT		(1U << STRIDE)
#define DEPTHS_MAX	22		/* nodes on the longest path, IPv6 */

/* Neither every amd64 has popcnt nor does the compiler assume it. */
static inline unsigned int
bits64(uint64_t x)
{
#ifdef __aarch64__
	return ((unsigned int)__builtin_popcountll(x));
#else
	x -= x >> 1 & 0x5555555555555555ULL;
	x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return ((unsigned int)(x * 0x0101010101010101ULL >> 56));
#endif
}

/* An address as numbers, first bit highest; IPv4 in the upper 32 bits. */
struct key {
	uint64_t	hi;
	uint64_t	lo;
};

static inline struct key
key_from(const struct addr *a)
{
	struct key	 k;

	memcpy(&k.hi, a->b, 8);
	memcpy(&k.lo, a->b + 8, 8);
	k.hi = be64toh(k.hi);
	k.lo = be64toh(k.lo);
	return (k);
}

static inline void
key_to(const struct key *k, struct addr *a)
{
	uint64_t	 hi = htobe64(k->hi), lo = htobe64(k->lo);

	memcpy(a->b, &hi, 8);
	memcpy(a->b + 8, &lo, 8);
}

/* The 6 bits of a key at a depth; bits behind the address are zero. */
static inline unsigned int
key_index(const struct key *k, unsigned int depth)
{
	if (depth <= 58)
		return (k->hi >> (58 - depth) & 63);
	if (depth >= 126)
		return (k->lo << 4 & 63);
	if (depth >= 64)
		return (k->lo >> (122 - depth) & 63);
	return ((k->hi << (depth - 58) | k->lo >> (122 - depth)) & 63);
}

/*
 * Units of 8 bytes, handed out in blocks of 1 to POOL_BLOCK_MAX. Free blocks
 * are in a bin by size and carry their size at both ends, so that neighbors
 * merge; two bitmaps tell where free blocks start and end. Unit 0 is never
 * handed out.
 */
#define POOL_BINS	256
#define POOL_BLOCK_MAX	(POOL_BINS - 2)

struct pool {
	char		*mem;
	uint64_t	*first;		/* a free block starts here */
	uint64_t	*last;		/* a free block ends here */
	uint32_t	 top;		/* all above is untouched */
	uint32_t	 cap;
	uint32_t	 used;		/* units handed out */
	bool		 fixed;		/* never grows */
	uint32_t	 bins[POOL_BINS];
	uint64_t	 map[POOL_BINS / 64];	/* bins that are not empty */
};

int		 pool_init(struct pool *, uint32_t units, bool fixed);
void		 pool_done(struct pool *);
/* 0: none left (ENOSPC for a fixed pool, else ENOMEM). */
uint32_t	 pool_alloc(struct pool *, uint32_t n);
void		 pool_free(struct pool *, uint32_t unit, uint32_t n);
size_t		 pool_memory(const struct pool *);

static inline void *
pool_at(const struct pool *p, uint32_t unit)
{
	return (p->mem + (size_t)unit * 8);
}

/*
 * A node at depth d (a multiple of 6) has the prefixes of length d+1 to d+6
 * below its own: a FIB node's words depend on the tree node at the same
 * place, on what is inherited from above, and on nothing else but children.
 * low has those of relative length 1 to 5: bit (1 << r) - 2 + value; full has
 * those of length 6. Behind it: the references of the children (32 bits each,
 * padded to a unit), then the entries of low and those of full.
 */
struct tnode {
	uint64_t	kids;
	uint64_t	low;
	uint64_t	full;
};

struct tree {
	int		 af;
	unsigned int	 bits;
	uint32_t	 root;		/* unit, as all node references */
	bool		 has_zero;	/* the prefix of length 0 is there */
	struct tree_ent	 zero;
	size_t		 count;
	struct pool	 pool;
};

/* low's bits whose prefixes cover an index. */
static inline uint64_t
low_cover(unsigned int i)
{
	return (1ULL << (i >> 5) | 1ULL << (2 + (i >> 4)) |
	    1ULL << (6 + (i >> 3)) | 1ULL << (14 + (i >> 2)) |
	    1ULL << (30 + (i >> 1)));
}

/* Relative length of a bit of low. */
static inline unsigned int
low_rel(unsigned int bit)
{
	return (31 - (unsigned int)__builtin_clz(bit + 2));
}

static inline struct tnode *
tnode_at(const struct tree *t, uint32_t ref)
{
	return (pool_at(&t->pool, ref));
}

static inline uint32_t *
tnode_kids(struct tnode *n)
{
	return ((uint32_t *)(n + 1));
}

static inline struct tree_ent *
tnode_ents(struct tnode *n)
{
	return ((struct tree_ent *)(tnode_kids(n) +
	    ((bits64(n->kids) + 1) & ~1U)));
}

/* Reference of the child at an index, 0: none. */
static inline uint32_t
tnode_kid(struct tnode *n, unsigned int i)
{
	if (!(n->kids >> i & 1))
		return (0);
	return (tnode_kids(n)[bits64(n->kids & ((1ULL << i) - 1))]);
}

/*
 * What an entry makes of the leaf that it inherits: flags are joined, the
 * longest route gives the id.
 */
static inline uint32_t
leaf_compose(uint32_t above, uint32_t ent)
{
	const uint32_t	 policy = LEAF_ALLOW | LEAF_BLOCK | LEAF_LOCAL;

	if (ent & ENT_ROUTE)
		return ((above & policy) |
		    (ent & (policy | LEAF_GROUP | LEAF_ID)));
	return (above | (ent & policy));
}

/* What all entries of a node that cover index i make of an inherited leaf. */
uint32_t	 tnode_inherit(struct tnode *, unsigned int i, uint32_t leaf);

#endif
