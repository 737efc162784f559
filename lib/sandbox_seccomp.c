/* SPDX-License-Identifier: ISC */
/*
 * The system calls of each set, and the filter made of them. A call that is
 * not listed raises SIGSYS, whose handler names it in the log and ends the
 * process. Arguments that are pointers cannot be judged here.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_steps.h"

#define NCMP	2

struct call {
	int			nr;
	unsigned int		sets;	/* CALLS_* that have it */
	unsigned int		ncmp;	/* conditions; all must hold */
	struct scmp_arg_cmp	cmp[NCMP];
};

/* Argument n is v; argument n has none of the bits of v. */
#define EQ(n, v)	{ (n), SCMP_CMP_EQ, (v), 0 }
#define NONE(n, v)	{ (n), SCMP_CMP_MASKED_EQ, (v), 0 }

#define CALL(name)		{ SCMP_SYS(name), SET, 0, { { 0 } } }
#define CALL1(name, a)		{ SCMP_SYS(name), SET, 1, { a } }
#define CALL2(name, a, b)	{ SCMP_SYS(name), SET, 2, { a, b } }
#define SOCKOPT(name, level, opt) CALL2(name, EQ(1, level), EQ(2, opt))

/* No fork makes a thread or enters a namespace. */
#define CLONE_FORBIDDEN	(CLONE_VM | CLONE_THREAD | CLONE_NEWNS |	\
			    CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
			    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct call allowed[] = {
#define SET CALLS_LOOP
	CALL(read),
	CALL(readv),
	CALL(write),
	CALL(writev),
	CALL(close),
	CALL(recvmsg),
	CALL(sendmsg),
	CALL1(fcntl, EQ(1, F_GETFL)),
	CALL1(fcntl, EQ(1, F_SETFL)),
	CALL1(fcntl, EQ(1, F_GETFD)),
	CALL1(fcntl, EQ(1, F_SETFD)),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(poll),
	CALL(ppoll),
	CALL(clock_gettime),
	CALL(gettimeofday),
	CALL(time),
	CALL(clock_nanosleep),
	CALL(restart_syscall),
	CALL(brk),
	CALL1(mmap, NONE(2, PROT_EXEC)),
	CALL1(mprotect, NONE(2, PROT_EXEC)),
	CALL(mremap),
	CALL(munmap),
	CALL(madvise),
	CALL(futex),
	CALL(getrandom),
	/* qsort asks for the size of memory. */
	CALL(sysinfo),
	/* alarm is setitimer where the machine has no such call. */
	CALL(alarm),
	CALL1(setitimer, EQ(0, ITIMER_REAL)),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(getpid),
	CALL(gettid),
	CALL(exit),
	CALL(exit_group),
#undef SET
#define SET CALLS_FILE
	CALL(lseek),
	CALL(pread64),
	CALL(fstat),
	CALL1(newfstatat, EQ(3, AT_EMPTY_PATH)),
#undef SET
#define SET CALLS_SOCKET
	CALL(accept4),
	CALL(recvfrom),
	CALL(sendto),
	CALL(shutdown),
	CALL(getsockname),
	CALL(getpeername),
	CALL1(ioctl, EQ(1, FIONREAD)),
	SOCKOPT(getsockopt, SOL_SOCKET, SO_ERROR),
	SOCKOPT(getsockopt, SOL_SOCKET, SO_PEERCRED),
	SOCKOPT(getsockopt, SOL_SOCKET, SO_RCVBUF),
	SOCKOPT(getsockopt, SOL_SOCKET, SO_SNDBUF),
	SOCKOPT(setsockopt, SOL_SOCKET, SO_RCVBUF),
	SOCKOPT(setsockopt, SOL_SOCKET, SO_SNDBUF),
#undef SET
#define SET CALLS_TCP
	SOCKOPT(getsockopt, IPPROTO_TCP, TCP_INFO),
	SOCKOPT(setsockopt, SOL_SOCKET, SO_KEEPALIVE),
	SOCKOPT(setsockopt, SOL_SOCKET, SO_LINGER),
	SOCKOPT(setsockopt, IPPROTO_TCP, TCP_NODELAY),
	SOCKOPT(setsockopt, IPPROTO_TCP, TCP_KEEPIDLE),
	SOCKOPT(setsockopt, IPPROTO_TCP, TCP_KEEPINTVL),
	SOCKOPT(setsockopt, IPPROTO_TCP, TCP_KEEPCNT),
	SOCKOPT(setsockopt, IPPROTO_TCP, TCP_USER_TIMEOUT),
	SOCKOPT(setsockopt, IPPROTO_IP, IP_TOS),
	SOCKOPT(setsockopt, IPPROTO_IP, IP_TTL),
	SOCKOPT(setsockopt, IPPROTO_IP, IP_MINTTL),
	SOCKOPT(setsockopt, IPPROTO_IPV6, IPV6_TCLASS),
	SOCKOPT(setsockopt, IPPROTO_IPV6, IPV6_UNICAST_HOPS),
	SOCKOPT(setsockopt, IPPROTO_IPV6, IPV6_MINHOPCOUNT),
#undef SET
#define SET CALLS_PARENT
	CALL(bpf),
	/* Files, where Landlock and the uid let it. */
	CALL(open),
	CALL(openat),
	CALL(openat2),
	CALL(fstat),
	CALL(stat),
	CALL(lstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(statfs),
	CALL(fstatfs),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getdents64),
	CALL(lseek),
	CALL(pread64),
	CALL(pwrite64),
	CALL(ftruncate),
	CALL(fsync),
	CALL(fdatasync),
	CALL(fchmod),
	CALL(flock),
	CALL(fcntl),
	CALL(mkdir),
	CALL(mkdirat),
	CALL(rmdir),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(umask),
	CALL(getcwd),
	/* Descriptors. */
	CALL(dup),
	CALL(dup2),
	CALL(dup3),
	CALL(pipe2),
	CALL(close_range),
	CALL(eventfd2),
	CALL(epoll_create1),
	CALL(timerfd_create),
	CALL(timerfd_settime),
	/* Listeners, connections for bgpe, netlink, names of interfaces. */
	CALL1(socket, EQ(0, AF_UNIX)),
	CALL1(socket, EQ(0, AF_INET)),
	CALL1(socket, EQ(0, AF_INET6)),
	CALL1(socket, EQ(0, AF_NETLINK)),
	CALL1(socketpair, EQ(0, AF_UNIX)),
	CALL(bind),
	CALL(listen),
	CALL(connect),
	CALL(getsockname),
	CALL(getpeername),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(recvfrom),
	CALL(sendto),
	CALL(shutdown),
	CALL1(ioctl, EQ(1, SIOCGIFNAME)),
	CALL1(ioctl, EQ(1, SIOCGIFINDEX)),
	CALL1(ioctl, EQ(1, SIOCGIFFLAGS)),
	CALL1(ioctl, EQ(1, SIOCGIFHWADDR)),
	CALL1(ioctl, EQ(1, SIOCETHTOOL)),
	CALL1(ioctl, EQ(1, FIONREAD)),
	CALL1(ioctl, EQ(1, TCGETS)),
	/* Helpers: forks without exec. */
	CALL1(clone, NONE(0, CLONE_FORBIDDEN)),
	CALL(fork),
	CALL(wait4),
	CALL(waitid),
	CALL(pidfd_open),
	CALL(set_robust_list),
	CALL(prctl),
	CALL(membarrier),
	/* What libbpf and libc ask for. */
	CALL(uname),
	CALL1(prlimit64, EQ(0, 0)),
	CALL(getrlimit),
	CALL(getrusage),
	CALL(sched_getaffinity),
	CALL(sched_yield),
	CALL(nanosleep),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(getppid),
#undef SET
#ifdef SANITIZED
#define SET CALLS_LOOP
	CALL(sigaltstack),
	CALL(sched_getaffinity),
	CALL(sched_yield),
	CALL(getrlimit),
	CALL2(prlimit64, EQ(0, 0), EQ(2, 0)),
#undef SET
#endif
};

