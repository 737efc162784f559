/* SPDX-License-Identifier: ISC */
/*
 * pfctl: the operator's tool. A word table says what may be typed; a client
 * asks a live daemon; printers make text or JSON of the records.
 */
#ifndef PFCTL_H
#define PFCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../lib/msg.h"

#define SOCKET_PATH	"/run/packetframe/control.sock"

/* What the words on the command line came to. */
struct command {
	int		 action;	/* enum action */
	bool		 has_addr;
	struct prefix	 prefix;	/* of a prefix or an address */
	bool		 is_prefix;
	struct addr	 neighbor;	/* with GIVEN_NEIGHBOR */
	uint8_t		 given;		/* GIVEN_* of show rib */
	uint32_t	 level;		/* log */
};

/* In the order in which the manual has them. */
#define GIVEN_ADDR	0x01
#define GIVEN_PREFIX	0x02	/* and it has a length */
#define GIVEN_LONGER	0x04
#define GIVEN_SHORTER	0x08
#define GIVEN_NEIGHBOR	0x10
#define GIVEN_DETAIL	0x20

enum action {
	ACT_NONE,
	ACT_SHOW,
	ACT_SHOW_FIB,
	ACT_SHOW_NEIGHBOR,
	ACT_SHOW_BMP,
	ACT_SHOW_NEXTHOP,
	ACT_SHOW_INTERFACES,
	ACT_SHOW_COUNTERS,
	ACT_SHOW_POLICY,
	ACT_SHOW_RIB,
	ACT_SHOW_MEMORY,
	ACT_RELOAD,
	ACT_LOG,
	ACT_BREAKER_RESET
};

/* command.c */
/* Match words against the table. -1: said on err what was wrong and what was
   possible there. */
int	 command_parse(int argc, char **argv, struct command *, FILE *err);
/* Call fn with each command as it may be typed, for tests of the manual. */
void	 command_each(void (*fn)(void *, const char *), void *);

/* client.c */
typedef void	 record_fn(void *, uint32_t type, const void *rec);

int	 client_open(const char *path);
/* Ask, and call fn for every record of the answer; -1: said on stderr why. */
int	 client_ask(uint32_t type, const struct record *, const void *req,
	    record_fn *, void *);

/* show.c: ask and print; an exit status. */
int	 show_run(const struct command *, bool json, FILE *);

/* text.c: one record as text. */
#define U(x)	((unsigned long long)(x))

struct nexthop_counts {
	struct ctl_nexthop_rib	*v;
	size_t			 n;
};
struct neighbor_counts {
	struct ctl_neighbor_rib	*v;
	size_t			 n;
};

/* "12:34:56", "3d04h" of seconds, in the buffer. */
char	*text_duration(uint64_t, char *, size_t);
void	 text_summary(FILE *, const struct ctl_summary *);
void	 text_family(FILE *, const struct ctl_family *);
void	 text_neighbor(FILE *, const struct ctl_neighbor *,
	    const struct ctl_neighbor_rib *);
void	 text_neighbor_line(FILE *, const struct ctl_neighbor *, bool first);
void	 text_nexthop(FILE *, const struct ctl_nexthop *, uint64_t routes,
	    bool first);
void	 text_interface(FILE *, const struct ctl_interface *, bool first);
void	 text_counter(FILE *, const struct ctl_counter *, bool first);
void	 text_fib_line(FILE *, const struct ctl_fib *, bool first);
void	 text_fib_addr(FILE *, const struct prefix *, const struct ctl_fib *);

/* text_rib.c */
void	 text_rib_line(FILE *, const struct ctl_rib *, bool first);
void	 text_rib_detail(FILE *, const struct ctl_rib *);

/* text_bmp.c */
void	 text_bmp_station(FILE *, const struct ctl_bmp_station *);
void	 text_bmp_peer(FILE *, const struct ctl_bmp_peer *);

/* memory.c: ask the parent and rde, add up, print; an exit status. */
int	 show_memory(bool json, FILE *);

#endif
