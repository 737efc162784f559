/* SPDX-License-Identifier: ISC */
/*
 * The config as lines that the grammar takes back, and the comparison of two
 * configs, which is a comparison of such lines: what prints the same means
 * the same. Secrets leave this file in clear only where a caller asks.
 */
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/abi_user.h"
#include "config.h"
#include "log.h"

#define WORD_SAFE	"abcdefghijklmnopqrstuvwxyz" \
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+@%[]*"

typedef void line_fn(void *, const char *, const char *, const char *);

/* One line as it grows, and where it goes. */
struct lines {
	const struct config	*c;
	bool			 masked;
	bool			 all;	/* directives not in effect, too */
	line_fn			*fn;
	void			*ctx;
	char			*args;
	size_t			 len;
	size_t			 size;
};

static void
add_bytes(struct lines *l, const char *s, size_t len)
{
	char *p;

	if (l->size - l->len <= len) {
		l->size = (l->len + len + 1) * 2;
		if ((p = realloc(l->args, l->size)) == NULL)
			fatal("config_lines");
		l->args = p;
	}
	memcpy(l->args + l->len, s, len);
	l->len += len;
	l->args[l->len] = '\0';
}

/* A word of the grammar's own, with a space before it if it needs one. */
static void __attribute__((__format__(printf, 2, 3)))
add(struct lines *l, const char *fmt, ...)
{
	char buf[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(buf))
		fatalx("config_lines: word too long");
	if (l->len > 0)
		add_bytes(l, " ", 1);
	add_bytes(l, buf, (size_t)n);
}

/* A word of the operator's: quoted where the grammar would not take it as one
   word. */
static void
add_word(struct lines *l, const char *s)
{
	if (l->len > 0)
		add_bytes(l, " ", 1);
	if (*s != '\0' && s[strspn(s, WORD_SAFE)] == '\0') {
		add_bytes(l, s, strlen(s));
		return;
	}
	add_bytes(l, "\"", 1);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			add_bytes(l, "\\", 1);
		add_bytes(l, s, 1);
	}
	add_bytes(l, "\"", 1);
}

static void
add_addr(struct lines *l, const struct addr *a)
{
	char buf[ADDRSTRLEN];

	add(l, "%s", addr_format(a, buf));
}

static void
add_prefix(struct lines *l, const struct prefix *p)
{
	char buf[PREFIXSTRLEN];

	add(l, "%s", prefix_format(p, buf));
}

/* The line is complete: hand it out and start the next. */
static void
end(struct lines *l, const char *directive)
{
	int i = config_directive(directive);

	if (i == -1)
		fatalx("config_lines: no directive %s", directive);
	/* What this version cannot do is shown only where it was written:
	   its default is not in effect. */
	if (l->all || config_directives[i].supported ||
	    l->c->seen[i].line != 0)
		l->fn(l->ctx, config_directives[i].section, directive,
		    l->args);
	l->len = 0;
	l->args[0] = '\0';
}

static void
number(struct lines *l, const char *directive, uint32_t v)
{
	add(l, "%u", v);
	end(l, directive);
}

static void
global_lines(struct lines *l)
{
	const struct config *c = l->c;
	uint32_t i;

	add_word(l, c->bpffs_root);
	end(l, "bpffs-root");
	add_word(l, c->state_dir);
	end(l, "state-dir");
	if (c->metrics_textfile[0] != '\0') {
		add_word(l, c->metrics_textfile);
		end(l, "metrics-textfile");
	}
	add(l, "%s", log_level_name(c->log_level));
	end(l, "log-level");
	if (c->attach_settle_time % 1000 == 0)
		add(l, "%us", c->attach_settle_time / 1000);
	else
		add(l, "%ums", c->attach_settle_time);
	end(l, "attach-settle-time");
	for (i = 0; i < c->nsockets; i++) {
		add_word(l, c->sockets[i].path);
		if (c->sockets[i].restricted)
			add(l, "restricted");
		end(l, "socket");
	}
	add_word(l, c->user_parent);
	add_word(l, c->user_children);
	end(l, "user");
}

