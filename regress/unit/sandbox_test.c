/* SPDX-License-Identifier: ISC */
/*
 * The sandbox from inside: for each kind of process a child enters it and
 * tries what it must not and what it must be able to do.
 */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/bpf.h>

#include <arpa/inet.h>
#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/log.h"
#include "../../lib/sandbox.h"

#define NOBODY	65534
#define ROOT	"root"	/* for chroot */

/* How a try ends: the call went through, or failed. A call that the filter
   ends does not come back. */
#define DONE	40
#define FAILED	41

typedef int try_fn(void);

static struct sandbox_paths paths;

static const char *const kinds[] = { "conf", "rde", "bgpe", "bmpe", "control" };
#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

/*
 * Enter as this process and try; return the wait status, and in text what it
 * logged. own_uid: enter as a process that has no privilege to give up.
 */
static int
run(enum proc_id id, bool own_uid, try_fn *fn, char *text, size_t size)
{
	char dir[PATH_MAX];
	size_t n = 0;
	ssize_t r;
	int fd[2], status;
	pid_t pid;

	ATF_REQUIRE(mkdir(ROOT, 0755) == 0 || errno == EEXIST);
	ATF_REQUIRE(realpath(ROOT, dir) != NULL);
	ATF_REQUIRE(pipe(fd) == 0);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		close(fd[0]);
		log_init(proc_name(id), true);
		if (own_uid) {
			if (setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
			    setresuid(NOBODY, NOBODY, NOBODY) == -1)
				fatal("ids");
			if (prctl(PR_SET_DUMPABLE, 1) == -1)
				fatal("dumpable");
			sandbox_enter(id, NULL, (uid_t)-1, (gid_t)-1, NULL);
		} else
			sandbox_enter(id, id == PROC_PARENT ? NULL : dir,
			    NOBODY, NOBODY, &paths);
		_exit(fn() == -1 ? FAILED : DONE);
	}
	close(fd[1]);
	while ((r = read(fd[0], text + n, size - 1 - n)) > 0)
		n += r;
	text[n] = '\0';
	close(fd[0]);
	ATF_REQUIRE(waitpid(pid, &status, 0) == pid);
	return (status);
}

static void
check_denied(enum proc_id id, bool own_uid, try_fn *fn, const char *call)
{
	char text[4096], want[64];
	int status;

	status = run(id, own_uid, fn, text, sizeof(text));
#if defined(__SANITIZE_ADDRESS__)
	if (WIFEXITED(status) && WEXITSTATUS(status) == FAILED)
		return;
#endif
	snprintf(want, sizeof(want), "system call %s denied", call);
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
	    strstr(text, want) != NULL,
	    "%s, %s: status %#x, log: %s", proc_name(id), call, status, text);
}

static void
check_all_denied(try_fn *fn, const char *call)
{
	size_t i;

	for (i = 0; i < NKINDS; i++) {
		check_denied(proc_by_name(kinds[i]), false, fn, call);
		check_denied(proc_by_name(kinds[i]), true, fn, call);
	}
}

static void
check_done(enum proc_id id, bool own_uid, try_fn *fn, const char *what)
{
	char text[4096];
	int status;

	status = run(id, own_uid, fn, text, sizeof(text));
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == DONE,
	    "%s, %s: status %#x, log: %s", proc_name(id), what, status, text);
}

static int
try_open(void)
{
	return (open("/etc/passwd", O_RDONLY));
}

