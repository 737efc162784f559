/* SPDX-License-Identifier: ISC */
/*
 * The FIB against a plain list of prefixes: each address must have the old
 * answer until it has the new one, after every single write.
 */
#include "fib_world.h"

/* The same table compiled in one go must be the same size. */
static int
discard(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	uint64_t *count = arg;

	++*count;
	return (0);
}

static void
check_canonical(struct world *w)
{
	struct fib_stats a, b;
	struct fib *f;
	uint64_t writes = 0, before;

	f = fib_new(w->tree, w->units, discard, &writes);
	ATF_REQUIRE(f != NULL);
	fib_dirty_all(f);
	while (fib_step(f, 1 + rnd(300)) == 1)
		;
	fib_stats(w->fib, &a);
	fib_stats(f, &b);
	ATF_REQUIRE_EQ(a.nodes, b.nodes);
	ATF_REQUIRE_EQ(a.units_used, b.units_used);
	ATF_REQUIRE(a.memory > 0);
	fib_free(f);
	/* and all dirty once more is nothing to write */
	before = w->writes;
	fib_dirty_all(w->fib);
	ATF_REQUIRE_EQ(settle(w, 1000), 0);
	ATF_REQUIRE_EQ(w->writes, before);
}

static void
check_empty(struct world *w)
{
	struct fib_stats s;
	struct prefix p;

	w->check = false;
	while (w->n > 0) {
		p = w->list[0].p;
		update(w, &p, 0);
		if (rnd(4) == 0)
			release_all(w);
		if (rnd(4) == 0)
			settle(w, 50);
	}
	release_all(w);
	ATF_REQUIRE_EQ(settle(w, 1000), 0);
	release_all(w);
	ATF_REQUIRE_EQ(tree_count(w->tree), 0);
	fib_stats(w->fib, &s);
	ATF_REQUIRE_EQ(s.nodes, 0);
	ATF_REQUIRE_EQ(s.units_used, 0);
	ATF_REQUIRE_EQ(s.units_waiting, 0);
	ATF_REQUIRE_EQ(s.units, w->units);
}

/* One update at a time: old or new after every write, never a third. */
static void
single(int af, int worlds, int updates)
{
	struct world *w;
	struct prefix p;
	uint32_t leaf;
	int r, i, j;

	for (r = 0; r < worlds; r++) {
		seed = (uint64_t)r * 104729 + (uint64_t)af;
		w = world_new(af, 8192);
		w->check = true;
		for (i = 0; i < updates; i++) {
			w->refuse = r % 3 == 0 ? 2 + rnd(4) : 0;
			rnd_update(w, &p, &leaf);
			set_probes(w, &p);
			update(w, &p, leaf);
			for (j = 0; j < PROBES; j++)
				w->probe[j].after =
				    ref_lookup(w, &w->probe[j].a);
			ATF_REQUIRE_EQ(settle(w, rnd(3) ? 1 + rnd(300) : 1), 0);
			check_final(w);
			if (rnd(3) == 0)
				seal_release(w);
		}
		ATF_REQUIRE_EQ(tree_count(w->tree), w->n);
		w->refuse = 0;
		check_canonical(w);
		check_empty(w);
		world_free(w);
	}
}

ATF_TC_WITHOUT_HEAD(single4);
ATF_TC_BODY(single4, tc)
{
	single(AF_INET, 30, 300);
}

ATF_TC_WITHOUT_HEAD(single6);
ATF_TC_BODY(single6, tc)
{
	single(AF_INET6, 12, 250);
}

/* Many updates at once, refused and interrupted, then all is right. */
static void
batches(int af, int worlds, int rounds)
{
	struct world *w;
	struct prefix p;
	uint32_t leaf;
	int r, i, j;

	for (r = 0; r < worlds; r++) {
		seed = (uint64_t)r * 15485863 + (uint64_t)af;
		w = world_new(af, 16384);
		memset(w->probe, 0, sizeof(w->probe));
		for (i = 0; i < rounds; i++) {
			w->refuse = rnd(2) ? 1 + rnd(20) : 0;
			if (w->refuse == 1)
				w->refuse = 2;
			for (j = rnd(60) + 1; j > 0; j--) {
				rnd_update(w, &p, &leaf);
				update(w, &p, leaf);
				if (rnd(10) == 0)
					fib_step(w->fib, 1 + rnd(4));
			}
			if (rnd(20) == 0)
				fib_dirty_all(w->fib);
			ATF_REQUIRE_EQ(settle(w, rnd(2) ? 1 : rnd(500)), 0);
			set_probes(w, &p);
			for (j = 0; j < PROBES; j++)
				w->probe[j].after = w->probe[j].before;
			check_final(w);
			seal_release(w);
		}
		w->refuse = 0;
		check_canonical(w);
		check_empty(w);
		world_free(w);
	}
}

