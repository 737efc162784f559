/* SPDX-License-Identifier: ISC */
/*
 * The prefix tree of one family: a multibit trie with nodes of 6 bits, each
 * just as long as what is in it. Finds, inserts and removes entries; what
 * they mean is the RIB's and the FIB's affair.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include "trie.h"

#define TNODE_UNITS (sizeof(struct tnode) / 8)

/* Where a prefix has its place. */
struct place {
	unsigned int depth; /* of its node */
	bool full;
	unsigned int bit; /* in low or in full */
};

struct path {
	unsigned int n; /* nodes on it; the last is ref[n - 1] */
	uint32_t ref[DEPTHS_MAX];
	unsigned int index[DEPTHS_MAX]; /* of the next in ref[i] */
};

static uint32_t
node_units(unsigned int kids, unsigned int ents)
{
	return (TNODE_UNITS + (kids + 1) / 2 + ents);
}

static unsigned int
node_nents(const struct tnode *n)
{
	return (bits64(n->low) + bits64(n->full));
}

static uint32_t
node_new(struct tree *t)
{
	uint32_t ref;

	if ((ref = pool_alloc(&t->pool, TNODE_UNITS)) != 0)
		memset(tnode_at(t, ref), 0, sizeof(struct tnode));
	return (ref);
}

static void
node_free(struct tree *t, uint32_t ref)
{
	struct tnode *n = tnode_at(t, ref);

	pool_free(&t->pool, ref, node_units(bits64(n->kids), node_nents(n)));
}

struct tree *
tree_new(int af)
{
	struct tree *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	t->af = af;
	t->bits = (unsigned int)af_bits(af);
	if (pool_init(&t->pool, 0, false) == -1) {
		free(t);
		return (NULL);
	}
	if ((t->root = node_new(t)) == 0) {
		tree_free(t);
		return (NULL);
	}
	return (t);
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	pool_done(&t->pool);
	free(t);
}

int
tree_af(const struct tree *t)
{
	return (t->af);
}

size_t
tree_count(const struct tree *t)
{
	return (t->count);
}

size_t
tree_memory(const struct tree *t)
{
	return (sizeof(*t) + pool_memory(&t->pool));
}

static struct place
place_of(const struct key *k, unsigned int len)
{
	struct place p;
	unsigned int rel, i;

	p.depth = (len - 1) / STRIDE * STRIDE;
	rel = len - p.depth;
	i = key_index(k, p.depth);
	p.full = rel == STRIDE;
	p.bit = p.full ? i : (1U << rel) - 2 + (i >> (STRIDE - rel));
	return (p);
}

/* Where a bit's entry is among the entries. */
static unsigned int
ent_rank(const struct tnode *n, bool full, unsigned int bit)
{
	uint64_t below = (1ULL << bit) - 1;

	if (full)
		return (bits64(n->low) + bits64(n->full & below));
	return (bits64(n->low & below));
}

static bool
ent_has(const struct tnode *n, const struct place *p)
{
	return ((p->full ? n->full : n->low) >> p->bit & 1);
}

struct tree_ent *
tree_get(struct tree *t, const struct prefix *pfx)
{
	struct key k = key_from(&pfx->addr);
	struct place pl;
	struct tnode *n;
	uint32_t ref = t->root;
	unsigned int d;

	if (pfx->len == 0)
		return (t->has_zero ? &t->zero : NULL);
	pl = place_of(&k, pfx->len);
	for (d = 0; d < pl.depth; d += STRIDE)
		if ((ref = tnode_kid(tnode_at(t, ref), key_index(&k, d))) == 0)
			return (NULL);
	n = tnode_at(t, ref);
	if (!ent_has(n, &pl))
		return (NULL);
	return (&tnode_ents(n)[ent_rank(n, pl.full, pl.bit)]);
}

void
tree_prefetch(const struct tree *t, const struct prefix *pfx)
{
	struct key k = key_from(&pfx->addr);
	uint32_t ref = t->root;
	unsigned int d;

	for (d = 0; d + STRIDE < pfx->len; d += STRIDE)
		if ((ref = tnode_kid(tnode_at(t, ref), key_index(&k, d))) == 0)
			return;
	__builtin_prefetch(tnode_at(t, ref));
}

