/* SPDX-License-Identifier: ISC */
/*
 * Readers against a writer: every answer that the program gives while tables
 * change must be one that was right at some moment of its run.  By hand,
 * -v immediate=true gives up grace periods: the tests of what needs them must
 * fail then; -v seconds=N runs longer.
 */
#include "../../rde/fib.h"
#include "race.h"

/*
 * Lookups against updates.
 *
 * Each destination lies in a block whose covering prefix is always announced
 * by one nexthop; prefixes that hold this destination only have that nexthop
 * or one of its own. So its address has two right answers, whatever is
 * announced and withdrawn, and its neighbors, whose nodes are made of the same
 * units, have others.
 *
 * A nexthop's MAC is one of the ingress's own only while its destination is
 * looked up: a packet that takes another way does not come round again, and
 * the TTL tells how often each packet was forwarded.
 */
#define BLOCKS 2
#define BLOCK_DESTS 16
#define DESTS (BLOCKS * BLOCK_DESTS)
#define NEAR 100 /* prefixes beside the destinations */
#define HOT \
	4 /* destinations in a row that change now, and are looked up most */
#define HOT_ROUNDS 500
#define DEST_ROUTES 3
#define NH_BLOCK LEAF_ID_FIRST
#define NH_DEST (NH_BLOCK + BLOCKS)
#define NH_NEAR (NH_DEST + DESTS)
#define NH_NEARS 16

static const struct layout {
	int af;
	const char *block[BLOCKS];
	int cover; /* prefix length of a block */
	int which; /* 4 bits here number its destinations */
	uint32_t units;
} layouts[] = {
	{ AF_INET, { "198.16.0.0", "100.64.0.0" }, 12, 16, 1 << 12 },
	{ AF_INET6, { "2001:db0::", "fd00:db0::" }, 28, 32, 1 << 14 },
};

struct dest {
	struct addr addr;
	uint32_t id[2];
	struct prefix routes[DEST_ROUTES]; /* len 0: none */
	uint8_t pkt[PKT_MAX];
	size_t len;
	uint32_t state; /* counts changes; low bits: which ids are right */
};

struct lookups {
	struct race r;
	const struct layout *l;
	struct tree *tree;
	struct fib *fib;
	struct dest dests[DESTS];
	struct prefix near[NEAR]; /* len 0: none */
	uint32_t hot, rounds;
	uint32_t wide, narrow, tiny; /* nodes on the way to a destination */
};

static void
race_macs(uint32_t id, uint8_t *dmac, uint8_t *smac)
{
	const uint8_t mac[6] = { 2, 0, 0xaa, 0, id >> 8, id };

	memcpy(dmac, mac, sizeof(mac));
	memcpy(smac, mac, sizeof(mac));
	smac[2] = 0xbb;
}

static void
flip(struct addr *a, int bit)
{
	a->b[bit / 8] ^= 0x80 >> bit % 8;
}

static void
random_tail(struct addr *a, int from)
{
	for (; from < af_bits(a->af); from++)
		if (random() % 2)
			flip(a, from);
}

static void
dests_init(struct lookups *lk)
{
	struct spec spec = { .ttl = 255 };
	char text[ADDRSTRLEN];
	struct dest *d;
	int i, b;

	spec.src = lk->l->af == AF_INET ? "192.88.99.1" : "2001:4::1";
	for (i = 0; i < DESTS; i++) {
		d = &lk->dests[i];
		ATF_REQUIRE_EQ(
		    addr_parse(lk->l->block[i / BLOCK_DESTS], &d->addr), 0);
		for (b = 0; b < 4; b++)
			if (i >> b & 1)
				flip(&d->addr, lk->l->which + b);
		random_tail(&d->addr, lk->l->which + 4);
		d->id[0] = NH_BLOCK + i / BLOCK_DESTS;
		d->id[1] = NH_DEST + i;
		d->state = 3;
		spec.dst = addr_format(&d->addr, text);
		d->len = pkt_build(&spec, d->pkt);
	}
}

/* Refused now and then, so that readers see updates that are half done. */
static int
write_table(void *arg, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	struct lookups *lk = arg;

	if (random() % 64 == 0)
		return (-1);
	ATF_REQUIRE_EQ(dp_table_write(lk->r.w.dp, table, index, words, n), 0);
	return (0);
}

