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
	uint64_t map;
	uint32_t word = 0;
	unsigned int i, run = 0;

	if (!(w & FIB_NODE)) {
		words_fill(words, w);
		return;
	}
	map = node_map(f, w);
	for (i = 0; i < FANOUT; i++) {
		if (map >> i & 1)
			word = node_word(f, w, run++);
		words[i] = word;
	}
}

static uint64_t
tiny_pack(uint64_t map, const uint32_t *runs, unsigned int n)
{
	uint64_t second, third = FANOUT - 1;

	map &= map - 1;
	second = (uint64_t)__builtin_ctzll(map);
	if (n == 3)
		third = (uint64_t)__builtin_ctzll(map & (map - 1));
	return (NARROW(runs[0]) | (uint64_t)NARROW(runs[1]) << 16 |
	    (uint64_t)NARROW(runs[n - 1]) << 32 | second << 48 | third << 54);
}

/* A node as it lies in the pool; returns how many words it fills. */
static unsigned int
node_pack(uint32_t *to, uint32_t kind, uint64_t map, const uint32_t *runs,
    unsigned int n)
{
	uint16_t narrow[FANOUT] = { 0 };
	unsigned int i, words = node_units(kind, n) * 2;

	if (kind & FIB_TINY)
		map = tiny_pack(map, runs, n);
	memcpy(to, &map, sizeof(map));
	if (kind == 0) {
		to[words - 1] = 0;
		memcpy(to + 2, runs, n * sizeof(*runs));
	} else if (words > 2) {
		for (i = 0; i < n; i++)
			narrow[i] = (uint16_t)NARROW(runs[i]);
		memcpy(to + 2, narrow, (words - 2) * sizeof(*to));
	}
	return (words);
}

/* Do the runs of two nodes of a kind start at the same indices? */
static bool
same_shape(uint32_t kind, const uint32_t *a, const uint32_t *b)
{
	if (kind & FIB_TINY)
		return ((a[1] ^ b[1]) >> 16 == 0);
	return (a[0] == b[0] && a[1] == b[1]);
}

/* The word for 64 words where old is: a leaf if they are all alike, the old
   node if its runs serve, else a new node. */
