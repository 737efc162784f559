/* SPDX-License-Identifier: ISC */
/*
 * Tables that rde builds anew beside those in use: what is in them, what is in
 * the old ones meanwhile, and what is left when it comes to nothing.
 */
#include <stdio.h>

#include "rde_fake.h"

#define MANY	400	/* hosts far apart, a node or two each */

static const char *const	nothing[] = { "10.0.0.0/8", NULL };
static const char *const	everything[] = { "0.0.0.0/0", "2001:db8::/32",
    NULL };

static const char *
host(unsigned int i)
{
	static char	text[32];

	snprintf(text, sizeof(text), "10.%u.%u.77/32", 64 + i / 100,
	    i % 100 * 2);
	return (text);
}

static void
hosts(struct fake *f, unsigned int n, const char *nexthop)
{
	unsigned int	i;

	for (i = 0; i < n; i++) {
		fake_routes(f, 0, host(i), 1, nexthop);
		pump(f, 0);
	}
}

/* The parent acknowledges no more, until rde writes no more: what changes from
   here on waits in its queues. */
static void
jam(struct fake *f)
{
	unsigned int	i, n;
	char		text[32];

	f->hold_acks = true;
	for (i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "10.40.%u.0/24", i);
		n = f->writes;
		fake_routes(f, 0, text, 1, "192.0.2.1");
		if (i < 16)
			AWAIT(f, f->writes > n);
	}
}

static void
unjam(struct fake *f)
{
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
}

static uint32_t
route(const struct fake *f, const char *nexthop)
{
	uint32_t	id;

	return ((id = wanted(f, nexthop)) == 0 ? 0 : LEAF_ALLOW | id);
}

/* Nothing has been forgotten of prefixes that were queued. */
static void
check_hosts(struct fake *f)
{
	unsigned int	i;
	char		text[32];

	hosts(f, MANY, "192.0.2.4");
	AWAIT(f, wanted(f, "192.0.2.4") != 0);
	for (i = 0; i < MANY; i++) {
		strlcpy(text, host(i), sizeof(text));
		*strchr(text, '/') = '\0';
		AWAIT(f, lookup4(f, text) == route(f, "192.0.2.4"));
	}
}

/* A router whose feed has converged: 10.1.0.0/24 and so on. */
static struct fake *
converged(uint32_t units)
{
	struct fake	*f;

	f = fake_start(units);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.1.0.0/24", 512, "192.0.2.1");
	fake_routes(f, 0, "2001:db8::/48", 50, "2001:db8::1");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 0, AF_INET6);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED &&
	    f->state[1] == FAMILY_CONVERGED);
	return (f);
}

static unsigned int
pending(struct fake *f)
{
	ask(f, CTL_SHOW_RIB_SUMMARY, NULL);
	AWAIT(f, f->ended);
	return (f->family[0].pending + f->family[1].pending);
}

/* What was right in the end was so without the audit's help. */
static void
finish(struct fake *f)
{
	ask(f, CTL_SHOW_MEMORY_RIB, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->audit.differences, 0);
	fake_stop(f);
}

static void
check_routes(struct fake *f)
{
	char		text[32];
	unsigned int	i;

	for (i = 0; i < 512; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.9", 1 + i / 256,
		    i % 256);
		ATF_REQUIRE_EQ_MSG(lookup4(f, text), route(f, "192.0.2.1"),
		    "%s", text);
	}
	ATF_CHECK_EQ(lookup4(f, "10.3.0.1"), LEAF_ALLOW);
	ATF_CHECK_EQ(lookup4(f, "10.0.0.1"), LEAF_ALLOW | LEAF_LOCAL);
	ATF_CHECK_EQ(lookup4(f, "11.0.0.1"), 0);
}

