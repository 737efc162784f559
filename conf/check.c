/* SPDX-License-Identifier: ISC */
/*
 * Messages of the parser, and the checks that need the whole config: what is
 * given twice, and what contradicts itself.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/abi_user.h"
#include "parser.h"

static void
message(struct parser *p, enum log_level level, const struct config_where *w,
    const char *fmt, va_list ap)
{
	char msg[2 * PATH_MAX + 1024];
	int n = 0;

	if (w->line != 0)
		n = snprintf(msg, sizeof(msg), "%s:%u: ",
		    p->conf->files[w->file], w->line);
	if (level == LEVEL_WARN)
		n += snprintf(msg + n, sizeof(msg) - (size_t)n, "warning: ");
	vsnprintf(msg + n, sizeof(msg) - (size_t)n, fmt, ap);
	p->reader->log(p->reader->ctx, level, msg);
}

void
conf_error(struct parser *p, const struct config_where *w, const char *fmt,
    ...)
{
	va_list ap;

	if (p->errors >= CONF_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	message(p, LEVEL_ERROR, w, fmt, ap);
	va_end(ap);
	if (++p->errors == CONF_ERRORS_MAX) {
		p->stop = true;
		p->reader->log(p->reader->ctx, LEVEL_ERROR,
		    "too many errors, giving up");
	}
}

void
conf_warning(struct parser *p, const struct config_where *w, const char *fmt,
    ...)
{
	va_list ap;

	if (p->warnings > CONF_ERRORS_MAX)
		return;
	if (p->warnings++ == CONF_ERRORS_MAX) {
		p->reader->log(p->reader->ctx, LEVEL_WARN,
		    "warning: too many warnings, no more are shown");
		return;
	}
	va_start(ap, fmt);
	message(p, LEVEL_WARN, w, fmt, ap);
	va_end(ap);
}

const char *
conf_quote(const char *s, char *buf)
{
	size_t n = 0;

	buf[n++] = '"';
	for (; *s != '\0' && n < CONF_QUOTE_LEN - 10; s++) {
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			n += (size_t)snprintf(buf + n, 5, "\\x%02x",
			    (unsigned char)*s);
		else
			buf[n++] = *s;
	}
	snprintf(buf + n, CONF_QUOTE_LEN - n, "%s\"", *s == '\0' ? "" : "...");
	return (buf);
}

void
conf_expected(struct parser *p, const struct word *w, const char *fmt, ...)
{
	char found[CONF_QUOTE_LEN], expected[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(expected, sizeof(expected), fmt, ap);
	va_end(ap);
	conf_quote(w->s, found);
	conf_error(p, &w->where, "found %s, expected %s", found, expected);
}

static char *
place(struct parser *p, const struct config_where *w, char *buf)
{
	return (config_where(p->conf, w, buf, PATH_MAX + 16));
}

/* A prefix of one of the lists, sorted to find what is equal or overlaps. */
struct entry {
	const struct prefix		*prefix;
	const struct config_where	*where;
	const char			*ifname;	/* or "" */
	const char			*directive;
	uint32_t			 order;
	bool				 block;
	bool				 done;
};

static int
entry_cmp(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int r;

	if ((r = prefix_cmp(a->prefix, b->prefix)) != 0 ||
	    (r = strcmp(a->ifname, b->ifname)) != 0)
		return (r);
	return (a->order < b->order ? -1 : a->order > b->order);
}

static void
entry_add(struct entry **e, uint32_t *n, const struct prefix *prefix,
    const struct config_where *where, const char *ifname,
    const char *directive, bool block)
{
	struct entry *new;

	if ((new = config_add(e, n, sizeof(*new))) == NULL)
		fatal("conf");
	new->prefix = prefix;
	new->where = where;
	new->ifname = ifname;
	new->directive = directive;
	new->order = *n;
	new->block = block;
}

static const char *
allow_name(const struct config_prefix *a)
{
	return (a->prefix.addr.af == AF_INET ? "allow-prefix" :
	    "allow-prefix6");
}

/* Drop what is in a list already, with a warning. */
static void
check_list(struct parser *p, struct config_prefix *list, uint32_t *n,
    bool block)
{
	char first[PATH_MAX + 16], text[PREFIXSTRLEN];
	struct entry *e = NULL;
	uint32_t i, ne = 0, kept = 0;
	bool *drop;

	if (*n == 0)
		return;
	if ((drop = calloc(*n, sizeof(*drop))) == NULL)
		fatal("conf");
	for (i = 0; i < *n; i++)
		entry_add(&e, &ne, &list[i].prefix, &list[i].where, "",
		    block ? "block-prefix" : allow_name(&list[i]), block);
	qsort(e, ne, sizeof(*e), entry_cmp);
	for (i = 1; i < ne; i++) {
		if (prefix_cmp(e[i - 1].prefix, e[i].prefix) != 0)
			continue;
		conf_warning(p, e[i].where, "found %s %s again, it is in %s",
		    e[i].directive, prefix_format(e[i].prefix, text),
		    place(p, e[i - 1].where, first));
		drop[e[i].order - 1] = true;
	}
	for (i = 0; i < *n; i++)
		if (!drop[i])
			list[kept++] = list[i];
	*n = kept;
	free(drop);
	free(e);
}

