/* SPDX-License-Identifier: ISC */
/*
 * The route decision engine's process: it takes routes from the engines and
 * policy and states from the parent, and has the work done in pieces that
 * leave the loop responsive. It sees no byte that came from the network
 * undecoded, and touches no kernel object.
 */
#include <sys/random.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/bgp.h"
#include "../lib/log.h"
#include "../lib/mains.h"
#include "shell.h"

#define SWEEP_PREFIXES	1024	/* looked at before the loop gets its turn */
#define UNGROUPED_TIME	60	/* seconds between warnings of lacking groups */

/*
 * Of an allowlist, so many changes, or such a part of a family: more is built
 * anew instead of changed in place. With 1,050,000 routes, 25,000 scattered
 * prefixes or 0.0.0.0/0 take in place what building anew does, and a second
 * pool's worth of nodes that wait for a grace period.
 */
#define ANEW_PREFIXES	25000
#define ANEW_SHARE	(65536 / 2)

/* Who has changed a route: that of one does not wait for all of another. */
#define CAUSE_NONE	0	/* policy, our own addresses */
#define CAUSE_SWEEP	1	/* what a neighbor left behind, next hops */
#define CAUSE_PEER	2	/* and its number */

#define LARGE		(256 * 1024)	/* bytes */

static struct rde	rde;

int64_t
rde_now(void)
{
	struct timespec	ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		fatal("clock_gettime");
	return (ts.tv_sec);
}

void
rde_schedule(struct rde *r)
{
	static const struct timeval	now = { 0, 0 };

	if (!evtimer_pending(r->work, NULL) && evtimer_add(r->work, &now) == -1)
		fatalx("event_add: work");
}

struct family *
rde_family(struct rde *r, int af)
{
	return (&r->family[af == AF_INET ? 0 : 1]);
}

static void
work(evutil_socket_t fd, short what, void *arg)
{
	struct rde	*r = arg;
	bool		 more;

	more = false;
	if (rib_sweeping(r->rib)) {
		r->cause = CAUSE_SWEEP;
		more = rib_sweep(r->rib, SWEEP_PREFIXES);
		r->cause = CAUSE_NONE;
		if (!more)
			drain_converge(r);
	}
	more |= drain_step(r);
	if (more)
		rde_schedule(r);
}

/* Routes that found no room for their ECMP group try again when there is. */
static void
regroup(struct rde *r)
{
	uint64_t	refused;
	int64_t		now;

	if (rib_ungrouped(r->rib) && group_room(r->groups)) {
		rib_redecide(r->rib);
		rde_schedule(r);
	}
	refused = group_refused(r->groups);
	now = rde_now();
	if (refused == r->ungrouped ||
	    (r->ungrouped_at != 0 && now - r->ungrouped_at < UNGROUPED_TIME))
		return;
	log_warnx("no ECMP group left, %llu times: routes follow their best "
	    "path alone; raise ecmp-groups-max-entries",
	    (unsigned long long)(refused - r->ungrouped));
	r->ungrouped = refused;
	r->ungrouped_at = now;
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	struct rde	*r = arg;
	uint64_t	 refused;

	proc_send(&r->proc, PROC_PARENT, M_HEARTBEAT, 0, -1, NULL, 0);
	drain_converge(r);
	if (intern_punted(r->intern) > 0 && nexthop_room(r->nexthops, NULL)) {
		rib_renew(r->rib);
		rde_schedule(r);
	}
	regroup(r);
	refused = nexthop_refused(r->nexthops);
	if (refused != r->refused) {
		log_warnx("no nexthop id left for %llu attribute sets: their "
		    "routes lead to the slow path; raise nexthops-max-entries",
		    (unsigned long long)(refused - r->refused));
		r->refused = refused;
	}
	refused = rib_crowded(r->rib);
	if (refused != r->crowded) {
		log_warnx("%llu paths were not taken: a neighbor has sent "
		    "%u others to the same prefix",
		    (unsigned long long)(refused - r->crowded), RIB_PATH_IDS);
		r->crowded = refused;
	}
}

static void
on_want(void *arg, uint32_t id, const struct addr *addr)
{
	struct rde		*r = arg;
	struct msg_nexthop_want	 m;

	memset(&m, 0, sizeof(m));
	m.id = id;
	m.addr = *addr;
	msg_send(&r->proc, PROC_PARENT, M_NEXTHOP_WANT, 0,
	    &record_msg_nexthop_want, &m);
}

static void
on_drop(void *arg, uint32_t id)
{
	struct rde	*r = arg;
	struct msg_u32	 m = { id };

	msg_send(&r->proc, PROC_PARENT, M_NEXTHOP_DROP, 0, &record_msg_u32,
	    &m);
}

