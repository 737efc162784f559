/* SPDX-License-Identifier: ISC */
/*
 * What the choice among the members of a group costs: the whole packet
 * program with one route, to a single nexthop or to a group, loaded with the
 * capabilities that the daemon has.  Rounds are interleaved.
 *
 * ecmp_bench [ROUNDS]
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cap-ng.h>
#include <err.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../parent/parent.h"

#define ROUNDS_MAX 101
#define NOBODY 65534
#define RUNS 400U /* of one kind in a round */
#define REPEATS 250 /* that a TTL of 255 lasts for */
#define FLOWS 64
#define ETH 14
#define PKT_LEN 78

static const uint32_t sizes[] = { 1, 2, 4, 8, 16 };
#define KINDS (sizeof(sizes) / sizeof(sizes[0]))

static struct {
	struct dp *dp;
	unsigned int in, out;
} w;

/* Ours, and the next hop's as well: what is forwarded comes in again. */
static const uint8_t mac[6] = { 2, 0, 0, 0, 1, 1 };

static void
links(void)
{
	if (unshare(CLONE_NEWNET) == -1)
		err(1, "unshare");
	if (system(
		"ip link add in0 type veth peer name in1 && "
		"ip link add out0 type veth peer name out1 && "
		"for i in in0 in1 out0 out1; do ip link set $i up; done") != 0)
		errx(1, "cannot make the interfaces");
	w.in = if_nametoindex("in0");
	w.out = if_nametoindex("out0");
}

static void
drop(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF,
		CAP_NET_ADMIN, -1) != 0 ||
	    capng_change_id(NOBODY, NOBODY, CAPNG_DROP_SUPP_GRP) != 0)
		errx(1, "cannot drop privileges");
}

static void
load(void)
{
	struct dp_params params = { .units4 = 1 << 16,
		.units6 = 1 << 16,
		.nexthops = 4096,
		.groups = 1024,
		.mode = MODE_CUSTOM_FIB,
		.hash_mode = 5,
		.hash_seed = 0x9e3779b97f4a7c15 };
	struct port port = { .flags = PORT_UP };
	struct nh_entry e = { .mtu = 1500, .flags = NH_FORWARD };
	struct ecmp_group g;
	uint32_t words[GROUP_WORDS];
	char why[DP_ERRLEN], error[DP_ERRLEN];
	uint32_t i, n;

	if ((w.dp = dp_load(&params, error)) == NULL)
		errx(1, "%s", error);
	/* a program that is nowhere attached costs each test run a wait */
	if (dp_attach(w.dp, w.in, ATTACH_NATIVE, why, error) == DP_NONE)
		errx(1, "%s", error);
	port.ifindex = port.l3dev = w.in;
	memcpy(&port.mac[0], mac, sizeof(mac));
	e.ifindex = w.out;
	memcpy(e.dmac, mac, sizeof(mac));
	if (dp_port_set(w.dp, &port) == -1 ||
	    dp_egress_set(w.dp, w.out, true) == -1 || dp_beat(w.dp, 3600) == -1)
		err(1, "cannot furnish the tables");
	dp_flags(w.dp, CTL_READY4 | CTL_READY6 | CTL_ROUTES4 | CTL_ROUTES6, 0);
	for (i = 0; i < ECMP_MEMBERS_MAX; i++)
		if (dp_nexthop_set(w.dp, LEAF_ID_FIRST + i * 61, &e) == -1)
			err(1, "nexthop");
	for (n = 1; n < KINDS; n++) {
		memset(&g, 0, sizeof(g));
		g.n = sizes[n];
		for (i = 0; i < g.n; i++)
			g.ids[i] = LEAF_ID_FIRST + i * 61;
		memcpy(words, &g, sizeof(g));
		if (dp_table_write(w.dp, FIB_TABLE_GROUPS, n * GROUP_WORDS,
			words, GROUP_WORDS) == -1)
			err(1, "group");
	}
}