static void
attach_lines(struct lines *l)
{
	static const char *const modes[] = { "native", "generic", "auto" };
	static const char *const urpf[] = { "off", "loose", "strict" };
	const struct config_attach *a;
	uint32_t i;

	for (i = 0; i < l->c->nattach; i++) {
		a = &l->c->attach[i];
		add_word(l, a->ifname);
		add(l, "%s", modes[a->mode]);
		if (a->urpf != URPF_OFF)
			add(l, "urpf %s", urpf[a->urpf]);
		if (a->merged_ok)
			add(l, "accept-merged");
		end(l, "attach");
	}
}

static void
prefix_lines(struct lines *l)
{
	const struct config *c = l->c;
	uint32_t i;

	for (i = 0; i < c->nallow; i++) {
		add_prefix(l, &c->allow[i].prefix);
		end(l, c->allow[i].prefix.addr.af == AF_INET ? "allow-prefix" :
		    "allow-prefix6");
	}
	for (i = 0; i < c->nblock; i++) {
		add_prefix(l, &c->block[i].prefix);
		end(l, "block-prefix");
	}
	for (i = 0; i < c->nlocals; i++) {
		add_prefix(l, &c->locals[i].prefix);
		add(l, "via");
		add_word(l, c->locals[i].ifname);
		if (c->locals[i].arp_scavenge)
			add(l, "arp-scavenge");
		end(l, c->locals[i].prefix.addr.af == AF_INET ?
		    "local-prefix" : "local-prefix6");
	}
}

static void
breaker_line(struct lines *l)
{
	const struct config_breaker *b = &l->c->breaker;
	char frac[8];
	size_t n;

	if (!b->set)
		return;
	snprintf(frac, sizeof(frac), "%06u", b->ratio % 1000000);
	for (n = strlen(frac); n > 1 && frac[n - 1] == '0'; n--)
		frac[n - 1] = '\0';
	add(l, "drop-ratio %u.%s of matched window %us threshold %u",
	    b->ratio / 1000000, frac, b->window, b->threshold);
	end(l, "circuit-breaker");
}

static void
source_line(struct lines *l, const struct config_source *s)
{
	char addr[ADDRSTRLEN];
	uint32_t i;

	addr_format(&s->addr, addr);
	add(l, s->addr.af == AF_INET6 ? "%s [%s]:%u" : "%s %s:%u",
	    s->bmp ? "bmp" : "bgp", addr, s->port);
	if (!s->bmp)
		add(l, "local-as %u peer-as %u", s->local_as, s->peer_as);
	if (s->router_id != 0)
		add(l, "router-id %u.%u.%u.%u", s->router_id >> 24,
		    s->router_id >> 16 & 0xff, s->router_id >> 8 & 0xff,
		    s->router_id & 0xff);
	if (s->require_loc_rib)
		add(l, "require-loc-rib");
	if (s->allow_remote)
		add(l, "allow-remote");
	if (s->npeer_from > 0) {
		add(l, "peer-from {");
		for (i = 0; i < s->npeer_from; i++)
			add_prefix(l, &s->peer_from[i]);
		add(l, "}");
	}
	if (s->peer_ip.af != AF_UNSPEC) {
		add(l, "peer-ip");
		add_addr(l, &s->peer_ip);
	}
	if (s->md5[0] != '\0') {
		add(l, "md5");
		add_word(l, l->masked ? "****" : s->md5);
	}
	if (s->ttl_security)
		add(l, "ttl-security");
	if (s->anyip)
		add(l, "anyip");
	if (s->connect)
		add(l, "connect");
	end(l, "route-source");
}

static void
route_lines(struct lines *l)
{
	static const char *const modes[] = { "kernel-fib", "custom-fib",
	    "compare" };
	const struct config *c = l->c;
	uint32_t i;

	add(l, "%s", modes[c->mode]);
	end(l, "forwarding-mode");
	for (i = 0; i < c->nsources; i++)
		source_line(l, &c->sources[i]);
	if (c->loss_keep)
		add(l, "keep %u", c->loss_keep_time);
	else
		add(l, "withdraw");
	end(l, "on-session-loss");
	if (c->max_prefix != 0) {
		add(l, "%u", c->max_prefix);
		if (c->max_prefix_restart != 0)
			add(l, "restart %u", c->max_prefix_restart);
		end(l, "max-prefix");
	}
	for (i = 0; i < c->ndefaults; i++) {
		add(l, "via");
		add_word(l, c->defaults[i].ifname);
		add(l, "nexthop");
		add_addr(l, &c->defaults[i].nexthop);
		end(l, "fallback-default");
	}
	number(l, "ecmp-default-hash-mode", c->hash_mode);
}

