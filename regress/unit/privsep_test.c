/* SPDX-License-Identifier: ISC */
/*
 * Starting, joining, reaping and stopping children. The children are shell
 * scripts that are told their name as the daemon's own are: what they get,
 * and what becomes of them, is seen from both sides.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/log.h"
#include "../../parent/parent.h"

static struct proc parent;
static int stderr_copy;

/* Log lines go to a file, so that they can be looked at. */
static void
log_to_file(bool on)
{
	int fd;

	if (on) {
		ATF_REQUIRE((stderr_copy = dup(STDERR_FILENO)) != -1);
		ATF_REQUIRE((fd = open("log", O_WRONLY | O_CREAT | O_APPEND,
		    0600)) != -1);
		ATF_REQUIRE(dup2(fd, STDERR_FILENO) != -1);
		close(fd);
		return;
	}
	ATF_REQUIRE(dup2(stderr_copy, STDERR_FILENO) != -1);
	close(stderr_copy);
}

static char text[16384];

/* The file's text, or "" if there is none. */
static char *
text_of(const char *path)
{
	ssize_t n;
	int fd;

	text[0] = '\0';
	if ((fd = open(path, O_RDONLY)) == -1)
		return (text);
	ATF_REQUIRE((n = read(fd, text, sizeof(text) - 1)) != -1);
	text[n] = '\0';
	close(fd);
	return (text);
}

/* Wait until the file has this in it. */
static void
wait_text(const char *path, const char *want)
{
	const struct timespec tick = { 0, 5000000 };
	int i;

	for (i = 0; i < 4000; i++) {
		text_of(path);
		if (strstr(text, want) != NULL)
			return;
		nanosleep(&tick, NULL);
	}
	atf_tc_fail("no \"%s\" in %s: %s", want, path, text);
}

static void
make_script(const char *body)
{
	FILE *f;

	/* $2 is the name. told waits for a message, or the end of the pipe,
	   which does not block. */
	ATF_REQUIRE((f = fopen("child", "w")) != NULL);
	fprintf(f, "#!/bin/sh\nPATH=/bin:/usr/bin\n"
	    "told() { while ! dd bs=16 count=1 <&3 >/dev/null 2>&1; do "
	    "sleep 0.01; done; }\n%s\n", body);
	fclose(f);
	ATF_REQUIRE(chmod("child", 0700) == 0);
}

static void
start(enum proc_id id)
{
	static char self[PATH_MAX];
	struct privsep_args args;

	ATF_REQUIRE(realpath("child", self) != NULL);
	memset(&args, 0, sizeof(args));
	args.self = self;
	args.uid = 123;
	args.gid = 456;
	args.chroot = "/run/nowhere";
	args.foreground = true;
	args.log_level = LEVEL_WARN;
	privsep_start(&parent, id, &args);
}

static void
init(void)
{
	log_init("parent", true);
	proc_init(&parent, PROC_PARENT, NULL, 0, NULL);
}

ATF_TC_WITHOUT_HEAD(inherits_nothing);
ATF_TC_BODY(inherits_nothing, tc)
{
	int i, fd;

	/* A secret in the environment and descriptors that are not
	   close-on-exec. */
	ATF_REQUIRE(setenv("SECRET", "hunter2", 1) == 0);
	for (i = 0; i < 20; i++)
		ATF_REQUIRE((fd = open("/etc/passwd", O_RDONLY)) != -1);
	ATF_REQUIRE(dup2(fd, 900) != -1);
	init();
	make_script("echo \"$@\" >args; tr '\\0' '\\n' </proc/$$/environ >env\n"
	    "for i in /proc/$$/fd/*; do\n"
	    "echo ${i##*/} $(readlink $i) >>fds; done; echo end >>fds\n"
	    "told");
	start(PROC_RDE);
	wait_text("fds", "end");
	ATF_CHECK_STREQ("-P rde -v warn -d -u 123:456 -R /run/nowhere\n",
	    text_of("args"));
	ATF_CHECK_MSG(strstr(text_of("env"), "SECRET") == NULL, "env: %s",
	    text);
	text_of("fds");
	ATF_CHECK_MSG(strstr(text, "0 /dev/null\n") == text, "fds: %s", text);
	ATF_CHECK_MSG(strstr(text, "\n1 /dev/null\n") != NULL, "fds: %s", text);
	ATF_CHECK_MSG(strstr(text, "\n3 socket:") != NULL, "fds: %s", text);
	ATF_CHECK_MSG(strstr(text, "passwd") == NULL, "fds: %s", text);
	ATF_CHECK_MSG(strstr(text, "\n900 ") == NULL, "fds: %s", text);
	privsep_stop(&parent, 5000);
	ATF_CHECK(!proc_has_pipe(&parent, PROC_RDE));
}