ATF_TC_WITHOUT_HEAD(batches4);
ATF_TC_BODY(batches4, tc)
{
	batches(AF_INET, 20, 60);
}

ATF_TC_WITHOUT_HEAD(batches6);
ATF_TC_BODY(batches6, tc)
{
	batches(AF_INET6, 10, 50);
}

/* A pool that is too small: old answers stand, and it goes on. */
static void
full(int af)
{
	struct world *w;
	struct prefix p;
	uint32_t leaf;
	int r, i, j, seen = 0, ret;

	for (r = 0; r < 8; r++) {
		seed = (uint64_t)r * 32452843 + (uint64_t)af;
		w = world_new(af, af == AF_INET ? 150 : 400);
		for (i = 0; i < 250; i++) {
			do {
				rnd_prefix(&p, af);
				leaf = rnd_leaf();
			} while (p.len == 0);
			update(w, &p, leaf);
			w->refuse = rnd(2) ? 3 : 0;
			if ((ret = settle(w, 1 + rnd(100))) == ENOSPC)
				seen++;
			if (rnd(3) == 0)
				seal_release(w);
			if (ret == 0) {
				set_probes(w, &p);
				for (j = 0; j < PROBES; j++)
					w->probe[j].after = w->probe[j].before;
				check_final(w);
			}
		}
		fib_dirty_all(w->fib);
		settle(w, 100);
		/* withdraw until it fits again */
		for (i = 0; w->n > 0; i++) {
			p = w->list[rnd((uint32_t)w->n)].p;
			update(w, &p, 0);
			ret = settle(w, 100);
			release_all(w);
			if (ret == 0) {
				set_probes(w, &p);
				for (j = 0; j < PROBES; j++)
					w->probe[j].after = w->probe[j].before;
				check_final(w);
			}
		}
		check_empty(w);
		/* and fill it again: nothing was lost */
		for (i = 0; i < 20; i++) {
			rnd_prefix(&p, af);
			update(w, &p, ENT_ROUTE | 7);
		}
		check_empty(w);
		world_free(w);
	}
	ATF_REQUIRE(seen > 100);
}

ATF_TC_WITHOUT_HEAD(full4);
ATF_TC_BODY(full4, tc)
{
	full(AF_INET);
}

ATF_TC_WITHOUT_HEAD(full6);
ATF_TC_BODY(full6, tc)
{
	full(AF_INET6);
}

static void
update_text(struct world *w, const char *text, uint32_t leaf)
{
	struct prefix p;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	update(w, &p, leaf);
}

static uint32_t
answer(const struct world *w, const char *text)
{
	struct addr a;

	ATF_REQUIRE_EQ_MSG(addr_parse(text, &a), 0, "%s", text);
	return (shadow_lookup(w, &a));
}

/* An entry of which the FIB is not told. */
static void
plant(struct world *w, const char *text, uint32_t leaf)
{
	struct prefix p;
	struct tree_ent *e;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	ATF_REQUIRE(w->n < LIST_MAX && tree_get(w->tree, &p) == NULL);
	ATF_REQUIRE((e = tree_insert(w->tree, &p)) != NULL);
	e->leaf = leaf;
	e->dest = 1;
	w->list[w->n].p = p;
	w->list[w->n++].leaf = leaf;
}

/* What fits is not held up by what does not, and a full pool can still take
   a withdrawal. */
ATF_TC_WITHOUT_HEAD(partial);
ATF_TC_BODY(partial, tc)
{
	struct world *w = world_new(AF_INET, 128);
	char buf[PREFIXSTRLEN];
	int i;

	/* a slot of 64 nodes between two small ones, compiled as slots */
	for (i = 0; i < 64; i++) {
		snprintf(buf, sizeof(buf), "10.1.%d.1/32", 64 + i);
		plant(w, buf, ENT_ROUTE | 9);
	}
	plant(w, "10.1.0.0/24", ENT_ROUTE | 5);
	plant(w, "10.1.128.0/24", ENT_ROUTE | 6);
	fib_dirty_all(w->fib);
	ATF_REQUIRE_EQ(settle(w, 1000), ENOSPC);
	ATF_REQUIRE_EQ(answer(w, "10.1.0.1"), 5);
	ATF_REQUIRE_EQ(answer(w, "10.1.128.1"), 6);
	ATF_REQUIRE_EQ(answer(w, "10.1.64.1"), 0);
	for (i = 0; i < 64; i++) {
		snprintf(buf, sizeof(buf), "10.1.%d.1/32", 64 + i);
		update_text(w, buf, 0);
	}
	ATF_REQUIRE_EQ(settle(w, 1000), 0);

	/* one node after the other, until there is no room */
	for (i = 0; settle(w, 1000) == 0; i++) {
		ATF_REQUIRE(i < 100);
		snprintf(buf, sizeof(buf), "20.%d.1.0/24", i);
		update_text(w, buf, ENT_ROUTE | 7);
		snprintf(buf, sizeof(buf), "20.%d.3.0/24", i);
		update_text(w, buf, ENT_ROUTE | 7);
	}
	release_all(w);
	ATF_REQUIRE_EQ(settle(w, 1000), ENOSPC);
	ATF_REQUIRE_EQ(answer(w, "20.1.1.1"), 7);
	update_text(w, "20.1.1.0/24", 0);
	ATF_REQUIRE_EQ(settle(w, 1000), ENOSPC);
	ATF_REQUIRE_EQ(answer(w, "20.1.1.1"), 0);
	ATF_REQUIRE_EQ(answer(w, "20.1.3.1"), 7);
	check_empty(w);
	world_free(w);
}

