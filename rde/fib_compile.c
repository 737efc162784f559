/* SPDX-License-Identifier: ISC */
/*
 * What the words of the tables ought to be, from the tree. Reads the tree and
 * the image and fills the plan; writes nothing that a reader could see.
 *
 * What is there already is kept where it is right: a node whose runs start
 * where they started is changed word by word, one that does not change at all
 * costs nothing.
 */
#include <sys/socket.h>

#include "fib.h"

static void
words_fill(uint32_t *words, uint32_t w)
{
	unsigned int i;

	for (i = 0; i < FANOUT; i++)
		words[i] = w;
}

/* The words of a node, or of what stands for one whose words are all alike. */
static void
words_expand(const struct fib *f, uint32_t w, uint32_t *words)
{
	const uint32_t *runs;
	uint64_t map;
	unsigned int i;

	if (!(w & FIB_NODE)) {
		words_fill(words, w);
		return;
	}
	w &= ~FIB_NODE;
	map = node_map(f, w);
	runs = node_words(f, w) - 1;
	for (i = 0; i < FANOUT; i++) {
		runs += map >> i & 1;
		words[i] = *runs;
	}
}

/* Unlink a node and all below it. */
static void
unlink_all(struct fib *f, uint32_t w, unsigned int depth)
{
	const uint32_t *runs;
	unsigned int i, n;

	if (!(w & FIB_NODE))
		return;
	w &= ~FIB_NODE;
	runs = node_words(f, w);
	n = bits64(node_map(f, w));
	for (i = 0; i < n; i++)
		unlink_all(f, runs[i], depth + STRIDE);
	plan_unlink(f, w);
}

/* The word for 64 words where old is: a leaf if they are all alike, the old
   node if its runs serve, else a new node. */
static uint32_t
words_word(struct fib *f, uint32_t old, unsigned int depth, uint32_t *words)
{
	uint32_t runs[FANOUT], unit, size, *to;
	uint64_t map = 1;
	unsigned int i, n = 0, b;

	/* nobody looks at these; give them no run of their own */
	if (depth == 0)
		for (i = 0; i < 4; i++)
			words[ROOT6_SKIP_FIRST + i] =
			    words[ROOT6_SKIP_FIRST - 1];

	runs[0] = words[0];
	for (i = 1; i < FANOUT; i++) {
		b = words[i] != words[i - 1];
		map |= (uint64_t)b << i;
		n += b;
		runs[n] = words[i];
	}
	n++;
	unit = old & ~FIB_NODE;
	if (map == 1) {
		if (old & FIB_NODE)
			plan_unlink(f, unit);
		return (runs[0]);
	}
	if (old & FIB_NODE && node_map(f, unit) == map) {
		to = node_words(f, unit);
		for (i = 0; i < n; i++)
			if (to[i] != runs[i])
				plan_store(f, false, (unit + 1) * 2 + i,
				    runs[i]);
		return (old);
	}
	size = node_size(map);
	if (old & FIB_NODE)
		plan_unlink(f, unit);
	if ((unit = plan_alloc(f, size)) == 0)
		return (0);
	memcpy(pool_at(&f->pool, unit), &map, 8);
	to = node_words(f, unit);
	memcpy(to, runs, n * sizeof(*to));
	if (n & 1)
		to[n] = 0;
	return (FIB_NODE | unit);
}

void
compile_leaves(struct tnode *n, uint32_t leaf, uint32_t *words)
{
	const struct tree_ent *e = tnode_ents(n);
	uint64_t m;
	unsigned int bit, rel, i, end;

	words_fill(words, leaf);
	/* bits are in the order of length: longer ones come on top */
	for (m = n->low; m != 0; m &= m - 1, e++) {
		bit = (unsigned int)__builtin_ctzll(m);
		rel = low_rel(bit);
		i = (bit + 2 - (1U << rel)) << (STRIDE - rel);
		end = i + (1U << (STRIDE - rel));
		for (; i < end; i++)
			words[i] = leaf_compose(words[i], e->leaf);
	}
	for (m = n->full; m != 0; m &= m - 1, e++) {
		i = (unsigned int)__builtin_ctzll(m);
		words[i] = leaf_compose(words[i], e->leaf);
	}
}

