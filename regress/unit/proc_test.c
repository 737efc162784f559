/* SPDX-License-Identifier: ISC */
/*
 * The loop, its pipes and its rule table; and what every child does alike,
 * in a fork that is one.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/log.h"
#include "../../lib/msg.h"
#include "../../lib/proc.h"

#define NOBODY	65534

enum { T_NUMBER = 1000, T_SIZED, T_FROM_BMPE, T_FD, T_ASK, T_ANSWER, T_HANG,
    T_VIA };

/* Two processes in one, joined by a pipe: a sends as bgpe, b is rde. */
static struct proc a, b;
static unsigned int seen, expected, pause_at, close_at, drained, closed;
static unsigned int words;
static int seen_fd;

static void
number(struct proc *p, enum proc_id from, struct imsg *m)
{
	uint32_t v;

	ATF_REQUIRE(ibuf_get_u32(&m->body, &v) == 0);
	ATF_REQUIRE_EQ_MSG(expected, v, "got %u, expected %u", v, expected);
	ATF_REQUIRE_EQ(m->hdr.id, v + 1);
	expected++;
	seen++;
	if (pause_at != 0 && seen == pause_at)
		proc_pause(p, from, true);
	if (close_at != 0 && seen == close_at)
		proc_close_pipe(p, from);
	/* The body is good until the handler returns, closed or not. */
	ATF_REQUIRE_EQ(m->body.buf[0], (uint8_t)v);
}

static void
word(struct proc *p, enum proc_id from, struct imsg *m)
{
	words++;
}

static void
take_fd(struct proc *p, enum proc_id from, struct imsg *m)
{
	seen++;
	seen_fd = m->fd;
	if (ibuf_left(&m->body) == 0)
		m->fd = -1;
}

static const struct msg_rule rules[] = {
	{ T_NUMBER, FROM(BGPE) | FROM(BMPE), 4, 65000, number },
	{ T_SIZED, FROM(BGPE), 4, 8, number },
	{ T_FROM_BMPE, FROM(BMPE), 4, 4, word },
	{ T_FD, FROM(BGPE), 0, 1, take_fd },
};
#define NRULES	(sizeof(rules) / sizeof(rules[0]))

static void
on_drained(struct proc *p, enum proc_id id)
{
	ATF_CHECK(proc_queued(p, id) < PROC_LOW);
	drained++;
}

static void
on_closed(struct proc *p, enum proc_id id)
{
	ATF_CHECK(!proc_has_pipe(p, id));
	closed++;
}

static void
join(void)
{
	int sv[2];

	log_init("test", true);
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	proc_init(&a, PROC_BGPE, rules, NRULES, NULL);
	proc_init(&b, PROC_RDE, rules, NRULES, NULL);
	proc_add_pipe(&a, PROC_RDE, sv[0]);
	proc_add_pipe(&b, PROC_BGPE, sv[1]);
	a.drained = on_drained;
	a.closed = b.closed = on_closed;
}

static void
turn(struct proc *p)
{
	ATF_REQUIRE(event_base_loop(p->base, EVLOOP_NONBLOCK) != -1);
}

static void
send_number(uint32_t n, size_t len)
{
	static uint8_t body[65000];

	memset(body, 0, sizeof(body));
	memcpy(body, &n, sizeof(n));
	proc_send(&a, PROC_RDE, T_NUMBER, n + 1, -1, body, len);
}

ATF_TC_WITHOUT_HEAD(dispatch);
ATF_TC_BODY(dispatch, tc)
{
	struct ibuf *body;
	uint32_t i;

	join();
	ATF_CHECK(proc_has_pipe(&a, PROC_RDE));
	ATF_CHECK(!proc_has_pipe(&a, PROC_CONTROL));
	for (i = 0; i < 100; i++)
		send_number(i, 4 + i);
	/* A burst waits for the loop. */
	ATF_CHECK(proc_queued(&a, PROC_RDE) > 0);
	turn(&a);
	ATF_CHECK_EQ(0, proc_queued(&a, PROC_RDE));
	turn(&b);
	ATF_CHECK_EQ(100, seen);
	ATF_REQUIRE((body = imsg_create()) != NULL);
	ibuf_put_u32(body, 100);
	proc_send_ibuf(&a, PROC_RDE, T_SIZED, 101, -1, body);
	turn(&a);
	turn(&b);
	ATF_CHECK_EQ(101, seen);
}