ATF_TC_WITHOUT_HEAD(swap);
ATF_TC_BODY(swap, tc)
{
	struct fake	*f;
	unsigned int	 told;

	f = converged(UNITS);
	told = f->told;
	fake_next(f, 2, UNITS * 2, NEXTHOPS);
	AWAIT(f, f->commits == 1);
	ATF_CHECK_EQ(f->generation, 2);
	check_routes(f);
	/* no state was anything else meanwhile, and life goes on */
	ATF_CHECK_EQ(f->told, told);
	fake_routes(f, 0, "10.1.7.0/24", 1, "192.0.2.2");
	AWAIT(f, lookup4(f, "10.1.7.1") != 0 &&
	    lookup4(f, "10.1.7.1") == route(f, "192.0.2.2"));
	fake_routes(f, 0, "10.1.7.0/24", 1, NULL);
	AWAIT(f, lookup4(f, "10.1.7.1") == LEAF_ALLOW && f->drops == 1);
	/* and back to the sizes of before */
	fake_next(f, 3, UNITS, NEXTHOPS);
	AWAIT(f, f->commits == 2);
	ATF_CHECK_EQ(lookup4(f, "10.1.7.1"), LEAF_ALLOW);
	ATF_CHECK_EQ(lookup4(f, "10.1.8.1"), route(f, "192.0.2.1"));
	ATF_CHECK_EQ(f->told, told);
	ATF_CHECK_EQ(pending(f), 0);
	finish(f);
}

/* What comes and goes while it is built is in the new tables when they are
   used, and in the old ones not before. */
ATF_TC_WITHOUT_HEAD(changes);
ATF_TC_BODY(changes, tc)
{
	struct fake	*f;
	uint32_t	 was;

	f = converged(UNITS);
	hosts(f, MANY, "192.0.2.3");
	AWAIT(f, lookup4(f, "10.67.198.77") == route(f, "192.0.2.3"));
	was = route(f, "192.0.2.1");
	jam(f);
	hosts(f, MANY / 2, NULL);
	fake_next(f, 2, UNITS * 2, NEXTHOPS);
	fake_routes(f, 0, "10.1.7.0/24", 1, "192.0.2.2");
	fake_routes(f, 0, "10.1.8.0/24", 8, NULL);
	fake_routes(f, 0, "10.4.0.0/14", 1, "192.0.2.2");
	hosts(f, MANY, NULL);
	fake_local(f, "10.9.0.1/32", true);
	AWAIT(f, wanted(f, "192.0.2.2") != 0);
	NEVER(f, lookup4(f, "10.1.7.1") != was ||
	    lookup4(f, "10.1.8.1") != was || f->commits > 0);
	/* the old tables still lead there */
	ATF_CHECK_EQ(f->drops, 0);
	unjam(f);
	AWAIT(f, f->commits == 1);
	AWAIT(f, lookup4(f, "10.1.7.1") == route(f, "192.0.2.2"));
	AWAIT(f, lookup4(f, "10.1.8.1") == LEAF_ALLOW);
	AWAIT(f, lookup4(f, "10.6.5.4") == route(f, "192.0.2.2"));
	AWAIT(f, lookup4(f, "10.67.198.77") == LEAF_ALLOW);
	AWAIT(f, lookup4(f, "10.9.0.1") == (LEAF_ALLOW | LEAF_LOCAL));
	AWAIT(f, f->drops == 1);
	ATF_CHECK_EQ(lookup4(f, "10.1.16.1"), was);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	check_hosts(f);
	ATF_CHECK_EQ(pending(f), 0);
	finish(f);
}