static uint32_t
words_word(struct fib *f, uint32_t old, unsigned int depth, uint32_t *words)
{
	uint32_t runs[FANOUT], node[FIB_NODE_UNITS_MAX * 2], any, kind, ref;
	const uint32_t *is;
	uint64_t map = 1;
	unsigned int i, n = 0, b;

	/* nobody looks at these; give them no run of their own */
	if (depth == 0)
		for (i = 0; i < 4; i++)
			words[ROOT6_SKIP_FIRST + i] =
			    words[ROOT6_SKIP_FIRST - 1];

	runs[0] = any = words[0];
	for (i = 1; i < FANOUT; i++) {
		any |= words[i];
		b = words[i] != words[i - 1];
		map |= (uint64_t)b << i;
		n += b;
		runs[n] = words[i];
	}
	n++;
	if (map == 1) {
		if (old & FIB_NODE)
			plan_unlink(f, old);
		return (runs[0]);
	}
	kind = 0;
	if (!(any & NARROW_NOT))
		kind = n <= 3 ? FIB_NARROW | FIB_TINY : FIB_NARROW;
	b = node_pack(node, kind, map, runs, n);
	is = old & FIB_NODE ? pool_at(&f->pool, node_unit(old)) : NULL;
	if (is != NULL && (old & (FIB_NARROW | FIB_TINY)) == kind &&
	    same_shape(kind, is, node)) {
		for (i = 0; i < b; i++)
			if (is[i] != node[i])
				plan_store(f, false, node_unit(old) * 2 + i,
				    node[i]);
		return (old);
	}
	if (old & FIB_NODE)
		plan_unlink(f, old);
	if ((ref = plan_alloc(f, kind, n)) == 0)
		return (0);
	memcpy(pool_at(&f->pool, node_unit(ref)), node, b * sizeof(*node));
	return (ref);
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

/* Put an index of 6 bits into a key that has none yet at that depth. */
static void
key_put(struct key *k, unsigned int depth, uint64_t i)
{
	if (depth <= 58)
		k->hi |= i << (58 - depth);
	else if (depth >= 126)
		k->lo |= i >> 4;
	else if (depth >= 64)
		k->lo |= i << (122 - depth);
	else {
		k->hi |= i >> (depth - 58);
		k->lo |= i << (122 - depth);
	}
}

/* Which words lead to nodes. */
static uint64_t
words_nodes(uint32_t old, const uint32_t *words)
{
	uint64_t m = 0;
	unsigned int i;

	if (!(old & FIB_NODE) || old & FIB_NARROW)
		return (0);
	for (i = 0; i < FANOUT; i++)
		m |= (uint64_t)(words[i] >> 31) << i;
	return (m);
}

/*
 * The word for a tree node, or for a place where the tree has none any more
 * but the image may. Indices outside of mask stay as they were, and so does
 * all from where the slice ends.
 */
static uint32_t
compile_node(struct fib *f, uint32_t kid, uint32_t old, unsigned int depth,
    uint32_t leaf, uint64_t mask, bool resume)
{
	uint32_t words[FANOUT], was[FANOUT];
	struct fib_slice *s = &f->slice;
	struct tnode *n = NULL;
	uint64_t m;
	unsigned int i, first = 0;

	f->work++;
	if (resume) {
		first = key_index(&s->from, depth);
		mask &= ~0ULL << first;
	}
	if (kid == 0 && !(old & FIB_NODE) && mask == ~0ULL)
		return (leaf);
	words_expand(f, old, was);
	m = words_nodes(old, was);
	if (kid != 0) {
		n = tnode_at(f->tree, kid);
		compile_leaves(n, leaf, words);
		m |= n->kids;
	} else
		words_fill(words, leaf);
	if (depth == 0)
		mask &= ~ROOT6_SKIP;
	for (m &= mask; m != 0 && f->plan.error == 0; m &= m - 1) {
		i = (unsigned int)__builtin_ctzll(m);
		if (f->work >= s->end) {
			s->stopped = true;
			mask &= (1ULL << i) - 1;
		} else
			words[i] = compile_node(f,
			    n != NULL ? tnode_kid(n, i) : 0, was[i],
			    depth + STRIDE, words[i], ~0ULL,
			    resume && i == first);
		if (s->stopped) {
			key_put(&s->stop, depth, i);
			mask &= (2ULL << i) - 1;
			break;
		}
	}
	if (f->plan.error != 0)
		return (0);
	for (i = 0; mask != ~0ULL && i < FANOUT; i++)
		if (!(mask >> i & 1))
			words[i] = was[i];
	return (words_word(f, old, depth, words));
}

uint32_t
compile_all(struct fib *f, uint32_t kid, uint32_t old, unsigned int depth,
    uint32_t leaf)
{
	return (compile_node(f, kid, old, depth, leaf, ~0ULL,
	    f->slice.resume));
}

uint32_t
compile_path(struct fib *f, uint32_t kid, uint32_t old, unsigned int depth,
    uint32_t leaf, const struct key *k, unsigned int to, uint64_t mask)
{
	uint32_t words[FANOUT], was, now;
	struct tnode *n;
	unsigned int i, run = 0;

	if (depth == to || kid == 0) {
		/* no node here: then all below the index is alike */
		if (depth != to)
			mask = 1ULL << key_index(k, depth);
		return (
		    compile_node(f, kid, old, depth, leaf, mask, false));
	}
	n = tnode_at(f->tree, kid);
	i = key_index(k, depth);
	was = old;
	if (old & FIB_NODE) {
		run = node_run(node_map(f, old), i);
		was = node_word(f, old, run);
	}
	now = compile_path(f, tnode_kid(n, i), was, depth + STRIDE,
	    tnode_inherit(n, i, leaf), k, to, mask);
	if (f->plan.error != 0)
		return (0);
	if (now == was)
		return (old);
	/* a node's run is its own, so the new one can have the same */
	if (now & FIB_NODE && was & FIB_NODE) {
		plan_store(f, false, (node_unit(old) + 1) * 2 + run, now);
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
