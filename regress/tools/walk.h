/* SPDX-License-Identifier: ISC */
/*
 * The walk of the programs over tables that lie in our memory, for tests and
 * tools: from the text of abi.h, with nothing of the compiler's code in it.
 * Words are read as a program reads them, so the tables may be live ones.
 */
#ifndef TOOLS_WALK_H
#define TOOLS_WALK_H

#include <stdint.h>

#include <linux/types.h>

#include "../../bpf/abi.h"

/* Bits from to from + 5 of an address in two halves, zeroes behind it. */
static inline unsigned int
walk_index(uint64_t hi, uint64_t lo, unsigned int from)
{
	if (from <= 58)
		return (hi >> (58 - from) & 63);
	if (from < 64)
		return ((hi << (from - 58) | lo >> (122 - from)) & 63);
	if (from <= 122)
		return (lo >> (122 - from) & 63);
	return (lo << (from - 122) & 63);
}

/* From a word to a leaf; from: the first bit that its node covers. */
static inline uint32_t
walk_down(const void *pool, uint32_t w, uint64_t hi, uint64_t lo,
    unsigned int from)
{
	const char *node;
	unsigned int run;
	uint64_t map;
	uint16_t n;

	for (; w & FIB_NODE; from += FIB_STRIDE) {
		node = (const char *)pool + (w & FIB_UNIT) * 8UL;
		map = *(const volatile uint64_t *)(const void *)node;
		if (w & FIB_TINY) {
			run = walk_index(hi, lo, from);
			n = (uint16_t)(map >> 16 *
				((run >= TINY_SECOND(map)) +
				    (run >= TINY_THIRD(map))));
			return (NARROW_LEAF(n));
		}
		map &= ~0ULL >> (63 - walk_index(hi, lo, from));
		run = (unsigned int)__builtin_popcountll(map) - 1;
		node += sizeof(map);
		if (w & FIB_NARROW) {
			n = ((
			    const volatile uint16_t *)(const void *)node)[run];
			return (NARROW_LEAF(n));
		}
		w = ((const volatile uint32_t *)(const void *)node)[run];
	}
	return (w);
}

/* An address in host order. */
static inline uint32_t
walk4(const uint32_t *dir, const void *pool, uint32_t addr)
{
	const volatile uint32_t *slot = dir + (addr >> (32 - FIB4_DIR_BITS));

	return (walk_down(pool, *slot, (uint64_t)addr << 32, 0, FIB4_DIR_BITS));
}

/* An address in halves in host order. */
static inline uint32_t
walk6(const uint32_t *dir, const void *pool, uint64_t hi, uint64_t lo)
{
	const unsigned int top = FIB6_DIR_SKIP + FIB6_DIR_BITS;
	const volatile uint32_t *slot;

	if (hi >> (64 - FIB6_DIR_SKIP) == 2) {
		slot = dir + (hi >> (64 - top) & (FIB6_DIR_WORDS - 1));
		return (walk_down(pool, *slot, hi, lo, top));
	}
	slot = (const volatile uint32_t *)pool;
	return (walk_down(pool, *slot, hi, lo, 0));
}

#endif