/* Run one bad message in a fork, which must die and say why. */
static void
check_fatal(uint32_t type, size_t len, const char *want)
{
	char text[1024];
	size_t n = 0;
	ssize_t r;
	int fd[2], status;
	pid_t pid;

	ATF_REQUIRE(pipe(fd) == 0);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		close(fd[0]);
		join();
		proc_send(&a, PROC_RDE, type, 1, -1,
		    "\0\0\0\0\0\0\0\0\0\0\0\0", len);
		turn(&a);
		turn(&b);
		_exit(0);
	}
	close(fd[1]);
	while ((r = read(fd[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += r;
	text[n] = '\0';
	close(fd[0]);
	ATF_REQUIRE(waitpid(pid, &status, 0) == pid);
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "type %u, %zu bytes: status %#x", type, len, status);
	ATF_CHECK_MSG(strstr(text, want) != NULL,
	    "type %u, %zu bytes: said \"%s\", not \"%s\"", type, len, text,
	    want);
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	check_fatal(4711, 4,
	    "message 4711 from bgpe, 4 bytes: no such type here");
	check_fatal(T_FROM_BMPE, 4,
	    "message 1002 from bgpe, 4 bytes: not from this sender");
	check_fatal(T_SIZED, 3,
	    "message 1001 from bgpe: 3 bytes, expected 4 to 8");
	check_fatal(T_SIZED, 9,
	    "message 1001 from bgpe: 9 bytes, expected 4 to 8");
	check_fatal(T_SIZED, 0,
	    "message 1001 from bgpe: 0 bytes, expected 4 to 8");
}

ATF_TC_WITHOUT_HEAD(descriptors);
ATF_TC_BODY(descriptors, tc)
{
	int fd[2];
	char c;

	join();
	ATF_REQUIRE(pipe(fd) == 0);
	proc_send(&a, PROC_RDE, T_FD, 0, fd[1], NULL, 0);
	turn(&a);
	turn(&b);
	ATF_REQUIRE_EQ(1, seen);
	ATF_REQUIRE(seen_fd != -1);
	ATF_CHECK(fcntl(seen_fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK_EQ(1, write(seen_fd, "x", 1));
	ATF_CHECK_EQ(1, read(fd[0], &c, 1));
	/* The same again, and this time the handler leaves it. */
	proc_send(&a, PROC_RDE, T_FD, 0, seen_fd, "", 1);
	turn(&a);
	turn(&b);
	ATF_REQUIRE_EQ(2, seen);
	ATF_CHECK_EQ_MSG(0, read(fd[0], &c, 1), "a copy is still open");
	close(fd[0]);
	/* To nobody: closed, too. */
	ATF_REQUIRE(pipe(fd) == 0);
	proc_send(&a, PROC_CONTROL, T_FD, 0, fd[1], NULL, 0);
	ATF_CHECK_EQ(0, read(fd[0], &c, 1));
	close(fd[0]);
}

ATF_TC_WITHOUT_HEAD(paused);
ATF_TC_BODY(paused, tc)
{
	uint32_t i;

	join();
	pause_at = 3;
	for (i = 0; i < 10; i++)
		send_number(i, 4);
	turn(&a);
	turn(&b);
	/* The other seven are in b's buffer and stay there. */
	ATF_CHECK_EQ_MSG(3, seen, "seen %u", seen);
	turn(&b);
	ATF_CHECK_EQ(3, seen);
	pause_at = 5;
	proc_pause(&b, PROC_BGPE, false);
	turn(&b);
	ATF_CHECK_EQ_MSG(5, seen, "seen %u", seen);
	proc_pause(&b, PROC_BGPE, true);
	proc_pause(&b, PROC_BGPE, false);
	turn(&b);
	ATF_CHECK_EQ_MSG(10, seen, "seen %u", seen);

	/* The end of the pipe is not seen before what came ahead of it. */
	pause_at = 12;
	for (; i < 20; i++)
		send_number(i, 4);
	turn(&a);
	proc_close_pipe(&a, PROC_RDE);
	turn(&b);
	turn(&b);
	ATF_CHECK_EQ(12, seen);
	ATF_CHECK_EQ(0, closed);
	proc_pause(&b, PROC_BGPE, false);
	turn(&b);
	turn(&b);
	ATF_CHECK_EQ_MSG(20, seen, "seen %u", seen);
	ATF_CHECK_EQ(1, closed);
}

ATF_TC_WITHOUT_HEAD(back_pressure);
ATF_TC_BODY(back_pressure, tc)
{
	uint32_t i;
	unsigned int round = 0;

	join();
	for (i = 0; proc_queued(&a, PROC_RDE) <= PROC_HIGH; i++)
		send_number(i, 60000);
	turn(&a);
	turn(&a);
	/* Nobody reads: nothing is drained, nothing is lost. */
	ATF_CHECK_EQ(0, drained);
	ATF_CHECK(proc_queued(&a, PROC_RDE) > PROC_LOW);
	while (seen < i && round++ < 10000) {
		turn(&b);
		turn(&a);
	}
	ATF_CHECK_EQ_MSG(i, seen, "%u of %u", seen, i);
	ATF_CHECK_EQ_MSG(1, drained, "drained called %u times", drained);
	ATF_CHECK_EQ(0, proc_queued(&a, PROC_RDE));
	/* Below the mark nobody is told. */
	send_number(i, 60000);
	turn(&a);
	turn(&b);
	ATF_CHECK_EQ(1, drained);
}

ATF_TC_WITHOUT_HEAD(peer_gone);
ATF_TC_BODY(peer_gone, tc)
{
	uint32_t i;

	/* b closes in the middle of what a handler got. */
	join();
	close_at = 3;
	for (i = 0; i < 10; i++)
		send_number(i, 4);
	turn(&a);
	turn(&b);
	ATF_CHECK_EQ(3, seen);
	ATF_CHECK(!proc_has_pipe(&b, PROC_BGPE));
	ATF_CHECK_EQ_MSG(0, closed, "closing it oneself is no news");
	/* a writes on; it is neither killed nor stuck, and learns of it. */
	for (; proc_queued(&a, PROC_RDE) <= PROC_HIGH && i < 100; i++)
		send_number(i, 60000);
	turn(&a);
	turn(&a);
	ATF_CHECK_EQ(1, closed);
	ATF_CHECK(!proc_has_pipe(&a, PROC_RDE));
	ATF_CHECK_EQ(0, proc_queued(&a, PROC_RDE));
	send_number(0, 4);
	proc_flush(&a, 10);
}

ATF_TC_WITHOUT_HEAD(drained_by_loss);
ATF_TC_BODY(drained_by_loss, tc)
{
	uint32_t i;

	/* Who waits for a queue to fall must not wait for the dead. */
	join();
	for (i = 0; proc_queued(&a, PROC_RDE) <= PROC_HIGH; i++)
		send_number(i, 60000);
	proc_pause(&a, PROC_RDE, true);
	proc_close_pipe(&b, PROC_BGPE);
	turn(&a);
	ATF_CHECK_EQ(1, drained);
}

ATF_TC_WITHOUT_HEAD(flush);
ATF_TC_BODY(flush, tc)
{
	uint32_t i;

	join();
	for (i = 0; i < 3; i++)
		send_number(i, 4);
	proc_flush(&a, 1000);
	ATF_CHECK_EQ(0, proc_queued(&a, PROC_RDE));
	turn(&b);
	ATF_CHECK_EQ(3, seen);
	/* A peer that does not read holds it up for that long only. */
	for (; proc_queued(&a, PROC_RDE) <= PROC_HIGH; i++)
		send_number(i, 60000);
	proc_flush(&a, 50);
	ATF_CHECK(proc_queued(&a, PROC_RDE) > 0);
}

ATF_TC_WITHOUT_HEAD(no_starving);
ATF_TC_BODY(no_starving, tc)
{
	struct proc other;
	uint32_t i, zero = 0;
	int sv[2], round;

	/* bgpe has far more to say than a read takes, and goes on saying it;
	   bmpe says one word. */
	join();
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	proc_init(&other, PROC_BMPE, rules, NRULES, NULL);
	proc_add_pipe(&other, PROC_RDE, sv[0]);
	proc_add_pipe(&b, PROC_BMPE, sv[1]);
	for (i = 0; i < 400; i++)
		send_number(i, 10000);
	turn(&a);
	proc_send(&other, PROC_RDE, T_FROM_BMPE, 1, -1, &zero, sizeof(zero));
	turn(&other);
	for (round = 0; words == 0; round++) {
		ATF_REQUIRE_MSG(round < 3, "%u messages and no word", seen);
		turn(&b);
		turn(&a);
	}
	ATF_CHECK_MSG(seen > 0 && seen < 100, "%u messages first", seen);
}

/*
 * Children.
 */
static void
child_ask(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32 left;

	/* Is the alarm set? A process has one: look, and set it again. */
	left.value = alarm(0);
	alarm(left.value);
	msg_send(p, from, T_ANSWER, m->hdr.id, &record_msg_u32, &left);
}

static void __attribute__((__noreturn__))
child_hang(struct proc *p, enum proc_id from, struct imsg *m)
{
	/* Once the clock has run out, a loop like this one is ended. */
	alarm(1);
	for (;;)
		;
}

static void
child_via(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32 v = { .value = from };

	msg_send(p, PROC_PARENT, T_ANSWER, 0, &record_msg_u32, &v);
}

static const struct msg_rule child_rules[] = {
	{ T_ASK, FROM(PARENT), 0, 0, child_ask },
	{ T_HANG, FROM(PARENT), 0, 0, child_hang },
	{ T_VIA, FROM_ANY, 0, 0, child_via },
};

static void
child_stop(struct proc *p)
{
	log_warnx("stopped in order");
}

static pid_t child_pid;
static uint32_t answer;
static unsigned int answers;
static FILE *child_log;

static void
take_answer(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_u32 v;

	msg_get(m, &record_msg_u32, &v);
	answer = v.value;
	answers++;
}

static const struct msg_rule parent_rules[] = {
	{ T_ANSWER, FROM(RDE), 4, 4, take_answer },
};

/* Fork an rde; a is its parent. */
static void
child_make(void)
{
	struct child_args args;
	struct proc child;
	int sv[2];

	log_init("parent", true);
	ATF_REQUIRE((child_log = tmpfile()) != NULL);
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) ==
	    0);
	ATF_REQUIRE((child_pid = fork()) != -1);
	if (child_pid == 0) {
		close(sv[0]);
		dup2(fileno(child_log), STDERR_FILENO);
		dup2(sv[1], CHILD_FD);
		if (sv[1] != CHILD_FD)
			close(sv[1]);
		memset(&args, 0, sizeof(args));
		args.uid = geteuid() == 0 ? NOBODY : (uid_t)-1;
		args.gid = args.uid;
		args.foreground = true;
		args.log_level = LEVEL_WARN;
		child_start(&child, PROC_RDE, &args, child_rules,
		    sizeof(child_rules) / sizeof(child_rules[0]), NULL);
		child_run(&child, child_stop);
	}
	close(sv[1]);
	proc_init(&a, PROC_PARENT, parent_rules, 1, NULL);
	a.closed = on_closed;
	proc_add_pipe(&a, PROC_RDE, sv[0]);
}

/* Run the loop until the child has answered n times or its pipe closes. */
static void
until(unsigned int n)
{
	while (answers < n && proc_has_pipe(&a, PROC_RDE))
		ATF_REQUIRE(event_base_loop(a.base, EVLOOP_ONCE) != -1);
}

static int
child_status(char *text, size_t size)
{
	int status;
	size_t n;

	ATF_REQUIRE(waitpid(child_pid, &status, 0) == child_pid);
	rewind(child_log);
	n = fread(text, 1, size - 1, child_log);
	text[n] = '\0';
	return (status);
}

static void
check_ended(const char *said)
{
	char text[1024];
	int status;

	status = child_status(text, sizeof(text));
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %#x, log: %s", status, text);
	ATF_CHECK_MSG(strstr(text, said) != NULL, "log: %s", text);
}

ATF_TC_WITHOUT_HEAD(child_alarm);
ATF_TC_BODY(child_alarm, tc)
{
	char text[1024];
	int status;

	child_make();
	proc_send(&a, PROC_RDE, T_ASK, 1, -1, NULL, 0);
	until(1);
	ATF_CHECK_EQ(1, answers);
	ATF_CHECK_MSG(answer > 0 && answer <= CHILD_ALARM,
	    "%u seconds to the alarm", answer);
	proc_send(&a, PROC_RDE, T_HANG, 1, -1, NULL, 0);
	until(2);
	status = child_status(text, sizeof(text));
	ATF_CHECK_MSG(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM,
	    "status %#x, log: %s", status, text);
}

ATF_TC_WITHOUT_HEAD(child_eof);
ATF_TC_BODY(child_eof, tc)
{
	child_make();
	proc_close_pipe(&a, PROC_RDE);
	check_ended("stopped in order");
}

ATF_TC_WITHOUT_HEAD(child_shutdown);
ATF_TC_BODY(child_shutdown, tc)
{
	child_make();
	proc_send(&a, PROC_RDE, M_SHUTDOWN, 0, -1, NULL, 0);
	until(1);
	ATF_CHECK_EQ(1, closed);
	check_ended("stopped in order");
}

ATF_TC_WITHOUT_HEAD(child_signals);
ATF_TC_BODY(child_signals, tc)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE };
	size_t i;

	/* What the whole process group gets does not end it. */
	child_make();
	proc_send(&a, PROC_RDE, T_ASK, 1, -1, NULL, 0);
	until(1);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		ATF_REQUIRE(kill(child_pid, sigs[i]) == 0);
	proc_send(&a, PROC_RDE, T_ASK, 1, -1, NULL, 0);
	until(2);
	ATF_CHECK_EQ(2, answers);
	proc_close_pipe(&a, PROC_RDE);
	check_ended("stopped in order");
}

