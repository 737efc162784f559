/* SPDX-License-Identifier: ISC */
/*
 * The configuration as one plain struct: conf's grammar fills it, every
 * process gets it in its wire form. Arrays grow by config_*_add; all memory is
 * the struct's and goes with config_free.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <net/if.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "imsg.h"

#define CONFIG_MAX	(64 * 1024 * 1024)	/* longest wire form, bytes */
#define CONFIG_PATH	"/etc/packetframe/packetframe.conf"
#define CONFIG_SOCKET	"/run/packetframe/control.sock"
#define CONFIG_FILES_MAX	256	/* the main file and its includes */
#define CONFIG_SOCKETS_MAX	16
#define CONFIG_ATTACH_MAX	1024	/* PORTS_MAX */
#define CONFIG_SOURCES_MAX	64

/* Values that the grammar takes and config_get believes. */
#define CONFIG_SETTLE_MAX	3600000	/* attach-settle-time, ms */
#define CONFIG_STALE_MIN	5	/* stale-time, seconds */
#define CONFIG_SECONDS_MAX	86400	/* any other time in seconds */
#define CONFIG_WINDOW_MAX	3600	/* circuit-breaker window, seconds */
#define CONFIG_THRESHOLD_MAX	1000
#define CONFIG_RATIO_MAX	1000000	/* millionths: everything */
#define CONFIG_MSS_MIN		88
#define CONFIG_MSS_MAX		65495
#define CONFIG_SIZE_MIN		16	/* tables: entries */
#define CONFIG_SIZE_MAX		(64 * 1024 * 1024)
#define CONFIG_IDS_MAX		(16 * 1024 * 1024)	/* a leaf has 24 bits */
#define CONFIG_SCAVENGE_LEN	22	/* shortest prefix of arp-scavenge */

/* Where a directive stood, for messages about it after parsing. */
struct config_where {
	uint32_t	file;		/* index into config.files */
	uint32_t	line;
};

enum attach_mode { ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_AUTO };
enum urpf_mode { URPF_OFF, URPF_LOOSE, URPF_STRICT };
enum workaround { WORKAROUND_AUTO, WORKAROUND_ON, WORKAROUND_OFF };

struct config_attach {
	char			ifname[IFNAMSIZ];
	uint8_t			mode;		/* enum attach_mode */
	uint8_t			urpf;		/* enum urpf_mode */
	bool			merged_ok;	/* generic despite GRO/LRO */
	struct config_where	where;
};

struct config_prefix {
	struct prefix		prefix;
	struct config_where	where;
};

struct config_source {
	bool			bmp;		/* else bgp */
	struct addr		addr;
	uint16_t		port;
	uint32_t		local_as;
	uint32_t		peer_as;
	uint32_t		router_id;	/* host order; 0: none */
	bool			allow_remote;
	bool			require_loc_rib;
	bool			ttl_security;
	bool			anyip;
	bool			connect;
	struct addr		peer_ip;	/* AF_UNSPEC: any allowed */
	char			md5[81];	/* empty: none */
	struct prefix		*peer_from;
	uint32_t		npeer_from;
	struct config_where	where;
};

struct config_local {			/* local-prefix(6) CIDR via IF */
	struct prefix		prefix;
	char			ifname[IFNAMSIZ];
	bool			arp_scavenge;
	struct config_where	where;
};

struct config_default {			/* fallback-default via IF nexthop A */
	char			ifname[IFNAMSIZ];
	struct addr		nexthop;
	struct config_where	where;
};

struct config_mss {
	struct prefix		prefix;		/* af AF_UNSPEC: any */
	char			ifname[IFNAMSIZ];	/* empty: any */
	uint16_t		mss;
	struct config_where	where;
};

struct config_socket {
	char			path[108];
	bool			restricted;
	struct config_where	where;
};

struct config_breaker {
	bool			set;
	uint32_t		ratio;		/* millionths of matched */
	uint32_t		window;		/* seconds */
	uint32_t		threshold;	/* windows in a row */
	struct config_where	where;
};

struct config {
	char			**files;	/* files[0]: the main one */
	uint32_t		nfiles;

