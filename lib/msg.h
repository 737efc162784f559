/* SPDX-License-Identifier: ISC */
/*
 * The messages between processes: every type, who sends it to whom, and its
 * body. Bodies named by a struct are records of one (record_msg_*); the others
 * are put and got by the functions named beside them.
 */
#ifndef LIB_MSG_H
#define LIB_MSG_H

#include "addr.h"
#include "record.h"

enum msg {
	/* parent to every child */
	M_PIPE = 1,		/* msg_pipe + fd: the pipe to a sibling */
	M_LOG_LEVEL,		/* msg_u32 */
	M_SHUTDOWN,		/* empty: end in order */

	/* config: conf to parent while parsing; parent to every child then */
	M_CONFIG_DATA,		/* bytes of the config's wire form, in order */
	M_CONFIG_END,		/* empty: all bytes are there. A child stages,
				   and answers with the id of this message */
	M_CONFIG_READY,		/* child to parent: staged */
	M_CONFIG_REASON,	/* child to parent: string why not */
	M_CONFIG_COMMIT,	/* parent to child: staged is current now */
	M_CONFIG_ABORT,		/* parent to child: forget what was staged */

	/* parent to conf */
	M_CONF_PARSE = 20,	/* string path, u32 n, n strings name=value */
	M_CONF_FILE,		/* msg_u32 errno, + fd if 0: answer to OPEN */
	/* conf to parent */
	M_CONF_OPEN,		/* string path, relative to the config's dir */
	M_CONF_LOG,		/* u32 log_level, string: an error or warning */
	M_CONF_FAIL,		/* msg_u32 number of errors */

	/* parent to bgpe, bmpe: staged with the config, listed in the order
	   of the config's route sources of that kind */
	M_LISTENER = 30,	/* msg_u32 index of the route source, + fd */
	/* parent to control */
	M_CONTROL_SOCKET,	/* msg_u32 restricted, + fd */

	/* engines to rde */
	M_PEER_UP = 40,		/* msg_peer */
	M_PEER_DOWN,		/* msg_u32 peer id: its routes go */
	M_ROUTE_BATCH,		/* see route_batch_* in attr.h */
	M_END_OF_RIB,		/* msg_eor */

	/* rde to parent */
	M_TABLE_WRITE = 50,	/* u32 seq, then one or more of {u32
				   TABLE_REF, u32 index, u32 count, count
				   words} */
	M_GRACE,		/* msg_u32 epoch: tell me when no reader is left
				   that began before now */
	M_NEXTHOP_WANT,		/* msg_nexthop_want */
	M_NEXTHOP_DROP,		/* msg_u32 id */
	M_FAMILY_STATE,		/* msg_family_state */
	M_HEARTBEAT,		/* empty, every second */
	M_TABLE_READ,		/* msg_table_read: send me these words */
	M_GENERATION_WANT,	/* empty: I want tables to build anew in */
	M_GENERATION_COMMIT,	/* msg_u32 generation: all of it is written
				   and acknowledged; let programs use it */
	M_GENERATION_ABORT,	/* msg_u32 generation: what is to be in it does
				   not fit; the current one stays */
	/* parent to rde */
	M_TABLE_INFO,		/* msg_table_info: fresh, zeroed tables, of
				   the first generation or the next */
	M_TABLE_ACK,		/* msg_u32 seq of the write that was applied */
	M_GRACE_DONE,		/* msg_u32 epoch */
	M_NEXTHOP_GONE,		/* msg_u32 id: may be used again */
	M_NEXTHOP_STATE,	/* msg_nexthop_state */
	M_LOCAL_ADDRESS,	/* msg_local */
	M_LOCAL_END,		/* empty: the first dump is complete */
	M_CONNECTED,		/* msg_local: a connected prefix */
	M_TABLE_WORDS,		/* msg_table_read, then its words: they were
				   there after all writes sent before it */
	M_GENERATION_DONE,	/* msg_u32 generation: programs use it, the
				   one before is gone */
	M_GENERATION_FAILED,	/* msg_u32 generation that was to be built
				   or committed (0: none was made): the
				   current one stays */