#ifdef SANITIZED
/* What a sanitizer tries on its way to a report: these fail, so that the
   report is still printed. */
static const int refused[] = { SCMP_SYS(open), SCMP_SYS(openat),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
    SCMP_SYS(newfstatat), SCMP_SYS(access), SCMP_SYS(pipe), SCMP_SYS(pipe2),
    SCMP_SYS(socketpair), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone),
    SCMP_SYS(execve), SCMP_SYS(ioctl), SCMP_SYS(prctl) };
#endif

#define NAMES	512
#define NAMELEN	32

/* Resolved before they are needed: a signal handler cannot allocate. */
static char names[NAMES][NAMELEN];

/* The signal comes out of the call itself, never out of the middle of libc's
   own work, so that what log_warnx uses is not in use. */
static void
denied(int sig, siginfo_t *si, void *context)
{
	int nr = si->si_syscall;

	if (nr >= 0 && nr < NAMES && names[nr][0] != '\0')
		log_warnx("sandbox: system call %s denied", names[nr]);
	else
		log_warnx("sandbox: system call %d denied", nr);
	_exit(1);
}

static void
catch_denied(void)
{
	struct sigaction sa;
	sigset_t set;
	char *name;
	int nr;

	for (nr = 0; nr < NAMES; nr++) {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name != NULL)
			strlcpy(names[nr], name, NAMELEN);
		free(name);
	}
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = denied;
	sa.sa_flags = SA_SIGINFO;
	sigfillset(&sa.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (sigaction(SIGSYS, &sa, NULL) == -1 ||
	    sigprocmask(SIG_UNBLOCK, &set, NULL) == -1)
		fatal("SIGSYS");
}