/* id 0: withdraw. */
static void
announce(struct lookups *lk, const struct prefix *p, uint32_t id)
{
	struct tree_ent *e;

	ATF_REQUIRE((e = tree_insert(lk->tree, p)) != NULL);
	e->leaf =
	    (e->leaf & ENT_DIRTY) | (id == 0 ? 0 : ENT_ROUTE | LEAF_ALLOW | id);
	ATF_REQUIRE_EQ(fib_dirty(lk->fib, p), 0);
	lk->r.writes++;
}

/* Announce, change or withdraw what is in a place; a prefix from addr is put
   where nothing is. */
static void
change(struct lookups *lk, struct prefix *p, const struct addr *addr, int len,
    uint32_t id)
{
	const struct tree_ent *e;

	if (p->len != 0) {
		announce(lk, p, random() % 3 ? 0 : id);
		if ((e = tree_get(lk->tree, p)) == NULL ||
		    !(e->leaf & ENT_ROUTE))
			p->len = 0;
		return;
	}
	p->addr = *addr;
	p->len = len;
	prefix_mask(p);
	e = tree_get(lk->tree, p);
	if (e != NULL && e->leaf & ENT_ROUTE)
		p->len = 0; /* in another place */
	else
		announce(lk, p, id);
}

static void
update(struct lookups *lk, struct dest *d)
{
	int bits = af_bits(lk->l->af), own = lk->l->which + 4, n;
	struct prefix shared;
	struct addr a = d->addr;

	switch (random() % 64) {
	case 0: /* shared with other destinations of the block */
		memset(&shared, 0, sizeof(shared));
		shared.addr = d->addr;
		shared.len = lk->l->cover + 1;
		shared.len += random() % (own - shared.len);
		prefix_mask(&shared);
		announce(lk, &shared, random() % 2 ? 0 : d->id[0]);
		break;
	case 1 ... 40:
		change(lk, &d->routes[random() % DEST_ROUTES], &a,
		    own + random() % (bits - own + 1), d->id[random() % 2]);
		break;
	default:
		n = own + random() % (bits - own);
		flip(&a, n);
		random_tail(&a, n + 1);
		change(lk, &lk->near[random() % NEAR], &a,
		    n + 1 + random() % (bits - n),
		    NH_NEAR + random() % NH_NEARS);
	}
}

static void
dest_state(struct dest *d, uint32_t mask)
{
	__atomic_store_n(&d->state, ((d->state >> 2) + 1) << 2 | mask,
	    __ATOMIC_SEQ_CST);
}

/* Step by step, until the tables hold all of the tree. */
static void
settle(struct lookups *lk)
{
	int ret;

	while ((ret = fib_step(lk->fib, 1)) != 0) {
		if (ret == 1) {
			reuse(&lk->r, false);
			continue;
		}
		if (errno == EAGAIN)
			continue;
		ATF_REQUIRE_EQ(errno, ENOSPC);
		lk->r.full++;
		ATF_REQUIRE(reuse(&lk->r, true));
	}
	reuse(&lk->r, false);
}

/* Which kinds of nodes does a lookup meet? */
static void
count_kinds(struct lookups *lk, const struct dest *d)
{
	const struct fib *f = lk->fib;
	struct key k = key_from(&d->addr);
	unsigned int depth = f->depth;
	uint32_t w;

	if (in_dir(f, &k, af_bits(lk->l->af)))
		w = f->dir[slot_of(f, &k)];
	else {
		memcpy(&w, pool_at(&f->pool, 0), sizeof(w));
		depth = 0;
	}
	for (; w & FIB_NODE; depth += STRIDE) {
		if (w & FIB_TINY)
			lk->tiny++;
		else if (w & FIB_NARROW)
			lk->narrow++;
		else
			lk->wide++;
		w = node_word(f, w,
		    node_run(node_map(f, w), key_index(&k, depth)));
	}
}

/* Change some of a destination and around it. */
static void
updates(struct lookups *lk)
{
	struct dest *d;
	uint32_t id;
	int n;

	if (lk->rounds++ % HOT_ROUNDS == 0)
		__atomic_store_n(&lk->hot, random() % DESTS, __ATOMIC_RELAXED);
	d = &lk->dests[(lk->hot + random() % HOT) % DESTS];
	dest_state(d, 3);
	for (n = random() % 2 ? 1 : random() % 8; n > 0; n--)
		update(lk, d);
	settle(lk);
	count_kinds(lk, d);
	id = fib_expect(lk->fib, &d->addr) & LEAF_ID;
	dest_state(d, id == d->id[1] ? 2 : 1);
}

