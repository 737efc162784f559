/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * What a packet's flow is to an ECMP group, and the member that a flow goes
 * to.  Run only for packets whose leaf is a group.
 *
 * A flow is addresses and protocol, and by ecmp-default-hash-mode the source
 * port (4) and the destination port (5) of protocols that have ports.  An
 * ICMP error belongs to the flow of the packets that it answers the sender of:
 * the tuple of the packet that it quotes, reversed.
 *
 * Ports are what they are in a whole packet that the fast path could have
 * forwarded.  So a packet that ends before them, and a quoted one that ends
 * before them, has options or is a fragment (the first one too: the others of
 * its datagram cannot know) has none: addresses and protocol, as all packets
 * have in mode 3.
 */
#ifndef PF_HASH_H
#define PF_HASH_H

#define ICMP_ERROR_HLEN 8 /* before the quoted packet, in both families */
#define PROTO_ICMP6 58
#define PROTO_FRAGMENT 44
#define PROTO_UDPLITE 136

/* Odd, with bits everywhere; one multiplication carries each bit upwards. */
#define HASH_A 0xd6e8feb86659fd93ULL
#define HASH_ID 0x5bd1e995 /* fits an instruction */

static __always_inline __u64
hash_mix(__u64 h, __u64 w)
{
	h = (h ^ w) * HASH_A;
	return (h ^ h >> 32);
}

/*
 * Source and destination port as the mode wants them, of the l4 header with
 * room for so many bytes by what the IP length says.
 */
static __always_inline __u32
hash_ports(const void *l4, const void *end, int room, __u8 proto, int reversed)
{
	const __u16 *port = l4;
	__u32 src, dst;

	if (cfg_hash_mode < 4)
		return (0);
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP &&
	    proto != IPPROTO_SCTP && proto != PROTO_UDPLITE)
		return (0);
	if (room < (int)sizeof(__u32) || l4 + sizeof(__u32) > end)
		return (0);
	src = port[reversed];
	dst = port[!reversed];
	return (cfg_hash_mode < 5 ? src : src | dst << 16);
}

static __always_inline __u64
hash4(__u32 src, __u32 dst, __u8 proto, __u32 ports)
{
	__u64 h;

	h = hash_mix(cfg_hash_seed, (__u64)src << 32 | dst);
	h = hash_mix(h, (__u64)proto << 32 | ports);
	return (hash_mix(h, cfg_hash_seed));
}

/* Unreachable, time exceeded, parameter problem (RFC 792). */
static __always_inline int
icmp4_error(__u8 type)
{
	return (type == 3 || type == 11 || type == 12);
}

/* Hash of an IPv4 packet's flow, which has no options and is no fragment. */
__noinline __u64
flow4(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data;
	const void *end = (void *)(long)ctx->data_end;
	const struct iphdr *ip = data + ETH_HLEN, *q;
	const __u8 *icmp = (const void *)(ip + 1);
	__u32 ports = 0;
	int room;

	if ((const void *)(ip + 1) > end)
		return (0);
	room = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	q = (const void *)(icmp + ICMP_ERROR_HLEN);
	if (ip->protocol == IPPROTO_ICMP && (const void *)(q + 1) <= end &&
	    room >= ICMP_ERROR_HLEN + (int)sizeof(*q) && icmp4_error(*icmp)) {
		room -= ICMP_ERROR_HLEN + sizeof(*q);
		if (*(const __u8 *)q == 0x45 &&
		    !(q->frag_off & bpf_htons(0x3fff)))
			ports = hash_ports(q + 1, end, room, q->protocol, 1);
		return (hash4(q->daddr, q->saddr, q->protocol, ports));
	}
	ports = hash_ports(ip + 1, end, room, ip->protocol, 0);
	return (hash4(ip->saddr, ip->daddr, ip->protocol, ports));
}

/* The address that w starts, in two words as they lie in memory. */
static __always_inline __u64
hash6_address(__u64 h, const struct in6_addr *a)
{
	const __u32 *w = a->in6_u.u6_addr32;

	h = hash_mix(h, (__u64)w[0] << 32 | w[1]);
	return (hash_mix(h, (__u64)w[2] << 32 | w[3]));
}

