/* SPDX-License-Identifier: ISC */
/*
 * Helpers of the packet tests: a builder of packets, a world of interfaces
 * and tables in a network namespace of its own, and runs of the program on
 * one packet.  Expected packets are computed from scratch here, never by the
 * way the program takes.
 */
#ifndef REGRESS_PACKET_H
#define REGRESS_PACKET_H

#include <sys/socket.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <net/if.h>

#include <atf-c.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../parent/parent.h"

#define HELPER static __attribute__((__unused__))
#ifndef nitems
#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#endif
#define PKT_MAX 2048
#define ETH_HLEN 14

/*
 * A packet to build. Zero fields take the default: a UDP packet with TTL 64,
 * 26 bytes behind the IP header, to the ingress device's MAC.
 */
struct spec {
	const char *src;
	const char *dst;
	uint8_t ttl;
	uint8_t proto;
	uint16_t payload; /* bytes behind the IP header */
	uint16_t padding; /* bytes behind the packet */
	/* changes the built packet; true: the IPv4 checksum is made right
	   again */
	bool (*mangle)(uint8_t *, size_t *);
};

static const uint8_t mac_in[6] = { 2, 0, 0, 0, 1, 1 }; /* in0, ours */
static const uint8_t mac_host[6] = { 2, 0, 0, 0, 1, 9 }; /* sender */
static const uint8_t mac_out[6] = { 2, 0, 0, 0, 2, 1 }; /* out0, ours */
static const uint8_t mac_next[6] = { 2, 0, 0, 0, 2, 9 }; /* next hop */

/* Sum of 16-bit words (RFC 1071), as it would stand in a header. */
HELPER uint16_t
pkt_checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (~sum);
}

HELPER void
put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

HELPER void
ip4_checksum(uint8_t *pkt)
{
	uint8_t *ip = pkt + ETH_HLEN;

	put16(ip + 10, 0);
	put16(ip + 10, pkt_checksum(ip, (ip[0] & 15) * 4));
}

HELPER size_t
pkt_build(const struct spec *s, uint8_t *pkt)
{
	size_t payload = s->payload ? s->payload : 26, len, i;
	bool v6 = strchr(s->dst, ':') != NULL;
	uint8_t *ip = pkt + ETH_HLEN, *l4;

	memset(pkt, 0, PKT_MAX);
	memcpy(pkt, mac_in, 6);
	memcpy(pkt + 6, mac_host, 6);
	put16(pkt + 12, v6 ? 0x86dd : 0x0800);
	if (v6) {
		ip[0] = 0x60;
		ip[3] = 0x33; /* a flow label */
		put16(ip + 4, payload);
		ip[6] = s->proto ? s->proto : 17;
		ip[7] = s->ttl ? s->ttl : 64;
		ATF_REQUIRE_EQ(inet_pton(AF_INET6, s->src, ip + 8), 1);
		ATF_REQUIRE_EQ(inet_pton(AF_INET6, s->dst, ip + 24), 1);
		l4 = ip + 40;
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 20 + payload);
		put16(ip + 4, 0x1234);
		put16(ip + 6, 0x4000); /* don't fragment */
		ip[8] = s->ttl ? s->ttl : 64;
		ip[9] = s->proto ? s->proto : 17;
		ATF_REQUIRE_EQ(inet_pton(AF_INET, s->src, ip + 12), 1);
		ATF_REQUIRE_EQ(inet_pton(AF_INET, s->dst, ip + 16), 1);
		ip4_checksum(pkt);
		l4 = ip + 20;
	}
	for (i = 0; i < payload + s->padding; i++)
		l4[i] = i * 7 + 1;
	len = (l4 - pkt) + payload + s->padding;
	if (s->mangle != NULL && s->mangle(pkt, &len))
		ip4_checksum(pkt);
	return (len);
}

/* What a forwarded packet looks like. */
HELPER void
pkt_forwarded(uint8_t *pkt, const uint8_t *dmac, const uint8_t *smac)
{
	uint8_t *ip = pkt + ETH_HLEN;

	memcpy(pkt, dmac, 6);
	memcpy(pkt + 6, smac, 6);
	if (ip[0] >> 4 == 6)
		ip[7]--;
	else {
		ip[8]--;
		ip4_checksum(pkt);
	}
}

