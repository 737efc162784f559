/* SPDX-License-Identifier: ISC */
/*
 * What each directive does to the config, and the checks that need no more
 * than the directive itself.
 */
#include <sys/socket.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

void
set_option(struct parser *p, const struct word *w, uint32_t option)
{
	if (p->options & option)
		conf_error(p, &w->where, "found %s twice, expected it once",
		    w->s);
	p->options |= option;
}

/* An array is full: one message, where it overflows. */
static bool
full(struct parser *p, uint32_t n, uint32_t max)
{
	if (n < max)
		return (false);
	conf_error(p, &p->where, "found over %u lines of %s, expected at most "
	    "that", max, p->syntax->name);
	return (true);
}

static void *
add(void *array, uint32_t *n, size_t size)
{
	void *e;

	if ((e = config_add(array, n, size)) == NULL)
		fatal("conf");
	return (e);
}

/* A module that is not known is skipped whole: what stands in it is not
   wrong because of that. */
void
set_section(struct parser *p, const struct word *module)
{
	if (module == NULL)
		p->section = SECTION_GLOBAL;
	else if (strcmp(module->s, "fast-path") == 0)
		p->section = SECTION_FAST_PATH;
	else {
		conf_expected(p, module, "a module: fast-path");
		p->section = SECTION_UNKNOWN;
	}
}

/* Only below the directory of the main file: that is all the parent opens. */
static bool
include_ok(const char *s)
{
	size_t len;

	if (strlen(s) >= PATH_MAX)
		return (false);
	for (;;) {
		len = strcspn(s, "/");
		if (len == 0 || (len == 1 && s[0] == '.') ||
		    (len == 2 && s[0] == '.' && s[1] == '.'))
			return (false);
		for (; len > 0; len--, s++)
			if (iscntrl((unsigned char)*s))
				return (false);
		if (*s == '\0')
			return (true);
		s++;
	}
}

void
set_include(struct parser *p, const struct word *w)
{
	if (!include_ok(w->s))
		conf_expected(p, w, "the path of a file below the directory "
		    "of %s, relative to it and without . and ..", p->path);
	else
		lex_push(p, w->s, w);
}

void
set_socket(struct parser *p, const struct word *w, bool restricted)
{
	struct config *c = p->conf;
	char first[PATH_MAX + 16];
	struct config_socket s, *e;
	uint32_t i;

	memset(&s, 0, sizeof(s));
	s.restricted = restricted;
	s.where = w->where;
	if (!value_path(p, w, s.path, sizeof(s.path)))
		return;
	/* One that takes every command stands for the default one. */
	if (!restricted && c->nsockets > 0 && c->sockets[0].where.line == 0)
		memmove(c->sockets, c->sockets + 1,
		    --c->nsockets * sizeof(*c->sockets));
	for (i = 0; i < c->nsockets; i++) {
		e = &c->sockets[i];
		if (strcmp(e->path, s.path) != 0)
			continue;
		/* The default one is there already and may be restricted. */
		if (e->where.line == 0)
			*e = s;
		else
			conf_error(p, &w->where, "found a second socket %s, "
			    "expected another path (the first is in %s)",
			    s.path, config_where(c, &e->where, first,
			    sizeof(first)));
		return;
	}
	if (full(p, c->nsockets, CONFIG_SOCKETS_MAX))
		return;
	e = add(&c->sockets, &c->nsockets, sizeof(*e));
	*e = s;
}

void
set_user(struct parser *p, const struct word *parent,
    const struct word *children)
{
	struct config *c = p->conf;
	bool ok;

	/* Not &&: each error is reported. */
	ok = value_user(p, parent, c->user_parent, sizeof(c->user_parent));
	ok &= value_user(p, children, c->user_children,
	    sizeof(c->user_children));
	if (ok && strcmp(c->user_parent, c->user_children) == 0)
		conf_warning(p, &children->where, "found one user for all "
		    "processes, which can then trace and signal the parent");
}

void
set_attach(struct parser *p, const struct word *w, enum attach_mode mode)
{
	struct config *c = p->conf;
	struct config_attach *a;
	char first[PATH_MAX + 16];
	uint32_t i;

	p->attach.mode = (uint8_t)mode;
	p->attach.where = w->where;
	if (!value_ifname(p, w, p->attach.ifname))
		return;
	if (mode == ATTACH_NATIVE && p->attach.merged_ok)
		conf_error(p, &w->where, "found accept-merged with native, "
		    "expected it with generic or auto only");
	if (full(p, c->nattach, CONFIG_ATTACH_MAX))
		return;
	for (i = 0; i < c->nattach; i++) {
		if (strcmp(c->attach[i].ifname, p->attach.ifname) != 0)
			continue;
		conf_error(p, &w->where, "found a second attach of %s, "
		    "expected one (the first is in %s)", p->attach.ifname,
		    config_where(c, &c->attach[i].where, first,
		    sizeof(first)));
		return;
	}
	a = add(&c->attach, &c->nattach, sizeof(*a));
	*a = p->attach;
}

