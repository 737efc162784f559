/* SPDX-License-Identifier: ISC OR GPL-2.0 */
/*
 * The packet path, stage by stage in the order that is its contract.  Each
 * packet moves rx and exactly one counter of kind END; a packet that is passed
 * is byte for byte the packet that arrived.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

#define AF_INET 2
#define AF_INET6 10

#include "maps.h"
#include "verdict.h"
#include "frame.h"
#include "parse.h"
#include "fib.h"
#include "policy.h"
#include "hash.h"
#include "route.h"
#include "forward.h"

char _license[] SEC("license") = "Dual BSD/GPL";

static __always_inline int
ip4_packet(struct pkt *p, __u64 frame_len)
{
	int v;

	if ((v = ip4_header(p, frame_len)) != GO_ON)
		return (v);
	if ((v = ip4_addresses(p)) != GO_ON)
		return (v);
	if ((v = ip4_policy(p)) != GO_ON)
		return (v);
	if (cfg_mode == MODE_CUSTOM_FIB)
		v = custom_route(p, CTL_ROUTES4);
	else
		v = ip4_kernel_route(p);
	if (v != GO_ON)
		return (v);
	if ((v = egress_verdict(p)) != GO_ON)
		return (v);
	return (ip4_forward(p));
}

static __always_inline int
ip6_packet(struct pkt *p, __u64 frame_len)
{
	int v;

	if ((v = ip6_header(p, frame_len)) != GO_ON)
		return (v);
	if ((v = ip6_addresses(p)) != GO_ON)
		return (v);
	if ((v = ip6_policy(p)) != GO_ON)
		return (v);
	if (cfg_mode == MODE_CUSTOM_FIB)
		v = custom_route(p, CTL_ROUTES6);
	else
		v = ip6_kernel_route(p);
	if (v != GO_ON)
		return (v);
	if ((v = egress_verdict(p)) != GO_ON)
		return (v);
	return (ip6_forward(p));
}

SEC("xdp")
int
packetframe(struct xdp_md *ctx)
{
	struct pkt p;
	__u64 frame_len;
	int v;

	p.ctx = ctx;
	p.cnt = bpf_map_lookup_elem(&counters, (const void *)&key_zero);
	if (p.cnt == NULL)
		return (XDP_PASS);
	frame_len = cfg_frags ? bpf_xdp_get_buff_len(ctx) : 0;
	count(&p, CNT_RX);
	if ((v = ethernet_input(&p)) != GO_ON)
		return (v);
	switch (((struct ethhdr *)p.data)->h_proto) {
	case bpf_htons(ETH_P_IP):
		return (ip4_packet(&p, frame_len));
	case bpf_htons(ETH_P_IPV6):
		return (ip6_packet(&p, frame_len));
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD):
		return (pass(&p, CNT_PASS_VLAN));
	}
	return (pass(&p, CNT_PASS_NOT_IP));
}

/*
 * The dead-man's beat, run by the daemon and never attached: the packet is a
 * number of jiffies, after which the path above is to pass everything.
 */
SEC("xdp")
int
beat(struct xdp_md *ctx)
{
	const __u64 *jiffies = (void *)(long)ctx->data;

	if ((void *)(jiffies + 1) > (void *)(long)ctx->data_end)
		return (XDP_ABORTED);
	*(volatile __u64 *)&TABLE_BASE(control)->deadline =
	    bpf_jiffies64() + *jiffies;
	return (XDP_PASS);
}