/* Named prefixes at the places where the layout changes. */
static void
named(int af, const char *const *list)
{
	struct world *w = world_new(af, 8192);
	struct prefix p;
	struct addr a;
	uint32_t want;
	size_t i, j, n;
	int pass, k;

	for (n = 0; list[n] != NULL; n++)
		;
	/* announced in order, anew backwards, withdrawn, and once more */
	for (pass = 0; pass < 5; pass++)
		for (i = 0; i < n; i++) {
			j = pass == 1 || pass == 4 ? n - 1 - i : i;
			ATF_REQUIRE_EQ_MSG(prefix_parse(list[j], &p, NULL), 0,
			    "%s", list[j]);
			set_probes(w, &p);
			w->check = true;
			update(w, &p,
			    pass % 3 != 2 && pass != 4 ? ENT_ROUTE |
				    (uint32_t)(j + 2 + (size_t)pass * 50) |
				    (j % 3 == 0 ? LEAF_ALLOW : 0) :
							 0);
			for (k = 0; k < PROBES; k++)
				w->probe[k].after =
				    ref_lookup(w, &w->probe[k].a);
			ATF_REQUIRE_EQ(settle(w, 1 + rnd(100)), 0);
			for (j = 0; j < n; j++) {
				prefix_parse(list[j], &p, NULL);
				for (k = 0; k < 4; k++) {
					edge(&p, k, &a);
					want = ref_lookup(w, &a);
					ATF_REQUIRE_EQ(shadow_lookup(w, &a),
					    want);
					ATF_REQUIRE_EQ(fib_lookup(w->fib, &a),
					    want);
					ATF_REQUIRE_EQ(fib_expect(w->fib, &a),
					    want);
				}
			}
			seal_release(w);
		}
	check_empty(w);
	world_free(w);
}

/* All in one batch, or with everything dirty. */
static void
named_all(int af, const char *const *list, bool all)
{
	struct world *w = world_new(af, 8192);
	struct prefix p;
	struct addr a;
	size_t i;
	int k;

	for (i = 0; list[i] != NULL; i++) {
		prefix_parse(list[i], &p, NULL);
		update(w, &p, ENT_ROUTE | (uint32_t)(i + 2));
	}
	if (all)
		fib_dirty_all(w->fib);
	ATF_REQUIRE_EQ(settle(w, 7), 0);
	for (i = 0; list[i] != NULL; i++) {
		prefix_parse(list[i], &p, NULL);
		for (k = 0; k < 5; k++) {
			edge(&p, k, &a);
			ATF_REQUIRE_EQ(shadow_lookup(w, &a), ref_lookup(w, &a));
		}
	}
	check_canonical(w);
	check_empty(w);
	world_free(w);
}

static const char *const list4[] = { "0.0.0.0/0", "0.0.0.0/8", "10.0.0.0/8",
	"10.0.0.0/17", "10.0.0.0/18", "10.0.64.0/18", "10.0.0.0/19",
	"10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/25", "10.0.0.0/30",
	"10.0.0.4/31", "10.0.0.4/32", "10.0.0.7/32", "10.0.63.0/24",
	"10.0.63.255/32", "10.0.64.0/32", "128.0.0.0/1", "255.255.255.255/32",
	"255.255.255.254/31", "255.255.192.0/18", NULL };
