/* SPDX-License-Identifier: ISC */
/*
 * The insides of the FIB, for its own files: fib.c (what is dirty, in which
 * order it is dealt with), fib_slots.c (areas that are dirty as a whole),
 * fib_compile.c (what the words ought to be), fib_write.c (how they get into
 * the tables) and fib_audit.c (whether they are there).
 */
#ifndef FIB_H
#define FIB_H

#include "trie.h"

/* In the root's node the indices of 2000::/4, which has the direct array. */
#define ROOT6_SKIP_FIRST	8
#define ROOT6_SKIP		0x0f00ULL
#define DIR6_TOP		2	/* the 4 bits above the direct index */
#define GROUP			64	/* slots that hang on one tree node */

#define FIB_BATCH		256	/* queued prefixes sorted together */
#define FIB_QUEUES		64	/* of prefixes, by who changed them */
#define FIB_SLICE		256	/* nodes looked at, after which a plan
					   ends wherever it is */

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
	uint32_t	*nodes;		/* to be written, references */
	uint32_t	*index;		/* to be stored: where */
	uint32_t	*word;		/* ... and what */
	uint8_t		*dir;		/* ... in the direct array, else pool */
	uint32_t	*unlinked;	/* references */
	uint32_t	 nnodes, nodes_cap;
	uint32_t	 nstores, stores_cap;
	uint32_t	 nunlinked, unlinked_cap;
	uint32_t	 nodes_done, stores_done;
	uint32_t	 units_new, units_old;
	int		 error;		/* why it cannot be done */
};

/*
 * What one plan may do of an area: from an address on, until so many nodes
 * were looked at. Addresses before and behind keep their words, so that each
 * has its old or its new answer however an area is cut.
 */
struct fib_slice {
	bool		 resume;	/* from is meant */
	bool		 stopped;	/* and stop is where to go on */
	struct key	 from, stop;
	uint64_t	 end;		/* of work */
};

/* An area that is done slice by slice. */
struct fib_part {
	bool		 open;
	uint32_t	 slot;
	struct key	 from;
};

struct fib_audit;

struct fib_waiting {
	uint32_t	 node;		/* reference */
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

	/* a prefix is in one of them; who has changed few waits for a batch
	   of each other who has, however many those have queued */
	struct fib_queue	 queues[FIB_QUEUES];
	uint64_t		 ready;		/* those with prefixes */
	unsigned int		 last;		/* the last batch's */
	struct fib_queue	 stuck;		/* did not fit */
	struct fib_item		 batch[FIB_BATCH];
	unsigned int		 batch_n, batch_done;

	/* direct slots to be compiled; 64 of them hang on one tree node */
	uint64_t		*slots;
	uint64_t		*slots_stuck;
	uint32_t		 nslots, nslots_stuck;
	uint32_t		 next;		/* slot, to go on looking */
	bool			 root;		/* all outside 2000::/4 */
	bool			 root_stuck;
	struct fib_part		 slot_part, root_part;
	bool			 root_turn;	/* root, not slots */
	bool			 area_turn;	/* these, not the queue */
	uint64_t		 turn_end;	/* of work */

	struct fib_plan		 plan;
	struct fib_slice	 slice;
	uint64_t		 work;		/* nodes looked at */
	uint64_t		*live;		/* units of published nodes */
	struct fib_audit	*audit;		/* NULL: none yet */

	struct fib_waiting	*waiting;
	size_t			 wait_head, wait_tail, wait_cap;
	uint32_t		 wait_units;
	uint32_t		 epoch;		/* of what is unlinked now */
};

/*
 * Nodes are named by the words that refer to them: without its kind, nobody
 * could tell how large one is.
 */
static inline uint32_t
node_unit(uint32_t ref)
{
	return (ref & FIB_UNIT);
}

/* Which indices start a run. */
static inline uint64_t
node_map(const struct fib *f, uint32_t ref)
{
	uint64_t	 map;

	memcpy(&map, pool_at(&f->pool, node_unit(ref)), 8);
	if (ref & FIB_TINY) {
		/* of two runs, the third is the end of the second */
		if ((map >> 16 ^ map >> 32) & 0xffff)
			return (1 | 1ULL << TINY_SECOND(map) |
			    1ULL << TINY_THIRD(map));
		return (1 | 1ULL << TINY_SECOND(map));
	}
	return (map);
}

