/* SPDX-License-Identifier: ISC */
/*
 * The insides of the FIB, for its own files: fib.c (what is dirty, in which
 * order it is dealt with), fib_compile.c (what the words ought to be) and
 * fib_write.c (how they get into the tables).
 */
#ifndef FIB_H
#define FIB_H

#include "trie.h"

/* In the root's node the indices of 2000::/4, which has the direct array. */
#define ROOT6_SKIP_FIRST	8
#define ROOT6_SKIP		0x0f00ULL

#define FIB_BATCH		256	/* queued prefixes sorted together */
#define FIB_PLAN_NODES		256	/* new nodes after which a plan of
					   direct slots is closed */

struct fib_item {
	struct key	key;
	uint32_t	len;
};

struct fib_queue {
	struct fib_item	*items;
	size_t		 head, tail, cap;
};

/*
 * A plan: nodes that are complete in the image's pool but that nothing refers
 * to yet, the words that are to be stored once all nodes are written, and the
 * nodes that are then unlinked. The image changes word by word as the writer
 * takes them, so it is always what the tables are; a refused write is where
 * the plan goes on later.
 */
struct fib_plan {
	uint32_t	*nodes;		/* to be written, units */
	uint32_t	*index;		/* to be stored: where */
	uint32_t	*word;		/* ... and what */
	uint8_t		*dir;		/* ... in the direct array, else pool */
	uint32_t	*unlinked;	/* units */
	uint32_t	 nnodes, nodes_cap;
	uint32_t	 nstores, stores_cap;
	uint32_t	 nunlinked, unlinked_cap;
	uint32_t	 nodes_done, stores_done;
	uint32_t	 units_new, units_old;
	int		 error;		/* why it cannot be done */
};

struct fib_waiting {
	uint32_t	 unit;
	uint32_t	 epoch;
};

struct fib {
	struct tree		*tree;
	fib_write_fn		*write;
	void			*arg;
	bool			 v6;
	unsigned int		 depth;		/* of the nodes below dir */
	enum fib_table		 dir_table, pool_table;

	uint32_t		*dir;
	uint32_t		 ndir;
	struct pool		 pool;
	uint32_t		 reserve;	/* for plans that shrink */
	uint32_t		 nodes;

	struct fib_queue	 queue;
	struct fib_queue	 stuck;		/* did not fit */
	struct fib_item		 batch[FIB_BATCH];
	unsigned int		 batch_n, batch_done;

	/* direct slots to be compiled; 64 of them hang on one tree node */
	uint64_t		*slots;
	uint64_t		*slots_stuck;
	uint32_t		 nslots, nslots_stuck;
	uint32_t		 group;		/* where to go on looking */
	bool			 root;		/* all outside 2000::/4 */
	bool			 root_stuck;
	bool			 turn;		/* slots, not the queue */

	struct fib_plan		 plan;
	uint64_t		 work;		/* nodes looked at */

	struct fib_waiting	*waiting;
	size_t			 wait_head, wait_tail, wait_cap;
	uint32_t		 wait_units;
	uint32_t		 epoch;		/* of what is unlinked now */
};

static inline uint64_t
node_map(const struct fib *f, uint32_t unit)
{
	uint64_t	 map;

	memcpy(&map, pool_at(&f->pool, unit), 8);
	return (map);
}

static inline uint32_t *
node_words(const struct fib *f, uint32_t unit)
{
	return ((uint32_t *)pool_at(&f->pool, unit + 1));
}

static inline uint32_t
node_size(uint64_t map)
{
	return (1 + (bits64(map) + 1) / 2);
}

/* Place of index i's word among a node's words. */
static inline unsigned int
node_run(uint64_t map, unsigned int i)
{
	return (bits64(map & ~0ULL >> (63 - i)) - 1);
}

/*
 * fib_compile.c: what a word ought to be, given the one that is there. New
 * nodes, stores and unlinked nodes go into the plan, as does an error.
 */

/* One slot of the direct array or the root: everything below. kid: the tree's
   node, 0: none; leaf: what is inherited. */
uint32_t	 compile_all(struct fib *, uint32_t kid, uint32_t old,
		    unsigned int depth, uint32_t leaf);
/* The same word after a change in one tree node at depth to: children at
   indices outside of mask stay as they are. */
uint32_t	 compile_path(struct fib *, uint32_t kid, uint32_t old,
		    unsigned int depth, uint32_t leaf, const struct key *,
		    unsigned int to, uint64_t mask);
/* All leaves of a tree node as inherited by its children. */
void		 compile_leaves(struct tnode *, uint32_t leaf, uint32_t *words);
/* Follow a key down to a depth: the tree's node or 0, and what it inherits. */
uint32_t	 compile_walk(const struct fib *, const struct key *,
		    unsigned int depth, uint32_t *leaf);

/*
 * fib_write.c
 */
uint32_t	 plan_alloc(struct fib *, uint32_t units);
void		 plan_unlink(struct fib *, uint32_t unit);
void		 plan_store(struct fib *, bool dir, uint32_t index,
		    uint32_t word);
/* Close a plan that was filled: 0, or -1 if it cannot be done; all of it is
   undone then. */
int		 plan_close(struct fib *);
bool		 plan_pending(const struct fib *);
/* Write what is left: 0 all done, -1 the writer refused. */
int		 plan_write(struct fib *);
void		 plan_done(struct fib_plan *);
/* Grow an array of elements of a size to hold n; -1: no memory. */
int		 array_grow(void *array, uint32_t *cap, size_t n, size_t size);

#endif
