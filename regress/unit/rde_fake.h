/* SPDX-License-Identifier: ISC */
/*
 * The whole rde process, sandbox included, with the test as its parent, its
 * engine and its control: what it writes is applied to tables of the test's
 * own, which are walked as the programs walk theirs.
 */
#ifndef RDE_FAKE_H
#define RDE_FAKE_H

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
#include "../tools/walk.h"

#define DEADLINE	20	/* seconds that anything may take */
#define UNITS		(1 << 16)
#define NEXTHOPS	1024
#define GROUPS		16
#define NWANTS		64

enum end { PARENT, ENGINE, STATION, CONTROL, NENDS };

struct fake {
	pid_t		 pid;
	struct imsgbuf	*end[NENDS];
	uint32_t	 units;
	uint32_t	*table[FIB_TABLE_MAX];
	uint32_t	 size[FIB_TABLE_MAX];	/* words */
	uint32_t	 generation;	/* of these */
	/* the next ones; the generation is 0 if there are none */
	uint32_t	*next[FIB_TABLE_MAX];
	uint32_t	 next_size[FIB_TABLE_MAX];
	uint32_t	 next_generation;
	unsigned int	 generations_wanted, commits, aborts;
	bool		 hold_commit;
	unsigned int	 configs, refusals;	/* staged, or not */
	uint8_t		 state[2];	/* v4, v6 */
	unsigned int	 told;		/* states */
	struct addr	 want[NWANTS];	/* by id; AF_UNSPEC: none */
	unsigned int	 drops, beats, writes;
	bool		 hold_acks;
	bool		 hold_grace;
	uint32_t	 grace;		/* asked for, 0: none */
	unsigned int	 regrouped;	/* group ids used again */
	uint32_t	 seq;		/* last one written */
	/* before words of a table are read; or NULL */
	void		(*spoil)(struct fake *, uint32_t table, uint32_t index,
			    uint32_t count);
	unsigned int	 reads;
	/* of the last request */
	unsigned int	 records;
	uint32_t	 last_type;
	struct ctl_fib	 fib;
	struct ctl_family family[2];
	struct ctl_audit audit;
	struct ctl_memory memory;
	struct ctl_nexthop_rib nexthop;
	struct ctl_neighbor_rib neighbor;
	bool		 ended;
	struct ctl_end	 answer;
	/* takes what control gets, if set */
	void		 (*hook)(struct fake *, struct imsg *);
};

static inline void
fake_send(struct fake *f, enum end to, uint32_t type, uint32_t id, int fd,
    const void *body, size_t len)
{
	ATF_REQUIRE_EQ(imsg_compose(f->end[to], type, id, fd, body, len), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[to]), 0);
}

static inline void
fake_record(struct fake *f, enum end to, uint32_t type,
    const struct record *rec, const void *s)
{
	struct ibuf	*b;

	ATF_REQUIRE((b = imsg_create()) != NULL);
	ATF_REQUIRE_EQ(record_put(b, rec, s), 0);
	ATF_REQUIRE_EQ(imsg_close(f->end[to], type, 0, -1, b), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[to]), 0);
}

static inline void
fake_u32(struct fake *f, uint32_t type, uint32_t v)
{
	struct msg_u32	m = { v };

	fake_record(f, PARENT, type, &record_msg_u32, &m);
}

/* A group never changes before what it was is certain to be gone. */
static inline void
check_groups(struct fake *f, uint32_t index, uint32_t count, const void *words)
{
	struct ecmp_group	old, new;

	ATF_REQUIRE_EQ(index % GROUP_WORDS, 0);
	ATF_REQUIRE_EQ(count, GROUP_WORDS);
	memcpy(&old, f->table[FIB_TABLE_GROUPS] + index, sizeof(old));
	memcpy(&new, words, sizeof(new));
	ATF_REQUIRE(index / GROUP_WORDS >= GROUP_FIRST);
	ATF_REQUIRE(new.n >= 2 && new.n <= ECMP_MEMBERS_MAX);
	if (old.n == 0 || memcmp(&old, &new, sizeof(old)) == 0)
		return;
	ATF_REQUIRE_MSG(!f->hold_grace, "group %zu is used again",
	    index / GROUP_WORDS);
	f->regrouped++;
}

