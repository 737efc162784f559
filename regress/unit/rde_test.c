/* SPDX-License-Identifier: ISC */
/*
 * The whole process, sandbox included, with the test as its parent, its
 * engine and its control: what it writes is applied to tables of the test's
 * own, which are walked as the programs walk theirs.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/bgp.h"
#include "../../lib/config.h"
#include "../../lib/log.h"
#include "../../lib/mains.h"
#include "../../lib/msg.h"
#include "../../rde/rde.h"

#define DEADLINE	20	/* seconds that anything may take */
#define UNITS		(1 << 16)
#define NEXTHOPS	1024
#define GROUPS		16
#define NWANTS		64
#define ROUTES		450	/* more than two windows of control */

enum end { PARENT, ENGINE, CONTROL, NENDS };

struct fake {
	pid_t		 pid;
	struct imsgbuf	*end[NENDS];
	uint32_t	 units;
	uint32_t	*table[FIB_TABLE_MAX];
	uint32_t	 size[FIB_TABLE_MAX];	/* words */
	uint8_t		 state[2];	/* v4, v6 */
	unsigned int	 told;		/* states */
	struct addr	 want[NWANTS];	/* by id; AF_UNSPEC: none */
	unsigned int	 drops, beats, writes;
	bool		 hold_acks;
	uint32_t	 seq;		/* last one written */
	/* of the last request */
	unsigned int	 records;
	uint32_t	 last_type;
	struct ctl_fib	 fib;
	struct ctl_family family[2];
	struct ctl_nexthop_rib nexthop;
	struct ctl_neighbor_rib neighbor;
	bool		 ended;
	struct ctl_end	 answer;
};

static void
fake_send(struct fake *f, enum end to, uint32_t type, uint32_t id, int fd,
    const void *body, size_t len)
{
	ATF_REQUIRE_EQ(imsg_compose(f->end[to], type, id, fd, body, len), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[to]), 0);
}

static void
fake_record(struct fake *f, enum end to, uint32_t type,
    const struct record *rec, const void *s)
{
	struct ibuf	*b;

	ATF_REQUIRE((b = imsg_create()) != NULL);
	ATF_REQUIRE_EQ(record_put(b, rec, s), 0);
	ATF_REQUIRE_EQ(imsg_close(f->end[to], type, 0, -1, b), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[to]), 0);
}

static void
fake_u32(struct fake *f, uint32_t type, uint32_t v)
{
	struct msg_u32	m = { v };

	fake_record(f, PARENT, type, &record_msg_u32, &m);
}

static void
table_write(struct fake *f, struct ibuf *b)
{
	uint32_t	table, index, count;
	const void	*words;

	ATF_REQUIRE_EQ(ibuf_get_u32(b, &f->seq), 0);
	while (ibuf_left(b) > 0) {
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &table), 0);
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &index), 0);
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &count), 0);
		ATF_REQUIRE_EQ(TABLE_GEN(table), GENERATION_FIRST);
		table = TABLE_ID(table);
		ATF_REQUIRE(table < FIB_TABLE_MAX && count > 0);
		ATF_REQUIRE(index + count <= f->size[table]);
		words = ibuf_take(b, count * sizeof(uint32_t));
		ATF_REQUIRE(words != NULL);
		memcpy(f->table[table] + index, words,
		    count * sizeof(uint32_t));
	}
	f->writes++;
	if (!f->hold_acks)
		fake_u32(f, M_TABLE_ACK, f->seq);
}

static void
from_rde(struct fake *f, struct imsg *m)
{
	struct msg_nexthop_want	want;
	struct msg_family_state	s;
	struct msg_u32		u;

	switch (m->hdr.type) {
	case M_TABLE_WRITE:
		table_write(f, &m->body);
		break;
	case M_GRACE:
		msg_get(m, &record_msg_u32, &u);
		/* What was unlinked is really gone: its stores are here. */
		fake_u32(f, M_GRACE_DONE, u.value);
		break;
	case M_NEXTHOP_WANT:
		msg_get(m, &record_msg_nexthop_want, &want);
		ATF_REQUIRE(want.id >= LEAF_ID_FIRST && want.id < NWANTS);
		ATF_REQUIRE_EQ(f->want[want.id].af, AF_UNSPEC);
		f->want[want.id] = want.addr;
		break;
	case M_NEXTHOP_DROP:
		msg_get(m, &record_msg_u32, &u);
		ATF_REQUIRE(f->want[u.value].af != AF_UNSPEC);
		f->want[u.value].af = AF_UNSPEC;
		f->drops++;
		fake_u32(f, M_NEXTHOP_GONE, u.value);
		break;
	case M_FAMILY_STATE:
		msg_get(m, &record_msg_family_state, &s);
		f->state[s.af == AF_INET ? 0 : 1] = s.state;
		f->told++;
		break;
	case M_HEARTBEAT:
		f->beats++;
		break;
	case M_CONFIG_READY:
		break;
	default:
		atf_tc_fail("message %u", m->hdr.type);
	}
}