	/* control to the others and back; id: control's request slot */
	M_CTL_REQUEST = 70,	/* u32 enum ctl, then its body */
	M_CTL_CANCEL,		/* empty: the client is gone */
	M_CTL_MORE,		/* empty: send the next window of records */
	M_CTL_RECORD,		/* u32 enum ctl (REC_*), then its body */
	M_CTL_END		/* ctl_end */
};

/* Records that a stream sends before it waits for M_CTL_MORE. */
#define CTL_WINDOW	200

struct msg_u32 {
	uint32_t	value;
};

struct msg_pipe {
	uint32_t	proc;
};

struct msg_peer {
	uint32_t	id;		/* the engine's; below PEERS_MAX */
	uint32_t	source;		/* index of the route source */
	struct addr	addr;
	uint32_t	remote_as;
	uint32_t	local_as;
	uint32_t	router_id;	/* host order */
	uint8_t		families;	/* BGP_FAM_* that it carries */
};

#define PEERS_MAX	1024

struct msg_eor {
	uint32_t	peer;
	uint8_t		af;
};

struct msg_nexthop_want {
	uint32_t	id;		/* LEAF_ID_FIRST up to nexthops-max */
	struct addr	addr;
};

enum family_state {
	FAMILY_NOT_READY,	/* policy not in the table: all pass */
	FAMILY_READY,		/* policy is, routes are not */
	FAMILY_CONVERGED	/* both are */
};

struct msg_family_state {
	uint8_t		af;
	uint8_t		state;
};

struct msg_table_info {
	uint32_t	generation;	/* GENERATION_FIRST, then one more */
	uint32_t	units4;		/* pool sizes, in units of 8 bytes */
	uint32_t	units6;
	uint32_t	nexthops;	/* ids, the reserved ones included */
	uint32_t	groups;		/* likewise */
};

#define GENERATION_FIRST	1

/* A table of a generation; generations are told apart by their low bits. */
#define TABLE_REF(gen, table)	((gen) << 8 | (table))
#define TABLE_GEN(ref)		((ref) >> 8)
#define TABLE_ID(ref)		((ref) & 0xff)

struct msg_table_read {
	uint32_t	table;		/* TABLE_REF */
	uint32_t	index;
	uint32_t	count;		/* up to TABLE_READ_MAX */
};

#define TABLE_READ_MAX	4096

enum nexthop_state {
	NEXTHOP_UNRESOLVED,	/* no route, link down, egress not usable */
	NEXTHOP_INCOMPLETE,	/* neighbor is being resolved */
	NEXTHOP_LOCAL,		/* an address of our own: slow path */
	NEXTHOP_VALID
};

struct msg_nexthop_state {
	uint32_t	id;
	uint8_t		state;		/* enum nexthop_state */
};

struct msg_local {
	struct prefix	prefix;
	bool		up;
};

extern const struct record record_msg_u32, record_msg_pipe, record_msg_peer,
    record_msg_eor, record_msg_nexthop_want, record_msg_family_state,
    record_msg_table_info, record_msg_table_read, record_msg_nexthop_state,
    record_msg_local;

/*
 * Between pfctl and control, and, wrapped in M_CTL_*, between control and the
 * process that answers. A request is one message; the answer is records and
 * one CTL_END.
 */
