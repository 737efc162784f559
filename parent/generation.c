/* SPDX-License-Identifier: ISC */
/*
 * Generations of tables and programs: what a config asks for, who makes the
 * next one, and when programs come to use it.
 *
 *	load (a fork) -> rde fills it -> all links move -> the old one is freed
 *
 * Until the links move, the old one forwards and nothing has changed.  What is
 * in the tables is rde's; nothing of it is looked at here.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

#define LOAD_SECONDS	60	/* for a program to be verified */
#define LOADERS		8	/* with those that were late, or still end */

/* What of a config makes a generation. */
struct wish {
	uint32_t	routes4, routes6, nexthops, groups;
	uint8_t		mode, hash_mode;
};

/* What the fork that loads answers, with descriptors if it went well. */
struct loaded {
	uint32_t	units4, units6;
	char		err[DP_ERRLEN];	/* empty: it went well */
};

static struct {
	enum { IDLE, LOADING, LOADED, BUILDING } state;
	bool		 for_rde;	/* it wants one; else a reload does */
	uint32_t	 current;	/* numbers: programs use this one */
	uint32_t	 last;		/* the last that was begun */
	uint32_t	 gone;		/* the last that was given up or left */
	struct wish	 wish, next_wish;
	struct dp_params params;	/* of the next */
	int		 fd;		/* to the fork */
	pid_t		 pids[LOADERS];	/* 0: none, or it has been reaped */
	struct event	*answer, *deadline;
} gen = { .fd = -1 };

static uint32_t
power_of_two(uint32_t n)
{
	uint32_t	p = 16;

	while (p < n)
		p <<= 1;
	return (p);
}

static struct wish
wish_of(const struct config *c)
{
	struct wish	w;

	memset(&w, 0, sizeof(w));
	w.routes4 = c->fib_v4_max;
	w.routes6 = c->fib_v6_max;
	w.nexthops = c->nexthops_max;
	w.groups = c->ecmp_groups_max;
	w.mode = c->mode;
	w.hash_mode = c->hash_mode;
	return (w);
}

/* Probes what the kernel lets a table be: not for the loop. */
static void
params_size(struct dp_params *d, const struct wish *w)
{
	d->units4 = dp_units(AF_INET, w->routes4);
	d->units6 = dp_units(AF_INET6, w->routes6);
}

static struct dp_params
params_of(const struct config *c, const struct wish *w)
{
	struct dp_params	d;

	memset(&d, 0, sizeof(d));
	d.root = c->bpffs_root;
	d.nexthops = power_of_two(w->nexthops + LEAF_ID_FIRST);
	d.groups = power_of_two(w->groups + GROUP_FIRST);
	d.mode = w->mode;
	d.hash_mode = w->hash_mode;
	d.hash_seed = state_hash_seed();
	d.pin = true;
	return (d);
}

static void
tell(uint32_t number, const struct dp_params *d)
{
	struct msg_table_info	t = { number, d->units4, d->units6,
	    d->nexthops, d->groups };

	msg_send(&parent.proc, PROC_RDE, M_TABLE_INFO, 0,
	    &record_msg_table_info, &t);
}

static void
tell_end(uint32_t type, uint32_t number)
{
	struct msg_u32	u = { number };

	msg_send(&parent.proc, PROC_RDE, type, 0, &record_msg_u32, &u);
}

int
generation_first(void)
{
	struct dp_params	d;
	char			err[DP_ERRLEN];

	gen.wish = wish_of(parent.conf);
	d = params_of(parent.conf, &gen.wish);
	params_size(&d, &gen.wish);
	if ((parent.dp = dp_load(&d, err)) == NULL) {
		log_warnx("cannot load the programs: %s", err);
		return (-1);
	}
	nexthops_room(d.nexthops);
	gen.current = gen.last = GENERATION_FIRST;
	tell(gen.current, &d);
	return (0);
}

uint8_t
generation_mode(void)
{
	return (gen.wish.mode);
}

bool
generation_fits(const struct config *c)
{
	struct wish	w = wish_of(c);

	return (memcmp(&w, &gen.wish, sizeof(w)) == 0);
}

bool
generation_busy(void)
{
	return (gen.state != IDLE);
}