static inline void
table_write(struct fake *f, struct ibuf *b)
{
	uint32_t	table, index, count;
	const void	*words;
	bool		next;

	ATF_REQUIRE_EQ(ibuf_get_u32(b, &f->seq), 0);
	while (ibuf_left(b) > 0) {
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &table), 0);
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &index), 0);
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &count), 0);
		next = TABLE_GEN(table) == f->next_generation;
		ATF_REQUIRE_MSG(next || TABLE_GEN(table) == f->generation,
		    "a write to generation %u", TABLE_GEN(table));
		table = TABLE_ID(table);
		ATF_REQUIRE(table < FIB_TABLE_MAX && count > 0);
		ATF_REQUIRE(index + count <=
		    (next ? f->next_size : f->size)[table]);
		words = ibuf_take(b, count * sizeof(uint32_t));
		ATF_REQUIRE(words != NULL);
		if (table == FIB_TABLE_GROUPS)
			check_groups(f, index, count, words);
		memcpy((next ? f->next : f->table)[table] + index, words,
		    count * sizeof(uint32_t));
	}
	f->writes++;
	if (!f->hold_acks)
		fake_u32(f, M_TABLE_ACK, f->seq);
}

/* Fresh tables. */
static inline void
fake_fresh(uint32_t **table, uint32_t *size, uint32_t units)
{
	int	i;

	size[FIB_TABLE_DIR4] = FIB4_DIR_WORDS;
	size[FIB_TABLE_DIR6] = FIB6_DIR_WORDS;
	size[FIB_TABLE_POOL4] = size[FIB_TABLE_POOL6] = units * 2;
	size[FIB_TABLE_GROUPS] = GROUPS * GROUP_WORDS;
	for (i = 0; i < FIB_TABLE_MAX; i++) {
		table[i] = calloc(size[i], sizeof(uint32_t));
		ATF_REQUIRE(table[i] != NULL);
	}
}

static inline void
fake_drop(uint32_t **table)
{
	int	i;

	for (i = 0; i < FIB_TABLE_MAX; i++) {
		free(table[i]);
		table[i] = NULL;
	}
}

/* What was committed is what programs use from now on; or it is not. */
static inline void
fake_swap(struct fake *f, bool well)
{
	uint32_t	number = f->next_generation;

	fake_drop(well ? f->table : f->next);
	if (well) {
		memcpy(f->table, f->next, sizeof(f->table));
		memcpy(f->size, f->next_size, sizeof(f->size));
		f->generation = number;
	}
	f->next_generation = 0;
	fake_u32(f, well ? M_GENERATION_DONE : M_GENERATION_FAILED, number);
}

/* The audit reads; a test may have spoilt what it finds. */
static inline void
fake_read(struct fake *f, struct imsg *m)
{
	struct msg_table_read	 r;
	struct ibuf		*b;
	uint32_t		 table;

	msg_get(m, &record_msg_table_read, &r);
	table = TABLE_ID(r.table);
	ATF_REQUIRE(table < FIB_TABLE_MAX && r.count > 0);
	ATF_REQUIRE(r.count <= TABLE_READ_MAX);
	if (TABLE_GEN(r.table) != f->generation)
		r.count = 0;
	else {
		ATF_REQUIRE(r.index + r.count <= f->size[table]);
		if (f->spoil != NULL)
			f->spoil(f, table, r.index, r.count);
	}
	f->reads++;
	ATF_REQUIRE((b = imsg_create()) != NULL);
	ATF_REQUIRE_EQ(record_put(b, &record_msg_table_read, &r), 0);
	ATF_REQUIRE_EQ(ibuf_put(b, f->table[table] + r.index,
	    r.count * sizeof(uint32_t)), 0);
	ATF_REQUIRE_EQ(imsg_close(f->end[PARENT], M_TABLE_WORDS, 0, -1, b), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[PARENT]), 0);
}

