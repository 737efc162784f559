/* SPDX-License-Identifier: ISC */
/*
 * Log lines on stderr: one line whatever is in it, marked by level, and
 * nothing below the level.
 */
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/log.h"

static void
say(int what)
{
	char big[5000];

	memset(big, '\n', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_init("tester", true);
	errno = ENOENT;
	switch (what) {
	case 0:
		log_warn("peer %s", "192.0.2.1");
		log_warnx("a\nb\x1b[2J\xff\x7f%%");
		log_info("info");
		log_debug("not this");
		log_set_level(LEVEL_DEBUG);
		log_debug("debug");
		log_set_level(LEVEL_ERROR);
		log_warnx("nor this");
		break;
	case 1:
		log_set_level(LEVEL_ERROR);
		fatal("broken %d", 5);
	case 2:
		fatalx("broken");
	case 3:
		log_info("%s", big);
		break;
	}
	exit(0);
}

/* What a process that calls say() writes, and its status. */
static size_t
output(int what, char *buf, size_t size, int *status)
{
	size_t n = 0;
	ssize_t r;
	pid_t pid;
	int fd[2];

	ATF_REQUIRE_EQ(0, pipe2(fd, O_CLOEXEC));
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		say(what);
	}
	close(fd[1]);
	while ((r = read(fd[0], buf + n, size - 1 - n)) > 0)
		n += r;
	buf[n] = '\0';
	close(fd[0]);
	ATF_REQUIRE_EQ(pid, waitpid(pid, status, 0));
	return (n);
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	static const char *const want[] = {
	    "warning: peer 192.0.2.1: No such file or directory",
	    "warning: a\\x0ab\\x1b[2J\\xff\\x7f%",
	    "info",
	    "debug: debug",
	};
	char buf[20000], *line, *next, *msg;
	size_t i;
	int status, y, pid, end = 0;

	output(0, buf, sizeof(buf), &status);
	for (i = 0, line = buf; (next = strchr(line, '\n')) != NULL;
	     line = next + 1) {
		*next = '\0';
		ATF_REQUIRE_MSG(i < 4, "one line more: %s", line);
		ATF_CHECK_EQ_MSG(2,
		    sscanf(line,
			"%d-%*d-%*dT%*d:%*d:%*dZ "
			"tester[%d]: %n",
			&y, &pid, &end),
		    "%s", line);
		msg = line + end;
		ATF_CHECK_STREQ(want[i++], msg);
	}
	ATF_CHECK_EQ(4, i);
	ATF_CHECK_EQ('\0', *line);
	ATF_CHECK_EQ(0, status);
}

ATF_TC_WITHOUT_HEAD(fatals);
ATF_TC_BODY(fatals, tc)
{
	char buf[20000];
	int status;

	output(1, buf, sizeof(buf), &status);
	ATF_CHECK_MSG(
	    strstr(buf, ": fatal: broken 5: No such file or directory\n") !=
		NULL,
	    "%s", buf);
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	output(2, buf, sizeof(buf), &status);
	ATF_CHECK_MSG(strstr(buf, ": fatal: broken\n") != NULL, "%s", buf);
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

ATF_TC_WITHOUT_HEAD(longest);
ATF_TC_BODY(longest, tc)
{
	char buf[40000];
	size_t n;
	int status;

	n = output(3, buf, sizeof(buf), &status);
	ATF_CHECK_EQ(0, status);
	ATF_CHECK(n > 2000 && n < 10000);
	ATF_CHECK_EQ(buf + n - 1, strchr(buf, '\n'));
}

ATF_TC_WITHOUT_HEAD(levels);
ATF_TC_BODY(levels, tc)
{
	static const char *const names[] = {
	    "error", "warn", "info", "debug", "trace"};
	int i;

	ATF_CHECK_EQ(LEVEL_INFO, log_get_level());
	for (i = 0; i < LEVEL_MAX; i++) {
		ATF_CHECK_STREQ(names[i], log_level_name(i));
		ATF_CHECK_EQ(i, log_level_parse(names[i]));
	}
	ATF_CHECK_EQ(-1, log_level_parse("warning"));
	ATF_CHECK_EQ(-1, log_level_parse(""));
	ATF_CHECK_STREQ("?", log_level_name(LEVEL_MAX));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, fatals);
	ATF_TP_ADD_TC(tp, longest);
	ATF_TP_ADD_TC(tp, levels);
	return (atf_no_error());
}
