/* SPDX-License-Identifier: ISC */
/*
 * NOTIFICATION codes and subcodes in words (RFC 4271 4.5, 4486, 6608, 9003),
 * for logs and operators. Pure.
 */
#include <stdio.h>

#include "bgpe.h"

struct code {
	const char		*name;
	const char *const	*sub;
	uint8_t			 nsub;
};

static const char *const sub_header[] = { NULL, "Connection Not Synchronized",
    "Bad Message Length", "Bad Message Type" };
static const char *const sub_open[] = { "Unspecific",
    "Unsupported Version Number", "Bad Peer AS", "Bad BGP Identifier",
    "Unsupported Optional Parameter", "Authentication Failure",
    "Unacceptable Hold Time", "Unsupported Capability", NULL, NULL, NULL,
    "Role Mismatch" };
static const char *const sub_update[] = { "Unspecific",
    "Malformed Attribute List", "Unrecognized Well-known Attribute",
    "Missing Well-known Attribute", "Attribute Flags Error",
    "Attribute Length Error", "Invalid ORIGIN Attribute", "AS Routing Loop",
    "Invalid NEXT_HOP Attribute", "Optional Attribute Error",
    "Invalid Network Field", "Malformed AS_PATH" };
static const char *const sub_fsm[] = { "Unspecified Error",
    "Unexpected Message in OpenSent", "Unexpected Message in OpenConfirm",
    "Unexpected Message in Established" };
static const char *const sub_cease[] = { "Unspecified",
    "Maximum Number of Prefixes Reached", "Administrative Shutdown",
    "Peer De-configured", "Administrative Reset", "Connection Rejected",
    "Other Configuration Change", "Connection Collision Resolution",
    "Out of Resources", "Hard Reset", "BFD Down" };
static const char *const sub_refresh[] = { NULL, "Invalid Message Length" };

#define SUB(a)	a, sizeof(a) / sizeof((a)[0])
static const struct code codes[] = {
	[BGP_ERR_HEADER] = { "Message Header Error", SUB(sub_header) },
	[BGP_ERR_OPEN] = { "OPEN Message Error", SUB(sub_open) },
	[BGP_ERR_UPDATE] = { "UPDATE Message Error", SUB(sub_update) },
	[BGP_ERR_HOLD_TIMER] = { "Hold Timer Expired", NULL, 0 },
	[BGP_ERR_FSM] = { "Finite State Machine Error", SUB(sub_fsm) },
	[BGP_ERR_CEASE] = { "Cease", SUB(sub_cease) },
	[BGP_ERR_REFRESH] = { "ROUTE-REFRESH Message Error",
	    SUB(sub_refresh) }
};

/* RFC 9003: a length and that many bytes of UTF-8. */
static void
shutdown_text(const struct bgp_error *e, char *buf, size_t n)
{
	size_t i, len;
	char c;

	if (e->code != BGP_ERR_CEASE ||
	    (e->subcode != BGP_CEASE_SHUTDOWN &&
		e->subcode != BGP_CEASE_RESET) ||
	    e->len < 1 || (len = e->data[0]) == 0 || len > e->len - 1U)
		return;
	if (n < len + 6)
		len = n > 6 ? n - 6 : 0;
	if (len == 0)
		return;
	*buf++ = ' ';
	*buf++ = '"';
	for (i = 1; i <= len; i++) {
		c = (char)e->data[i];
		*buf++ = c < ' ' || c > '~' || c == '"' ? '?' : c;
	}
	*buf++ = '"';
	*buf = '\0';
}

void
notify_text(const struct bgp_error *e, char *buf, size_t n)
{
	const struct code *c = NULL;
	int len;

	if (e->code < sizeof(codes) / sizeof(codes[0]))
		c = &codes[e->code];
	if (c == NULL || c->name == NULL)
		len =
		    snprintf(buf, n, "code %u subcode %u", e->code, e->subcode);
	else if (e->subcode < c->nsub && c->sub[e->subcode] != NULL)
		len = snprintf(buf, n, "%s/%s", c->name, c->sub[e->subcode]);
	else if (e->subcode == 0)
		len = snprintf(buf, n, "%s", c->name);
	else
		len = snprintf(buf, n, "%s/subcode %u", c->name, e->subcode);
	if (len > 0 && (size_t)len < n)
		shutdown_text(e, buf + len, n - (size_t)len);
}
