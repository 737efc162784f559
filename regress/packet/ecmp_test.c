/* SPDX-License-Identifier: ISC */
/*
 * ECMP: which fields of a packet choose the member of a group, how evenly,
 * and what moves when a member goes.  What the choice is, is the program's;
 * here stands only what it must depend on.
 */
#include "packet.h"

#define SEED 0x5ca1ab1e0ddba11ULL
#define GROUP GROUP_FIRST /* whose id means something else without the flag */
#define MEMBER 16 /* first nexthop of the groups */
#define VALUES 64 /* of a field */
#define PASSED (-1)

enum { V4, V6, FAMILIES };

/* One of many, told apart by its number; n < 65536. */
struct flow {
	int v6;
	uint8_t proto;
	uint8_t addr[2][16]; /* source, destination */
	uint16_t port[2];
	uint16_t payload; /* bytes behind the IP header, 0: 64 */
};

static const uint8_t with_ports[] = { 6, 17, 132, 136 };
static const uint8_t without_ports[] = { 4, 33, 47, 50, 89, 115 };

/* Both addresses lie in blocks whose leaf is the group. */
static struct flow
flow(int v6, uint8_t proto, uint32_t n)
{
	static const uint8_t addr[FAMILIES][2][16] = { { { 198, 18, 1 },
							   { 198, 19, 2 } },
		{ { 0x20, 1, 0xa1, 0, 7, 7, 1 }, { 0x20, 1, 0xa2, 0, 8 } } };
	struct flow f = { .v6 = v6, .proto = proto };
	int last = v6 ? 14 : 2;

	memcpy(f.addr, addr[v6], sizeof(f.addr));
	put16(f.addr[0] + last, 0x100 | (n & 0x7f));
	put16(f.addr[1] + last, 0x200 | (n >> 7 & 0x7f));
	f.port[0] = 1024 + n * 7;
	f.port[1] = n & 1 ? 443 : 53 + (n >> 4);
	if (proto == 1 || proto == 58) /* echo request */
		f.port[0] = f.port[1] = v6 ? 128 << 8 : 8 << 8;
	return (f);
}

static struct flow
reversed(const struct flow *f)
{
	struct flow r = *f;

	memcpy(r.addr[0], f->addr[1], 16);
	memcpy(r.addr[1], f->addr[0], 16);
	r.port[0] = f->port[1];
	r.port[1] = f->port[0];
	return (r);
}

static uint8_t *
l4_of(uint8_t *pkt)
{
	return (pkt + ETH_HLEN + (pkt[12] == 0x86 ? 40 : 20));
}

static size_t
flow_build(const struct flow *f, uint8_t *pkt)
{
	static const struct spec base[FAMILIES] = { { .src = "198.18.0.1",
							.dst = "198.19.0.1" },
		{ .src = "2001:a100::1", .dst = "2001:a200::1" } };
	struct spec s = base[f->v6];
	uint8_t *ip = pkt + ETH_HLEN;
	size_t len;

	s.proto = f->proto;
	s.payload = f->payload ? f->payload : 64;
	len = pkt_build(&s, pkt);
	if (f->v6)
		memcpy(ip + 8, f->addr, sizeof(f->addr));
	else {
		memcpy(ip + 12, f->addr[0], 4);
		memcpy(ip + 16, f->addr[1], 4);
		ip4_checksum(pkt);
	}
	put16(l4_of(pkt), f->port[0]);
	put16(l4_of(pkt) + 2, f->port[1]);
	return (len);
}

/* The member that a packet left by. */
static int
choice(struct world *w, const uint8_t *pkt, size_t len)
{
	struct xdp_md ctx = { .data_end = len, .ingress_ifindex = w->in };
	uint8_t out[PKT_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt,
	    .data_size_in = len, .data_out = out, .data_size_out = sizeof(out),
	    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));

	ATF_REQUIRE_EQ(bpf_prog_test_run_opts(dp_prog_fd(w->dp), &opts), 0);
	if (opts.retval != XDP_REDIRECT)
		return (PASSED);
	return (out[4] << 8 | out[5]);
}

static int
choice_of(struct world *w, const struct flow *f)
{
	uint8_t pkt[PKT_MAX];
	size_t len = flow_build(f, pkt);

	return (choice(w, pkt, len));
}