static int
try_socket(void)
{
	return (socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_packet(void)
{
	return (socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_execve(void)
{
	char *argv[] = { NULL };

	return (execve("/bin/true", argv, argv));
}

static int
try_ptrace(void)
{
	return (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

/* Not getppid: that is a call of its own. */
static pid_t victim;

static int
try_ptrace_victim(void)
{
	return (ptrace(PTRACE_ATTACH, victim, NULL, NULL));
}

static int
try_kill(void)
{
	return (kill(victim, 0));
}

static int
try_bpf(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return (syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int
try_fork(void)
{
	return (fork());
}

static int
try_exec_memory(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
}

static int
try_unshare(void)
{
	return (syscall(SYS_unshare, 0x10000000));
}

#define DENIED(name, fn, call)						\
ATF_TC(name);								\
ATF_TC_HEAD(name, tc)							\
{									\
	atf_tc_set_md_var(tc, "require.user", "root");			\
}									\
ATF_TC_BODY(name, tc)							\
{									\
	victim = getpid();						\
	check_all_denied(fn, call);					\
}

DENIED(children_open, try_open, "openat")
DENIED(children_socket, try_socket, "socket")
DENIED(children_execve, try_execve, "execve")
DENIED(children_ptrace, try_ptrace_victim, "ptrace")
DENIED(children_kill, try_kill, "kill")
DENIED(children_bpf, try_bpf, "bpf")
DENIED(children_fork, try_fork, "clone")
DENIED(children_exec_memory, try_exec_memory, "mmap")

ATF_TC(parent_denied);
ATF_TC_HEAD(parent_denied, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(parent_denied, tc)
{
	victim = getpid();
	check_denied(PROC_PARENT, false, try_execve, "execve");
	check_denied(PROC_PARENT, false, try_ptrace, "ptrace");
	check_denied(PROC_PARENT, false, try_kill, "kill");
	check_denied(PROC_PARENT, false, try_packet, "socket");
	check_denied(PROC_PARENT, false, try_exec_memory, "mmap");
	check_denied(PROC_PARENT, false, try_unshare, "unshare");
}

static int
by_value(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

/* Pass one end of a pair through the other pair and read what came. */
static int
pass_fd(int *over, int fd)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(sizeof(int))];
	} u;
	struct msghdr msg;
	struct iovec iov;
	char c = 'x';
	int got;

	memset(&msg, 0, sizeof(msg));
	memset(&u, 0, sizeof(u));
	iov.iov_base = &c;
	iov.iov_len = 1;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = u.buf;
	msg.msg_controllen = sizeof(u.buf);
	u.hdr.cmsg_level = SOL_SOCKET;
	u.hdr.cmsg_type = SCM_RIGHTS;
	u.hdr.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&u.hdr), &fd, sizeof(fd));
	if (sendmsg(over[0], &msg, MSG_NOSIGNAL) != 1)
		return (-1);
	memset(&u, 0, sizeof(u));
	msg.msg_controllen = sizeof(u.buf);
	if (recvmsg(over[1], &msg, MSG_CMSG_CLOEXEC) != 1 ||
	    msg.msg_controllen < CMSG_LEN(sizeof(int)))
		return (-1);
	memcpy(&got, CMSG_DATA(&u.hdr), sizeof(got));
	return (got);
}

static int pair[2], epfd, listener, client, file;

/* What every process's loop lives on. */
static int
try_loop(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct timespec ts;
	sigset_t set;
	char *p;
	int *v, fd, i, n = 100000;

	if ((fd = pass_fd(pair, pair[0])) == -1 || write(fd, "y", 1) != 1)
		return (-1);
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, pair[1], &ev) == -1 ||
	    epoll_wait(epfd, &ev, 1, 1000) != 1 ||
	    epoll_wait(epfd, &ev, 1, 0) != 1)
		return (-1);
	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1 ||
	    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		return (-1);
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || munmap(p, 1 << 20) == -1)
		return (-1);
	/* Heap, large blocks, and qsort's look at the machine. */
	for (i = 1; i < 1 << 24; i *= 4) {
		if ((p = malloc(i)) == NULL || (p = realloc(p, i * 2)) == NULL)
			return (-1);
		free(p);
	}
	if ((v = calloc(n, sizeof(*v))) == NULL)
		return (-1);
	for (i = 0; i < n; i++)
		v[i] = (i * 7919) % n;
	qsort(v, n, sizeof(*v), by_value);
	if (v[0] != 0 || v[n - 1] != n - 1)
		return (-1);
	free(v);
	alarm(60);
	if (alarm(0) == 0)
		return (-1);
	if (sigprocmask(SIG_SETMASK, NULL, &set) == -1 || close(fd) == -1)
		return (-1);
	log_warnx("a line of %s", "log");
	return (0);
}

static int
try_abort(void)
{
	abort();
}

/* A connection on a listener that was handed in. */
static int
try_accept(void)
{
	char buf[4];
	int fd;

	if ((fd = accept4(listener, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK)) == -1)
		return (-1);
	if (recv(fd, buf, sizeof(buf), 0) != 2 || send(fd, buf, 2, 0) != 2)
		return (-1);
	return (shutdown(fd, SHUT_RDWR));
}

static int
try_tcp_options(void)
{
	int one = 1;

	return (setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)));
}