static void
from_control(struct fake *f, struct imsg *m)
{
	if (m->hdr.type == M_CTL_END) {
		msg_get(m, &record_ctl_end, &f->answer);
		f->ended = true;
		return;
	}
	ATF_REQUIRE_EQ(m->hdr.type, M_CTL_RECORD);
	ATF_REQUIRE_EQ(ibuf_get_u32(&m->body, &f->last_type), 0);
	if (f->last_type == REC_FIB)
		msg_get(m, &record_ctl_fib, &f->fib);
	else if (f->last_type == REC_FAMILY)
		msg_get(m, &record_ctl_family, &f->family[f->records % 2]);
	else if (f->last_type == REC_NEXTHOP_RIB)
		msg_get(m, &record_ctl_nexthop_rib, &f->nexthop);
	else
		msg_get(m, &record_ctl_neighbor_rib, &f->neighbor);
	f->records++;
}

/* Take in what comes within ms. */
static void
pump(struct fake *f, int ms)
{
	struct pollfd	pfd[NENDS];
	struct imsg	m;
	int		i;

	for (i = 0; i < NENDS; i++) {
		pfd[i].fd = imsgbuf_fd(f->end[i]);
		pfd[i].events = POLLIN;
	}
	if (poll(pfd, NENDS, ms) <= 0)
		return;
	for (i = 0; i < NENDS; i++) {
		if (!(pfd[i].revents & (POLLIN | POLLHUP)))
			continue;
		ATF_REQUIRE_MSG(imsgbuf_read(f->end[i]) == 1, "rde has ended");
		while (imsg_get(f->end[i], &m) == 1) {
			if (i == PARENT)
				from_rde(f, &m);
			else
				from_control(f, &m);
			imsg_free(&m);
		}
	}
}

/* Wait for something to become true. */
#define AWAIT(f, cond) do {						\
	time_t	end_ = time(NULL) + DEADLINE;				\
									\
	while (!(cond)) {						\
		ATF_REQUIRE_MSG(time(NULL) < end_, "still not: %s", #cond); \
		pump(f, 20);						\
	}								\
} while (0)

/* Nothing of the kind happens while two heartbeats pass. */
#define NEVER(f, cond) do {						\
	unsigned int	end_ = (f)->beats + 2;				\
									\
	while ((f)->beats < end_) {					\
		pump(f, 20);						\
		ATF_REQUIRE_MSG(!(cond), "%s", #cond);			\
	}								\
} while (0)

static void
fake_pipe(struct fake *f, enum end end, enum proc_id id)
{
	struct msg_pipe	 m = { id };
	struct ibuf	*b;
	int		 fd[2];

	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ATF_REQUIRE((f->end[end] = imsgbuf_new(fd[0])) != NULL);
	ATF_REQUIRE((b = imsg_create()) != NULL);
	ATF_REQUIRE_EQ(record_put(b, &record_msg_pipe, &m), 0);
	ATF_REQUIRE_EQ(imsg_close(f->end[PARENT], M_PIPE, 0, fd[1], b), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[PARENT]), 0);
}

