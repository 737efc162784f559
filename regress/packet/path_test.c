/* SPDX-License-Identifier: ISC */
/*
 * The packet path, case by case: a packet in, the counter that ends it, and
 * the packet out, which is pristine unless it was forwarded.
 */
#include "packet.h"

#define ALLOW LEAF_ALLOW

/* Destinations and sources: one block of the direct tables each. */
static const struct {
	const char *addr;
	uint32_t leaf;
} leaves[] = {
	{ "198.18.0.0", ALLOW | NH_GOOD },
	{ "198.18.64.0", NH_GOOD },
	{ "198.18.128.0", ALLOW },
	{ "198.18.192.0", ALLOW | LEAF_ID_PUNT },
	{ "198.19.0.0", ALLOW | LEAF_BLOCK | NH_GOOD },
	{ "198.19.64.0", ALLOW | LEAF_LOCAL },
	{ "198.19.128.0", ALLOW | NH_UNRESOLVED },
	{ "198.19.192.0", ALLOW | NH_INGRESS },
	{ "100.64.0.0", ALLOW | NH_SMALL },
	{ "100.64.64.0", ALLOW | NH_NO_EGRESS },
	{ "100.64.128.0", ALLOW | LEAF_GROUP | NH_GOOD },
	{ "100.64.192.0", ALLOW | LEAF_ID },
	{ "100.65.0.0", LEAF_BLOCK | NH_GOOD },
	{ "100.65.64.0", FIB_NODE | 0x7fffffff },
	{ "255.255.192.0", ALLOW | NH_GOOD },
	{ "240.0.0.0", ALLOW | NH_GOOD },
	{ "203.0.64.0", ALLOW },
	{ "203.0.128.0", LEAF_LOCAL },
	{ "2001:a100::", ALLOW | NH_GOOD },
	{ "2001:a200::", NH_GOOD },
	{ "2001:a300::", ALLOW },
	{ "2001:a400::", ALLOW | LEAF_ID_PUNT },
	{ "2001:a500::", ALLOW | LEAF_BLOCK | NH_GOOD },
	{ "2001:a600::", ALLOW | LEAF_LOCAL },
	{ "2001:a700::", ALLOW | NH_UNRESOLVED },
	{ "2001:a800::", ALLOW | NH_INGRESS },
	{ "2001:a900::", ALLOW | NH_SMALL },
	{ "2001:aa00::", ALLOW | NH_NO_EGRESS },
	{ "2001:ab00::", ALLOW | LEAF_GROUP | NH_GOOD },
	{ "2001:ac00::", FIB_NODE | 0x7fffffff },
	{ "2001:b100::", ALLOW },
	{ "2001:b200::", LEAF_LOCAL },
};

#define ANY4 "10.1.2.3"
#define ANY6 "2001:c000::3"
#define GOOD4 "198.18.7.9"
#define GOOD6 "2001:a100::7:9"
#define OWN4 "203.0.128.7"
#define OWN6 "2001:b200::7"

static bool
set_type(uint8_t *pkt, uint16_t type)
{
	put16(pkt + 12, type);
	return (false);
}

#define MANGLE(name, fix, code) \
	static bool name(uint8_t *pkt, size_t *len) \
	{ \
		uint8_t *ip = pkt + ETH_HLEN; \
\
		(void)ip; \
		(void)len; \
		code; \
		return (fix); \
	}

MANGLE(flooded, false, pkt[5] ^= 1)
MANGLE(to_group, false, memset(pkt, 0xff, 6))
MANGLE(to_zero, false, memset(pkt, 0, 6))
MANGLE(vlan, false, set_type(pkt, 0x8100))
MANGLE(qinq, false, set_type(pkt, 0x88a8))
MANGLE(arp, false, set_type(pkt, 0x0806))
MANGLE(says_ip6, false, set_type(pkt, 0x86dd))
MANGLE(says_ip4, false, set_type(pkt, 0x0800))
MANGLE(short4, false, *len = ETH_HLEN + 19)
MANGLE(short6, false, *len = ETH_HLEN + 39)
MANGLE(only_ethernet, false, *len = ETH_HLEN)
MANGLE(version5, true, ip[0] = 0x55)
MANGLE(ihl4, true, ip[0] = 0x44)
MANGLE(options, true, ip[0] = 0x46)
MANGLE(options_most, true, ip[0] = 0x4f)
MANGLE(more_fragments, true, put16(ip + 6, 0x2000))
MANGLE(fragment_offset, true, put16(ip + 6, 1))
MANGLE(fragment_last, true, put16(ip + 6, 0x1fff))
MANGLE(ttl0, true, ip[8] = 0)
MANGLE(hop0, false, ip[7] = 0)
MANGLE(total_under, true, put16(ip + 2, 19))
MANGLE(total_over, true, put16(ip + 2, *len - ETH_HLEN + 1))
MANGLE(payload_over, false, put16(ip + 4, *len - ETH_HLEN - 40 + 1))
MANGLE(payload_most, false, put16(ip + 4, 0xffff))
MANGLE(payload_none, false, put16(ip + 4, 0); *len = ETH_HLEN + 40)
MANGLE(wrong_sum, false, ip[10] ^= 0x40)
MANGLE(wrong_id, false, ip[4] ^= 0x01)
MANGLE(reserved_bit, true, put16(ip + 6, 0x8000))
MANGLE(congestion, true, ip[1] = 3)
/* a header whose sum leaves 0 in the checksum, which may stand there as
   0xffff as well */