/* Poll until n have been reaped; how many of them count. */
static int
reap(int n)
{
	const struct timespec tick = { 0, 5000000 };
	int i, got = 0;

	for (i = 0; i < 4000 && got < n; i++) {
		got += privsep_reap(&parent);
		nanosleep(&tick, NULL);
	}
	return (got);
}

ATF_TC_WITHOUT_HEAD(reaped_by_name);
ATF_TC_BODY(reaped_by_name, tc)
{
	init();
	make_script("case $2 in rde) kill -9 $$;; bgpe) exit 3;; bmpe) exit 0;;"
	    "esac\ntold");
	log_to_file(true);
	start(PROC_RDE);
	start(PROC_BGPE);
	start(PROC_BMPE);
	start(PROC_CONF);
	ATF_CHECK_EQ(3, reap(3));
	privsep_stop(&parent, 5000);
	ATF_CHECK_EQ(0, privsep_reap(&parent));
	log_to_file(false);
	text_of("log");
	ATF_CHECK_MSG(strstr(text, "rde terminated: signal 9\n") != NULL,
	    "log: %s", text);
	ATF_CHECK_MSG(strstr(text, "bgpe exited: status 3\n") != NULL,
	    "log: %s", text);
	ATF_CHECK_MSG(strstr(text, "bmpe exited: status 0\n") != NULL,
	    "log: %s", text);
	/* What was asked to end is no news. */
	ATF_CHECK_MSG(strstr(text, "conf") == NULL, "log: %s", text);
}

ATF_TC_WITHOUT_HEAD(not_there);
ATF_TC_BODY(not_there, tc)
{
	init();
	make_script("");
	log_to_file(true);
	{
		struct privsep_args args = { .self = "/nonexistent/daemon",
		    .uid = (uid_t)-1, .log_level = LEVEL_INFO };

		privsep_start(&parent, PROC_CONTROL, &args);
	}
	ATF_CHECK_EQ(1, reap(1));
	log_to_file(false);
	ATF_CHECK_MSG(strstr(text_of("log"), "starting control: "
	    "/nonexistent/daemon: No such file or directory") != NULL,
	    "log: %s", text);
	ATF_CHECK(strstr(text_of("log"), "control exited: status 1") != NULL);
}

ATF_TC_WITHOUT_HEAD(stopped_in_order);
ATF_TC_BODY(stopped_in_order, tc)
{
	int id;

	init();
	/* The message is one header; the slow one must still be first. */
	make_script("told\n"
	    "if [ $2 = bgpe ]; then sleep 0.3; fi\n"
	    "echo $2 >>order");
	for (id = PROC_CONF; id < PROC_MAX; id++)
		start(id);
	privsep_stop(&parent, 20000);
	text_of("order");
	ATF_CHECK_EQ_MSG(strlen("bgpe\nbmpe\ncontrol\nrde\nconf\n"),
	    strlen(text), "order: %s", text);
	ATF_CHECK_MSG(strstr(text, "\nrde\nconf\n") != NULL &&
	    strstr(text, "bgpe\n") < strstr(text, "rde\n"),
	    "order: %s", text);
	for (id = PROC_CONF; id < PROC_MAX; id++)
		ATF_CHECK(!proc_has_pipe(&parent, id));
	ATF_CHECK_EQ(0, privsep_reap(&parent));
	/* One can be started again. */
	start(PROC_CONF);
	privsep_stop_one(&parent, PROC_CONF, 20000);
	ATF_CHECK_EQ(0, privsep_reap(&parent));
}