struct run {
	uint32_t verdict;
	uint8_t out[PKT_MAX];
	uint32_t len;
	uint64_t moved[CNT_MAX]; /* counters, since before */
};

struct world {
	struct dp *dp;
	unsigned int in; /* ingress, attached */
	unsigned int out; /* egress, in the devmap */
	unsigned int off; /* another, not in the devmap */
};

HELPER const char *
counter_name(int c)
{
#define C(sym, name, kind, what) name,
	static const char *const names[] = { COUNTERS(C) };
#undef C

	return (c >= 0 && c < CNT_MAX ? names[c] : "none");
}

HELPER bool
counter_ends(int c)
{
	enum { TALLY, END };
#define C(sym, name, kind, what) kind,
	static const uint8_t kinds[] = { COUNTERS(C) };
#undef C

	return (kinds[c] == END);
}

/* Run the program on one packet as if it had come in by ifindex. */
HELPER void
run_on(struct world *w, unsigned int ifindex, const uint8_t *pkt, size_t len,
    struct run *r)
{
	struct xdp_md ctx = { .data_end = len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt,
	    .data_size_in = len, .data_out = r->out,
	    .data_size_out = sizeof(r->out), .ctx_in = &ctx,
	    .ctx_size_in = sizeof(ctx));
	uint64_t before[CNT_MAX];
	int i;

	ATF_REQUIRE_EQ(dp_counters(w->dp, before), 0);
	ATF_REQUIRE_MSG(bpf_prog_test_run_opts(dp_prog_fd(w->dp), &opts) == 0,
	    "test run of %zu bytes: %s", len, strerror(errno));
	r->verdict = opts.retval;
	r->len = opts.data_size_out;
	ATF_REQUIRE_EQ(dp_counters(w->dp, r->moved), 0);
	for (i = 0; i < CNT_MAX; i++)
		r->moved[i] -= before[i];
}

/* The one END counter that a run of one packet moved. */
HELPER int
run_ending(const struct run *r)
{
	int i, end = -1;

	ATF_REQUIRE_EQ(r->moved[CNT_RX], 1);
	for (i = 0; i < CNT_MAX; i++) {
		if (!counter_ends(i) || r->moved[i] == 0)
			continue;
		ATF_REQUIRE_MSG(r->moved[i] == 1 && end == -1,
		    "%s moved beside %s", counter_name(i), counter_name(end));
		end = i;
	}
	return (end);
}

HELPER uint32_t
ending_verdict(int end)
{
	if (end == CNT_FORWARD4 || end == CNT_FORWARD6)
		return (XDP_REDIRECT);
	return (end == CNT_DROP_BLOCKED ? XDP_DROP : XDP_PASS);
}

HELPER void
sh(const char *cmd)
{
	ATF_REQUIRE_MSG(system(cmd) == 0, "failed: %s", cmd);
}

HELPER uint64_t
mac_word(const uint8_t *mac)
{
	uint64_t w = 0;

	memcpy(&w, mac, 6);
	return (w);
}

/* Nexthops of every world. */
enum {
	NH_GOOD = LEAF_ID_FIRST, /* out0 */
	NH_UNRESOLVED,
	NH_INGRESS, /* in0 */
	NH_SMALL, /* out0, MTU 600 */
	NH_NO_EGRESS /* off0, which is not in the devmap */
};

HELPER void
nexthop_set(struct world *w, uint32_t id, unsigned int ifindex, uint16_t mtu)
{
	struct nh_entry e = { .mtu = mtu,
		.ifindex = ifindex,
		.flags = NH_FORWARD };

	memcpy(e.dmac, mac_next, 6);
	memcpy(e.smac, mac_out, 6);
	ATF_REQUIRE(dp_nexthop_set(w->dp, id, &e) > 0);
}

