/* SPDX-License-Identifier: ISC */
/*
 * The audit, as a core on tables of the test's own and through the whole
 * process: what is spoilt is found, named, counted and repaired, and what is
 * no business of its is left alone.
 */
#include <errno.h>
#include <stdio.h>

#include "rde_fake.h"

#define POOL_UNITS	8192
#define DIFFS		64

struct core {
	struct tree		*tree;
	struct fib		*fib;
	bool			 v6;
	uint32_t		*dir, *pool;
	uint64_t		 writes;
	struct fib_difference	 diff[DIFFS];
	unsigned int		 ndiff;
};

static int
core_write(void *arg, enum fib_table t, uint32_t index, const uint32_t *words,
    uint32_t n)
{
	struct core	*c = arg;

	memcpy((t == FIB_TABLE_DIR4 || t == FIB_TABLE_DIR6 ? c->dir :
	    c->pool) + index, words, n * sizeof(*words));
	c->writes++;
	return (0);
}

static void
core_differs(void *arg, const struct fib_difference *d)
{
	struct core	*c = arg;

	ATF_REQUIRE(c->ndiff < DIFFS);
	c->diff[c->ndiff++] = *d;
}

static void
core_set(struct core *c, const char *text, uint32_t leaf, bool tell)
{
	struct prefix	 p = prefix(text);
	struct tree_ent	*e;

	ATF_REQUIRE((e = tree_insert(c->tree, &p)) != NULL);
	e->leaf = (e->leaf & ENT_DIRTY) | leaf;
	e->dest = leaf != 0;
	if (tell)
		ATF_REQUIRE_EQ(fib_dirty(c->fib, &p), 0);
}

static void
core_settle(struct core *c)
{
	int	r;

	while ((r = fib_step(c->fib, 100)) == 1)
		;
	ATF_REQUIRE_EQ(r, 0);
}

static struct core *
core_new(int af)
{
	struct core	*c;
	char		 text[64];
	int		 i;

	ATF_REQUIRE((c = calloc(1, sizeof(*c))) != NULL);
	c->v6 = af == AF_INET6;
	c->dir = calloc(FIB6_DIR_WORDS, sizeof(*c->dir));
	c->pool = calloc(POOL_UNITS, 8);
	c->tree = tree_new(af);
	ATF_REQUIRE(c->dir != NULL && c->pool != NULL && c->tree != NULL);
	c->fib = fib_new(c->tree, POOL_UNITS, core_write, c);
	ATF_REQUIRE(c->fib != NULL);
	fib_dirty_all(c->fib);
	for (i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), c->v6 ? "2a00:%x:7::/48" :
		    "10.%u.7.0/24", i);
		core_set(c, text, ENT_ROUTE | (uint32_t)(5 + i), true);
	}
	core_set(c, c->v6 ? "fd00::/9" : "0.0.0.0/1", ENT_ROUTE | 9000, true);
	core_settle(c);
	return (c);
}

static void
core_free(struct core *c)
{
	fib_free(c->fib);
	tree_free(c->tree);
	free(c->dir);
	free(c->pool);
	free(c);
}

static const uint32_t *
core_words(const struct core *c, const struct fib_words *w)
{
	bool	dir = w->table == FIB_TABLE_DIR4 || w->table == FIB_TABLE_DIR6;

	ATF_REQUIRE(w->count > 0 && w->count <= TABLE_READ_MAX);
	ATF_REQUIRE(w->index + w->count <= (dir ? c->v6 ? FIB6_DIR_WORDS :
	    FIB4_DIR_WORDS : POOL_UNITS * 2));
	return ((dir ? c->dir : c->pool) + w->index);
}

/* A round; returns how many words it looked at. */
static uint64_t
core_round(struct core *c)
{
	struct fib_words	w;
	uint64_t		words = 0;
	uint32_t		percent = 0;
	int			r;

	c->ndiff = 0;
	ATF_REQUIRE_EQ(fib_audit_start(c->fib, true, core_differs, c), 0);
	while ((r = fib_audit_next(c->fib, &w)) == 1) {
		words += w.count;
		ATF_REQUIRE(fib_audit_percent(c->fib) >= percent);
		percent = fib_audit_percent(c->fib);
		ATF_REQUIRE_EQ(fib_audit_words(c->fib, core_words(c, &w)), 0);
		core_settle(c);
	}
	ATF_REQUIRE_EQ(r, 0);
	ATF_REQUIRE_EQ(percent, 100);
	return (words);
}

