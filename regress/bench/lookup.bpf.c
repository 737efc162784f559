/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * Chains of lookups: the walk of the packet path, the same with the kernel's
 * own trie, and the same with none.  Run by BPF_PROG_RUN, never attached.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../../bpf/abi.h"
#include "../../bpf/maps.h"
#include "../../bpf/verdict.h"
#include "../../bpf/fib.h"
#include "lookup.h"

char _license[] SEC("license") = "Dual BSD/GPL";

TABLE(__u64, addrs); /* LISTS lists; upper half, host order */
TABLE(__u32, out);
TABLE(struct bench_state, state);

#define LPM(name, size) \
	struct { \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__uint(max_entries, 1); \
		__uint(key_size, size); \
		__uint(value_size, sizeof(__u32)); \
	} name SEC(".maps")

LPM(lpm4, 8);
LPM(lpm6, 20);

typedef __u32 lookup_fn(struct bench_state *, __u64);

/* State is kept in memory: a store to the stack would cost a barrier where
   there is no CAP_PERFMON. */
static __always_inline long
step(lookup_fn *lookup)
{
	struct bench_state *s = TABLE_BASE(state);
	__u32 at = READ(s->at), i, w;

	i = (READ(s->list) + at) & (ADDRS * LISTS - 1);
	w = lookup(s, READ(TABLE_BASE(addrs)[i]));
	s = TABLE_BASE(state);
	i = at & READ(s->out) & (ADDRS - 1);
	*(volatile __u32 *)&TABLE_BASE(out)[i] = w;
	*(volatile __u32 *)&s->at = (at + 1 + (w & READ(s->mix))) & (ADDRS - 1);
	return (0);
}

#define CHAIN(name) \
	static long name##_step(__u32 i, void *ctx) \
	{ \
		return (step(name##_lookup)); \
	} \
	SEC("xdp") \
	int name(struct xdp_md *ctx) \
	{ \
		return (bpf_loop(STEPS, name##_step, NULL, 0) == STEPS ? \
			XDP_PASS : \
			XDP_ABORTED); \
	}

static __always_inline __u32
empty_lookup(struct bench_state *s, __u64 a)
{
	return (a >> 40);
}

static __always_inline __u32
walk4_lookup(struct bench_state *s, __u64 a)
{
	return (fib4_lookup(a));
}

static __always_inline __u32
walk6_lookup(struct bench_state *s, __u64 a)
{
	return (fib6_lookup(a, ~a));
}

static __always_inline __u32
trie4_lookup(struct bench_state *s, __u64 a)
{
	__u32 *w;

	s->key.len = 32;
	s->key.addr[0] = bpf_htonl(a >> 32);
	w = bpf_map_lookup_elem(&lpm4, &s->key);
	return (w == NULL ? 0 : *w);
}

static __always_inline __u32
trie6_lookup(struct bench_state *s, __u64 a)
{
	__u32 *w;

	s->key.len = 128;
	s->key.addr[0] = bpf_htonl(a >> 32);
	s->key.addr[1] = bpf_htonl(a);
	s->key.addr[2] = bpf_htonl(~a >> 32);
	s->key.addr[3] = bpf_htonl(~a);
	w = bpf_map_lookup_elem(&lpm6, &s->key);
	return (w == NULL ? 0 : *w);
}

CHAIN(empty)
CHAIN(walk4)
CHAIN(walk6)
CHAIN(trie4)
CHAIN(trie6)
