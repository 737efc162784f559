/* SPDX-License-Identifier: ISC */
/*
 * The state machine of RFC 4271 section 8.2.2 as one table. It does nothing
 * itself and knows neither messages nor time.
 */
#include "bgpe.h"

/* How a connection ends: silently, with the error at hand, or because the
   event must not come in this state (RFC 6608). */
#define SILENT		ACT_CLOSE
#define NOTIFY		(ACT_SEND_NOTIFICATION | ACT_CLOSE)
#define UNEXPECTED	(ACT_FSM_ERROR | NOTIFY)

#define KEEP_UP		(ACT_SEND_KEEPALIVE | ACT_KEEPALIVE)

static const struct fsm_result table[FSM_STATES][FSM_EVENTS] = {
	/* What is not listed is ignored in Idle. */
	[FSM_IDLE] = {
		[EV_START] = { FSM_ACTIVE, 0 },
	},
	/* Passive: a connection is all that can happen. */
	[FSM_ACTIVE] = {
		[EV_START] = { FSM_ACTIVE, 0 },
		[EV_TCP_UP] = { FSM_OPENSENT, ACT_SEND_OPEN | ACT_HOLD_LARGE },
	},
	[FSM_OPENSENT] = {
		[EV_START] = { FSM_OPENSENT, 0 },
		[EV_STOP] = { FSM_IDLE, NOTIFY },
		[EV_TCP_UP] = { FSM_OPENSENT, 0 },
		[EV_TCP_LOST] = { FSM_ACTIVE, SILENT },
		[EV_HOLD_EXPIRED] = { FSM_IDLE, NOTIFY },
		[EV_KEEPALIVE_DUE] = { FSM_IDLE, UNEXPECTED },
		[EV_OPEN] = { FSM_OPENCONFIRM,
		    KEEP_UP | ACT_HOLD | ACT_OPENED },
		[EV_HEADER_ERROR] = { FSM_IDLE, NOTIFY },
		[EV_OPEN_ERROR] = { FSM_IDLE, NOTIFY },
		[EV_COLLISION] = { FSM_IDLE, NOTIFY },
		[EV_NOTIFICATION] = { FSM_IDLE, SILENT },
		[EV_KEEPALIVE] = { FSM_IDLE, UNEXPECTED },
		[EV_UPDATE] = { FSM_IDLE, UNEXPECTED },
		[EV_UPDATE_ERROR] = { FSM_IDLE, UNEXPECTED },
		[EV_REFRESH] = { FSM_IDLE, UNEXPECTED },
	},
	[FSM_OPENCONFIRM] = {
		[EV_START] = { FSM_OPENCONFIRM, 0 },
		[EV_STOP] = { FSM_IDLE, NOTIFY },
		[EV_TCP_UP] = { FSM_OPENCONFIRM, 0 },
		[EV_TCP_LOST] = { FSM_IDLE, SILENT },
		[EV_HOLD_EXPIRED] = { FSM_IDLE, NOTIFY },
		[EV_KEEPALIVE_DUE] = { FSM_OPENCONFIRM, KEEP_UP },
		[EV_OPEN] = { FSM_IDLE, UNEXPECTED },
		[EV_HEADER_ERROR] = { FSM_IDLE, NOTIFY },
		[EV_OPEN_ERROR] = { FSM_IDLE, NOTIFY },
		[EV_COLLISION] = { FSM_IDLE, NOTIFY },
		[EV_NOTIFICATION] = { FSM_IDLE, SILENT },
		[EV_KEEPALIVE] = { FSM_ESTABLISHED, ACT_HOLD | ACT_UP },
		[EV_UPDATE] = { FSM_IDLE, UNEXPECTED },
		[EV_UPDATE_ERROR] = { FSM_IDLE, UNEXPECTED },
		[EV_REFRESH] = { FSM_IDLE, UNEXPECTED },
	},
	[FSM_ESTABLISHED] = {
		[EV_START] = { FSM_ESTABLISHED, 0 },
		[EV_STOP] = { FSM_IDLE, NOTIFY | ACT_DOWN },
		[EV_TCP_UP] = { FSM_ESTABLISHED, 0 },
		[EV_TCP_LOST] = { FSM_IDLE, SILENT | ACT_DOWN },
		[EV_HOLD_EXPIRED] = { FSM_IDLE, NOTIFY | ACT_DOWN },
		[EV_KEEPALIVE_DUE] = { FSM_ESTABLISHED, KEEP_UP },
		[EV_OPEN] = { FSM_IDLE, UNEXPECTED | ACT_DOWN },
		[EV_HEADER_ERROR] = { FSM_IDLE, NOTIFY | ACT_DOWN },
		[EV_OPEN_ERROR] = { FSM_IDLE, NOTIFY | ACT_DOWN },
		[EV_COLLISION] = { FSM_IDLE, NOTIFY | ACT_DOWN },
		[EV_NOTIFICATION] = { FSM_IDLE, SILENT | ACT_DOWN },
		[EV_KEEPALIVE] = { FSM_ESTABLISHED, ACT_HOLD },
		[EV_UPDATE] = { FSM_ESTABLISHED, ACT_HOLD | ACT_UPDATE },
		[EV_UPDATE_ERROR] = { FSM_IDLE, NOTIFY | ACT_DOWN },
		/* We announce nothing: nothing is to be sent again. */
		[EV_REFRESH] = { FSM_ESTABLISHED, ACT_HOLD },
	},
};

static const char *const names[FSM_STATES] = {
	[FSM_IDLE] = "Idle",
	[FSM_ACTIVE] = "Active",
	[FSM_OPENSENT] = "OpenSent",
	[FSM_OPENCONFIRM] = "OpenConfirm",
	[FSM_ESTABLISHED] = "Established"
};

struct fsm_result
fsm_step(enum fsm_state state, enum fsm_event event)
{
	return (table[state][event]);
}

const char *
fsm_state_name(enum fsm_state state)
{
	return (names[state]);
}
