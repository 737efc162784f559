/* SPDX-License-Identifier: ISC */
/* What may be asked over a control socket, and by whom. */
#include <atf-c.h>
#include <sys/socket.h>

#include "../../control/control.h"

ATF_TC_WITHOUT_HEAD(rules);
ATF_TC_BODY(rules, tc)
{
	uint32_t type;

	ATF_CHECK(request_rule(0) == NULL);
	ATF_CHECK(request_rule(UINT32_MAX) == NULL);
	/* every request has a rule, and no record is one */
	for (type = CTL_SHOW; type < REC_SUMMARY; type++)
		ATF_CHECK_MSG((request_rule(type) != NULL) ==
			(type <= CTL_SHOW_BMP),
		    "type %u", type);
	for (type = REC_SUMMARY; type < REC_SUMMARY + 100; type++)
		ATF_CHECK_MSG(request_rule(type) == NULL, "type %u", type);
}

/* Restricted sockets are refused all but what only shows. */
ATF_TC_WITHOUT_HEAD(restricted);
ATF_TC_BODY(restricted, tc)
{
	static const uint32_t shows[] = { CTL_SHOW, CTL_SHOW_RIB_SUMMARY,
		CTL_SHOW_FIB, CTL_SHOW_NEIGHBOR, CTL_SHOW_NEIGHBOR_RIB,
		CTL_SHOW_NEXTHOP, CTL_SHOW_NEXTHOP_RIB, CTL_SHOW_INTERFACES,
		CTL_SHOW_COUNTERS, CTL_SHOW_POLICY, CTL_SHOW_RIB,
		CTL_SHOW_MEMORY, CTL_SHOW_MEMORY_RIB,
		CTL_SHOW_BMP };
	uint32_t type;
	size_t i;
	bool show;

	for (type = CTL_SHOW; type <= CTL_SHOW_BMP; type++) {
		show = false;
		for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
			show = show || shows[i] == type;
		ATF_REQUIRE(request_rule(type) != NULL);
		ATF_CHECK_MSG(request_rule(type)->changes == !show, "type %u",
		    type);
	}
}

/* The body of each request is as long as its record's wire form. */
ATF_TC_WITHOUT_HEAD(bodies);
ATF_TC_BODY(bodies, tc)
{
	struct ctl_fib_request req = { 0 };
	struct ctl_rib_request rib = { 0 };
	struct msg_u32 u = { 0 };
	struct ibuf *b;

	ATF_REQUIRE((b = ibuf_new(4096)) != NULL);
	ATF_REQUIRE_EQ(0, record_put(b, &record_ctl_fib_request, &req));
	ATF_CHECK_EQ(ibuf_left(b), request_rule(CTL_SHOW_FIB)->body);
	ibuf_free(b);
	ATF_REQUIRE((b = ibuf_new(4096)) != NULL);
	ATF_REQUIRE_EQ(0, record_put(b, &record_ctl_rib_request, &rib));
	ATF_CHECK_EQ(ibuf_left(b), request_rule(CTL_SHOW_RIB)->body);
	ibuf_free(b);
	ATF_REQUIRE((b = ibuf_new(4096)) != NULL);
	ATF_REQUIRE_EQ(0, record_put(b, &record_msg_u32, &u));
	ATF_CHECK_EQ(ibuf_left(b), request_rule(CTL_LOG)->body);
	ibuf_free(b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rules);
	ATF_TP_ADD_TC(tp, restricted);
	ATF_TP_ADD_TC(tp, bodies);
	return (atf_no_error());
}