struct dp *
generation_dp(uint32_t number)
{
	if (number == TABLE_GEN(TABLE_REF(gen.current, 0)))
		return (parent.dp);
	if (gen.state == BUILDING &&
	    number == TABLE_GEN(TABLE_REF(gen.last, 0)))
		return (parent.next);
	if (gen.gone == 0 || number != TABLE_GEN(TABLE_REF(gen.gone, 0)))
		fatalx("rde: there is no generation %u", number);
	return (NULL);
}

/*
 * The fork that loads.
 */
static int
send_loaded(int fd, const struct loaded *l, const int *fds)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(DP_FDS * sizeof(int))];
	} c;
	struct iovec	 iov = { (void *)(uintptr_t)l, sizeof(*l) };
	struct msghdr	 m;
	struct cmsghdr	*h;
	ssize_t		 n;

	memset(&m, 0, sizeof(m));
	memset(&c, 0, sizeof(c));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (l->err[0] == '\0') {
		m.msg_control = c.buf;
		m.msg_controllen = sizeof(c.buf);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(DP_FDS * sizeof(int));
		memcpy(CMSG_DATA(h), fds, DP_FDS * sizeof(int));
	}
	do {
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return (n == sizeof(*l) ? 0 : -1);
}

/* It holds nothing but its socket and what the program is loaded with: a copy
   of a child's pipe here would hide the parent's death from it. */
static void __attribute__((__noreturn__))
loader(int fd)
{
	struct loaded	l;
	int		fds[DP_FDS];

	/* what is sent to the whole group is the parent's to act on */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	dp_make_only(parent.dp, fd);
	log_init("loader", parent.opt.foreground);
	memset(&l, 0, sizeof(l));
	params_size(&gen.params, &gen.next_wish);
	l.units4 = gen.params.units4;
	l.units6 = gen.params.units6;
	if (dp_make(parent.dp, &gen.params, fds, l.err) == -1 &&
	    l.err[0] == '\0')
		strlcpy(l.err, "unknown error", sizeof(l.err));
	_exit(send_loaded(fd, &l, fds) == -1);
}

/* 1: all of it; 0: nothing yet; -1: there will be nothing. */
static int
receive_loaded(struct loaded *l, int *fds)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(DP_FDS * sizeof(int))];
	} c;
	struct iovec	 iov = { l, sizeof(*l) };
	struct msghdr	 m;
	struct cmsghdr	*h;
	ssize_t		 n;

	memset(&m, 0, sizeof(m));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = c.buf;
	m.msg_controllen = sizeof(c.buf);
	n = recvmsg(gen.fd, &m, MSG_CMSG_CLOEXEC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n != sizeof(*l))
		return (-1);
	l->err[sizeof(l->err) - 1] = '\0';
	if (l->err[0] != '\0')
		return (1);
	h = CMSG_FIRSTHDR(&m);
	if (h == NULL || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len != CMSG_LEN(DP_FDS * sizeof(int)))
		return (-1);
	memcpy(fds, CMSG_DATA(h), DP_FDS * sizeof(int));
	return (1);
}

static void
loader_end(void)
{
	event_free(gen.answer);
	evtimer_del(gen.deadline);
	close(gen.fd);
	gen.fd = -1;
}

/*
 * The ways a generation ends.
 */

/* None was made, and nothing is known of it outside. */
static void
not_loaded(const char *why)
{
	bool	for_rde = gen.for_rde;

	gen.state = IDLE;
	if (!for_rde) {
		reload_loaded(why);
		return;
	}
	log_warnx("cannot make tables to build anew in, they are changed in "
	    "place: %s", why);
	tell_end(M_GENERATION_FAILED, 0);
	reload_generation(NULL);
}

/* It is not to be used: nothing has changed for any packet. */
static void
given_up(const char *why)
{
	struct dp	*next = parent.next;

	log_warnx("generation %u is given up, %u stays and forwards: %s",
	    gen.last, gen.current, why);
	parent.next = NULL;
	nexthops_forget(next);
	dp_free(next);
	gen.gone = gen.last;
	gen.state = IDLE;
	reload_generation(gen.for_rde ? NULL : why);
}