static void
look_up(struct lookups *lk, struct dest *d)
{
	struct port port = { .ifindex = lk->r.w.in,
		.l3dev = lk->r.w.in,
		.flags = PORT_UP,
		.mac = { mac_word(mac_in) } };
	uint8_t want[PKT_MAX], out[PKT_MAX], macs[2][12];
	int i, ttl = ETH_HLEN + (lk->l->af == AF_INET ? 8 : 7);
	uint32_t before, after;
	char text[ADDRSTRLEN];

	for (i = 0; i < 2; i++) {
		race_macs(d->id[i], macs[i], macs[i] + 6);
		port.mac[i + 1] = mac_word(macs[i]);
	}
	dp_port_set(lk->r.w.dp, &port);
	before = __atomic_load_n(&d->state, __ATOMIC_SEQ_CST);
	run_batch(&lk->r, d->pkt, d->len, BATCH, out);
	after = __atomic_load_n(&d->state, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++) {
		memcpy(want, d->pkt, d->len);
		want[ttl] = d->pkt[ttl] - (BATCH - 1);
		pkt_forwarded(want, macs[i], macs[i] + 6);
		if (memcmp(want, out, d->len) == 0)
			break;
	}
	addr_format(&d->addr, text);
	if (i == 2)
		wrong(&lk->r,
		    "%s: forwarded %d times of %d, nexthops %u, %u; "
		    "left by %02x%02x",
		    text, d->pkt[ttl] - out[ttl], BATCH, d->id[0], d->id[1],
		    out[4], out[5]);
	else if (before == after && !(before >> i & 1))
		wrong(&lk->r, "%s: left by %u, which was right before", text,
		    d->id[i]);
}

static void
read_lookup(struct race *r, void *arg)
{
	struct lookups *lk = arg;
	uint32_t i = rand_r(&r->rnd) % DESTS;

	if (rand_r(&r->rnd) % 8)
		i = __atomic_load_n(&lk->hot, __ATOMIC_RELAXED) + i % HOT;
	look_up(lk, &lk->dests[i % DESTS]);
}

static uint32_t
seal_fib(void *fib)
{
	return (fib_seal(fib));
}

static void
release_fib(void *fib, uint32_t epoch)
{
	fib_release(fib, epoch);
}

static void
lookups(const atf_tc_t *tc, const struct layout *l)
{
	struct nh_entry e = { .mtu = 1500, .flags = NH_FORWARD };
	struct lookups *lk;
	struct prefix p;
	uint32_t id;
	int i;

	ATF_REQUIRE((lk = calloc(1, sizeof(*lk))) != NULL);
	race_init(tc, &lk->r, 2);
	lk->l = l;
	e.ifindex = lk->r.w.out;
	for (id = LEAF_ID_FIRST; id < NH_NEAR + NH_NEARS; id++) {
		race_macs(id, e.dmac, e.smac);
		ATF_REQUIRE(dp_nexthop_set(lk->r.w.dp, id, &e) > 0);
	}
	ATF_REQUIRE((lk->tree = tree_new(l->af)) != NULL);
	ATF_REQUIRE(
	    (lk->fib = fib_new(lk->tree, l->units, write_table, lk)) != NULL);
	lk->r.seal = seal_fib;
	lk->r.release = release_fib;
	lk->r.reused = lk->fib;
	dests_init(lk);
	for (i = 0; i < BLOCKS; i++) {
		memset(&p, 0, sizeof(p));
		ATF_REQUIRE_EQ(addr_parse(l->block[i], &p.addr), 0);
		p.len = l->cover;
		announce(lk, &p, NH_BLOCK + i);
	}
	settle(lk);
	race_start(&lk->r, read_lookup, lk);
	while (race_goes_on(&lk->r))
		updates(lk);
	race_stop(&lk->r);
	for (i = 0; i < DESTS; i++)
		look_up(lk, &lk->dests[i]);
	ATF_CHECK(lk->wide > 0 && lk->narrow > 0 && lk->tiny > 0);
	fib_free(lk->fib);
	tree_free(lk->tree);
	race_check(&lk->r);
	free(lk);
}