MANGLE(sum_zero, false, put16(ip + 4, 0); ip4_checksum(pkt);
       put16(ip + 4, ip[10] << 8 | ip[11]); put16(ip + 10, 0))
MANGLE(sum_ones, false, sum_zero(pkt, len); put16(ip + 10, 0xffff))
/* after the TTL went down, the checksum is 0x0000 */
MANGLE(sum_to_zero, true, ip[8]--; put16(ip + 4, 0); ip4_checksum(pkt);
       put16(ip + 4, ip[10] << 8 | ip[11]); ip[8]++)
/* ... and the addition carries */
MANGLE(sum_carry, true, put16(ip + 4, 0); ip4_checksum(pkt);
       put16(ip + 4, (ip[10] << 8 | ip[11]) - 0xff01))
MANGLE(version7, false, ip[0] = 0x70)
MANGLE(icmp6_133, false, ip[40] = 133)
MANGLE(icmp6_135, false, ip[40] = 135; ip[7] = 255)
MANGLE(icmp6_137, false, ip[40] = 137)
MANGLE(icmp6_128, false, ip[40] = 128)
MANGLE(icmp6_132, false, ip[40] = 132)
MANGLE(icmp6_138, false, ip[40] = 138)

static const struct test {
	const char *name;
	struct spec spec;
	int end;
} both[] = {
	/* the two ways to be forwarded, and what does not keep from it */
	{ "v4", { ANY4, .dst = GOOD4 }, CNT_FORWARD4 },
	{ "v4 by source", { "203.0.64.1", .dst = "198.18.64.1" },
	    CNT_FORWARD4 },
	{ "v4 TTL 2", { ANY4, GOOD4, .ttl = 2 }, CNT_FORWARD4 },
	{ "v4 TTL 255", { ANY4, GOOD4, .ttl = 255 }, CNT_FORWARD4 },
	{ "v4 padded", { ANY4, GOOD4, .payload = 8, .padding = 18 },
	    CNT_FORWARD4 },
	{ "v4 no payload to speak of", { ANY4, GOOD4, .payload = 1 },
	    CNT_FORWARD4 },
	{ "v4 ESP", { ANY4, GOOD4, .proto = 50 }, CNT_FORWARD4 },
	{ "v4 TCP", { ANY4, GOOD4, .proto = 6 }, CNT_FORWARD4 },
	{ "v4 no fragment, reserved bit",
	    { ANY4, GOOD4, .mangle = reserved_bit }, CNT_FORWARD4 },
	{ "v4 congestion experienced", { ANY4, GOOD4, .mangle = congestion },
	    CNT_FORWARD4 },
	{ "v4 checksum 0", { ANY4, GOOD4, .mangle = sum_zero }, CNT_FORWARD4 },
	{ "v4 checksum 0xffff", { ANY4, GOOD4, .mangle = sum_ones },
	    CNT_FORWARD4 },
	{ "v4 checksum becomes 0", { ANY4, GOOD4, .mangle = sum_to_zero },
	    CNT_FORWARD4 },
	{ "v4 checksum carries", { ANY4, GOOD4, .mangle = sum_carry },
	    CNT_FORWARD4 },
	{ "v6", { ANY6, .dst = GOOD6 }, CNT_FORWARD6 },
	{ "v6 by source", { "2001:b100::1", .dst = "2001:a200::1" },
	    CNT_FORWARD6 },
	{ "v6 hop limit 2", { ANY6, GOOD6, .ttl = 2 }, CNT_FORWARD6 },
	{ "v6 padded", { ANY6, GOOD6, .payload = 8, .padding = 3 },
	    CNT_FORWARD6 },
	{ "v6 no payload", { ANY6, GOOD6, .proto = 59, .mangle = payload_none },
	    CNT_FORWARD6 },
	{ "v6 ESP", { ANY6, GOOD6, .proto = 50 }, CNT_FORWARD6 },
	{ "v6 echo", { ANY6, GOOD6, .proto = 58, .mangle = icmp6_128 },
	    CNT_FORWARD6 },
	{ "v6 MLD done", { ANY6, GOOD6, .proto = 58, .mangle = icmp6_132 },
	    CNT_FORWARD6 },
	{ "v6 type 138", { ANY6, GOOD6, .proto = 58, .mangle = icmp6_138 },
	    CNT_FORWARD6 },

	/* Ethernet */
	{ "flooded", { ANY4, GOOD4, .mangle = flooded }, CNT_PASS_NOT_OUR_MAC },
	{ "broadcast", { ANY6, GOOD6, .mangle = to_group },
	    CNT_PASS_NOT_OUR_MAC },
	{ "MAC 0", { ANY6, GOOD6, .mangle = to_zero }, CNT_PASS_NOT_OUR_MAC },
	{ "802.1Q", { ANY4, GOOD4, .mangle = vlan }, CNT_PASS_VLAN },
	{ "802.1ad", { ANY6, GOOD6, .mangle = qinq }, CNT_PASS_VLAN },
	{ "ARP", { ANY4, GOOD4, .mangle = arp }, CNT_PASS_NOT_IP },

	/* headers */
	{ "v4 cut", { ANY4, GOOD4, .mangle = short4 }, CNT_PASS_MALFORMED },
	{ "v6 cut", { ANY6, GOOD6, .mangle = short6 }, CNT_PASS_MALFORMED },
	{ "v4 nothing", { ANY4, GOOD4, .mangle = only_ethernet },
	    CNT_PASS_MALFORMED },
	{ "v4 as v6", { ANY4, GOOD4, .mangle = says_ip6 }, CNT_PASS_MALFORMED },
	{ "v6 as v4", { ANY6, GOOD6, .mangle = says_ip4 }, CNT_PASS_MALFORMED },
	{ "v4 version 5", { ANY4, GOOD4, .mangle = version5 },
	    CNT_PASS_MALFORMED },
	{ "v6 version 7", { ANY6, GOOD6, .mangle = version7 },
	    CNT_PASS_MALFORMED },
	{ "v4 header length 16", { ANY4, GOOD4, .mangle = ihl4 },
	    CNT_PASS_MALFORMED },
	{ "v4 total length under", { ANY4, GOOD4, .mangle = total_under },
	    CNT_PASS_MALFORMED },
	{ "v4 total length over", { ANY4, GOOD4, .mangle = total_over },
	    CNT_PASS_MALFORMED },
	{ "v6 payload length over", { ANY6, GOOD6, .mangle = payload_over },
	    CNT_PASS_MALFORMED },
	{ "v6 payload length most", { ANY6, GOOD6, .mangle = payload_most },
	    CNT_PASS_MALFORMED },
	{ "v6 ICMP cut", { ANY6, GOOD6, .proto = 58, .payload = 7 },
	    CNT_PASS_MALFORMED },
	{ "v4 options", { ANY4, GOOD4, .mangle = options }, CNT_PASS_OPTIONS },
	{ "v4 options, all",
	    { ANY4, GOOD4, .payload = 60, .mangle = options_most },
	    CNT_PASS_OPTIONS },
	{ "v4 first fragment", { ANY4, GOOD4, .mangle = more_fragments },
	    CNT_PASS_FRAGMENT },
	{ "v4 fragment", { ANY4, GOOD4, .mangle = fragment_offset },
	    CNT_PASS_FRAGMENT },
	{ "v4 last fragment", { ANY4, GOOD4, .mangle = fragment_last },
	    CNT_PASS_FRAGMENT },
	{ "v4 TTL 1", { ANY4, GOOD4, .ttl = 1 }, CNT_PASS_TTL },
	{ "v4 TTL 0", { ANY4, GOOD4, .mangle = ttl0 }, CNT_PASS_TTL },
	{ "v6 hop limit 1", { ANY6, GOOD6, .ttl = 1 }, CNT_PASS_TTL },
	{ "v6 hop limit 0", { ANY6, GOOD6, .mangle = hop0 }, CNT_PASS_TTL },
	{ "v4 checksum", { ANY4, GOOD4, .mangle = wrong_sum },
	    CNT_PASS_CHECKSUM },
	{ "v4 checksum of another", { ANY4, GOOD4, .mangle = wrong_id },
	    CNT_PASS_CHECKSUM },
	{ "v6 NDP first", { ANY6, GOOD6, .proto = 58, .mangle = icmp6_133 },
	    CNT_PASS_NDP },
	{ "v6 NDP from near", { ANY6, GOOD6, .proto = 58, .mangle = icmp6_135 },
	    CNT_PASS_NDP },
	{ "v6 NDP last", { ANY6, GOOD6, .proto = 58, .mangle = icmp6_137 },
	    CNT_PASS_NDP },

	/* addresses; 255.255.192/18 and 240/18 are allowed and routed */
	{ "to 224", { ANY4, .dst = "224.0.0.5" }, CNT_PASS_DESTINATION },
	{ "to 239", { ANY4, .dst = "239.255.255.255" }, CNT_PASS_DESTINATION },
	{ "to broadcast", { ANY4, .dst = "255.255.255.255" },
	    CNT_PASS_DESTINATION },
	{ "to nearly broadcast", { ANY4, .dst = "255.255.255.254" },
	    CNT_FORWARD4 },
	{ "to 240", { ANY4, .dst = "240.0.0.1" }, CNT_FORWARD4 },
	{ "to 127", { ANY4, .dst = "127.0.0.1" }, CNT_PASS_DESTINATION },
	{ "to 169.254", { ANY4, .dst = "169.254.1.1" }, CNT_PASS_DESTINATION },
	{ "to 0", { ANY4, .dst = "0.0.0.0" }, CNT_PASS_DESTINATION },
	{ "from 224", { "224.1.1.1", .dst = GOOD4 }, CNT_PASS_SOURCE },
	{ "from 127", { "127.255.255.1", .dst = GOOD4 }, CNT_PASS_SOURCE },
	{ "from 169.254", { "169.254.9.9", .dst = GOOD4 }, CNT_PASS_SOURCE },
	{ "from 0", { "0.0.0.0", .dst = GOOD4 }, CNT_PASS_SOURCE },
	{ "from 0.1.2.3", { "0.1.2.3", .dst = GOOD4 }, CNT_PASS_SOURCE },
	{ "from broadcast", { "255.255.255.255", .dst = GOOD4 },
	    CNT_PASS_SOURCE },
	{ "to ff02::1", { ANY6, .dst = "ff02::1" }, CNT_PASS_DESTINATION },
	{ "to ff0e::1", { ANY6, .dst = "ff0e::1" }, CNT_PASS_DESTINATION },
	{ "to fe80::", { ANY6, .dst = "fe80::1" }, CNT_PASS_DESTINATION },
	{ "to febf::", { ANY6, .dst = "febf:ffff::1" }, CNT_PASS_DESTINATION },
	{ "to ::1", { ANY6, .dst = "::1" }, CNT_PASS_DESTINATION },
	{ "to ::", { ANY6, .dst = "::" }, CNT_PASS_DESTINATION },
	{ "from ff02::1", { "ff02::1", .dst = GOOD6 }, CNT_PASS_SOURCE },
	{ "from fe80::", { "fe80::99", .dst = GOOD6 }, CNT_PASS_SOURCE },
	{ "from ::1", { "::1", .dst = GOOD6 }, CNT_PASS_SOURCE },
	{ "from ::", { "::", .dst = GOOD6 }, CNT_PASS_SOURCE },
	{ "from ::ffff:0:0/96", { "::ffff:10.1.2.3", .dst = GOOD6 },
	    CNT_PASS_SOURCE },
	{ "v4 to us", { ANY4, .dst = "198.19.64.1" }, CNT_PASS_LOCAL },
	{ "v6 to us", { ANY6, .dst = "2001:a600::1" }, CNT_PASS_LOCAL },
	{ "v4 from us", { OWN4, .dst = GOOD4 }, CNT_PASS_SOURCE_LOCAL },
	{ "v6 from us", { OWN6, .dst = GOOD6 }, CNT_PASS_SOURCE_LOCAL },
	{ "v4 from us, not allowed", { "203.0.128.9", .dst = "198.18.64.1" },
	    CNT_PASS_SOURCE_LOCAL },

	/* policy */
	{ "v4 not allowed", { ANY4, .dst = "198.18.64.1" },
	    CNT_PASS_NOT_ALLOWED },
	{ "v6 not allowed", { ANY6, .dst = "2001:a200::1" },
	    CNT_PASS_NOT_ALLOWED },
	{ "v4 blocked", { ANY4, .dst = "198.19.0.1" }, CNT_DROP_BLOCKED },
	{ "v6 blocked", { ANY6, .dst = "2001:a500::1" }, CNT_DROP_BLOCKED },
	{ "v4 blocked, not allowed", { ANY4, .dst = "100.65.0.1" },
	    CNT_PASS_NOT_ALLOWED },
	{ "v4 blocked, allowed by source",
	    { "203.0.64.1", .dst = "100.65.0.1" }, CNT_DROP_BLOCKED },
	{ "v4 from blocked", { "198.19.0.1", .dst = GOOD4 }, CNT_FORWARD4 },
	{ "v4 wild node", { ANY4, .dst = "100.65.64.1" },
	    CNT_PASS_NOT_ALLOWED },
	{ "v6 wild node", { ANY6, .dst = "2001:ac00::1" },
	    CNT_PASS_NOT_ALLOWED },
};