/* Nothing is wrong, and nothing is written. */
static void
clean(int af)
{
	struct core		*c = core_new(af);
	struct fib_words	 w;
	uint64_t		 writes = c->writes;
	uint32_t		 epoch;

	ATF_REQUIRE(core_round(c) > (c->v6 ? FIB6_DIR_WORDS : FIB4_DIR_WORDS));
	ATF_CHECK_EQ(c->ndiff, 0);
	ATF_CHECK_EQ(c->writes, writes);
	/* What is free, or was unlinked, is nobody's. */
	core_set(c, c->v6 ? "2a00:3:7::/48" : "10.3.7.0/24", 0, true);
	core_set(c, c->v6 ? "2a00:4:7::/48" : "10.4.7.0/24", 0, true);
	core_settle(c);
	if ((epoch = fib_seal(c->fib)) != 0)
		fib_release(c->fib, epoch);
	core_set(c, c->v6 ? "2a00:5:7::/48" : "10.5.7.0/24", 0, true);
	core_settle(c);
	core_round(c);
	ATF_CHECK_EQ(c->ndiff, 0);
	/* One at a time, and not while something is to be done. */
	ATF_REQUIRE_EQ(fib_audit_start(c->fib, true, core_differs, c), 0);
	core_set(c, c->v6 ? "2a00:6:7::/48" : "10.6.7.0/24", ENT_ROUTE | 3,
	    true);
	ATF_CHECK_ERRNO(EAGAIN, fib_audit_next(c->fib, &w) == -1);
	core_settle(c);
	ATF_CHECK_EQ(fib_audit_next(c->fib, &w), 1);
	ATF_CHECK_ERRNO(EAGAIN, fib_audit_next(c->fib, &w) == -1);
	ATF_CHECK_EQ(fib_audit_words(c->fib, core_words(c, &w)), 0);
	ATF_CHECK_ERRNO(EINVAL, fib_audit_words(c->fib,
	    core_words(c, &w)) == -1);
	core_free(c);
}

ATF_TC_WITHOUT_HEAD(core_clean);
ATF_TC_BODY(core_clean, tc)
{
	clean(AF_INET);
	clean(AF_INET6);
}

/* Every word that a lookup may meet is looked at, and put right. */
static void
spoilt(int af)
{
	struct core	*c = core_new(af);
	uint32_t	 slot, unit, expect;
	int		 i;

	slot = c->v6 ? 0xa0000 : 10 << 10 | 9 << 2;
	ATF_REQUIRE(c->dir[slot] & FIB_NODE);
	expect = c->dir[slot];
	c->dir[slot] = 0x55;
	core_round(c);
	ATF_CHECK_EQ(c->ndiff, 1);
	ATF_CHECK_EQ(c->diff[0].table, c->v6 ? FIB_TABLE_DIR6 :
	    FIB_TABLE_DIR4);
	ATF_CHECK_EQ(c->diff[0].index, slot);
	ATF_CHECK_EQ(c->diff[0].found, 0x55);
	ATF_CHECK_EQ(c->diff[0].expected, expect);
	ATF_CHECK(!c->diff[0].image);
	ATF_CHECK_EQ(c->dir[slot], expect);

	/* The node: its bitmap, both halves, and its words. */
	unit = expect & FIB_UNIT;
	for (i = 0; i < (expect & FIB_TINY ? 2 : 3); i++) {
		expect = c->pool[unit * 2 + (unsigned int)i];
		c->pool[unit * 2 + (unsigned int)i] ^= 0x10;
		core_round(c);
		ATF_CHECK_EQ(c->ndiff, 1);
		ATF_CHECK_EQ(c->diff[0].index, unit * 2 + (unsigned int)i);
		ATF_CHECK_EQ(c->pool[unit * 2 + (unsigned int)i], expect);
	}
	if (c->v6) {
		c->pool[0] ^= 1;
		core_round(c);
		ATF_CHECK_EQ(c->ndiff, 1);
		ATF_CHECK_EQ(c->diff[0].index, 0);
	}
	core_round(c);
	ATF_CHECK_EQ(c->ndiff, 0);
	core_free(c);
}

ATF_TC_WITHOUT_HEAD(core_spoilt);
ATF_TC_BODY(core_spoilt, tc)
{
	spoilt(AF_INET);
	spoilt(AF_INET6);
}