static void
give_pipe(uint32_t who, int fd)
{
	struct msg_pipe mp = { .proc = who };
	struct ibuf *body;

	ATF_REQUIRE((body = imsg_create()) != NULL);
	ATF_REQUIRE(record_put(body, &record_msg_pipe, &mp) == 0);
	proc_send_ibuf(&a, PROC_RDE, M_PIPE, 0, fd, body);
}

ATF_TC_WITHOUT_HEAD(child_pipe);
ATF_TC_BODY(child_pipe, tc)
{
	struct proc sibling;
	int sv[2];

	child_make();
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) ==
	    0);
	give_pipe(PROC_BMPE, sv[1]);
	proc_init(&sibling, PROC_BMPE, NULL, 0, NULL);
	proc_add_pipe(&sibling, PROC_RDE, sv[0]);
	proc_send(&sibling, PROC_RDE, T_VIA, 0, -1, NULL, 0);
	turn(&sibling);
	until(1);
	ATF_CHECK_EQ_MSG(PROC_BMPE, answer, "from process %u", answer);
	/* A sibling that goes is none of its business. */
	proc_close_pipe(&sibling, PROC_RDE);
	proc_send(&a, PROC_RDE, T_ASK, 1, -1, NULL, 0);
	until(2);
	ATF_CHECK_EQ(2, answers);
	/* And may come back. */
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) ==
	    0);
	give_pipe(PROC_BMPE, sv[1]);
	proc_add_pipe(&sibling, PROC_RDE, sv[0]);
	proc_send(&sibling, PROC_RDE, T_VIA, 0, -1, NULL, 0);
	turn(&sibling);
	until(3);
	ATF_CHECK_EQ_MSG(PROC_BMPE, answer, "from process %u", answer);
	/* Only the parent gives pipes. */
	proc_send(&sibling, PROC_RDE, M_SHUTDOWN, 0, -1, NULL, 0);
	turn(&sibling);
	until(4);
	{
		char text[1024];
		int status = child_status(text, sizeof(text));

		ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
		    strstr(text, "not from this sender") != NULL,
		    "status %#x, log: %s", status, text);
	}
}

