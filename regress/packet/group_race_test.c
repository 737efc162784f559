/* SPDX-License-Identifier: ISC */
/*
 * ECMP groups under change: the leaf turns between two groups and all of
 * their members are rewritten, while packets run.  Each leaves by an entry
 * that a member of one of the two had at that time, whole.  By hand,
 * -v immediate=true gives up grace periods, and the tests must fail;
 * -v seconds=N runs longer.
 */
#include "packet.h"
#include "race.h"

#define MEMBER 16 /* first nexthop */
#define MEMBERS 4 /* of a group; none is in both */
#define ALL (2 * MEMBERS)
#define ENTRIES_OTHER (MEMBER + ALL) /* shares the entries, in no group */

struct groups {
	struct race r;
	bool die; /* members are gone at times */
	uint8_t pkt[2][PKT_MAX];
	size_t len[2];
	int by[2][2]; /* packet, group: the member if all are there */
	uint32_t begun[ALL], done[ALL]; /* numbers of entries written */
};

static const char *const dsts[2] = { "198.18.0.1", "2001:a100::1" };

/* Half of one entry and half of another fit nothing. */
static void
entry_macs(uint32_t id, uint32_t n, uint8_t *dmac, uint8_t *smac)
{
	uint32_t m = (n ^ n >> 15) * 0x9e3779b1U + id;

	dmac[0] = smac[0] = 2;
	dmac[1] = id;
	smac[1] = ~id;
	memcpy(dmac + 2, &n, sizeof(n));
	memcpy(smac + 2, &m, sizeof(m));
}

static void
entry_set(struct groups *g, uint32_t id, uint32_t n, bool gone)
{
	struct nh_entry e = { .mtu = 1500,
		.ifindex = g->r.w.out,
		.flags = NH_FORWARD };

	entry_macs(id, n, e.dmac, e.smac);
	while (dp_nexthop_set(g->r.w.dp, id, gone ? NULL : &e) == -1) {
		ATF_REQUIRE_EQ(errno, ENOSPC);
		g->r.full++;
		ATF_REQUIRE(reuse(&g->r, true));
	}
	g->r.writes++;
}

static void
leaves(struct groups *g, uint32_t group)
{
	int v6;

	for (v6 = 0; v6 < 2; v6++)
		leaf_set(&g->r.w, dsts[v6], LEAF_ALLOW | LEAF_GROUP | group);
}

static void
read_group(struct race *r, void *arg)
{
	struct groups *g = arg;
	uint8_t out[PKT_MAX], want[PKT_MAX];
	uint32_t first[ALL], i, n, m, verdict;
	int v6 = rand_r(&r->rnd) % 2;

	for (i = 0; i < ALL; i++)
		first[i] = __atomic_load_n(&g->done[i], __ATOMIC_SEQ_CST);
	verdict = run_batch(r, g->pkt[v6], g->len[v6], 1, out);
	memcpy(want, g->pkt[v6], g->len[v6]);
	m = out[1] - MEMBER;
	if (verdict == XDP_REDIRECT && m < ALL) {
		uint8_t dmac[6], smac[6];

		memcpy(&n, out + 2, sizeof(n));
		entry_macs(out[1], n, dmac, smac);
		pkt_forwarded(want, dmac, smac);
		i = __atomic_load_n(&g->begun[m], __ATOMIC_SEQ_CST);
		if (n - first[m] > i - first[m])
			wrong(r, "entry %u of %u, but it was %u to %u", n, m,
			    first[m], i);
		if (!g->die && out[1] != g->by[v6][0] && out[1] != g->by[v6][1])
			wrong(r, "left by %u, not by %d or %d", out[1],
			    g->by[v6][0], g->by[v6][1]);
	} else if (verdict == XDP_REDIRECT || !g->die)
		wrong(r, "verdict %u by %02x%02x", verdict, out[0], out[1]);
	if (memcmp(want, out, g->len[v6]) != 0)
		wrong(r,
		    "verdict %u, MACs %02x%02x%02x%02x%02x%02x "
		    "%02x%02x%02x%02x%02x%02x fit no entry",
		    verdict, out[0], out[1], out[2], out[3], out[4], out[5],
		    out[6], out[7], out[8], out[9], out[10], out[11]);
}

static uint32_t
seal(void *dp)
{
	return (dp_nexthop_seal(dp));
}

static void
release(void *dp, uint32_t epoch)
{
	dp_nexthop_release(dp, epoch);
}

static void
groups_init(struct groups *g)
{
	static const char *const srcs[2] = { "192.88.99.1", "2001:c000::1" };
	uint32_t ids[ALL], i;
	struct spec spec;
	struct run run;
	int v6;

	for (i = 0; i < ALL; i++) {
		ids[i] = MEMBER + i;
		entry_set(g, ids[i], 0, false);
	}
	for (i = 0; i < 2; i++)
		group_set(&g->r.w, GROUP_FIRST + i, ids + i * MEMBERS, MEMBERS);
	for (v6 = 0; v6 < 2; v6++) {
		spec = (struct spec){ .src = srcs[v6], .dst = dsts[v6] };
		g->len[v6] = pkt_build(&spec, g->pkt[v6]);
		for (i = 0; i < 2; i++) {
			leaves(g, GROUP_FIRST + i);
			run_on(&g->r.w, g->r.w.in, g->pkt[v6], g->len[v6],
			    &run);
			ATF_REQUIRE_EQ(run.verdict, XDP_REDIRECT);
			g->by[v6][i] = run.out[1];
			ATF_REQUIRE_EQ((run.out[1] - MEMBER) / MEMBERS, i);
		}
	}
}

static void
change(struct groups *g, uint32_t round)
{
	uint32_t m = random() % ALL, n = g->begun[m] + 1;

	__atomic_store_n(&g->begun[m], n, __ATOMIC_SEQ_CST);
	entry_set(g, MEMBER + m, n, g->die && random() % 4 == 0);
	__atomic_store_n(&g->done[m], n, __ATOMIC_SEQ_CST);
	if (round % 4 == 0)
		entry_set(g, ENTRIES_OTHER, round, false);
	if (round % 3 == 0)
		leaves(g, GROUP_FIRST + random() % 2);
	reuse(&g->r, false);
}

static void
groups(const atf_tc_t *tc, bool die)
{
	uint64_t before[CNT_MAX], n[CNT_MAX];
	static struct groups g;
	uint32_t round = 0;

	race_init(tc, &g.r, 2);
	g.die = die;
	g.r.seal = seal;
	g.r.release = release;
	g.r.reused = g.r.w.dp;
	groups_init(&g);
	ATF_REQUIRE_EQ(dp_counters(g.r.w.dp, before), 0);
	race_start(&g.r, read_group, &g);
	while (race_goes_on(&g.r))
		change(&g, ++round);
	race_stop(&g.r);
	ATF_REQUIRE_EQ(dp_counters(g.r.w.dp, n), 0);
	ATF_CHECK_EQ(n[CNT_RX] - before[CNT_RX],
	    n[CNT_FORWARD4] - before[CNT_FORWARD4] + n[CNT_FORWARD6] -
		before[CNT_FORWARD6] + n[CNT_PASS_NEXTHOP]);
	race_check(&g.r);
}

ATF_TC_WITHOUT_HEAD(rewritten);
ATF_TC_BODY(rewritten, tc)
{
	groups(tc, false);
}

ATF_TC_WITHOUT_HEAD(gone_at_times);
ATF_TC_BODY(gone_at_times, tc)
{
	groups(tc, true);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rewritten);
	ATF_TP_ADD_TC(tp, gone_at_times);
	return (atf_no_error());
}