/* A next hop is idle, or there is something to do about groups. */
static void
on_idle(void *arg)
{
	rde_schedule(arg);
}

static const struct nexthop_ops	nexthop_ops = { on_want, on_drop, on_idle };

/*
 * The config.
 */
static void
config_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_data(&rde.stage, m);
}

static void
config_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	const char	*why;

	stage_end(&rde.stage);
	if ((why = rebuild_stage(&rde, rde.stage.next)) != NULL)
		stage_refuse(&rde.stage, p, m, why);
	else
		stage_ready(p, m);
}

static int
prefix_order(const void *a, const void *b)
{
	return (prefix_cmp(a, b));
}

/* The allowlist of a config, sorted and each prefix once. */
static struct prefix *
allow_list(const struct config *c, size_t *np)
{
	struct prefix	*list;
	size_t		 i, n;

	if ((list = calloc(c->nallow + 1, sizeof(*list))) == NULL)
		fatal("allowlist");
	for (i = 0; i < c->nallow; i++)
		list[i] = c->allow[i].prefix;
	qsort(list, c->nallow, sizeof(*list), prefix_order);
	for (n = 0, i = 0; i < c->nallow; i++) {
		if (n == 0 || prefix_cmp(&list[n - 1], &list[i]) != 0)
			list[n++] = list[i];
	}
	*np = n;
	return (list);
}

void
rde_revoke(struct rde *r)
{
	size_t	i;

	for (i = 0; i < r->nrevoked; i++)
		(void)rib_policy(r->rib, &r->revoked[i], LEAF_ALLOW, false);
	free(r->revoked);
	r->revoked = NULL;
	r->nrevoked = 0;
	rde_schedule(r);
}

static void
allow(struct rde *r, const struct prefix *prefix)
{
	if (rib_policy(r->rib, prefix, LEAF_ALLOW, true) == -1)
		fatal("allowlist");
}

/* Add what is new at once; what is gone is revoked when that is in place. */
void
rde_policy(struct rde *r)
{
	const struct prefix	*list = r->coming;
	size_t			 n = r->ncoming, i, j;
	int			 d;

	if (list == NULL)
		return;
	rde_revoke(r);
	r->revoked = calloc(r->nallow + 1, sizeof(*r->revoked));
	if (r->revoked == NULL)
		fatal("allowlist");
	for (i = j = 0; i < n || j < r->nallow;) {
		d = i == n ? 1 : j == r->nallow ? -1 :
		    prefix_cmp(&list[i], &r->allow[j]);
		if (d < 0)
			allow(r, &list[i]);
		else if (d > 0)
			r->revoked[r->nrevoked++] = r->allow[j];
		i += d <= 0;
		j += d >= 0;
	}
	free(r->allow);
	r->allow = r->coming;
	r->nallow = n;
	r->coming = NULL;
	rde_schedule(r);
}

/* How much of the tables a prefix makes anew, in 65536ths of a family. */
static uint32_t
share(const struct prefix *p)
{
	unsigned int	len = p->len;

	/* all routes are in 2000::/3 */
	if (p->addr.af == AF_INET6)
		len = len > 3 ? len - 3 : 0;
	return (len > 16 ? 0 : 1U << (16 - len));
}

/* Does so much change that tables are better built anew? */
static bool
policy_is_large(const struct rde *r)
{
	const struct prefix	*p;
	uint64_t		 sum;
	size_t			 i, j, n;
	int			 d;

	for (sum = 0, n = 0, i = j = 0; i < r->ncoming || j < r->nallow;) {
		d = i == r->ncoming ? 1 : j == r->nallow ? -1 :
		    prefix_cmp(&r->coming[i], &r->allow[j]);
		p = d < 0 ? &r->coming[i] : &r->allow[j];
		if (d != 0) {
			sum += share(p);
			n++;
		}
		i += d <= 0;
		j += d >= 0;
	}
	return (n > ANEW_PREFIXES || sum > ANEW_SHARE);
}

static void
config_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct config	*c;

	c = stage_take(&rde.stage);
	rebuild_staged(&rde, true);
	rde_policy(&rde);
	rde.coming = allow_list(c, &rde.ncoming);
	rde.nsources = c->nsources;
	config_free(c);
	if (rde.have_config && policy_is_large(&rde))
		proc_send(p, PROC_PARENT, M_GENERATION_WANT, 0, -1, NULL, 0);
	else
		rde_policy(&rde);
	rde.have_config = true;
	rde_schedule(&rde);
}

static void
config_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	stage_abort(&rde.stage);
	rebuild_staged(&rde, false);
}

/*
 * From the parent: tables, next hops, own addresses.
 */
