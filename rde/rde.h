/* SPDX-License-Identifier: ISC */
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
#define ENT_CONNECTED	0x02000000U	/* leaf: connected network; its route is
					   LEAF_ID_PUNT, whatever the paths */

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
/* It is about to be asked for: have it in the cache by then. */
void		 tree_prefetch(const struct tree *, const struct prefix *);
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
/* The same, and by whom: a number, 0 nobody's. What one of them changes does
   not wait for all that another has changed. */
int		 fib_dirty_by(struct fib *, const struct prefix *,
		    unsigned int cause);
/* Everything is to be compiled anew (start, much policy changed). */
void		 fib_dirty_all(struct fib *);
/* Compile and write for about budget node writes. 1: there is more to do; 0:
   the tables hold all of the tree; -1 with errno ENOSPC: the pool is full (old
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

/*
 * fib_audit.c: a round over all words of one family's tables.
 */
struct fib_words {
	enum fib_table	 table;
	uint32_t	 index;
	uint32_t	 count;		/* up to TABLE_READ_MAX */
};

struct fib_difference {
	enum fib_table	 table;
	uint32_t	 index;		/* of the word */
	uint32_t	 found, expected;
	bool		 image;		/* not what the tree says; else the
					   table's is not what was written */
};

typedef void fib_differs_fn(void *, const struct fib_difference *);

/* Begin a round. tree: the tables hold all of the tree, so look whether they
   do. The function is called for each difference; all are repaired by the
   next fib_step. -1: no memory. */
int		 fib_audit_start(struct fib *, bool tree, fib_differs_fn *,
		    void *arg);
/* The next words: 1: they are to be read when all writes so far have been
   made, and the slots among them are now pending to be compiled; 0: the round
   is over; -1 EAGAIN: something is pending, or words are being read. */
int		 fib_audit_next(struct fib *, struct fib_words *);
/* Those words as read. -1 with errno: nobody asked, or no memory to repair. */
int		 fib_audit_words(struct fib *, const uint32_t *);
uint32_t	 fib_audit_percent(const struct fib *);

/*
 * fib_next.c: a FIB that is built anew (fib_new, fib_dirty_all) beside one of
 * the same tree that is not stepped meanwhile. Of each change the new one is
 * told by fib_dirty, the other by fib_dirty_area.
 */
void		 fib_dirty_area(struct fib *, const struct prefix *);
/* Take over what is queued in from, which keeps the areas. -1: no memory. */
int		 fib_inherit(struct fib *, struct fib *from);
/* Has everything been compiled and written, but for changes since? */
bool		 fib_built(const struct fib *);

struct fib_stats {
	uint32_t	units, units_used, units_waiting, nodes;
	size_t		memory;		/* bytes, image and bookkeeping */
};
void		 fib_stats(const struct fib *, struct fib_stats *);

/*
 * decision.c: the order of RFC 4271 s. 9.1.2.2, over plain values.
 */
struct decision_path {
	uint32_t	local_pref;
	uint32_t	hops;
	uint32_t	med;
	uint32_t	neighbor_as;
	uint32_t	router_id;	/* or ORIGINATOR_ID; host order */
	uint32_t	path_id;
	uint32_t	nexthop;	/* id; 0: of no use in a group */
	uint16_t	cluster_len;
	uint16_t	peer_number;
	uint8_t		origin;		/* enum attr_origin */
	bool		ebgp;
	bool		eligible;	/* there is a way to its next hop */
	struct addr	peer;
};

#define LOCAL_PREF_DEFAULT	100

/* Compare two: below 0 if the first is better. MED counts only between paths
   from the same neighbor AS, so this is no total order over many. */
int		 decision_cmp(const struct decision_path *,
		    const struct decision_path *);
/*
 * The next hops of an ECMP set: those of all paths that no rule up to the IGP
 * metric (steps a to e) tells apart from the best, if that is eligible. AS
 * paths need not be equal, only as long. Each once, in ascending order; if
 * there are too many, those whose paths are better by what follows step e.
 */
struct decision_set {
	uint32_t	n;
	uint32_t	ids[ECMP_MEMBERS_MAX];
};

/* Index of the best of n paths, n at least 1, and the set with it. A path that
   is not eligible is best only if none is. Takes time in proportion to n, and
   to how many neighbor ASes tie up to MED. */
size_t		 decision_best(const struct decision_path *, size_t n,
		    struct decision_set *);
/* Does p, one of the paths, belong to the set of the best of them? */
bool		 decision_ties(const struct decision_path *, size_t n,
		    size_t best, const struct decision_path *p);

/*
 * nexthop.c: next hop addresses and their ids.
 */
struct nexthops;

