/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * How a packet ends: the one place where verdicts and counters meet.  Each
 * stage returns GO_ON, or what pass() or drop() returned.
 */
#ifndef PF_VERDICT_H
#define PF_VERDICT_H

#define GO_ON (-1)

/*
 * A packet on its way: what has to outlive a stage, and no more than the four
 * registers that outlive a call.  What can be read again is not kept: without
 * CAP_PERFMON each spill is followed by a speculation barrier.
 */
struct pkt {
	struct xdp_md *ctx;
	struct percpu *cnt;
	__u64 in; /* ingress as routing sees it (ifindex), high half; low half:
		     the least egress MTU that takes the packet */
	__u64 leaf; /* word of the destination, until it is routed; then */
	const struct nh_entry *nh; /* where it goes */

	/* of the stage */
	void *data; /* Ethernet header */
	void *end;
};

static __always_inline __u32
pkt_l3dev(const struct pkt *p)
{
	return (p->in >> 32);
}

static __always_inline __u32
pkt_need(const struct pkt *p)
{
	return (p->in);
}

/* Keep a value in one register, made of what it is made of now. */
#define SETTLE(x) asm volatile("" : "+r"(x))

/*
 * Each stage starts with memory as it is, not as registers remember it, and
 * with hlen bytes behind the Ethernet header that it may touch.
 */
static __always_inline int
stage(struct pkt *p, __u32 hlen)
{
	barrier();
	p->data = (void *)(long)p->ctx->data;
	p->end = (void *)(long)p->ctx->data_end;
	return (p->data + ETH_HLEN + hlen <= p->end);
}

/*
 * The address of the counter is made where it is named: merged code that adds
 * an unknown offset to a pointer does not verify without CAP_PERFMON.
 */
static __always_inline void
count(const struct pkt *p, enum counter c)
{
	__u64 *n = &p->cnt->count[c];

	SETTLE(n);
	(*n)++;
}

static __always_inline int
pass(const struct pkt *p, enum counter c)
{
	if (READ(control->flags) & CTL_DRY_RUN)
		count(p, CNT_WOULD_PASS);
	count(p, c);
	return (XDP_PASS);
}

/*
 * The switches that act on a whole verdict to forward or drop: they count what
 * it was and pass the packet.
 */
static __always_inline int
gate(const struct pkt *p, enum counter would)
{
	__u32 flags = READ(control->flags);

	if (flags & (CTL_DRY_RUN | CTL_BREAKER)) {
		count(p, would);
		if (flags & CTL_DRY_RUN)
			count(p, CNT_PASS_DRY_RUN);
		else
			count(p, CNT_PASS_BREAKER);
		return (XDP_PASS);
	}
	if (bpf_jiffies64() > READ(control->deadline)) {
		count(p, would);
		count(p, CNT_PASS_STALE);
		return (XDP_PASS);
	}
	return (GO_ON);
}

static __always_inline int
drop(const struct pkt *p, enum counter c)
{
	if (gate(p, CNT_WOULD_DROP) != GO_ON)
		return (XDP_PASS);
	count(p, c);
	return (XDP_DROP);
}

#endif