static void
check_bad_pipe(uint32_t who, bool with_fd, const char *said)
{
	char text[1024];
	int sv[2], status;

	answers = 0;
	child_make();
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) ==
	    0);
	give_pipe(who, with_fd ? sv[1] : -1);
	until(1);
	status = child_status(text, sizeof(text));
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
	    strstr(text, said) != NULL,
	    "status %#x, log: %s", status, text);
}

ATF_TC_WITHOUT_HEAD(child_bad_pipe);
ATF_TC_BODY(child_bad_pipe, tc)
{
	check_bad_pipe(PROC_MAX, true, "pipe to process 6");
	check_bad_pipe(PROC_PARENT, true, "pipe to process 0");
	check_bad_pipe(PROC_RDE, true, "pipe to process 2");
	check_bad_pipe(PROC_BMPE, false, "pipe to bmpe without a descriptor");
}

ATF_TC_WITHOUT_HEAD(child_options);
ATF_TC_BODY(child_options, tc)
{
	char *good[] = { "packetframed", "-P", "bgpe", "-v", "debug", "-d",
	    "-u", "12:34", "-R", "/run/x", NULL };
	char *least[] = { "packetframed", "-P", "control", NULL };
	char *bad[][5] = {
		{ "packetframed", "-P", "parent", NULL, NULL },
		{ "packetframed", "-P", "nobody", NULL, NULL },
		{ "packetframed", "-P", "rde", "rest", NULL },
		{ "packetframed", "-d", NULL, NULL, NULL },
		{ "packetframed", "-Prde", "-u", "1", NULL },
		{ "packetframed", "-Prde", "-u", "1:x", NULL },
		{ "packetframed", "-Prde", "-u", "-1:1", NULL },
		{ "packetframed", "-Prde", "-u", "4294967295:1", NULL },
		{ "packetframed", "-Prde", "-v", "loud", NULL },
	};
	struct child_args args;
	enum proc_id id;
	size_t i;
	int argc;

	/* Parsed in place. */
	good[7] = strdup("12:34");
	ATF_REQUIRE(child_parse_args(10, good, &id, &args) == 0);
	ATF_CHECK_EQ(PROC_BGPE, id);
	ATF_CHECK_EQ(12, args.uid);
	ATF_CHECK_EQ(34, args.gid);
	ATF_CHECK_EQ(LEVEL_DEBUG, args.log_level);
	ATF_CHECK(args.foreground);
	ATF_CHECK_STREQ("/run/x", args.chroot);
	free(good[7]);

	ATF_REQUIRE(child_parse_args(3, least, &id, &args) == 0);
	ATF_CHECK_EQ(PROC_CONTROL, id);
	ATF_CHECK_EQ((uid_t)-1, args.uid);
	ATF_CHECK(!args.foreground);
	ATF_CHECK(args.chroot == NULL);

	opterr = 0;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (argc = 0; bad[i][argc] != NULL; argc++)
			bad[i][argc] = strdup(bad[i][argc]);
		ATF_CHECK_MSG(child_parse_args(argc, bad[i], &id, &args) == -1,
		    "line %zu was taken", i);
		while (argc > 0)
			free(bad[i][--argc]);
	}
}

