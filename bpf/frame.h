/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * How long the frame is.  Without CAP_PERFMON a program may neither subtract
 * packet pointers nor add a variable to one, so that a helper has to tell:
 * from Linux 5.18 one that gives the length (of all buffers), before only one
 * that compares it.
 */
#ifndef PF_FRAME_H
#define PF_FRAME_H

/*
 * Is the frame longer than n bytes, the Ethernet header included?  Not inline:
 * where it is never called, it shall not cost registers either.
 */
__noinline int
frame_compare(struct xdp_md *ctx, __u32 n)
{
	struct scratch *s;
	int mtu;

	s = bpf_map_lookup_elem(&scratches, (const void *)&key_zero);
	if (s == NULL)
		return (0);
	/* whatever the answer, this tells the MTU of the ingress */
	s->mtu = 0;
	bpf_check_mtu(ctx, 0, &s->mtu, 0, 0);
	mtu = s->mtu;
	/* and this whether length - n is more than nothing */
	s->mtu = 0;
	return (bpf_check_mtu(ctx, 0, &s->mtu, mtu + ETH_HLEN - (int)n, 0) ==
	    BPF_MTU_CHK_RET_FRAG_NEEDED);
}

/*
 * The frame must hold the IP length behind its Ethernet header.  What it
 * carries beyond that is not part of the packet, but goes along: the devmap
 * silently drops frames longer than the egress MTU + 14 + 4.
 */
#define FRAME_SLACK 4

static __always_inline int
frame_holds(struct pkt *p, __u64 frame_len, __u32 len)
{
	p->in |= len;
	SETTLE(p->in);
	if (!cfg_frags)
		return (frame_compare(p->ctx, ETH_HLEN + len - 1));
	if (frame_len < ETH_HLEN + len)
		return (0);
	if (frame_len > ETH_HLEN + FRAME_SLACK + len)
		p->in += frame_len - ETH_HLEN - FRAME_SLACK - len;
	SETTLE(p->in);
	return (1);
}

static __always_inline int
frame_fits(const struct pkt *p, __u32 mtu)
{
	if (pkt_need(p) > mtu)
		return (0);
	return (
	    cfg_frags || !frame_compare(p->ctx, ETH_HLEN + FRAME_SLACK + mtu));
}

#endif