/* A prefix must be of the family that its directive is for. */
static bool
family_ok(struct parser *p, const struct config_prefix *c, int af)
{
	char text[PREFIXSTRLEN];

	if (af == AF_UNSPEC || c->prefix.addr.af == af)
		return (true);
	conf_error(p, &c->where, "found %s, expected an %s prefix (%s takes "
	    "the others)", prefix_format(&c->prefix, text),
	    af == AF_INET ? "IPv4" : "IPv6",
	    strncmp(p->syntax->name, "allow", 5) == 0 ?
	    (af == AF_INET ? "allow-prefix6" : "allow-prefix") :
	    (af == AF_INET ? "local-prefix6" : "local-prefix"));
	return (false);
}

void
set_allow(struct parser *p, int af)
{
	struct config_prefix *e;
	uint32_t i;

	for (i = 0; i < p->nprefixes; i++) {
		if (!family_ok(p, &p->prefixes[i], af))
			continue;
		e = add(&p->conf->allow, &p->conf->nallow, sizeof(*e));
		*e = p->prefixes[i];
	}
}

void
set_block(struct parser *p)
{
	struct config_prefix *e;
	uint32_t i;

	for (i = 0; i < p->nprefixes; i++) {
		e = add(&p->conf->block, &p->conf->nblock, sizeof(*e));
		*e = p->prefixes[i];
	}
}

void
set_breaker(struct parser *p, const struct word *ratio,
    const struct word *window, const struct word *threshold)
{
	struct config_breaker *b = &p->conf->breaker;

	b->where = p->where;
	/* Not &&: each error is reported. */
	b->set = value_ratio(p, ratio, &b->ratio);
	b->set &= value_window(p, window, &b->window);
	b->set &= value_number(p, threshold, 1, CONFIG_THRESHOLD_MAX,
	    &b->threshold);
}

void
set_peer_from(struct parser *p)
{
	struct prefix *e;
	uint32_t i;

	for (i = 0; i < p->nprefixes; i++) {
		e = add(&p->source.peer_from, &p->source.npeer_from,
		    sizeof(*e));
		*e = p->prefixes[i].prefix;
	}
}

/* Who may connect: RFC 4271 has no answer, so the operator must give one
   before a listener leaves loopback. */
static void
check_source_remote(struct parser *p, const struct config_source *s)
{
	char addr[ADDRSTRLEN];
	uint32_t i;

	if (!addr_is_loopback(&s->addr) &&
	    (p->options & (OPT_ALLOW_REMOTE | OPT_PEER_FROM)) !=
	    (OPT_ALLOW_REMOTE | OPT_PEER_FROM))
		conf_error(p, &s->where, "found a listener on %s, which is "
		    "not loopback, expected allow-remote and peer-from with "
		    "it", addr_format(&s->addr, addr));
	for (i = 0; i < p->nprefixes; i++)
		if (p->prefixes[i].prefix.addr.af != s->addr.af) {
			conf_error(p, &p->prefixes[i].where, "found a "
			    "peer-from of another family than the listener, "
			    "expected %s",
			    s->addr.af == AF_INET ? "IPv4" : "IPv6");
			break;
		}
}

static void
check_source_peer(struct parser *p, const struct config_source *s)
{
	char addr[ADDRSTRLEN];
	uint32_t i;

	if (s->peer_ip.af == AF_UNSPEC)
		return;
	addr_format(&s->peer_ip, addr);
	if (s->peer_ip.af != s->addr.af)
		conf_error(p, &s->where, "found peer-ip %s of another family "
		    "than the listener, expected %s", addr,
		    s->addr.af == AF_INET ? "IPv4" : "IPv6");
	for (i = 0; i < s->npeer_from; i++)
		if (prefix_covers(&s->peer_from[i],
		    &(struct prefix){ s->peer_ip,
		    (uint8_t)af_bits(s->peer_ip.af) }))
			return;
	if (s->npeer_from > 0)
		conf_error(p, &s->where, "found peer-ip %s outside all of "
		    "peer-from, expected it inside", addr);
}