static void
add(scmp_filter_ctx ctx, uint32_t action, const struct call *c)
{
	int error;

	error = seccomp_rule_add_array(ctx, action, c->nr, c->ncmp, c->cmp);
	/* Two conditions of one call may cover each other. */
	if (error != 0 && error != -EEXIST) {
		errno = -error;
		fatal("seccomp: system call %d", c->nr);
	}
}

#ifdef SANITIZED
static void
add_refused(scmp_filter_ctx ctx, const struct sandbox_row *row)
{
	size_t i, j;
	bool used;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct call c = { refused[i], 0, 0, { { 0 } } };

		used = false;
		for (j = 0; j < sizeof(allowed) / sizeof(allowed[0]); j++)
			if (allowed[j].nr == c.nr &&
			    (allowed[j].sets & row->calls))
				used = true;
		if (!used)
			add(ctx, SCMP_ACT_ERRNO(EPERM), &c);
	}
}
#endif

void
sandbox_seccomp(const struct sandbox_row *row)
{
	/* abort(3); in a fork of the parent it ends in SIGSYS instead. */
	const struct call self = { SCMP_SYS(tgkill), 0, 1,
	    { EQ(0, (scmp_datum_t)getpid()) } };
	/* libc falls back to what is allowed. */
	const struct call clone3 = { SCMP_SYS(clone3), 0, 0, { { 0 } } };
	scmp_filter_ctx ctx;
	size_t i;
	int error;

	catch_denied();
	if ((ctx = seccomp_init(SCMP_ACT_TRAP)) == NULL)
		fatalx("seccomp");
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (allowed[i].sets & row->calls)
			add(ctx, SCMP_ACT_ALLOW, &allowed[i]);
	add(ctx, SCMP_ACT_ALLOW, &self);
	if (row->fork)
		add(ctx, SCMP_ACT_ERRNO(ENOSYS), &clone3);
#ifdef SANITIZED
	add_refused(ctx, row);
#endif
	if ((error = seccomp_load(ctx)) != 0) {
		errno = -error;
		fatal("seccomp: load");
	}
	seccomp_release(ctx);
}
