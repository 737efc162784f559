/* SPDX-License-Identifier: ISC */
/*
 * The config's wire form. What comes in is not believed: every length, count
 * and value is checked again, so that no process has to.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/abi_user.h"
#include "config.h"
#include "log.h"

#define WIRE_MAGIC	0x50464331	/* and version; one binary, one form */

/* Errors of puts stay in the ibuf, so only the end looks. */
static void
put_addr(struct ibuf *b, const struct addr *a)
{
	ibuf_put_u8(b, a->af);
	if (a->af != AF_UNSPEC)
		ibuf_put(b, a->b, (size_t)af_bytes(a->af));
}

static void
put_prefix(struct ibuf *b, const struct prefix *p)
{
	put_addr(b, &p->addr);
	ibuf_put_u8(b, p->len);
}

static void
put_where(struct ibuf *b, const struct config_where *w)
{
	ibuf_put_u32(b, w->file);
	ibuf_put_u32(b, w->line);
}

static void
put_prefixes(struct ibuf *b, const struct config_prefix *p, uint32_t n)
{
	uint32_t i;

	ibuf_put_u32(b, n);
	for (i = 0; i < n; i++) {
		put_prefix(b, &p[i].prefix);
		put_where(b, &p[i].where);
	}
}

static void
put_source(struct ibuf *b, const struct config_source *s)
{
	uint32_t i;

	ibuf_put_u8(b, s->bmp);
	put_addr(b, &s->addr);
	ibuf_put_u16(b, s->port);
	ibuf_put_u32(b, s->local_as);
	ibuf_put_u32(b, s->peer_as);
	ibuf_put_u32(b, s->router_id);
	ibuf_put_u8(b, s->allow_remote);
	ibuf_put_u8(b, s->require_loc_rib);
	ibuf_put_u8(b, s->ttl_security);
	ibuf_put_u8(b, s->anyip);
	ibuf_put_u8(b, s->connect);
	put_addr(b, &s->peer_ip);
	ibuf_put_str(b, s->md5);
	ibuf_put_u32(b, s->npeer_from);
	for (i = 0; i < s->npeer_from; i++)
		put_prefix(b, &s->peer_from[i]);
	put_where(b, &s->where);
}

static void
put_global(struct ibuf *b, const struct config *c)
{
	uint32_t i;

	ibuf_put_u32(b, c->nfiles);
	for (i = 0; i < c->nfiles; i++)
		ibuf_put_str(b, c->files[i]);
	ibuf_put_str(b, c->bpffs_root);
	ibuf_put_str(b, c->state_dir);
	ibuf_put_str(b, c->metrics_textfile);
	ibuf_put_u8(b, c->log_level);
	ibuf_put_u32(b, c->attach_settle_time);
	ibuf_put_str(b, c->user_parent);
	ibuf_put_str(b, c->user_children);
	ibuf_put_u32(b, c->nsockets);
	for (i = 0; i < c->nsockets; i++) {
		ibuf_put_str(b, c->sockets[i].path);
		ibuf_put_u8(b, c->sockets[i].restricted);
		put_where(b, &c->sockets[i].where);
	}
}