static void
check_source_options(struct parser *p, const struct config_source *s)
{
	if (!s->bmp && !(p->options & OPT_LOCAL_AS))
		conf_error(p, &s->where, "found route-source bgp without "
		    "local-as, expected local-as N");
	if (!s->bmp && !(p->options & OPT_PEER_AS))
		conf_error(p, &s->where, "found route-source bgp without "
		    "peer-as, expected peer-as N");
	if (s->connect && !(p->options & OPT_PEER_IP))
		conf_error(p, &s->where, "found connect without peer-ip, "
		    "expected the address to connect to");
	check_source_remote(p, s);
	check_source_peer(p, s);
}

void
set_source(struct parser *p, const struct word *w, bool bmp)
{
	struct config *c = p->conf;
	struct config_source *s = &p->source;
	char first[PATH_MAX + 16];
	uint32_t i;

	s->bmp = bmp;
	s->where = w->where;
	if (!value_endpoint(p, w, &s->addr, &s->port))
		return;
	check_source_options(p, s);
	if (full(p, c->nsources, CONFIG_SOURCES_MAX))
		return;
	for (i = 0; i < c->nsources; i++)
		if (addr_cmp(&c->sources[i].addr, &s->addr) == 0 &&
		    c->sources[i].port == s->port) {
			conf_error(p, &w->where, "found a second route-source "
			    "on %s, expected another address or port (the "
			    "first is in %s)", w->s, config_where(c,
			    &c->sources[i].where, first, sizeof(first)));
			return;
		}
	s = add(&c->sources, &c->nsources, sizeof(*s));
	*s = p->source;
	p->source.peer_from = NULL;
	p->source.npeer_from = 0;
}

void
set_local(struct parser *p, int af, const struct word *ifname, bool scavenge)
{
	struct config_local *l;
	char name[IFNAMSIZ], text[PREFIXSTRLEN];
	uint32_t i;

	if (!value_ifname(p, ifname, name))
		return;
	for (i = 0; i < p->nprefixes; i++) {
		if (!family_ok(p, &p->prefixes[i], af))
			continue;
		if (scavenge &&
		    p->prefixes[i].prefix.len < CONFIG_SCAVENGE_LEN)
			conf_error(p, &p->prefixes[i].where, "found "
			    "arp-scavenge of %s, expected a prefix of /%d or "
			    "longer", prefix_format(&p->prefixes[i].prefix,
			    text), CONFIG_SCAVENGE_LEN);
		l = add(&p->conf->locals, &p->conf->nlocals, sizeof(*l));
		l->prefix = p->prefixes[i].prefix;
		l->where = p->prefixes[i].where;
		l->arp_scavenge = scavenge;
		strlcpy(l->ifname, name, sizeof(l->ifname));
	}
}

void
set_default(struct parser *p, const struct word *ifname,
    const struct word *nexthop)
{
	struct config *c = p->conf;
	struct config_default d, *e;
	char first[PATH_MAX + 16];
	uint32_t i;
	bool ok;

	memset(&d, 0, sizeof(d));
	d.where = p->where;
	/* Not &&: each error is reported. */
	ok = value_ifname(p, ifname, d.ifname);
	ok &= value_addr(p, nexthop, &d.nexthop);
	if (!ok)
		return;
	if (addr_is_loopback(&d.nexthop)) {
		conf_expected(p, nexthop, "the address of another router");
		return;
	}
	for (i = 0; i < c->ndefaults; i++)
		if (c->defaults[i].nexthop.af == d.nexthop.af) {
			conf_error(p, &d.where, "found a second "
			    "fallback-default for %s, expected one (the first "
			    "is in %s)", d.nexthop.af == AF_INET ? "IPv4" :
			    "IPv6", config_where(c, &c->defaults[i].where,
			    first, sizeof(first)));
			return;
		}
	e = add(&c->defaults, &c->ndefaults, sizeof(*e));
	*e = d;
}

/* Without prefixes it is for all traffic. */
void
set_mss(struct parser *p, const struct word *ifname, const struct word *mss)
{
	static const struct config_prefix any = { 0 };
	const struct config_prefix *list = p->nprefixes ? p->prefixes : &any;
	uint32_t n = p->nprefixes ? p->nprefixes : 1, i, v = 0;
	char name[IFNAMSIZ] = "";
	struct config_mss *m;
	bool ok = true;

	if (ifname != NULL)
		ok = value_ifname(p, ifname, name);
	ok &= value_number(p, mss, CONFIG_MSS_MIN, CONFIG_MSS_MAX, &v);
	if (!ok)
		return;
	for (i = 0; i < n; i++) {
		m = add(&p->conf->mss, &p->conf->nmss, sizeof(*m));
		m->prefix = list[i].prefix;
		m->where = list == &any ? p->where : list[i].where;
		m->mss = (uint16_t)v;
		strlcpy(m->ifname, name, sizeof(m->ifname));
	}
}