	/* global */
	char			bpffs_root[PATH_MAX];
	char			state_dir[PATH_MAX];
	char			metrics_textfile[PATH_MAX];	/* or empty */
	uint8_t			log_level;	/* enum log_level */
	uint32_t		attach_settle_time;	/* milliseconds */
	char			user_parent[33];
	char			user_children[33];
	struct config_socket	*sockets;	/* the default one first,
						   unless replaced */
	uint32_t		nsockets;

	/* module fast-path */
	struct config_attach	*attach;
	uint32_t		nattach;
	struct config_prefix	*allow;		/* both families */
	uint32_t		nallow;
	struct config_prefix	*block;
	uint32_t		nblock;
	bool			dry_run;
	struct config_breaker	breaker;
	uint8_t			mode;		/* enum forwarding_mode */
	struct config_source	*sources;
	uint32_t		nsources;
	bool			loss_keep;	/* on-session-loss keep */
	uint32_t		loss_keep_time;	/* seconds */
	uint32_t		max_prefix;	/* 0: none */
	uint32_t		max_prefix_restart;	/* seconds, 0: none */
	struct config_local	*locals;
	uint32_t		nlocals;
	struct config_default	*defaults;
	uint32_t		ndefaults;
	uint8_t			hash_mode;	/* 3, 4, 5 */
	struct config_mss	*mss;
	uint32_t		nmss;
	uint32_t		stale_time;	/* seconds */
	bool			no_slow_path;
	uint8_t			workaround;	/* enum workaround: rvu-nicpf */
	uint32_t		fib_v4_max;	/* routes */
	uint32_t		fib_v6_max;
	uint32_t		nexthops_max;
	uint32_t		ecmp_groups_max;

	/*
	 * Directives that were written in the file, as a set of indices into
	 * config_directives[], with the place of the first. What was left at
	 * its default is not in it.
	 */
	struct config_where	*seen;		/* [config_ndirectives]; line 0:
						   not written */
};

/* Every directive there is; conf's keywords, the manual, refusals at start
   and at reload are all checked against this one table. */
struct config_directive {
	const char	*name;		/* as written */
	const char	*section;	/* "global", "fast-path" */
	bool		 supported;	/* else refused at start by name */
	bool		 reloadable;	/* takes effect at reload */
};

extern const struct config_directive config_directives[];
extern const size_t config_ndirectives;
/* Index of a directive by name; -1. */
int		 config_directive(const char *);

/*
 * Call fn for each thing in the config that this version cannot do yet,
 * directives and single options of them, with a whole message that starts with
 * its place. Returns how many. fn may be NULL.
 */
size_t		 config_unsupported(const struct config *,
		    void (*fn)(void *, const char *msg), void *);

/* Whether the kernel would take this as an interface's name. */
bool		 config_ifname_ok(const char *);
/* Whether this is an absolute path without "..", doubled slashes, a slash at
   its end or control characters. */
bool		 config_path_ok(const char *);
/* Whether this can be the name of a user: 1 to 32 characters. */
bool		 config_user_ok(const char *);

/* A config with every default in place. NULL: no memory. */
struct config	*config_new(void);
void		 config_free(struct config *);
/* Grow one of the arrays by one zeroed element and return it; NULL. */
void		*config_add(void *array, uint32_t *n, size_t elem);
/* A copy of the string at the end of config.files; its index, or -1. */
int		 config_add_file(struct config *, const char *);
/* Wire form: put all of it; get it back, checked (NULL: EBADMSG, ENOMEM). */
int		 config_put(struct ibuf *, const struct config *);
struct config	*config_get(struct ibuf *);
/* "file:line" of a place into a static-free buffer, which is returned. */
char		*config_where(const struct config *,
		    const struct config_where *, char *, size_t);
/* Compare two configs directive by directive, ignoring places. same[i] tells
   whether directive i has the same meaning in both. */
void		 config_compare(const struct config *, const struct config *,
		    bool *same);
/*
 * Call fn for each line of the config as the grammar would take it back, with
 * the section it belongs to; secrets are masked if masked. This is what
 * "packetframed -nv" and "pfctl show policy" print.
 */
void		 config_lines(const struct config *, bool masked,
		    void (*fn)(void *, const char *section,
		    const char *directive, const char *args), void *);

#endif
