/* SPDX-License-Identifier: ISC */
/*
 * Readers against a writer: the program runs on one CPU while tables change on
 * another, and every answer must be one that was right at some moment of the
 * run.  By hand, -v immediate=true gives up grace periods: the tests of what
 * needs them must fail then; -v seconds=N runs longer.
 */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "../../rde/rde.h"
#include "packet.h"

#define SECONDS 2
#define SECONDS_MAX 30 /* until a busy machine has done the least */
#define LEAST_READS 2000
#define LEAST_WRITES 200
#define LEAST_GRACES 3
#define BATCH 250 /* runs that a TTL of 255 lasts for */

struct race {
	struct world w;
	int cpus[2];
	bool immediate;
	long seconds;
	struct timespec start;
	unsigned int rnd; /* the reader's */

	/* one reader, one who waits for grace periods; main is the writer */
	pthread_t reader, waiter;
	void (*read)(struct race *, void *);
	void *arg;
	bool stop;
	sem_t ask, passed;

	uint32_t (*seal)(void *);
	void (*release)(void *, uint32_t);
	void *reused; /* of seal and release */
	uint32_t epoch; /* that waits, 0: none */

	uint64_t reads, wrong, writes, graces, full;
	char first[200]; /* the first wrong answer */
};

static void __attribute__((__format__(printf, 2, 3)))
wrong(struct race *r, const char *fmt, ...)
{
	va_list ap;

	if (r->wrong++ != 0)
		return;
	va_start(ap, fmt);
	vsnprintf(r->first, sizeof(r->first), fmt, ap);
	va_end(ap);
}

static void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Two CPUs, or there is no race. */
static void
race_init(const atf_tc_t *tc, struct race *r)
{
	cpu_set_t set;
	int cpu, n = 0;
	long seed = time(NULL);

	memset(r, 0, sizeof(*r));
	ATF_REQUIRE_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	for (cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			r->cpus[n++] = cpu;
	if (n < 2)
		atf_tc_skip("needs two CPUs");
	r->immediate =
	    atf_tc_get_config_var_as_bool_wd(tc, "immediate", false);
	r->seconds = atf_tc_get_config_var_as_long_wd(tc, "seconds", SECONDS);
	printf("seed %ld\n", seed);
	srandom(seed);
	r->rnd = seed;
	ATF_REQUIRE_EQ(sem_init(&r->ask, 0, 0), 0);
	ATF_REQUIRE_EQ(sem_init(&r->passed, 0, 0), 0);
	world_new(&r->w, MODE_CUSTOM_FIB, false);
}

static bool
stopped(struct race *r)
{
	return (__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE));
}

static void *
reader_main(void *arg)
{
	struct race *r = arg;

	pin(r->cpus[0]);
	while (!stopped(r))
		r->read(r, r->arg);
	return (NULL);
}

static void *
waiter_main(void *arg)
{
	struct race *r = arg;

	for (;;) {
		if (sem_wait(&r->ask) == -1)
			continue;
		if (stopped(r))
			return (NULL);
		if (dp_grace(r->w.dp) == -1)
			abort();
		sem_post(&r->passed);
	}
}

static void
race_start(struct race *r, void (*read_one)(struct race *, void *), void *arg)
{
	r->read = read_one;
	r->arg = arg;
	ATF_REQUIRE_EQ(clock_gettime(CLOCK_MONOTONIC, &r->start), 0);
	ATF_REQUIRE_EQ(pthread_create(&r->waiter, NULL, waiter_main, r), 0);
	ATF_REQUIRE_EQ(pthread_create(&r->reader, NULL, reader_main, r), 0);
	pin(r->cpus[1]);
}

/* Long enough, and enough done? */
static bool
race_goes_on(struct race *r)
{
	struct timespec now;
	uint64_t reads = __atomic_load_n(&r->reads, __ATOMIC_RELAXED);
	bool least;

	ATF_REQUIRE_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	least = reads >= LEAST_READS && r->writes >= LEAST_WRITES &&
	    (r->seal == NULL || r->immediate || r->graces >= LEAST_GRACES);
	return (now.tv_sec - r->start.tv_sec < (least ? r->seconds :
							SECONDS_MAX));
}

static void
race_stop(struct race *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	sem_post(&r->ask);
	ATF_REQUIRE_EQ(pthread_join(r->reader, NULL), 0);
	ATF_REQUIRE_EQ(pthread_join(r->waiter, NULL), 0);
}

static void
race_check(struct race *r)
{
	printf("%ju reads, %ju writes, %ju graces, %ju times full, "
	       "%ju wrong\n",
	    (uintmax_t)r->reads, (uintmax_t)r->writes, (uintmax_t)r->graces,
	    (uintmax_t)r->full, (uintmax_t)r->wrong);
	ATF_CHECK_MSG(r->wrong == 0, "%ju of %ju reads wrong, first: %s",
	    (uintmax_t)r->wrong, (uintmax_t)r->reads, r->first);
	ATF_CHECK(r->reads >= LEAST_READS && r->writes >= LEAST_WRITES);
	dp_free(r->w.dp);
}

/*
 * What was unlinked comes back after a grace period; the writer goes on
 * meanwhile, unless it must wait. False: there is nothing to wait for.
 */
static bool
reuse(struct race *r, bool wait)
{
	if (r->immediate) {
		if ((r->epoch = r->seal(r->reused)) == 0)
			return (false);
		r->release(r->reused, r->epoch);
		r->epoch = 0;
		return (true);
	}
	if (r->epoch != 0) {
		while (sem_trywait(&r->passed) == -1) {
			if (!wait)
				return (true);
			usleep(100);
		}
		r->release(r->reused, r->epoch);
		r->graces++;
	}
	wait = wait && r->epoch == 0;
	if ((r->epoch = r->seal(r->reused)) == 0)
		return (!wait);
	sem_post(&r->ask);
	return (!wait || reuse(r, true));
}

