/* SPDX-License-Identifier: ISC */
/*
 * The program's walk over tables that the FIB compiler has written, against a
 * plain longest match over the same random prefixes: the nexthop that a packet
 * leaves by tells the answer.
 */
#include <time.h>

#include "../../rde/rde.h"
#include "packet.h"

#define PREFIXES 300
#define NEXTHOPS 200
#define ROUNDS 6
#define LOOKUPS 1500

struct route {
	struct prefix prefix;
	uint32_t id; /* 0: withdrawn */
};

struct bench {
	struct world w;
	struct tree *tree;
	struct fib *fib;
	struct route routes[PREFIXES];
	int af;
};

static void
random_bits(struct addr *a, int from)
{
	int i;

	for (i = from; i < af_bits(a->af); i++)
		if (random() % 2)
			a->b[i / 8] ^= 0x80 >> i % 8;
}

/* A prefix of any length, often inside another, v6 half in 2000::/4. */
static void
random_prefix(struct bench *b, struct prefix *p)
{
	const struct prefix *other = &b->routes[random() % PREFIXES].prefix;
	int from = 0;

	memset(p, 0, sizeof(*p));
	p->addr.af = b->af;
	if (other->addr.af == b->af && random() % 3) {
		*p = *other;
		from = p->len;
	} else if (b->af == AF_INET6 && random() % 2) {
		p->addr.b[0] = 0x20;
		from = 4;
	}
	random_bits(&p->addr, from);
	p->len = from + random() % (af_bits(b->af) - from + 1);
	prefix_mask(p);
}

static int
write_table(void *arg, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	struct bench *b = arg;

	ATF_REQUIRE_EQ(dp_table_write(b->w.dp, table, index, words, n), 0);
	return (0);
}

static struct route *
find(struct bench *b, const struct prefix *p)
{
	size_t i;

	for (i = 0; i < PREFIXES; i++)
		if (prefix_cmp(&b->routes[i].prefix, p) == 0)
			return (&b->routes[i]);
	return (NULL);
}

/* Announce in an unused place, or withdraw or change what is there. */
static void
update(struct bench *b, struct route *r)
{
	struct tree_ent *e;
	struct prefix p;

	if (r->id == 0) {
		random_prefix(b, &p);
		if (find(b, &p) != NULL)
			return;
		r->prefix = p;
	}
	if (r->id != 0 && random() % 2)
		r->id = 0;
	else
		r->id = LEAF_ID_FIRST + random() % NEXTHOPS;
	ATF_REQUIRE((e = tree_insert(b->tree, &r->prefix)) != NULL);
	e->leaf = (e->leaf & ENT_DIRTY) |
	    (r->id == 0 ? 0 : ENT_ROUTE | LEAF_ALLOW | r->id);
	ATF_REQUIRE_EQ(fib_dirty(b->fib, &r->prefix), 0);
}

static void
settle(struct bench *b)
{
	uint32_t epoch;
	int r;

	while ((r = fib_step(b->fib, 100)) == 1)
		;
	ATF_REQUIRE_EQ(r, 0);
	epoch = fib_seal(b->fib);
	ATF_REQUIRE_EQ(dp_grace(b->w.dp), 0);
	fib_release(b->fib, epoch);
}

static uint32_t
plain_match(const struct bench *b, const struct addr *a)
{
	int best = -1;
	uint32_t id = 0;
	size_t i;

	for (i = 0; i < PREFIXES; i++) {
		if (b->routes[i].id == 0 || b->routes[i].prefix.len <= best ||
		    !prefix_contains(&b->routes[i].prefix, a))
			continue;
		best = b->routes[i].prefix.len;
		id = b->routes[i].id;
	}
	return (id);
}

/* The id that a packet to this address leaves by, 0: it is passed. */
static uint32_t
program_match(struct bench *b, const struct addr *a)
{
	char text[ADDRSTRLEN];
	struct spec spec = { .src =
				 b->af == AF_INET ? "192.88.99.1" : "5f00::1",
		.dst = addr_format(a, text) };
	uint8_t pkt[PKT_MAX];
	struct run r;
	size_t len;
	int end;

	len = pkt_build(&spec, pkt);
	run_on(&b->w, b->w.in, pkt, len, &r);
	end = run_ending(&r);
	if (end == CNT_FORWARD4 || end == CNT_FORWARD6)
		return (r.out[4] << 8 | r.out[5]);
	if (end == CNT_PASS_DESTINATION)
		return (UINT32_MAX);
	ATF_REQUIRE_MSG(end == CNT_PASS_NOT_ALLOWED || end == CNT_PASS_NO_ROUTE,
	    "%s: %s", text, counter_name(end));
	return (0);
}

static void
nexthops(struct bench *b)
{
	struct nh_entry e = { .mtu = 1500,
		.ifindex = b->w.out,
		.flags = NH_FORWARD,
		.dmac = { 2 } };
	uint32_t id;

	for (id = LEAF_ID_FIRST; id < LEAF_ID_FIRST + NEXTHOPS; id++) {
		e.dmac[4] = id >> 8;
		e.dmac[5] = id;
		ATF_REQUIRE(dp_nexthop_set(b->w.dp, id, &e) > 0);
	}
}

static void
compare(int af)
{
	struct bench *b;
	struct addr a;
	char text[ADDRSTRLEN];
	const struct route *r;
	uint32_t want, got;
	long seed = time(NULL);
	int round, i, hits = 0;

	printf("seed %ld\n", seed);
	srandom(seed);
	ATF_REQUIRE((b = calloc(1, sizeof(*b))) != NULL);
	b->af = af;
	world_new(&b->w, MODE_CUSTOM_FIB, false);
	nexthops(b);
	ATF_REQUIRE((b->tree = tree_new(af)) != NULL);
	ATF_REQUIRE(
	    (b->fib = fib_new(b->tree, af == AF_INET ? 1 << 16 : 1 << 17,
		 write_table, b)) != NULL);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < PREFIXES; i++)
			if (round == 0 || random() % 4 == 0)
				update(b, &b->routes[i]);
		settle(b);
		for (i = 0; i < LOOKUPS; i++) {
			r = &b->routes[random() % PREFIXES];
			a = r->prefix.addr;
			a.af = af;
			random_bits(&a,
			    random() % 4 ? r->prefix.len :
					   random() % (af_bits(af) + 1));
			got = program_match(b, &a);
			if (got == UINT32_MAX)
				continue;
			want = plain_match(b, &a);
			ATF_REQUIRE_EQ_MSG(got, want,
			    "seed %ld round %d: %s "
			    "leaves by %u, not %u",
			    seed, round, addr_format(&a, text), got, want);
			hits += want != 0;
		}
	}
	ATF_CHECK(hits > ROUNDS * LOOKUPS / 4);
	fib_free(b->fib);
	tree_free(b->tree);
	dp_free(b->w.dp);
	free(b);
}

ATF_TC_WITHOUT_HEAD(match4);
ATF_TC_BODY(match4, tc)
{
	compare(AF_INET);
}

ATF_TC_WITHOUT_HEAD(match6);
ATF_TC_BODY(match6, tc)
{
	compare(AF_INET6);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, match4);
	ATF_TP_ADD_TC(tp, match6);
	return (atf_no_error());
}