static void
put_arrays(struct ibuf *b, const struct config *c)
{
	uint32_t i;

	ibuf_put_u32(b, c->nattach);
	for (i = 0; i < c->nattach; i++) {
		ibuf_put_str(b, c->attach[i].ifname);
		ibuf_put_u8(b, c->attach[i].mode);
		ibuf_put_u8(b, c->attach[i].urpf);
		ibuf_put_u8(b, c->attach[i].merged_ok);
		put_where(b, &c->attach[i].where);
	}
	put_prefixes(b, c->allow, c->nallow);
	put_prefixes(b, c->block, c->nblock);
	ibuf_put_u32(b, c->nsources);
	for (i = 0; i < c->nsources; i++)
		put_source(b, &c->sources[i]);
	ibuf_put_u32(b, c->nlocals);
	for (i = 0; i < c->nlocals; i++) {
		put_prefix(b, &c->locals[i].prefix);
		ibuf_put_str(b, c->locals[i].ifname);
		ibuf_put_u8(b, c->locals[i].arp_scavenge);
		put_where(b, &c->locals[i].where);
	}
	ibuf_put_u32(b, c->ndefaults);
	for (i = 0; i < c->ndefaults; i++) {
		ibuf_put_str(b, c->defaults[i].ifname);
		put_addr(b, &c->defaults[i].nexthop);
		put_where(b, &c->defaults[i].where);
	}
	ibuf_put_u32(b, c->nmss);
	for (i = 0; i < c->nmss; i++) {
		put_prefix(b, &c->mss[i].prefix);
		ibuf_put_str(b, c->mss[i].ifname);
		ibuf_put_u16(b, c->mss[i].mss);
		put_where(b, &c->mss[i].where);
	}
}

int
config_put(struct ibuf *b, const struct config *c)
{
	size_t i;

	ibuf_put_u32(b, WIRE_MAGIC);
	put_global(b, c);
	put_arrays(b, c);
	ibuf_put_u8(b, c->dry_run);
	ibuf_put_u8(b, c->breaker.set);
	ibuf_put_u32(b, c->breaker.ratio);
	ibuf_put_u32(b, c->breaker.window);
	ibuf_put_u32(b, c->breaker.threshold);
	put_where(b, &c->breaker.where);
	ibuf_put_u8(b, c->mode);
	ibuf_put_u8(b, c->loss_keep);
	ibuf_put_u32(b, c->loss_keep_time);
	ibuf_put_u32(b, c->max_prefix);
	ibuf_put_u32(b, c->max_prefix_restart);
	ibuf_put_u8(b, c->hash_mode);
	ibuf_put_u32(b, c->stale_time);
	ibuf_put_u8(b, c->no_slow_path);
	ibuf_put_u8(b, c->workaround);
	ibuf_put_u32(b, c->fib_v4_max);
	ibuf_put_u32(b, c->fib_v6_max);
	ibuf_put_u32(b, c->nexthops_max);
	ibuf_put_u32(b, c->ecmp_groups_max);
	ibuf_put_u32(b, (uint32_t)config_ndirectives);
	for (i = 0; i < config_ndirectives; i++)
		put_where(b, &c->seen[i]);
	return (b->failed ? -1 : 0);
}

static int
bad(void)
{
	errno = EBADMSG;
	return (-1);
}

static int
get_bool(struct ibuf *b, bool *v)
{
	uint8_t u;

	if (ibuf_get_u8(b, &u) == -1)
		return (-1);
	if (u > 1)
		return (bad());
	*v = u;
	return (0);
}

static int
get_enum(struct ibuf *b, uint8_t *v, uint8_t min, uint8_t max)
{
	if (ibuf_get_u8(b, v) == -1)
		return (-1);
	return (*v < min || *v > max ? bad() : 0);
}

static int
get_num(struct ibuf *b, uint32_t *v, uint32_t min, uint32_t max)
{
	if (ibuf_get_u32(b, v) == -1)
		return (-1);
	return (*v < min || *v > max ? bad() : 0);
}

static int
get_addr(struct ibuf *b, struct addr *a, bool optional)
{
	memset(a, 0, sizeof(*a));
	if (ibuf_get_u8(b, &a->af) == -1)
		return (-1);
	if (a->af == AF_UNSPEC && optional)
		return (0);
	if (a->af != AF_INET && a->af != AF_INET6)
		return (bad());
	return (ibuf_get(b, a->b, (size_t)af_bytes(a->af)));
}

static int
get_prefix(struct ibuf *b, struct prefix *p, bool optional)
{
	if (get_addr(b, &p->addr, optional) == -1 ||
	    ibuf_get_u8(b, &p->len) == -1)
		return (-1);
	if (p->addr.af == AF_UNSPEC)
		return (p->len != 0 ? bad() : 0);
	if (p->len > af_bits(p->addr.af) || prefix_mask(p))
		return (bad());
	return (0);
}