static const struct test custom[] = {
	{ "v4 no route", { ANY4, .dst = "198.18.128.1" }, CNT_PASS_NO_ROUTE },
	{ "v6 no route", { ANY6, .dst = "2001:a300::1" }, CNT_PASS_NO_ROUTE },
	{ "v4 punt", { ANY4, .dst = "198.18.192.1" }, CNT_PASS_PUNT },
	{ "v6 punt", { ANY6, .dst = "2001:a400::1" }, CNT_PASS_PUNT },
	{ "v4 unresolved", { ANY4, .dst = "198.19.128.1" }, CNT_PASS_NEXTHOP },
	{ "v6 unresolved", { ANY6, .dst = "2001:a700::1" }, CNT_PASS_NEXTHOP },
	{ "v4 same port", { ANY4, .dst = "198.19.192.1" }, CNT_PASS_SAME_PORT },
	{ "v6 same port", { ANY6, .dst = "2001:a800::1" }, CNT_PASS_SAME_PORT },
	{ "v4 MTU", { ANY4, "100.64.0.1", .payload = 580 }, CNT_FORWARD4 },
	{ "v4 over MTU", { ANY4, "100.64.0.1", .payload = 581 }, CNT_PASS_MTU },
	{ "v6 MTU", { ANY6, "2001:a900::1", .payload = 560 }, CNT_FORWARD6 },
	{ "v6 over MTU", { ANY6, "2001:a900::1", .payload = 561 },
	    CNT_PASS_MTU },
	{ "v4 frame with 4 more",
	    { ANY4, "100.64.0.1", .payload = 580, .padding = 4 },
	    CNT_FORWARD4 },
	{ "v4 frame with 5 more",
	    { ANY4, "100.64.0.1", .payload = 580, .padding = 5 },
	    CNT_PASS_MTU },
	{ "v6 frame with 5 more",
	    { ANY6, "2001:a900::1", .payload = 560, .padding = 5 },
	    CNT_PASS_MTU },
	{ "v4 padding not counted",
	    { ANY4, "100.64.0.1", .payload = 500, .padding = 80 },
	    CNT_FORWARD4 },
	{ "v4 no egress", { ANY4, .dst = "100.64.64.1" }, CNT_PASS_EGRESS },
	{ "v6 no egress", { ANY6, .dst = "2001:aa00::1" }, CNT_PASS_EGRESS },
	{ "v4 group", { ANY4, .dst = "100.64.128.1" }, CNT_PASS_NEXTHOP },
	{ "v6 group", { ANY6, .dst = "2001:ab00::1" }, CNT_PASS_NEXTHOP },
	{ "v4 id past the end", { ANY4, .dst = "100.64.192.1" },
	    CNT_PASS_NEXTHOP },
};