static void
member_set(struct world *w, uint32_t id, uint32_t flags)
{
	struct nh_entry e = { .mtu = 1500,
		.ifindex = w->out,
		.flags = flags,
		.dmac = { 2, 0, 0, 3, id >> 8, id } };

	memcpy(e.smac, mac_out, 6);
	ATF_REQUIRE(dp_nexthop_set(w->dp, id, &e) > 0);
}

static void
leaves(struct world *w, uint32_t group)
{
	uint32_t leaf = LEAF_ALLOW | LEAF_GROUP | group;

	leaf_set(w, "198.18.0.0", leaf);
	leaf_set(w, "198.19.0.0", leaf);
	leaf_set(w, "2001:a100::", leaf);
	leaf_set(w, "2001:a200::", leaf);
}

/* A world whose leaves go to one group of n members. */
static void
world(struct world *w, uint8_t hash_mode, uint64_t seed, uint32_t n)
{
	struct dp_params params = WORLD_PARAMS;
	uint32_t ids[ECMP_MEMBERS_MAX], i;

	params.mode = MODE_CUSTOM_FIB;
	params.hash_mode = hash_mode;
	params.hash_seed = seed;
	world_load(w, &params);
	for (i = 0; i < ECMP_MEMBERS_MAX; i++) {
		ids[i] = MEMBER + i;
		member_set(w, ids[i], NH_FORWARD);
	}
	group_set(w, GROUP, ids, n);
	leaves(w, GROUP);
}

/*
 * Fields: change one, count the members that are met.
 */
enum part {
	F_SRC,
	F_DST,
	F_PROTO,
	F_SPORT,
	F_DPORT,
	F_TTL,
	F_TOS,
	F_ID,
	F_LABEL,
	F_PAYLOAD,
	F_LENGTH,
	F_MAC,
	F_MAX
};

static const char *const field_names[F_MAX] = { "source", "destination",
	"protocol", "source port", "destination port", "TTL", "TOS", "id",
	"flow label", "payload", "length", "MAC" };

static size_t
vary(const struct flow *base, enum part field, int v, uint8_t *pkt)
{
	struct flow f = *base;
	uint8_t *ip = pkt + ETH_HLEN;
	size_t len;

	switch (field) {
	case F_SRC:
	case F_DST:
		f.addr[field == F_DST][f.v6 ? 11 + v % 5 : 3] ^= v;
		break;
	case F_PROTO:
		f.proto = without_ports[v % (int)nitems(without_ports)];
		break;
	case F_SPORT:
	case F_DPORT:
		f.port[field == F_DPORT] += v * 3;
		break;
	case F_LENGTH:
		f.payload = 64 + v;
		break;
	default:
		break;
	}
	len = flow_build(&f, pkt);
	if (field == F_TTL)
		ip[f.v6 ? 7 : 8] = 2 + v;
	else if (field == F_TOS && f.v6)
		put16(ip, 0x6000 | v << 4);
	else if (field == F_TOS)
		ip[1] = v;
	else if (field == F_ID && !f.v6)
		put16(ip + 4, v * 1000);
	else if (field == F_LABEL && f.v6)
		put16(ip + 2, v * 1000);
	else if (field == F_PAYLOAD)
		memset(l4_of(pkt) + 4, v, 60);
	else if (field == F_MAC)
		pkt[11] = v;
	if (!f.v6)
		ip4_checksum(pkt);
	return (len);
}

static int
members_met(struct world *w, const struct flow *base, enum part field)
{
	bool met[MEMBER + ECMP_MEMBERS_MAX] = { false };
	uint8_t pkt[PKT_MAX];
	int n = 0, v, id;
	size_t len;

	for (v = 0; v < VALUES; v++) {
		len = vary(base, field, v, pkt);
		id = choice(w, pkt, len);
		ATF_REQUIRE_MSG(id >= MEMBER && id < MEMBER + ECMP_MEMBERS_MAX,
		    "%s %d: member %d", field_names[field], v, id);
		n += !met[id];
		met[id] = true;
	}
	return (n);
}