static int
get_where(struct ibuf *b, const struct config *c, struct config_where *w)
{
	if (ibuf_get_u32(b, &w->file) == -1 || ibuf_get_u32(b, &w->line) == -1)
		return (-1);
	return (w->line != 0 && w->file >= c->nfiles ? bad() : 0);
}

static int
get_ifname(struct ibuf *b, char *name, bool optional)
{
	if (ibuf_get_str(b, name, IFNAMSIZ) == -1)
		return (-1);
	if (optional && name[0] == '\0')
		return (0);
	return (config_ifname_ok(name) ? 0 : bad());
}

static int
get_path(struct ibuf *b, char *path, size_t size, bool optional)
{
	if (ibuf_get_str(b, path, size) == -1)
		return (-1);
	if (optional && path[0] == '\0')
		return (0);
	return (config_path_ok(path) ? 0 : bad());
}

static int
get_user(struct ibuf *b, char *user, size_t size)
{
	if (ibuf_get_str(b, user, size) == -1)
		return (-1);
	return (config_user_ok(user) ? 0 : bad());
}

/* One element of each array. A count needs no check of its own: memory grows
   only as elements are read, and none of them is empty. */
static int
get_socket(struct ibuf *b, struct config *c)
{
	struct config_socket *s;

	s = config_add(&c->sockets, &c->nsockets, sizeof(*s));
	if (s == NULL || get_path(b, s->path, sizeof(s->path), false) == -1 ||
	    get_bool(b, &s->restricted) == -1 ||
	    get_where(b, c, &s->where) == -1)
		return (-1);
	return (0);
}

static int
get_attach(struct ibuf *b, struct config *c)
{
	struct config_attach *a;

	a = config_add(&c->attach, &c->nattach, sizeof(*a));
	if (a == NULL || get_ifname(b, a->ifname, false) == -1 ||
	    get_enum(b, &a->mode, ATTACH_NATIVE, ATTACH_AUTO) == -1 ||
	    get_enum(b, &a->urpf, URPF_OFF, URPF_STRICT) == -1 ||
	    get_bool(b, &a->merged_ok) == -1 ||
	    get_where(b, c, &a->where) == -1)
		return (-1);
	return (0);
}

static int
get_allow(struct ibuf *b, struct config *c)
{
	struct config_prefix *p;

	p = config_add(&c->allow, &c->nallow, sizeof(*p));
	if (p == NULL || get_prefix(b, &p->prefix, false) == -1 ||
	    get_where(b, c, &p->where) == -1)
		return (-1);
	return (0);
}

static int
get_block(struct ibuf *b, struct config *c)
{
	struct config_prefix *p;

	p = config_add(&c->block, &c->nblock, sizeof(*p));
	if (p == NULL || get_prefix(b, &p->prefix, false) == -1 ||
	    get_where(b, c, &p->where) == -1)
		return (-1);
	return (0);
}

static int
get_peer_from(struct ibuf *b, struct config_source *s)
{
	struct prefix *p;
	uint32_t n;

	if (ibuf_get_u32(b, &n) == -1)
		return (-1);
	while (n-- > 0) {
		p = config_add(&s->peer_from, &s->npeer_from, sizeof(*p));
		if (p == NULL || get_prefix(b, p, false) == -1)
			return (-1);
	}
	return (0);
}

