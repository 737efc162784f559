/* SPDX-License-Identifier: ISC */
/*
 * What a BMP station's peers mean to convergence: a source is there when it has
 * a peer, however many it has.
 */
#include "rde_fake.h"

static void
peer_of(struct fake *f, enum end end, uint32_t id, uint32_t source)
{
	struct msg_peer	p = { .id = id, .source = source,
	    .addr = prefix("198.51.100.1").addr, .remote_as = 65000,
	    .local_as = 65000, .router_id = 1, .families = BGP_FAM_IPV4 };

	fake_record(f, end, M_PEER_UP, &record_msg_peer, &p);
}

static void
eor_of(struct fake *f, enum end end, uint32_t id)
{
	struct msg_eor	m = { id, AF_INET };

	fake_record(f, end, M_END_OF_RIB, &record_msg_eor, &m);
}

/* A listener for BGP, and a station. */
static struct fake *
start_two(void)
{
	struct config_source	*s;
	struct config_prefix	*a;
	struct config		*c;
	struct fake		*f;
	uint32_t		 i;

	f = fake_start(UNITS);
	fake_tables(f);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	ATF_REQUIRE((c = config_new()) != NULL);
	ATF_REQUIRE((a = config_add(&c->allow, &c->nallow,
	    sizeof(*a))) != NULL);
	a->prefix = prefix("10.0.0.0/8");
	for (i = 0; i < 2; i++) {
		ATF_REQUIRE((s = config_add(&c->sources, &c->nsources,
		    sizeof(*s))) != NULL);
		s->addr = prefix("127.0.0.1").addr;
		s->port = (uint16_t)(1179 + i);
		s->bmp = i == 1;
		s->local_as = s->peer_as = s->bmp ? 0 : 65000;
	}
	fake_stage(f, c);
	fake_send(f, PARENT, M_CONFIG_COMMIT, 0, -1, NULL, 0);
	config_free(c);
	AWAIT(f, f->state[0] == FAMILY_READY);
	return (f);
}

ATF_TC_WITHOUT_HEAD(many_peers_one_source);
ATF_TC_BODY(many_peers_one_source, tc)
{
	struct fake	*f;
	uint32_t	 i;

	f = start_two();
	for (i = 0; i < 200; i++)
		peer_of(f, STATION, i, 1);
	for (i = 0; i < 200; i++)
		eor_of(f, STATION, i);
	fake_paths(f, STATION, 7, PATH_ID_NONE, "10.1.0.0/16", 1,
	    "192.0.2.1");
	AWAIT(f, wanted(f, "192.0.2.1") != 0);
	/* the neighbor has not come yet */
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	peer_of(f, ENGINE, 0, 0);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	eor_of(f, ENGINE, 0);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(lookup4(f, "10.1.2.3"),
	    LEAF_ALLOW | wanted(f, "192.0.2.1"));
	fake_stop(f);
}

/* Each peer that is up is waited for. */
ATF_TC_WITHOUT_HEAD(every_peer);
ATF_TC_BODY(every_peer, tc)
{
	struct fake	*f;
	uint32_t	 i;

	f = start_two();
	peer_of(f, ENGINE, 0, 0);
	eor_of(f, ENGINE, 0);
	for (i = 0; i < 200; i++)
		peer_of(f, STATION, i, 1);
	for (i = 1; i < 200; i++)
		eor_of(f, STATION, i);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	eor_of(f, STATION, 0);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	fake_stop(f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, many_peers_one_source);
	ATF_TP_ADD_TC(tp, every_peer);
	return (atf_no_error());
}