static const char *const list6[] = { "::/0", "::/1", "::/2", "2000::/3",
	"2000::/4", "2000::/5", "3000::/4", "1000::/4", "1fff::/16",
	"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "2000::/128",
	"2fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "2fff:ff00::/24",
	"2fff:ff80::/25", "3000::/128", "3000::/24", "3000::/25", "2001::/23",
	"2001:d00::/24", "2001:db8::/25", "2001:db8::/32", "2001:db8::/48",
	"2001:db8::/64", "2001:db8::1/128", "2001:db8::2/127",
	"2001:db8::4/126", "fe80::/10", "fe80::1/128", "ff02::1/128",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "fc00::/7", "8000::/1",
	"::1/128", "1c00::/6", "2c00::/6", NULL };

/* Neighbors in the root's tree node, with and without slots. */
static const char *const short6[] = { "fc00::/6", "2000::/5", "1000::/4",
	"2800::/5", "3000::/4", "2000::/4", "4000::/3", NULL };

ATF_TC_WITHOUT_HEAD(borders4);
ATF_TC_BODY(borders4, tc)
{
	named(AF_INET, list4);
	named_all(AF_INET, list4, true);
	named_all(AF_INET, list4, false);
}

ATF_TC_WITHOUT_HEAD(borders6);
ATF_TC_BODY(borders6, tc)
{
	named(AF_INET6, list6);
	named_all(AF_INET6, list6, true);
	named_all(AF_INET6, list6, false);
	named_all(AF_INET6, short6, false);
}

/* A prefix that flaps while nothing drains is one entry and one rebuild. */
ATF_TC_WITHOUT_HEAD(flap);
ATF_TC_BODY(flap, tc)
{
	struct world *w = world_new(AF_INET, 1000);
	struct prefix p;
	uint64_t writes;
	int i;

	ATF_REQUIRE_EQ(prefix_parse("10.1.1.0/24", &p, NULL), 0);
	for (i = 0; i < 1000; i++) {
		update(w, &p, ENT_ROUTE | 5);
		update(w, &p, 0);
		ATF_REQUIRE_EQ(fib_pending(w->fib), 1);
	}
	ATF_REQUIRE_EQ(settle(w, 10), 0);
	ATF_REQUIRE_EQ(w->writes, 0);
	ATF_REQUIRE_EQ(tree_count(w->tree), 0);
	update(w, &p, ENT_ROUTE | 5);
	ATF_REQUIRE_EQ(settle(w, 10), 0);
	ATF_REQUIRE_EQ(w->writes, 2);
	/* another next hop is one word */
	writes = w->writes;
	update(w, &p, ENT_ROUTE | 6);
	ATF_REQUIRE_EQ(settle(w, 10), 0);
	ATF_REQUIRE_EQ(w->writes, writes + 1);
	/* neighbors in one node are dealt with at once */
	for (i = 0; i < 8; i++) {
		p.addr.b[2] = (uint8_t)(8 + i);
		update(w, &p, ENT_ROUTE | 7);
	}
	writes = w->writes;
	ATF_REQUIRE_EQ(settle(w, 100), 0);
	ATF_REQUIRE_EQ(w->writes, writes + 2);
	check_empty(w);
	world_free(w);
}

/* A change of one slot in a full table does not wait for a change of all. */
ATF_TC_WITHOUT_HEAD(slices);
ATF_TC_BODY(slices, tc)
{
	struct world *w = world_new(AF_INET, UNITS_MAX);
	struct prefix p, q;
	int steps = 0, shown = 0;

	ATF_REQUIRE_EQ(prefix_parse("0.0.0.0/0", &p, NULL), 0);
	ATF_REQUIRE_EQ(prefix_parse("200.1.2.0/24", &q, NULL), 0);
	update(w, &p, ENT_ROUTE | 5);
	ATF_REQUIRE_EQ(fib_step(w->fib, 1), 1);
	update(w, &q, ENT_ROUTE | 6);
	while (fib_step(w->fib, 1) == 1) {
		steps++;
		if (shown == 0 && (fib_lookup(w->fib, &q.addr) & LEAF_ID) == 6)
			shown = steps;
	}
	/* its slot was dirty anyway, or it came first: both are in time */
	ATF_REQUIRE(steps > 1000);
	ATF_REQUIRE(shown > 0);
	check_empty(w);
	world_free(w);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, single4);
	ATF_TP_ADD_TC(tp, single6);
	ATF_TP_ADD_TC(tp, batches4);
	ATF_TP_ADD_TC(tp, batches6);
	ATF_TP_ADD_TC(tp, full4);
	ATF_TP_ADD_TC(tp, full6);
	ATF_TP_ADD_TC(tp, partial);
	ATF_TP_ADD_TC(tp, borders4);
	ATF_TP_ADD_TC(tp, borders6);
	ATF_TP_ADD_TC(tp, flap);
	ATF_TP_ADD_TC(tp, slices);
	return (atf_no_error());
}