static int
try_bad_option(void)
{
	int one = 1;

	return (setsockopt(client, SOL_SOCKET, SO_REUSEPORT, &one,
	    sizeof(one)));
}

static int
try_peercred(void)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return (getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
}

static int
try_file(void)
{
	struct stat st;
	char buf[16];

	if (fstat(file, &st) == -1 || st.st_size != 5 ||
	    read(file, buf, sizeof(buf)) != 5 ||
	    lseek(file, 0, SEEK_SET) != 0 ||
	    pread(file, buf, sizeof(buf), 2) != 3)
		return (-1);
	return (0);
}

static void
make_things(void)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	ATF_REQUIRE((epfd = epoll_create1(EPOLL_CLOEXEC)) != -1);
	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((listener = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE(bind(listener, (struct sockaddr *)&sin, len) == 0);
	ATF_REQUIRE(listen(listener, 16) == 0);
	ATF_REQUIRE(getsockname(listener, (struct sockaddr *)&sin, &len) == 0);
	ATF_REQUIRE((client = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE(connect(client, (struct sockaddr *)&sin, len) == 0);
	ATF_REQUIRE(write(client, "hi", 2) == 2);
	ATF_REQUIRE((file = open("file", O_RDWR | O_CREAT, 0600)) != -1);
	ATF_REQUIRE(write(file, "hello", 5) == 5);
	ATF_REQUIRE(lseek(file, 0, SEEK_SET) == 0);
}

ATF_TC(loop_works);
ATF_TC_HEAD(loop_works, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(loop_works, tc)
{
	char text[4096];
	int id, status;

	for (id = 0; id < PROC_MAX; id++) {
		make_things();
		check_done(id, false, try_loop, "loop");
		if (id != PROC_PARENT) {
			make_things();
			check_done(id, true, try_loop, "loop, own uid");
		}
		/* A bug that aborts is told by its signal. */
		status = run(id, false, try_abort, text, sizeof(text));
		ATF_CHECK_MSG(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGABRT,
		    "%s, abort: status %#x, log: %s", proc_name(id), status,
		    text);
	}
}

ATF_TC(rooms_work);
ATF_TC_HEAD(rooms_work, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(rooms_work, tc)
{
	enum proc_id servers[] = { PROC_BGPE, PROC_BMPE, PROC_CONTROL };
	size_t i;

	for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		make_things();
		check_done(servers[i], false, try_accept, "accept");
		check_done(servers[i], false, try_peercred, "peercred");
		check_denied(servers[i], false, try_bad_option, "setsockopt");
	}
	check_done(PROC_BGPE, false, try_tcp_options, "tcp options");
	check_denied(PROC_CONTROL, false, try_tcp_options, "setsockopt");
	check_done(PROC_CONF, false, try_file, "file");
	check_denied(PROC_CONF, false, try_accept, "accept4");
	check_denied(PROC_RDE, false, try_accept, "accept4");
	check_denied(PROC_RDE, false, try_file,
#if defined(__x86_64__)
	    "newfstatat"
#else
	    "fstat"
#endif
	);
}

/* Wait for its word, then look at it from outside. */
static int report[2], hold[2];

static int
try_wait(void)
{
	char c = 'r';

	if (write(report[1], &c, 1) != 1 || read(hold[0], &c, 1) != 1)
		return (-1);
	return (0);
}

static void
status_line(const char *status, const char *name, char *value, size_t size)
{
	const char *p, *end;

	value[0] = '\0';
	for (p = status; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, name, strlen(name)) != 0 ||
		    p[strlen(name)] != ':')
			continue;
		p += strlen(name) + 1;
		p += strspn(p, "\t ");
		end = strchr(p, '\n');
		snprintf(value, size, "%.*s", (int)(end - p), p);
		return;
	}
}

static void
check_status(enum proc_id id, const char *status, const char *name,
    const char *want)
{
	char got[256];

	status_line(status, name, got, sizeof(got));
	ATF_CHECK_MSG(strcmp(got, want) == 0, "%s: %s is \"%s\", not \"%s\"",
	    proc_name(id), name, got, want);
}

static void
slurp(pid_t pid, const char *file_name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file_name);
	ATF_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	ATF_REQUIRE((n = read(fd, buf, size - 1)) > 0);
	buf[n] = '\0';
	close(fd);
}

static void
check_outside(enum proc_id id, bool own_uid, pid_t pid)
{
	static const char *const all[] = { "CapInh", "CapPrm", "CapEff",
	    "CapBnd", "CapAmb" };
	const char *caps;
	char buf[8192], path[64], dir[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t n;
	size_t i;

	slurp(pid, "status", buf, sizeof(buf));
	check_status(id, buf, "Uid", "65534\t65534\t65534\t65534");
	check_status(id, buf, "Gid", "65534\t65534\t65534\t65534");
	if (!own_uid)
		check_status(id, buf, "Groups", "65534 ");
	check_status(id, buf, "NoNewPrivs", "1");
	check_status(id, buf, "Seccomp", "2");
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		/* Only root can narrow what bounds it. */
		if (own_uid && strcmp(all[i], "CapBnd") == 0)
			continue;
		/* CAP_NET_ADMIN 12, CAP_BPF 39. */
		caps = id == PROC_PARENT && strcmp(all[i], "CapInh") != 0 &&
		    strcmp(all[i], "CapAmb") != 0 ?
		    "0000008000001000" : "0000000000000000";
		check_status(id, buf, all[i], caps);
	}
	/* A process that is not dumpable belongs to root in /proc. */
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	ATF_REQUIRE(stat(path, &st) == 0);
	ATF_CHECK_MSG(st.st_uid == 0, "%s is dumpable", proc_name(id));

	slurp(pid, "limits", buf, sizeof(buf));
	ATF_CHECK(strstr(buf, "Max core file size        0 "
	    "                   0 ") != NULL);
	if (id == PROC_PARENT)
		return;
	ATF_CHECK(strstr(buf, "Max processes             0 "
	    "                   0 ") != NULL);
	ATF_CHECK(strstr(buf, "Max file size             0 "
	    "                   0 ") != NULL);

	if (own_uid)
		return;
	ATF_REQUIRE(realpath(ROOT, dir) != NULL);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid,
		    i == 0 ? "root" : "cwd");
		ATF_REQUIRE((n = readlink(path, target, sizeof(target) - 1)) >
		    0);
		target[n] = '\0';
		ATF_CHECK_STREQ(dir, target);
	}
}