static int
get_source(struct ibuf *b, struct config *c)
{
	struct config_source *s;

	s = config_add(&c->sources, &c->nsources, sizeof(*s));
	if (s == NULL || get_bool(b, &s->bmp) == -1 ||
	    get_addr(b, &s->addr, false) == -1 ||
	    ibuf_get_u16(b, &s->port) == -1 ||
	    ibuf_get_u32(b, &s->local_as) == -1 ||
	    ibuf_get_u32(b, &s->peer_as) == -1 ||
	    ibuf_get_u32(b, &s->router_id) == -1 ||
	    get_bool(b, &s->allow_remote) == -1 ||
	    get_bool(b, &s->require_loc_rib) == -1 ||
	    get_bool(b, &s->ttl_security) == -1 ||
	    get_bool(b, &s->anyip) == -1 || get_bool(b, &s->connect) == -1 ||
	    get_addr(b, &s->peer_ip, true) == -1 ||
	    ibuf_get_str(b, s->md5, sizeof(s->md5)) == -1 ||
	    get_peer_from(b, s) == -1 || get_where(b, c, &s->where) == -1)
		return (-1);
	if (s->port == 0 || (!s->bmp && (s->local_as == 0 || s->peer_as == 0)))
		return (bad());
	return (0);
}

static int
get_local(struct ibuf *b, struct config *c)
{
	struct config_local *l;

	l = config_add(&c->locals, &c->nlocals, sizeof(*l));
	if (l == NULL || get_prefix(b, &l->prefix, false) == -1 ||
	    get_ifname(b, l->ifname, false) == -1 ||
	    get_bool(b, &l->arp_scavenge) == -1 ||
	    get_where(b, c, &l->where) == -1)
		return (-1);
	if (l->arp_scavenge && (l->prefix.addr.af != AF_INET ||
	    l->prefix.len < CONFIG_SCAVENGE_LEN))
		return (bad());
	return (0);
}

static int
get_default(struct ibuf *b, struct config *c)
{
	struct config_default *d;

	d = config_add(&c->defaults, &c->ndefaults, sizeof(*d));
	if (d == NULL || get_ifname(b, d->ifname, false) == -1 ||
	    get_addr(b, &d->nexthop, false) == -1 ||
	    get_where(b, c, &d->where) == -1)
		return (-1);
	return (0);
}

static int
get_mss(struct ibuf *b, struct config *c)
{
	struct config_mss *m;

	m = config_add(&c->mss, &c->nmss, sizeof(*m));
	if (m == NULL || get_prefix(b, &m->prefix, true) == -1 ||
	    get_ifname(b, m->ifname, true) == -1 ||
	    ibuf_get_u16(b, &m->mss) == -1 || get_where(b, c, &m->where) == -1)
		return (-1);
	if (m->mss < CONFIG_MSS_MIN || m->mss > CONFIG_MSS_MAX)
		return (bad());
	return (0);
}

static int
get_array(struct ibuf *b, struct config *c,
    int (*one)(struct ibuf *, struct config *), uint32_t max)
{
	uint32_t n;

	if (get_num(b, &n, 0, max) == -1)
		return (-1);
	while (n-- > 0)
		if (one(b, c) == -1)
			return (-1);
	return (0);
}

static int
get_files(struct ibuf *b, struct config *c)
{
	char name[PATH_MAX];
	uint32_t n;

	if (get_num(b, &n, 0, CONFIG_FILES_MAX) == -1)
		return (-1);
	while (n-- > 0) {
		if (ibuf_get_str(b, name, sizeof(name)) == -1)
			return (-1);
		if (config_add_file(c, name) == -1) {
			errno = ENOMEM;
			return (-1);
		}
	}
	return (0);
}

static int
get_global(struct ibuf *b, struct config *c)
{
	if (get_files(b, c) == -1 ||
	    get_path(b, c->bpffs_root, sizeof(c->bpffs_root), false) == -1 ||
	    get_path(b, c->state_dir, sizeof(c->state_dir), false) == -1 ||
	    get_path(b, c->metrics_textfile, sizeof(c->metrics_textfile),
	    true) == -1 ||
	    get_enum(b, &c->log_level, 0, LEVEL_MAX - 1) == -1 ||
	    get_num(b, &c->attach_settle_time, 0, CONFIG_SETTLE_MAX) == -1 ||
	    get_user(b, c->user_parent, sizeof(c->user_parent)) == -1 ||
	    get_user(b, c->user_children, sizeof(c->user_children)) == -1)
		return (-1);
	c->nsockets = 0;	/* the default one is among those that come */
	return (get_array(b, c, get_socket, CONFIG_SOCKETS_MAX));
}

