/* SPDX-License-Identifier: ISC */
/*
 * What the files of the data path share among themselves; the rest of the
 * parent sees parent.h.
 */
#ifndef DP_H
#define DP_H

#include "parent.h"

#define UNITS_MAX (1U << 26) /* of a pool */

/* Tables are arrays of one value, mapped whole. */
enum dp_table {
	DP_DIR4 = FIB_TABLE_DIR4,
	DP_POOL4 = FIB_TABLE_POOL4,
	DP_DIR6 = FIB_TABLE_DIR6,
	DP_POOL6 = FIB_TABLE_POOL6,
	DP_GROUPS = FIB_TABLE_GROUPS,
	DP_NEXTHOPS = FIB_TABLE_MAX,
	DP_NHENTS,
	DP_OWN, /* those above are a generation's own, these are shared */
	DP_PORTS = DP_OWN,
	DP_CONTROL,
	DP_TABLES
};

struct table {
	int fd;
	void *mem;
	size_t size; /* of the value, bytes */
	size_t mapped; /* size in whole pages */
	uint32_t words; /* that rde may write */
};

struct nh_waiting {
	uint32_t entry;
	uint32_t epoch;
};

/* Entries that no index word points at wait until no reader is left. */
struct nh_pool {
	uint32_t entries;
	uint32_t *free; /* stack */
	uint32_t nfree;
	struct nh_waiting *waiting; /* in order of epoch */
	uint32_t nwaiting;
	uint32_t epoch; /* that the next unlinked belongs to */
};

struct dp_link {
	unsigned int ifindex;
	int fd;
	enum dp_attached mode;
	char why[DP_ERRLEN]; /* of a fallback */
};

/* What all generations of a daemon have in common. */
struct dp_shared {
	unsigned int refs;
	struct table tables[DP_TABLES]; /* from DP_OWN on */
	struct dp_link *links;
	size_t nlinks;
	char *root;
	bool pin;
	bool frags;
	int counters;
	int devmap;
	int grace; /* outer map */
	int grace_inner;
};

/* One generation. */
struct dp {
	struct dp_shared *sh;
	struct table tables[DP_OWN];
	struct nh_pool nh;
	uint32_t nexthops;
	uint32_t groups;
	uint8_t mode;
	uint8_t hash_mode;
	uint64_t hash_seed;
	int prog;
	int beat;
};

void
dp_error(char *, const char *, ...) __attribute__((__format__(printf, 2, 3)));

/* datapath.c */
/* A generation with no tables yet; its reference to what is shared. */
struct dp *dp_new(struct dp_shared *, const struct dp_params *, char *);
/* Create its tables; how many words of each rde may write. */
int dp_tables(struct dp *, const struct dp_params *, char *);
void dp_words(struct dp *);

/* dp_table.c */
/* Create and map one table of size bytes. -1 with errno. */
int table_create(struct table *, const char *, size_t);
/* Take over and map one that was made by a fork of ours. -1 with errno. */
int table_take(struct table *, int fd);
void table_close(struct table *);

/* dp_load.c */
/* Load path and beat with the tables and constants of a generation. */
int dp_program(struct dp *, char *);
/* Does the kernel take programs for multi-buffer packets? */
bool dp_has_frags(void);

/* dp_next.c */
/* Close all descriptors above 2 but these, which it sorts. */
void dp_close_but(int *, size_t);

/* dp_nexthop.c */
int nh_pool_init(struct nh_pool *, uint32_t);
void nh_pool_free(struct nh_pool *);

#endif
