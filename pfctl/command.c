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
	NEIGHBOR,	/* an address alone */
	LEVEL		/* a log level */
};

struct word {
	enum kind		 kind;
	const char		*name;	/* keyword, or a placeholder */
	enum action		 action;	/* if it ends here */
	const struct word	*next;	/* NULL: nothing more may come */
	/* of a table that is come back to: GIVEN_* */
	uint8_t			 gives;
	uint8_t			 unless;	/* none of these were given */
	uint8_t			 needs;		/* all of these were */
};

static const struct word t_end[] = {
	{ END, NULL, ACT_NONE, NULL, 0, 0, 0 },
	{ 0 }
};

static const struct word t_fib[] = {
	{ END, NULL, ACT_SHOW_FIB, NULL, 0, 0, 0 },
	{ ADDR, "prefix | address", ACT_SHOW_FIB, t_end, 0, 0, 0 },
	{ 0 }
};

/* In any order; what is said of a prefix is said behind it. */
static const struct word	t_rib[7];

static const struct word t_rib_neighbor[] = {
	{ NEIGHBOR, "address", ACT_SHOW_RIB, t_rib, 0, 0, 0 },
	{ 0 }
};

#define GIVEN_RANGE	(GIVEN_LONGER | GIVEN_SHORTER)

static const struct word t_rib[7] = {
	{ END, NULL, ACT_SHOW_RIB, NULL, 0, 0, 0 },
	{ ADDR, "prefix | address", ACT_SHOW_RIB, t_rib, GIVEN_ADDR,
	    GIVEN_ADDR, 0 },
	{ KEYWORD, "or-longer", ACT_SHOW_RIB, t_rib, GIVEN_LONGER,
	    GIVEN_RANGE, GIVEN_PREFIX },
	{ KEYWORD, "or-shorter", ACT_SHOW_RIB, t_rib, GIVEN_SHORTER,
	    GIVEN_RANGE, GIVEN_ADDR },
	{ KEYWORD, "neighbor", ACT_NONE, t_rib_neighbor, GIVEN_NEIGHBOR,
	    GIVEN_NEIGHBOR, 0 },
	{ KEYWORD, "detail", ACT_SHOW_RIB, t_rib, GIVEN_DETAIL, GIVEN_DETAIL,
	    0 },
	{ 0 }
};

static const struct word t_show[] = {
	{ END, NULL, ACT_SHOW, NULL, 0, 0, 0 },
	{ KEYWORD, "summary", ACT_SHOW, t_end, 0, 0, 0 },
	{ KEYWORD, "fib", ACT_SHOW_FIB, t_fib, 0, 0, 0 },
	{ KEYWORD, "rib", ACT_SHOW_RIB, t_rib, 0, 0, 0 },
	{ KEYWORD, "neighbor", ACT_SHOW_NEIGHBOR, t_end, 0, 0, 0 },
	{ KEYWORD, "bmp", ACT_SHOW_BMP, t_end, 0, 0, 0 },
	{ KEYWORD, "nexthop", ACT_SHOW_NEXTHOP, t_end, 0, 0, 0 },
	{ KEYWORD, "interfaces", ACT_SHOW_INTERFACES, t_end, 0, 0, 0 },
	{ KEYWORD, "counters", ACT_SHOW_COUNTERS, t_end, 0, 0, 0 },
	{ KEYWORD, "policy", ACT_SHOW_POLICY, t_end, 0, 0, 0 },
	{ KEYWORD, "memory", ACT_SHOW_MEMORY, t_end, 0, 0, 0 },
	{ 0 }
};

static const struct word t_log[] = {
	{ LEVEL, "error | warn | info | debug | trace", ACT_LOG, t_end, 0, 0,
	    0 },
	{ 0 }
};

static const struct word t_breaker[] = {
	{ KEYWORD, "reset", ACT_BREAKER_RESET, t_end, 0, 0, 0 },
	{ 0 }
};

static const struct word t_main[] = {
	{ KEYWORD, "show", ACT_SHOW, t_show, 0, 0, 0 },
	{ KEYWORD, "reload", ACT_RELOAD, t_end, 0, 0, 0 },
	{ KEYWORD, "log", ACT_NONE, t_log, 0, 0, 0 },
	{ KEYWORD, "breaker", ACT_NONE, t_breaker, 0, 0, 0 },
	{ 0 }
};

static bool
last(const struct word *w)
{
	return (w->kind == KEYWORD && w->name == NULL);
}

/* May it come where this was given? */
static bool
open_to(const struct word *w, uint8_t given)
{
	return ((w->unless & given) == 0 && (w->needs & given) == w->needs);
}

static void
possible(FILE *err, const struct word *table, uint8_t given)
{
	fprintf(err, "possible here:\n");
	for (; !last(table); table++) {
		if (!open_to(table, given))
			continue;
		fprintf(err, "  %s%s%s\n", table->kind == KEYWORD ||
		    table->kind == END ? "" : "<", table->kind == END ?
		    "(nothing more)" : table->name, table->kind == KEYWORD ||
		    table->kind == END ? "" : ">");
	}
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
	case NEIGHBOR:
		return (addr_parse(arg, &c->neighbor) == 0);
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
		if (!open_to(w, c->given))
			continue;
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
			possible(err, table, c->given);
			return (-1);
		}
		c->action = w->action;
		c->given |= w->gives;
		if (w->kind == ADDR && c->is_prefix)
			c->given |= GIVEN_PREFIX;
		table = w->next;
	}
	for (w = table; !last(w); w++)
		if (w->kind == END)
			return (0);
	fprintf(err, "pfctl: a word is missing%s%s\n", argc > 0 ? " after " :
	    "", argc > 0 ? argv[argc - 1] : "");
	possible(err, table, c->given);
	return (-1);
}

/* Of words that may come in any order, only the order of the table. */
static void
each(const struct word *table, const char *so_far, uint8_t given,
    void (*fn)(void *, const char *), void *arg)
{
	char	buf[256];

	for (; !last(table); table++) {
		if (!open_to(table, given) ||
		    (table->gives != 0 && table->gives < (given &
		    ~GIVEN_PREFIX)))
			continue;
		if (table->kind == END) {
			fn(arg, so_far);
			continue;
		}
		snprintf(buf, sizeof(buf), "%s%s%s", so_far,
		    *so_far != '\0' ? " " : "", table->kind == KEYWORD ?
		    table->name : "VALUE");
		each(table->next, buf, given | table->gives |
		    (table->kind == ADDR ? GIVEN_PREFIX : 0), fn, arg);
	}
}

void
command_each(void (*fn)(void *, const char *), void *arg)
{
	each(t_main, "", 0, fn, arg);
}