/* It could not be used: the old ones take up what they have missed. */
ATF_TC_WITHOUT_HEAD(failure);
ATF_TC_BODY(failure, tc)
{
	struct fake	*f;
	uint32_t	 was;

	f = converged(UNITS);
	hosts(f, MANY, "192.0.2.3");
	AWAIT(f, lookup4(f, "10.67.198.77") == route(f, "192.0.2.3"));
	was = route(f, "192.0.2.1");
	f->hold_commit = true;
	fake_next(f, 2, UNITS * 2, NEXTHOPS);
	AWAIT(f, f->commits == 1);
	fake_routes(f, 0, "10.1.7.0/24", 1, "192.0.2.2");
	AWAIT(f, wanted(f, "192.0.2.2") != 0);
	jam(f);
	fake_routes(f, 0, "10.1.8.0/24", 8, NULL);
	fake_routes(f, 0, "2001:db8:1::/48", 1, NULL);
	fake_routes(f, 0, "::/2", 1, "2001:db8::1");
	hosts(f, MANY, NULL);
	NEVER(f, lookup4(f, "10.1.7.1") != was);
	fake_swap(f, false);
	unjam(f);
	AWAIT(f, lookup4(f, "10.1.7.1") == route(f, "192.0.2.2"));
	AWAIT(f, lookup4(f, "10.1.8.1") == LEAF_ALLOW);
	AWAIT(f, lookup4(f, "10.67.198.77") == LEAF_ALLOW);
	AWAIT(f, f->drops == 1);
	ATF_CHECK_EQ(lookup4(f, "10.40.19.1"), was);
	check_hosts(f);
	ATF_CHECK_EQ(f->generation, GENERATION_FIRST);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	ATF_CHECK_EQ(pending(f), 0);
	/* the next has another number */
	f->hold_commit = false;
	fake_next(f, 3, UNITS, NEXTHOPS);
	AWAIT(f, f->commits == 2);
	ATF_CHECK_EQ(f->generation, 3);
	ATF_CHECK_EQ(lookup4(f, "10.1.7.1"), route(f, "192.0.2.2"));
	ATF_CHECK_EQ(pending(f), 0);
	finish(f);
}

ATF_TC_WITHOUT_HEAD(too_small);
ATF_TC_BODY(too_small, tc)
{
	struct fake	*f;

	f = converged(UNITS);
	hosts(f, MANY, "192.0.2.1");
	AWAIT(f, lookup4(f, "10.67.198.77") == route(f, "192.0.2.1"));
	fake_next(f, 2, 256, NEXTHOPS);
	AWAIT(f, f->aborts == 1);
	ATF_CHECK_EQ(f->commits, 0);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	fake_routes(f, 0, "10.1.7.0/24", 1, "192.0.2.2");
	AWAIT(f, wanted(f, "192.0.2.2") != 0 &&
	    lookup4(f, "10.1.7.1") == route(f, "192.0.2.2"));
	fake_routes(f, 0, "10.1.7.0/24", 1, "192.0.2.1");
	AWAIT(f, lookup4(f, "10.1.7.1") == route(f, "192.0.2.1"));
	check_routes(f);
	finish(f);
}

/* Larger tables are a way out of an overflow. */
ATF_TC_WITHOUT_HEAD(larger);
ATF_TC_BODY(larger, tc)
{
	struct fake	*f;

	f = converged(512);
	hosts(f, MANY, "192.0.2.3");
	AWAIT(f, f->state[0] == FAMILY_READY);
	/* one that is as small changes nothing, but is taken */
	fake_next(f, 2, 512, NEXTHOPS);
	AWAIT(f, f->commits == 1);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_next(f, 3, UNITS, NEXTHOPS);
	AWAIT(f, f->commits == 2);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->generation, 3);
	ATF_CHECK_EQ(lookup4(f, "10.67.198.77"), route(f, "192.0.2.3"));
	check_routes(f);
	finish(f);
}

/* A feed that converges, or is lost, while tables are built. */
ATF_TC_WITHOUT_HEAD(feed);
ATF_TC_BODY(feed, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.1.0.0/24", 512, "192.0.2.1");
	AWAIT(f, wanted(f, "192.0.2.1") != 0);
	f->hold_acks = true;
	fake_next(f, 2, UNITS, NEXTHOPS);
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 0, AF_INET6);
	NEVER(f, f->state[0] == FAMILY_CONVERGED || f->commits > 0);
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->generation, 2);
	check_routes(f);

	f->hold_commit = true;
	fake_next(f, 3, UNITS, NEXTHOPS);
	AWAIT(f, f->commits == 2);
	fake_down(f, 0);
	AWAIT(f, f->state[0] == FAMILY_READY);
	fake_swap(f, true);
	AWAIT(f, lookup4(f, "10.1.0.1") == LEAF_ALLOW);
	AWAIT(f, f->drops == 1);
	ATF_CHECK_EQ(f->state[0], FAMILY_READY);
	ATF_CHECK_EQ(pending(f), 0);
	finish(f);
}

