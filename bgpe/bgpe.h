/* SPDX-License-Identifier: ISC */
/*
 * The BGP engine: sessions with the neighbors that feed us. We listen, learn
 * and announce nothing. What stands here is shared by the files of this room;
 * only bgpe.c, conn.c and bgpe_ctl.c know of sockets, pipes and clocks.
 */
#ifndef BGPE_H
#define BGPE_H

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

struct monotime {
	uint64_t	ms;		/* of a clock that never goes back */
};

/*
 * fsm.c: RFC 4271 section 8 for neighbors that connect to us. Pure: what is
 * to be done comes back as actions, which are done in the order of their bits.
 */
enum fsm_state {
	FSM_IDLE,
	FSM_ACTIVE,		/* listening */
	FSM_OPENSENT,
	FSM_OPENCONFIRM,
	FSM_ESTABLISHED,
	FSM_STATES
};

enum fsm_event {
	EV_START,
	EV_STOP,		/* by us: Cease, error says why */
	EV_TCP_UP,
	EV_TCP_LOST,
	EV_HOLD_EXPIRED,
	EV_KEEPALIVE_DUE,
	EV_OPEN,		/* a valid one */
	EV_HEADER_ERROR,
	EV_OPEN_ERROR,
	EV_COLLISION,		/* this connection lost (section 6.8) */
	EV_NOTIFICATION,
	EV_KEEPALIVE,
	EV_UPDATE,
	EV_UPDATE_ERROR,
	EV_REFRESH,		/* ROUTE-REFRESH */
	FSM_EVENTS
};

#define ACT_FSM_ERROR		0x001	/* the error is the event itself */
#define ACT_SEND_OPEN		0x002
#define ACT_SEND_KEEPALIVE	0x004
#define ACT_SEND_NOTIFICATION	0x008
#define ACT_HOLD_LARGE		0x010	/* hold timer for OPEN to come */
#define ACT_HOLD		0x020	/* (re)start it, as negotiated */
#define ACT_KEEPALIVE		0x040	/* (re)start the keepalive timer */
#define ACT_OPENED		0x080	/* the peer has said who it is */
#define ACT_UP			0x100	/* routes may come */
#define ACT_UPDATE		0x200	/* routes came */
#define ACT_DOWN		0x400	/* its routes are void */
#define ACT_CLOSE		0x800	/* end the connection, stop timers */

struct fsm_result {
	enum fsm_state	state;
	unsigned int	actions;
};

struct fsm_result fsm_step(enum fsm_state, enum fsm_event);
const char	*fsm_state_name(enum fsm_state);

/*
 * open.c: OPEN messages.
 */
#define HOLD_TIME		90	/* seconds, what we ask for */
#define HOLD_TIME_OPEN		240	/* until OPEN has come (8.2.2) */

/* What we say of ourselves, and whom we expect. */
struct session_params {
	uint32_t	local_as;
	uint32_t	peer_as;
	uint32_t	router_id;	/* host order */
	uint32_t	seed;		/* of the keepalive jitter */
	uint8_t		without;	/* OPEN_NO_* */
};

/* What an OPEN leaves out for a peer that has refused it. */
#define OPEN_NO_ADD_PATH	0x01
#define OPEN_NO_EXTENDED	0x02	/* messages */
#define OPEN_NO_CAPABILITIES	0x04	/* none at all */
#define REFUSED_TIME		600	/* seconds, then all is offered again */

/* Longest OPEN that open_encode makes, without header. */
#define OPEN_MAX		64

/* Body of our OPEN into buf of OPEN_MAX bytes; its length. */
size_t		 open_encode(uint8_t *, const struct session_params *);
/* Check a decoded OPEN against ours and fill what both agree on: params of
   the UPDATE decoder, and the hold time. False: *err says why, and so does
   detail (of n bytes) in words. */
bool		 open_negotiate(const struct bgp_open *,
		    const struct session_params *, struct bgp_params *,
		    uint16_t *hold_time, struct bgp_error *err, char *detail,
		    size_t n);
/* OPEN_NO_* that a NOTIFICATION asks for. */
uint8_t		 open_refused(const struct bgp_error *);

/*
 * notify.c: NOTIFICATION in words.
 */
/* "Cease/Administrative Shutdown", with the peer's text (RFC 9003) if it gave
   one, printable ASCII only. */
void		 notify_text(const struct bgp_error *, char *, size_t);

/*
 * session.c: one connection. Bytes and time go in, bytes and SESSION_* bits
 * come out.
 */
#define SESSION_BUF		(256 * 1024)	/* read at once */
#define SESSION_TX		(8 * 1024)	/* waiting to be written */

#define SESSION_MESSAGE		0x01	/* one was taken; step again */
#define SESSION_OPENED		0x02	/* OPEN was good; see session.peer */
#define SESSION_UP		0x04	/* Established */
#define SESSION_UPDATE		0x08	/* see session.update */
#define SESSION_DOWN		0x10	/* was Established: routes are void */
#define SESSION_CLOSE		0x20	/* once the output is written */