static struct fake *
fake_start(uint32_t units)
{
	struct child_args	 args;
	struct fake		*f;
	int			 fd[2], i;

	ATF_REQUIRE((f = calloc(1, sizeof(*f))) != NULL);
	f->units = units;
	f->size[FIB_TABLE_DIR4] = FIB4_DIR_WORDS;
	f->size[FIB_TABLE_DIR6] = FIB6_DIR_WORDS;
	f->size[FIB_TABLE_POOL4] = f->size[FIB_TABLE_POOL6] = units * 2;
	for (i = 0; i < FIB_TABLE_MAX; i++) {
		f->table[i] = calloc(f->size[i], sizeof(uint32_t));
		ATF_REQUIRE(f->table[i] != NULL);
	}
	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ATF_REQUIRE((f->pid = fork()) != -1);
	if (f->pid == 0) {
		if (dup2(fd[1], CHILD_FD) == -1)
			_exit(1);
		if (fd[0] != CHILD_FD)
			close(fd[0]);
		memset(&args, 0, sizeof(args));
		args.uid = (uid_t)-1;
		args.gid = (gid_t)-1;
		args.foreground = true;
		args.log_level = LEVEL_INFO;
		rde_main(&args);
	}
	close(fd[1]);
	ATF_REQUIRE((f->end[PARENT] = imsgbuf_new(fd[0])) != NULL);
	fake_pipe(f, ENGINE, PROC_BGPE);
	fake_pipe(f, CONTROL, PROC_CONTROL);
	return (f);
}

static void
fake_stop(struct fake *f)
{
	int	status;

	fake_send(f, PARENT, M_SHUTDOWN, 0, -1, NULL, 0);
	ATF_REQUIRE_EQ(waitpid(f->pid, &status, 0), f->pid);
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %d", status);
}

static struct prefix
prefix(const char *text)
{
	struct prefix	p;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	return (p);
}

static void
fake_config(struct fake *f, const char *const *allow)
{
	struct config_prefix	*a;
	struct config		*c;
	struct ibuf		*b;

	ATF_REQUIRE((c = config_new()) != NULL);
	for (; *allow != NULL; allow++) {
		a = config_add(&c->allow, &c->nallow, sizeof(*c->allow));
		ATF_REQUIRE(a != NULL);
		a->prefix = prefix(*allow);
	}
	ATF_REQUIRE((b = ibuf_new(CONFIG_MAX)) != NULL);
	ATF_REQUIRE_EQ(config_put(b, c), 0);
	ATF_REQUIRE(b->wpos <= IMSG_BODY_MAX);
	fake_send(f, PARENT, M_CONFIG_DATA, 0, -1, b->buf, b->wpos);
	fake_send(f, PARENT, M_CONFIG_END, 1, -1, NULL, 0);
	fake_send(f, PARENT, M_CONFIG_COMMIT, 0, -1, NULL, 0);
	ibuf_free(b);
	config_free(c);
}

static void
fake_tables(struct fake *f)
{
	struct msg_table_info	info = { GENERATION_FIRST, f->units,
	    f->units, NEXTHOPS, GROUPS };

	fake_record(f, PARENT, M_TABLE_INFO, &record_msg_table_info, &info);
}

static void
fake_local(struct fake *f, const char *text, bool up)
{
	struct msg_local	l = { prefix(text), up };

	fake_record(f, PARENT, M_LOCAL_ADDRESS, &record_msg_local, &l);
}

static void
fake_peer_of(struct fake *f, uint32_t id, uint8_t families)
{
	struct msg_peer	p = { .id = id, .addr = prefix("127.0.0.1").addr,
	    .remote_as = 65000, .local_as = 65000, .router_id = 1,
	    .families = families };

	fake_record(f, ENGINE, M_PEER_UP, &record_msg_peer, &p);
}

static void
fake_peer(struct fake *f, uint32_t id)
{
	fake_peer_of(f, id, BGP_FAM_IPV4 | BGP_FAM_IPV6);
}

static void
fake_down(struct fake *f, uint32_t id)
{
	struct msg_u32	m = { id };

	fake_record(f, ENGINE, M_PEER_DOWN, &record_msg_u32, &m);
}

static void
fake_eor(struct fake *f, uint32_t id, int af)
{
	struct msg_eor	m = { id, af };

	fake_record(f, ENGINE, M_END_OF_RIB, &record_msg_eor, &m);
}

/* n prefixes one behind the other; nexthop NULL: withdraw. */
static void
fake_routes(struct fake *f, uint32_t peer, const char *first, unsigned int n,
    const char *nexthop)
{
	struct attrs	 a;
	struct prefix	 p;
	struct ibuf	*b;
	int		 i;

	memset(&a, 0, sizeof(a));
	if (nexthop != NULL)
		a.nexthop = prefix(nexthop).addr;
	p = prefix(first);
	ATF_REQUIRE((b = imsg_create()) != NULL);
	ATF_REQUIRE_EQ(route_batch_start(b, peer, p.addr.af,
	    nexthop == NULL ? NULL : &a), 0);
	while (n-- > 0) {
		ATF_REQUIRE_EQ(route_batch_add(b, PATH_ID_NONE, &p), 0);
		for (i = (p.len - 1) / 8; i >= 0 && ++p.addr.b[i] == 0; i--)
			;
	}
	ATF_REQUIRE_EQ(imsg_close(f->end[ENGINE], M_ROUTE_BATCH, 0, -1, b), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[ENGINE]), 0);
}