enum ctl {
	/* requests, with who answers */
	CTL_SHOW = 1,		/* parent: ctl_summary */
	CTL_SHOW_RIB_SUMMARY,	/* rde: ctl_family, two of them */
	CTL_SHOW_FIB,		/* rde: ctl_fib_request; ctl_fib */
	CTL_SHOW_NEIGHBOR,	/* bgpe: ctl_neighbor */
	CTL_SHOW_NEIGHBOR_RIB,	/* rde: ctl_neighbor_rib */
	CTL_SHOW_NEXTHOP,	/* parent: ctl_nexthop */
	CTL_SHOW_NEXTHOP_RIB,	/* rde: ctl_nexthop_rib */
	CTL_SHOW_INTERFACES,	/* parent: ctl_interface */
	CTL_SHOW_COUNTERS,	/* parent: ctl_counter */
	CTL_SHOW_POLICY,	/* control: ctl_policy */
	CTL_RELOAD,		/* parent: ctl_text lines, then the end */
	CTL_LOG,		/* parent: msg_u32 */
	CTL_BREAKER_RESET,	/* parent */
	CTL_SHOW_RIB,		/* rde: ctl_rib_request; ctl_rib */
	CTL_SHOW_MEMORY,	/* parent: ctl_memory */
	CTL_SHOW_MEMORY_RIB,	/* rde: ctl_memory, then ctl_audit */
	CTL_SHOW_BMP,		/* bmpe: ctl_bmp_station, each followed by its
				   ctl_bmp_peer */

	/* records */
	REC_SUMMARY = 100,
	REC_FAMILY,
	REC_FIB,
	REC_NEIGHBOR,
	REC_NEIGHBOR_RIB,
	REC_NEXTHOP,
	REC_NEXTHOP_RIB,
	REC_INTERFACE,
	REC_COUNTER,
	REC_POLICY,
	REC_TEXT,
	REC_RIB,
	REC_MEMORY,
	REC_AUDIT,
	REC_BMP_STATION,
	REC_BMP_PEER,

	CTL_END = 200		/* ctl_end */
};

struct ctl_end {
	uint8_t		status;		/* 0 ok, 1 failed */
	char		text[512];	/* why it failed; else empty */
};

struct ctl_text {
	char		text[1024];
};

struct ctl_summary {
	char		version[32];
	uint32_t	pid;
	uint64_t	uptime;			/* seconds */
	char		config[256];
	char		mode[16];		/* kernel-fib ... */
	bool		dry_run;
	bool		breaker_set;		/* there is a circuit-breaker */
	bool		breaker_tripped;
	bool		ready4, ready6;		/* policy is in the tables */
	bool		routes4, routes6;	/* feed has converged */
	uint32_t	interfaces;		/* attached */
	uint32_t	nexthops;
	uint32_t	nexthops_valid;
	uint64_t	rx, matched, forwarded, dropped;
	uint64_t	table_words;		/* written since start */
	uint32_t	stale_time;		/* seconds */
	char		last_reload[128];	/* when and how, or empty */
};

struct ctl_family {
	uint8_t		af;
	uint64_t	prefixes;		/* with at least one path */
	uint64_t	paths;
	uint64_t	attributes;	/* distinct sets, both families */
	uint64_t	pending;	/* prefixes not yet in the table */
	uint32_t	units;		/* pool size, units of 8 bytes */
	uint32_t	units_used;
	uint32_t	units_waiting;		/* freed, waiting for grace */
	uint32_t	nodes;
	char		state[16];	/* not-ready, ready, converged */
	bool		overflow;	/* something did not fit: passes */
};

/* Which routes: none (all), an address (longest match), a prefix (exact). */
enum fib_match { FIB_ALL, FIB_ADDR, FIB_PREFIX };

struct ctl_fib_request {
	uint8_t		match;
	struct prefix	prefix;
};

struct ctl_fib {
	struct prefix	prefix;		/* of the route; for an address without
					   one, the address itself */
	bool		route;		/* there is one */
	bool		allow, block, local;
	bool		allow_only;	/* a policy or local entry, no route */
	uint32_t	leaf;		/* word in the table for its first
					   address, as compiled */
	uint32_t	nexthop;	/* id, 0 none, 1 punt; with group: of
					   the ECMP group */
	bool		group;
	/* with group: of each of its members, in order of id and with a comma
	   between them, id, next hop and state */
	char		members[160];
	char		gateways[768];
	char		states[192];
	struct addr	gateway;	/* next hop of the best path */
	uint32_t	neighbor;	/* peer id */
	struct addr	neighbor_addr;
	uint8_t		nexthop_state;	/* enum nexthop_state */
	bool		pending;	/* change not yet in the table */
};