/* The words of a node: of 32 bits, or of 16 if it is narrow. */
static inline void *
node_words(const struct fib *f, uint32_t ref)
{
	return (pool_at(&f->pool,
	    node_unit(ref) + (ref & FIB_TINY ? 0 : 1)));
}

/* Units of a node of n runs; ref need only tell the kind. */
static inline uint32_t
node_units(uint32_t ref, uint32_t n)
{
	if (ref & FIB_TINY)
		return (1);
	return (1 + (ref & FIB_NARROW ? (n + 3) / 4 : (n + 1) / 2));
}

static inline uint32_t
node_size(const struct fib *f, uint32_t ref)
{
	return (node_units(ref, bits64(node_map(f, ref))));
}

static inline uint32_t
node_word(const struct fib *f, uint32_t ref, unsigned int run)
{
	if (ref & FIB_NARROW)
		return (NARROW_LEAF(((uint16_t *)node_words(f, ref))[run]));
	return (((uint32_t *)node_words(f, ref))[run]);
}

/* Place of index i's word among a node's words. */
static inline unsigned int
node_run(uint64_t map, unsigned int i)
{
	return (bits64(map & ~0ULL >> (63 - i)) - 1);
}

/* Does a prefix lie where the direct array is? */
static inline bool
in_dir(const struct fib *f, const struct key *k, unsigned int len)
{
	return (!f->v6 || (len >= FIB6_DIR_SKIP && k->hi >> 60 == DIR6_TOP));
}

/* Slot of an address in the direct array. */
static inline uint32_t
slot_of(const struct fib *f, const struct key *k)
{
	if (!f->v6)
		return (k->hi >> (64 - FIB4_DIR_BITS));
	return (k->hi >> (60 - FIB6_DIR_BITS) & (FIB6_DIR_WORDS - 1));
}

/* Prefixes that wait in the queues, but for those of the batch. */
size_t		 queues_count(const struct fib *);

/*
 * fib_slots.c: whole slots of the direct array, and the root, that are to be
 * compiled.
 */
void		 slots_mark(struct fib *, uint32_t from, uint32_t n);
/* All slots that a prefix of their length or shorter spans. */
void		 slots_mark_prefix(struct fib *, const struct key *,
		    unsigned int len);
/* What did not fit may fit now; with a key: only what it lies in. */
void		 slots_unstick(struct fib *, const struct key *,
		    unsigned int len);
bool		 slots_todo(const struct fib *);
size_t		 slots_stuck(const struct fib *);
size_t		 slots_pending(const struct fib *);
/* Plan one slice: 0, or -1 if it does not fit and was put aside. */
int		 slots_step(struct fib *, uint64_t work_end);
/* A plan may look at so many nodes, from an address on; NULL: all. */
void		 slice_begin(struct fib *, const struct key *from);

/*
 * fib_compile.c: what a word ought to be, given the one that is there. New
 * nodes, stores and unlinked nodes go into the plan, as does an error.
 */

/* One slot of the direct array or the root: everything below that the slice
   takes. kid: the tree's node, 0: none; leaf: what is inherited. */
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
uint32_t	 plan_alloc(struct fib *, uint32_t kind, uint32_t runs);
void		 plan_unlink(struct fib *, uint32_t ref);
void		 plan_store(struct fib *, bool dir, uint32_t index,
		    uint32_t word);
/* Close a plan that was filled: 0, or -1 if it cannot be done; all of it is
   undone then. */
int		 plan_close(struct fib *);
bool		 plan_pending(const struct fib *);
/* Write what is left: 0 all done, -1 the writer refused. */
int		 plan_write(struct fib *);
void		 plan_done(struct fib_plan *);
/*
 * fib_audit.c
 */
/* A node was published, or unlinked. */
void		 live_mark(struct fib *, uint32_t ref, bool on);
/* Something is dirty. */
void		 fib_audit_changed(struct fib *);
/* An area was planned: ought it to have stores? */
void		 fib_audit_planned(struct fib *);
/* Grow an array of elements of a size to hold n; -1: no memory. */
int		 array_grow(void *array, uint32_t *cap, size_t n, size_t size);

#endif