/* Much policy is not changed in place: old and new do not mix. */
ATF_TC_WITHOUT_HEAD(policy);
ATF_TC_BODY(policy, tc)
{
	struct fake	*f;
	uint32_t	 id;

	f = converged(UNITS);
	fake_config(f, everything);
	AWAIT(f, f->generations_wanted == 1);
	fake_routes(f, 0, "20.0.0.0/24", 1, "192.0.2.1");
	AWAIT(f, lookup4(f, "20.0.0.1") == wanted(f, "192.0.2.1"));
	f->hold_acks = true;
	fake_next(f, 2, UNITS, NEXTHOPS);
	NEVER(f, lookup4(f, "20.0.0.1") & LEAF_ALLOW);
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
	AWAIT(f, f->commits == 1);
	ATF_CHECK_EQ(lookup4(f, "20.0.0.1"), route(f, "192.0.2.1"));
	ATF_CHECK_EQ(lookup4(f, "9.0.0.1"), LEAF_ALLOW);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);

	/* there is no way to build: in place, then */
	id = wanted(f, "192.0.2.1");
	fake_config(f, nothing);
	AWAIT(f, f->generations_wanted == 2);
	NEVER(f, lookup4(f, "9.0.0.1") != LEAF_ALLOW);
	fake_u32(f, M_GENERATION_FAILED, 0);
	AWAIT(f, lookup4(f, "9.0.0.1") == 0);
	AWAIT(f, lookup4(f, "20.0.0.1") == id);
	fake_routes(f, 0, "20.0.0.0/24", 1, NULL);
	AWAIT(f, lookup4(f, "20.0.0.1") == 0);
	check_routes(f);
	/* a small change needs no other tables */
	fake_config(f, allow_ten);
	NEVER(f, f->generations_wanted > 2);
	finish(f);
}

/* Fewer ids than are in use are refused before anything is done; and none that
   would be too high is given out after. */
ATF_TC_WITHOUT_HEAD(fewer_nexthops);
ATF_TC_BODY(fewer_nexthops, tc)
{
	struct config	*c;
	struct fake	*f;
	char		 nh[32];
	unsigned int	 i, n;

	f = converged(UNITS);
	/* ids 4 to 33 */
	for (i = 0; i < 30; i++) {
		snprintf(nh, sizeof(nh), "192.0.2.%u", 100 + i);
		fake_routes(f, 0, host(i), 1, nh);
	}
	AWAIT(f, wanted(f, "192.0.2.129") == 33);
	ATF_REQUIRE((c = config_new()) != NULL);
	c->nexthops_max = 16;
	fake_stage(f, c);
	AWAIT(f, f->refusals == 1);
	/* the upper ten are free again */
	for (i = 20; i < 30; i++)
		fake_routes(f, 0, host(i), 1, NULL);
	AWAIT(f, f->drops == 10);
	c->nexthops_max = 26;
	n = f->configs;
	fake_stage(f, c);
	AWAIT(f, f->configs == n + 1);
	/* from now on, not only when there are tables */
	for (i = 0; i < 20; i++) {
		snprintf(nh, sizeof(nh), "192.0.3.%u", i);
		fake_routes(f, 0, host(100 + i), 1, nh);
	}
	AWAIT(f, lookup4(f, "10.65.38.77") == (LEAF_ALLOW | LEAF_ID_PUNT));
	for (i = 28; i < NWANTS; i++)
		ATF_CHECK_EQ(f->want[i].af, AF_UNSPEC);
	/* and while there are tables, too, until another config */
	fake_send(f, PARENT, M_CONFIG_COMMIT, 0, -1, NULL, 0);
	fake_next(f, 2, UNITS, 32);
	AWAIT(f, f->commits == 1);
	NEVER(f, f->want[28].af != AF_UNSPEC);
	c->nexthops_max = 100;
	fake_stage(f, c);
	fake_send(f, PARENT, M_CONFIG_COMMIT, 0, -1, NULL, 0);
	AWAIT(f, f->want[31].af != AF_UNSPEC);
	for (i = 32; i < NWANTS; i++)
		ATF_CHECK_EQ(f->want[i].af, AF_UNSPEC);
	/* one that is staged while tables are built raises nothing, nor does
	   it fall */
	f->hold_commit = true;
	fake_next(f, 3, UNITS, 64);
	AWAIT(f, f->commits == 2);
	c->nexthops_max = 36;
	n = f->configs;
	fake_stage(f, c);
	AWAIT(f, f->configs == n + 1);
	NEVER(f, f->want[32].af != AF_UNSPEC);
	fake_swap(f, true);
	AWAIT(f, f->want[37].af != AF_UNSPEC);
	NEVER(f, f->want[38].af != AF_UNSPEC);
	config_free(c);
	finish(f);
}