static void
fields_of(struct world *w, int mode, struct flow base, bool ports)
{
	int field, met, want;

	for (field = 0; field < F_MAX; field++) {
		want = field <= F_PROTO ||
		    (ports && field == F_SPORT && mode >= 4) ||
		    (ports && field == F_DPORT && mode >= 5);
		met = members_met(w, &base, field);
		ATF_CHECK_MSG(want ? met >= 4 : met == 1,
		    "mode %d, v%d, protocol %u: %s met %d members", mode,
		    base.v6 ? 6 : 4, base.proto, field_names[field], met);
	}
}

static void
fields(int mode)
{
	struct world w;
	size_t i;
	int v6;

	world(&w, mode, SEED, ECMP_MEMBERS_MAX);
	for (v6 = 0; v6 < FAMILIES; v6++) {
		for (i = 0; i < nitems(with_ports); i++)
			fields_of(&w, mode, flow(v6, with_ports[i], i), true);
		for (i = 0; i < nitems(without_ports); i++)
			fields_of(&w, mode, flow(v6, without_ports[i], i),
			    false);
	}
	dp_free(w.dp);
}

ATF_TC_WITHOUT_HEAD(mode3);
ATF_TC_BODY(mode3, tc)
{
	fields(3);
}

ATF_TC_WITHOUT_HEAD(mode4);
ATF_TC_BODY(mode4, tc)
{
	fields(4);
}

ATF_TC_WITHOUT_HEAD(mode5);
ATF_TC_BODY(mode5, tc)
{
	fields(5);
}

/*
 * ICMP errors.  A flow's packet meets a router behind us, which tells the
 * sender: the error goes the way of the packets that come back.
 */
#define ICMP_HLEN 8

static const uint8_t errors[FAMILIES][4] = { { 3, 11, 12 }, { 1, 2, 3, 4 } };
static const uint8_t no_errors[FAMILIES][6] = { { 0, 4, 5, 8, 13, 30 },
	{ 5, 100, 127, 128, 129, 138 } };

/* From a router, to the flow's sender; quote bytes of the packet. */
static size_t
error_build(const struct flow *f, uint8_t type, size_t quote,
    void (*mangle)(uint8_t *ip), uint8_t *pkt)
{
	static const uint8_t router[FAMILIES][16] = { { 198, 18, 200, 3 },
		{ 0x20, 1, 0xc0, [15] = 3 } };
	struct flow outer = { .v6 = f->v6, .proto = f->v6 ? 58 : 1 };
	uint8_t quoted[PKT_MAX], *l4;
	size_t len;

	flow_build(f, quoted);
	if (mangle != NULL)
		mangle(quoted + ETH_HLEN);
	memcpy(outer.addr[0], router[f->v6], 16);
	memcpy(outer.addr[1], f->addr[0], 16);
	outer.payload = ICMP_HLEN + quote;
	len = flow_build(&outer, pkt);
	l4 = l4_of(pkt);
	memset(l4, 0, ICMP_HLEN);
	l4[0] = type;
	memcpy(l4 + ICMP_HLEN, quoted + ETH_HLEN, quote);
	return (len);
}

/* Where packets with these addresses and protocol, and no ports, go. */
static int
portless(struct world *w, const struct flow *f)
{
	struct flow cut = *f;

	cut.payload = 3;
	return (choice_of(w, &cut));
}

static void
errors_follow(struct world *w, int v6, uint8_t proto)
{
	uint8_t pkt[PKT_MAX];
	struct flow f, back;
	size_t i, len, n;

	for (n = 0; n < VALUES; n++) {
		f = flow(v6, proto, n * 37);
		back = reversed(&f);
		for (i = 0; i < (v6 ? 4 : 3); i++) {
			len = error_build(&f, errors[v6][i],
			    n % 2  ? 100 :
				v6 ? 48 :
				     28,
			    NULL, pkt);
			ATF_REQUIRE_EQ_MSG(choice(w, pkt, len),
			    choice_of(w, &back), "v%d, protocol %u, type %u",
			    v6 ? 6 : 4, proto, errors[v6][i]);
		}
	}
}