/* A change of the tree that was forgotten. */
ATF_TC_WITHOUT_HEAD(core_forgotten);
ATF_TC_BODY(core_forgotten, tc)
{
	struct core		*c;
	struct fib_words	 w;
	struct addr		 a;
	int			 v6;

	for (v6 = 0; v6 < 2; v6++) {
		c = core_new(v6 ? AF_INET6 : AF_INET);
		core_set(c, v6 ? "2a00:77:7::/48" : "10.77.7.0/24",
		    ENT_ROUTE | 4242, false);
		a = prefix(v6 ? "2a00:77:7::1" : "10.77.7.1").addr;
		ATF_REQUIRE(fib_lookup(c->fib, &a) != 4242);
		/* Not the audit's finding, if something changed besides. */
		c->ndiff = 0;
		ATF_REQUIRE_EQ(fib_audit_start(c->fib, true, core_differs, c),
		    0);
		do {
			ATF_REQUIRE_EQ(fib_audit_next(c->fib, &w), 1);
			core_set(c, v6 ? "3fff::/20" : "99.9.0.0/16",
			    ENT_ROUTE | 7, true);
			core_settle(c);
			ATF_REQUIRE_EQ(fib_audit_words(c->fib,
			    core_words(c, &w)), 0);
			core_settle(c);
		} while (fib_lookup(c->fib, &a) != 4242);
		ATF_CHECK_EQ(c->ndiff, 0);
		core_set(c, v6 ? "2a00:77:7::/48" : "10.77.7.0/24",
		    ENT_ROUTE | 4343, false);
		core_set(c, v6 ? "fd7f::/48" : "10.1.77.0/24", ENT_ROUTE | 5,
		    false);
		core_round(c);
		ATF_CHECK(c->ndiff >= 1);
		ATF_CHECK(c->diff[0].image);
		ATF_CHECK_EQ(fib_lookup(c->fib, &a), 4343);
		a = prefix(v6 ? "fd7f::1" : "10.1.77.1").addr;
		ATF_CHECK_EQ(fib_lookup(c->fib, &a), 5);
		core_round(c);
		ATF_CHECK_EQ(c->ndiff, 0);
		core_free(c);
	}
}

/* Words that changed by a write of ours while they were being read. */
ATF_TC_WITHOUT_HEAD(core_meanwhile);
ATF_TC_BODY(core_meanwhile, tc)
{
	static uint32_t		 words[TABLE_READ_MAX];
	struct core		*c;
	struct fib_words	 w;
	unsigned int		 i;
	char			 text[64];
	uint64_t		 writes;
	uint32_t		 epoch;

	c = core_new(AF_INET);
	c->ndiff = 0;
	ATF_REQUIRE_EQ(fib_audit_start(c->fib, true, core_differs, c), 0);
	for (i = 0; fib_audit_next(c->fib, &w) == 1; i++) {
		memcpy(words, core_words(c, &w), w.count * sizeof(*words));
		snprintf(text, sizeof(text), "10.%u.7.0/24", i % 200);
		core_set(c, text, i % 3 == 0 ? 0 : ENT_ROUTE | (3000 + i),
		    true);
		core_settle(c);
		if ((epoch = fib_seal(c->fib)) != 0)
			fib_release(c->fib, epoch);
		/* as they were when they were asked for */
		ATF_REQUIRE_EQ(fib_audit_words(c->fib, words), 0);
		core_settle(c);
	}
	ATF_CHECK_EQ(c->ndiff, 0);
	core_round(c);
	ATF_CHECK_EQ(c->ndiff, 0);
	/* Spoilt, and gone or rewritten by the time we know: no harm. */
	ATF_REQUIRE_EQ(fib_audit_start(c->fib, true, core_differs, c), 0);
	while (fib_audit_next(c->fib, &w) == 1 && w.table == FIB_TABLE_DIR4)
		ATF_REQUIRE_EQ(fib_audit_words(c->fib, core_words(c, &w)) +
		    fib_step(c->fib, 1000000), 0);
	memset(words, 0x5a, sizeof(words));
	ATF_REQUIRE(w.count > 100);
	memcpy(words + 64, c->pool + w.index + 64, (w.count - 64) *
	    sizeof(*words));
	for (i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "10.%u.7.0/24", i);
		core_set(c, text, 0, true);
	}
	core_settle(c);
	writes = c->writes;
	ATF_REQUIRE_EQ(fib_audit_words(c->fib, words), 0);
	core_settle(c);
	ATF_CHECK(c->ndiff > 0);
	ATF_CHECK_EQ(c->writes, writes);
	core_round(c);
	ATF_CHECK_EQ(c->ndiff, 0);
	core_free(c);
}

/*
 * Through the whole process.
 */
static struct ctl_audit	audit;

static void
on_memory(struct fake *f, struct imsg *m)
{
	uint32_t	type;

	if (m->hdr.type == M_CTL_END) {
		f->ended = true;
		return;
	}
	ATF_REQUIRE_EQ(ibuf_get_u32(&m->body, &type), 0);
	if (type == REC_AUDIT)
		msg_get(m, &record_ctl_audit, &audit);
}