/* What the kernel says to the same destinations; see kernel_routes(). */
static const struct test kernel[] = {
	{ "v4 no route", { ANY4, .dst = "198.18.128.1" }, CNT_PASS_FIB_KERNEL },
	{ "v6 no route", { ANY6, .dst = "2001:a300::1" }, CNT_PASS_FIB_KERNEL },
	{ "v4 blackhole", { ANY4, .dst = "198.18.192.1" },
	    CNT_PASS_FIB_KERNEL },
	{ "v6 blackhole", { ANY6, .dst = "2001:a400::1" },
	    CNT_PASS_FIB_KERNEL },
	{ "v4 no neighbor", { ANY4, .dst = "198.19.128.1" }, CNT_PASS_NEXTHOP },
	{ "v6 no neighbor", { ANY6, .dst = "2001:a700::1" }, CNT_PASS_NEXTHOP },
	{ "v4 same port", { ANY4, .dst = "198.19.192.1" }, CNT_PASS_SAME_PORT },
	{ "v6 same port", { ANY6, .dst = "2001:a800::1" }, CNT_PASS_SAME_PORT },
	{ "v4 MTU", { ANY4, "100.64.0.1", .payload = 580 }, CNT_FORWARD4 },
	{ "v4 over MTU", { ANY4, "100.64.0.1", .payload = 581 }, CNT_PASS_MTU },
	{ "v6 MTU", { ANY6, "2001:a900::1", .payload = 1260 }, CNT_FORWARD6 },
	{ "v6 over MTU", { ANY6, "2001:a900::1", .payload = 1261 },
	    CNT_PASS_MTU },
	{ "v4 frame with 5 more",
	    { ANY4, "100.64.0.1", .payload = 580, .padding = 5 },
	    CNT_PASS_MTU },
	{ "v4 no egress", { ANY4, .dst = "100.64.64.1" }, CNT_PASS_EGRESS },
	{ "v6 no egress", { ANY6, .dst = "2001:aa00::1" }, CNT_PASS_EGRESS },
};

