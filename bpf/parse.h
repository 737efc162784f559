/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * Ethernet, IPv4 and IPv6 headers: what is not plainly ours to forward passes
 * here.  Reads only.
 */
#ifndef PF_PARSE_H
#define PF_PARSE_H

#define MAC_MASK 0x0000ffffffffffffULL

/*
 * A frame that was flooded to us, or that the device takes only because it is
 * promiscuous, is not for this router.
 */
static __always_inline int
own_mac(const struct port *port, __u64 mac)
{
	__u32 i;

	if (mac == 0)
		return (0);
#pragma unroll
	for (i = 0; i < PORT_MACS; i++)
		if (READ(port->mac[i]) == mac)
			return (1);
	return (0);
}

/* The port that the packet came in by must be one that forwards. */
static __always_inline int
ethernet_input(struct pkt *p)
{
	const struct port *port;
	const struct ethhdr *eth;
	__u32 ifindex, i;

	if (!stage(p, 0))
		return (pass(p, CNT_PASS_MALFORMED));
	eth = p->data;
	ifindex = p->ctx->ingress_ifindex;
#pragma unroll
	for (i = 0; i < PORT_PROBES; i++) {
		port = TABLE_BASE(ports) + ((ifindex + i) & PORTS_MASK);
		if (READ(port->ifindex) == ifindex)
			goto found;
	}
	return (pass(p, CNT_PASS_PORT));
found:
	if (!(READ(port->flags) & PORT_UP))
		return (pass(p, CNT_PASS_PORT));
	if (!own_mac(port, *(const __u64 *)eth & MAC_MASK))
		return (pass(p, CNT_PASS_NOT_OUR_MAC));
	p->in = (__u64)READ(port->l3dev) << 32;
	return (GO_ON);
}

static __always_inline __u32
sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum);
}

/*
 * "This network" (RFC 1122 s. 3.2.1.3), loopback, link-local (RFC 3927
 * s. 2.7), multicast and limited broadcast are never forwarded, neither from
 * nor to.  Host order.
 */
static __always_inline int
special4(__u32 a)
{
	return (a >> 24 == 0 || a >> 24 == 127 || a >> 16 == 0xa9fe ||
	    a >> 28 == 0xe || a == 0xffffffff);
}

static __always_inline int
ip4_header(struct pkt *p, __u64 frame_len)
{
	const struct iphdr *ip;
	__u32 len;
	__u8 first;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	first = *(const __u8 *)ip;
	if (first != 0x45) {
		if (first > 0x45 && first <= 0x4f)
			return (pass(p, CNT_PASS_OPTIONS));
		return (pass(p, CNT_PASS_MALFORMED));
	}
	if (ip->frag_off & bpf_htons(0x3fff))
		return (pass(p, CNT_PASS_FRAGMENT));
	if (ip->ttl <= 1)
		return (pass(p, CNT_PASS_TTL));
	len = bpf_ntohs(ip->tot_len);
	if (len < sizeof(*ip) || !frame_holds(p, frame_len, len))
		return (pass(p, CNT_PASS_MALFORMED));
	return (GO_ON);
}

static __always_inline int
ip4_addresses(struct pkt *p)
{
	const struct iphdr *ip;
	const __u32 *w;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	w = (const __u32 *)ip;
	if (sum_fold((__u64)w[0] + w[1] + w[2] + w[3] + w[4]) != 0xffff)
		return (pass(p, CNT_PASS_CHECKSUM));
	if (special4(bpf_ntohl(ip->daddr)))
		return (pass(p, CNT_PASS_DESTINATION));
	if (special4(bpf_ntohl(ip->saddr)))
		return (pass(p, CNT_PASS_SOURCE));
	return (GO_ON);
}

/* Multicast, link-local, loopback, unspecified (RFC 4291 s. 2.5 and 2.7). */
static __always_inline int
special6(__u64 hi, __u64 lo)
{
	if (hi >= 0xff00000000000000ULL)
		return (1);
	if (hi >> 54 == 0xfe80 >> 6)
		return (1);
	if (hi != 0)
		return (0);
	return (lo <= 1);
}

