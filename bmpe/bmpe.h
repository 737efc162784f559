/* SPDX-License-Identifier: ISC */
/*
 * The BMP engine: a station that routers tell of their BGP peers and RIBs. It
 * only listens. What stands here is shared by the files of this room; only
 * bmpe.c, station.c and bmpe_ctl.c know of sockets, pipes and clocks.
 */
#ifndef BMPE_H
#define BMPE_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/bgp.h"
#include "../lib/config.h"
#include "../lib/listen.h"
#include "../lib/log.h"
#include "../lib/msg.h"
#include "../lib/proc.h"
#include "../lib/stage.h"

/*
 * bmp_msg.c: messages of RFC 7854, 8671 and 9069. Any bytes are fine; what a
 * decoder returns points into the message. Where it fails, *why says so.
 */
#define BMP_VERSION		3U
#define BMP_HEADER_LEN		6U	/* version, length, type */
#define BMP_PEER_LEN		42	/* per-peer header */
#define BMP_MSG_MAX		(256U * 1024)

enum bmp_type {
	BMP_ROUTE_MONITORING,
	BMP_STATISTICS,
	BMP_PEER_DOWN,
	BMP_PEER_UP,
	BMP_INITIATION,
	BMP_TERMINATION,
	BMP_ROUTE_MIRRORING,
	BMP_TYPES
};

enum bmp_peer_type {
	BMP_PEER_GLOBAL,
	BMP_PEER_RD,
	BMP_PEER_LOCAL,
	BMP_PEER_LOC_RIB	/* RFC 9069 */
};

#define BMP_FLAG_V		0x80	/* IPv6; of a Loc-RIB: F, filtered */
#define BMP_FLAG_L		0x40	/* post-policy */
#define BMP_FLAG_A		0x20	/* AS_PATH in two octets */
#define BMP_FLAG_O		0x10	/* Adj-RIB-Out, RFC 8671 */

struct bmp_header {
	uint8_t		type;
	uint32_t	len;		/* of the message, header included */
};

/* Type, distinguisher and address as they are on the wire name a peer. */
#define BMP_KEY_LEN		25

struct bmp_peer_header {
	uint8_t		key[BMP_KEY_LEN];
	uint8_t		type;		/* enum bmp_peer_type */
	uint8_t		flags;
	bool		vrf;		/* not of the default instance */
	struct addr	addr;		/* AF_UNSPEC: of a Loc-RIB */
	uint32_t	as;
	uint32_t	router_id;	/* host order */
};

struct bmp_peer_up {
	struct bgp_open	sent, received;
	struct addr	local;
	uint16_t	local_port, remote_port;
};

/* What Initiation and Termination say, in printable ASCII. */
struct bmp_info {
	char		name[64];	/* sysName */
	char		descr[256];	/* sysDescr */
	char		text[128];	/* free form */
	int		reason;		/* of a Termination; -1: none */
};

/* The common header of what is there. 1: it is complete; 0: more is needed;
   -1: this is no BMP that we can follow. */
int	 bmp_header(struct bmp_header *, const uint8_t *, size_t, char *why,
	    size_t);
/* The per-peer header, the first BMP_PEER_LEN bytes of a body. */
bool	 bmp_peer_header(struct bmp_peer_header *, const uint8_t *, size_t);
/* What follows it. False: *why. */
bool	 bmp_peer_up(struct bmp_peer_up *, const uint8_t *, size_t,
	    const char **why);
/* The reason in words; false: too short. */
bool	 bmp_peer_down(const uint8_t *, size_t, char *, size_t);
/* Body of an UPDATE in a Route Monitoring. NULL: *why. */
const uint8_t	*bmp_update(const uint8_t *, size_t, size_t *,
	    const char **why);
/* TLVs of an Initiation or a Termination. False: one overruns. */
bool	 bmp_info(struct bmp_info *, const uint8_t *, size_t, bool initiation);
const char	*bmp_termination(int);

/*
 * router.c: one connection of a router. Bytes go in; what they mean for rde
 * comes out by calls: feeds, each the routes of one family of one peer, in one
 * view of them.
 */
#define ROUTER_PEERS_MAX	1024
#define ROUTER_HASH		256

/* In the order of preference: what the router itself uses is the best. */
enum view {
	VIEW_NONE,		/* no route has come yet */
	VIEW_PRE_POLICY,
	VIEW_POST_POLICY,
	VIEW_LOC_RIB
};

struct feed {
	bool		up;		/* rde knows it, */
	uint32_t	id;		/* by this name */
	uint8_t		view;		/* enum view */
	bool		eor;
};

