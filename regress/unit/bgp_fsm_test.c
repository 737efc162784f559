/* SPDX-License-Identifier: ISC */
/* The state machine against RFC 4271 section 8.2.2, written out. */
#include <atf-c.h>
#include <string.h>

#include "../../bgpe/bgpe.h"

/* o: open sent, k: keepalive sent, n: notification, f: the event is the error,
   H: large hold timer, h: hold timer, t: keepalive timer, O: opened, U: up,
   R: routes, D: down, c: closed */
static const char letters[] = "foknHhtOURDc";

static const struct {
	enum fsm_event	event;
	const char	*idle, *active, *opensent, *openconfirm, *established;
} rows[] = {
	{ EV_START, "A", "A", "S", "C", "E" },
	{ EV_STOP, "I", "I", "I nc", "I nc", "I nDc" },
	{ EV_TCP_UP, "I", "S oH", "S", "C", "E" },
	{ EV_TCP_LOST, "I", "I", "A c", "I c", "I Dc" },
	{ EV_HOLD_EXPIRED, "I", "I", "I nc", "I nc", "I nDc" },
	{ EV_KEEPALIVE_DUE, "I", "I", "I fnc", "C kt", "E kt" },
	{ EV_OPEN, "I", "I", "C khtO", "I fnc", "I fnDc" },
	{ EV_HEADER_ERROR, "I", "I", "I nc", "I nc", "I nDc" },
	{ EV_OPEN_ERROR, "I", "I", "I nc", "I nc", "I nDc" },
	{ EV_COLLISION, "I", "I", "I nc", "I nc", "I nDc" },
	{ EV_NOTIFICATION, "I", "I", "I c", "I c", "I Dc" },
	{ EV_KEEPALIVE, "I", "I", "I fnc", "E hU", "E h" },
	{ EV_UPDATE, "I", "I", "I fnc", "I fnc", "E hR" },
	{ EV_UPDATE_ERROR, "I", "I", "I fnc", "I fnc", "I nDc" },
	{ EV_REFRESH, "I", "I", "I fnc", "I fnc", "E h" }
};

static void
check(enum fsm_state state, enum fsm_event event, const char *expect)
{
	struct fsm_result r = fsm_step(state, event);
	char text[32], *p = text;
	unsigned int i;

	*p++ = "IASCE"[r.state];
	if (r.actions != 0)
		*p++ = ' ';
	for (i = 0; i < sizeof(letters) - 1; i++)
		if (r.actions & 1U << i)
			*p++ = letters[i];
	*p = '\0';
	ATF_CHECK_MSG(strcmp(expect, text) == 0,
	    "%s, event %d: \"%s\", expected \"%s\"", fsm_state_name(state),
	    event, text, expect);
}

ATF_TC_WITHOUT_HEAD(transitions);
ATF_TC_BODY(transitions, tc)
{
	size_t i;

	ATF_CHECK_EQ(FSM_EVENTS, sizeof(rows) / sizeof(rows[0]));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ATF_CHECK_EQ(i, rows[i].event);
		check(FSM_IDLE, rows[i].event, rows[i].idle);
		check(FSM_ACTIVE, rows[i].event, rows[i].active);
		check(FSM_OPENSENT, rows[i].event, rows[i].opensent);
		check(FSM_OPENCONFIRM, rows[i].event, rows[i].openconfirm);
		check(FSM_ESTABLISHED, rows[i].event, rows[i].established);
	}
}

/* Whatever leaves Established says so, once, and nothing else does. */
ATF_TC_WITHOUT_HEAD(down);
ATF_TC_BODY(down, tc)
{
	struct fsm_result r;
	int state, event;

	for (state = 0; state < FSM_STATES; state++)
		for (event = 0; event < FSM_EVENTS; event++) {
			r = fsm_step((enum fsm_state)state,
			    (enum fsm_event)event);
			ATF_CHECK_EQ(state == FSM_ESTABLISHED &&
				r.state != FSM_ESTABLISHED,
			    (r.actions & ACT_DOWN) != 0);
			ATF_CHECK_EQ(state != FSM_ESTABLISHED &&
				r.state == FSM_ESTABLISHED,
			    (r.actions & ACT_UP) != 0);
			ATF_CHECK_EQ(state >= FSM_OPENSENT &&
				r.state < FSM_OPENSENT,
			    (r.actions & ACT_CLOSE) != 0);
		}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, transitions);
	ATF_TP_ADD_TC(tp, down);
	return (atf_no_error());
}