/*
 * in0 (MTU 1500, attached native), out0 and off0, each a veth whose peer is in
 * the same namespace. Counters, flags, deadline: ready and converged, alive.
 */
HELPER void
world_load(struct world *w, const struct dp_params *params)
{
	struct port port = { .flags = PORT_UP };
	char err[DP_ERRLEN], why[DP_ERRLEN];

	ATF_REQUIRE_EQ(unshare(CLONE_NEWNET), 0);
	sh("ip link add in0 address 02:00:00:00:01:01 type veth peer name in1");
	sh("ip link add out0 address 02:00:00:00:02:01 type veth peer name "
	   "out1");
	sh("ip link add off0 type veth peer name off1");
	/* nothing but the test's packets may come in by in0 */
	sh("echo 1 >/proc/sys/net/ipv6/conf/in1/disable_ipv6");
	sh("for i in lo in0 in1 out0 out1 off0 off1; do "
	   "ip link set $i up; done");
	w->in = if_nametoindex("in0");
	w->out = if_nametoindex("out0");
	w->off = if_nametoindex("off0");
	w->dp = dp_load(params, err);
	ATF_REQUIRE_MSG(w->dp != NULL, "%s", err);
	ATF_REQUIRE_MSG(dp_attach(w->dp, w->in, ATTACH_NATIVE, why, err) ==
		DP_NATIVE,
	    "%s", err);
	port.ifindex = port.l3dev = w->in;
	port.mac[0] = mac_word(mac_in);
	ATF_REQUIRE_EQ(dp_port_set(w->dp, &port), 0);
	ATF_REQUIRE_EQ(dp_egress_set(w->dp, w->in, true), 0);
	ATF_REQUIRE_EQ(dp_egress_set(w->dp, w->out, true), 0);
	ATF_REQUIRE_EQ(dp_beat(w->dp, 3600), 0);
	dp_flags(w->dp, CTL_READY4 | CTL_READY6 | CTL_ROUTES4 | CTL_ROUTES6, 0);
	nexthop_set(w, NH_GOOD, w->out, 1500);
	nexthop_set(w, NH_INGRESS, w->in, 1500);
	nexthop_set(w, NH_SMALL, w->out, 600);
	nexthop_set(w, NH_NO_EGRESS, w->off, 1500);
}

#define WORLD_PARAMS \
	{ \
		.units4 = 1 << 16, .units6 = 1 << 17, .nexthops = 1024, \
		.groups = 64, .hash_mode = 5 \
	}

HELPER void
world_new(struct world *w, uint8_t mode, bool no_frags)
{
	struct dp_params params = WORLD_PARAMS;

	params.mode = mode;
	params.no_frags = no_frags;
	world_load(w, &params);
}

HELPER void
group_set(struct world *w, uint32_t id, const uint32_t *ids, uint32_t n)
{
	struct ecmp_group g = { .n = n };
	uint32_t words[GROUP_WORDS];

	memcpy(g.ids, ids, n * sizeof(*ids));
	memcpy(words, &g, sizeof(g));
	ATF_REQUIRE_EQ(dp_table_write(w->dp, FIB_TABLE_GROUPS, id * GROUP_WORDS,
			   words, GROUP_WORDS),
	    0);
}

/* A leaf for the whole block of the direct table that addr is in. */
HELPER void
leaf_set(struct world *w, const char *addr, uint32_t leaf)
{
	struct addr a;
	uint32_t v;

	ATF_REQUIRE_EQ(addr_parse(addr, &a), 0);
	v = (uint32_t)a.b[0] << 24 | a.b[1] << 16 | a.b[2] << 8 | a.b[3];
	if (a.af == AF_INET)
		ATF_REQUIRE_EQ(dp_table_write(w->dp, FIB_TABLE_DIR4,
				   v >> (32 - FIB4_DIR_BITS), &leaf, 1),
		    0);
	else
		ATF_REQUIRE_EQ(dp_table_write(w->dp, FIB_TABLE_DIR6,
				   v >> 8 & (FIB6_DIR_WORDS - 1), &leaf, 1),
		    0);
}

#endif