static void
answer(evutil_socket_t fd, short what, void *arg)
{
	struct loaded	l;
	char		err[DP_ERRLEN];
	int		fds[DP_FDS], r;

	if ((r = receive_loaded(&l, fds)) == 0)
		return;
	loader_end();
	if (r == -1) {
		not_loaded("the process that loads the programs has ended");
		return;
	}
	if (l.err[0] != '\0') {
		not_loaded(l.err);
		return;
	}
	gen.params.units4 = l.units4;
	gen.params.units6 = l.units6;
	parent.next = dp_take(parent.dp, &gen.params, fds, err);
	if (parent.next == NULL) {
		not_loaded(err);
		return;
	}
	gen.state = LOADED;
	if (gen.for_rde)
		generation_begin();
	else
		reload_loaded(NULL);
}

/* What it makes is gone with the socket; it ends when it wants to answer. */
static void
late(evutil_socket_t fd, short what, void *arg)
{
	loader_end();
	not_loaded("the programs were not loaded in time");
}

void
generation_reap(void)
{
	unsigned int	i;

	for (i = 0; i < LOADERS; i++)
		if (gen.pids[i] > 0 &&
		    waitpid(gen.pids[i], NULL, WNOHANG) == gen.pids[i])
			gen.pids[i] = 0;
}

static int
load(const struct config *c)
{
	const struct timeval	tv = { LOAD_SECONDS, 0 };
	pid_t			pid;
	unsigned int		slot;
	int			sv[2];

	for (slot = 0; slot < LOADERS && gen.pids[slot] != 0; slot++)
		continue;
	if (slot == LOADERS) {
		errno = EAGAIN;
		return (-1);
	}
	gen.next_wish = wish_of(c);
	gen.params = params_of(c, &gen.next_wish);
	if (gen.deadline == NULL && (gen.deadline =
	    evtimer_new(parent.proc.base, late, NULL)) == NULL)
		fatalx("evtimer_new");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return (-1);
	switch (pid = fork()) {
	case -1:
		close(sv[0]);
		close(sv[1]);
		return (-1);
	case 0:
		loader(sv[1]);
	}
	gen.pids[slot] = pid;
	close(sv[1]);
	gen.fd = sv[0];
	evutil_make_socket_nonblocking(gen.fd);
	gen.answer = event_new(parent.proc.base, gen.fd,
	    EV_READ | EV_PERSIST, answer, NULL);
	if (gen.answer == NULL || event_add(gen.answer, NULL) == -1 ||
	    evtimer_add(gen.deadline, &tv) == -1)
		fatalx("event_new");
	gen.state = LOADING;
	return (0);
}

int
generation_load(const struct config *c)
{
	gen.for_rde = false;
	return (load(c));
}

void
generation_begin(void)
{
	gen.state = BUILDING;
	gen.last++;
	nexthops_room(gen.params.nexthops);
	nexthops_fill(parent.next);
	tell(gen.last, &gen.params);
}

/*
 * What rde asks for.
 */
void
generation_want(struct proc *p, enum proc_id from, struct imsg *m)
{
	/* what is under way was begun by the reload that rde speaks of */
	if (gen.state != IDLE)
		return;
	gen.for_rde = true;
	if (load(parent.conf) == -1)
		not_loaded(strerror(errno));
}

static void
building(struct imsg *m)
{
	struct msg_u32	u;

	msg_get(m, &record_msg_u32, &u);
	if (gen.state != BUILDING || u.value != gen.last)
		fatalx("rde: generation %u is not being built", u.value);
}

void
generation_commit(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct dp	*old = parent.dp;
	char		 err[DP_ERRLEN];

	building(m);
	if (dp_commit(parent.next, old, err) == -1) {
		tell_end(M_GENERATION_FAILED, gen.last);
		given_up(err);
		return;
	}
	parent.dp = parent.next;
	parent.next = NULL;
	nexthops_forget(old);
	dp_free(old);
	gen.gone = gen.current;
	gen.current = gen.last;
	gen.wish = gen.next_wish;
	gen.state = IDLE;
	log_info("generation %u: in use, %s", gen.current,
	    mode_name(gen.wish.mode));
	tell_end(M_GENERATION_DONE, gen.current);
	reload_generation(NULL);
}

void
generation_abort(struct proc *p, enum proc_id from, struct imsg *m)
{
	building(m);
	given_up("rde could not build it");
}
