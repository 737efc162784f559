/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * Where a packet goes: by our table, or by the kernel's.  Nothing is written
 * to the packet, and nothing that this stage passes has been touched.
 */
#ifndef PF_ROUTE_H
#define PF_ROUTE_H

/* custom-fib: the leaf's nexthop, or a member of its group. */
static __always_inline int
custom_route(struct pkt *p, __u32 converged)
{
	const struct nh_entry *nh;
	__u32 id, entry;

	if (!(READ(control->flags) & converged))
		return (pass(p, CNT_PASS_NOT_CONVERGED));
	/* the place of the leaf takes the member: what outlives a call has a
	   register, anything beside it would be spilled.  No member with an
	   entry is nexthop 0, which has none either */
	if (p->leaf & LEAF_GROUP)
		p->leaf = group_member(p->leaf & LEAF_ID,
		    converged == CTL_ROUTES4 ? flow4(p->ctx) : flow6(p->ctx));
	else if ((p->leaf & LEAF_ID) == LEAF_ID_NONE)
		return (pass(p, CNT_PASS_NO_ROUTE));
	else if ((p->leaf & LEAF_ID) == LEAF_ID_PUNT)
		return (pass(p, CNT_PASS_PUNT));
	SETTLE(p->leaf);
	id = p->leaf & LEAF_ID;
	if (id > cfg_nexthop_mask)
		return (pass(p, CNT_PASS_NEXTHOP));
	/* masked again: a bound that a branch made does not hold while the CPU
	   speculates */
	id &= cfg_nexthop_mask;
	entry = READ(TABLE_BASE(nexthops)[id]) & cfg_nhent_mask;
	nh = TABLE_BASE(nhents) + entry;
	if (!(READ(nh->flags) & NH_FORWARD))
		return (pass(p, CNT_PASS_NEXTHOP));
	p->nh = nh;
	return (GO_ON);
}

static __always_inline void
mac_copy(__u8 *dst, const __u8 *src)
{
	*(__u32 *)dst = *(const __u32 *)src;
	*(__u16 *)(dst + 4) = *(const __u16 *)(src + 4);
}

/* The kernel hashes ports of these where a route has several next hops. */
static __always_inline void
kernel_ports(struct pkt *p, struct bpf_fib_lookup *f, __u32 hlen)
{
	const __be16 *port = p->data + ETH_HLEN + hlen;

	f->sport = 0;
	f->dport = 0;
	if (f->l4_protocol != IPPROTO_TCP && f->l4_protocol != IPPROTO_UDP &&
	    f->l4_protocol != IPPROTO_SCTP)
		return;
	if ((void *)(port + 2) > p->end)
		return;
	f->sport = port[0];
	f->dport = port[1];
}

static __always_inline int
kernel_lookup(struct pkt *p, struct scratch *s)
{
	struct bpf_fib_lookup *f = &s->fib;
	struct nh_entry *nh = &s->nh;
	long r;

	f->ifindex = pkt_l3dev(p);
	f->tot_len = pkt_need(p);
	f->tbid = 0;
	r = bpf_fib_lookup(p->ctx, f, sizeof(*f), 0);
	if (r < 0)
		return (pass(p, CNT_PASS_FIB_ERROR));
	if (r == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return (pass(p, CNT_PASS_MTU));
	if (r == BPF_FIB_LKUP_RET_NO_NEIGH)
		return (pass(p, CNT_PASS_NEXTHOP));
	if (r != BPF_FIB_LKUP_RET_SUCCESS)
		return (pass(p, CNT_PASS_FIB_KERNEL));
	mac_copy(nh->dmac, f->dmac);
	mac_copy(nh->smac, f->smac);
	nh->mtu = f->mtu_result;
	nh->ifindex = f->ifindex;
	p->nh = nh;
	return (GO_ON);
}

static __always_inline int
ip4_kernel_route(struct pkt *p)
{
	const struct iphdr *ip;
	struct bpf_fib_lookup *f;
	struct scratch *s;

	s = bpf_map_lookup_elem(&scratches, (const void *)&key_zero);
	if (s == NULL)
		return (pass(p, CNT_PASS_FIB_ERROR));
	f = &s->fib;
	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	f->family = AF_INET;
	f->l4_protocol = ip->protocol;
	kernel_ports(p, f, sizeof(*ip));
	f->flowinfo = 0;
	f->tos = ip->tos;
	f->ipv4_src = ip->saddr;
	f->ipv4_dst = ip->daddr;
	return (kernel_lookup(p, s));
}

static __always_inline int
ip6_kernel_route(struct pkt *p)
{
	const struct ipv6hdr *ip;
	struct bpf_fib_lookup *f;
	struct scratch *s;
	__u32 i;

	/* tot_len has no room for more, and no egress either */
	if (pkt_need(p) > 0xffff)
		return (pass(p, CNT_PASS_MTU));
	s = bpf_map_lookup_elem(&scratches, (const void *)&key_zero);
	if (s == NULL)
		return (pass(p, CNT_PASS_FIB_ERROR));
	f = &s->fib;
	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	f->family = AF_INET6;
	f->l4_protocol = ip->nexthdr;
	kernel_ports(p, f, sizeof(*ip));
	f->flowinfo = *(const __be32 *)ip & bpf_htonl(0x0fffffff);
#pragma unroll
	for (i = 0; i < 4; i++) {
		f->ipv6_src[i] = ip->saddr.in6_u.u6_addr32[i];
		f->ipv6_dst[i] = ip->daddr.in6_u.u6_addr32[i];
	}
	return (kernel_lookup(p, s));
}

#endif
