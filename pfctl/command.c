/* SPDX-License-Identifier: ISC */
/*
 * The commands as data: each table is what may come next. Words match by any
 * unique beginning, and the tables themselves print what was possible.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "pfctl.h"

enum kind {
	KEYWORD,
	END,		/* the command may end here */
	ADDR,		/* an address or a prefix */
	LEVEL		/* a log level */
};

struct word {
	enum kind		 kind;
	const char		*name;	/* keyword, or a placeholder */
	enum action		 action;	/* if it ends here */
	const struct word	*next;	/* NULL: nothing more may come */
};

static const struct word t_end[] = {
	{ END, NULL, ACT_NONE, NULL },
	{ 0 }
};

static const struct word t_fib[] = {
	{ END, NULL, ACT_SHOW_FIB, NULL },
	{ ADDR, "prefix | address", ACT_SHOW_FIB, t_end },
	{ 0 }
};

static const struct word t_show[] = {
	{ END, NULL, ACT_SHOW, NULL },
	{ KEYWORD, "summary", ACT_SHOW, t_end },
	{ KEYWORD, "fib", ACT_SHOW_FIB, t_fib },
	{ KEYWORD, "neighbor", ACT_SHOW_NEIGHBOR, t_end },
	{ KEYWORD, "nexthop", ACT_SHOW_NEXTHOP, t_end },
	{ KEYWORD, "interfaces", ACT_SHOW_INTERFACES, t_end },
	{ KEYWORD, "counters", ACT_SHOW_COUNTERS, t_end },
	{ KEYWORD, "policy", ACT_SHOW_POLICY, t_end },
	{ 0 }
};

static const struct word t_log[] = {
	{ LEVEL, "error | warn | info | debug | trace", ACT_LOG, t_end },
	{ 0 }
};

static const struct word t_breaker[] = {
	{ KEYWORD, "reset", ACT_BREAKER_RESET, t_end },
	{ 0 }
};

static const struct word t_main[] = {
	{ KEYWORD, "show", ACT_SHOW, t_show },
	{ KEYWORD, "reload", ACT_RELOAD, t_end },
	{ KEYWORD, "log", ACT_NONE, t_log },
	{ KEYWORD, "breaker", ACT_NONE, t_breaker },
	{ 0 }
};

static bool
last(const struct word *w)
{
	return (w->kind == KEYWORD && w->name == NULL);
}

static void
possible(FILE *err, const struct word *table)
{
	fprintf(err, "possible here:\n");
	for (; !last(table); table++)
		fprintf(err, "  %s%s%s\n", table->kind == KEYWORD ||
		    table->kind == END ? "" : "<", table->kind == END ?
		    "(nothing more)" : table->name, table->kind == KEYWORD ||
		    table->kind == END ? "" : ">");
}

static bool
take_value(const struct word *w, const char *arg, struct command *c)
{
	int	level;

	switch (w->kind) {
	case ADDR:
		if (prefix_parse(arg, &c->prefix, NULL) == -1)
			return (false);
		c->has_addr = true;
		c->is_prefix = strchr(arg, '/') != NULL;
		return (true);
	case LEVEL:
		if ((level = log_level_parse(arg)) == -1)
			return (false);
		c->level = level;
		return (true);
	default:
		return (false);
	}
}

/* The entry that arg means: a keyword by its name or a unique beginning, else
   a value. *n is how many it could be. */
static const struct word *
match(const struct word *table, const char *arg, struct command *c, int *n)
{
	const struct word	*w, *found = NULL;
	size_t			 len = strlen(arg);

	*n = 0;
	for (w = table; !last(w); w++) {
		if (w->kind == KEYWORD && strcmp(w->name, arg) == 0) {
			*n = 1;
			return (w);
		}
		if ((w->kind == KEYWORD && len > 0 &&
		    strncmp(w->name, arg, len) == 0) ||
		    take_value(w, arg, c)) {
			found = w;
			(*n)++;
		}
	}
	return (found);
}

int
command_parse(int argc, char **argv, struct command *c, FILE *err)
{
	const struct word	*table = t_main, *w;
	int			 i, n;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < argc; i++) {
		w = match(table, argv[i], c, &n);
		if (n != 1) {
			fprintf(err, "pfctl: %s: %s\n", argv[i], n == 0 ?
			    "unknown here" : "could mean several");
			possible(err, table);
			return (-1);
		}
		c->action = w->action;
		table = w->next;
	}
	for (w = table; !last(w); w++)
		if (w->kind == END)
			return (0);
	fprintf(err, "pfctl: a word is missing%s%s\n", argc > 0 ? " after " :
	    "", argc > 0 ? argv[argc - 1] : "");
	possible(err, table);
	return (-1);
}

static void
each(const struct word *table, const char *so_far,
    void (*fn)(void *, const char *), void *arg)
{
	char	buf[256];

	for (; !last(table); table++) {
		if (table->kind == END) {
			fn(arg, so_far);
			continue;
		}
		snprintf(buf, sizeof(buf), "%s%s%s", so_far,
		    *so_far != '\0' ? " " : "", table->kind == KEYWORD ?
		    table->name : "VALUE");
		each(table->next, buf, fn, arg);
	}
}

void
command_each(void (*fn)(void *, const char *), void *arg)
{
	each(t_main, "", fn, arg);
}
