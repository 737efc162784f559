/* SPDX-License-Identifier: ISC */
/*
 * Nodes of all kinds, what makes one kind out of another, and where they lie:
 * each address has its old answer until it has its new one.
 */
#include "../../rde/fib.h"
#include "../tools/walk.h"
#include "fib_world.h"

#define WIDE FIB_NODE
#define NARROW_NODE (FIB_NODE | FIB_NARROW)
#define TINY (FIB_NODE | FIB_NARROW | FIB_TINY)

/* One update, watched; leaf 0: withdraw. */
static void
change(struct world *w, const char *text, uint32_t leaf)
{
	struct prefix p;
	int i;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	set_probes(w, &p);
	update(w, &p, leaf);
	for (i = 0; i < PROBES; i++)
		w->probe[i].after = ref_lookup(w, &w->probe[i].a);
	w->check = true;
	ATF_REQUIRE_EQ(settle(w, 100), 0);
	check_final(w);
	release_all(w);
}

/* The kind of the node in an address's slot, and what all nodes take. */
static void
expect(const struct world *w, const char *text, uint32_t kind, uint32_t units)
{
	struct fib_stats s;
	struct addr a;
	uint32_t word;

	ATF_REQUIRE_EQ(addr_parse(text, &a), 0);
	word = w->dir[slot(w, &a)];
	ATF_REQUIRE_EQ_MSG(word & ~FIB_UNIT, kind, "%s: %#x", text, word);
	fib_stats(w->fib, &s);
	ATF_REQUIRE_EQ_MSG(s.units_used, units, "%u units", s.units_used);
}

static void
done(struct world *w)
{
	struct fib_stats s;
	struct prefix p;

	while (w->n > 0) {
		p = w->list[0].p;
		update(w, &p, 0);
	}
	w->check = false;
	ATF_REQUIRE_EQ(settle(w, 100), 0);
	release_all(w);
	fib_stats(w->fib, &s);
	ATF_REQUIRE_EQ(s.units_used + s.units_waiting + s.nodes, 0);
	world_free(w);
}

ATF_TC_WITHOUT_HEAD(kinds);
ATF_TC_BODY(kinds, tc)
{
	struct world *w = world_new(AF_INET, 1024);
	const char *in = "10.1.0.1";
	uint64_t writes;

	change(w, "10.1.1.0/24", ENT_ROUTE | 5);
	expect(w, in, TINY, 1);
	/* other words in the same places, and another shape */
	change(w, "10.1.1.0/24", ENT_ROUTE | LEAF_GROUP | LEAF_BLOCK | 4095);
	change(w, "10.1.0.0/18", ENT_ROUTE | LEAF_LOCAL | LEAF_ALLOW | 7);
	change(w, "10.1.0.0/18", 0);
	change(w, "10.1.2.0/24", ENT_ROUTE | 6);
	expect(w, in, NARROW_NODE, 2);
	change(w, "10.1.4.0/24", ENT_ROUTE | 6);
	expect(w, in, NARROW_NODE, 3);
	/* one word holds two runs */
	writes = w->writes;
	change(w, "10.1.1.0/24", ENT_ROUTE | 8);
	change(w, "10.1.2.0/24", ENT_ROUTE | 9);
	ATF_REQUIRE_EQ(w->writes, writes + 2);
	/* ids that fit, and that do not */
	change(w, "10.1.2.0/24", ENT_ROUTE | 4095);
	expect(w, in, NARROW_NODE, 3);
	change(w, "10.1.2.0/24", ENT_ROUTE | 4096);
	expect(w, in, WIDE, 4);
	change(w, "10.1.4.0/24", ENT_ROUTE | LEAF_ID);
	change(w, "10.1.2.0/24", ENT_ROUTE | LEAF_GROUP | 4095);
	expect(w, in, WIDE, 4);
	change(w, "10.1.4.0/24", ENT_ROUTE | 1);
	expect(w, in, NARROW_NODE, 3);
	/* with a node below it, and without */
	change(w, "10.1.9.0/25", ENT_ROUTE | 3);
	expect(w, in, WIDE, 6);
	change(w, "10.1.9.0/25", 0);
	expect(w, in, NARROW_NODE, 3);
	change(w, "10.1.4.0/24", 0);
	change(w, "10.1.2.0/24", 0);
	expect(w, in, TINY, 1);
	/* three runs too wide for a tiny node */
	change(w, "10.1.1.0/24", ENT_ROUTE | 5000);
	expect(w, in, WIDE, 3);
	change(w, "10.1.1.0/24", 0);
	expect(w, in, 0, 0);
	done(w);
}

/* A chain of wide nodes ends in one that is not. */
ATF_TC_WITHOUT_HEAD(chain6);
ATF_TC_BODY(chain6, tc)
{
	struct world *w = world_new(AF_INET6, 1024);
	int i;

	for (i = 0; i < 2; i++) {
		change(w, "2001:db8:1:2::/64", ENT_ROUTE | 5);
		/* 24-29 to 54-59 are wide, four of two runs, two of three */
		expect(w, "2001:db8::1", WIDE, 4 * 2 + 2 * 3 + 1);
		change(w, "fe80::1/128", LEAF_LOCAL);
		change(w, "2001:db8:1:2::/64", ENT_ROUTE | 4096);
		change(w, "2001:db8:1:2::1/128", ENT_ROUTE | 6);
		change(w, "2001:db8:1:2::/64", 0);
		change(w, "2001:db8:1:2::1/128", 0);
		change(w, "fe80::1/128", 0);
		expect(w, "2001:db8::1", 0, 0);
	}
	done(w);
}

static void
update_text(struct world *w, const char *text, uint32_t leaf)
{
	struct prefix p;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	update(w, &p, leaf);
}