/* What the programs would find for an IPv4 address. */
static uint32_t
lookup4(const struct fake *f, const char *text)
{
	const uint32_t	*node;
	struct addr	 a;
	uint64_t	 map, bits;
	uint32_t	 w, key;
	int		 shift;

	a = prefix(text).addr;
	key = (uint32_t)a.b[0] << 24 | a.b[1] << 16 | a.b[2] << 8 | a.b[3];
	w = f->table[FIB_TABLE_DIR4][key >> (32 - FIB4_DIR_BITS)];
	bits = (uint64_t)key << (32 + FIB4_DIR_BITS);
	for (shift = 0; w & FIB_NODE; shift++, bits <<= FIB_STRIDE) {
		ATF_REQUIRE(shift < FIB4_NODES);
		node = f->table[FIB_TABLE_POOL4] + (w & ~FIB_NODE) * 2;
		memcpy(&map, node, sizeof(map));
		w = node[2 + __builtin_popcountll(map &
		    ((2ULL << (bits >> 58)) - 1)) - 1];
	}
	return (w);
}

/* The id that this address was wanted under; 0: it is not. */
static uint32_t
wanted(const struct fake *f, const char *text)
{
	struct addr	a;
	uint32_t	id;

	a = prefix(text).addr;
	for (id = LEAF_ID_FIRST; id < NWANTS; id++) {
		if (addr_cmp(&f->want[id], &a) == 0)
			return (id);
	}
	return (0);
}

static const char *const	allow_ten[] = { "10.0.0.0/8", "2001:db8::/32",
    NULL };

static void
fake_ready(struct fake *f)
{
	fake_tables(f);
	fake_local(f, "10.0.0.1/32", true);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	fake_config(f, allow_ten);
	AWAIT(f, f->state[0] == FAMILY_READY && f->state[1] == FAMILY_READY);
}

static void
ask(struct fake *f, uint32_t type, const struct ctl_fib_request *req)
{
	struct ibuf	*b;

	f->records = 0;
	f->ended = false;
	ATF_REQUIRE((b = imsg_create()) != NULL);
	ibuf_put_u32(b, type);
	if (req != NULL)
		record_put(b, &record_ctl_fib_request, req);
	ATF_REQUIRE_EQ(imsg_close(f->end[CONTROL], M_CTL_REQUEST, 77, -1, b),
	    0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[CONTROL]), 0);
}

static void
ask_fib(struct fake *f, uint8_t match, const char *text)
{
	struct ctl_fib_request	req;

	memset(&req, 0, sizeof(req));
	req.match = match;
	if (text != NULL)
		req.prefix = prefix(text);
	ask(f, CTL_SHOW_FIB, &req);
}