ATF_TC_WITHOUT_HEAD(lookups4);
ATF_TC_BODY(lookups4, tc)
{
	lookups(tc, &layouts[0]);
}

ATF_TC_WITHOUT_HEAD(lookups6);
ATF_TC_BODY(lookups6, tc)
{
	lookups(tc, &layouts[1]);
}

/*
 * Torn nexthops: entries are made of a number, so that half of one and half of
 * another fit nothing.
 */
#define NH_WATCHED LEAF_ID_FIRST
#define NH_OTHER (LEAF_ID_FIRST + 1) /* shares the entries, not the route */

enum { KIND_GOOD, KIND_SMALL, KIND_NO_EGRESS, KIND_UNRESOLVED, KIND_OTHER };

struct nexthops {
	struct race r;
	uint8_t pkt[PKT_MAX];
	size_t len;
	uint32_t begun, done; /* numbers of entries written */
};

static uint32_t
mix(uint32_t n)
{
	return ((n ^ n >> 15) * 0x9e3779b1U);
}

static void
entry_macs(uint8_t kind, uint32_t n, uint8_t *dmac, uint8_t *smac)
{
	uint32_t m = mix(n);

	dmac[0] = smac[0] = 2;
	dmac[1] = kind;
	smac[1] = ~kind;
	memcpy(dmac + 2, &n, sizeof(n));
	memcpy(smac + 2, &m, sizeof(m));
}

static void
entry_set(struct nexthops *nx, uint32_t id, uint8_t kind, uint32_t n)
{
	const struct world *w = &nx->r.w;
	struct nh_entry e = { .mtu = kind == KIND_SMALL ? 40 : 1500,
		.ifindex = kind == KIND_NO_EGRESS ? w->off : w->out,
		.flags = kind == KIND_UNRESOLVED ? 0 : NH_FORWARD };

	entry_macs(kind, n, e.dmac, e.smac);
	while (dp_nexthop_set(w->dp, id, n % 1000 ? &e : NULL) == -1) {
		ATF_REQUIRE_EQ(errno, ENOSPC);
		nx->r.full++;
		ATF_REQUIRE(reuse(&nx->r, true));
	}
	nx->r.writes++;
}

static void
read_nexthop(struct race *r, void *arg)
{
	struct nexthops *nx = arg;
	uint8_t out[PKT_MAX], want[PKT_MAX];
	uint32_t verdict, n, first, last;

	first = __atomic_load_n(&nx->done, __ATOMIC_SEQ_CST);
	verdict = run_batch(r, nx->pkt, nx->len, 1, out);
	last = __atomic_load_n(&nx->begun, __ATOMIC_SEQ_CST);
	memcpy(want, nx->pkt, nx->len);
	if (verdict == XDP_REDIRECT) {
		uint8_t dmac[6], smac[6];

		memcpy(&n, out + 2, sizeof(n));
		entry_macs(KIND_GOOD, n, dmac, smac);
		pkt_forwarded(want, dmac, smac);
		if (memcmp(want, out, nx->len) == 0 && n - first > last - first)
			wrong(r, "entry %u, but it was %u to %u", n, first,
			    last);
	}
	if (memcmp(want, out, nx->len) != 0)
		wrong(r,
		    "verdict %u, MACs %02x%02x%02x%02x%02x%02x "
		    "%02x%02x%02x%02x%02x%02x fit no entry",
		    verdict, out[0], out[1], out[2], out[3], out[4], out[5],
		    out[6], out[7], out[8], out[9], out[10], out[11]);
}

static uint32_t
seal_nexthops(void *dp)
{
	return (dp_nexthop_seal(dp));
}

static void
release_nexthops(void *dp, uint32_t epoch)
{
	dp_nexthop_release(dp, epoch);
}

