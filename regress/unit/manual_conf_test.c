/* SPDX-License-Identifier: ISC */
/*
 * packetframe.conf(5) against the tables it speaks of: every directive is
 * explained, and listed with its default and what this version does with it.
 */
#include <atf-c.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../conf/parser.h"

struct defaults {
	const char	*directive;
	char		 value[PATH_MAX];
};

static FILE *
manual(void)
{
	const char *dir = getenv("PF_SRCDIR");
	char path[PATH_MAX];
	FILE *fp;

	if (dir == NULL)
		atf_tc_skip("PF_SRCDIR does not name the source tree");
	snprintf(path, sizeof(path), "%s/man/packetframe.conf.5", dir);
	ATF_REQUIRE_MSG((fp = fopen(path, "r")) != NULL, "%s", path);
	return (fp);
}

static void
find_default(void *ctx, const char *section, const char *directive,
    const char *args)
{
	struct defaults *d = ctx;

	if (strcmp(d->directive, directive) == 0)
		strlcpy(d->value, args, sizeof(d->value));
}

/* What a config without a word about it has. */
static void
check_default(const char *directive, const char *listed)
{
	struct defaults d = { directive, "none" };
	struct config *c = config_new();
	size_t i;

	ATF_REQUIRE(c != NULL);
	for (i = 0; i < config_ndirectives; i++)
		c->seen[i].line = 1;
	config_lines(c, false, find_default, &d);
	config_free(c);
	if (strcmp(directive, "no-slow-path") == 0)
		strlcpy(d.value, "off", sizeof(d.value));
	if (strcmp(directive, "driver-workaround") == 0)
		ATF_CHECK_STREQ("rvu-nicpf-head-shift auto", d.value);
	else
		ATF_CHECK_STREQ_MSG(d.value, listed, "default of %s: %s in "
		    "the manual, %s in the code", directive, listed, d.value);
}

ATF_TC_WITHOUT_HEAD(table);
ATF_TC_BODY(table, tc)
{
	char line[512], name[64], value[128], yes[8], reload[8];
	bool *listed = calloc(config_ndirectives, 1);
	FILE *fp = manual();
	size_t n;
	int i;

	ATF_REQUIRE(listed != NULL);
	while (fgets(line, sizeof(line), fp) != NULL) {
		if (sscanf(line, ".It Ic %63s Ta %127[^\n]", name, value) != 2)
			continue;
		ATF_REQUIRE_MSG(sscanf(strstr(value, " Ta "), " Ta %7s Ta %7s",
		    yes, reload) == 2, "%s", line);
		*strstr(value, " Ta ") = '\0';
		ATF_REQUIRE_MSG((i = config_directive(name)) != -1,
		    "the manual lists %s, which there is not", name);
		ATF_CHECK_MSG(!listed[i], "%s is listed twice", name);
		listed[i] = true;
		ATF_CHECK_MSG(config_directives[i].supported ==
		    (strcmp(yes, "yes") == 0), "%s: supported", name);
		ATF_CHECK_MSG(config_directives[i].reloadable ==
		    (strcmp(reload, "yes") == 0), "%s: reloadable", name);
		check_default(name, value);
	}
	fclose(fp);
	for (n = 0; n < config_ndirectives; n++)
		ATF_CHECK_MSG(listed[n], "the manual does not list %s",
		    config_directives[n].name);
	free(listed);
}

/* An item of its own, and every option that the grammar's summary has. */
ATF_TC_WITHOUT_HEAD(explained);
ATF_TC_BODY(explained, tc)
{
	bool *found = calloc(config_ndirectives, 1);
	char line[512], name[64];
	FILE *fp = manual();
	size_t n;
	int i;

	ATF_REQUIRE(found != NULL);
	while (fgets(line, sizeof(line), fp) != NULL) {
		if (strstr(line, " Ta ") != NULL ||
		    (sscanf(line, ".It Ic %63s", name) != 1 &&
		    sscanf(line, ".Ic %63s", name) != 1))
			continue;
		if ((i = config_directive(name)) != -1 &&
		    strncmp(line, ".It", 3) == 0)
			found[i] = true;
		/* ".It Xo" comes with its ".Ic" on the next line. */
		if (i != -1 && strchr(line + 4 + strlen(name), ' ') != NULL)
			found[i] = true;
	}
	fclose(fp);
	for (n = 0; n < config_ndirectives; n++)
		ATF_CHECK_MSG(found[n], "the manual does not explain %s",
		    config_directives[n].name);
	free(found);
}

/* Those that may be repeated are those that the manual names for it. */
ATF_TC_WITHOUT_HEAD(repeated);
ATF_TC_BODY(repeated, tc)
{
	const struct syntax *s;
	char line[512], name[64], before[8192] = "", *only;
	FILE *fp = manual();
	size_t i;

	while (fgets(line, sizeof(line), fp) != NULL)
		if (strcmp(line, "may be given more than once.\n") == 0)
			break;
		else if (strcmp(line, "Only\n") == 0)
			before[0] = '\0';
		else
			strlcat(before, line, sizeof(before));
	fclose(fp);
	only = before;
	for (i = 0; (s = conf_syntax(i)) != NULL; i++) {
		snprintf(name, sizeof(name), ".Ic %s ,\n", s->name);
		if (strstr(only, name) == NULL)
			snprintf(name, sizeof(name), ".Ic %s\n", s->name);
		ATF_CHECK_MSG((strstr(only, name) != NULL) == s->many,
		    "%s: the manual says %s", s->name,
		    s->many ? "once" : "more than once");
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, table);
	ATF_TP_ADD_TC(tp, explained);
	ATF_TP_ADD_TC(tp, repeated);
	return (atf_no_error());
}
