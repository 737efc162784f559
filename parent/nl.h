/* SPDX-License-Identifier: ISC */
/*
 * What the netlink files share: decoded messages (nl_parse.c), the model of
 * links, own addresses, neighbors and next hops (nl_model.c, nl_hop.c), and
 * what the shell (netlink.c, nl_features.c) does for the model.
 */
#ifndef NL_H
#define NL_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/addr.h"
#include "parent.h"

/*
 * nl_parse.c: messages to plain structs. No state, no sockets; any bytes may
 * come.
 */
enum nl_kind {
	NL_IGNORE,	/* nothing that we follow */
	NL_LINK,
	NL_PORT,	/* of a bridge: STP state only */
	NL_ADDR,
	NL_NEIGH,
	NL_ROUTE,
	NL_POLICY	/* rules or nexthop objects: any lookup may differ */
};

struct nl_link {
	unsigned int	ifindex;
	uint16_t	type;		/* ARPHRD_* */
	uint32_t	flags;		/* IFF_* */
	uint32_t	mtu;
	unsigned int	master;
	char		name[IFNAMSIZ];
	char		kind[16];
	uint8_t		mac[6];
	bool		port;		/* of a bridge */
	uint8_t		stp;		/* BR_STATE_*, if port */
	bool		backup;		/* of a bond, and not in use */
};

struct nl_port {
	unsigned int	ifindex;
	uint8_t		stp;
};

struct nl_addr {
	unsigned int	ifindex;
	struct addr	addr;		/* ours, never the peer's */
	struct prefix	net;		/* connected with it; af AF_UNSPEC:
					   none */
};

struct nl_neigh {
	unsigned int	ifindex;
	struct addr	addr;
	uint16_t	state;		/* NUD_* */
	uint8_t		flags;		/* NTF_* */
	uint32_t	ext;		/* NTF_EXT_* */
	bool		has_mac;
	uint8_t		mac[6];
};

struct nl_route {
	uint8_t		type;		/* RTN_* */
	bool		cloned;		/* from a lookup, in no table */
	uint32_t	table;
	uint32_t	metric;
	unsigned int	oif;		/* 0: none told */
	struct prefix	dst;
	struct addr	gateway;	/* AF_UNSPEC: on link */
};

struct nl_event {
	enum nl_kind	kind;
	bool		gone;
	union {
		struct nl_link	link;
		struct nl_port	port;
		struct nl_addr	addr;
		struct nl_neigh	neigh;
		struct nl_route	route;
	} u;
};

/* Does the whole message lie in the len bytes from here? mnl_nlmsg_ok takes a
   length beyond 2 GiB for a negative one, and says yes. */
bool	 nl_ok(const struct nlmsghdr *, int len);
/* A message of the route family that is ok. -1 EBADMSG if it is malformed. */
int	 nl_parse(const struct nlmsghdr *, struct nl_event *);

/* Generic netlink: the numbers of a family and of one of its groups (0 if it
   has none of this name). -1 EBADMSG. */
int	 nl_parse_family(const struct nlmsghdr *, const char *group,
	    uint16_t *id, uint32_t *group_id);
/* A device message of the family "netdev"; 1 filled, 0 of no interest, -1
   EBADMSG. */
int	 nl_parse_netdev(const struct nlmsghdr *, unsigned int *ifindex,
	    uint64_t *features);

/*
 * nl_sock.c: one netlink socket, for asking (and waiting for the answer) or
 * for listening (never waiting).
 */
struct nl_sock;

/* Called for each message of an answer; -1 (errno) ends the request so. */
typedef int nl_answer_fn(const struct nlmsghdr *, void *);

/* rcvbuf: bytes, beyond the system's limit if allowed; 0: default. */
struct nl_sock	*nl_sock_open(int bus, int rcvbuf, bool ask);
void	 nl_sock_close(struct nl_sock *);	/* NULL is nothing */
int	 nl_sock_fd(const struct nl_sock *);
int	 nl_sock_join(struct nl_sock *, unsigned int group);
/*
 * Send and handle the whole answer: all of a dump, up to the acknowledgement
 * with NLM_F_ACK, else one message. -1: the kernel's errno; ETIMEDOUT: it did
 * not answer; EINTR: a dump was overtaken by changes and is not consistent.
 */