/* Copy n elements and leave out (d -1) or make room for (d 1) the one at. */
static void
copy_gap(void *dst, const void *src, size_t size, unsigned int n,
    unsigned int at, int d)
{
	unsigned int skip = d < 0 ? 1 : 0, gap = d > 0 ? 1 : 0;

	memcpy(dst, src, at * size);
	memcpy((char *)dst + (at + gap) * size,
	    (const char *)src + (at + skip) * size, (n - at - skip) * size);
}

/*
 * The last node of a path with one child (kd) or one entry (ed) more or less
 * at a rank. It moves, and its parent is told; the bitmaps are the caller's
 * to change. NULL: no memory, nothing has changed.
 */
static struct tnode *
node_change(struct tree *t, struct path *p, unsigned int kat, int kd,
    unsigned int eat, int ed)
{
	struct tnode *from, *to, *parent;
	uint32_t ref, old = p->ref[p->n - 1];
	unsigned int nk, ne, nk2, ne2, i;

	from = tnode_at(t, old);
	nk = bits64(from->kids);
	ne = node_nents(from);
	nk2 = nk + (unsigned int)kd;
	ne2 = ne + (unsigned int)ed;
	if ((ref = pool_alloc(&t->pool, node_units(nk2, ne2))) == 0)
		return (NULL);
	from = tnode_at(t, old);
	to = tnode_at(t, ref);
	*to = *from;
	copy_gap(tnode_kids(to), tnode_kids(from), 4, nk, kat, kd);
	copy_gap(tnode_kids(to) + ((nk2 + 1) & ~1U), tnode_ents(from), 8, ne,
	    eat, ed);
	pool_free(&t->pool, old, node_units(nk, ne));

	p->ref[p->n - 1] = ref;
	if (p->n == 1) {
		t->root = ref;
		return (to);
	}
	parent = tnode_at(t, p->ref[p->n - 2]);
	i = p->index[p->n - 2];
	tnode_kids(parent)[bits64(parent->kids & ((1ULL << i) - 1))] = ref;
	return (to);
}

/* Take empty nodes off the end of a path. */
static void
prune(struct tree *t, struct path *p)
{
	struct tnode *n;
	unsigned int i;

	while (p->n > 1) {
		n = tnode_at(t, p->ref[p->n - 1]);
		if (n->kids != 0 || n->low != 0 || n->full != 0)
			return;
		i = p->index[p->n - 2];
		n = tnode_at(t, p->ref[p->n - 2]);
		p->n--;
		/* without memory for the smaller copy the empty one stays */
		if ((n = node_change(t, p, bits64(n->kids & ((1ULL << i) - 1)),
			 -1, 0, 0)) == NULL)
			return;
		n->kids &= ~(1ULL << i);
		node_free(t, p->ref[p->n]);
	}
}

/* Follow a key down to a depth, making what is missing if asked to. */
static int
path_walk(struct tree *t, const struct key *k, unsigned int depth,
    struct path *p, bool make)
{
	struct tnode *n;
	uint32_t ref;
	unsigned int d, i;

	p->n = 1;
	p->ref[0] = t->root;
	for (d = 0; d < depth; d += STRIDE) {
		n = tnode_at(t, p->ref[p->n - 1]);
		p->index[p->n - 1] = i = key_index(k, d);
		if ((ref = tnode_kid(n, i)) == 0) {
			if (!make || (ref = node_new(t)) == 0)
				return (-1);
			n = tnode_at(t, p->ref[p->n - 1]);
			n = node_change(t, p,
			    bits64(n->kids & ((1ULL << i) - 1)), 1, 0, 0);
			if (n == NULL) {
				node_free(t, ref);
				return (-1);
			}
			tnode_kids(n)[bits64(n->kids & ((1ULL << i) - 1))] =
			    ref;
			n->kids |= 1ULL << i;
		}
		p->ref[p->n++] = ref;
	}
	return (0);
}

struct tree_ent *
tree_insert(struct tree *t, const struct prefix *pfx)
{
	struct key k = key_from(&pfx->addr);
	struct place pl;
	struct path path;
	struct tnode *n;
	struct tree_ent *e;
	unsigned int rank;

	if (pfx->len == 0) {
		if (!t->has_zero) {
			memset(&t->zero, 0, sizeof(t->zero));
			t->has_zero = true;
			t->count++;
		}
		return (&t->zero);
	}
	pl = place_of(&k, pfx->len);
	if (path_walk(t, &k, pl.depth, &path, true) == -1)
		goto fail;
	n = tnode_at(t, path.ref[path.n - 1]);
	rank = ent_rank(n, pl.full, pl.bit);
	if (ent_has(n, &pl))
		return (&tnode_ents(n)[rank]);
	if ((n = node_change(t, &path, 0, 0, rank, 1)) == NULL)
		goto fail;
	*(pl.full ? &n->full : &n->low) |= 1ULL << pl.bit;
	e = &tnode_ents(n)[rank];
	memset(e, 0, sizeof(*e));
	t->count++;
	return (e);
fail:
	prune(t, &path);
	errno = ENOMEM;
	return (NULL);
}