static void
table_info(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_table_info	info;

	msg_get(m, &record_msg_table_info, &info);
	drain_tables(&rde, &info);
	proc_pause(p, PROC_BGPE, false);
	proc_pause(p, PROC_BMPE, false);
}

static void
table_ack(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	seq;

	msg_get(m, &record_msg_u32, &seq);
	drain_ack(&rde, seq.value);
}

static void
generation_is_done(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	generation;

	msg_get(m, &record_msg_u32, &generation);
	rebuild_done(&rde, generation.value);
}

static void
generation_has_failed(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	generation;

	msg_get(m, &record_msg_u32, &generation);
	rebuild_failed(&rde, generation.value);
}

static void
grace_done(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	epoch;

	msg_get(m, &record_msg_u32, &epoch);
	drain_grace_done(&rde, epoch.value);
}

static void
nexthop_is_gone(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	id;

	msg_get(m, &record_msg_u32, &id);
	if (nexthop_gone(rde.nexthops, id.value) == -1)
		fatalx("next hop %u is gone, but was not dropped", id.value);
}

static void
nexthop_is(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_nexthop_state	s;

	msg_get(m, &record_msg_nexthop_state, &s);
	if (s.state > NEXTHOP_VALID)
		fatalx("next hop %u: state %u", s.id, s.state);
	if (nexthop_set_state(rde.nexthops, s.id, s.state)) {
		rib_redecide(rde.rib);
		rde_schedule(&rde);
	}
}

static void
local_flag(struct imsg *m, uint32_t flag)
{
	struct msg_local	l;

	msg_get(m, &record_msg_local, &l);
	if (l.prefix.addr.af == AF_UNSPEC)
		fatalx("own address of no family");
	if (rib_policy(rde.rib, &l.prefix, flag, l.up) == -1)
		fatal("own address");
}

static void
local_address(struct proc *p, enum proc_id from, struct imsg *m)
{
	local_flag(m, LEAF_LOCAL);
}

static void
connected(struct proc *p, enum proc_id from, struct imsg *m)
{
	local_flag(m, ENT_CONNECTED);
}

static void
local_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	rde.have_locals = true;
	rde_schedule(&rde);
}

/*
 * From the engines. Each numbers its peers from 0.
 */
static uint32_t
peer_number(enum proc_id from, uint32_t id)
{
	if (id >= PEERS_MAX)
		fatalx("peer %u from %s", id, proc_name(from));
	return (from == PROC_BMPE ? PEERS_MAX + id : id);
}

static void
peer_lost(uint32_t peer)
{
	rib_peer_down(rde.rib, peer);
	rde_schedule(&rde);
	drain_feed_lost(&rde);
}

static void
peer_up(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_peer	 peer;
	struct session	*s;
	uint32_t	 n;

	msg_get(m, &record_msg_peer, &peer);
	n = peer_number(from, peer.id);
	if (peer.source >= CONFIG_SOURCES_MAX)
		fatalx("route source %u", peer.source);
	/* A new session on the same number: the old one's routes are stale. */
	if (rib_peer(rde.rib, n)->up)
		peer_lost(n);
	rib_peer_up(rde.rib, n, &peer.addr, peer.router_id,
	    peer.remote_as != peer.local_as);
	s = &rde.sessions[n];
	memset(s, 0, sizeof(*s));
	s->since = rde_now();
	s->source = peer.source;
	s->carries[0] = (peer.families & BGP_FAM_IPV4) != 0;
	s->carries[1] = (peer.families & BGP_FAM_IPV6) != 0;
	/* Its routes need next hop ids: not before there are any. */
	if (rde.family[0].fib == NULL)
		proc_pause(p, from, true);
}

static void
peer_down(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32	id;
	uint32_t	n;

	msg_get(m, &record_msg_u32, &id);
	n = peer_number(from, id.value);
	if (rib_peer(rde.rib, n)->up) {
		peer_lost(n);
		/* Those that are left may all have converged. */
		drain_converge(&rde);
	}
}

static void
route_batch(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct route_batch	rb;
	struct prefix		prefix;
	uint32_t		peer, path_id, attr;
	int			r;

	if (route_batch_get(&m->body, &rb) == -1)
		fatal("routes from %s", proc_name(from));
	peer = peer_number(from, rb.peer);
	if (!rib_peer(rde.rib, peer)->up)
		fatalx("routes of peer %u from %s, which is not up", rb.peer,
		    proc_name(from));
	attr = 0;
	if ((r = route_batch_next(&m->body, &rb, &path_id, &prefix)) == 1)
		tree_prefetch(rib_tree(rde.rib, prefix.addr.af), &prefix);
	if (!rb.withdraw && (attr = intern_get(rde.intern, &rb.attrs, rb.blob,
	    rb.blob_len)) == 0)
		fatal("attributes");
	rde.cause = CAUSE_PEER + peer;
	for (; r == 1;
	    r = route_batch_next(&m->body, &rb, &path_id, &prefix)) {
		if (rb.withdraw)
			rib_withdraw(rde.rib, peer, path_id, &prefix);
		else if (rib_announce(rde.rib, peer, path_id, &prefix,
		    attr) == -1)
			fatal("route");
	}
	rde.cause = CAUSE_NONE;
	if (r == -1)
		fatal("routes from %s", proc_name(from));
	if (attr != 0)
		intern_unref(rde.intern, attr);
}