static void
mss_lines(struct lines *l)
{
	const struct config_mss *m;
	uint32_t i;

	for (i = 0; i < l->c->nmss; i++) {
		m = &l->c->mss[i];
		if (m->prefix.addr.af != AF_UNSPEC)
			add_prefix(l, &m->prefix);
		if (m->ifname[0] != '\0') {
			add(l, "via");
			add_word(l, m->ifname);
		}
		number(l, "mss-clamp", m->mss);
	}
}

static void
all_lines(struct lines *l)
{
	static const char *const workarounds[] = { "auto", "on", "off" };
	const struct config *c = l->c;

	add_bytes(l, "", 0);	/* a directive may have no arguments */
	global_lines(l);
	attach_lines(l);
	prefix_lines(l);
	add(l, "%s", c->dry_run ? "on" : "off");
	end(l, "dry-run");
	breaker_line(l);
	route_lines(l);
	mss_lines(l);
	number(l, "stale-time", c->stale_time);
	if (c->no_slow_path)
		end(l, "no-slow-path");
	add(l, "rvu-nicpf-head-shift %s", workarounds[c->workaround]);
	end(l, "driver-workaround");
	number(l, "fib-v4-max-entries", c->fib_v4_max);
	number(l, "fib-v6-max-entries", c->fib_v6_max);
	number(l, "nexthops-max-entries", c->nexthops_max);
	number(l, "ecmp-groups-max-entries", c->ecmp_groups_max);
	free(l->args);
}

void
config_lines(const struct config *c, bool masked, line_fn *fn, void *ctx)
{
	struct lines l = { .c = c, .masked = masked, .fn = fn, .ctx = ctx };

	all_lines(&l);
}

/* Comparison: the lines of one config, sorted by directive. */
struct set_line {
	int	 directive;
	uint32_t order;
	char	*args;
};

struct line_set {
	struct set_line	*lines;
	uint32_t	 n;
};

static void
set_add(void *ctx, const char *section, const char *directive,
    const char *args)
{
	struct line_set *set = ctx;
	struct set_line *s;

	s = config_add(&set->lines, &set->n, sizeof(*s));
	if (s == NULL || (s->args = strdup(args)) == NULL)
		fatal("config_compare");
	s->directive = config_directive(directive);
	/* Listeners are numbered in the order of the route sources, so that
	   order is part of their meaning; that of others is not. */
	if (strcmp(directive, "route-source") == 0)
		s->order = set->n;
}

static int
set_cmp(const void *pa, const void *pb)
{
	const struct set_line *a = pa, *b = pb;

	if (a->directive != b->directive)
		return (a->directive < b->directive ? -1 : 1);
	if (a->order != b->order)
		return (a->order < b->order ? -1 : 1);
	return (strcmp(a->args, b->args));
}

static void
set_make(struct line_set *set, const struct config *c)
{
	struct lines l = { .c = c, .all = true, .fn = set_add, .ctx = set };

	memset(set, 0, sizeof(*set));
	all_lines(&l);
	qsort(set->lines, set->n, sizeof(*set->lines), set_cmp);
}

static void
set_free(struct line_set *set)
{
	uint32_t i;

	for (i = 0; i < set->n; i++)
		free(set->lines[i].args);
	free(set->lines);
}

void
config_compare(const struct config *a, const struct config *b, bool *same)
{
	struct line_set x, y;
	uint32_t i = 0, j = 0;
	int d;

	set_make(&x, a);
	set_make(&y, b);
	for (d = 0; d < (int)config_ndirectives; d++) {
		same[d] = true;
		for (;;) {
			bool left = i < x.n && x.lines[i].directive == d;
			bool right = j < y.n && y.lines[j].directive == d;

			if (!left && !right)
				break;
			if (left != right || strcmp(x.lines[i].args,
			    y.lines[j].args) != 0)
				same[d] = false;
			i += left;
			j += right;
		}
	}
	set_free(&x);
	set_free(&y);
}