static void
ask_audit(struct fake *f)
{
	memset(&audit, 0, sizeof(audit));
	f->hook = on_memory;
	ask(f, CTL_SHOW_MEMORY_RIB, NULL);
	AWAIT(f, f->ended);
	f->hook = NULL;
}

static uint32_t	spoil_table, spoil_index;

/* Once, right before it is read. */
static void
spoil_word(struct fake *f, uint32_t table, uint32_t index, uint32_t count)
{
	if (table != spoil_table || spoil_index < index ||
	    spoil_index >= index + count)
		return;
	f->table[table][spoil_index] ^= 1;
	f->spoil = NULL;
}

static void
fake_valid(struct fake *f, const char *nexthop)
{
	struct msg_nexthop_state	s = { wanted(f, nexthop),
	    NEXTHOP_VALID };

	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
}

static void
process(uint32_t table, uint32_t (*index)(struct fake *))
{
	struct fake	*f;
	uint32_t	 word;
	unsigned int	 reads;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_peer(f, 1);
	fake_routes(f, 0, "10.1.0.0/24", 100, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 1, AF_INET);
	fake_eor(f, 0, AF_INET6);
	fake_eor(f, 1, AF_INET6);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED &&
	    f->state[1] == FAMILY_CONVERGED);
	/* two equal paths: a group */
	fake_routes(f, 0, "10.3.0.0/24", 1, "192.0.2.1");
	fake_routes(f, 1, "10.3.0.0/24", 1, "192.0.2.2");
	AWAIT(f, wanted(f, "192.0.2.1") != 0 && wanted(f, "192.0.2.2") != 0);
	fake_valid(f, "192.0.2.1");
	fake_valid(f, "192.0.2.2");
	AWAIT(f, lookup4(f, "10.3.0.1") & LEAF_GROUP);
	spoil_table = table;
	spoil_index = index(f);
	word = f->table[spoil_table][spoil_index];
	f->spoil = spoil_word;
	AWAIT(f, f->spoil == NULL);
	ATF_REQUIRE(f->table[spoil_table][spoil_index] != word);
	AWAIT(f, f->table[spoil_table][spoil_index] == word);
	ask_audit(f);
	ATF_CHECK_EQ(audit.differences, 1);
	if (table == FIB_TABLE_POOL4) {
		/* While something is not acknowledged, nothing is read. */
		f->hold_acks = true;
		fake_routes(f, 0, "10.2.0.0/24", 1, "192.0.2.1");
		AWAIT(f, lookup4(f, "10.2.0.1") & LEAF_ID);
		reads = f->reads;
		NEVER(f, f->reads > reads + 1);
		f->hold_acks = false;
		fake_u32(f, M_TABLE_ACK, f->seq);
		AWAIT(f, f->reads > reads + 1);
	}
	do {
		pump(f, 100);
		ask_audit(f);
	} while (audit.rounds == 0);
	ATF_CHECK_EQ(audit.rounds, 1);
	ATF_CHECK(audit.last < DEADLINE);
	ATF_CHECK(audit.words > FIB4_DIR_WORDS + FIB6_DIR_WORDS);
	ATF_CHECK_EQ(audit.differences, 1);
	fake_stop(f);
}

static uint32_t
pool_index(struct fake *f)
{
	uint32_t	word = f->table[FIB_TABLE_DIR4][10 << 10 | 1 << 2 | 1];

	ATF_REQUIRE(word & FIB_NODE);
	return ((word & FIB_UNIT) * 2);
}

static uint32_t
dir_index(struct fake *f)
{
	/* in the last slice: after the policy of IPv6 was compiled */
	return (FIB6_DIR_WORDS - 1);
}

ATF_TC_WITHOUT_HEAD(process_node);
ATF_TC_BODY(process_node, tc)
{
	process(FIB_TABLE_POOL4, pool_index);
}

ATF_TC_WITHOUT_HEAD(process_slot);
ATF_TC_BODY(process_slot, tc)
{
	process(FIB_TABLE_DIR6, dir_index);
}

static uint32_t
group_index(struct fake *f)
{
	return ((lookup4(f, "10.3.0.1") & LEAF_ID) * GROUP_WORDS + 1);
}

ATF_TC_WITHOUT_HEAD(process_group);
ATF_TC_BODY(process_group, tc)
{
	process(FIB_TABLE_GROUPS, group_index);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, core_clean);
	ATF_TP_ADD_TC(tp, core_spoilt);
	ATF_TP_ADD_TC(tp, core_forgotten);
	ATF_TP_ADD_TC(tp, core_meanwhile);
	ATF_TP_ADD_TC(tp, process_node);
	ATF_TP_ADD_TC(tp, process_slot);
	ATF_TP_ADD_TC(tp, process_group);
	return (atf_no_error());
}