/* What is no error is a packet like others, whatever it carries. */
static void
others_do_not(struct world *w, int v6)
{
	uint8_t pkt[PKT_MAX];
	struct flow f;
	size_t i, len, n;
	int first = PASSED, id;

	for (i = 0; i < nitems(no_errors[v6]); i++) {
		for (n = 0; n < VALUES; n++) {
			f = flow(v6, 6, n << 7);
			len = error_build(&f, no_errors[v6][i], 64, NULL, pkt);
			id = choice(w, pkt, len);
			if (first == PASSED)
				first = id;
			ATF_REQUIRE_EQ_MSG(id, first, "v%d, type %u",
			    v6 ? 6 : 4, no_errors[v6][i]);
		}
	}
}

static void
icmp(int mode)
{
	struct world w;
	size_t i;
	int v6;

	world(&w, mode, SEED, ECMP_MEMBERS_MAX);
	for (v6 = 0; v6 < FAMILIES; v6++) {
		for (i = 0; i < nitems(with_ports); i++)
			errors_follow(&w, v6, with_ports[i]);
		errors_follow(&w, v6, 47);
		errors_follow(&w, v6, v6 ? 58 : 1);
		others_do_not(&w, v6);
	}
	dp_free(w.dp);
}

ATF_TC_WITHOUT_HEAD(icmp3);
ATF_TC_BODY(icmp3, tc)
{
	icmp(3);
}

ATF_TC_WITHOUT_HEAD(icmp4);
ATF_TC_BODY(icmp4, tc)
{
	icmp(4);
}

ATF_TC_WITHOUT_HEAD(icmp5);
ATF_TC_BODY(icmp5, tc)
{
	icmp(5);
}

static void
more_fragments(uint8_t *ip)
{
	put16(ip + 6, 0x2000);
}

static void
fragment(uint8_t *ip)
{
	put16(ip + 6, 100);
}

static void
options(uint8_t *ip)
{
	ip[0] = 0x46;
}

/* A fragment header, and the packet's own protocol in it. */
static void
fragment6(uint8_t *ip)
{
	memmove(ip + 48, ip + 40, 64);
	memset(ip + 40, 0, 8);
	ip[40] = ip[6];
	ip[6] = 44;
}

/* Ports that are not wholly there are none. */
static void
cut(struct world *w, int v6)
{
	static const struct {
		const char *what;
		size_t quote[FAMILIES];
		void (*mangle[FAMILIES])(uint8_t *);
	} quotes[] = {
		{ "header", { 20, 40 }, { NULL, NULL } },
		{ "3 bytes", { 23, 43 }, { NULL, NULL } },
		{ "first fragment", { 60, 88 }, { more_fragments, fragment6 } },
		{ "fragment", { 60, 88 }, { fragment, fragment6 } },
		{ "fragment header", { 20, 41 }, { fragment, fragment6 } },
		{ "options", { 60, 43 }, { options, NULL } },
	};
	uint8_t pkt[PKT_MAX];
	struct flow f, back;
	size_t i, len, n;
	int id, own = PASSED;

	for (n = 0; n < VALUES; n++) {
		f = flow(v6, 6, 5);
		f.port[0] = n * 1000;
		f.port[1] = n * 999;
		back = reversed(&f);
		f.payload = 3;
		id = portless(w, &f);
		if (own == PASSED)
			own = id;
		/* bytes behind the packet are no ports either */
		len = flow_build(&f, pkt) + 20;
		memset(pkt + len - 20, n, 20);
		ATF_CHECK_EQ(choice(w, pkt, len), own);
		f.payload = 0;
		for (i = 0; i < nitems(quotes); i++) {
			len = error_build(&f, 3, quotes[i].quote[v6],
			    quotes[i].mangle[v6], pkt);
			ATF_CHECK_EQ_MSG(choice(w, pkt, len),
			    portless(w, &back), "v%d, %s", v6 ? 6 : 4,
			    quotes[i].what);
		}
	}
	/* ports at the very end do count */
	f.payload = 4;
	ATF_CHECK(members_met(w, &f, F_SPORT) >= 4);
	/* an error that quotes less than a header is a packet like others */
	len = error_build(&f, 3, v6 ? 39 : 19, NULL, pkt);
	id = choice(w, pkt, len);
	for (i = v6 ? 39 : 19; i > 0; i--) {
		l4_of(pkt)[ICMP_HLEN + i - 1] ^= 0x55;
		ATF_CHECK_EQ(choice(w, pkt, len), id);
	}
}