static inline void
from_rde(struct fake *f, struct imsg *m)
{
	struct msg_nexthop_want	want;
	struct msg_family_state	s;
	struct msg_u32		u;

	switch (m->hdr.type) {
	case M_TABLE_WRITE:
		table_write(f, &m->body);
		break;
	case M_TABLE_READ:
		fake_read(f, m);
		break;
	case M_GRACE:
		msg_get(m, &record_msg_u32, &u);
		/* What was unlinked is really gone: its stores are here. */
		f->grace = u.value;
		if (!f->hold_grace)
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
	case M_GENERATION_WANT:
		f->generations_wanted++;
		break;
	case M_GENERATION_COMMIT:
		msg_get(m, &record_msg_u32, &u);
		ATF_REQUIRE_EQ(u.value, f->next_generation);
		f->commits++;
		if (!f->hold_commit)
			fake_swap(f, true);
		break;
	case M_GENERATION_ABORT:
		msg_get(m, &record_msg_u32, &u);
		ATF_REQUIRE_EQ(u.value, f->next_generation);
		f->aborts++;
		fake_drop(f->next);
		f->next_generation = 0;
		break;
	case M_CONFIG_READY:
		f->configs++;
		break;
	case M_CONFIG_REASON:
		f->refusals++;
		break;
	default:
		atf_tc_fail("message %u", m->hdr.type);
	}
}

static inline void
from_control(struct fake *f, struct imsg *m)
{
	if (f->hook != NULL) {
		f->hook(f, m);
		return;
	}
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
	else if (f->last_type == REC_AUDIT)
		msg_get(m, &record_ctl_audit, &f->audit);
	else if (f->last_type == REC_MEMORY)
		msg_get(m, &record_ctl_memory, &f->memory);
	else if (f->last_type == REC_NEXTHOP_RIB)
		msg_get(m, &record_ctl_nexthop_rib, &f->nexthop);
	else
		msg_get(m, &record_ctl_neighbor_rib, &f->neighbor);
	f->records++;
}

/* Take in what comes within ms. */
static inline void
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

static inline void
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

static inline struct fake *
fake_start(uint32_t units)
{
	struct child_args	 args;
	struct fake		*f;
	int			 fd[2];

	ATF_REQUIRE((f = calloc(1, sizeof(*f))) != NULL);
	f->units = units;
	f->generation = GENERATION_FIRST;
	fake_fresh(f->table, f->size, units);
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
	fake_pipe(f, STATION, PROC_BMPE);
	fake_pipe(f, CONTROL, PROC_CONTROL);
	return (f);
}

static inline void
fake_stop(struct fake *f)
{
	int	status;

	fake_send(f, PARENT, M_SHUTDOWN, 0, -1, NULL, 0);
	ATF_REQUIRE_EQ(waitpid(f->pid, &status, 0), f->pid);
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %d", status);
}

static inline struct prefix
prefix(const char *text)
{
	struct prefix	p;

	ATF_REQUIRE_EQ_MSG(prefix_parse(text, &p, NULL), 0, "%s", text);
	return (p);
}

/* Send a config to be staged. */
static inline void
fake_stage(struct fake *f, const struct config *c)
{
	struct ibuf	*b;

	ATF_REQUIRE((b = ibuf_new(CONFIG_MAX)) != NULL);
	ATF_REQUIRE_EQ(config_put(b, c), 0);
	ATF_REQUIRE(b->wpos <= IMSG_BODY_MAX);
	fake_send(f, PARENT, M_CONFIG_DATA, 0, -1, b->buf, b->wpos);
	fake_send(f, PARENT, M_CONFIG_END, 1, -1, NULL, 0);
	ibuf_free(b);
}

static inline void
fake_config(struct fake *f, const char *const *allow)
{
	struct config_prefix	*a;
	struct config		*c;

	ATF_REQUIRE((c = config_new()) != NULL);
	for (; *allow != NULL; allow++) {
		a = config_add(&c->allow, &c->nallow, sizeof(*c->allow));
		ATF_REQUIRE(a != NULL);
		a->prefix = prefix(*allow);
	}
	fake_stage(f, c);
	fake_send(f, PARENT, M_CONFIG_COMMIT, 0, -1, NULL, 0);
	config_free(c);
}

