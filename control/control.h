/* SPDX-License-Identifier: ISC */
/*
 * Control: clients of the control sockets on one side, the processes that
 * answer on the other. What may be asked, by whom and of whom, is one table in
 * request.c; records pass through unread.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "../lib/config.h"
#include "../lib/imsg.h"
#include "../lib/msg.h"
#include "../lib/proc.h"

struct request {
	uint32_t	 type;		/* enum ctl */
	enum proc_id	 who;		/* answers */
	bool		 changes;	/* refused on restricted sockets */
	bool		 windowed;	/* a stream, by CTL_WINDOW */
	size_t		 body;		/* bytes, exactly */
};

/* The rule for a request type, or NULL. */
const struct request	*request_rule(uint32_t type);

#define CLIENTS_MAX	32
#define RESTRICTED_MAX	(CLIENTS_MAX / 2)	/* restricted ones */
#define CLIENT_HIGH	(256 * 1024)	/* queued bytes: hold the stream */
#define POLICY_WINDOW	2000		/* lines of the config at once */

struct client {
	bool			 used;
	bool			 restricted;
	int			 fd;
	struct imsgbuf		*buf;
	struct event		*rev, *wev;
	/* the one request under way; NULL: none */
	const struct request	*request;
	uint32_t		 id;	/* it has towards who answers */
	uint32_t		 records;	/* of this window */
	bool			 owed;	/* the next window is not asked for */
	uint32_t		 line;	/* of the config, the next to send */
};

/* client.c */
void	 client_accept(struct proc *, int listenfd, bool restricted);
void	 client_record(struct proc *, enum proc_id from, struct imsg *);
void	 client_end(struct proc *, enum proc_id from, struct imsg *);
/* The process is gone: end what it was asked. */
void	 client_lost(struct proc *, enum proc_id);
/* The config is another: end what was in the middle of the old one. */
void	 client_policy_changed(void);
/* Send one record to a client. */
void	 client_send(struct client *, uint32_t type, const void *);

/* control.c */
/* Send the next lines of the config; true: those were the last. */
bool	 control_policy(struct client *);

#endif
