/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * What the lookup bench and its programs share.  The includer brings the
 * fixed-width kernel types.
 */
#ifndef BENCH_LOOKUP_H
#define BENCH_LOOKUP_H

#define STEPS 4096 /* lookups of one run */
#define ADDRS (1U << 20) /* of a list */
#define LISTS 8

/* As a trie of the kernel is asked; a v4 address is the first word. */
struct lpm_key {
	__u32 len;
	__u32 addr[4];
};

struct bench_state {
	__u32 at; /* in the list */
	__u32 list; /* first address of the list */
	__u32 mix; /* bits of an answer that tell where the next address is */
	__u32 out; /* mask of what is kept of the answers */
	struct lpm_key key;
};

#endif