void
tree_remove(struct tree *t, const struct prefix *pfx)
{
	struct key k = key_from(&pfx->addr);
	struct place pl;
	struct path path;
	struct tnode *n;

	if (pfx->len == 0) {
		t->count -= t->has_zero;
		t->has_zero = false;
		return;
	}
	pl = place_of(&k, pfx->len);
	if (path_walk(t, &k, pl.depth, &path, false) == -1)
		return;
	n = tnode_at(t, path.ref[path.n - 1]);
	if (!ent_has(n, &pl))
		return;
	/* without memory for the smaller copy the entry stays, as nothing */
	n = node_change(t, &path, 0, 0, ent_rank(n, pl.full, pl.bit), -1);
	if (n == NULL) {
		memset(tree_get(t, pfx), 0, sizeof(struct tree_ent));
		return;
	}
	*(pl.full ? &n->full : &n->low) &= ~(1ULL << pl.bit);
	t->count--;
	prune(t, &path);
}

/* The longest entry of a node at depth d that covers index i. */
static struct tree_ent *
node_match(struct tnode *n, unsigned int i, unsigned int d, unsigned int maxlen,
    uint32_t mask, unsigned int *len)
{
	struct tree_ent *e;
	uint64_t m;
	unsigned int bit;

	if (d + STRIDE <= maxlen && n->full >> i & 1) {
		e = &tnode_ents(n)[ent_rank(n, true, i)];
		*len = d + STRIDE;
		if (mask == 0 || e->leaf & mask)
			return (e);
	}
	for (m = n->low & low_cover(i); m != 0; m &= ~(1ULL << bit)) {
		bit = 63 - (unsigned int)__builtin_clzll(m);
		*len = d + low_rel(bit);
		if (*len > maxlen)
			continue;
		e = &tnode_ents(n)[ent_rank(n, false, bit)];
		if (mask == 0 || e->leaf & mask)
			return (e);
	}
	return (NULL);
}

struct tree_ent *
tree_match(struct tree *t, const struct addr *a, int maxlen, uint32_t mask,
    struct prefix *found)
{
	struct key k = key_from(a);
	struct tree_ent *e, *best = NULL;
	uint32_t ref;
	unsigned int d, i, len, max;

	if (maxlen < 0)
		return (NULL);
	max = (unsigned int)maxlen;
	if (t->has_zero && (mask == 0 || t->zero.leaf & mask)) {
		best = &t->zero;
		found->len = 0;
	}
	for (d = 0, ref = t->root; ref != 0 && d < max; d += STRIDE) {
		struct tnode *n = tnode_at(t, ref);

		i = key_index(&k, d);
		if ((e = node_match(n, i, d, max, mask, &len)) != NULL) {
			best = e;
			found->len = (uint8_t)len;
		}
		ref = tnode_kid(n, i);
	}
	if (best != NULL) {
		found->addr = *a;
		prefix_mask(found);
	}
	return (best);
}

/* Set the 6 bits at a depth; those behind are zero. */
static void
key_set(struct key *k, unsigned int depth, unsigned int i)
{
	unsigned __int128 v, bits = i;

	v = (unsigned __int128)k->hi << 64 | k->lo;
	if (depth == 0)
		v = 0;
	else
		v = v >> (128 - depth) << (128 - depth);
	v |= depth <= 122 ? bits << (122 - depth) : bits >> (depth - 122);
	k->hi = (uint64_t)(v >> 64);
	k->lo = (uint64_t)v;
}

struct next {
	struct tree *tree;
	struct key key; /* of the cursor, then of what is found */
	unsigned int len;
};