/* IPv4-mapped sources do not occur on the wire; the kernel drops them. */
static __always_inline int
mapped6(__u64 hi, __u64 lo)
{
	if (hi != 0)
		return (0);
	return (lo >> 32 == 0xffff);
}

/*
 * Headers that stand before the payload (RFC 7045's list).  ESP is a payload
 * to a router, and a packet with no next header has none: both are forwarded.
 */
static __always_inline int
extension(__u8 nexthdr)
{
	switch (nexthdr) {
	case 0: /* hop-by-hop */
	case 43: /* routing */
	case 44: /* fragment */
	case 51: /* authentication */
	case 60: /* destination options */
	case 135: /* mobility */
	case 139: /* HIP */
	case 140: /* shim6 */
	case 253: /* experiments */
	case 254:
		return (1);
	}
	return (0);
}

/* Router and neighbor solicitation, advertisement and redirect. */
#define NDP_FIRST 133
#define NDP_LAST 137
#define ICMP6_HLEN 8 /* least that any of them has */

static __always_inline __u64
addr6_hi(const struct in6_addr *a)
{
	return (bpf_be64_to_cpu(*(const __u64 *)a));
}

static __always_inline __u64
addr6_lo(const struct in6_addr *a)
{
	return (bpf_be64_to_cpu(*((const __u64 *)a + 1)));
}

static __always_inline int
ip6_header(struct pkt *p, __u64 frame_len)
{
	const struct ipv6hdr *ip;
	__u32 len;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	if (*(const __u8 *)ip >> 4 != 6)
		return (pass(p, CNT_PASS_MALFORMED));
	if (extension(ip->nexthdr))
		return (pass(p, CNT_PASS_EXTENSION));
	if (ip->hop_limit <= 1)
		return (pass(p, CNT_PASS_TTL));
	len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	if (!frame_holds(p, frame_len, len))
		return (pass(p, CNT_PASS_MALFORMED));
	return (GO_ON);
}

static __always_inline int
ip6_destination(struct pkt *p)
{
	const struct ipv6hdr *ip;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	if (special6(addr6_hi(&ip->daddr), addr6_lo(&ip->daddr)))
		return (pass(p, CNT_PASS_DESTINATION));
	return (GO_ON);
}

static __always_inline int
ip6_source(struct pkt *p)
{
	const struct ipv6hdr *ip;
	__u64 hi, lo;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	hi = addr6_hi(&ip->saddr);
	lo = addr6_lo(&ip->saddr);
	if (special6(hi, lo))
		return (pass(p, CNT_PASS_SOURCE));
	if (mapped6(hi, lo))
		return (pass(p, CNT_PASS_SOURCE));
	return (GO_ON);
}

static __always_inline int
ip6_ndp(struct pkt *p)
{
	const struct ipv6hdr *ip;
	const __u8 *type;

	if (!stage(p, sizeof(*ip)))
		return (pass(p, CNT_PASS_MALFORMED));
	ip = p->data + ETH_HLEN;
	if (ip->nexthdr != IPPROTO_ICMPV6)
		return (GO_ON);
	type = (const __u8 *)(ip + 1);
	if (bpf_ntohs(ip->payload_len) < ICMP6_HLEN ||
	    (void *)(type + 1) > p->end)
		return (pass(p, CNT_PASS_MALFORMED));
	if (*type >= NDP_FIRST && *type <= NDP_LAST)
		return (pass(p, CNT_PASS_NDP));
	return (GO_ON);
}

static __always_inline int
ip6_addresses(struct pkt *p)
{
	int v;

	if ((v = ip6_destination(p)) != GO_ON)
		return (v);
	if ((v = ip6_source(p)) != GO_ON)
		return (v);
	return (ip6_ndp(p));
}

#endif
