/* SPDX-License-Identifier: ISC */
/*
 * A table like that of the default-free zone: lengths, crowding and next hops
 * as they are there, the same for the same seed.  No two prefixes are equal.
 *
 * Prefixes come holder by holder: a holder has a block, announces parts of
 * it, often one beside the other, and most of them through one next hop.
 */
#ifndef TOOLS_DFZ_H
#define TOOLS_DFZ_H

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/addr.h"

struct dfz_route {
	struct prefix	prefix;
	uint32_t	nexthop;	/* index */
};

struct dfz {
	struct dfz_route	*v4, *v6;
	uint32_t		 n4, n6;
};

/* Share of a length, of 10,000; those of a family add up to it. */
struct dfz_share {
	uint8_t		len;
	uint16_t	share;
};

struct dfz_state {
	uint64_t	 seed;
	uint64_t	*seen;		/* open addressing, 0: free */
	uint64_t	 mask;
	uint32_t	 nexthops;
};

static inline uint64_t
dfz_random(struct dfz_state *s)
{
	uint64_t	 x = s->seed += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return (x ^ x >> 31);
}

static inline uint32_t
dfz_below(struct dfz_state *s, uint32_t n)
{
	return ((uint32_t)((dfz_random(s) >> 32) * n >> 32));
}

/* A few next hops have most of the routes. */
static inline uint32_t
dfz_nexthop(struct dfz_state *s)
{
	uint32_t	 n = s->nexthops;

	while (n > 1 && dfz_below(s, 100) < 55)
		n = (n + 3) / 4;
	return (dfz_below(s, n));
}

static inline uint8_t
dfz_len(struct dfz_state *s, const struct dfz_share *h)
{
	uint32_t	 r = dfz_below(s, 10000);

	for (; r >= h->share; h++)
		r -= h->share;
	return (h->len);
}

/* Address in the upper bits of key; false if it was there before. */
static inline bool
dfz_add(struct dfz_state *s, uint64_t key, uint8_t len)
{
	uint64_t	 k = key | len, i;

	for (i = (k * 0x9e3779b97f4a7c15ULL) >> 36;; i++) {
		if (s->seen[i & s->mask] == k)
			return (false);
		if (s->seen[i & s->mask] == 0)
			break;
	}
	s->seen[i & s->mask] = k;
	return (true);
}

/* A block of somebody in the IPv4 space: its length, its first address. */
static inline uint8_t
dfz_block4(struct dfz_state *s, uint64_t *key)
{
	static const struct dfz_share	 lens[] = { { 12, 100 }, { 13, 200 },
		{ 14, 400 }, { 15, 600 }, { 16, 2000 }, { 17, 800 },
		{ 18, 1000 }, { 19, 1500 }, { 20, 2000 }, { 21, 500 },
		{ 22, 900 } };
	/* announced far denser than the rest */
	static const uint8_t	 dense[] = { 41, 43, 45, 66, 77, 85, 91, 94,
		102, 103, 109, 138, 154, 168, 170, 177, 178, 179, 181, 185,
		186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 198,
		199, 200, 201, 202, 203, 204, 207, 209, 212, 213, 216 };
	uint32_t		 top;
	uint8_t			 len = dfz_len(s, lens);

	do {
		top = dfz_below(s, 2) ? dense[dfz_below(s, sizeof(dense))] :
		    1 + dfz_below(s, 223);
	} while (top == 10 || top == 127 || top == 6 || top == 7 ||
	    top == 11 || top == 21 || top == 22 || top == 26 || top == 28 ||
	    top == 29 || top == 30 || top == 33 || top == 55 || top == 214 ||
	    top == 215);
	*key = ((uint64_t)top << 56 |
	    (uint64_t)dfz_below(s, 1U << (len - 8)) << (64 - len));
	return (len);
}

static inline uint8_t
dfz_block6(struct dfz_state *s, uint64_t *key)
{
	static const uint16_t	 dense[] = { 0x2a00, 0x2a01, 0x2a02, 0x2a03,
		0x2a04, 0x2a05, 0x2a06, 0x2a07, 0x2a09, 0x2a0a, 0x2a0b, 0x2a0c,
		0x2a0d, 0x2a0e, 0x2a0f, 0x2a10, 0x2a11, 0x2a12, 0x2a13, 0x2a14,
		0x2400, 0x2401, 0x2402, 0x2403, 0x2404, 0x2405, 0x2406, 0x2407,
		0x2408, 0x2409, 0x240a, 0x240e, 0x2600, 0x2601, 0x2602, 0x2603,
		0x2604, 0x2605, 0x2606, 0x2607, 0x2610, 0x2620, 0x2800, 0x2801,
		0x2803, 0x2804, 0x2804, 0x2804, 0x2806, 0x2c0f, 0x2c0f, 0x2001,
		0x2001, 0x2001 };
	uint64_t		 top = dense[dfz_below(s,
	    sizeof(dense) / sizeof(dense[0]))];
	uint32_t		 second;

	/* registries hand out every eighth /32, the first ones first */
	second = dfz_below(s, dfz_below(s, 8192) + 1) * 8;
	if (dfz_below(s, 5) == 0)
		second += dfz_below(s, 8);
	*key = top << 48 | (uint64_t)second << 32;
	if (top == 0x2620) {
		*key |= (uint64_t)dfz_below(s, 256) << 24;
		return (40);
	}
	return (dfz_below(s, 6) ? 32 : 29);
}