/* run() waits for its child, so another process runs it, and this one finds
   and looks at it. */
static void
look_at(enum proc_id id, bool own_uid)
{
	char path[64], text[4096], c;
	int status;
	pid_t watcher;

	ATF_REQUIRE(pipe(report) == 0 && pipe(hold) == 0);
	ATF_REQUIRE((watcher = fork()) != -1);
	if (watcher == 0) {
		close(hold[1]);
		status = run(id, own_uid, try_wait, text, sizeof(text));
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	close(report[1]);
	close(hold[0]);
	ATF_REQUIRE_EQ(1, read(report[0], &c, 1));
	snprintf(path, sizeof(path), "task/%d/children", (int)watcher);
	slurp(watcher, path, text, sizeof(text));
	check_outside(id, own_uid, atoi(text));
	ATF_REQUIRE_EQ(1, write(hold[1], "x", 1));
	ATF_REQUIRE(waitpid(watcher, &status, 0) == watcher);
	ATF_CHECK_EQ_MSG(DONE, WEXITSTATUS(status), "status %#x", status);
	close(report[0]);
	close(hold[1]);
}

ATF_TC(seen_from_outside);
ATF_TC_HEAD(seen_from_outside, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(seen_from_outside, tc)
{
	int id;

	for (id = 0; id < PROC_MAX; id++) {
		look_at(id, false);
		if (id != PROC_PARENT)
			look_at(id, true);
	}
}

static int
try_parent_files(void)
{
	char buf[8];
	int fd;

	/* Below the paths given. */
	if ((fd = open("keep/read/file", O_RDONLY)) == -1 ||
	    read(fd, buf, sizeof(buf)) != 5)
		return (-1);
	close(fd);
	if ((fd = open("keep/write/new", O_RDWR | O_CREAT | O_TRUNC, 0600)) ==
	    -1 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) == -1)
		return (-1);
	close(fd);
	if (mkdir("keep/write/sub", 0700) == -1 ||
	    rename("keep/write/new", "keep/write/sub/moved") == -1 ||
	    unlink("keep/write/sub/moved") == -1 ||
	    rmdir("keep/write/sub") == -1)
		return (-1);
	return (0);
}

/* 0 if all that is not in the paths fails with EACCES. */
static int
try_parent_outside(void)
{
	if (open("keep/read/file", O_RDWR) != -1 || errno != EACCES)
		return (-1);
	if (open("keep/read/new", O_RDWR | O_CREAT, 0600) != -1 ||
	    errno != EACCES)
		return (-1);
	/* A directory that may be listed only. */
	if (open("keep", O_RDONLY | O_DIRECTORY) == -1)
		return (-1);
	if (open("keep/other", O_RDONLY) != -1 || errno != EACCES)
		return (-1);
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return (-1);
	if (open("/etc", O_RDONLY | O_DIRECTORY) != -1 || errno != EACCES)
		return (-1);
	return (0);
}

static int
try_parent_fork(void)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == -1)
		return (-1);
	if (pid == 0)
		_exit(7);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
		return (-1);
	return (0);
}