/* The word for a tree node; children at indices outside of mask that are in
   the tree keep their old words. */
static uint32_t
compile_node(struct fib *f, uint32_t kid, uint32_t old, unsigned int depth,
    uint32_t leaf, uint64_t mask)
{
	uint32_t words[FANOUT], was[FANOUT];
	const uint32_t *kids;
	struct tnode *n;
	uint64_t m, keep, skip;
	unsigned int i;

	f->work++;
	if (kid == 0) {
		unlink_all(f, old, depth);
		return (leaf);
	}
	n = tnode_at(f->tree, kid);
	compile_leaves(n, leaf, words);
	skip = depth == 0 ? ROOT6_SKIP : 0;
	keep = n->kids & ~mask;
	/* what was below and has nothing left in the tree */
	if (old & FIB_NODE || keep != 0) {
		words_expand(f, old, was);
		for (m = ~n->kids & ~skip; old & FIB_NODE && m != 0;
		     m &= m - 1) {
			i = (unsigned int)__builtin_ctzll(m);
			if (was[i] & FIB_NODE)
				unlink_all(f, was[i], depth + STRIDE);
		}
	} else if (n->kids != 0)
		words_fill(was, old);
	kids = tnode_kids(n);
	for (m = n->kids; m != 0 && f->plan.error == 0; m &= m - 1, kids++) {
		i = (unsigned int)__builtin_ctzll(m);
		if (skip >> i & 1)
			continue;
		if (keep >> i & 1)
			words[i] = was[i];
		else
			words[i] = compile_node(f, *kids, was[i],
			    depth + STRIDE, words[i], ~0ULL);
	}
	if (f->plan.error != 0)
		return (0);
	return (words_word(f, old, depth, words));
}

uint32_t
compile_all(struct fib *f, uint32_t kid, uint32_t old, unsigned int depth,
    uint32_t leaf)
{
	return (compile_node(f, kid, old, depth, leaf, ~0ULL));
}

uint32_t
compile_path(struct fib *f, uint32_t kid, uint32_t old, unsigned int depth,
    uint32_t leaf, const struct key *k, unsigned int to, uint64_t mask)
{
	uint32_t words[FANOUT], was, now, unit;
	struct tnode *n;
	uint64_t map;
	unsigned int i, run = 0;

	if (depth == to || kid == 0)
		return (compile_node(f, kid, old, depth, leaf, mask));
	n = tnode_at(f->tree, kid);
	i = key_index(k, depth);
	unit = old & ~FIB_NODE;
	was = old;
	if (old & FIB_NODE) {
		map = node_map(f, unit);
		run = node_run(map, i);
		was = node_words(f, unit)[run];
	}
	now = compile_path(f, tnode_kid(n, i), was, depth + STRIDE,
	    tnode_inherit(n, i, leaf), k, to, mask);
	if (f->plan.error != 0)
		return (0);
	if (now == was)
		return (old);
	/* a node's run is its own, so the new one can have the same */
	if (now & FIB_NODE && was & FIB_NODE) {
		plan_store(f, false, (unit + 1) * 2 + run, now);
		return (old);
	}
	words_expand(f, old, words);
	words[i] = now;
	return (words_word(f, old, depth, words));
}

uint32_t
compile_walk(const struct fib *f, const struct key *k, unsigned int depth,
    uint32_t *leaf)
{
	struct tnode *n;
	uint32_t ref = f->tree->root;
	unsigned int d, i;

	*leaf = f->tree->has_zero ? leaf_compose(0, f->tree->zero.leaf) : 0;
	for (d = 0; d < depth && ref != 0; d += STRIDE) {
		n = tnode_at(f->tree, ref);
		i = key_index(k, d);
		*leaf = tnode_inherit(n, i, *leaf);
		ref = tnode_kid(n, i);
	}
	return (ref);
}