static __always_inline __u64
hash6(const struct in6_addr *src, const struct in6_addr *dst, __u8 proto,
    __u32 ports)
{
	__u64 h;

	h = hash6_address(cfg_hash_seed, src);
	h = hash6_address(h, dst);
	h = hash_mix(h, (__u64)proto << 32 | ports);
	return (hash_mix(h, cfg_hash_seed));
}

/* Unreachable, too big, time exceeded, parameter problem (RFC 4443). */
static __always_inline int
icmp6_error(__u8 type)
{
	return (type >= 1 && type <= 4);
}

/*
 * Hash of an IPv6 packet's flow, which has no extension header.  Flow labels
 * are not looked at: senders may change them while a flow lasts, and what is
 * quoted has the label of the other direction.
 */
__noinline __u64
flow6(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data;
	const void *end = (void *)(long)ctx->data_end;
	const struct ipv6hdr *ip = data + ETH_HLEN, *q;
	const __u8 *icmp = (const void *)(ip + 1), *next;
	__u32 ports = 0;
	__u8 proto;
	int room;

	if ((const void *)(ip + 1) > end)
		return (0);
	room = bpf_ntohs(ip->payload_len);
	q = (const void *)(icmp + ICMP_ERROR_HLEN);
	if (ip->nexthdr == PROTO_ICMP6 && (const void *)(q + 1) <= end &&
	    room >= ICMP_ERROR_HLEN + (int)sizeof(*q) && icmp6_error(*icmp)) {
		room -= ICMP_ERROR_HLEN + sizeof(*q);
		proto = q->nexthdr;
		next = (const void *)(q + 1);
		if (proto != PROTO_FRAGMENT)
			ports = hash_ports(q + 1, end, room, proto, 1);
		else if (room >= 1 && (const void *)(next + 1) <= end)
			proto = *next; /* as IPv4's fragments tell it */
		return (hash6(&q->daddr, &q->saddr, proto, ports));
	}
	ports = hash_ports(ip + 1, end, room, ip->nexthdr, 0);
	return (hash6(&ip->saddr, &ip->daddr, ip->nexthdr, ports));
}

/*
 * The weight of a member for a flow, in the high bits, with its id below; 0
 * without an entry.  Each id makes another order of the flows, so that those of
 * a member that is gone spread over all the others.  There is no branch in
 * it: each would be two ways for the verifier and a guess for the CPU.
 */
static __always_inline __u64
member_weight(__u64 h, const __u32 *indexes, __u64 id)
{
	__u64 w = (h + id) * HASH_ID;
	__s64 entry;

	w ^= w >> 32;
	w *= HASH_A;
	w >>= 25;
	SETTLE(w);
	w = w << 24 | id;
	/* all ones if there is an entry */
	entry = READ(indexes[id]);
	entry = -entry;
	SETTLE(entry);
	return (w & (__u64)(entry >> 63));
}

/* The larger of two of 63 bits. */
static __always_inline __u64
heavier(__u64 a, __u64 b)
{
	__s64 more = a - b;

	SETTLE(more);
	return (a - ((__u64)more & (__u64)(more >> 63)));
}

#define WEIGHT(i) member_weight(h, indexes, READ(g->ids[i]) & mask)
#define MEMBER(i) \
	do { \
		SETTLE(g); \
		best = heavier(best, WEIGHT(i)); \
		SETTLE(best); \
	} while (0)

/*
 * The nexthop of the group that a flow goes to; 0 if none has an entry.  Ids
 * behind the n-th are 0, which has none: it does to end at what n rounds up to.
 */
__noinline __u32
group_member(__u32 id, __u64 h)
{
	const struct ecmp_group *g = TABLE_BASE(groups) + (id & cfg_group_mask);
	const __u32 *indexes = TABLE_BASE(nexthops);
	__u64 best, mask = cfg_nexthop_mask;

	SETTLE(mask);
	best = WEIGHT(0);
	MEMBER(1);
	if (READ(g->n) <= 2)
		goto done;
	MEMBER(2);
	MEMBER(3);
	if (READ(g->n) <= 4)
		goto done;
	MEMBER(4);
	MEMBER(5);
	MEMBER(6);
	MEMBER(7);
	if (READ(g->n) <= 8)
		goto done;
	MEMBER(8);
	MEMBER(9);
	MEMBER(10);
	MEMBER(11);
	MEMBER(12);
	MEMBER(13);
	MEMBER(14);
	MEMBER(15);
done:
	return (best & LEAF_ID);
}

#endif
