/*
 * Route decision engine: the prefix tree, the RIB on it, the decision, the
 * compiled FIB. What stands here is shared by the files of this room; none of
 * it knows of pipes, clocks or the kernel except rde.c.
 */
#ifndef RDE_H
#define RDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bpf/abi_user.h"
#include "../lib/addr.h"
#include "../lib/attr.h"
#include "../lib/msg.h"

/*
 * tree.c: every prefix that has paths or policy, in a multibit trie whose
 * nodes cover the same 6 bits as the FIB's nodes, so that a node is compiled
 * from the node at the same place here. An entry is two words: what the
 * prefix contributes to the leaf (compiled from), and the RIB's handle.
 */
#define ENT_ROUTE	0x80000000U	/* leaf: id is meant; else inherited */
#define ENT_DIRTY	0x04000000U	/* leaf: queued in the FIB, its own */

struct tree_ent {
	uint32_t	leaf;	/* LEAF_ALLOW|BLOCK|LOCAL, and with ENT_ROUTE
				   LEAF_GROUP and the id */
	uint32_t	dest;	/* the RIB's; 0: none */
};

struct tree;

struct tree	*tree_new(int af);
void		 tree_free(struct tree *);
int		 tree_af(const struct tree *);
/* Exact match or NULL. Entries move: a pointer is good until the next insert
   or remove. */
struct tree_ent	*tree_get(struct tree *, const struct prefix *);
/* Exact match or a new zeroed entry; NULL: no memory. */
struct tree_ent	*tree_insert(struct tree *, const struct prefix *);
/* Remove the entry (if there is one) and the nodes it leaves empty. */
void		 tree_remove(struct tree *, const struct prefix *);
/* The longest prefix that covers addr (up to and with maxlen bits) and whose
   leaf has any bit of mask set (mask 0: any entry); fills *found. */
struct tree_ent	*tree_match(struct tree *, const struct addr *, int maxlen,
		    uint32_t mask, struct prefix *found);
/* In order of address and length: the first entry at or behind *cursor, which
   it moves onto it; NULL at the end. Start with a zero prefix of the family;
   to go on, call tree_after on the cursor. Robust against changes between. */
struct tree_ent	*tree_next(struct tree *, struct prefix *cursor);
/* The next possible prefix in that order; false: there is none. */
bool		 tree_after(struct prefix *);
size_t		 tree_count(const struct tree *);
size_t		 tree_memory(const struct tree *);	/* bytes */

/*
 * fib.c: the image of one family's tables (abi.h), compiled from a tree and
 * written out word by word in an order in which a reader in the middle of it
 * sees the old or the new answer, never a third.
 */
struct fib;

/* Store words in a table; called in order. 0, or -1: not now (the write is
   not taken; fib_step returns and the same work is done again later). */
typedef int fib_write_fn(void *, enum fib_table, uint32_t index,
	    const uint32_t *words, uint32_t n);

/* units: size of the pool. The image starts all zero, as the tables do. */
struct fib	*fib_new(struct tree *, uint32_t units, fib_write_fn *,
		    void *arg);
void		 fib_free(struct fib *);
/* The tree's entry of this prefix was added or its leaf changed. An entry to
   be removed gets leaf 0 and dest 0 and stays until fib_step has dealt with
   it and removes it from the tree. */
int		 fib_dirty(struct fib *, const struct prefix *);
/* Everything is to be compiled anew (start, much policy changed). */
void		 fib_dirty_all(struct fib *);
/* Compile and write for about budget node writes. 1: there is more to do; 0: the
   tables hold all of the tree; -1 with errno ENOSPC: the pool is full (old
   answers stand; stays so until something is freed or withdrawn), EAGAIN: the
   writer refused. */
int		 fib_step(struct fib *, unsigned int budget);
size_t		 fib_pending(const struct fib *);
/*
 * Nodes that were unlinked wait for a grace period. fib_seal returns the
 * epoch that all unlinked since the last seal belong to (0: none);
 * fib_release frees that epoch and all before it for use.
 */
uint32_t	 fib_seal(struct fib *);
void		 fib_release(struct fib *, uint32_t epoch);
/* The walk of the programs over the image. */
uint32_t	 fib_lookup(const struct fib *, const struct addr *);
/* What the tree says, by plain longest match; the audit's truth. */
uint32_t	 fib_expect(const struct fib *, const struct addr *);

struct fib_stats {
	uint32_t	units, units_used, units_waiting, nodes;
	size_t		memory;		/* bytes, image and bookkeeping */
};
void		 fib_stats(const struct fib *, struct fib_stats *);

#endif