struct ctl_neighbor {
	uint32_t	id;
	struct addr	addr;
	uint16_t	port;
	struct addr	listener;
	uint16_t	listener_port;
	uint32_t	remote_as;
	uint32_t	local_as;
	uint32_t	router_id;	/* host order; the peer's */
	char		state[16];	/* Idle ... Established */
	uint64_t	since;		/* seconds in this state */
	uint16_t	hold_time;	/* negotiated, seconds */
	bool		ipv4, ipv6;	/* negotiated */
	bool		add_path4, add_path6;	/* RFC 7911, from the peer */
	bool		as4;
	bool		eor4, eor6;	/* End-of-RIB seen */
	uint64_t	rx_messages, tx_messages, rx_updates, rx_bytes;
	uint64_t	rx_announced, rx_withdrawn;	/* prefixes */
	char		last_error[256];
};

struct ctl_neighbor_rib {
	uint32_t	id;
	uint64_t	paths4, paths6;
	uint64_t	best4, best6;
};

struct ctl_nexthop {
	uint32_t	id;
	struct addr	addr;		/* the routes' next hop */
	uint8_t		state;		/* enum nexthop_state */
	char		reason[64];	/* why not valid, else empty */
	struct addr	gateway;	/* on link; AF_UNSPEC if none */
	char		ifname[16];
	uint8_t		mac[6];
	uint16_t	mtu;
	uint32_t	entry;		/* in nh_entries */
};

struct ctl_nexthop_rib {
	uint32_t	id;
	uint64_t	routes;		/* that lead there, by it alone or by
					   an ECMP group */
};

struct ctl_interface {
	char		ifname[16];
	uint32_t	ifindex;
	char		configured[8];	/* native, generic, auto */
	char		attached[8];	/* native, generic, none */
	char		reason[160];	/* why a fallback, or not attached */
	bool		up;
	bool		egress;		/* may be redirected to */
	char		egress_reason[96];
	uint8_t		mac[6];
	uint16_t	mtu;
	char		master[16];	/* bridge or bond, or empty */
	char		driver[32];
};

struct ctl_counter {
	char		name[32];
	uint64_t	value;
	bool		end;		/* one packet, one of these */
	char		help[80];
};

/* Which paths: of all prefixes, of the longest match of an address, of a
   prefix, of it and all more specific ones, of it and all that cover it. */
enum rib_match { RIB_ALL, RIB_ADDR, RIB_EXACT, RIB_LONGER, RIB_SHORTER };

struct ctl_rib_request {
	uint8_t		match;		/* enum rib_match */
	struct prefix	prefix;		/* RIB_ALL: its af, 0: both */
	struct addr	neighbor;	/* of this one only; AF_UNSPEC: all */
	bool		detail;		/* fill what only detail has */
};

struct ctl_rib {
	struct prefix	prefix;
	struct addr	neighbor;
	bool		bmp;		/* a BMP peer's */
	uint32_t	path_id;	/* RFC 7911; 0: none */
	bool		best;
	bool		multipath;	/* in the ECMP set with the best */
	bool		eligible;	/* there is a way to its next hop */
	bool		internal;	/* from an iBGP peer */
	uint8_t		origin;		/* enum attr_origin */
	uint32_t	local_pref;
	uint32_t	med;
	struct addr	nexthop;
	uint8_t		nexthop_state;	/* enum nexthop_state */
	char		as_path[1024];	/* "64500 {64501 64502}", cut if longer:
					   then it ends in "..." */
	/* detail */
	struct addr	router_id;	/* of the neighbor, an IPv4 address */
	char		communities[1024];
	char		large_communities[1024];
	char		ext_communities[1024];
	struct addr	originator;	/* RFC 4456; AF_UNSPEC: none */
	uint16_t	cluster_len;	/* CLUSTER_LIST, ids */
};

