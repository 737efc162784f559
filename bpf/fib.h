/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * The walk of the run-length stride tries (abi.h says what they look like).
 * It is bounded by itself: whatever stands in the tables, it reads inside
 * them and ends.  What has no leaf within the bound is as if nothing was
 * there.
 */
#ifndef PF_FIB_H
#define PF_FIB_H

/* What the direct table of v6 covers, and the nodes that do elsewhere. */
#define FIB6_TOP_BITS (FIB6_DIR_SKIP + FIB6_DIR_BITS)
#define FIB6_TOP_NODES (FIB6_TOP_BITS / FIB_STRIDE)

static __always_inline __u32
popcount(__u64 x)
{
	x -= (x >> 1) & 0x5555555555555555ULL;
	x = (x & 0x3333333333333333ULL) + ((x >> 2) & 0x3333333333333333ULL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return ((x * 0x0101010101010101ULL) >> 56);
}

/*
 * The word behind index i of a tiny node.  The borrow of a difference tells
 * whether a run starts above i, without a branch.
 */
static __always_inline __u32
fib_tiny(__u64 node, __u64 i)
{
	__u64 before =
	    ((i - TINY_SECOND(node)) >> 63) + ((i - TINY_THIRD(node)) >> 63);
	__u32 n = node >> ((2 - before) * 16);

	return (NARROW_LEAF(n));
}

/*
 * The word behind index i of the node that w refers to.  Bit 0 of the bitmap
 * is always set, so the runs started behind it are the index of the word.
 */
static __always_inline __u32
fib_node(const void *pool, __u32 mask, __u32 w, __u32 i)
{
	const void *node = pool + ((w << 3) & mask);
	__u64 first = READ(*(const __u64 *)node);
	__u32 run, n;

	if (w & FIB_TINY)
		return (fib_tiny(first, i));
	run = popcount(first & ((2ULL << i) - 2)) & 63;
	if (w & FIB_NARROW) {
		n = READ(*(const __u16 *)(node + 8 + run * sizeof(__u16)));
		return (NARROW_LEAF(n));
	}
	return (READ(*(const __u32 *)(node + 8 + run * sizeof(__u32))));
}

/*
 * What a register holds gets an identity with its first copy, and the verifier
 * of Linux 6.1 takes two states that differ in nothing else for
 * different ones, without end.  So the first copy is made before ways part,
 * and the bits that are walked are taken from the address as it was then.
 */
#define IDENTIFY(x) \
	do { \
		__u64 copy_; \
		SETTLE(x); \
		asm volatile("%0 = %1" : "=r"(copy_) : "r"(x)); \
	} while (0)

/*
 * The walks are functions of their own, so that they are verified once and not
 * for every way that leads to them, and so that their registers are their own.
 *
 * Unrolled: while it speculates, a CPU does not know where a loop ends, so
 * without CAP_PERFMON the verifier finds no end of it either.
 */

/* Index of the node that covers the bits from o on. */
#define INDEX4(a, o) ((__u32)((a) >> (64 - FIB_STRIDE - (o))) & 63)

/* Host order, in the upper half. */
__noinline __u32
fib4_lookup(__u64 a)
{
	const void *pool = TABLE_BASE(pool4);
	__u32 i, w;

	IDENTIFY(a);
	w = READ(TABLE_BASE(dir4)[a >> (64 - FIB4_DIR_BITS)]);
#pragma unroll
	for (i = 0; i < FIB4_NODES; i++) {
		if (!(w & FIB_NODE))
			return (w);
		w = fib_node(pool, cfg_pool4_mask, w,
		    INDEX4(a, FIB4_DIR_BITS + i * FIB_STRIDE));
	}
	return (w & FIB_NODE ? 0 : w);
}

/* The same for an address in two halves; o is a constant. */
static __always_inline __u32
index6(__u64 hi, __u64 lo, __u32 o)
{
	if (o + FIB_STRIDE <= 64)
		return ((hi >> (64 - FIB_STRIDE - o)) & 63);
	if (o < 64)
		return ((hi << (o + FIB_STRIDE - 64) |
			    lo >> (128 - FIB_STRIDE - o)) &
		    63);
	if (o + FIB_STRIDE <= 128)
		return ((lo >> (128 - FIB_STRIDE - o)) & 63);
	return ((lo << (o + FIB_STRIDE - 128)) & 63);
}

/* Host order halves. */
__noinline __u32
fib6_lookup(__u64 hi, __u64 lo)
{
	const void *pool = TABLE_BASE(pool6);
	__u32 i, w;

	IDENTIFY(hi);
	IDENTIFY(lo);
	if (hi >> 60 == 2)
		w = READ(TABLE_BASE(dir6)[(hi >> 40) & (FIB6_DIR_WORDS - 1)]);
	else {
		w = READ(*(const __u32 *)pool);
#pragma unroll
		for (i = 0; i < FIB6_TOP_NODES; i++) {
			if (!(w & FIB_NODE))
				return (w);
			w = fib_node(pool, cfg_pool6_mask, w,
			    index6(hi, lo, i * FIB_STRIDE));
		}
	}
#pragma unroll
	for (i = FIB6_TOP_NODES; i < FIB6_NODES; i++) {
		if (!(w & FIB_NODE))
			return (w);
		w = fib_node(pool, cfg_pool6_mask, w,
		    index6(hi, lo, i * FIB_STRIDE));
	}
	return (w & FIB_NODE ? 0 : w);
}

#endif