static void
valid(struct fake *f, const char *nexthop)
{
	struct msg_nexthop_state	s;

	AWAIT(f, (s.id = wanted(f, nexthop)) != 0);
	s.state = NEXTHOP_VALID;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
}

/* Is the route to an address a group of these two? */
static bool
group_of(const struct fake *f, const char *addr, const char *one,
    const char *two)
{
	const uint32_t	*g;
	uint32_t	 leaf;

	leaf = lookup4(f, addr);
	g = f->table[FIB_TABLE_GROUPS] + (leaf & LEAF_ID) * GROUP_WORDS;
	return ((leaf & LEAF_GROUP) && g[0] == 2 && g[1] == wanted(f, one) &&
	    g[2] == wanted(f, two) && g[3] == 0);
}

/* Groups are in the new tables before any leaf names them there; those that
   come while they are built are in both. */
ATF_TC_WITHOUT_HEAD(groups);
ATF_TC_BODY(groups, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_peer(f, 1);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_routes(f, 1, "10.1.0.0/16", 1, "192.0.2.2");
	fake_routes(f, 0, "10.2.0.0/16", 1, "192.0.2.3");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 1, AF_INET);
	valid(f, "192.0.2.1");
	valid(f, "192.0.2.2");
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	AWAIT(f, group_of(f, "10.1.0.1", "192.0.2.1", "192.0.2.2"));
	f->hold_commit = true;
	fake_next(f, 2, UNITS, NEXTHOPS);
	AWAIT(f, f->commits == 1);
	fake_routes(f, 1, "10.2.0.0/16", 1, "192.0.2.4");
	valid(f, "192.0.2.3");
	valid(f, "192.0.2.4");
	NEVER(f, lookup4(f, "10.2.0.1") & LEAF_GROUP);
	fake_swap(f, true);
	AWAIT(f, group_of(f, "10.1.0.1", "192.0.2.1", "192.0.2.2"));
	AWAIT(f, group_of(f, "10.2.0.1", "192.0.2.3", "192.0.2.4"));
	finish(f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, swap);
	ATF_TP_ADD_TC(tp, changes);
	ATF_TP_ADD_TC(tp, failure);
	ATF_TP_ADD_TC(tp, too_small);
	ATF_TP_ADD_TC(tp, larger);
	ATF_TP_ADD_TC(tp, feed);
	ATF_TP_ADD_TC(tp, policy);
	ATF_TP_ADD_TC(tp, fewer_nexthops);
	ATF_TP_ADD_TC(tp, groups);
	return (atf_no_error());
}