struct bmp_peer {
	struct bmp_peer	*next;		/* in its bucket */
	struct bmp_peer_header	head;	/* of its last Peer Up */
	bool		up;
	bool		failed;		/* an error: routes are not taken
					   until its next Peer Up */
	struct bgp_params params;	/* of UPDATEs, but for as4, internal */
	uint32_t	local_as;
	uint16_t	port;
	bool		filtered;	/* a Loc-RIB, not all of it */
	struct feed	feed[2];	/* IPv4, IPv6 */
	uint64_t	since;		/* ms, up or down */
	uint64_t	updates;	/* Route Monitoring */
	uint64_t	ignored;	/* of these, by view */
	uint64_t	announced, withdrawn;	/* prefixes */
	char		reason[128];	/* of the last down */
};

struct router_counters {
	uint64_t	bytes, messages;
	uint64_t	types[BMP_TYPES];
	uint64_t	unknown;	/* types */
	uint64_t	ignored;	/* Route Monitoring that was not used */
	uint64_t	orphans;	/* of peers that are not up */
};

/* Whom a router's messages concern. */
struct router_ops {
	/* A feed begins: its id; false: there is none left. */
	bool	(*up)(void *, const struct bmp_peer *, int f, uint32_t *id);
	void	(*down)(void *, uint32_t id);
	void	(*routes)(void *, uint32_t id, struct attrs *,
		    struct bgp_routes *);
	void	(*eor)(void *, uint32_t id, int af);
	/* To be logged; about a peer or NULL. */
	void	(*note)(void *, const struct bmp_peer *, const char *);
};

#define ROUTER_MESSAGE		0x01	/* one was taken; step again */
#define ROUTER_CLOSE		0x02	/* it is over: see reason */

struct router {
	const struct router_ops	*ops;
	void			*arg;
	bool			 require_loc_rib;
	bool			 loc_rib;	/* it sends one */
	bool			 initiated;
	bool			 closed;
	char			 name[64];	/* sysName */
	char			 descr[256];	/* sysDescr */
	char			 reason[256];	/* why it ended */
	struct router_counters	 count;
	struct bmp_peer		*buckets[ROUTER_HASH];
	struct bmp_peer		*peers[ROUTER_PEERS_MAX];
	uint32_t		 npeers;
	size_t			 rx_pos, rx_len;
	struct bgp_update	 update;
	uint8_t			 rx[BMP_MSG_MAX];
};

/* NULL: no memory. */
struct router	*router_new(const struct router_ops *, void *arg,
		    bool require_loc_rib);
/* Its feeds must have ended: router_end. */
void		 router_free(struct router *);
/* Where to read to, and how much; what was read. */
uint8_t		*router_space(struct router *, size_t *);
void		 router_filled(struct router *, size_t);
/* Take one message from what was read, now (ms); 0: there is no whole one. */
unsigned int	 router_step(struct router *, uint64_t now);
/* The connection is gone: why. All its feeds end. */
void		 router_end(struct router *, uint64_t now, const char *why);
/* Of the router as a whole: what its routes come from. */
bool		 router_peer_used(const struct router *,
		    const struct bmp_peer *);
const char	*view_name(uint8_t);

/*
 * The shell: bmpe.c (process, config, listeners), station.c (connections of
 * routers), bmpe_ctl.c (answers to control).
 */
struct bmpe;

struct station {
	TAILQ_ENTRY(station)	 entry;
	struct bmpe		*bmpe;
	uint64_t		 number;	/* ever higher */
	struct listener		*listener;
	struct addr		 addr;
	uint16_t		 port;
	char			 name[ADDRSTRLEN];	/* addr in words */
	int			 fd;
	uint64_t		 since;		/* ms */
	struct router		*router;
	struct event		*rev, *timer;
	bool			 left;		/* messages, read before a
						   pause */
	struct log_limit	 limit;
};
TAILQ_HEAD(stations, station);

#define STATIONS_MAX		64	/* routers at once */

/* An answer that is sent in windows of CTL_WINDOW records. */
struct show {
	bool		used;
	uint32_t	id;		/* control's request */
	uint64_t	station;	/* the next one's lowest number */
	uint32_t	peer;		/* its next peer + 1; 0: itself */
};

#define SHOWS_MAX		64

struct bmpe {
	struct proc		 proc;
	struct stage		 stage;
	struct config		*conf;
	struct listeners	 listeners;
	struct stations		 stations;	/* in the order of reading */
	unsigned int		 nstations;
	uint64_t		 number;	/* of the last station */
	bool			 ids[PEERS_MAX];	/* in use with rde */
	uint32_t		 last_id;
	struct log_limit	 refused;
	struct station		*busy;		/* who filled the queue */
	bool			 paused;	/* rde is behind */
	struct show		 shows[SHOWS_MAX];
};

/* station.c */
/* Take an accepted connection, or close it. */
void		 station_accept(struct bmpe *, struct listener *, int fd,
		    const struct sockaddr *);
/* Stop reading everywhere, or go on. */
void		 station_pause(struct bmpe *, bool);
/* Close all. */
void		 station_shutdown(struct bmpe *);

/* bmpe_ctl.c */
msg_fn		 bmpe_ctl_request, bmpe_ctl_cancel, bmpe_ctl_more;

#endif
