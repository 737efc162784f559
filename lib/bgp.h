/* SPDX-License-Identifier: ISC */
/*
 * BGP on the wire: numbers of RFC 4271 and its extensions, and the UPDATE
 * decoder that BGP sessions and BMP feeds share. It decodes in place and
 * judges by RFC 7606; it keeps no state between messages.
 */
#ifndef LIB_BGP_H
#define LIB_BGP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "attr.h"
#include "imsg.h"

#define BGP_VERSION		4
#define BGP_HEADER_LEN		19	/* marker, length, type */
#define BGP_MARKER_LEN		16
#define BGP_MSG_MAX		4096	/* RFC 4271 4.1 */
#define BGP_MSG_EXTENDED_MAX	65535	/* RFC 8654 */
#define BGP_AS_TRANS		23456	/* RFC 6793 */

enum bgp_type {
	BGP_OPEN = 1,
	BGP_UPDATE,
	BGP_NOTIFICATION,
	BGP_KEEPALIVE,
	BGP_ROUTE_REFRESH	/* RFC 2918 */
};

/* NOTIFICATION codes (RFC 4271 4.5) and subcodes. */
enum bgp_code {
	BGP_ERR_HEADER = 1,
	BGP_ERR_OPEN,
	BGP_ERR_UPDATE,
	BGP_ERR_HOLD_TIMER,
	BGP_ERR_FSM,
	BGP_ERR_CEASE,
	BGP_ERR_REFRESH		/* RFC 7313 */
};

enum bgp_sub_header {
	BGP_HEADER_SYNC = 1,
	BGP_HEADER_LENGTH,
	BGP_HEADER_TYPE
};

enum bgp_sub_open {
	BGP_OPEN_UNSPECIFIC = 0,
	BGP_OPEN_VERSION = 1,
	BGP_OPEN_PEER_AS = 2,
	BGP_OPEN_ROUTER_ID = 3,
	BGP_OPEN_PARAMETER = 4,
	BGP_OPEN_HOLD_TIME = 6,
	BGP_OPEN_CAPABILITY = 7		/* RFC 5492 */
};

enum bgp_sub_update {
	BGP_UPDATE_LIST = 1,		/* malformed attribute list */
	BGP_UPDATE_WELLKNOWN = 2,	/* unrecognized well-known */
	BGP_UPDATE_OPTIONAL = 9,	/* optional attribute error */
	BGP_UPDATE_NETWORK = 10		/* invalid network field */
};

enum bgp_sub_fsm { /* RFC 6608 */
	BGP_FSM_OPENSENT = 1,
	BGP_FSM_OPENCONFIRM,
	BGP_FSM_ESTABLISHED
};

enum bgp_sub_cease { /* RFC 4486, RFC 8203 */
	BGP_CEASE_MAX_PREFIX = 1,
	BGP_CEASE_SHUTDOWN,
	BGP_CEASE_DECONFIGURED,
	BGP_CEASE_RESET,
	BGP_CEASE_REJECTED,
	BGP_CEASE_CONFIG,
	BGP_CEASE_COLLISION,
	BGP_CEASE_RESOURCES
};

enum bgp_capability { /* RFC 5492 */
	BGP_CAP_MP = 1,		/* RFC 4760 */
	BGP_CAP_EXTENDED = 6,	/* messages, RFC 8654 */
	BGP_CAP_AS4 = 65,	/* RFC 6793 */
	BGP_CAP_ADD_PATH = 69	/* RFC 7911 */
};

#define BGP_ADD_PATH_RECEIVE	1	/* RFC 7911 4 */
#define BGP_ADD_PATH_SEND	2	/* 3: both */

#define BGP_PARAM_CAPABILITIES	2
#define BGP_PARAM_EXTENDED	255	/* RFC 9072 */

#define BGP_AFI_IPV4		1
#define BGP_AFI_IPV6		2
#define BGP_SAFI_UNICAST	1

/* Sets of families. */
#define BGP_FAM_IPV4		0x01
#define BGP_FAM_IPV6		0x02