int	 nl_sock_request(struct nl_sock *, struct nlmsghdr *, nl_answer_fn *,
	    void *);
/* What the kernel sent: its length; 0: nothing there now; -1 ENOBUFS:
   messages were lost. Good until the next call. */
ssize_t	 nl_sock_recv(struct nl_sock *, const struct nlmsghdr **);

/*
 * nl_features.c: what a device's driver can do.
 */
struct nl_features {
	char		driver[32];
	bool		known;		/* the kernel told features */
	uint64_t	xdp;		/* NETDEV_XDP_ACT_* */
};

/* of linux/netdev.h, which Debian 12 lacks */
#define NETDEV_XDP_ACT_NDO_XMIT		0x04
#define NETDEV_CMD_DEV_GET		1
#define NETDEV_CMD_DEV_ADD_NTF		2
#define NETDEV_CMD_DEV_CHANGE_NTF	4
#define NETDEV_A_DEV_IFINDEX		1
#define NETDEV_A_DEV_XDP_FEATURES	3

/* Fill driver, xmit and xmit_reason of a link from what is known. Pure. */
void	 nl_features_judge(const struct nl_features *, struct link_info *);

struct nl_probe;

/* Sockets to ask and to listen; NULL errno. A kernel without the family
   "netdev" is no error: nl_probe_fd is -1 then. */
struct nl_probe	*nl_probe_open(void);
void	 nl_probe_close(struct nl_probe *);
int	 nl_probe_fd(const struct nl_probe *);
/* Ask the kernel about one device; what it does not tell stays zero. */
/* Does the device merge packets before generic XDP (GRO, LRO)? */
bool	 nl_probe_merges(struct nl_probe *, const char *name);
void	 nl_probe_ask(struct nl_probe *, unsigned int ifindex,
	    const char *name, struct nl_features *);
/* Read one notification without blocking: 1 filled, 0 no more, -1 ENOBUFS:
   some are lost, EAGAIN: one of no interest. */
int	 nl_probe_read(struct nl_probe *, unsigned int *ifindex,
	    uint64_t *features);

/*
 * nl_model.c, nl_hop.c: the state. Events in, calls out; no sockets and no
 * clock.
 */
struct nl_ops {
	struct netlink_ops	 up;	/* to the daemon, with up_arg */
	void			*up_arg;
	/* to the shell, with shell */
	void			*shell;
	void	(*probe)(void *, unsigned int ifindex, const char *name,
		    struct nl_features *);
	/* Resolve a neighbor and keep it alive, or no longer. 0; 1: somebody
	   else keeps it already; -1: not now. */
	int	(*keep)(void *, unsigned int ifindex, const struct addr *,
		    bool on);
};

struct link {
	RB_ENTRY(link)		 entry;
	uint32_t		 gen;	/* of the dump that saw it last */
	bool			 changed;	/* to be told at a dump's end */
	bool			 port;
	uint8_t			 stp;
	bool			 backup;
	struct nl_features	 features;
	struct link_info	 info;
};
RB_HEAD(links, link);
RB_PROTOTYPE(links, link, entry, );

/* One reason why an address is ours. The tree is ordered by prefix first, so
   the reasons for one prefix are neighbors in it. */
struct own {
	RB_ENTRY(own)		 entry;
	uint32_t		 gen;
	struct prefix		 prefix;
	enum nl_kind		 source;	/* NL_ADDR or NL_ROUTE */
	unsigned int		 ifindex;
	uint32_t		 metric;
	uint8_t			 type;
	struct addr		 via;	/* connected: the address it is with */
};
RB_HEAD(owns, own);
RB_PROTOTYPE(owns, own, entry, );