struct session_counters {
	uint64_t	rx_messages, tx_messages, rx_updates, rx_bytes;
	uint64_t	rx_announced, rx_withdrawn;	/* prefixes */
	uint64_t	discarded, withdrawn;	/* UPDATEs, by RFC 7606 */
};

struct session {
	struct session_params	params;
	enum fsm_state		state;
	struct monotime		since;		/* in this state */
	bool			rival;		/* another connection of
						   it is Established */
	struct bgp_open		peer;
	struct bgp_params	agreed;
	uint16_t		hold_time;	/* seconds, 0: none */
	uint8_t			eor;		/* BGP_FAM_*: End-of-RIB
						   has come */
	bool			notified;	/* we sent error */
	struct bgp_error	error;		/* sent or received */
	char			detail[96];	/* of an error of ours */
	char			reason[256];	/* why it ended, in words */
	struct session_counters	count;

	uint64_t		hold_at;	/* ms; 0: not running */
	uint64_t		keepalive_at;
	uint32_t		jitter;
	size_t			rx_pos, rx_len;
	size_t			tx_len;
	uint8_t			tx[SESSION_TX];
	struct bgp_update	update;
	uint8_t			rx[SESSION_BUF];
};

/* In FSM_ACTIVE. NULL: no memory. */
struct session	*session_new(const struct session_params *, struct monotime);
void		 session_free(struct session *);
/* The connection is there. */
unsigned int	 session_connected(struct session *, struct monotime);
/* Where to read to, and how much; what was read. */
uint8_t		*session_space(struct session *, size_t *);
void		 session_filled(struct session *, size_t);
/* Take one message from what was read; 0: there is no whole one. */
unsigned int	 session_step(struct session *, struct monotime);
/* Do what is due, and when something will be (false: never). */
unsigned int	 session_timers(struct session *, struct monotime);
bool		 session_deadline(const struct session *, struct monotime *);
/* We could not read for a while, so that silence proves nothing. */
void		 session_excuse(struct session *, struct monotime);
/* The connection is gone: why. */
unsigned int	 session_lost(struct session *, struct monotime,
		    const char *why);
/* End it with a Cease (RFC 4486). */
unsigned int	 session_stop(struct session *, struct monotime,
		    enum bgp_sub_cease);
/* Ask a silent peer's host for a sign of life: a KEEPALIVE out of turn. */
unsigned int	 session_probe(struct session *, struct monotime);
/* Bytes to be written; how many were. */
const uint8_t	*session_output(const struct session *, size_t *);
void		 session_sent(struct session *, size_t);

/*
 * The shell: bgpe.c (process, config, listeners), conn.c (neighbors and their
 * connections), bgpe_ctl.c (answers to control).
 */
struct conn {
	TAILQ_ENTRY(conn)	 entry;
	struct neighbor		*neighbor;
	int			 fd;
	uint16_t		 port;		/* the peer's */
	bool			 closing;	/* only the output is left */
	bool			 left;		/* what was read is not all
						   taken: rde was behind */
	struct session		*session;
	struct event		*rev, *wev, *timer;
};
TAILQ_HEAD(conns, conn);

struct bgpe;

/* A neighbor is the pair of listener and peer address. It outlives its
   connections, until its place is needed for another. */
struct neighbor {
	struct bgpe		*bgpe;
	uint32_t		 id;		/* rde's name for it */
	struct listener		*listener;
	struct addr		 addr;
	char			 name[ADDRSTRLEN];	/* addr in words */
	struct conns		 conns;		/* newest first */
	struct session_counters	 count;		/* of connections that ended */
	struct monotime		 since;		/* without a connection */
	struct monotime		 probed;
	uint32_t		 router_id;
	char			 last_error[256];
	uint8_t			 without;	/* OPEN_NO_*, */
	struct monotime		 refused;	/* since */
	struct log_limit	 limit;
};

#define CONNS_MAX		256	/* sessions of all neighbors */

struct bgpe {
	struct proc		 proc;
	struct stage		 stage;
	struct config		*conf;
	struct listeners	 listeners;
	struct neighbor		*neighbors[PEERS_MAX];	/* by id */
	unsigned int		 nconns;
	struct log_limit	 refused;
	bool			 paused;	/* rde is behind */
	struct event		*again;		/* some have messages left */
	uint32_t		 busy;		/* neighbor who made it so */
};

/* conn.c */
/* There is a loop. */
void		 conn_init(struct bgpe *);
struct monotime	 conn_now(void);
/* Take an accepted connection, or close it. */
void		 conn_accept(struct bgpe *, struct listener *, int fd,
		    const struct sockaddr *);
/* Stop reading everywhere, or go on. */
void		 conn_pause(struct bgpe *, bool);
/* Cease everywhere, write what can be written. */
void		 conn_shutdown(struct bgpe *);
/* The connection that stands for the neighbor: an Established one, else the
   newest; NULL. */
struct conn	*neighbor_conn(const struct neighbor *);
void		 count_add(struct session_counters *,
		    const struct session_counters *);

/* bgpe_ctl.c */
void		 bgpe_ctl_request(struct bgpe *, struct imsg *);

#endif