ATF_TC_WITHOUT_HEAD(truncated);
ATF_TC_BODY(truncated, tc)
{
	struct world w;
	int v6;

	world(&w, 5, SEED, ECMP_MEMBERS_MAX);
	for (v6 = 0; v6 < FAMILIES; v6++)
		cut(&w, v6);
	dp_free(w.dp);
}

/*
 * How even: chi-square of n counts that should be equal must stay under a
 * bound that one seed in a million would break.
 */
static void
check_even(const uint32_t *count, uint32_t n, const char *what)
{
	/* quantile for 1e-6, by degrees of freedom */
	static const double bound[ECMP_MEMBERS_MAX] = { 0, 24, 28, 31, 34, 36,
		39, 41, 43, 45, 47, 49, 51, 53, 55, 57 };
	double mean, d, chi = 0, sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += count[i];
	mean = sum / n;
	for (i = 0; i < n; i++) {
		d = count[i] - mean;
		chi += d * d / mean;
	}
	ATF_CHECK_MSG(mean >= 20 && chi < bound[n - 1],
	    "%s, %u: chi-square %.1f of %.0f", what, n, chi, sum);
}

#define FLOWS 4096

static void
picture(struct world *w, int v6, int *ids)
{
	struct flow f;
	int i;

	for (i = 0; i < FLOWS; i++) {
		f = flow(v6, i % 3 ? 6 : 17, i);
		ids[i] = choice_of(w, &f);
	}
}

ATF_TC_WITHOUT_HEAD(spread);
ATF_TC_BODY(spread, tc)
{
	uint32_t ids[ECMP_MEMBERS_MAX], count[ECMP_MEMBERS_MAX], n, i;
	static int got[FLOWS];
	struct world w;
	int v6, mode;

	for (i = 0; i < ECMP_MEMBERS_MAX; i++)
		ids[i] = MEMBER + i;
	for (mode = 3; mode <= 5; mode++) {
		world(&w, mode, SEED + mode, 2);
		for (n = 2; n <= ECMP_MEMBERS_MAX; n++) {
			v6 = n % 2;
			group_set(&w, 2, ids, n);
			leaves(&w, 2);
			picture(&w, v6, got);
			memset(count, 0, sizeof(count));
			for (i = 0; i < FLOWS; i++) {
				ATF_REQUIRE(got[i] >= MEMBER &&
				    got[i] < MEMBER + (int)n);
				count[got[i] - MEMBER]++;
			}
			check_even(count, n, v6 ? "v6" : "v4");
		}
		dp_free(w.dp);
	}
}

/* The flows of one member of four go evenly to the others, and come back. */
static void
member_dies(struct world *w, int v6, int dead)
{
	static int before[FLOWS], after[FLOWS];
	uint32_t ids[3], count[4] = { 0 }, i, n = 0;

	picture(w, v6, before);
	ATF_REQUIRE_EQ(dp_nexthop_set(w->dp, dead, NULL), 0);
	picture(w, v6, after);
	for (i = 0; i < FLOWS; i++) {
		ATF_REQUIRE(after[i] >= MEMBER && after[i] < MEMBER + 4);
		if (before[i] != dead)
			ATF_REQUIRE_EQ(after[i], before[i]);
		else
			count[after[i] - MEMBER]++;
	}
	ATF_CHECK_EQ(count[dead - MEMBER], 0);
	for (i = 0; i < 4; i++) {
		if (MEMBER + (int)i == dead)
			continue;
		count[n] = count[i];
		ids[n++] = MEMBER + i;
	}
	check_even(count, 3, "moved");

	/* a group of the others only is the same, the dead one alive or not */
	group_set(w, 3, ids, 3);
	leaves(w, 3);
	picture(w, v6, before);
	ATF_CHECK_EQ(memcmp(before, after, sizeof(before)), 0);
	member_set(w, dead, NH_FORWARD);
	picture(w, v6, before);
	ATF_CHECK_EQ(memcmp(before, after, sizeof(before)), 0);
	leaves(w, GROUP);
}