static void
end_of_rib(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_eor	eor;
	uint32_t	peer;

	msg_get(m, &record_msg_eor, &eor);
	if (eor.af != AF_INET && eor.af != AF_INET6)
		fatalx("End-of-RIB of family %u", eor.af);
	peer = peer_number(from, eor.peer);
	rde.sessions[peer].eor[eor.af == AF_INET ? 0 : 1] = true;
	drain_converge(&rde);
}

#define ENGINES	(FROM(BGPE) | FROM(BMPE))

static const struct msg_rule	rules[] = {
	{ M_CONFIG_DATA, FROM(PARENT), 1, IMSG_BODY_MAX, config_data },
	{ M_CONFIG_END, FROM(PARENT), 0, 0, config_end },
	{ M_CONFIG_COMMIT, FROM(PARENT), 0, 0, config_commit },
	{ M_CONFIG_ABORT, FROM(PARENT), 0, 0, config_abort },
	{ M_TABLE_INFO, FROM(PARENT), 20, 20, table_info },
	{ M_TABLE_ACK, FROM(PARENT), 4, 4, table_ack },
	{ M_TABLE_WORDS, FROM(PARENT), 12, IMSG_BODY_MAX, audit_words },
	{ M_GRACE_DONE, FROM(PARENT), 4, 4, grace_done },
	{ M_GENERATION_DONE, FROM(PARENT), 4, 4, generation_is_done },
	{ M_GENERATION_FAILED, FROM(PARENT), 4, 4, generation_has_failed },
	{ M_NEXTHOP_GONE, FROM(PARENT), 4, 4, nexthop_is_gone },
	{ M_NEXTHOP_STATE, FROM(PARENT), 5, 5, nexthop_is },
	{ M_LOCAL_ADDRESS, FROM(PARENT), 19, 19, local_address },
	{ M_CONNECTED, FROM(PARENT), 19, 19, connected },
	{ M_LOCAL_END, FROM(PARENT), 0, 0, local_end },
	{ M_PEER_UP, ENGINES, 38, 38, peer_up },
	{ M_PEER_DOWN, ENGINES, 4, 4, peer_down },
	{ M_ROUTE_BATCH, ENGINES, 6, IMSG_BODY_MAX, route_batch },
	{ M_END_OF_RIB, ENGINES, 5, 5, end_of_rib },
	{ M_CTL_REQUEST, FROM(CONTROL), 4, 64, ctl_request },
	{ M_CTL_CANCEL, FROM(CONTROL), 0, 0, ctl_cancel },
	{ M_CTL_MORE, FROM(CONTROL), 0, 0, ctl_more },
};

void
rde_main(const struct child_args *args)
{
	const struct timeval	second = { 1, 0 };
	ssize_t			n;

	/* A table's image goes back to the kernel when the next one has taken
	   over, and what is not used of that is never touched: left alone,
	   malloc learns from the first free to keep such blocks. */
	mallopt(M_MMAP_THRESHOLD, LARGE);
	/* Before the sandbox: it is asked for but once. */
	n = getrandom(&rde.seed, sizeof(rde.seed), 0);
	child_start(&rde.proc, PROC_RDE, args, rules,
	    sizeof(rules) / sizeof(rules[0]), &rde);
	if (n != sizeof(rde.seed))
		fatal("getrandom");
	if ((rde.nexthops = nexthop_new(0, &nexthop_ops, &rde)) == NULL ||
	    (rde.intern = intern_new(rde.nexthops, rde.seed)) == NULL ||
	    (rde.groups = group_new(rde.nexthops, rde.seed, on_idle,
	    &rde)) == NULL ||
	    (rde.rib = rib_new(rde.intern, rde.nexthops, rde.groups,
	    drain_changed, &rde)) == NULL)
		fatal("RIB");
	drain_init(&rde);
	audit_init(&rde);
	ctl_init(&rde);
	rde.work = evtimer_new(rde.proc.base, work, &rde);
	rde.tick = event_new(rde.proc.base, -1, EV_PERSIST, tick, &rde);
	if (rde.work == NULL || rde.tick == NULL ||
	    event_add(rde.tick, &second) == -1)
		fatalx("events");
	child_run(&rde.proc, NULL);
}
