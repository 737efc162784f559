/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * The ground that the XDP programs and the daemon share: table layouts, leaf
 * words, counters and sizes.  Everything here is layout of memory that both
 * sides map; a change of any of it is a new ABI_VERSION.
 *
 * Includes nothing of ours and compiles for both sides: the includer brings
 * the fixed-width kernel types (linux/types.h or vmlinux.h).
 */
#ifndef PF_ABI_H
#define PF_ABI_H

#define ABI_VERSION	2

/*
 * FIB.  One run-length stride trie a family.
 *
 * A word is 32 bits: a node reference (FIB_NODE set, FIB_UNIT is the node's
 * position in the pool in units of 8 bytes), or a leaf.
 *
 * A node covers 6 bits of address.  It is a 64-bit bitmap whose set bits mark
 * where a run of equal words starts (bit 0 is always set), followed by the
 * words of the runs, padded to a multiple of 8 bytes.  The word of index i is
 * words[popcount(bitmap & ((2 << i) - 1)) - 1].
 *
 * A node whose words are all leaves with ids below 4096 is narrow: its words
 * have 16 bits, and FIB_NARROW is set in the reference to it.  They are the
 * leaf's flags (LEAF_FLAGS) and the lower 12 bits of its id.
 *
 * A narrow node of two or three runs is tiny (FIB_TINY beside FIB_NARROW): one
 * unit with its words in bits 0-15, 16-31 and 32-47, the index where the
 * second run starts in bits 48-53, and that of the third in bits 54-59.  Of
 * two runs, the second is there twice: its last index is the third run.
 *
 * v4: the first 18 bits of the address index fib4_dir; nodes then cover bits
 * 18-23, 24-29, and 30-35 (the last two bits, followed by zeroes).
 *
 * v6: for destinations in 2000::/4 bits 4-23 index fib6_dir and nodes cover
 * bits 24-29, 30-35, ... 120-125, 126-131.  Any other destination starts at
 * the root word in unit 0 of the v6 pool, with nodes covering bits 0-5, 6-11,
 * 12-17, 18-23 and then as above.
 *
 * Unit 0 of a pool is never a node.  A pool's value is larger than its units
 * by FIB_POOL_SLACK so that a program may read a whole node at any unit.
 */
#define FIB_STRIDE		6
#define FIB4_DIR_BITS		18
#define FIB4_DIR_WORDS		(1U << FIB4_DIR_BITS)
#define FIB4_NODES		3	/* nodes on the longest v4 walk */
#define FIB6_DIR_SKIP		4	/* bits above the index: 2000::/4 */
#define FIB6_DIR_BITS		20
#define FIB6_DIR_WORDS		(1U << FIB6_DIR_BITS)
#define FIB6_NODES		22	/* nodes on the longest v6 walk */
#define FIB_NODE_UNITS_MAX	33	/* bitmap and 64 words */
#define FIB_POOL_SLACK		(FIB_NODE_UNITS_MAX * 8)

#define FIB_NODE		0x80000000U
#define FIB_NARROW		0x40000000U
#define FIB_TINY		0x20000000U
#define FIB_UNIT		0x1fffffffU

/* A word of a narrow node, and what of a leaf does not fit one. */
#define NARROW(w)		(((w) >> 15 & 0xf000U) | ((w) & 0x0fffU))
#define NARROW_LEAF(n)		(((n) & 0xf000U) << 15 | ((n) & 0x0fffU))
#define NARROW_NOT		(~(LEAF_FLAGS | 0x0fffU))

/* Where the second and the third run of a tiny node start. */
#define TINY_SECOND(node)	((node) >> 48 & 63)
#define TINY_THIRD(node)	((node) >> 54 & 63)

/*
 * Leaf.  ALLOW, BLOCK and LOCAL are what the policy says of the address
 * itself; the id is what to do with a packet that goes there.
 */
#define LEAF_ALLOW		0x40000000U	/* in allow-prefix(6) */
#define LEAF_BLOCK		0x20000000U	/* in block-prefix */
#define LEAF_LOCAL		0x10000000U	/* ours, broadcast, anycast */
#define LEAF_GROUP		0x08000000U	/* id names an ECMP group */
#define LEAF_FLAGS		0x78000000U
#define LEAF_ID			0x00ffffffU
#define LEAF_ID_NONE		0		/* no route */
#define LEAF_ID_PUNT		1		/* a route to the slow path */
#define LEAF_ID_FIRST		2		/* first id of a real nexthop */

