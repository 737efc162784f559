/* SPDX-License-Identifier: ISC */
/*
 * The privileged parent: it owns maps, programs, links and netlink, and
 * decides nothing that a process without privilege could decide.
 */
#ifndef PARENT_H
#define PARENT_H

#include <net/if.h>

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bpf/abi_user.h"
#include "../lib/addr.h"
#include "../lib/config.h"
#include "../lib/msg.h"
#include "../lib/proc.h"

/*
 * datapath.c, dp_next.c, dp_attach.c, dp_nexthop.c: BPF objects. One struct dp
 * is one generation: its tables (mapped into the parent) and program; ports,
 * control block, counters, egress interfaces and links are shared by all of a
 * daemon. Functions that fail fill err (what failed and the kernel's reason,
 * with the end of the verifier's log in the debug log) and return -1 or NULL.
 */
struct dp;

#define DP_ERRLEN	256

struct dp_params {
	const char	*root;		/* bpffs-root; pins live below it */
	uint32_t	 units4;	/* pool sizes, powers of two */
	uint32_t	 units6;
	uint32_t	 nexthops;	/* ids, a power of two */
	uint32_t	 groups;	/* ECMP, a power of two */
	uint8_t		 mode;		/* enum forwarding_mode */
	uint8_t		 hash_mode;	/* ECMP: 3, 4, 5 */
	uint64_t	 hash_seed;
	bool		 pin;		/* false: a test's, nothing is pinned */
	bool		 no_frags;	/* a test's: as if before 5.18 */
};

/* Routes to pool units: what a full table's shape needs, rounded up to a
   power of two. On kernels that limit a value to 4 MiB this caps. */
uint32_t	 dp_units(int af, uint32_t routes);
/* Create maps (taking over pinned counters), load the program. */
struct dp	*dp_load(const struct dp_params *, char *err);
/*
 * The next generation, beside one that runs; root, pin and no_frags are that
 * one's. dp_make creates its tables and loads its program, which takes long,
 * into descriptors that dp_take makes a generation of, be it in another
 * process; they are its own then, and closed on failure. dp_next does both.
 */
#define DP_FDS	9
int		 dp_make(const struct dp *, const struct dp_params *,
		    int fds[DP_FDS], char *err);
struct dp	*dp_take(const struct dp *, const struct dp_params *,
		    const int fds[DP_FDS], char *err);
struct dp	*dp_next(const struct dp *, const struct dp_params *,
		    char *err);
/* Move every link to the program of this generation; on failure all are as
   they were. What ran before can then be freed. */
int		 dp_commit(struct dp *, const struct dp *before, char *err);
/* Sizes as they are. */
void		 dp_sizes(const struct dp *, struct dp_params *);
/* Close and unmap; pins and what is attached stay. */
void		 dp_free(struct dp *);
/* fd of the program, for tests with BPF_PROG_RUN. */
int		 dp_prog_fd(const struct dp *);

enum dp_attached { DP_NONE, DP_NATIVE, DP_GENERIC };
/*
 * Attach in this mode (adopting a pinned link of this interface by updating
 * it). auto: native, else generic with the reason in why (DP_ERRLEN). Returns
 * what it is now; DP_NONE with err on failure.
 */
enum dp_attached dp_attach(struct dp *, unsigned int ifindex,
		    enum attach_mode, char *why, char *err);
/* Detach and unpin. */
void		 dp_detach(struct dp *, unsigned int ifindex);
/* Forget links of interfaces not attached by this dp: pins left by an earlier
   daemon on interfaces that are no longer configured. */
void		 dp_detach_others(struct dp *);
/* One-shot, no dp: detach everything pinned below root, or one interface
   (ifindex 0: all, and the other pins too). Returns how many, -1. */
int		 dp_unpin(const char *root, unsigned int ifindex, char *err);

/* Bounds-checked; -1 with errno ERANGE for what does not fit the table.
   Words are stored one by one in order, each with release semantics. */
int		 dp_table_write(struct dp *, enum fib_table, uint32_t index,
		    const uint32_t *words, uint32_t n);
int		 dp_table_read(const struct dp *, enum fib_table,
		    uint32_t index, uint32_t *words, uint32_t n);
/*
 * Point id at a fresh immutable entry equal to *e (NULL: at NH_PASS's). The
 * entry it pointed at waits for dp_nexthop_release. No change: no write.
 * Returns the entry's index, -1 ERANGE or ENOSPC.
 */
int		 dp_nexthop_set(struct dp *, uint32_t id,
		    const struct nh_entry *e);
/* As fib_seal and fib_release, for entries. */
uint32_t	 dp_nexthop_seal(struct dp *);
void		 dp_nexthop_release(struct dp *, uint32_t epoch);
int		 dp_port_set(struct dp *, const struct port *);
void		 dp_port_clear(struct dp *, unsigned int ifindex);
/* Let packets be redirected to an interface, or not. */
int		 dp_egress_set(struct dp *, unsigned int ifindex, bool);
/* Take every interface but these away, such as an earlier daemon left. */
int		 dp_egress_only(struct dp *, const unsigned int *, size_t n);
/* Set and clear CTL_* bits. */
void		 dp_flags(struct dp *, uint32_t set, uint32_t clear);
uint32_t	 dp_get_flags(const struct dp *);
/* Rebuild the filter of own addresses. */
void		 dp_own_set(struct dp *, const struct prefix *, size_t n);
/* Move the dead-man's deadline to stale seconds from now. */
int		 dp_beat(struct dp *, uint32_t stale);
/* Sums over CPUs into count[CNT_MAX]. */
int		 dp_counters(const struct dp *, uint64_t *count);
/* Bytes of kernel memory that the maps take. */
uint64_t	 dp_memory(const struct dp *);
/* The same map by map, with what of it is in use: a generation's own, and
   those that all of them share. */