ATF_TC_WITHOUT_HEAD(hanging);
ATF_TC_BODY(hanging, tc)
{
	init();
	/* rde does as it is told only when its pipe closes. */
	make_script("told; [ $2 = rde ] && { told; echo >>gone; }; exit 0");
	log_to_file(true);
	start(PROC_RDE);
	start(PROC_CONF);
	start(PROC_BGPE);
	privsep_stop(&parent, 300);
	log_to_file(false);
	text_of("log");
	ATF_CHECK_MSG(strstr(text, "rde does not end") != NULL, "log: %s",
	    text);
	ATF_CHECK_MSG(strstr(text, "conf does") == NULL, "log: %s", text);
	ATF_CHECK(!proc_has_pipe(&parent, PROC_RDE));
	wait_text("gone", "\n");
	ATF_CHECK_EQ(0, privsep_reap(&parent));
}

/*
 * The pipes between siblings, with all six processes in this one.
 */
static struct proc procs[PROC_MAX];
static unsigned int hellos[PROC_MAX];	/* FROM() bits */

static void
got_pipe(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct msg_pipe mp;

	msg_get(m, &record_msg_pipe, &mp);
	ATF_REQUIRE(mp.proc < PROC_MAX && m->fd != -1);
	proc_add_pipe(p, mp.proc, m->fd);
	m->fd = -1;
	proc_send(p, mp.proc, M_HEARTBEAT, 0, -1, NULL, 0);
}

static void
got_hello(struct proc *p, enum proc_id from, struct imsg *m)
{
	hellos[p->self] |= 1U << from;
}

static const struct msg_rule sibling_rules[] = {
	{ M_PIPE, FROM(PARENT), 4, 4, got_pipe },
	{ M_HEARTBEAT, FROM_ANY, 0, 0, got_hello },
};

ATF_TC_WITHOUT_HEAD(siblings_joined);
ATF_TC_BODY(siblings_joined, tc)
{
	static const unsigned int want[PROC_MAX] = {
		[PROC_RDE] = FROM(BGPE) | FROM(BMPE) | FROM(CONTROL),
		[PROC_BGPE] = FROM(RDE) | FROM(CONTROL),
		[PROC_BMPE] = FROM(RDE) | FROM(CONTROL),
		[PROC_CONTROL] = FROM(RDE) | FROM(BGPE) | FROM(BMPE),
	};
	int id, round, sv[2];

	init();
	for (id = PROC_CONF; id < PROC_MAX; id++) {
		ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
		proc_init(&procs[id], id, sibling_rules, 2, NULL);
		proc_add_pipe(&procs[id], PROC_PARENT, sv[0]);
		proc_add_pipe(&parent, id, sv[1]);
	}
	privsep_connect(&parent);
	event_base_loop(parent.base, EVLOOP_NONBLOCK);
	for (round = 0; round < 3; round++)
		for (id = PROC_CONF; id < PROC_MAX; id++)
			event_base_loop(procs[id].base, EVLOOP_NONBLOCK);
	for (id = PROC_CONF; id < PROC_MAX; id++)
		ATF_CHECK_EQ_MSG(want[id], hellos[id],
		    "%s heard %#x, not %#x", proc_name(id), hellos[id],
		    want[id]);
}

/* How large a process is, for as long as it runs. */
ATF_TC_WITHOUT_HEAD(memory_of);
ATF_TC_BODY(memory_of, tc)
{
	uint64_t resident = 0, own = 0;

	init();
	ATF_CHECK_EQ(-1, privsep_memory(PROC_BGPE, &resident, &own));
	ATF_CHECK_EQ(-1, privsep_memory(PROC_PARENT, &resident, &own));
	make_script("echo up >up; told");
	start(PROC_BGPE);
	privsep_connect(&parent);
	wait_text("up", "up");
	ATF_REQUIRE_EQ(0, privsep_memory(PROC_BGPE, &resident, &own));
	ATF_CHECK(own > 0 && resident >= own);
	ATF_CHECK(resident < 1 << 20);
	ATF_REQUIRE_EQ(0, privsep_memory(PROC_PARENT, &resident, &own));
	ATF_CHECK(own > 0 && resident >= own);
	privsep_stop(&parent, 5000);
	ATF_CHECK_EQ(-1, privsep_memory(PROC_BGPE, &resident, &own));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inherits_nothing);
	ATF_TP_ADD_TC(tp, reaped_by_name);
	ATF_TP_ADD_TC(tp, not_there);
	ATF_TP_ADD_TC(tp, stopped_in_order);
	ATF_TP_ADD_TC(tp, hanging);
	ATF_TP_ADD_TC(tp, siblings_joined);
	ATF_TP_ADD_TC(tp, memory_of);
	return (atf_no_error());
}