static inline void
fake_tables(struct fake *f)
{
	struct msg_table_info	info = { GENERATION_FIRST, f->units,
	    f->units, NEXTHOPS, GROUPS };

	fake_record(f, PARENT, M_TABLE_INFO, &record_msg_table_info, &info);
}

/* Tables to build anew in, of these sizes. */
static inline void
fake_next(struct fake *f, uint32_t generation, uint32_t units,
    uint32_t nexthops)
{
	struct msg_table_info	info = { generation, units, units, nexthops,
	    GROUPS };

	ATF_REQUIRE_EQ(f->next_generation, 0);
	f->next_generation = generation;
	fake_fresh(f->next, f->next_size, units);
	fake_record(f, PARENT, M_TABLE_INFO, &record_msg_table_info, &info);
}

static inline void
fake_local(struct fake *f, const char *text, bool up)
{
	struct msg_local	l = { prefix(text), up };

	fake_record(f, PARENT, M_LOCAL_ADDRESS, &record_msg_local, &l);
}

static inline void
fake_peer_of(struct fake *f, uint32_t id, uint8_t families)
{
	struct msg_peer	p = { .id = id, .addr = prefix("127.0.0.1").addr,
	    .remote_as = 65000, .local_as = 65000, .router_id = 1,
	    .families = families };

	fake_record(f, ENGINE, M_PEER_UP, &record_msg_peer, &p);
}

static inline void
fake_peer(struct fake *f, uint32_t id)
{
	fake_peer_of(f, id, BGP_FAM_IPV4 | BGP_FAM_IPV6);
}

static inline void
fake_down(struct fake *f, uint32_t id)
{
	struct msg_u32	m = { id };

	fake_record(f, ENGINE, M_PEER_DOWN, &record_msg_u32, &m);
}

static inline void
fake_eor(struct fake *f, uint32_t id, int af)
{
	struct msg_eor	m = { id, af };

	fake_record(f, ENGINE, M_END_OF_RIB, &record_msg_eor, &m);
}

/* n prefixes one behind the other, as a peer of an engine has them; nexthop
   NULL: withdraw. */
static inline void
fake_paths(struct fake *f, enum end end, uint32_t peer, uint32_t path_id,
    const char *first, unsigned int n, const char *nexthop)
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
		ATF_REQUIRE_EQ(route_batch_add(b, path_id, &p), 0);
		for (i = (p.len - 1) / 8; i >= 0 && ++p.addr.b[i] == 0; i--)
			;
	}
	ATF_REQUIRE_EQ(imsg_close(f->end[end], M_ROUTE_BATCH, 0, -1, b), 0);
	ATF_REQUIRE_EQ(imsgbuf_flush(f->end[end]), 0);
}

static inline void
fake_routes(struct fake *f, uint32_t peer, const char *first, unsigned int n,
    const char *nexthop)
{
	fake_paths(f, ENGINE, peer, PATH_ID_NONE, first, n, nexthop);
}

/* What the programs would find for an IPv4 address. */
static inline uint32_t
lookup4(const struct fake *f, const char *text)
{
	struct addr	a;

	a = prefix(text).addr;
	return (walk4(f->table[FIB_TABLE_DIR4], f->table[FIB_TABLE_POOL4],
	    (uint32_t)a.b[0] << 24 | a.b[1] << 16 | a.b[2] << 8 | a.b[3]));
}

/* The id that this address was wanted under; 0: it is not. */
static inline uint32_t
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

static inline void
fake_ready(struct fake *f)
{
	fake_tables(f);
	fake_local(f, "10.0.0.1/32", true);
	fake_send(f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	fake_config(f, allow_ten);
	AWAIT(f, f->state[0] == FAMILY_READY && f->state[1] == FAMILY_READY);
}

static inline void
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

static inline void
ask_fib(struct fake *f, uint8_t match, const char *text)
{
	struct ctl_fib_request	req;

	memset(&req, 0, sizeof(req));
	req.match = match;
	if (text != NULL)
		req.prefix = prefix(text);
	ask(f, CTL_SHOW_FIB, &req);
}

#endif
