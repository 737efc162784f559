/* SPDX-License-Identifier: ISC */
/*
 * Clients of a control socket against the process that serves them: those who
 * do not read, who are many, who ask for too much; and answers from a process
 * that was not asked.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../control/control.h"

static struct proc p;
static int listenfd;
static struct sockaddr_un name;
static struct imsgbuf *answerers[PROC_MAX];

static void
record(struct proc *pr, enum proc_id from, struct imsg *m)
{
	client_record(pr, from, m);
}

static void
record_end(struct proc *pr, enum proc_id from, struct imsg *m)
{
	client_end(pr, from, m);
}

static const struct msg_rule rules[] = {
	{ M_CTL_RECORD, FROM_ANY, 4, IMSG_BODY_MAX, record },
	{ M_CTL_END, FROM_ANY, 1, 1024, record_end },
};

static void
answerer(enum proc_id id)
{
	int sv[2];

	ATF_REQUIRE_EQ(0,
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv));
	proc_add_pipe(&p, id, sv[0]);
	ATF_REQUIRE((answerers[id] = imsgbuf_new(sv[1])) != NULL);
}

static void
setup(void)
{
	proc_init(&p, PROC_CONTROL, rules, sizeof(rules) / sizeof(rules[0]),
	    NULL);
	answerer(PROC_PARENT);
	answerer(PROC_RDE);
	listenfd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ATF_REQUIRE(listenfd != -1);
	name.sun_family = AF_UNIX;
	strlcpy(name.sun_path, "control.sock", sizeof(name.sun_path));
	ATF_REQUIRE_EQ(0,
	    bind(listenfd, (struct sockaddr *)&name, sizeof(name)));
	ATF_REQUIRE_EQ(0, listen(listenfd, 64));
}

static void
turn(void)
{
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(p.base, EVLOOP_NONBLOCK);
}

/* A client's end of a new connection. */
static int
connected(bool restricted)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, connect(fd, (struct sockaddr *)&name, sizeof(name)));
	ATF_REQUIRE_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	client_accept(&p, listenfd, restricted);
	turn();
	return (fd);
}

static bool
closed(int fd)
{
	char c;

	turn();
	return (recv(fd, &c, 1, MSG_PEEK) == 0);
}

/* The next message that came to the other end: 1, or 0 for none. */
static int
came(struct imsgbuf *b, struct imsg *m)
{
	int n;

	turn();
	if ((n = imsg_get(b, m)) != 0)
		return (n);
	ATF_REQUIRE(imsgbuf_read(b) != -1);
	return (imsg_get(b, m));
}

static void
ask(int fd, uint32_t type)
{
	struct imsg_hdr h = { type, sizeof(h), 0, 0 };

	ATF_REQUIRE_EQ((ssize_t)sizeof(h), write(fd, &h, sizeof(h)));
}

static void
answer_end(enum proc_id from, uint32_t id)
{
	struct ctl_end e = { 0 };
	struct ibuf *b = imsg_create();

	ATF_REQUIRE(b != NULL);
	ATF_REQUIRE_EQ(0, record_put(b, &record_ctl_end, &e));
	ATF_REQUIRE_EQ(0, imsg_close(answerers[from], M_CTL_END, id, -1, b));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(answerers[from]));
	turn();
}

/* Who asks and asks and reads nothing is not read any more, and gets every
   answer once it reads. */
ATF_TC_WITHOUT_HEAD(unread);
ATF_TC_BODY(unread, tc)
{
	struct imsg_hdr h = { 999, sizeof(h), 0, 0 };
	struct imsgbuf *b;
	struct imsg m;
	size_t asked = 0, answered = 0, tries;
	int fd;

	setup();
	fd = connected(false);
	for (tries = 0; tries < 10 && asked < 200000;) {
		if (write(fd, &h, sizeof(h)) == sizeof(h)) {
			asked++;
			continue;
		}
		ATF_REQUIRE_EQ(EAGAIN, errno);
		turn();
		tries++;
	}
	ATF_CHECK_MSG(asked < 200000, "%zu requests were taken", asked);
	ATF_REQUIRE((b = imsgbuf_new(fd)) != NULL);
	while (came(b, &m) == 1) {
		ATF_CHECK_EQ(CTL_END, (int)m.hdr.type);
		answered++;
	}
	ATF_CHECK_EQ(asked, answered);
}