struct nexthop_ops {
	void	(*want)(void *, uint32_t id, const struct addr *);
	void	(*drop)(void *, uint32_t id);
	void	(*idle)(void *);	/* one lost its last user; or NULL */
};

/* Ids are from LEAF_ID_FIRST up to below limit. */
struct nexthops	*nexthop_new(uint32_t limit, const struct nexthop_ops *,
		    void *);
void		 nexthop_free(struct nexthops *);
void		 nexthop_limit(struct nexthops *, uint32_t limit);
/* The id of an address, and a reference to it. LEAF_ID_PUNT (not counted as a
   reference) if there are no more. */
uint32_t	 nexthop_get(struct nexthops *, const struct addr *);
/* One more to an id that has some. */
void		 nexthop_ref(struct nexthops *, uint32_t id);
void		 nexthop_put(struct nexthops *, uint32_t id);
/* Drop those without users. To be called when no table names them. */
void		 nexthop_reap(struct nexthops *);
bool		 nexthop_idle(const struct nexthops *);	/* any to reap */
/* A dropped id may be used again. -1 EINVAL if it was not dropped. */
int		 nexthop_gone(struct nexthops *, uint32_t id);
/* True if the decision is to look anew at paths over it: they became eligible
   or ceased to be, or may now be in an ECMP set or no more. */
bool		 nexthop_set_state(struct nexthops *, uint32_t id,
		    uint8_t state);
/* UNRESOLVED until told otherwise. */
uint8_t		 nexthop_state(const struct nexthops *, uint32_t id);
/* Routes whose leaf leads there, by itself or in a group. */
void		 nexthop_count(struct nexthops *, uint32_t id, int change);
/* The first id at or above this one that is in use; 0: none. */
uint32_t	 nexthop_next(const struct nexthops *, uint32_t id,
		    uint32_t *routes);
/* Would nexthop_get have an id for it? addr NULL: for a new one. */
bool		 nexthop_room(const struct nexthops *, const struct addr *addr);
/* How often there was no id left. */
uint64_t	 nexthop_refused(const struct nexthops *);
size_t		 nexthop_memory(const struct nexthops *);	/* bytes */

/*
 * group.c: ECMP groups by their members, and their ids. A group refers to its
 * next hops for as long as any table may name it. Its id is used again only
 * after group_seal and group_release.
 */
struct groups;

/* Store a group in the tables; 0, or -1: not now. */
typedef int group_write_fn(void *, uint32_t id, const struct ecmp_group *);
/* One was made, or lost its last user. */
typedef void group_work_fn(void *);

/* There is room for none before group_limit. */
struct groups	*group_new(struct nexthops *, uint64_t seed, group_work_fn *,
		    void *);
void		 group_free(struct groups *);
/* Ids are from GROUP_FIRST up to below limit; those given out stay. */
void		 group_limit(struct groups *, uint32_t limit);
/* The id of the group of these next hops (2 to ECMP_MEMBERS_MAX, ascending),
   and a reference to it. 0: no room, or no memory. */
uint32_t	 group_take(struct groups *, const uint32_t *ids, uint32_t n);
void		 group_put(struct groups *, uint32_t id);
/* Does this group have these members? */
bool		 group_is(const struct groups *, uint32_t id,
		    const uint32_t *ids, uint32_t n);
/* Write those that no table has yet. To be called before leaves are written.
   -1: the writer refused; some are still to be written. */
int		 group_write(struct groups *, group_write_fn *, void *);
/* New tables: all are to be written again. */
void		 group_rewrite(struct groups *);
/* Those without users, which no table names any more, wait for a grace period
   from now on. True: some do. */
bool		 group_seal(struct groups *);
/* It has passed: the ids of what was sealed may be used again. */
void		 group_release(struct groups *);
/* What a table is to have for an id; NULL: nothing may name it. */
const struct ecmp_group *group_get(const struct groups *, uint32_t id);
bool		 group_room(const struct groups *);	/* for one more? */
uint32_t	 group_count(const struct groups *);	/* with users */
uint32_t	 group_used(const struct groups *);	/* ids not free */
uint64_t	 group_refused(const struct groups *);	/* no room, so often */
size_t		 group_memory(const struct groups *);	/* bytes */

/*
 * intern.c: attribute sets.
 */
struct attr_set {
	uint32_t	refs;
	uint32_t	hash;
	uint32_t	local_pref;
	uint32_t	med;
	uint32_t	neighbor_as;
	uint32_t	originator;
	uint32_t	nexthop;	/* id */
	uint16_t	hops;
	uint16_t	cluster_len;
	uint16_t	len;
	uint8_t		origin;
	bool		has_originator;
	uint8_t		blob[];		/* canonical form, len bytes */
};

struct intern;

struct intern	*intern_new(struct nexthops *, uint64_t seed);
void		 intern_free(struct intern *);
/* The handle of a set (blob: its canonical bytes), with a reference; a new
   set refers to its next hop. 0: no memory. */