static int
try_parent_sockets(void)
{
	struct sockaddr_in sin;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 1) == -1)
		return (-1);
	return (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

ATF_TC(parent_works);
ATF_TC_HEAD(parent_works, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(parent_works, tc)
{
	static const char *const rd[] = { "keep/read", "/nonexistent", NULL };
	static const char *const ls[] = { "keep", NULL };
	static const char *const wr[] = { "keep/write", NULL };
	int fd;

	ATF_REQUIRE(chmod(".", 0755) == 0);
	ATF_REQUIRE(mkdir("keep", 0755) == 0 && mkdir("keep/read", 0755) == 0 &&
	    mkdir("keep/write", 0755) == 0);
	ATF_REQUIRE((fd = open("keep/read/file", O_WRONLY | O_CREAT, 0666)) !=
	    -1);
	ATF_REQUIRE_EQ(5, write(fd, "hello", 5));
	ATF_REQUIRE(fchmod(fd, 0666) == 0);
	close(fd);
	ATF_REQUIRE((fd = open("keep/other", O_WRONLY | O_CREAT, 0644)) != -1);
	close(fd);
	ATF_REQUIRE(chown("keep/write", NOBODY, NOBODY) == 0);
	ATF_REQUIRE(chown("keep/read", NOBODY, NOBODY) == 0);
	paths.list = ls;
	paths.read = rd;
	paths.write = wr;

	check_done(PROC_PARENT, false, try_parent_fork, "fork");
	check_done(PROC_PARENT, false, try_parent_sockets, "sockets");
	check_done(PROC_PARENT, false, try_bpf, "bpf");
	check_done(PROC_PARENT, false, try_parent_files, "files");
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) == -1)
		atf_tc_skip("no Landlock here");
	check_done(PROC_PARENT, false, try_parent_outside, "files outside");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, children_open);
	ATF_TP_ADD_TC(tp, children_socket);
	ATF_TP_ADD_TC(tp, children_execve);
	ATF_TP_ADD_TC(tp, children_ptrace);
	ATF_TP_ADD_TC(tp, children_kill);
	ATF_TP_ADD_TC(tp, children_bpf);
	ATF_TP_ADD_TC(tp, children_fork);
	ATF_TP_ADD_TC(tp, children_exec_memory);
	ATF_TP_ADD_TC(tp, parent_denied);
	ATF_TP_ADD_TC(tp, loop_works);
	ATF_TP_ADD_TC(tp, rooms_work);
	ATF_TP_ADD_TC(tp, seen_from_outside);
	ATF_TP_ADD_TC(tp, parent_works);
	return (atf_no_error());
}
