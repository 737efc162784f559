/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * The last decision, and behind it the only writes to a packet.
 */
#ifndef PF_FORWARD_H
#define PF_FORWARD_H

/*
 * bpf_redirect_map only notes where to go; a program that then returns another
 * verdict has redirected nothing, so that a dry run may ask it too.
 */
static __always_inline int
egress_verdict(struct pkt *p)
{
	__u32 ifindex = READ(p->nh->ifindex);

	SETTLE(p->in);
	if (ifindex == p->ctx->ingress_ifindex || ifindex == pkt_l3dev(p))
		return (pass(p, CNT_PASS_SAME_PORT));
	if (!frame_fits(p, READ(p->nh->mtu)))
		return (pass(p, CNT_PASS_MTU));
	ifindex = READ(p->nh->ifindex);
	if (bpf_redirect_map(&devmap, ifindex, XDP_PASS) != XDP_REDIRECT)
		return (pass(p, CNT_PASS_EGRESS));
	return (gate(p, CNT_WOULD_FORWARD));
}

static __always_inline void
macs_write(struct ethhdr *eth, const struct nh_entry *nh)
{
	mac_copy(eth->h_dest, nh->dmac);
	mac_copy(eth->h_source, nh->smac);
}

/* Incremental checksum update (RFC 1624 s. 3, equation 3). */
static __always_inline void
ip4_ttl(struct iphdr *ip)
{
	__u16 *word = (__u16 *)&ip->ttl; /* and protocol */
	__u32 sum;

	sum = (__u16)~ip->check + (__u16) ~*word;
	ip->ttl--;
	sum += *word;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
}

static __always_inline int
ip4_forward(struct pkt *p)
{
	struct iphdr *ip;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	macs_write(p->data, p->nh);
	ip4_ttl(ip);
	count(p, CNT_FORWARD4);
	return (XDP_REDIRECT);
}

static __always_inline int
ip6_forward(struct pkt *p)
{
	struct ipv6hdr *ip;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	macs_write(p->data, p->nh);
	ip->hop_limit--;
	count(p, CNT_FORWARD6);
	return (XDP_REDIRECT);
}

#endif