static void
check(struct world *w, const struct test *t, int end)
{
	uint8_t in[PKT_MAX], want[PKT_MAX];
	struct run r;
	size_t len;
	int got;

	len = pkt_build(&t->spec, in);
	memcpy(want, in, len);
	if (ending_verdict(end) == XDP_REDIRECT)
		pkt_forwarded(want, mac_next, mac_out);
	run_on(w, w->in, in, len, &r);
	got = run_ending(&r);
	ATF_CHECK_MSG(got == end, "%s: ended in %s, not %s", t->name,
	    counter_name(got), counter_name(end));
	ATF_CHECK_EQ_MSG(r.verdict, ending_verdict(end), "%s: verdict %u",
	    t->name, r.verdict);
	ATF_CHECK_MSG(r.len == len && memcmp(r.out, want, len) == 0,
	    "%s: the packet is not what it should be", t->name);
	ATF_CHECK_EQ_MSG(r.moved[CNT_MATCHED],
	    end == CNT_FORWARD4 || end == CNT_FORWARD6 ||
		end >= CNT_PASS_URPF || end == CNT_DROP_BLOCKED,
	    "%s: matched", t->name);
}

static void
leaves_set(struct world *w)
{
	struct prefix own[2];
	size_t i;

	for (i = 0; i < nitems(leaves); i++)
		leaf_set(w, leaves[i].addr, leaves[i].leaf);
	ATF_REQUIRE_EQ(addr_parse(OWN4, &own[0].addr), 0);
	ATF_REQUIRE_EQ(addr_parse(OWN6, &own[1].addr), 0);
	own[0].len = 32;
	own[1].len = 128;
	dp_own_set(w->dp, own, 2);
}