/* Indices where prefixes of a node or its children start. */
static uint64_t
node_starts(const struct tnode *n)
{
	uint64_t m, starts = n->full | n->kids;
	unsigned int bit, rel;

	for (m = n->low; m != 0; m &= m - 1) {
		bit = (unsigned int)__builtin_ctzll(m);
		rel = low_rel(bit);
		starts |= 1ULL << ((bit + 2 - (1U << rel)) << (STRIDE - rel));
	}
	return (starts);
}

/*
 * The first entry of a node at depth d that starts at index i and has a
 * relative length of at least rel.
 */
static struct tree_ent *
node_first(struct next *s, struct tnode *n, unsigned int d, unsigned int i,
    unsigned int rel)
{
	unsigned int bit;
	bool full;

	for (; rel <= STRIDE; rel++) {
		if (i & ((1U << (STRIDE - rel)) - 1))
			continue;
		full = rel == STRIDE;
		bit = full ? i : (1U << rel) - 2 + (i >> (STRIDE - rel));
		if (!((full ? n->full : n->low) >> bit & 1))
			continue;
		key_set(&s->key, d, i);
		s->len = d + rel;
		return (&tnode_ents(n)[ent_rank(n, full, bit)]);
	}
	return (NULL);
}

/*
 * The first entry below a node; tight: the cursor is in the node's span, and
 * what stands before it does not count.
 */
static struct tree_ent *
node_next(struct next *s, uint32_t ref, unsigned int d, bool tight)
{
	struct tnode *n = tnode_at(s->tree, ref);
	struct tree_ent *e;
	uint64_t m = node_starts(n);
	unsigned int i, rel;
	uint32_t kid;
	bool deeper;

	if (tight) {
		i = key_index(&s->key, d);
		m &= ~0ULL << i;
		deeper = s->len > d + STRIDE;
		rel = s->len > d ? s->len - d : 1;
		if (!deeper && (e = node_first(s, n, d, i, rel)) != NULL)
			return (e);
		if ((kid = tnode_kid(n, i)) != 0) {
			if (!deeper)
				key_set(&s->key, d, i);
			e = node_next(s, kid, d + STRIDE, deeper);
			if (e != NULL)
				return (e);
		}
		m &= ~(1ULL << i);
	}
	for (; m != 0; m &= m - 1) {
		i = (unsigned int)__builtin_ctzll(m);
		if ((e = node_first(s, n, d, i, 1)) != NULL)
			return (e);
		key_set(&s->key, d, i);
		if ((kid = tnode_kid(n, i)) != 0 &&
		    (e = node_next(s, kid, d + STRIDE, false)) != NULL)
			return (e);
	}
	return (NULL);
}

struct tree_ent *
tree_next(struct tree *t, struct prefix *cursor)
{
	struct next s;
	struct tree_ent *e;

	s.tree = t;
	s.key = key_from(&cursor->addr);
	s.len = cursor->len;
	if (s.len == 0 && (s.key.hi | s.key.lo) == 0 && t->has_zero) {
		cursor->addr.af = (uint8_t)t->af;
		return (&t->zero);
	}
	if ((e = node_next(&s, t->root, 0, true)) == NULL)
		return (NULL);
	key_to(&s.key, &cursor->addr);
	cursor->addr.af = (uint8_t)t->af;
	cursor->len = (uint8_t)s.len;
	return (e);
}

bool
tree_after(struct prefix *p)
{
	unsigned int bytes = (unsigned int)af_bytes(p->addr.af), i;
	unsigned int bits = bytes * 8;

	if (p->len < bits) {
		p->len++;
		return (true);
	}
	for (i = bytes; i > 0 && p->addr.b[i - 1] == 0xff; i--)
		p->addr.b[i - 1] = 0;
	if (i == 0)
		return (false);
	p->addr.b[i - 1]++;
	p->len =
	    (uint8_t)(i * 8 - (unsigned int)__builtin_ctz(p->addr.b[i - 1]));
	return (true);
}

uint32_t
tnode_inherit(struct tnode *n, unsigned int i, uint32_t leaf)
{
	struct tree_ent *ents = tnode_ents(n);
	uint64_t m;
	unsigned int bit;

	for (m = n->low & low_cover(i); m != 0; m &= m - 1) {
		bit = (unsigned int)__builtin_ctzll(m);
		leaf = leaf_compose(leaf, ents[ent_rank(n, false, bit)].leaf);
	}
	if (n->full >> i & 1)
		leaf = leaf_compose(leaf, ents[ent_rank(n, true, i)].leaf);
	return (leaf);
}
