/* SPDX-License-Identifier: ISC */
/*
 * The conf process from the parent's side of its pipe: files asked for and
 * handed over, messages, the config's bytes.
 */
#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../conf/conf.h"
#include "../../lib/imsg.h"
#include "../../lib/mains.h"
#include "../../lib/msg.h"

struct child {
	pid_t		 pid;
	int		 fd;
	struct imsgbuf	*pipe;
};

/* What one parse came to. */
struct outcome {
	char		 said[4096];
	char		 opened[1024];	/* paths asked for, in order */
	struct config	*config;
	int		 errors;	/* of M_CONF_FAIL; 0 if it came not */
};

static void
start(struct child *c)
{
	struct child_args args = { .uid = (uid_t)-1, .gid = (gid_t)-1,
	    .foreground = true, .log_level = LEVEL_INFO };
	int sv[2];

	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) ==
	    0);
	ATF_REQUIRE((c->pid = fork()) != -1);
	if (c->pid == 0) {
		close(sv[0]);
		if (dup2(sv[1], CHILD_FD) == -1)
			_exit(99);
		if (sv[1] != CHILD_FD)
			close(sv[1]);
		fcntl(CHILD_FD, F_SETFL, O_NONBLOCK);
		conf_main(&args);
	}
	close(sv[1]);
	c->fd = sv[0];
	ATF_REQUIRE((c->pipe = imsgbuf_new(c->fd)) != NULL);
}

/* Close the pipe; the child must then end. Its status. */
static int
stop(struct child *c)
{
	int status;

	imsgbuf_free(c->pipe);
	close(c->fd);
	ATF_REQUIRE_EQ(c->pid, waitpid(c->pid, &status, 0));
	return (status);
}

static void
ask(struct child *c, const char *path, const char *macro)
{
	struct ibuf *b = imsg_create();

	ATF_REQUIRE(b != NULL);
	ibuf_put_str(b, path);
	ibuf_put_u32(b, macro == NULL ? 0 : 1);
	if (macro != NULL)
		ibuf_put_str(b, macro);
	ATF_REQUIRE_EQ(0, imsg_close(c->pipe, M_CONF_PARSE, 0, -1, b));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(c->pipe));
}

static void
hand(struct child *c, int error, int fd)
{
	struct msg_u32 res = { (uint32_t)error };
	struct ibuf *b = imsg_create();

	ATF_REQUIRE(b != NULL);
	record_put(b, &record_msg_u32, &res);
	ATF_REQUIRE_EQ(0, imsg_close(c->pipe, M_CONF_FILE, 0, fd, b));
	/* A child that has ended is for the caller to see. */
	if (imsgbuf_flush(c->pipe) == -1)
		ATF_REQUIRE(errno == EPIPE || errno == ECONNRESET);
}

/* Answer M_CONF_OPEN from names and texts; "/pipe" and "/none" as text stand
   for a pipe and a missing descriptor. */
static void
answer(struct child *c, const char *path, const char *const *files)
{
	int fd, pipefd[2];
	size_t i, len;

	for (i = 0; files[i] != NULL; i += 2)
		if (strcmp(files[i], path) == 0)
			break;
	if (files[i] == NULL) {
		hand(c, ENOENT, -1);
		return;
	}
	if (strcmp(files[i + 1], "/none") == 0) {
		hand(c, 0, -1);
		return;
	}
	if (strcmp(files[i + 1], "/pipe") == 0) {
		ATF_REQUIRE(pipe(pipefd) == 0);
		close(pipefd[1]);
		hand(c, 0, pipefd[0]);
		return;
	}
	len = strlen(files[i + 1]);
	ATF_REQUIRE((fd = memfd_create("file", MFD_CLOEXEC)) != -1);
	ATF_REQUIRE_EQ((ssize_t)len, pwrite(fd, files[i + 1], len, 0));
	hand(c, 0, fd);
}

static bool
take(struct child *c, struct imsg *m, struct outcome *o, struct ibuf *wire,
    const char *const *files)
{
	char text[4096];
	struct msg_u32 n;
	uint32_t level;
	size_t len = ibuf_left(&m->body);

	switch (m->hdr.type) {
	case M_CONF_OPEN:
		ATF_REQUIRE_EQ(0, ibuf_get_str(&m->body, text, sizeof(text)));
		strlcat(o->opened, text, sizeof(o->opened));
		strlcat(o->opened, " ", sizeof(o->opened));
		answer(c, text, files);
		return (false);
	case M_CONF_LOG:
		ATF_REQUIRE_EQ(0, ibuf_get_u32(&m->body, &level));
		ATF_REQUIRE_EQ(0, ibuf_get_str(&m->body, text, sizeof(text)));
		ATF_CHECK(strlen(text) < 1024);
		strlcat(o->said, log_level_name(level), sizeof(o->said));
		strlcat(o->said, " ", sizeof(o->said));
		strlcat(o->said, text, sizeof(o->said));
		strlcat(o->said, "\n", sizeof(o->said));
		return (false);
	case M_CONFIG_DATA:
		ATF_REQUIRE_EQ(0, ibuf_put(wire, ibuf_take(&m->body, len),
		    len));
		return (false);
	case M_CONFIG_END:
		ATF_REQUIRE((o->config = config_get(wire)) != NULL);
		return (true);
	case M_CONF_FAIL:
		ATF_REQUIRE_EQ(0, record_get_only(&m->body, &record_msg_u32,
		    &n));
		o->errors = (int)n.value;
		return (true);
	default:
		atf_tc_fail("message %u", m->hdr.type);
	}
}