static inline int
dfz_family(struct dfz_state *s, int af, struct dfz_route *out, uint32_t n)
{
	static const struct dfz_share	 lens4[] = { { 24, 6208 },
		{ 22, 1130 }, { 23, 1010 }, { 21, 500 }, { 20, 450 },
		{ 19, 270 }, { 18, 140 }, { 16, 137 }, { 17, 87 }, { 15, 35 },
		{ 14, 17 }, { 13, 9 }, { 12, 4 }, { 11, 1 }, { 10, 1 },
		{ 8, 1 } };
	static const struct dfz_share	 lens6[] = { { 48, 4620 },
		{ 32, 1180 }, { 44, 1090 }, { 40, 860 }, { 36, 420 },
		{ 46, 330 }, { 47, 280 }, { 42, 220 }, { 45, 180 },
		{ 33, 175 }, { 34, 155 }, { 29, 150 }, { 38, 95 }, { 35, 70 },
		{ 41, 45 }, { 43, 40 }, { 37, 25 }, { 39, 25 }, { 30, 15 },
		{ 31, 10 }, { 28, 10 }, { 24, 3 }, { 20, 2 } };
	const struct dfz_share		*lens = af == AF_INET ? lens4 : lens6;
	struct dfz_route		*r;
	uint64_t			 base, key, last[65], tries = 0, b;
	uint32_t			 done = 0, nexthop = 0, i;
	uint8_t				 len, block = 0;

	while (done < n) {
		if (++tries > 1000 + (uint64_t)n * 50) {
			errno = ERANGE;
			return (-1);
		}
		/* a new holder, after 13 prefixes on average */
		if (block == 0 || dfz_below(s, 13) == 0) {
			block = af == AF_INET ? dfz_block4(s, &base) :
			    dfz_block6(s, &base);
			nexthop = dfz_nexthop(s);
			memset(last, 0, sizeof(last));
		}
		len = dfz_len(s, lens);
		key = base;
		if (len > block) {
			i = len > block + 20 ? 20U : (uint32_t)(len - block);
			b = dfz_below(s, 1U << i);
			/* mostly the next one, or one of the first */
			if (dfz_below(s, 10) < 7)
				b = last[len]++ & ((1U << i) - 1);
			key |= b << (64 - len);
		}
		key = key >> (64 - len) << (64 - len);
		if (!dfz_add(s, key, len))
			continue;
		r = &out[done++];
		memset(r, 0, sizeof(*r));
		r->prefix.addr.af = (uint8_t)af;
		r->prefix.len = len;
		for (i = 0; i < 8; i++)
			r->prefix.addr.b[i] = (uint8_t)(key >> (56 - 8 * i));
		r->nexthop = dfz_below(s, 8) ? nexthop : dfz_nexthop(s);
	}
	return (0);
}

static inline void
dfz_free(struct dfz *d)
{
	free(d->v4);
	free(d->v6);
	memset(d, 0, sizeof(*d));
}

/* -1: no memory, or ERANGE if there are not that many prefixes. */
static inline int
dfz_make(struct dfz *d, uint32_t n4, uint32_t n6, uint32_t nexthops,
    uint64_t seed)
{
	struct dfz_state	 s;
	uint32_t		 n = n4 > n6 ? n4 : n6;
	int			 ret = -1;

	memset(d, 0, sizeof(*d));
	s.seed = seed;
	s.nexthops = nexthops;
	for (s.mask = 1024; s.mask < (uint64_t)n * 2;)
		s.mask *= 2;
	s.seen = calloc(s.mask, sizeof(*s.seen));
	d->v4 = calloc((size_t)n4 + 1, sizeof(*d->v4));
	d->v6 = calloc((size_t)n6 + 1, sizeof(*d->v6));
	if (s.seen == NULL || d->v4 == NULL || d->v6 == NULL) {
		errno = ENOMEM;
		goto out;
	}
	s.mask--;
	if (dfz_family(&s, AF_INET, d->v4, n4) == -1)
		goto out;
	memset(s.seen, 0, (s.mask + 1) * sizeof(*s.seen));
	if (dfz_family(&s, AF_INET6, d->v6, n6) == -1)
		goto out;
	d->n4 = n4;
	d->n6 = n6;
	ret = 0;
out:
	free(s.seen);
	if (ret == -1)
		dfz_free(d);
	return (ret);
}

#endif
