/* SPDX-License-Identifier: ISC */
/* pfctl's words: what they come to, and what is said of wrong ones. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/log.h"
#include "../../pfctl/pfctl.h"

static struct command cmd;
static char *said;

/* Parse a line of words; what it said is in said. */
static int
parse(const char *line)
{
	char *argv[16], *copy, *p, *w;
	size_t size;
	int argc = 0, r;
	FILE *f;

	free(said);
	said = NULL;
	ATF_REQUIRE((f = open_memstream(&said, &size)) != NULL);
	ATF_REQUIRE((p = copy = strdup(line)) != NULL);
	while ((w = strsep(&p, " ")) != NULL && argc < 16)
		argv[argc++] = w;
	if (*line == '\0')
		argc = 0;
	r = command_parse(argc, argv, &cmd, f);
	fclose(f);
	free(copy);
	return (r);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	static const struct {
		const char *line;
		enum action action;
	} t[] = {
		{ "show", ACT_SHOW },
		{ "show summary", ACT_SHOW },
		{ "sh sum", ACT_SHOW },
		{ "s s", ACT_SHOW },
		{ "show fib", ACT_SHOW_FIB },
		{ "show f", ACT_SHOW_FIB },
		{ "show neighbor", ACT_SHOW_NEIGHBOR },
		{ "show nei", ACT_SHOW_NEIGHBOR },
		{ "show nex", ACT_SHOW_NEXTHOP },
		{ "show bmp", ACT_SHOW_BMP },
		{ "show b", ACT_SHOW_BMP },
		{ "show i", ACT_SHOW_INTERFACES },
		{ "show c", ACT_SHOW_COUNTERS },
		{ "show p", ACT_SHOW_POLICY },
		{ "show m", ACT_SHOW_MEMORY },
		{ "show r", ACT_SHOW_RIB },
		{ "show rib detail", ACT_SHOW_RIB },
		{ "r", ACT_RELOAD },
		{ "b r", ACT_BREAKER_RESET },
		{ "log debug", ACT_LOG },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ATF_CHECK_MSG(parse(t[i].line) == 0, "%s: %s", t[i].line, said);
		ATF_CHECK_EQ_MSG((int)t[i].action, cmd.action, "%s", t[i].line);
		ATF_CHECK_STREQ("", said);
		ATF_CHECK(!cmd.has_addr);
	}
	ATF_REQUIRE_EQ(0, parse("log trace"));
	ATF_CHECK_EQ(LEVEL_TRACE, (int)cmd.level);
}

ATF_TC_WITHOUT_HEAD(addresses);
ATF_TC_BODY(addresses, tc)
{
	char buf[PREFIXSTRLEN];

	ATF_REQUIRE_EQ(0, parse("show fib 192.0.2.1"));
	ATF_CHECK(cmd.has_addr && !cmd.is_prefix);
	ATF_CHECK_STREQ("192.0.2.1/32", prefix_format(&cmd.prefix, buf));
	ATF_REQUIRE_EQ(0, parse("show fib 192.0.2.0/24"));
	ATF_CHECK(cmd.has_addr && cmd.is_prefix);
	ATF_CHECK_STREQ("192.0.2.0/24", prefix_format(&cmd.prefix, buf));
	ATF_REQUIRE_EQ(0, parse("show fib 2001:db8::/32"));
	ATF_CHECK_STREQ("2001:db8::/32", prefix_format(&cmd.prefix, buf));
	/* a prefix of full length is still a prefix */
	ATF_REQUIRE_EQ(0, parse("show fib ::/0"));
	ATF_CHECK(cmd.is_prefix && cmd.prefix.len == 0);
	ATF_REQUIRE_EQ(0, parse("show fib 192.0.2.1/32"));
	ATF_CHECK(cmd.is_prefix);
}