enum bgp_attr {
	BGP_ATTR_NONE,
	BGP_ATTR_ORIGIN,
	BGP_ATTR_AS_PATH,
	BGP_ATTR_NEXT_HOP,
	BGP_ATTR_MED,
	BGP_ATTR_LOCAL_PREF,
	BGP_ATTR_ATOMIC_AGGREGATE,
	BGP_ATTR_AGGREGATOR,
	BGP_ATTR_COMMUNITIES,		/* RFC 1997 */
	BGP_ATTR_ORIGINATOR_ID,		/* RFC 4456 */
	BGP_ATTR_CLUSTER_LIST,
	BGP_ATTR_MP_REACH = 14,		/* RFC 4760 */
	BGP_ATTR_MP_UNREACH,
	BGP_ATTR_EXT_COMMUNITIES,	/* RFC 4360 */
	BGP_ATTR_AS4_PATH,		/* RFC 6793 */
	BGP_ATTR_AS4_AGGREGATOR,
	BGP_ATTR_EXT6_COMMUNITIES = 25,	/* RFC 5701 */
	BGP_ATTR_LARGE_COMMUNITIES = 32	/* RFC 8092 */
};

#define BGP_FLAG_OPTIONAL	0x80
#define BGP_FLAG_TRANSITIVE	0x40
#define BGP_FLAG_PARTIAL	0x20
#define BGP_FLAG_EXTENDED	0x10

enum bgp_segment {
	BGP_AS_SET = 1,
	BGP_AS_SEQUENCE,
	BGP_AS_CONFED_SEQUENCE,	/* RFC 5065 */
	BGP_AS_CONFED_SET
};

/* Error of a peer, ready for the NOTIFICATION. code 0: none. */
#define BGP_ERR_DATA_MAX	(BGP_MSG_MAX - BGP_HEADER_LEN - 2)
struct bgp_error {
	uint8_t		code;
	uint8_t		subcode;
	uint16_t	len;
	uint8_t		data[BGP_ERR_DATA_MAX];
};

/* RFC 7606 section 2, in order of strength. */
enum bgp_verdict {
	BGP_OK,
	BGP_DISCARD,	/* attribute discard; the routes stand */
	BGP_WITHDRAW,	/* treat-as-withdraw */
	BGP_RESET	/* session reset, error says how */
};

enum bgp_reason {
	BGP_R_NONE,
	BGP_R_LENGTHS,		/* the message's own lengths */
	BGP_R_OVERRUN,		/* attribute runs past the list */
	BGP_R_FLAGS,
	BGP_R_LENGTH,
	BGP_R_VALUE,
	BGP_R_SEGMENT,		/* AS_PATH segment */
	BGP_R_AS_ZERO,		/* RFC 7607 */
	BGP_R_CONFED,		/* confederation segment from outside */
	BGP_R_NEXTHOP,
	BGP_R_NLRI,		/* cannot be parsed */
	BGP_R_DUPLICATE,
	BGP_R_MISSING,		/* well-known mandatory */
	BGP_R_UNKNOWN,		/* unrecognized well-known */
	BGP_R_EXTERNAL,		/* internal-only, from an external peer */
	BGP_R_NEW_SPEAKER,	/* AS4_* on a four-octet session */
	BGP_R_FAMILY,		/* not negotiated */
	BGP_R_TOO_LONG,		/* more than ATTRS_MAX */
	BGP_R_NO_NLRI,		/* error, and nothing to withdraw */
	BGP_R_MAX
};

struct bgp_event {
	uint8_t	verdict;
	uint8_t	attr;			/* type code, 0: none */
	uint8_t	reason;
};

#define BGP_EVENTS_MAX		8

/* A decoded OPEN. */
struct bgp_open {
	uint32_t	as;		/* from the capability if it is there */
	uint32_t	router_id;	/* host order */
	uint16_t	hold_time;	/* seconds */
	bool		as4;
	bool		mp;		/* has any multiprotocol capability */
	uint8_t		families;	/* BGP_FAM_*, of those we know */
	uint8_t		add_path;	/* those it sends path ids for */
	uint8_t		add_path_rx;	/* those it takes path ids for */
};

/* What the session has agreed on. */
struct bgp_params {
	bool	as4;			/* four-octet AS numbers */
	bool	internal;		/* iBGP */
	uint8_t	families;		/* BGP_FAM_* */
	uint8_t	add_path;		/* families with path ids, RFC 7911 */
	bool	loc_rib;		/* a RIB shown by BMP: routes of the
					   router itself may lack AS_PATH */
};