/* The route to 198.18.0.0/18 or 2001:a100::/24. */
static void
route(int v6, size_t kind)
{
	uint32_t leaf = LEAF_ALLOW |
	    (kind == 0 ? LEAF_ID_FIRST : LEAF_GROUP | (uint32_t)kind);

	if (dp_table_write(w.dp, v6 ? FIB_TABLE_DIR6 : FIB_TABLE_DIR4,
		v6 ? 0x2001a1 & (FIB6_DIR_WORDS - 1) : 0xc6120000 >> 14, &leaf,
		1) == -1)
		err(1, "route");
}

static void
packet(int v6, uint32_t flow, uint8_t *pkt)
{
	uint8_t *ip = pkt + ETH, *l4 = ip + (v6 ? 40 : 20);
	uint32_t sum = 0, i;

	memset(pkt, 0, PKT_LEN);
	memcpy(pkt, mac, sizeof(mac));
	pkt[12] = v6 ? 0x86 : 8;
	pkt[13] = v6 ? 0xdd : 0;
	if (v6) {
		ip[0] = 0x60;
		ip[5] = PKT_LEN - ETH - 40;
		ip[6] = IPPROTO_UDP;
		ip[7] = 255;
		inet_pton(AF_INET6, "2001:c000::1", ip + 8);
		inet_pton(AF_INET6, "2001:a100::1", ip + 24);
	} else {
		ip[0] = 0x45;
		ip[3] = PKT_LEN - ETH;
		ip[8] = 255;
		ip[9] = IPPROTO_UDP;
		inet_pton(AF_INET, "192.88.99.1", ip + 12);
		inet_pton(AF_INET, "198.18.0.1", ip + 16);
		for (i = 0; i < 20; i += 2)
			sum += (uint32_t)ip[i] << 8 | ip[i + 1];
		sum = ~((sum & 0xffff) + (sum >> 16));
		ip[10] = sum >> 8;
		ip[11] = sum;
	}
	l4[0] = flow >> 8;
	l4[1] = flow;
	l4[3] = 53;
}

/* ns a packet. */
static double
runs(int v6)
{
	uint8_t pkt[PKT_LEN], out[PKT_LEN];
	struct xdp_md ctx = { .data_end = PKT_LEN, .ingress_ifindex = w.in };
	double ns = 0;
	uint32_t i;

	for (i = 0; i < RUNS; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt,
		    .data_size_in = PKT_LEN, .data_out = out,
		    .data_size_out = PKT_LEN, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = REPEATS);
		packet(v6, (uint32_t)(random() % FLOWS), pkt);
		if (bpf_prog_test_run_opts(dp_prog_fd(w.dp), &opts) != 0)
			err(1, "test run");
		if (opts.retval != XDP_REDIRECT ||
		    out[ETH + (v6 ? 7 : 8)] != 255 - REPEATS)
			errx(1, "a packet was not forwarded");
		ns += opts.duration;
	}
	return (ns / RUNS);
}

static int
double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

int
main(int argc, char **argv)
{
	static double ns[2][KINDS][ROUNDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 15, r, v6;
	double single, median;
	size_t k;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(1, "rounds: 1 to %d", ROUNDS_MAX);
	links();
	drop();
	load();
	for (r = -1; r < rounds; r++) {
		for (v6 = 0; v6 < 2; v6++) {
			for (k = 0; k < KINDS; k++) {
				route(v6, k);
				ns[v6][k][r < 0 ? 0 : r] = runs(v6);
			}
		}
	}
	printf("ns a packet, median of %d rounds; over a single nexthop\n"
	       "%-16s %6s %6s %8s %6s\n",
	    rounds, "leaf", "v4", "", "v6", "");
	for (k = 0; k < KINDS; k++) {
		if (k == 0)
			printf("%-16s", "single nexthop");
		else
			printf("group of %-7u", sizes[k]);
		for (v6 = 0; v6 < 2; v6++) {
			qsort(ns[v6][k], (size_t)rounds, sizeof(double),
			    double_cmp);
			median = ns[v6][k][rounds / 2];
			single = ns[v6][0][rounds / 2];
			printf(" %6.1f %+6.1f%s", median, median - single,
			    v6 ? "\n" : "  ");
		}
	}
	dp_free(w.dp);
	return (0);
}