static void
kernel_routes(void)
{
	sh("echo 1 >/proc/sys/net/ipv4/ip_forward");
	sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	sh("ip link set off0 address 02:00:00:00:03:01");
	sh("ip addr add 10.9.1.1/24 dev in0; ip addr add 10.9.2.1/24 dev out0;"
	   "ip addr add 10.9.3.1/24 dev off0;"
	   "ip addr add fd00:1::1/64 dev in0 nodad;"
	   "ip addr add fd00:2::1/64 dev out0 nodad;"
	   "ip addr add fd00:3::1/64 dev off0 nodad");
	sh("for n in 1,in0 2,out0 3,off0; do "
	   "ip neigh add 10.9.${n%,*}.9 lladdr 02:00:00:00:02:09 "
	   "dev ${n#*,}; "
	   "ip neigh add fd00:${n%,*}::9 lladdr 02:00:00:00:02:09 "
	   "dev ${n#*,}; done");
	sh("r='ip route add'; for p in 198.18.0.0/18 198.18.64.0/18 "
	   "255.255.192.0/18 240.0.0.0/18; do "
	   "$r $p via 10.9.2.9; done; $r blackhole 198.18.192.0/18;"
	   "$r 198.19.128.0/18 via 10.9.2.8; $r 198.19.192.0/18 via 10.9.1.9;"
	   "$r 100.64.0.0/18 via 10.9.2.9 mtu lock 600;"
	   "$r 100.64.64.0/18 via 10.9.3.9");
	sh("r='ip -6 route add'; $r 2001:a100::/24 via fd00:2::9;"
	   "$r 2001:a200::/24 via fd00:2::9; $r blackhole 2001:a400::/24;"
	   "$r 2001:a700::/24 via fd00:2::8; $r 2001:a800::/24 via fd00:1::9;"
	   "$r 2001:a900::/24 via fd00:2::9 mtu lock 1300;"
	   "$r 2001:aa00::/24 via fd00:3::9");
}

static void
check_all(struct world *w, const struct test *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check(w, &t[i], t[i].end);
}

ATF_TC_WITHOUT_HEAD(custom_fib);
ATF_TC_BODY(custom_fib, tc)
{
	struct world w;

	world_new(&w, MODE_CUSTOM_FIB, false);
	leaves_set(&w);
	check_all(&w, both, nitems(both));
	check_all(&w, custom, nitems(custom));
	dp_free(w.dp);
}

ATF_TC_WITHOUT_HEAD(kernel_fib);
ATF_TC_BODY(kernel_fib, tc)
{
	struct port port = { .flags = PORT_UP, .l3dev = 99999 };
	struct world w;

	world_new(&w, MODE_KERNEL_FIB, false);
	leaves_set(&w);
	kernel_routes();
	check_all(&w, both, nitems(both));
	check_all(&w, kernel, nitems(kernel));
	/* the feed does not matter here */
	dp_flags(w.dp, 0, CTL_ROUTES4 | CTL_ROUTES6);
	check_all(&w, both, 1);
	/* an ingress that the kernel does not know */
	port.ifindex = w.in;
	port.mac[0] = mac_word(mac_in);
	ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	check(&w, &both[0], CNT_PASS_FIB_ERROR);
	dp_free(w.dp);
}

/* As on kernels before 5.18, that cannot tell how long a frame is. */
ATF_TC_WITHOUT_HEAD(no_frags);
ATF_TC_BODY(no_frags, tc)
{
	struct world w;

	world_new(&w, MODE_CUSTOM_FIB, true);
	leaves_set(&w);
	check_all(&w, both, nitems(both));
	check_all(&w, custom, nitems(custom));
	dp_free(w.dp);
}

static const struct test v4 = { "v4", { ANY4, .dst = GOOD4 }, CNT_FORWARD4 };
static const struct test v6 = { "v6", { ANY6, .dst = GOOD6 }, CNT_FORWARD6 };
static const struct test blocked = { "blocked", { ANY4, .dst = "198.19.0.1" },
	CNT_DROP_BLOCKED };
static const struct test no_egress = { "no egress",
	{ ANY4, .dst = "100.64.64.1" }, CNT_PASS_EGRESS };

/* One run, with the tallies that must move beside the ending. */
static void
check_tally(struct world *w, const struct test *t, int end, int tally)
{
	uint8_t in[PKT_MAX];
	struct run r;
	size_t len;
	int c;

	check(w, t, end);
	len = pkt_build(&t->spec, in);
	run_on(w, w->in, in, len, &r);
	for (c = CNT_WOULD_FORWARD; c <= CNT_WOULD_PASS; c++)
		ATF_CHECK_EQ_MSG(r.moved[c], c == tally, "%s: %s is %d",
		    t->name, counter_name(c), (int)r.moved[c]);
}