static int
get_breaker(struct ibuf *b, struct config *c)
{
	uint32_t min;

	if (get_bool(b, &c->breaker.set) == -1)
		return (-1);
	min = c->breaker.set ? 1 : 0;
	if (get_num(b, &c->breaker.ratio, min, CONFIG_RATIO_MAX) == -1 ||
	    get_num(b, &c->breaker.window, min, CONFIG_WINDOW_MAX) == -1 ||
	    get_num(b, &c->breaker.threshold, min, CONFIG_THRESHOLD_MAX) == -1)
		return (-1);
	return (get_where(b, c, &c->breaker.where));
}

static int
get_scalars(struct ibuf *b, struct config *c)
{
	if (get_bool(b, &c->dry_run) == -1 || get_breaker(b, c) == -1 ||
	    get_enum(b, &c->mode, MODE_KERNEL_FIB, MODE_COMPARE) == -1 ||
	    get_bool(b, &c->loss_keep) == -1 ||
	    get_num(b, &c->loss_keep_time, 0, CONFIG_SECONDS_MAX) == -1 ||
	    ibuf_get_u32(b, &c->max_prefix) == -1 ||
	    get_num(b, &c->max_prefix_restart, 0, CONFIG_SECONDS_MAX) == -1 ||
	    get_enum(b, &c->hash_mode, 3, 5) == -1 ||
	    get_num(b, &c->stale_time, CONFIG_STALE_MIN, CONFIG_SECONDS_MAX) ==
	    -1 ||
	    get_bool(b, &c->no_slow_path) == -1 ||
	    get_enum(b, &c->workaround, WORKAROUND_AUTO, WORKAROUND_OFF) ==
	    -1 ||
	    get_num(b, &c->fib_v4_max, CONFIG_SIZE_MIN, CONFIG_SIZE_MAX) ==
	    -1 ||
	    get_num(b, &c->fib_v6_max, CONFIG_SIZE_MIN, CONFIG_SIZE_MAX) ==
	    -1 ||
	    get_num(b, &c->nexthops_max, CONFIG_SIZE_MIN, CONFIG_IDS_MAX) ==
	    -1 ||
	    get_num(b, &c->ecmp_groups_max, CONFIG_SIZE_MIN, CONFIG_IDS_MAX) ==
	    -1)
		return (-1);
	return (0);
}

static int
get_config(struct ibuf *b, struct config *c)
{
	uint32_t magic, n;
	size_t i;

	if (get_num(b, &magic, WIRE_MAGIC, WIRE_MAGIC) == -1 ||
	    get_global(b, c) == -1 ||
	    get_array(b, c, get_attach, CONFIG_ATTACH_MAX) == -1 ||
	    get_array(b, c, get_allow, UINT32_MAX) == -1 ||
	    get_array(b, c, get_block, UINT32_MAX) == -1 ||
	    get_array(b, c, get_source, CONFIG_SOURCES_MAX) == -1 ||
	    get_array(b, c, get_local, UINT32_MAX) == -1 ||
	    get_array(b, c, get_default, 2) == -1 ||
	    get_array(b, c, get_mss, UINT32_MAX) == -1 ||
	    get_scalars(b, c) == -1 ||
	    get_num(b, &n, (uint32_t)config_ndirectives,
	    (uint32_t)config_ndirectives) == -1)
		return (-1);
	for (i = 0; i < config_ndirectives; i++)
		if (get_where(b, c, &c->seen[i]) == -1)
			return (-1);
	return (ibuf_end(b));
}

struct config *
config_get(struct ibuf *b)
{
	struct config *c;
	int error;

	if ((c = config_new()) == NULL)
		return (NULL);
	if (get_config(b, c) == -1) {
		error = errno;
		config_free(c);
		errno = error;
		return (NULL);
	}
	return (c);
}