/* Serve the child until it has answered; false if it went away. */
static bool
serve(struct child *c, struct outcome *o, const char *const *files)
{
	struct ibuf *wire = ibuf_new(CONFIG_MAX);
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	struct imsg m;
	bool done = false;
	int n;

	ATF_REQUIRE(wire != NULL);
	memset(o, 0, sizeof(*o));
	while (!done) {
		ATF_REQUIRE_MSG(poll(&pfd, 1, 30000) == 1, "no answer");
		if ((n = imsgbuf_read(c->pipe)) != 1)
			break;
		while (!done && (n = imsg_get(c->pipe, &m)) == 1) {
			done = take(c, &m, o, wire, files);
			imsg_free(&m);
		}
		ATF_REQUIRE(n != -1);
	}
	ibuf_free(wire);
	return (done);
}

ATF_TC_WITHOUT_HEAD(parse);
ATF_TC_BODY(parse, tc)
{
	const char *files[] = { "pf.conf", "include a/x\ninclude a/y\n"
	    "module fast-path\nattach $if auto\nallow-prefix $net\n",
	    "a/x", "include a/z\n", "a/y", "net = 192.0.2.1/24\n",
	    "a/z", "global\nlog-level debug\n", NULL };
	struct outcome o;
	struct child c;
	int round;

	start(&c);
	/* The same again, to see that nothing stays behind. */
	for (round = 0; round < 3; round++) {
		ask(&c, "/etc/pf/pf.conf", "if=eth7");
		ATF_REQUIRE(serve(&c, &o, files));
		ATF_CHECK_STREQ("pf.conf a/x a/y a/z ", o.opened);
		ATF_CHECK_STREQ("warn /etc/pf/pf.conf:5: warning: found host "
		    "bits in \"192.0.2.1/24\", taken as 192.0.2.0/24\n",
		    o.said);
		ATF_REQUIRE(o.config != NULL);
		ATF_CHECK_EQ(LEVEL_DEBUG, o.config->log_level);
		ATF_REQUIRE_EQ(1, o.config->nattach);
		ATF_CHECK_STREQ("eth7", o.config->attach[0].ifname);
		ATF_CHECK_EQ(1, o.config->nallow);
		config_free(o.config);
	}
	ATF_CHECK_EQ(0, stop(&c));
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	const char *files[] = { "pf.conf", "include none\ninclude pipe\n"
	    "include nofd\nbogus\n", "pipe", "/pipe", "nofd", "/none", NULL };
	const char *good[] = { "pf.conf", "", NULL };
	struct outcome o;
	struct child c;

	start(&c);
	ask(&c, "pf.conf", NULL);
	ATF_REQUIRE(serve(&c, &o, files));
	ATF_CHECK_STREQ(
	    "error pf.conf:1: \"none\" cannot be read: No such file or "
	    "directory\n"
	    "error pf.conf:2: \"pipe\" cannot be read: Not a regular file\n"
	    "error pf.conf:3: \"nofd\" cannot be read: Bad file descriptor\n"
	    "error pf.conf:4: found \"bogus\", expected a directive, global, "
	    "module, include or NAME = VALUE\n", o.said);
	ATF_CHECK_EQ(4, o.errors);
	ATF_CHECK(o.config == NULL);

	ask(&c, "none.conf", "bad macro");
	ATF_REQUIRE(serve(&c, &o, files));
	ATF_CHECK_STREQ(
	    "error found a macro on the command line that is none, expected "
	    "-D name=value\n"
	    "error \"none.conf\" cannot be read: No such file or directory\n",
	    o.said);
	ATF_CHECK_EQ(2, o.errors);

	/* And it goes on working. */
	ask(&c, "pf.conf", NULL);
	ATF_REQUIRE(serve(&c, &o, good));
	ATF_CHECK_STREQ("", o.said);
	ATF_REQUIRE(o.config != NULL);
	config_free(o.config);
	ATF_CHECK_EQ(0, stop(&c));
}

/* A config of many messages. */
ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	const char *files[] = { "pf.conf", NULL, NULL };
	struct outcome o;
	struct child c;
	uint32_t i, n = 100000;
	char *text;
	size_t len;
	FILE *fp;

	ATF_REQUIRE((fp = open_memstream(&text, &len)) != NULL);
	fprintf(fp, "module fast-path\nallow-prefix {\n");
	for (i = 0; i < n; i++)
		fprintf(fp, "10.%u.%u.%u\n", i >> 16, i >> 8 & 0xff, i & 0xff);
	fprintf(fp, "}\n");
	fclose(fp);
	files[1] = text;
	start(&c);
	ask(&c, "pf.conf", NULL);
	ATF_REQUIRE(serve(&c, &o, files));
	ATF_REQUIRE(o.config != NULL);
	ATF_CHECK_EQ(n, o.config->nallow);
	config_free(o.config);
	ATF_CHECK_EQ(0, stop(&c));
	free(text);
}

/* What the parent never does ends the process. */
ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	const char *files[] = { NULL };
	struct outcome o;
	struct child c;

	start(&c);
	hand(&c, ENOENT, -1);
	ATF_CHECK(!serve(&c, &o, files));
	ATF_CHECK(stop(&c) != 0);

	start(&c);
	ask(&c, "a", NULL);
	ask(&c, "b", NULL);
	ATF_CHECK(!serve(&c, &o, files));
	ATF_CHECK(stop(&c) != 0);
}

ATF_TP_ADD_TCS(tp)
{
	signal(SIGPIPE, SIG_IGN);
	ATF_TP_ADD_TC(tp, parse);
	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, hostile);
	return (atf_no_error());
}