/* Run the program n times over one packet, each on what the last left. */
static uint32_t
run_batch(struct race *r, const uint8_t *pkt, size_t len, int n, uint8_t *out)
{
	struct xdp_md ctx = { .data_end = len, .ingress_ifindex = r->w.in };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt,
	    .data_size_in = len, .data_out = out, .data_size_out = PKT_MAX,
	    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = n);

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (bpf_prog_test_run_opts(dp_prog_fd(r->w.dp), &opts) != 0)
		wrong(r, "test run: %s", strerror(errno));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_fetch_add(&r->reads, n, __ATOMIC_RELAXED);
	return (opts.retval);
}

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
#define NEAR 200 /* prefixes beside the destinations */
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
	{ AF_INET, { "198.16.0.0", "100.64.0.0" }, 12, 16, 4096 },
	{ AF_INET6, { "2001:db0::", "fd00:db0::" }, 28, 32, 8192 },
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
	e->leaf = (e->leaf & ENT_DIRTY) |
	    (id == 0 ? 0 : ENT_ROUTE | LEAF_ALLOW | id);
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
update(struct lookups *lk)
{
	struct dest *d = &lk->dests[random() % DESTS];
	int bits = af_bits(lk->l->af), own = lk->l->which + 4, n;
	struct prefix shared;
	struct addr a = d->addr;

	switch (random() % 10) {
	case 0: /* shared with other destinations of the block */
		memset(&shared, 0, sizeof(shared));
		shared.addr = d->addr;
		shared.len = lk->l->cover + 1 + random() % (own - 1 -
			lk->l->cover);
		prefix_mask(&shared);
		announce(lk, &shared, random() % 2 ? 0 : d->id[0]);
		break;
	case 1 ... 5:
		change(lk, &d->routes[random() % DEST_ROUTES], &a,
		    own + random() % (bits - own + 1), d->id[random() % 2]);
		break;
	default:
		n = own + random() % (bits - own);
		flip(&a, n);
		random_tail(&a, n + 1);
		change(lk, &lk->near[random() % NEAR], &a,
		    n + 1 + random() % (bits - n), NH_NEAR + random() % NH_NEARS);
	}
}

static void
dest_state(struct dest *d, uint32_t mask)
{
	__atomic_store_n(&d->state, ((d->state >> 2) + 1) << 2 | mask,
	    __ATOMIC_SEQ_CST);
}

/* Some updates, until the tables hold them. */
static void
updates(struct lookups *lk)
{
	uint32_t id;
	int i, ret;

	for (i = random() % 6; i >= 0; i--)
		update(lk);
	for (i = 0; i < DESTS; i++) {
		id = fib_expect(lk->fib, &lk->dests[i].addr) & LEAF_ID;
		if ((lk->dests[i].state & 3) == 3 ||
		    lk->dests[i].id[lk->dests[i].state >> 1 & 1] != id)
			dest_state(&lk->dests[i], 3);
	}
	while ((ret = fib_step(lk->fib, 100)) != 0) {
		if (ret == 1 || errno == EAGAIN)
			continue;
		ATF_REQUIRE_EQ(errno, ENOSPC);
		lk->r.full++;
		if (!reuse(&lk->r, true))
			return;
	}
	for (i = 0; i < DESTS; i++) {
		if ((lk->dests[i].state & 3) != 3)
			continue;
		id = fib_expect(lk->fib, &lk->dests[i].addr) & LEAF_ID;
		dest_state(&lk->dests[i], id == lk->dests[i].id[1] ? 2 : 1);
	}
	reuse(&lk->r, false);
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

	look_up(lk, &lk->dests[rand_r(&r->rnd) % DESTS]);
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
	race_init(tc, &lk->r);
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
	updates(lk);
	race_start(&lk->r, read_lookup, lk);
	while (race_goes_on(&lk->r))
		updates(lk);
	race_stop(&lk->r);
	for (i = 0; i < DESTS; i++) {
		ATF_CHECK((lk->dests[i].state & 3) != 3);
		look_up(lk, &lk->dests[i]);
	}
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

	race_init(tc, &nx.r);
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
	struct addr list[OWN_OTHERS + 2];
	static struct own o;
	uint64_t n[CNT_MAX];
	struct run run;
	int i, count;

	race_init(tc, &o.r);
	for (i = 0; i < 2; i++) {
		o.len[i] = pkt_build(&specs[i], o.pkt[i]);
		leaf_set(&o.r.w, specs[i].src, LEAF_LOCAL);
		leaf_set(&o.r.w, specs[i].dst, LEAF_ALLOW | NH_GOOD);
		ATF_REQUIRE_EQ(addr_parse(specs[i].src, &list[i]), 0);
	}
	dp_own_set(o.r.w.dp, list, 2);
	race_start(&o.r, read_own, &o);
	while (race_goes_on(&o.r)) {
		count = 2 + random() % (OWN_OTHERS + 1);
		for (i = 2; i < count; i++) {
			memset(&list[i], 0, sizeof(list[i]));
			list[i].af = random() % 2 ? AF_INET : AF_INET6;
			random_tail(&list[i], 0);
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

	race_init(tc, &ps.r);
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
	ATF_CHECK_EQ_MSG(n[CNT_RX], n[CNT_FORWARD4] + n[CNT_PASS_PORT],
	    "of %ju packets %ju were not for our MAC", (uintmax_t)n[CNT_RX],
	    (uintmax_t)n[CNT_PASS_NOT_OUR_MAC]);
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