ATF_TC_WITHOUT_HEAD(death);
ATF_TC_BODY(death, tc)
{
	static int before[FLOWS], after[FLOWS];
	struct world w;
	int v6, dead;

	world(&w, 5, SEED, 4);
	for (v6 = 0; v6 < FAMILIES; v6++) {
		picture(&w, v6, before);
		for (dead = MEMBER; dead < MEMBER + 4; dead++)
			member_dies(&w, v6, dead);
		picture(&w, v6, after);
		ATF_CHECK_EQ(memcmp(before, after, sizeof(before)), 0);
	}
	dp_free(w.dp);
}

/* Down to the last, and to none. */
static void
check_last(struct world *w, int v6, uint32_t n)
{
	struct flow f = flow(v6, 6, 99);
	uint8_t pkt[PKT_MAX];
	struct run r;
	size_t len = flow_build(&f, pkt);
	uint32_t i;

	for (i = 0; i < n; i++) {
		ATF_CHECK(choice(w, pkt, len) >= (int)(MEMBER + i));
		ATF_REQUIRE_EQ(dp_nexthop_set(w->dp, MEMBER + i, NULL), 0);
	}
	run_on(w, w->in, pkt, len, &r);
	ATF_CHECK_EQ_MSG(run_ending(&r), CNT_PASS_NEXTHOP, "%s",
	    counter_name(run_ending(&r)));
	ATF_CHECK_EQ(memcmp(pkt, r.out, len), 0);
	/* one that has an entry but may not be forwarded to is chosen as any
	   other, and its packets pass */
	member_set(w, MEMBER, 0);
	run_on(w, w->in, pkt, len, &r);
	ATF_CHECK_EQ(run_ending(&r), CNT_PASS_NEXTHOP);
	for (i = 0; i < n; i++)
		member_set(w, MEMBER + i, NH_FORWARD);
}

ATF_TC_WITHOUT_HEAD(last);
ATF_TC_BODY(last, tc)
{
	uint32_t ids[ECMP_MEMBERS_MAX], n;
	struct world w;

	world(&w, 5, SEED, 2);
	for (n = 0; n < ECMP_MEMBERS_MAX; n++)
		ids[n] = MEMBER + n;
	for (n = 2; n <= ECMP_MEMBERS_MAX; n++) {
		group_set(&w, GROUP, ids, n);
		check_last(&w, n % 2, n);
	}
	dp_free(w.dp);
}

/* A seed is all that a picture depends on; another makes another. */
ATF_TC_WITHOUT_HEAD(seeds);
ATF_TC_BODY(seeds, tc)
{
	static int one[FAMILIES][FLOWS], again[FLOWS], other[FLOWS];
	uint32_t count[4];
	struct world w;
	int v6, i, m;

	world(&w, 5, SEED, 4);
	for (v6 = 0; v6 < FAMILIES; v6++)
		picture(&w, v6, one[v6]);
	dp_free(w.dp);
	world(&w, 5, SEED, 4);
	for (v6 = 0; v6 < FAMILIES; v6++) {
		picture(&w, v6, again);
		ATF_CHECK_EQ(memcmp(one[v6], again, sizeof(again)), 0);
	}
	dp_free(w.dp);
	/* the least that may differ */
	world(&w, 5, SEED + 1, 4);
	for (v6 = 0; v6 < FAMILIES; v6++) {
		picture(&w, v6, other);
		/* what one router sends to a neighbor, that one spreads */
		for (m = MEMBER; m < MEMBER + 4; m++) {
			memset(count, 0, sizeof(count));
			for (i = 0; i < FLOWS; i++)
				if (one[v6][i] == m && other[i] >= MEMBER)
					count[other[i] - MEMBER]++;
			check_even(count, 4, "at a neighbor");
		}
	}
	dp_free(w.dp);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mode3);
	ATF_TP_ADD_TC(tp, mode4);
	ATF_TP_ADD_TC(tp, mode5);
	ATF_TP_ADD_TC(tp, icmp3);
	ATF_TP_ADD_TC(tp, icmp4);
	ATF_TP_ADD_TC(tp, icmp5);
	ATF_TP_ADD_TC(tp, truncated);
	ATF_TP_ADD_TC(tp, spread);
	ATF_TP_ADD_TC(tp, death);
	ATF_TP_ADD_TC(tp, last);
	ATF_TP_ADD_TC(tp, seeds);
	return (atf_no_error());
}