ATF_TC_WITHOUT_HEAD(nexthops);
ATF_TC_BODY(nexthops, tc)
{
	struct spec spec = { .src = "192.88.99.1", .dst = "198.18.0.1" };
	uint64_t before[CNT_MAX], n[CNT_MAX];
	static struct nexthops nx;

	race_init(tc, &nx.r, 2);
	nx.r.seal = seal_nexthops;
	nx.r.release = release_nexthops;
	nx.r.reused = nx.r.w.dp;
	nx.len = pkt_build(&spec, nx.pkt);
	leaf_set(&nx.r.w, spec.dst, LEAF_ALLOW | NH_WATCHED);
	entry_set(&nx, NH_WATCHED, KIND_GOOD, 0);
	ATF_REQUIRE_EQ(dp_counters(nx.r.w.dp, before), 0);
	race_start(&nx.r, read_nexthop, &nx);
	while (race_goes_on(&nx.r)) {
		__atomic_store_n(&nx.begun, nx.begun + 1, __ATOMIC_SEQ_CST);
		entry_set(&nx, NH_WATCHED,
		    nx.begun % 8 < 4 ? nx.begun % 8 : KIND_GOOD, nx.begun);
		__atomic_store_n(&nx.done, nx.begun, __ATOMIC_SEQ_CST);
		if (nx.begun % 4 == 0)
			entry_set(&nx, NH_OTHER, KIND_OTHER, nx.begun);
		reuse(&nx.r, false);
	}
	race_stop(&nx.r);
	ATF_REQUIRE_EQ(dp_counters(nx.r.w.dp, n), 0);
	ATF_CHECK_EQ(n[CNT_RX] - before[CNT_RX],
	    n[CNT_FORWARD4] + n[CNT_PASS_MTU] + n[CNT_PASS_EGRESS] +
		n[CNT_PASS_NEXTHOP]);
	ATF_CHECK(n[CNT_FORWARD4] != 0 && n[CNT_PASS_MTU] != 0 &&
	    n[CNT_PASS_EGRESS] != 0 && n[CNT_PASS_NEXTHOP] != 0);
	race_check(&nx.r);
}

/* An address that is ours all the time, while others come and go. */
#define OWN_OTHERS 300

struct own {
	struct race r;
	uint8_t pkt[2][PKT_MAX];
	size_t len[2];
};

static void
read_own(struct race *r, void *arg)
{
	struct own *o = arg;
	uint8_t out[PKT_MAX];
	int i = rand_r(&r->rnd) % 2;

	if (run_batch(r, o->pkt[i], o->len[i], BATCH, out) != XDP_PASS ||
	    memcmp(o->pkt[i], out, o->len[i]) != 0)
		wrong(r, "a packet from our own address was forwarded");
}

ATF_TC_WITHOUT_HEAD(own_addresses);
ATF_TC_BODY(own_addresses, tc)
{
	static const struct spec specs[2] = {
		{ .src = "203.0.128.5", .dst = "198.18.0.1", .ttl = 255 },
		{ .src = "2001:b000::5", .dst = "2001:a100::1", .ttl = 255 },
	};
	struct prefix list[OWN_OTHERS + 2];
	static struct own o;
	uint64_t n[CNT_MAX];
	struct run run;
	int i, count;

	race_init(tc, &o.r, 1);
	for (i = 0; i < 2; i++) {
		o.len[i] = pkt_build(&specs[i], o.pkt[i]);
		leaf_set(&o.r.w, specs[i].src, LEAF_LOCAL);
		leaf_set(&o.r.w, specs[i].dst, LEAF_ALLOW | NH_GOOD);
		ATF_REQUIRE_EQ(addr_parse(specs[i].src, &list[i].addr), 0);
		list[i].len = af_bits(list[i].addr.af);
	}
	dp_own_set(o.r.w.dp, list, 2);
	race_start(&o.r, read_own, &o);
	while (race_goes_on(&o.r)) {
		count = 2 + random() % (OWN_OTHERS + 1);
		for (i = 2; i < count; i++) {
			memset(&list[i], 0, sizeof(list[i]));
			list[i].addr.af = random() % 2 ? AF_INET : AF_INET6;
			list[i].len = af_bits(list[i].addr.af);
			random_tail(&list[i].addr, 0);
		}
		dp_own_set(o.r.w.dp, list, count);
		o.r.writes++;
	}
	race_stop(&o.r);
	ATF_REQUIRE_EQ(dp_counters(o.r.w.dp, n), 0);
	ATF_CHECK_EQ(n[CNT_RX], n[CNT_PASS_SOURCE_LOCAL]);
	/* it was the filter that told */
	dp_own_set(o.r.w.dp, NULL, 0);
	for (i = 0; i < 2; i++) {
		run_on(&o.r.w, o.r.w.in, o.pkt[i], o.len[i], &run);
		ATF_CHECK_EQ(run.verdict, XDP_REDIRECT);
	}
	race_check(&o.r);
}