/* In whatever order the parts of the policy come, ready is with the last. */
ATF_TC_WITHOUT_HEAD(ready);
ATF_TC_BODY(ready, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_local(f, "10.0.0.1/32", true);
	fake_local(f, "10.0.0.2/32", true);
	fake_local(f, "10.0.0.2/32", false);
	fake_config(f, allow_ten);
	fake_tables(f);
	NEVER(f, f->told > 0);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	AWAIT(f, f->state[0] == FAMILY_READY && f->state[1] == FAMILY_READY);
	ATF_CHECK_EQ(lookup4(f, "10.0.0.1"), LEAF_ALLOW | LEAF_LOCAL);
	ATF_CHECK_EQ(lookup4(f, "10.0.0.2"), LEAF_ALLOW);
	ATF_CHECK_EQ(lookup4(f, "11.0.0.1"), 0);
	fake_local(f, "10.0.0.1/32", false);
	AWAIT(f, lookup4(f, "10.0.0.1") == LEAF_ALLOW);
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(not_ready_unacknowledged);
ATF_TC_BODY(not_ready_unacknowledged, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	f->hold_acks = true;
	fake_tables(f);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	fake_config(f, allow_ten);
	AWAIT(f, lookup4(f, "10.0.0.1") == LEAF_ALLOW);
	NEVER(f, f->state[0] != FAMILY_NOT_READY);
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
	AWAIT(f, f->state[0] == FAMILY_READY);
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(converge_lose_return);
ATF_TC_BODY(converge_lose_return, tc)
{
	struct fake	*f;
	uint32_t	 id;

	f = fake_start(UNITS);
	/* Routes that come before there are tables wait. */
	fake_peer(f, 3);
	fake_routes(f, 3, "10.1.0.0/16", 20, "192.0.2.1");
	fake_ready(f);
	AWAIT(f, (id = wanted(f, "192.0.2.1")) != 0);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor(f, 3, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[1], FAMILY_READY);
	ATF_CHECK_EQ(lookup4(f, "10.1.2.3"), LEAF_ALLOW | id);
	ATF_CHECK_EQ(lookup4(f, "10.20.255.255"), LEAF_ALLOW | id);
	ATF_CHECK_EQ(lookup4(f, "10.21.0.0"), LEAF_ALLOW);
	fake_eor(f, 3, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);

	/* One by one from here on. */
	fake_routes(f, 3, "10.1.2.0/24", 1, "192.0.2.2");
	AWAIT(f, wanted(f, "192.0.2.2") != 0 && lookup4(f, "10.1.2.3") ==
	    (LEAF_ALLOW | wanted(f, "192.0.2.2")));
	fake_routes(f, 3, "10.1.2.0/24", 1, NULL);
	AWAIT(f, lookup4(f, "10.1.2.3") == (LEAF_ALLOW | id));
	AWAIT(f, f->drops == 1 && wanted(f, "192.0.2.2") == 0);

	/* The session goes: both families pass, the next hop is dropped. */
	fake_down(f, 3);
	AWAIT(f, f->state[0] == FAMILY_READY && f->state[1] == FAMILY_READY);
	AWAIT(f, lookup4(f, "10.1.2.3") == LEAF_ALLOW && f->drops == 2);
	fake_peer(f, 3);
	fake_routes(f, 3, "10.1.0.0/16", 20, "192.0.2.7");
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor(f, 3, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(lookup4(f, "10.1.2.3"),
	    LEAF_ALLOW | wanted(f, "192.0.2.7"));
	fake_stop(f);
}

/* The last of several peers decides, and one of two may go. */
ATF_TC_WITHOUT_HEAD(two_peers);
ATF_TC_BODY(two_peers, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_peer(f, 1);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_routes(f, 1, "10.1.0.0/16", 2, "192.0.2.2");
	fake_eor(f, 0, AF_INET);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	fake_down(f, 0);
	AWAIT(f, lookup4(f, "10.1.0.1") ==
	    (LEAF_ALLOW | wanted(f, "192.0.2.2")));
	AWAIT(f, wanted(f, "192.0.2.1") == 0);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	fake_stop(f);
}

/* What is left when a peer goes is a feed only if it is a whole one. */
ATF_TC_WITHOUT_HEAD(half_feed);
ATF_TC_BODY(half_feed, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 0, AF_INET6);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED &&
	    f->state[1] == FAMILY_CONVERGED);
	/* The second is still sending when the first goes. */
	fake_peer(f, 1);
	fake_routes(f, 1, "10.0.0.0/8", 1, "192.0.2.2");
	fake_eor(f, 1, AF_INET6);
	fake_down(f, 0);
	AWAIT(f, f->state[0] == FAMILY_READY);
	NEVER(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[1], FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	fake_stop(f);
}

/* A peer says nothing about a family that it does not carry. */
ATF_TC_WITHOUT_HEAD(one_family_each);
ATF_TC_BODY(one_family_each, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer_of(f, 0, BGP_FAM_IPV4);
	fake_eor(f, 0, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	NEVER(f, f->state[1] == FAMILY_CONVERGED);
	fake_peer_of(f, 1, BGP_FAM_IPV6);
	NEVER(f, f->state[1] == FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	/* The only one that carries it goes and comes back. */
	fake_down(f, 1);
	AWAIT(f, f->state[1] == FAMILY_READY);
	fake_peer_of(f, 1, BGP_FAM_IPV6);
	NEVER(f, f->state[1] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(f->state[0], FAMILY_CONVERGED);
	fake_eor(f, 1, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);
	fake_stop(f);
}

/* With two paths, one whose next hop has a way wins. */
ATF_TC_WITHOUT_HEAD(nexthop_state);
ATF_TC_BODY(nexthop_state, tc)
{
	struct msg_nexthop_state	 s;
	struct fake			*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_peer(f, 1);
	fake_routes(f, 0, "10.1.0.0/16", 1, "192.0.2.1");
	fake_routes(f, 1, "10.1.0.0/16", 1, "192.0.2.2");
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 1, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	s.id = wanted(f, "192.0.2.2");
	s.state = NEXTHOP_VALID;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
	AWAIT(f, lookup4(f, "10.1.0.1") == (LEAF_ALLOW | s.id));
	s.state = NEXTHOP_UNRESOLVED;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
	s.id = wanted(f, "192.0.2.1");
	s.state = NEXTHOP_VALID;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
	AWAIT(f, lookup4(f, "10.1.0.1") == (LEAF_ALLOW | s.id));
	fake_stop(f);
}

/* What does not fit makes its family pass, until it does. */
ATF_TC_WITHOUT_HEAD(overflow);
ATF_TC_BODY(overflow, tc)
{
	struct fake	*f;
	unsigned int	 i;
	char		 text[32];

	f = fake_start(2048);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.0.0.0/24", 16, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	/* Hosts far apart: a node or two each. */
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.77/32", 64 + i / 100,
		    i % 100 * 2);
		fake_routes(f, 0, text, 1, "192.0.2.2");
		pump(f, 0);
	}
	AWAIT(f, f->state[0] == FAMILY_READY);
	ask(f, CTL_SHOW_RIB_SUMMARY, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 2);
	ATF_CHECK(f->family[0].overflow);
	ATF_CHECK(f->family[0].pending > 0);
	ATF_CHECK_EQ(f->family[0].prefixes, 2016);
	ATF_CHECK(!f->family[1].overflow);
	/* Another family has its own table. */
	fake_eor(f, 0, AF_INET6);
	AWAIT(f, f->state[1] == FAMILY_CONVERGED);
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.77/32", 64 + i / 100,
		    i % 100 * 2);
		fake_routes(f, 0, text, 1, NULL);
		pump(f, 0);
	}
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	ATF_CHECK_EQ(lookup4(f, "10.0.3.1"),
	    LEAF_ALLOW | wanted(f, "192.0.2.1"));
	ATF_CHECK_EQ(lookup4(f, "10.64.0.77"), LEAF_ALLOW);
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(reload);
ATF_TC_BODY(reload, tc)
{
	static const char *const	 halves[] = { "10.0.0.0/9",
		"10.128.0.0/9", "10.128.0.0/9", NULL };
	static const char *const	 less[] = { "10.0.0.0/9", NULL };
	struct fake			*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_config(f, halves);
	/* Not for a moment is it without. */
	NEVER(f, lookup4(f, "10.200.0.1") != LEAF_ALLOW);
	fake_config(f, less);
	AWAIT(f, lookup4(f, "10.200.0.1") == 0);
	ATF_CHECK_EQ(lookup4(f, "10.1.0.1"), LEAF_ALLOW);
	ATF_CHECK_EQ(f->state[0], FAMILY_READY);
	/* Back before the last was gone. */
	fake_config(f, allow_ten);
	fake_config(f, less);
	fake_config(f, allow_ten);
	AWAIT(f, lookup4(f, "10.200.0.1") == LEAF_ALLOW);
	NEVER(f, lookup4(f, "10.200.0.1") != LEAF_ALLOW);
	fake_stop(f);
}

/* A parent that does not acknowledge is not flooded, and all comes later. */
ATF_TC_WITHOUT_HEAD(slow_parent);
ATF_TC_BODY(slow_parent, tc)
{
	struct fake	*f;
	unsigned int	 i, n;
	char		 text[32];

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 0);
	fake_routes(f, 0, "10.0.0.0/16", 256, "192.0.2.1");
	fake_eor(f, 0, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	f->hold_acks = true;
	f->writes = 0;
	/* One batch each, as far as it goes. */
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "10.%u.0.0/24", i);
		fake_routes(f, 0, text, 1, "192.0.2.2");
		n = f->writes;
		if (i < 16)
			AWAIT(f, f->writes > n);
	}
	NEVER(f, f->writes > 16);
	ATF_CHECK_EQ(lookup4(f, "10.99.0.1"),
	    LEAF_ALLOW | wanted(f, "192.0.2.1"));
	f->hold_acks = false;
	fake_u32(f, M_TABLE_ACK, f->seq);
	AWAIT(f, lookup4(f, "10.99.0.1") ==
	    (LEAF_ALLOW | wanted(f, "192.0.2.2")));
	ATF_CHECK_EQ(lookup4(f, "10.50.0.1"),
	    LEAF_ALLOW | wanted(f, "192.0.2.2"));
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(control);
ATF_TC_BODY(control, tc)
{
	struct fake	*f;

	f = fake_start(UNITS);
	fake_ready(f);
	fake_peer(f, 5);
	fake_routes(f, 5, "10.1.0.0/24", ROUTES, "192.0.2.1");
	fake_routes(f, 5, "2001:db8::/48", 10, "2001:db8::1");
	fake_eor(f, 5, AF_INET);
	fake_eor(f, 5, AF_INET6);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED &&
	    f->state[1] == FAMILY_CONVERGED);

	ask_fib(f, FIB_ALL, NULL);
	AWAIT(f, f->records == CTL_WINDOW);
	NEVER(f, f->records > CTL_WINDOW);
	fake_send(f, CONTROL, M_CTL_MORE, 77, -1, NULL, 0);
	AWAIT(f, f->records == 2 * CTL_WINDOW);
	fake_send(f, CONTROL, M_CTL_MORE, 77, -1, NULL, 0);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->answer.status, 0);
	ATF_CHECK_EQ(f->records, ROUTES + 10);
	ATF_CHECK_EQ(f->fib.prefix.addr.af, AF_INET6);
	/* A stream that is cancelled makes room and says nothing more. */
	ask_fib(f, FIB_ALL, NULL);
	AWAIT(f, f->records == CTL_WINDOW);
	fake_send(f, CONTROL, M_CTL_CANCEL, 77, -1, NULL, 0);
	fake_send(f, CONTROL, M_CTL_MORE, 77, -1, NULL, 0);
	NEVER(f, f->records > CTL_WINDOW || f->ended);

	ask_fib(f, FIB_ADDR, "10.1.3.9");
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 1);
	ATF_CHECK(f->fib.route && f->fib.allow && !f->fib.local);
	ATF_CHECK(!f->fib.pending && !f->fib.allow_only);
	ATF_CHECK_EQ(f->fib.prefix.len, 24);
	ATF_CHECK_EQ(f->fib.nexthop, wanted(f, "192.0.2.1"));
	ATF_CHECK_EQ(f->fib.leaf, lookup4(f, "10.1.3.9"));
	ATF_CHECK_EQ(f->fib.gateway.b[3], 1);
	ATF_CHECK_EQ(f->fib.neighbor, 5);
	ask_fib(f, FIB_ADDR, "10.0.0.1");
	AWAIT(f, f->ended);
	ATF_CHECK(!f->fib.route && f->fib.allow_only && f->fib.local);
	ATF_CHECK_EQ(f->fib.prefix.len, 32);
	ask_fib(f, FIB_PREFIX, "10.1.7.0/24");
	AWAIT(f, f->ended);
	ATF_CHECK(f->fib.route);
	ask_fib(f, FIB_PREFIX, "10.1.7.0/25");
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->answer.status, 1);

	ask(f, CTL_SHOW_NEIGHBOR_RIB, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 1);
	ATF_CHECK_EQ(f->neighbor.id, 5);
	ATF_CHECK_EQ(f->neighbor.paths4, ROUTES);
	ATF_CHECK_EQ(f->neighbor.best6, 10);
	ask(f, CTL_SHOW_NEXTHOP_RIB, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->records, 2);
	ATF_CHECK_EQ(f->nexthop.routes, 10);
	ask(f, CTL_RELOAD, NULL);
	AWAIT(f, f->ended);
	ATF_CHECK_EQ(f->answer.status, 1);
	fake_stop(f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ready);
	ATF_TP_ADD_TC(tp, not_ready_unacknowledged);
	ATF_TP_ADD_TC(tp, converge_lose_return);
	ATF_TP_ADD_TC(tp, two_peers);
	ATF_TP_ADD_TC(tp, half_feed);
	ATF_TP_ADD_TC(tp, one_family_each);
	ATF_TP_ADD_TC(tp, nexthop_state);
	ATF_TP_ADD_TC(tp, overflow);
	ATF_TP_ADD_TC(tp, reload);
	ATF_TP_ADD_TC(tp, slow_parent);
	ATF_TP_ADD_TC(tp, control);
	return (atf_no_error());
}
