/* SPDX-License-Identifier: ISC */
/*
 * pfctl(8) against pfctl's table of commands, and packetframed(8) against the
 * table of counters: what there is, is listed, and what is listed, there is.
 */
#include <linux/types.h>

#include <atf-c.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bpf/abi.h"
#include "../../pfctl/pfctl.h"

#define NAMES 256

struct names {
	char name[NAMES][64];
	bool seen[NAMES];
	size_t n;
};

static FILE *
manual(const char *name)
{
	const char *dir = getenv("PF_SRCDIR");
	char path[PATH_MAX];
	FILE *fp;

	if (dir == NULL)
		atf_tc_skip("PF_SRCDIR does not name the source tree");
	snprintf(path, sizeof(path), "%s/man/%s", dir, name);
	ATF_REQUIRE_MSG((fp = fopen(path, "r")) != NULL, "%s", path);
	return (fp);
}

static void
names_add(void *arg, const char *name)
{
	struct names *s = arg;

	ATF_REQUIRE(s->n < NAMES && *name != '\0');
	strlcpy(s->name[s->n++], name, sizeof(s->name[0]));
}

/* What the manual lists and the table lacks is an error here. */
static void
names_seen(struct names *s, const char *name, bool once)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->name[i], name) != 0)
			continue;
		ATF_CHECK_MSG(!once || !s->seen[i], "%s is listed twice", name);
		s->seen[i] = true;
		return;
	}
	atf_tc_fail_nonfatal("the manual lists %s, which there is not", name);
}

static void
names_all_seen(const struct names *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		ATF_CHECK_MSG(s->seen[i], "the manual does not list %s",
		    s->name[i]);
}

#define FORMS 32

/* The ways to type a command so far. */
struct forms {
	char text[FORMS][128];
	size_t n;
};

static void
forms_add(struct forms *f, const char *text, const char *word)
{
	ATF_REQUIRE(f->n < FORMS);
	snprintf(f->text[f->n++], sizeof(f->text[0]), "%s%s%s", text,
	    *text != '\0' && *word != '\0' ? " " : "", word);
}

/* Each of these, continued with the word. */
static void
forms_join(struct forms *to, const struct forms *from, const char *word)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		forms_add(to, from->text[i], word);
}

/*
 * ".It Cm show fib Op Ar prefix | address" is two commands: without what is
 * optional, and with it. What Oo and Oc enclose is optional, too. Any argument
 * is a VALUE, alternatives of which are one; those of words are several.
 */
static void
item(char **p, struct forms *f)
{
	struct forms before = { .n = 0 }, inner;
	bool ar = false, value = false, other = false;
	char *word;

	while ((word = strsep(p, " \n")) != NULL) {
		if (*word == '\0')
			continue;
		if (strcmp(word, "Oc") == 0)
			return;
		if (strcmp(word, "Op") == 0 || strcmp(word, "Oo") == 0) {
			inner = *f;
			item(p, &inner);
			forms_join(f, &inner, "");
		} else if (strcmp(word, "Cm") == 0 || strcmp(word, "Ar") == 0) {
			ar = strcmp(word, "Ar") == 0;
			value = false;
		} else if (strcmp(word, "|") == 0)
			other = !ar;
		else if (other) {
			forms_join(f, &before, word);
			other = false;
		} else if (!ar || !value) {
			before = *f;
			f->n = 0;
			forms_join(f, &before, ar ? "VALUE" : word);
			value = ar;
		}
	}
}

ATF_TC_WITHOUT_HEAD(commands);
ATF_TC_BODY(commands, tc)
{
	static const char start[] = ".It Cm ";
	static struct names s;
	struct forms f;
	char line[512], *p;
	FILE *fp = manual("pfctl.8");
	size_t i;

	command_each(names_add, &s);
	while (fgets(line, sizeof(line), fp) != NULL) {
		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		f.n = 1;
		f.text[0][0] = '\0';
		p = line + strlen(start);
		item(&p, &f);
		for (i = 0; i < f.n; i++)
			names_seen(&s, f.text[i], true);
	}
	fclose(fp);
	names_all_seen(&s);
}

/* Counters are the words of .Cm in the section on what a packet meets. */
ATF_TC_WITHOUT_HEAD(counters);
ATF_TC_BODY(counters, tc)
{
	static struct names s;
	char line[512], *p, *word;
	FILE *fp = manual("packetframed.8");
	bool in = false;

#define C(sym, name, kind, what) names_add(&s, name);
	COUNTERS(C)
#undef C
	while (fgets(line, sizeof(line), fp) != NULL) {
		if (strncmp(line, ".Ss ", 4) == 0 ||
		    strncmp(line, ".Sh ", 4) == 0)
			in = strcmp(line, ".Ss What a packet meets\n") == 0;
		if (!in ||
		    (strncmp(line, ".Cm ", 4) != 0 &&
			strncmp(line, ".Pq Cm ", 7) != 0))
			continue;
		p = strstr(line, "Cm ") + 3;
		while ((word = strsep(&p, " ,.\n")) != NULL)
			if (*word != '\0')
				names_seen(&s, word, false);
	}
	fclose(fp);
	names_all_seen(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, commands);
	ATF_TP_ADD_TC(tp, counters);
	return (atf_no_error());
}