/*
 * A port that stays up and keeps one MAC while the others, their order, the
 * device it belongs to and the ports beside it change; or one that goes up and
 * down, too.
 */
struct ports {
	struct race r;
	bool flaps;
	uint8_t pkt[PKT_MAX];
	size_t len;
};

static void
read_port(struct race *r, void *arg)
{
	struct ports *ps = arg;
	uint8_t out[PKT_MAX], want[PKT_MAX];
	int ttl = ETH_HLEN + 8, n;

	run_batch(r, ps->pkt, ps->len, BATCH, out);
	n = ps->pkt[ttl] - out[ttl];
	memcpy(want, ps->pkt, ps->len);
	if (n != 0) {
		want[ttl] -= n - 1;
		pkt_forwarded(want, mac_in, mac_out);
	}
	if (memcmp(want, out, ps->len) != 0)
		wrong(r, "a packet was damaged");
	if (n != BATCH && !ps->flaps)
		wrong(r, "forwarded %d times of %d", n, BATCH);
}

static void
port_change(struct ports *ps)
{
	const struct world *w = &ps->r.w;
	struct port port = { .flags = PORT_UP }, beside = { .flags = PORT_UP };
	int i, kept = random() % PORT_MACS;

	port.ifindex = w->in;
	port.l3dev = random() % 2 ? w->in : w->off;
	for (i = 0; i < PORT_MACS; i++)
		port.mac[i] = random() % 2 ? 0 : 0xee02 | random() % 4 << 40;
	port.mac[kept] = mac_word(mac_in);
	if (ps->flaps && random() % 2)
		port.flags = 0;
	if (ps->flaps && random() % 4 == 0)
		dp_port_clear(w->dp, w->in);
	else
		ATF_REQUIRE_EQ(dp_port_set(w->dp, &port), 0);
	beside.ifindex = w->in + PORTS_MAX * (1 + random() % (PORT_PROBES - 1));
	if (random() % 2)
		ATF_REQUIRE_EQ(dp_port_set(w->dp, &beside), 0);
	else
		dp_port_clear(w->dp, beside.ifindex);
	ps->r.writes++;
}

static void
ports(const atf_tc_t *tc, bool flaps)
{
	struct spec spec = { .src = "192.88.99.1",
		.dst = "198.18.0.1",
		.ttl = 255 };
	struct nh_entry e = { .mtu = 1500, .flags = NH_FORWARD };
	static struct ports ps;
	uint64_t n[CNT_MAX];

	race_init(tc, &ps.r, 1);
	ps.flaps = flaps;
	ps.len = pkt_build(&spec, ps.pkt);
	/* what is forwarded is for the ingress again */
	e.ifindex = ps.r.w.out;
	memcpy(e.dmac, mac_in, sizeof(e.dmac));
	memcpy(e.smac, mac_out, sizeof(e.smac));
	ATF_REQUIRE(dp_nexthop_set(ps.r.w.dp, NH_GOOD, &e) > 0);
	leaf_set(&ps.r.w, spec.dst, LEAF_ALLOW | NH_GOOD);
	race_start(&ps.r, read_port, &ps);
	while (race_goes_on(&ps.r))
		port_change(&ps);
	race_stop(&ps.r);
	ATF_REQUIRE_EQ(dp_counters(ps.r.w.dp, n), 0);
	ATF_CHECK(n[CNT_FORWARD4] != 0);
	if (flaps)
		ATF_CHECK(n[CNT_PASS_PORT] != 0);
	/* one that is cleared may leave its place to another */
	ATF_CHECK_EQ(n[CNT_RX],
	    n[CNT_FORWARD4] + n[CNT_PASS_PORT] + n[CNT_PASS_NOT_OUR_MAC]);
	race_check(&ps.r);
}

ATF_TC_WITHOUT_HEAD(port_stays);
ATF_TC_BODY(port_stays, tc)
{
	ports(tc, false);
}

ATF_TC_WITHOUT_HEAD(port_flaps);
ATF_TC_BODY(port_flaps, tc)
{
	ports(tc, true);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lookups4);
	ATF_TP_ADD_TC(tp, lookups6);
	ATF_TP_ADD_TC(tp, nexthops);
	ATF_TP_ADD_TC(tp, own_addresses);
	ATF_TP_ADD_TC(tp, port_stays);
	ATF_TP_ADD_TC(tp, port_flaps);
	return (atf_no_error());
}