uint32_t	 intern_get(struct intern *, const struct attrs *,
		    const uint8_t *blob, size_t len);
/* The same for a set that found no id for its next hop, if there is one now:
   another handle, or 0 if there is nothing better. */
uint32_t	 intern_renew(struct intern *, uint32_t);
/* Sets that found no id. */
uint32_t	 intern_punted(const struct intern *);
void		 intern_ref(struct intern *, uint32_t);
void		 intern_unref(struct intern *, uint32_t);
const struct attr_set *intern_set(const struct intern *, uint32_t);
uint32_t	 intern_count(const struct intern *);
size_t		 intern_memory(const struct intern *);	/* bytes */

/*
 * rib.c: all paths of all peers, policy flags, and the leaf words they make
 * in the trees. Peers are numbered from 0 up to below RIB_PEERS.
 */
#define RIB_PEERS	(2 * PEERS_MAX)

#define RIB_POLICY	0x1	/* flags changed; else the route did */
#define RIB_EMPTY	0x2	/* the entry has neither path nor flag left */

/* The leaf of this prefix's entry has changed. An empty entry is the callee's
   to remove from the tree, now or later. */
typedef void rib_changed_fn(void *, const struct prefix *, int what);

struct rib_peer {
	struct addr	addr;
	uint32_t	router_id;
	uint16_t	gen;		/* paths of another one are stale */
	bool		ebgp;
	bool		up;
	uint32_t	paths[2];	/* v4, v6 */
	uint32_t	best[2];
};

struct rib;

struct rib	*rib_new(struct intern *, struct nexthops *, struct groups *,
		    rib_changed_fn *, void *);
void		 rib_free(struct rib *);
struct tree	*rib_tree(struct rib *, int af);
/* A session came up: its paths may come. What an earlier one of the same
   number left is stale. */
void		 rib_peer_up(struct rib *, uint32_t peer, const struct addr *,
		    uint32_t router_id, bool ebgp);
/* Its paths are stale, to be removed by rib_sweep. */
void		 rib_peer_down(struct rib *, uint32_t peer);
const struct rib_peer *rib_peer(const struct rib *, uint32_t peer);
/* Add or replace a path, of a peer that is up. -1 ENOMEM. Of what a peer sends
   to a prefix beyond RIB_PATH_IDS, nothing is taken. */
#define RIB_PATH_IDS	256
int		 rib_announce(struct rib *, uint32_t peer, uint32_t path_id,
		    const struct prefix *, uint32_t attr);
void		 rib_withdraw(struct rib *, uint32_t peer, uint32_t path_id,
		    const struct prefix *);
/* Set or clear policy flags of a prefix: LEAF_ALLOW, BLOCK and LOCAL, and
   ENT_CONNECTED. -1 ENOMEM. */
int		 rib_policy(struct rib *, const struct prefix *, uint32_t flags,
		    bool on);
/* Next hops became eligible or ceased to be: decide anew in the next sweep
   where there is a choice. */
void		 rib_redecide(struct rib *);
/* There may be ids for next hops that had found none: the next sweep sees. */
void		 rib_renew(struct rib *);
/* Since the last sweep that decided anew began, did routes find no group? They
   follow their best path alone until they are decided anew. */
bool		 rib_ungrouped(const struct rib *);
/* Look at up to budget prefixes: remove stale paths, decide anew. True: there
   is more to do. */
bool		 rib_sweep(struct rib *, unsigned int budget);
bool		 rib_sweeping(const struct rib *);
/* How many paths were not taken. */
uint64_t	 rib_crowded(const struct rib *);
/* The best path of an entry: its peer and attributes. False: no path. */
bool		 rib_best(const struct rib *, const struct tree_ent *,
		    uint32_t *peer, uint32_t *attr);
uint32_t	 rib_prefixes(const struct rib *, int af);
uint32_t	 rib_paths(const struct rib *, int af);	/* how many */
/* Bytes of paths and peers, without the trees; capacity (may be NULL): the
   paths that fit without asking for more. */
size_t		 rib_memory(const struct rib *, uint32_t *capacity);

/* A path as rib_each tells it. */
struct rib_path {
	uint32_t	peer;
	uint32_t	path_id;
	uint32_t	attr;		/* handle, no reference */
	bool		best;
	bool		multipath;	/* because of it its next hop is in the
					   ECMP group that the leaf names */
	bool		eligible;	/* there is a way to its next hop */
};

typedef void rib_path_fn(void *, const struct rib_path *);

/* Each path of an entry: the best first, the others in no order. The function
   must not change the RIB. */
void		 rib_each(struct rib *, const struct tree_ent *, rib_path_fn *,
		    void *);

#endif