static void
overlap(struct parser *p, struct entry *block, const struct entry *other)
{
	char where[PATH_MAX + 16], a[PREFIXSTRLEN], b[PREFIXSTRLEN];

	if (block->done)
		return;
	block->done = true;
	conf_error(p, block->where, "found block-prefix %s, which overlaps "
	    "%s %s in %s, expected one that does not",
	    prefix_format(block->prefix, a), other->directive,
	    prefix_format(other->prefix, b), place(p, other->where, where));
}

/*
 * Prefixes either nest or are apart. In sorted order those that cover the
 * current one are a stack (two of each length at most), so one pass finds every
 * overlap.
 */
static void
check_overlaps(struct parser *p)
{
	struct config *c = p->conf;
	struct entry *e = NULL, *stack[2 * 129];
	uint32_t i, n = 0;
	int depth = 0, d;

	if (c->nblock == 0)
		return;
	for (i = 0; i < c->nblock; i++)
		entry_add(&e, &n, &c->block[i].prefix, &c->block[i].where, "",
		    "block-prefix", true);
	for (i = 0; i < c->nallow; i++)
		entry_add(&e, &n, &c->allow[i].prefix, &c->allow[i].where, "",
		    allow_name(&c->allow[i]), false);
	for (i = 0; i < c->nlocals; i++)
		entry_add(&e, &n, &c->locals[i].prefix, &c->locals[i].where,
		    "", c->locals[i].prefix.addr.af == AF_INET ?
		    "local-prefix" : "local-prefix6", false);
	qsort(e, n, sizeof(*e), entry_cmp);
	for (i = 0; i < n; i++) {
		while (depth > 0 &&
		    !prefix_covers(stack[depth - 1]->prefix, e[i].prefix))
			depth--;
		for (d = depth - 1; d >= 0; d--)
			if (stack[d]->block != e[i].block)
				overlap(p, stack[d]->block ? stack[d] : &e[i],
				    stack[d]->block ? &e[i] : stack[d]);
		/* Equal prefixes of one kind need one place only. */
		if (depth == 0 || stack[depth - 1]->block != e[i].block ||
		    prefix_cmp(stack[depth - 1]->prefix, e[i].prefix) != 0)
			stack[depth++] = &e[i];
	}
	free(e);
}

/* The same prefix, and interface where that counts, given twice. */
static void
check_twice(struct parser *p, struct entry *e, uint32_t n)
{
	char first[PATH_MAX + 16], text[PREFIXSTRLEN];
	uint32_t i;

	if (n > 0)
		qsort(e, n, sizeof(*e), entry_cmp);
	for (i = 1; i < n; i++) {
		if (prefix_cmp(e[i - 1].prefix, e[i].prefix) != 0 ||
		    strcmp(e[i - 1].ifname, e[i].ifname) != 0)
			continue;
		strlcpy(text, "all traffic", sizeof(text));
		if (e[i].prefix->addr.af != AF_UNSPEC)
			prefix_format(e[i].prefix, text);
		conf_error(p, e[i].where, "found a second %s for %s%s%s, "
		    "expected one (the first is in %s)", e[i].directive, text,
		    *e[i].ifname == '\0' ? "" : " via ", e[i].ifname,
		    place(p, e[i - 1].where, first));
	}
	free(e);
}

static void
check_all_twice(struct parser *p)
{
	struct config *c = p->conf;
	struct entry *e = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < c->nlocals; i++)
		entry_add(&e, &n, &c->locals[i].prefix, &c->locals[i].where,
		    "", c->locals[i].prefix.addr.af == AF_INET ?
		    "local-prefix" : "local-prefix6", false);
	check_twice(p, e, n);
	e = NULL;
	n = 0;
	for (i = 0; i < c->nmss; i++)
		entry_add(&e, &n, &c->mss[i].prefix, &c->mss[i].where,
		    c->mss[i].ifname, "mss-clamp", false);
	check_twice(p, e, n);
}

/*
 * A table of our own must get its routes from somewhere. Directives that were
 * written but had errors count: one mistake is one message.
 */
static void
check_mode(struct parser *p)
{
	static const char *const feeds[] = { "route-source", "local-prefix",
	    "local-prefix6", "fallback-default" };
	const struct config *c = p->conf;
	size_t i;

	if (c->mode == MODE_KERNEL_FIB)
		return;
	for (i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++)
		if (c->seen[config_directive(feeds[i])].line != 0)
			return;
	conf_error(p, &c->seen[config_directive("forwarding-mode")],
	    "found forwarding-mode %s without routes, expected a route-source",
	    c->mode == MODE_COMPARE ? "compare" : "custom-fib");
}

void
conf_check(struct parser *p)
{
	struct config *c = p->conf;

	check_list(p, c->allow, &c->nallow, false);
	check_list(p, c->block, &c->nblock, true);
	check_overlaps(p);
	check_all_twice(p);
	check_mode(p);
}