/* Tables as messages and counters of memory name them. */
enum fib_table {
	FIB_TABLE_DIR4,
	FIB_TABLE_POOL4,	/* indexed in 32-bit words, not units */
	FIB_TABLE_DIR6,
	FIB_TABLE_POOL6,
	FIB_TABLE_GROUPS,	/* struct ecmp_group as words */
	FIB_TABLE_MAX
};

/*
 * ECMP groups.  A group is immutable while any leaf names it: it is written
 * before the first leaf, and its place is used again only after the last one
 * is gone and a grace period has passed.  A packet goes to the member that is
 * valid (its index word is not 0) and has the highest weight for the packet's
 * hash, so that when a member dies or leaves only its own flows move.  Group
 * 0 is never used.  Members are in ascending order of id, none twice.
 */
#define ECMP_MEMBERS_MAX	16

struct ecmp_group {
	__u32	n;			/* 2 up to ECMP_MEMBERS_MAX */
	__u32	ids[ECMP_MEMBERS_MAX];	/* nexthops; 0 behind the n-th */
	__u32	pad[3];
};

#define GROUP_WORDS	(sizeof(struct ecmp_group) / sizeof(__u32))
#define GROUP_FIRST	1

/*
 * Nexthops.  nexthops[id] is the index of an immutable entry in nh_entries;
 * entry 0 is always NH_PASS.  A change writes a fresh entry and then the
 * index word; the old entry is used again only after a grace period.
 */
#define NH_FORWARD	1	/* flags: complete, may be forwarded to */

struct nh_entry {
	__u8	dmac[6];
	__u8	smac[6];	/* of the egress interface */
	__u16	vlan;		/* host order; 0: untagged */
	__u16	mtu;		/* of the egress interface, bytes of IP */
	__u32	ifindex;	/* egress */
	__u32	flags;
	__u32	pad[2];
};

/*
 * Ports: the interfaces that a program is attached to.  Open addressing with
 * linear probing from ifindex & PORTS_MASK over PORT_PROBES slots; a free slot
 * has ifindex 0 but does not end a probe.
 */
#define PORTS_MAX	1024
#define PORTS_MASK	(PORTS_MAX - 1)
#define PORT_PROBES	8
#define PORT_MACS	6

#define EGRESS_MAX	1024	/* interfaces in the devmap */

#define PORT_UP		1	/* forward from it; clear: pass all */

struct port {
	__u32	ifindex;
	__u32	l3dev;		/* ingress as the kernel's routing sees it:
				   itself, its bridge or its bond */
	__u32	flags;
	__u32	pad;
	/* own unicast addresses, MAC in the low 48 bits, first byte lowest;
	   0: unused */
	__u64	mac[PORT_MACS];
};

/*
 * Control block: one of it, written by the daemon while programs run.
 * own4 and own6 are filters over our own addresses: a source whose bit is
 * clear is not ours, one whose bit is set is looked up in the table.
 */
#define CTL_DRY_RUN	0x01
#define CTL_BREAKER	0x02	/* circuit breaker has tripped */
#define CTL_READY4	0x04	/* policy and own addresses are in the table */
#define CTL_READY6	0x08
#define CTL_ROUTES4	0x10	/* the family's feed has converged and fits */
#define CTL_ROUTES6	0x20

#define OWN_FILTER_BITS		4096
#define OWN_FILTER_WORDS	(OWN_FILTER_BITS / 64)

struct control {
	__u32	abi;		/* ABI_VERSION */
	__u32	flags;		/* CTL_* */
	__u64	deadline;	/* jiffies64 after which programs pass all */
	__u64	own4[OWN_FILTER_WORDS];
	__u64	own6[OWN_FILTER_WORDS];
};

/* Bit of the own-address filter; words of the address as they lie in memory. */
static inline __attribute__((always_inline)) __u32
own_bit4(__u32 a)
{
	return ((a * 0x9e3779b1U) >> 20);
}

static inline __attribute__((always_inline)) __u32
own_bit6(__u32 a, __u32 b, __u32 c, __u32 d)
{
	return (own_bit4(a ^ (b << 7 | b >> 25) ^ (c << 13 | c >> 19) ^
	    (d << 21 | d >> 11)));
}