ATF_TC_WITHOUT_HEAD(only_who_was_asked);
ATF_TC_BODY(only_who_was_asked, tc)
{
	struct imsgbuf *b;
	struct imsg m;
	uint32_t id;
	int fd;

	setup();
	fd = connected(false);
	ATF_REQUIRE((b = imsgbuf_new(fd)) != NULL);
	ask(fd, CTL_SHOW);
	ATF_REQUIRE_EQ(1, came(answerers[PROC_PARENT], &m));
	ATF_CHECK_EQ(M_CTL_REQUEST, (int)m.hdr.type);
	id = m.hdr.id;
	answer_end(PROC_RDE, id);
	ATF_CHECK_EQ(0, came(b, &m));
	answer_end(PROC_PARENT, id + CLIENTS_MAX);
	ATF_CHECK_EQ(0, came(b, &m));
	answer_end(PROC_PARENT, id);
	ATF_CHECK_EQ(1, came(b, &m));
	/* it is answered once */
	answer_end(PROC_PARENT, id);
	ATF_CHECK_EQ(0, came(b, &m));
	/* one request at a time: the second waits for the first's end */
	ask(fd, CTL_SHOW);
	ask(fd, CTL_SHOW);
	ATF_REQUIRE_EQ(1, came(answerers[PROC_PARENT], &m));
	id = m.hdr.id;
	ATF_CHECK_EQ(0, came(answerers[PROC_PARENT], &m));
	answer_end(PROC_PARENT, id);
	ATF_CHECK_EQ(1, came(answerers[PROC_PARENT], &m));
	/* who leaves is told of to who answers */
	imsgbuf_free(b);
	close(fd);
	id = m.hdr.id;
	answer_end(PROC_PARENT, id);
}

ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	int fds[CLIENTS_MAX], i;

	setup();
	for (i = 0; i < RESTRICTED_MAX; i++) {
		fds[i] = connected(true);
		ATF_CHECK(!closed(fds[i]));
	}
	ATF_CHECK_MSG(closed(connected(true)), "restricted without end");
	for (; i < CLIENTS_MAX; i++) {
		fds[i] = connected(false);
		ATF_CHECK_MSG(!closed(fds[i]), "client %d", i);
	}
	ATF_CHECK(closed(connected(false)));
	/* a place that is left is given again */
	close(fds[0]);
	turn();
	ATF_CHECK(!closed(connected(true)));
}

ATF_TC_WITHOUT_HEAD(restricted);
ATF_TC_BODY(restricted, tc)
{
	struct ctl_end e;
	struct imsgbuf *b;
	struct imsg m;
	int fd;

	setup();
	fd = connected(true);
	ATF_REQUIRE((b = imsgbuf_new(fd)) != NULL);
	ask(fd, CTL_RELOAD);
	ATF_REQUIRE_EQ(1, came(b, &m));
	ATF_REQUIRE_EQ(0, record_get_only(&m.body, &record_ctl_end, &e));
	ATF_CHECK(e.status != 0 && strstr(e.text, "restricted") != NULL);
	ATF_CHECK_EQ(0, came(answerers[PROC_PARENT], &m));
	ask(fd, CTL_SHOW);
	ATF_CHECK_EQ(1, came(answerers[PROC_PARENT], &m));
}

ATF_TC_WITHOUT_HEAD(garbage);
ATF_TC_BODY(garbage, tc)
{
	static const struct imsg_hdr bad[] = {
		{ CTL_SHOW, 0, 0, 0 },
		{ CTL_SHOW, sizeof(struct imsg_hdr) - 1, 0, 0 },
		{ CTL_SHOW, IMSG_MAX + 1, 0, 0 },
		{ CTL_SHOW, sizeof(struct imsg_hdr) | IMSG_FD_MARK, 0, 0 },
	};
	size_t i;
	int fd, other;

	setup();
	other = connected(false);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fd = connected(false);
		ATF_REQUIRE_EQ((ssize_t)sizeof(bad[i]),
		    write(fd, &bad[i], sizeof(bad[i])));
		ATF_CHECK_MSG(closed(fd), "header %zu", i);
		close(fd);
	}
	/* half a header waits, and harms nobody */
	fd = connected(false);
	ATF_REQUIRE_EQ(7, write(fd, bad, 7));
	ATF_CHECK(!closed(fd));
	ATF_CHECK(!closed(other));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, unread);
	ATF_TP_ADD_TC(tp, only_who_was_asked);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, restricted);
	ATF_TP_ADD_TC(tp, garbage);
	return (atf_no_error());
}
