/* SPDX-License-Identifier: ISC */
/*
 * The prefix tree against a plain sorted list: insert, get, remove, match and
 * walk, with prefixes of every length crowded into few nodes.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../rde/trie.h"

#define LIST_MAX 600

struct list {
	struct prefix p[LIST_MAX];
	struct tree_ent e[LIST_MAX];
	size_t n;
};

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33) % n);
}

static bool
bit(const uint8_t *b, unsigned int i)
{
	return (b[i / 8] >> (7 - i % 8) & 1);
}

/* Few distinct values in each place, so that prefixes nest and crowd. */
static void
rnd_addr(struct addr *a, int af, int tight)
{
	static const uint8_t v[] = { 0, 0x20, 0x28, 0xff, 0x80, 1 };
	unsigned int i;

	memset(a, 0, sizeof(*a));
	a->af = (uint8_t)af;
	for (i = 0; i < (unsigned int)af_bytes(af); i++)
		a->b[i] = tight && rnd(3) ? v[rnd(tight == 1 ? 6 : 2)] :
					    (uint8_t)rnd(256);
}

static void
rnd_prefix(struct prefix *p, int af, int tight)
{
	unsigned int i;

	rnd_addr(&p->addr, af, tight);
	p->len = (uint8_t)rnd((unsigned int)af_bits(af) + 1);
	for (i = p->len; i < 128; i++)
		p->addr.b[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

static bool
covers(const struct prefix *p, const struct addr *a)
{
	unsigned int i;

	for (i = 0; i < p->len; i++)
		if (bit(p->addr.b, i) != bit(a->b, i))
			return (false);
	return (true);
}

static int
order(const struct prefix *a, const struct prefix *b)
{
	int c = memcmp(a->addr.b, b->addr.b, 16);

	return (c != 0 ? c : (int)a->len - b->len);
}

static size_t
list_find(const struct list *l, const struct prefix *p)
{
	size_t i;

	for (i = 0; i < l->n && order(&l->p[i], p) < 0; i++)
		;
	return (i);
}

static void
check_next(struct tree *t, const struct list *l, int af)
{
	struct prefix cur;
	struct tree_ent *e;
	size_t i;

	memset(&cur, 0, sizeof(cur));
	cur.addr.af = (uint8_t)af;
	for (i = 0; (e = tree_next(t, &cur)) != NULL; i++) {
		ATF_REQUIRE(i < l->n);
		ATF_REQUIRE_EQ(order(&cur, &l->p[i]), 0);
		ATF_REQUIRE_EQ(cur.addr.af, af);
		ATF_REQUIRE_EQ(e->dest, l->e[i].dest);
		if (!tree_after(&cur)) {
			i++;
			break;
		}
	}
	ATF_REQUIRE_EQ(i, l->n);
	/* and from anywhere */
	rnd_prefix(&cur, af, 1);
	i = list_find(l, &cur);
	e = tree_next(t, &cur);
	ATF_REQUIRE_EQ(e == NULL, i == l->n);
	if (e != NULL)
		ATF_REQUIRE_EQ(order(&cur, &l->p[i]), 0);
}

static void
check_match(struct tree *t, const struct list *l, int af, int tight)
{
	struct addr a;
	struct prefix found;
	struct tree_ent *e;
	uint32_t mask = rnd(2) ? 0 : 1U << rnd(4);
	int best = -1, maxlen = (int)rnd(af_bits(af) + 1);
	size_t i, at = 0;

	rnd_addr(&a, af, tight);
	if (rnd(2))
		maxlen = af_bits(af);
	for (i = 0; i < l->n; i++)
		if (l->p[i].len <= maxlen && covers(&l->p[i], &a) &&
		    (mask == 0 || l->e[i].leaf & mask) && l->p[i].len > best) {
			best = l->p[i].len;
			at = i;
		}
	e = tree_match(t, &a, maxlen, mask, &found);
	ATF_REQUIRE_EQ(e == NULL, best == -1);
	if (e == NULL)
		return;
	ATF_REQUIRE_EQ(order(&found, &l->p[at]), 0);
	ATF_REQUIRE_EQ(found.addr.af, af);
	ATF_REQUIRE_EQ(e->dest, l->e[at].dest);
}

static void
step(struct tree *t, struct list *l, int af, int tight)
{
	struct prefix p;
	struct tree_ent *e;
	size_t i;
	bool have;

	if (l->n > 0 && rnd(2))
		p = l->p[rnd((uint32_t)l->n)];
	else
		rnd_prefix(&p, af, tight);
	i = list_find(l, &p);
	have = i < l->n && order(&l->p[i], &p) == 0;
	e = tree_get(t, &p);
	ATF_REQUIRE_EQ(e != NULL, have);
	if (have)
		ATF_REQUIRE_EQ(e->dest, l->e[i].dest);
	if (l->n == LIST_MAX || (have && rnd(2)) || (!have && rnd(20) == 0)) {
		tree_remove(t, &p);
		ATF_REQUIRE(tree_get(t, &p) == NULL);
		if (have) {
			l->n--;
			memmove(&l->p[i], &l->p[i + 1], (l->n - i) * sizeof(p));
			memmove(&l->e[i], &l->e[i + 1],
			    (l->n - i) * sizeof(l->e[0]));
		}
	} else {
		e = tree_insert(t, &p);
		ATF_REQUIRE(e != NULL);
		if (!have) {
			ATF_REQUIRE_EQ(e->dest, 0);
			ATF_REQUIRE_EQ(e->leaf, 0);
			memmove(&l->p[i + 1], &l->p[i], (l->n - i) * sizeof(p));
			memmove(&l->e[i + 1], &l->e[i],
			    (l->n - i) * sizeof(l->e[0]));
			l->n++;
			l->p[i] = p;
		}
		e->dest = l->e[i].dest = rnd(1000000) + 1;
		e->leaf = l->e[i].leaf = rnd(16);
	}
	ATF_REQUIRE_EQ(tree_count(t), l->n);
}

static void
run(int af, int rounds)
{
	struct list *l = calloc(1, sizeof(*l));
	struct tree *t;
	uint32_t empty;
	int r, i, n;

	ATF_REQUIRE(l != NULL);
	for (r = 0; r < rounds; r++) {
		seed = (uint64_t)r * 7919 + (uint64_t)af;
		l->n = 0;
		t = tree_new(af);
		ATF_REQUIRE(t != NULL);
		ATF_REQUIRE_EQ(tree_af(t), af);
		empty = t->pool.used;
		n = r % 10 == 0 ? 1500 : 200;
		for (i = 0; i < n; i++) {
			step(t, l, af, r % 3);
			check_match(t, l, af, r % 3);
			if (i % 50 == 0)
				check_next(t, l, af);
		}
		check_next(t, l, af);
		while (l->n > 0)
			tree_remove(t, &l->p[--l->n]);
		ATF_REQUIRE_EQ(tree_count(t), 0);
		/* every node went with what was in it */
		ATF_REQUIRE_EQ(t->pool.used, empty);
		tree_free(t);
	}
	free(l);
}

ATF_TC_WITHOUT_HEAD(random4);
ATF_TC_BODY(random4, tc)
{
	run(AF_INET, 300);
}

ATF_TC_WITHOUT_HEAD(random6);
ATF_TC_BODY(random6, tc)
{
	run(AF_INET6, 300);
}

/* Every prefix of one node and the ends of the address space. */
ATF_TC_WITHOUT_HEAD(dense);
ATF_TC_BODY(dense, tc)
{
	struct tree *t = tree_new(AF_INET);
	struct prefix p, cur;
	struct tree_ent *e;
	uint32_t len, i, n = 0, seen = 0;

	ATF_REQUIRE(t != NULL);
	memset(&p, 0, sizeof(p));
	p.addr.af = AF_INET;
	for (len = 24; len <= 32; len++)
		for (i = 0; i < 1U << (len - 24); i++) {
			memset(p.addr.b, 255, 4);
			p.addr.b[3] = (uint8_t)(i << (32 - len));
			p.len = (uint8_t)len;
			ATF_REQUIRE((e = tree_insert(t, &p)) != NULL);
			e->dest = ++n;
		}
	ATF_REQUIRE_EQ(tree_count(t), 511);
	memset(&cur, 0, sizeof(cur));
	cur.addr.af = AF_INET;
	while ((e = tree_next(t, &cur)) != NULL) {
		seen++;
		if (!tree_after(&cur))
			break;
	}
	ATF_REQUIRE_EQ(seen, 511);
	ATF_REQUIRE_EQ(cur.len, 32);
	tree_free(t);
	tree_free(NULL);
}

ATF_TC_WITHOUT_HEAD(after);
ATF_TC_BODY(after, tc)
{
	struct prefix p;
	char buf[PREFIXSTRLEN];

	ATF_REQUIRE_EQ(prefix_parse("10.0.0.0/31", &p, NULL), 0);
	ATF_REQUIRE(tree_after(&p));
	ATF_REQUIRE_STREQ(prefix_format(&p, buf), "10.0.0.0/32");
	ATF_REQUIRE(tree_after(&p));
	ATF_REQUIRE_STREQ(prefix_format(&p, buf), "10.0.0.1/32");
	ATF_REQUIRE(tree_after(&p));
	ATF_REQUIRE_STREQ(prefix_format(&p, buf), "10.0.0.2/31");
	ATF_REQUIRE_EQ(prefix_parse("10.255.255.255/32", &p, NULL), 0);
	ATF_REQUIRE(tree_after(&p));
	ATF_REQUIRE_STREQ(prefix_format(&p, buf), "11.0.0.0/8");
	ATF_REQUIRE_EQ(prefix_parse("255.255.255.255/32", &p, NULL), 0);
	ATF_REQUIRE(!tree_after(&p));
	ATF_REQUIRE_EQ(prefix_parse("2001:db8::ffff/128", &p, NULL), 0);
	ATF_REQUIRE(tree_after(&p));
	ATF_REQUIRE_STREQ(prefix_format(&p, buf), "2001:db8::1:0/112");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, random4);
	ATF_TP_ADD_TC(tp, random6);
	ATF_TP_ADD_TC(tp, dense);
	ATF_TP_ADD_TC(tp, after);
	return (atf_no_error());
}