ATF_TC_WITHOUT_HEAD(proc_names);
ATF_TC_BODY(proc_names, tc)
{
	int i;

	for (i = 0; i < PROC_MAX; i++)
		ATF_CHECK_EQ(i, proc_by_name(proc_name(i)));
	ATF_CHECK_EQ(-1, proc_by_name("pfctl"));
	ATF_CHECK_STREQ("unknown", proc_name(PROC_MAX));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, dispatch);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, descriptors);
	ATF_TP_ADD_TC(tp, paused);
	ATF_TP_ADD_TC(tp, back_pressure);
	ATF_TP_ADD_TC(tp, peer_gone);
	ATF_TP_ADD_TC(tp, drained_by_loss);
	ATF_TP_ADD_TC(tp, flush);
	ATF_TP_ADD_TC(tp, no_starving);
	ATF_TP_ADD_TC(tp, child_alarm);
	ATF_TP_ADD_TC(tp, child_eof);
	ATF_TP_ADD_TC(tp, child_shutdown);
	ATF_TP_ADD_TC(tp, child_signals);
	ATF_TP_ADD_TC(tp, child_pipe);
	ATF_TP_ADD_TC(tp, child_bad_pipe);
	ATF_TP_ADD_TC(tp, child_options);
	ATF_TP_ADD_TC(tp, proc_names);
	return (atf_no_error());
}
