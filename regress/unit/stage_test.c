/* SPDX-License-Identifier: ISC */
/* Staging of a config: in pieces, aborted, and what does not decode. */
#include <sys/wait.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/msg.h"
#include "../../lib/stage.h"

static struct ibuf *
wire(bool dry_run)
{
	struct config *c = config_new();
	struct ibuf *b = ibuf_new(CONFIG_MAX);

	ATF_REQUIRE(c != NULL && b != NULL);
	c->dry_run = dry_run;
	ATF_REQUIRE_EQ(0, config_put(b, c));
	config_free(c);
	return (b);
}

static void
feed(struct stage *s, const struct ibuf *b, size_t piece)
{
	size_t off, n;
	struct imsg m;

	for (off = 0; off < b->wpos; off += n) {
		n = b->wpos - off < piece ? b->wpos - off : piece;
		memset(&m, 0, sizeof(m));
		m.fd = -1;
		ibuf_from(&m.body, b->buf + off, n);
		stage_data(s, &m);
	}
}

ATF_TC_WITHOUT_HEAD(pieces);
ATF_TC_BODY(pieces, tc)
{
	struct ibuf *b = wire(true);
	struct stage s = { 0 };
	struct config *c;

	feed(&s, b, 7);
	stage_end(&s);
	ATF_REQUIRE((c = stage_take(&s)) != NULL);
	ATF_CHECK(c->dry_run);
	ATF_CHECK(s.next == NULL && s.wire == NULL);
	config_free(c);
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(aborted);
ATF_TC_BODY(aborted, tc)
{
	struct ibuf *on = wire(true), *off = wire(false);
	struct stage s = { 0 };
	struct config *c;

	/* in the middle, before anything, and after the end */
	stage_abort(&s);
	feed(&s, on, 11);
	stage_abort(&s);
	feed(&s, on, 4096);
	stage_end(&s);
	stage_abort(&s);
	feed(&s, off, 4096);
	stage_end(&s);
	/* a second stage without commit replaces the first */
	feed(&s, on, 4096);
	stage_end(&s);
	ATF_REQUIRE((c = stage_take(&s)) != NULL);
	ATF_CHECK(c->dry_run);
	config_free(c);
	ibuf_free(on);
	ibuf_free(off);
}

/* Run fn in a process of its own; its status. */
static int
status_of(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	return (status);
}

static void
cut(void)
{
	struct ibuf *b = wire(true);
	struct stage s = { 0 };

	b->wpos--;
	feed(&s, b, 4096);
	stage_end(&s);
}

static void
nothing(void)
{
	struct stage s = { 0 };

	stage_end(&s);
}

static void
not_staged(void)
{
	struct stage s = { 0 };

	stage_take(&s);
}

ATF_TC_WITHOUT_HEAD(broken);
ATF_TC_BODY(broken, tc)
{
	ATF_CHECK_EQ(1, WEXITSTATUS(status_of(cut)));
	ATF_CHECK_EQ(1, WEXITSTATUS(status_of(nothing)));
	ATF_CHECK_EQ(1, WEXITSTATUS(status_of(not_staged)));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, aborted);
	ATF_TP_ADD_TC(tp, broken);
	return (atf_no_error());
}