typedef void	 dp_memory_fn(void *, const char *name, uint64_t bytes,
		    uint64_t used, uint64_t items);
void		 dp_memory_own(const struct dp *, dp_memory_fn *, void *);
void		 dp_memory_shared(const struct dp *, dp_memory_fn *, void *);
/* A map fd whose update waits for a grace period of all programs, to be
   done by a helper process: dp_grace blocks until it has passed. */
int		 dp_grace(const struct dp *);
/* In that helper: unmap the tables, close every descriptor above 2 but keep
   and dp_grace's. */
void		 dp_grace_only(struct dp *, int keep);
/* In a helper that makes the next generation: close every descriptor above 2
   but keep and those that all generations share. */
void		 dp_make_only(const struct dp *, int keep);

/*
 * netlink.c (shell, libmnl) and nl_*.c (core): what the kernel knows of
 * links, addresses, neighbors and the way to a next hop, and its changes.
 */
struct netlink;

struct link_info {
	unsigned int	ifindex;
	char		name[IFNAMSIZ];
	bool		gone;		/* deleted */
	bool		ether;		/* an Ethernet device */
	bool		up;		/* administratively up and running */
	uint8_t		mac[6];
	uint32_t	mtu;
	unsigned int	master;		/* ifindex or 0 */
	char		kind[16];	/* "veth", "bridge", "vlan", "" ... */
	char		master_kind[16];
	char		driver[32];
	bool		forwarding;	/* no bridge port, or in STP forwarding
					   state; no backup of a bond */
	bool		xmit;		/* may be an XDP redirect's target, as
					   far as the kernel tells */
	char		xmit_reason[96];	/* why not, or unknown */
};

struct nexthop_info {			/* how a next hop is reached now */
	uint8_t		state;		/* enum nexthop_state */
	struct addr	gateway;	/* on link */
	unsigned int	ifindex;
	uint8_t		mac[6];		/* the neighbor's, if valid */
	char		reason[64];	/* why it is not valid */
};

struct netlink_ops {
	/* a link appeared, changed or went */
	void	(*link)(void *, const struct link_info *);
	/* an address (or prefix) of our own, broadcast or anycast came or
	   went; each is reported once */
	void	(*local)(void *, const struct prefix *, bool up);
	/* a connected prefix came or went, likewise; may be NULL */
	void	(*connected)(void *, const struct prefix *, bool up);
	/* the way to a wanted next hop changed */
	void	(*nexthop)(void *, uint32_t id, const struct nexthop_info *);
};

/* Open and subscribe (before or after the drop of privilege); NULL errno. */
struct netlink	*netlink_open(struct event_base *, const struct netlink_ops *,
		    void *);
void		 netlink_close(struct netlink *);
/* First dumps, synchronously: link and local callbacks are called for all that
   exists. -1 errno. */
int		 netlink_start(struct netlink *);
/* By index or name; NULL if there is none. Valid until the next event. */
const struct link_info *netlink_link(const struct netlink *, unsigned int);
const struct link_info *netlink_link_name(const struct netlink *,
		    const char *);
/* Call with each link there is. */
void		 netlink_each(const struct netlink *,
		    void (*)(void *, const struct link_info *), void *);
/* Does an interface merge packets before generic XDP sees them? */
bool		 netlink_merges(struct netlink *, const char *);
/* Follow a next hop: the callback comes from the loop with its state, soon and
   at each change; its neighbor is resolved and kept alive. Callbacks must not
   drop. -1 EEXIST, ENOMEM. */
int		 netlink_want(struct netlink *, uint32_t id,
		    const struct addr *);
void		 netlink_drop(struct netlink *, uint32_t id);

/*
 * privsep.c: the children. All are fork and exec of the daemon's own binary.
 */
struct privsep_args {
	const char	*self;		/* path of the binary to exec */
	uid_t		 uid;		/* of children; (uid_t)-1: ours */
	gid_t		 gid;
	const char	*chroot;	/* NULL: none */
	bool		 foreground;
	int		 log_level;
};

/* Start one child and add the pipe to it. Fatal on failure. */
void		 privsep_start(struct proc *, enum proc_id,
		    const struct privsep_args *);
/* Make the pipes between siblings and hand out their ends. */
void		 privsep_connect(struct proc *);
/* Pages of a process, ours included once privsep_connect was called: all that
   are resident, and those that are its own. -1: it does not run, or none of
   that is known. */
int		 privsep_memory(enum proc_id, uint64_t *resident,
		    uint64_t *own);
/* Reap: log each child that ended, by name and status. Returns how many of
   those were not being stopped: any is the end of the daemon. */
int		 privsep_reap(struct proc *);
/* End all children in order (engines and control, then rde, then conf):
   M_SHUTDOWN, wait up to ms each stage, then close their pipes and leave what
   still hangs to its alarm. */
void		 privsep_stop(struct proc *, int ms);
/* End one child (the conf that only parses at boot). */
void		 privsep_stop_one(struct proc *, enum proc_id, int ms);

#endif