/* Every shape of two or three runs, each index of it, by three walks. */
ATF_TC_WITHOUT_HEAD(shapes);
ATF_TC_BODY(shapes, tc)
{
	struct world *w = world_new(AF_INET, 1024);
	char text[PREFIXSTRLEN];
	unsigned int a, z, i;
	struct addr addr;
	uint32_t want, host;

	for (a = 0; a < 64; a++)
		for (z = a; z < 64; z += 1 + rnd(3)) {
			/* one route from index a to z */
			for (i = a; i <= z; i++) {
				snprintf(text, sizeof(text), "10.1.%u.0/24", i);
				update_text(w, text,
				    ENT_ROUTE | (LEAF_ID_FIRST + a));
			}
			ATF_REQUIRE_EQ(settle(w, 100), 0);
			for (i = 0; i < 64; i++) {
				snprintf(text, sizeof(text), "10.1.%u.9", i);
				ATF_REQUIRE_EQ(addr_parse(text, &addr), 0);
				want = i >= a && i <= z ? LEAF_ID_FIRST + a : 0;
				host = 10U << 24 | 1 << 16 | i << 8 | 9;
				ATF_REQUIRE_EQ(shadow_lookup(w, &addr), want);
				ATF_REQUIRE_EQ(fib_lookup(w->fib, &addr), want);
				ATF_REQUIRE_EQ(walk4(w->dir, w->pool, host),
				    want);
			}
			for (i = a; i <= z; i++) {
				snprintf(text, sizeof(text), "10.1.%u.0/24", i);
				update_text(w, text, 0);
			}
			release_all(w);
		}
	done(w);
}

/* The walk of the tools over random tables of both families. */
static void
walks(int af)
{
	struct world *w = world_new(af, 16384);
	struct addr a;
	struct prefix p;
	uint32_t leaf, got;
	struct key k;
	int i, j;

	seed = 7;
	for (i = 0; i < 200; i++) {
		for (j = 0; j < 20; j++) {
			rnd_update(w, &p, &leaf);
			update(w, &p, leaf);
		}
		ATF_REQUIRE_EQ(settle(w, 1000), 0);
		release_all(w);
		for (j = 0; j < 100; j++) {
			if (w->n > 0)
				edge(&w->list[rnd((uint32_t)w->n)].p,
				    (int)rnd(5), &a);
			else
				rnd_addr(&a, af);
			k = key_from(&a);
			got = af == AF_INET ?
			    walk4(w->dir, w->pool, (uint32_t)(k.hi >> 32)) :
			    walk6(w->dir, w->pool, k.hi, k.lo);
			ATF_REQUIRE_EQ(got, ref_lookup(w, &a));
		}
	}
	done(w);
}

ATF_TC_WITHOUT_HEAD(walk_v4);
ATF_TC_BODY(walk_v4, tc)
{
	walks(AF_INET);
}

ATF_TC_WITHOUT_HEAD(walk_v6);
ATF_TC_BODY(walk_v6, tc)
{
	walks(AF_INET6);
}

#define BLOCKS 3000
#define LINE 8

/* Blocks of a fixed pool lie in lines while there is room, gaps are used, and
   nothing is lost or handed out twice. */
ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	static uint32_t unit[BLOCKS], size[BLOCKS];
	static uint8_t taken[1 << 16];
	const uint32_t cap = 1 << 16;
	uint32_t i, j, k, sum = 0, large = 0, highest = 0;
	struct pool p;

	seed = 3;
	memset(taken, 0, sizeof(taken));
	ATF_REQUIRE_EQ(pool_init(&p, cap, true), 0);
	for (k = 0; k < 200000; k++) {
		i = rnd(BLOCKS);
		if (unit[i] != 0) {
			pool_free(&p, unit[i], size[i]);
			memset(taken + unit[i], 0, size[i]);
			sum -= size[i];
			unit[i] = 0;
			continue;
		}
		size[i] = 1 + (rnd(4) ? rnd(6) : rnd(33));
		unit[i] = pool_alloc(&p, size[i]);
		ATF_REQUIRE(unit[i] != 0 && unit[i] + size[i] <= cap);
		for (j = unit[i]; j < unit[i] + size[i]; j++)
			ATF_REQUIRE(!taken[j]++);
		ATF_REQUIRE(
		    unit[i] % LINE == 0 || unit[i] % LINE + size[i] <= LINE);
		sum += size[i];
		large += size[i] > LINE;
		highest = sum > highest ? sum : highest;
		ATF_REQUIRE_EQ(p.used, sum);
	}
	ATF_REQUIRE(large > 1000);
	ATF_REQUIRE_MSG(p.top < highest + highest / 4, "%u units up to %u",
	    highest, p.top);
	for (i = 0; i < BLOCKS; i++)
		if (unit[i] != 0)
			pool_free(&p, unit[i], size[i]);
	ATF_REQUIRE_EQ(p.used, 0);
	ATF_REQUIRE_EQ(p.top, 1);
	/* a full one gives its last unit, lines or not */
	for (sum = 0; pool_alloc(&p, 5) != 0; sum += 5)
		;
	ATF_REQUIRE_EQ(errno, ENOSPC);
	while (pool_alloc(&p, 1) != 0)
		sum++;
	ATF_REQUIRE_EQ(sum, cap - 1);
	pool_done(&p);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kinds);
	ATF_TP_ADD_TC(tp, chain6);
	ATF_TP_ADD_TC(tp, shapes);
	ATF_TP_ADD_TC(tp, walk_v4);
	ATF_TP_ADD_TC(tp, walk_v6);
	ATF_TP_ADD_TC(tp, lines);
	return (atf_no_error());
}
