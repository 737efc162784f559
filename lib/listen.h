/* SPDX-License-Identifier: ISC */
/*
 * An engine's listeners: the parent binds them and hands them over with the
 * config that names them, the engine accepts from them and never opens one.
 */
#ifndef LIB_LISTEN_H
#define LIB_LISTEN_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "config.h"
#include "imsg.h"

struct listener;

/* Take an accepted connection, or close it. */
typedef void listen_fn(struct listener *, int fd, const struct sockaddr *);

struct listeners {
	TAILQ_HEAD(, listener)	 list;
	struct event_base	*base;		/* once committed */
	listen_fn		*accept;
	bool			 bmp;		/* of these route sources */
};

struct listener {
	TAILQ_ENTRY(listener)	 entry;
	struct listeners	*set;
	uint32_t		 index;		/* of the route source */
	int			 fd;
	struct event		*ev;		/* NULL: only staged */
	const struct config_source *source;	/* in the current config */
};

void	 listen_init(struct listeners *, bool bmp, listen_fn *);
/* M_LISTENER: one for the config that is being staged. */
void	 listen_staged(struct listeners *, struct imsg *);
/* Each route source of ours in a staged config has one, or fatal. */
void	 listen_check(const struct listeners *, const struct config *);
/* Accept by this config, which stays until the next. */
void	 listen_commit(struct listeners *, struct event_base *,
	    const struct config *);
/* Close those that were only staged. */
void	 listen_abort(struct listeners *);
/* Who may speak: the ACL of a route source. */
bool	 listen_allows(const struct config_source *, const struct addr *);

#endif
