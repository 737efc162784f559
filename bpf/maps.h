/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * Every map and every load-time constant of the programs.
 *
 * Tables are arrays of one value that the programs address directly, as
 * global data: no lookup call, no NULL check, sizes chosen at load.  What is
 * declared here is only a name; the loader puts the real map in its place.
 */
#ifndef PF_MAPS_H
#define PF_MAPS_H

#define TABLE(type, name) type name[1] SEC(".data." #name)

TABLE(__u32, dir4);
TABLE(__u64, pool4);
TABLE(__u32, dir6);
TABLE(__u64, pool6);
TABLE(struct ecmp_group, groups);
TABLE(__u32, nexthops);
TABLE(struct nh_entry, nhents);
TABLE(struct port, ports);
TABLE(struct control, control);

/*
 * The start of a table, hidden from the compiler: it must not conclude from
 * the one element declared that every index is 0.
 */
#define TABLE_BASE(name) \
	({ \
		typeof(&(name)[0]) base_ = (name); \
		asm volatile("" : "+r"(base_)); \
		base_; \
	})

#define READ(x) (*(const volatile typeof(x) *)&(x))

/* Set by the loader; the verifier removes the code of what is off. */
const volatile __u32 cfg_mode; /* enum forwarding_mode */
const volatile __u32 cfg_frags; /* 5.18: multi-buffer packets */
const volatile __u32 cfg_pool4_mask; /* bytes of the pool, less 8 */
const volatile __u32 cfg_pool6_mask;
const volatile __u32 cfg_group_mask; /* how many groups, less 1 */
const volatile __u32 cfg_nexthop_mask; /* how many ids, less 1 */
const volatile __u32 cfg_nhent_mask; /* how many entries, less 1 */
const volatile __u32 cfg_hash_mode; /* ecmp-default-hash-mode */
const volatile __u64 cfg_hash_seed; /* of this host */

/*
 * Keys lie here: without CAP_PERFMON each store to the stack is followed by a
 * speculation barrier.
 */
const volatile __u32 key_zero;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct percpu);
} counters SEC(".maps");

/* What helpers are asked with; not on the stack, for the same reason. */
struct scratch {
	struct bpf_fib_lookup fib;
	struct nh_entry nh;
	__u32 mtu;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Interfaces that may be redirected to, by ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, EGRESS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} devmap SEC(".maps");

#endif