struct hop {
	RB_ENTRY(hop)		 by_id;
	RB_ENTRY(hop)		 by_addr;
	LIST_ENTRY(hop)		 same;		/* in neigh.hops */
	TAILQ_ENTRY(hop)	 queue;		/* waiting for a lookup */
	bool			 dirty;
	bool			 told;
	bool			 answered;	/* a lookup's answer is here */
	int			 error;		/* of the lookup */
	uint32_t		 id;
	struct addr		 addr;
	struct nl_route		 route;
	struct neigh		*neigh;
	struct nexthop_info	 info;		/* as told */
};
RB_HEAD(hops_by_id, hop);
RB_PROTOTYPE(hops_by_id, hop, by_id, );
RB_HEAD(hops_by_addr, hop);
RB_PROTOTYPE(hops_by_addr, hop, by_addr, );

struct neigh {
	RB_ENTRY(neigh)		 entry;
	LIST_HEAD(, hop)	 hops;		/* that go through it */
	uint32_t		 gen;
	bool			 known;		/* the kernel has it */
	bool			 kept;		/* we keep it alive */
	struct nl_neigh		 last;		/* key, and as last seen */
};
RB_HEAD(neighs, neigh);
RB_PROTOTYPE(neighs, neigh, entry, );

struct nl_model {
	struct nl_ops		 ops;
	struct links		 links;
	struct owns		 owns;
	struct owns		 nets;		/* connected prefixes */
	struct neighs		 neighs;
	struct hops_by_id	 hops;
	struct hops_by_addr	 addrs;
	TAILQ_HEAD(, hop)	 queue;
	size_t			 nhops;
	size_t			 ndirty;
	enum nl_kind		 dumping;	/* NL_IGNORE: none */
	uint32_t		 gen;
	bool			 audit;		/* own addresses may be stale */
	bool			 managed;	/* the kernel keeps neighbors */
};

void	 nl_model_init(struct nl_model *, const struct nl_ops *);
void	 nl_model_clear(struct nl_model *);
/* -1 ENOMEM: the event is lost, audit later. */
int	 nl_model_event(struct nl_model *, const struct nl_event *);
/* Features of a device changed. */
void	 nl_model_features(struct nl_model *, unsigned int ifindex, uint64_t);
/* What a dump of this kind does not mention is gone; if it was not complete,
   nothing is. Links are told at its end. */
void	 nl_model_dump_begin(struct nl_model *, enum nl_kind);
void	 nl_model_dump_end(struct nl_model *, enum nl_kind, bool complete);
/* Have own addresses perhaps gone without a message? Asking clears it. */
bool	 nl_model_take_audit(struct nl_model *);
struct link	*nl_model_link(const struct nl_model *, unsigned int ifindex);
const struct link_info *nl_model_link_name(const struct nl_model *,
	    const char *);
void	 nl_model_each(const struct nl_model *,
	    void (*)(void *, const struct link_info *), void *);
/* Is this very address one of ours? */
bool	 nl_model_is_own(const struct nl_model *, const struct addr *);

/* nl_hop.c */
/* -1 EEXIST, ENOMEM. The callback comes after the lookup. */
int	 nl_hop_want(struct nl_model *, uint32_t id, const struct addr *);
void	 nl_hop_drop(struct nl_model *, uint32_t id);
/* The next one that waits for a route lookup; false: none. */
bool	 nl_hop_next(struct nl_model *, uint32_t *id, struct addr *);
/* The answer to that lookup: a route, or NULL and the kernel's errno. */
void	 nl_hop_answer(struct nl_model *, uint32_t id, const struct nl_route *,
	    int error);
void	 nl_hop_dirty_all(struct nl_model *);
void	 nl_hop_dirty_prefix(struct nl_model *, const struct prefix *);
/* A link changed: those that go through it are told at once. */
void	 nl_hop_link(struct nl_model *, unsigned int ifindex, bool came_up);
int	 nl_hop_neigh(struct nl_model *, const struct nl_neigh *, bool gone);
void	 nl_hop_sweep(struct nl_model *);
void	 nl_hop_clear(struct nl_model *);
/* Wanted neighbors one by one, for keeping them alive by hand: the next one
   behind *cursor (zero at the start) that needs it, which it becomes. */
bool	 nl_hop_keep_next(const struct nl_model *, struct nl_neigh *cursor);

#endif