ATF_TC_WITHOUT_HEAD(switches);
ATF_TC_BODY(switches, tc)
{
	uint8_t in[PKT_MAX];
	struct world w;
	struct run r;
	size_t len;
	int i;

	world_new(&w, MODE_CUSTOM_FIB, false);
	leaves_set(&w);
	check_tally(&w, &v4, CNT_FORWARD4, -1);
	check_tally(&w, &blocked, CNT_DROP_BLOCKED, -1);

	dp_flags(w.dp, CTL_DRY_RUN | CTL_BREAKER, 0);
	ATF_REQUIRE_EQ(dp_beat(w.dp, 0), 0);
	check_tally(&w, &v4, CNT_PASS_DRY_RUN, CNT_WOULD_FORWARD);
	check_tally(&w, &v6, CNT_PASS_DRY_RUN, CNT_WOULD_FORWARD);
	check_tally(&w, &blocked, CNT_PASS_DRY_RUN, CNT_WOULD_DROP);
	check_tally(&w, &no_egress, CNT_PASS_EGRESS, CNT_WOULD_PASS);

	dp_flags(w.dp, 0, CTL_DRY_RUN);
	check_tally(&w, &v4, CNT_PASS_BREAKER, CNT_WOULD_FORWARD);
	check_tally(&w, &blocked, CNT_PASS_BREAKER, CNT_WOULD_DROP);
	check_tally(&w, &no_egress, CNT_PASS_EGRESS, -1);

	/* the deadline was a moment ago: wait until jiffies have moved on */
	dp_flags(w.dp, 0, CTL_BREAKER);
	len = pkt_build(&v4.spec, in);
	for (i = 0; i < 5000; i++) {
		run_on(&w, w.in, in, len, &r);
		if (run_ending(&r) == CNT_PASS_STALE)
			break;
		usleep(1000);
	}
	check_tally(&w, &v4, CNT_PASS_STALE, CNT_WOULD_FORWARD);
	check_tally(&w, &v6, CNT_PASS_STALE, CNT_WOULD_FORWARD);
	check_tally(&w, &blocked, CNT_PASS_STALE, CNT_WOULD_DROP);
	ATF_REQUIRE_EQ(dp_beat(w.dp, 3600), 0);
	check_tally(&w, &v4, CNT_FORWARD4, -1);

	dp_flags(w.dp, 0, CTL_ROUTES4);
	check(&w, &v4, CNT_PASS_NOT_CONVERGED);
	check(&w, &v6, CNT_FORWARD6);
	check(&w, &blocked, CNT_DROP_BLOCKED);
	dp_flags(w.dp, 0, CTL_READY6);
	check(&w, &v6, CNT_PASS_NOT_READY);
	dp_flags(w.dp, CTL_READY6 | CTL_ROUTES4, CTL_READY4 | CTL_ROUTES6);
	check(&w, &v4, CNT_PASS_NOT_READY);
	check(&w, &v6, CNT_PASS_NOT_CONVERGED);
	ATF_CHECK_EQ(dp_get_flags(w.dp), CTL_READY6 | CTL_ROUTES4);
	dp_free(w.dp);
}

/* A source in a prefix of our own is ours, wherever it is allowed to go. */
ATF_TC_WITHOUT_HEAD(own_prefix);
ATF_TC_BODY(own_prefix, tc)
{
	static const struct test own4 = { "v4", { "203.0.130.9", .dst = GOOD4 },
		CNT_PASS_SOURCE_LOCAL };
	static const struct test own6 = { "v6",
		{ "2001:b200:9::9", .dst = GOOD6 }, CNT_PASS_SOURCE_LOCAL };
	struct prefix own = { .len = 18 };
	struct world w;

	world_new(&w, MODE_CUSTOM_FIB, false);
	leaves_set(&w);
	/* the filter does not know them, the table does */
	check(&w, &own4, CNT_FORWARD4);
	check(&w, &own6, CNT_FORWARD6);
	ATF_REQUIRE_EQ(addr_parse("203.0.128.0", &own.addr), 0);
	dp_own_set(w.dp, &own, 1);
	check(&w, &own4, own4.end);
	check(&w, &v4, CNT_FORWARD4);
	check(&w, &own6, CNT_FORWARD6);
	ATF_REQUIRE_EQ(addr_parse("2001:b200::", &own.addr), 0);
	own.len = 24;
	dp_own_set(w.dp, &own, 1);
	check(&w, &own6, own6.end);
	check(&w, &v6, CNT_FORWARD6);
	check(&w, &own4, CNT_FORWARD4);
	/* loopback is seen without it */
	ATF_REQUIRE_EQ(addr_parse("127.0.0.0", &own.addr), 0);
	own.len = 8;
	dp_own_set(w.dp, &own, 1);
	check(&w, &own4, CNT_FORWARD4);
	dp_free(w.dp);
}

