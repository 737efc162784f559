/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * Own addresses, allowlist and block list, as the table has them folded in.
 * The destination is walked once for policy and route; the source only if the
 * destination is not allowed, or if it may be an address of our own.
 */
#ifndef PF_POLICY_H
#define PF_POLICY_H

static __always_inline int
own_filter(const __u64 *filter, __u32 bit)
{
	return (
	    READ(filter[(bit >> 6) & (OWN_FILTER_WORDS - 1)]) >> (bit & 63) &
	    1);
}

static __always_inline int
policy_verdict(struct pkt *p, __u32 src)
{
	if (src & LEAF_LOCAL)
		return (pass(p, CNT_PASS_SOURCE_LOCAL));
	if (!((p->leaf | src) & LEAF_ALLOW))
		return (pass(p, CNT_PASS_NOT_ALLOWED));
	return (GO_ON);
}

static __always_inline int
policy_matched(struct pkt *p)
{
	count(p, CNT_MATCHED);
	if (p->leaf & LEAF_BLOCK)
		return (drop(p, CNT_DROP_BLOCKED));
	return (GO_ON);
}

static __always_inline int
ip4_policy(struct pkt *p)
{
	const struct iphdr *ip;
	__u32 src;
	int v;

	if (!(READ(control->flags) & CTL_READY4))
		return (pass(p, CNT_PASS_NOT_READY));
	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	p->leaf = fib4_lookup((__u64)bpf_ntohl(ip->daddr) << 32);
	if (p->leaf & LEAF_LOCAL)
		return (pass(p, CNT_PASS_LOCAL));
	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	src = ip->saddr;
	if (!(p->leaf & LEAF_ALLOW) ||
	    own_filter(TABLE_BASE(control)->own4, own_bit4(src))) {
		v = policy_verdict(p, fib4_lookup((__u64)bpf_ntohl(src) << 32));
		if (v != GO_ON)
			return (v);
	}
	return (policy_matched(p));
}

static __always_inline int
ip6_policy(struct pkt *p)
{
	const struct ipv6hdr *ip;
	const __u32 *s;
	int v;

	if (!(READ(control->flags) & CTL_READY6))
		return (pass(p, CNT_PASS_NOT_READY));
	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	p->leaf = fib6_lookup(addr6_hi(&ip->daddr), addr6_lo(&ip->daddr));
	if (p->leaf & LEAF_LOCAL)
		return (pass(p, CNT_PASS_LOCAL));
	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	s = ip->saddr.in6_u.u6_addr32;
	if (!(p->leaf & LEAF_ALLOW) ||
	    own_filter(TABLE_BASE(control)->own6,
		own_bit6(s[0], s[1], s[2], s[3]))) {
		v = policy_verdict(p,
		    fib6_lookup(addr6_hi(&ip->saddr), addr6_lo(&ip->saddr)));
		if (v != GO_ON)
			return (v);
	}
	return (policy_matched(p));
}

#endif