struct ctl_memory {
	char		owner[16];	/* kernel, or a process */
	char		what[32];	/* table, RIB tree, ...; "process": its
					   resident pages */
	uint64_t	bytes;		/* of a table: 0 from rde, which knows
					   what is used, the parent the rest */
	uint64_t	used;		/* bytes of it in use; of a process its
					   resident pages that are its own */
	uint64_t	items;		/* nodes, paths, sets, ...; 0: none */
};

struct ctl_audit {
	uint64_t	rounds;		/* full audits since start */
	uint64_t	last;		/* seconds since the last, ~0: never */
	uint64_t	words;		/* compared in it */
	uint64_t	differences;	/* ever found, and repaired */
	uint32_t	percent;	/* of the one that runs */
};

struct ctl_bmp_station {	/* of a router */
	struct addr	addr;
	uint16_t	port;
	struct addr	listener;
	uint16_t	listener_port;
	char		name[64];	/* sysName, */
	char		description[256];	/* sysDescr of its Initiation */
	uint64_t	since;		/* seconds it has been connected */
	bool		loc_rib;	/* it sends one: nothing else is used */
	bool		require_loc_rib;
	uint32_t	peers;
	uint32_t	peers_up;
	uint64_t	messages, bytes;
	uint64_t	route_monitoring, statistics, route_mirroring;
	uint64_t	ignored;	/* Route Monitoring that was not used */
	uint64_t	orphans;	/* messages of peers that are not up */
	uint64_t	unknown;	/* types */
};

struct ctl_bmp_peer {
	struct addr	station;	/* the router that tells of it */
	struct addr	addr;		/* AF_UNSPEC: the router's Loc-RIB */
	uint32_t	remote_as;
	uint32_t	router_id;	/* host order */
	char		state[16];	/* up, down, ignored, failed */
	uint64_t	since;		/* seconds in it */
	bool		vrf;		/* not of the default instance */
	bool		filtered;	/* a Loc-RIB, not all of it */
	bool		ipv4, ipv6;	/* routes are taken */
	char		view4[16], view6[16];	/* none, pre-policy,
						   post-policy, loc-rib */
	bool		add_path4, add_path6;	/* RFC 7911 */
	bool		eor4, eor6;	/* End-of-RIB seen */
	uint64_t	updates;	/* Route Monitoring */
	uint64_t	ignored;	/* of these, not used */
	uint64_t	announced, withdrawn;	/* prefixes */
	char		last_down[128];
};

struct ctl_policy {
	char		directive[24];	/* allow-prefix, attach, ... */
	char		text[4000];	/* its arguments, secrets masked */
};

extern const struct record record_ctl_end, record_ctl_text, record_ctl_summary,
    record_ctl_family, record_ctl_fib_request, record_ctl_fib,
    record_ctl_neighbor, record_ctl_neighbor_rib, record_ctl_nexthop,
    record_ctl_nexthop_rib, record_ctl_interface, record_ctl_counter,
    record_ctl_policy, record_ctl_rib_request, record_ctl_rib,
    record_ctl_memory, record_ctl_audit, record_ctl_bmp_station,
    record_ctl_bmp_peer;

/* The record of a REC_* type or CTL_END; NULL if there is none. */
const struct record	*ctl_record(uint32_t);
const char		*nexthop_state_name(uint8_t);

/* Send one record struct as a message; get one or be fatal (senders are
   processes of ours, and the rule table has checked the type). */
struct proc;
struct imsg;
void	 msg_send(struct proc *, int to, uint32_t type, uint32_t id,
	    const struct record *, const void *);
void	 msg_get(struct imsg *, const struct record *, void *);
/* Answer a control request: a record, and the end (text NULL: ok). */
void	 ctl_reply(struct proc *, uint32_t id, uint32_t rec, const void *);
void	 ctl_reply_end(struct proc *, uint32_t id, const char *text);

#endif