/* Ports: unknown, down, with other MACs, behind a bridge, all in one row. */
ATF_TC_WITHOUT_HEAD(ports);
ATF_TC_BODY(ports, tc)
{
	struct port port = { .flags = PORT_UP };
	struct world w;
	uint32_t i;

	world_new(&w, MODE_CUSTOM_FIB, false);
	leaves_set(&w);
	port.ifindex = w.in;
	port.l3dev = w.in;
	for (i = 0; i < PORT_MACS; i++) {
		memset(port.mac, 0, sizeof(port.mac));
		check(&w, &v4, CNT_FORWARD4);
		ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
		check(&w, &v4, CNT_PASS_NOT_OUR_MAC);
		port.mac[i] = mac_word(mac_in);
		ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	}
	port.flags = 0;
	ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	check(&w, &v4, CNT_PASS_PORT);
	port.flags = PORT_UP;
	port.l3dev = w.out;
	ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	check(&w, &v4, CNT_PASS_SAME_PORT);
	port.l3dev = w.in;
	dp_port_clear(w.dp, w.in);
	check(&w, &v4, CNT_PASS_PORT);
	dp_port_clear(w.dp, w.in);

	/* seven others take the slots that in0 would have */
	for (i = 1; i < PORT_PROBES; i++) {
		port.ifindex = w.in + i * PORTS_MAX;
		ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	}
	check(&w, &v4, CNT_PASS_PORT);
	port.ifindex = w.in;
	ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	check(&w, &v4, CNT_FORWARD4);
	port.ifindex = w.in + PORT_PROBES * PORTS_MAX;
	ATF_CHECK_ERRNO(ENOSPC, dp_port_set(w.dp, &port) == -1);
	dp_port_clear(w.dp, w.in + PORTS_MAX);
	check(&w, &v4, CNT_FORWARD4);
	ATF_REQUIRE_EQ(dp_port_set(w.dp, &port), 0);
	port.ifindex = 0;
	ATF_CHECK_ERRNO(EINVAL, dp_port_set(w.dp, &port) == -1);
	dp_free(w.dp);
}

/* Whatever comes in, it is counted once, and what is passed is pristine. */
static void
noise(uint8_t mode)
{
	uint8_t in[PKT_MAX];
	uint64_t n[CNT_MAX], sum = 0;
	const struct test *t;
	struct world w;
	struct run r;
	size_t len, i, flips;
	int round;

	world_new(&w, mode, false);
	leaves_set(&w);
	if (mode == MODE_KERNEL_FIB)
		kernel_routes();
	srandom(4711);
	for (round = 0; round < 20000; round++) {
		t = &both[random() % nitems(both)];
		len = pkt_build(&t->spec, in);
		if (round % 4 == 0) {
			len = 14 + random() % 200;
			for (i = random() % 2 * 14; i < len; i++)
				in[i] = random();
		}
		for (flips = random() % 4; flips > 0; flips--)
			in[random() % len] ^= 1 << random() % 8;
		if (round % 8 == 1)
			len = 14 + random() % (len - 13);
		if (random() % 2 && len >= 34)
			ip4_checksum(in);
		run_on(&w, w.in, in, len, &r);
		ATF_REQUIRE_EQ_MSG(r.verdict, ending_verdict(run_ending(&r)),
		    "round %d", round);
		ATF_REQUIRE_EQ(r.len, len);
		if (r.verdict == XDP_REDIRECT)
			pkt_forwarded(in, mac_next, mac_out);
		ATF_REQUIRE_MSG(memcmp(in, r.out, len) == 0,
		    "round %d: "
		    "%s, but the packet is not as it should be",
		    round, counter_name(run_ending(&r)));
	}
	ATF_REQUIRE_EQ(dp_counters(w.dp, n), 0);
	for (i = 0; i < CNT_MAX; i++)
		if (counter_ends(i))
			sum += n[i];
	ATF_CHECK_EQ_MSG(n[CNT_RX], sum, "rx %ju, endings %ju",
	    (uintmax_t)n[CNT_RX], (uintmax_t)sum);
	ATF_CHECK(n[CNT_FORWARD4] > 1000 && n[CNT_FORWARD6] > 500);
	dp_free(w.dp);
}

ATF_TC_WITHOUT_HEAD(noise_custom);
ATF_TC_BODY(noise_custom, tc)
{
	noise(MODE_CUSTOM_FIB);
}

ATF_TC_WITHOUT_HEAD(noise_kernel);
ATF_TC_BODY(noise_kernel, tc)
{
	noise(MODE_KERNEL_FIB);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, custom_fib);
	ATF_TP_ADD_TC(tp, kernel_fib);
	ATF_TP_ADD_TC(tp, no_frags);
	ATF_TP_ADD_TC(tp, switches);
	ATF_TP_ADD_TC(tp, own_prefix);
	ATF_TP_ADD_TC(tp, ports);
	ATF_TP_ADD_TC(tp, noise_custom);
	ATF_TP_ADD_TC(tp, noise_kernel);
	return (atf_no_error());
}