/* One field of prefixes, checked; in the message. */
struct bgp_routes {
	const uint8_t	*nlri;
	size_t		 len;
	uint32_t	 count;		/* prefixes */
	uint8_t		 af;
	bool		 withdraw;
	bool		 add_path;
	struct addr	 nexthop;	/* unless withdraw */
};

/*
 * A decoded UPDATE. It points into the message and into itself, so it is good
 * as long as both stay where they are. The routes are to be taken in order
 * (withdrawals first, RFC 4271 4.3); a treat-as-withdraw has already turned
 * them into withdrawals. attrs.nexthop is the caller's to set, from each
 * routes[].nexthop.
 */
#define BGP_ROUTES_MAX		4
struct bgp_update {
	enum bgp_verdict	verdict;
	uint8_t			eor;		/* af, 0: none */
	unsigned int		nroutes;
	struct bgp_routes	routes[BGP_ROUTES_MAX];
	struct attrs		attrs;
	unsigned int		nevents;	/* may be more than are kept */
	struct bgp_event	events[BGP_EVENTS_MAX];
	struct bgp_error	error;		/* BGP_RESET */
	uint8_t			scratch[ATTRS_MAX];
};

/* Decode the body of an OPEN. False: *err says why. */
bool		 bgp_open_decode(struct bgp_open *, const uint8_t *, size_t,
		    struct bgp_error *err);
/* Decode an UPDATE without its header. Any bytes are fine. */
enum bgp_verdict bgp_update_decode(struct bgp_update *,
		    const struct bgp_params *, const uint8_t *, size_t);
/* Append prefixes to a batch that route_batch_start has begun, as many as the
   buffer takes, and remove them from *r. How many; 0 when none is left. */
uint32_t	 bgp_routes_put(struct ibuf *, struct bgp_routes *);
/* "ORIGIN" ..., or NULL. */
const char	*bgp_attr_name(uint8_t);
const char	*bgp_reason_text(uint8_t);
/* BGP_FAM_* of an AFI/SAFI of the wire, 0: not one of ours. */
uint8_t		 bgp_family(uint16_t afi, uint8_t safi);
void		 bgp_error_set(struct bgp_error *, uint8_t code,
		    uint8_t subcode, const void *data, size_t);

static inline uint16_t
bgp_get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static inline uint32_t
bgp_get32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

static inline void
bgp_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
bgp_put32(uint8_t *p, uint32_t v)
{
	bgp_put16(p, (uint16_t)(v >> 16));
	bgp_put16(p + 2, (uint16_t)v);
}

/*
 * Between bgp_update.c and bgp_attr.c: what the attribute list held that is
 * not simply an attribute of the routes.
 */
struct bgp_attr_state {
	const struct bgp_params	*params;
	struct bgp_update	*update;
	uint64_t		 seen[4];	/* type codes, a bit each */
	bool			 other;		/* any but MP_UNREACH_NLRI */
	bool			 reach;		/* MP_REACH_NLRI has prefixes */
	bool			 unreach;	/* MP_UNREACH_NLRI of ours */
	struct bgp_routes	 mp_reach;
	struct bgp_routes	 mp_unreach;
	struct addr		 nexthop;	/* NEXT_HOP */
	const uint8_t		*as_path2;	/* AS_PATH in two octets */
	uint16_t		 as_path2_len;
	const uint8_t		*as4_path;
	uint16_t		 as4_path_len;
	uint32_t		 aggregator;	/* AS, 0: none */
	bool			 as4_aggregator;
};

/* Parse the attribute list. False: session reset, the error is set. */
bool		 bgp_attrs_decode(struct bgp_attr_state *, const uint8_t *,
		    size_t);
bool		 bgp_attr_seen(const struct bgp_attr_state *, uint8_t);
/* Count and keep an event, raise the verdict. */
void		 bgp_event(struct bgp_update *, enum bgp_verdict,
		    uint8_t attr, enum bgp_reason);
/* Check a field of prefixes and fill *r. False: it cannot be parsed. */
bool		 bgp_nlri_check(struct bgp_routes *, const uint8_t *, size_t,
		    uint8_t family, const struct bgp_params *);
/*
 * A next hop that no route may have. Not so what we cannot follow: a router
 * puts its own address (loopback, on such a session) on what it has no gateway
 * for, blackholes among it, and none or a link-local one on what has no other.
 * Those routes must be there, or one that covers them would take their packets.
 */
bool		 bgp_nexthop_bad(const struct addr *);

#endif