enum forwarding_mode {
	MODE_KERNEL_FIB,
	MODE_CUSTOM_FIB,
	MODE_COMPARE
};

/*
 * Counters, per CPU.  Names and order are append-only.  Each packet moves rx
 * and exactly one counter of kind END; those of kind TALLY are moved beside.
 * C(symbol, name, kind, what it counts)
 */
#define COUNTERS(C)							\
C(RX, "rx", TALLY, "packets seen")					\
C(MATCHED, "matched", TALLY, "packets with an allowed address")	\
C(WOULD_FORWARD, "would_forward", TALLY,				\
    "packets that would have been forwarded")				\
C(WOULD_DROP, "would_drop", TALLY,					\
    "packets that would have been dropped")				\
C(WOULD_PASS, "would_pass", TALLY,					\
    "packets that would have been passed, in dry-run")			\
C(FORWARD4, "forward_v4", END, "IPv4 packets forwarded at XDP")	\
C(FORWARD6, "forward_v6", END, "IPv6 packets forwarded at XDP")	\
C(DROP_BLOCKED, "drop_blocked", END, "destination in block-prefix")	\
C(PASS_PORT, "pass_port", END, "ingress unknown or not forwarding")	\
C(PASS_NOT_OUR_MAC, "pass_not_our_mac", END,				\
    "destination MAC is not the ingress device's own")			\
C(PASS_VLAN, "pass_vlan", END, "tagged, and the tag is not ours")	\
C(PASS_NOT_IP, "pass_not_ip", END, "neither IPv4 nor IPv6")		\
C(PASS_MALFORMED, "pass_malformed", END,				\
    "truncated or contradictory lengths or version")			\
C(PASS_CHECKSUM, "pass_checksum", END, "wrong IPv4 header checksum")	\
C(PASS_OPTIONS, "pass_options", END, "IPv4 options")			\
C(PASS_FRAGMENT, "pass_fragment", END, "IPv4 fragment")			\
C(PASS_EXTENSION, "pass_extension", END, "IPv6 extension header")	\
C(PASS_TTL, "pass_ttl", END, "TTL or hop limit of 1 or less")		\
C(PASS_DESTINATION, "pass_destination", END,				\
    "multicast, broadcast, link-local or loopback destination")	\
C(PASS_SOURCE, "pass_source", END,					\
    "multicast, broadcast, link-local, loopback or no source")		\
C(PASS_NDP, "pass_ndp", END, "IPv6 neighbor discovery")		\
C(PASS_LOCAL, "pass_local", END,					\
    "destination is an address of this router")				\
C(PASS_SOURCE_LOCAL, "pass_source_local", END,				\
    "source is an address of this router")				\
C(PASS_NOT_READY, "pass_not_ready", END,				\
    "policy is not in the table yet")					\
C(PASS_NOT_ALLOWED, "pass_not_allowed", END,				\
    "neither address is allowed")					\
C(PASS_URPF, "pass_urpf", END, "source fails urpf")			\
C(PASS_NOT_CONVERGED, "pass_not_converged", END,			\
    "the family's feed has not converged")				\
C(PASS_NO_ROUTE, "pass_no_route", END, "no route")			\
C(PASS_PUNT, "pass_punt", END, "route leads to the slow path")		\
C(PASS_NEXTHOP, "pass_nexthop", END, "nexthop is not resolved")		\
C(PASS_FIB_KERNEL, "pass_fib_kernel", END,				\
    "kernel FIB says not to forward")					\
C(PASS_FIB_ERROR, "pass_fib_error", END, "kernel FIB lookup failed")	\
C(PASS_SAME_PORT, "pass_same_port", END, "egress is the ingress")	\
C(PASS_MTU, "pass_mtu", END, "longer than the egress MTU")		\
C(PASS_EGRESS, "pass_egress", END, "egress is not usable")		\
C(PASS_DRY_RUN, "pass_dry_run", END,					\
    "judged to forward or drop, passed by dry-run")			\
C(PASS_BREAKER, "pass_breaker", END,					\
    "judged to forward or drop, passed by the circuit breaker")	\
C(PASS_STALE, "pass_stale", END,					\
    "judged to forward or drop, passed by the dead-man switch")

#define C(sym, name, kind, what) CNT_##sym,
enum counter { COUNTERS(C) CNT_MAX };
#undef C

struct percpu {
	__u64	count[CNT_MAX];
};

#endif