/* The words of show rib come in any order that says something. */
ATF_TC_WITHOUT_HEAD(rib);
ATF_TC_BODY(rib, tc)
{
	static const struct {
		const char *line;
		uint8_t given;
	} t[] = {
		{ "show rib", 0 },
		{ "show rib 192.0.2.1", GIVEN_ADDR },
		{ "show rib 192.0.2.0/24", GIVEN_ADDR | GIVEN_PREFIX },
		{ "show rib 192.0.2.0/24 or-longer",
		    GIVEN_ADDR | GIVEN_PREFIX | GIVEN_LONGER },
		{ "show rib 192.0.2.0/24 or-s",
		    GIVEN_ADDR | GIVEN_PREFIX | GIVEN_SHORTER },
		{ "show rib 2001:db8::1 or-shorter",
		    GIVEN_ADDR | GIVEN_SHORTER },
		{ "show rib neighbor 198.51.100.1", GIVEN_NEIGHBOR },
		{ "show rib d n 198.51.100.1", GIVEN_NEIGHBOR | GIVEN_DETAIL },
		{ "show rib d 192.0.2.0/24 n 198.51.100.1 or-l",
		    GIVEN_ADDR | GIVEN_PREFIX | GIVEN_LONGER | GIVEN_NEIGHBOR |
			GIVEN_DETAIL },
	};
	char buf[PREFIXSTRLEN];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ATF_CHECK_MSG(parse(t[i].line) == 0, "%s: %s", t[i].line, said);
		ATF_CHECK_EQ_MSG(ACT_SHOW_RIB, cmd.action, "%s", t[i].line);
		ATF_CHECK_EQ_MSG(t[i].given, cmd.given, "%s", t[i].line);
		if (cmd.given & GIVEN_NEIGHBOR)
			ATF_CHECK_STREQ("198.51.100.1",
			    addr_format(&cmd.neighbor, buf));
		if (cmd.given & GIVEN_PREFIX)
			ATF_CHECK_STREQ("192.0.2.0/24",
			    prefix_format(&cmd.prefix, buf));
	}
}

ATF_TC_WITHOUT_HEAD(bad);
ATF_TC_BODY(bad, tc)
{
	static const struct {
		const char *line, *says, *offers;
	} t[] = {
		{ "", "a word is missing", "  reload\n" },
		{ "frob", "frob: unknown here", "  show\n" },
		{ "reloads", "reloads: unknown here", "  reload\n" },
		{ "show n", "n: could mean several", "  nexthop\n" },
		{ "show frob", "frob: unknown here", "  counters\n" },
		{ "show fib 192.0.2.0/33", "unknown here", "  <prefix" },
		{ "show fib 1.2.3.4 x", "x: unknown here", "(nothing more)" },
		{ "reload now", "now: unknown here", "(nothing more)" },
		{ "log", "a word is missing after log", "<error" },
		{ "log loud", "loud: unknown here", "<error" },
		{ "breaker", "a word is missing after breaker", "  reset\n" },
		{ "show ", "unknown here", "  fib\n" },
		{ "show rib or-longer", "unknown here", "  detail\n" },
		{ "show rib 192.0.2.1 or-longer", "unknown here",
		    "  or-shorter\n" },
		{ "show rib 192.0.2.0/24 or-", "could mean several",
		    "  or-longer\n" },
		{ "show rib 192.0.2.0/24 or-l or-s", "or-s: unknown here",
		    "  neighbor\n" },
		{ "show rib detail detail", "unknown here", "  neighbor\n" },
		{ "show rib 192.0.2.1 192.0.2.2", "unknown here",
		    "  detail\n" },
		{ "show rib neighbor", "missing after neighbor", "<address>" },
		{ "show rib neighbor 192.0.2.0/24", "unknown here",
		    "<address>" },
		{ "show memory 192.0.2.1", "unknown here", "(nothing more)" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		ATF_CHECK_MSG(parse(t[i].line) == -1, "\"%s\" was taken",
		    t[i].line);
		ATF_CHECK_MSG(strstr(said, t[i].says) != NULL,
		    "\"%s\": said %s", t[i].line, said);
		ATF_CHECK_MSG(strstr(said, t[i].offers) != NULL,
		    "\"%s\": said %s", t[i].line, said);
	}
}

/* Put a value in the place of each VALUE; true: it was taken so. */
static bool
typed_as(const char *command, const char *value)
{
	char line[256] = "";
	const char *v;

	while ((v = strstr(command, "VALUE")) != NULL) {
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
		    "%.*s%s", (int)(v - command), command, value);
		command = v + strlen("VALUE");
		/* a neighbor is an address */
		value = "192.0.2.1";
	}
	strlcat(line, command, sizeof(line));
	return (parse(line) == 0);
}

/* Every command that the table has can be typed. */
static void
typed(void *arg, const char *command)
{
	static const char *const values[] = { "192.0.2.1", "info",
		"192.0.2.0/24" };
	size_t i;
	int *n = arg;

	(*n)++;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (typed_as(command, values[i]))
			return;
	atf_tc_fail_nonfatal("%s takes no value known here", command);
}

ATF_TC_WITHOUT_HEAD(each);
ATF_TC_BODY(each, tc)
{
	int n = 0;

	command_each(typed, &n);
	ATF_CHECK(n >= 28);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, addresses);
	ATF_TP_ADD_TC(tp, rib);
	ATF_TP_ADD_TC(tp, bad);
	ATF_TP_ADD_TC(tp, each);
	return (atf_no_error());
}
