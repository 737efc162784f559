/* SPDX-License-Identifier: ISC */
/*
 * The config struct: defaults, wire form, comparison, lines.
 */
#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../bpf/abi_user.h"
#include "../../lib/config.h"
#include "../../lib/log.h"

static void *
add(void *array, uint32_t *n, size_t size)
{
	void *e = config_add(array, n, size);

	ATF_REQUIRE(e != NULL);
	return (e);
}

static void
prefix(struct prefix *p, const char *s)
{
	ATF_REQUIRE(prefix_parse(s, p, NULL) == 0);
}

static void
fill_source(struct config *c)
{
	struct config_source *s;

	s = add(&c->sources, &c->nsources, sizeof(*s));
	ATF_REQUIRE(addr_parse("192.0.2.1", &s->addr) == 0);
	ATF_REQUIRE(addr_parse("198.51.100.7", &s->peer_ip) == 0);
	s->port = 1179;
	s->local_as = 65000;
	s->peer_as = 4200000001;
	s->router_id = 0xc0000201;
	s->allow_remote = s->ttl_security = true;
	strlcpy(s->md5, "hunter2", sizeof(s->md5));
	prefix(add(&s->peer_from, &s->npeer_from, sizeof(struct prefix)),
	    "198.51.100.0/24");
	prefix(add(&s->peer_from, &s->npeer_from, sizeof(struct prefix)),
	    "203.0.113.0/25");
	s->where.line = 12;
	s = add(&c->sources, &c->nsources, sizeof(*s));
	ATF_REQUIRE(addr_parse("::1", &s->addr) == 0);
	s->bmp = s->require_loc_rib = true;
	s->port = 6543;
}

/* One of everything. */
static struct config *
full(void)
{
	struct config *c = config_new();
	struct config_attach *a;
	struct config_local *l;
	struct config_default *d;
	struct config_mss *m;
	struct config_socket *s;
	struct config_prefix *p;
	uint32_t i;

	ATF_REQUIRE(c != NULL);
	ATF_REQUIRE_EQ(0, config_add_file(c, "/etc/packetframe/a.conf"));
	ATF_REQUIRE_EQ(1, config_add_file(c, "/etc/packetframe/b.conf"));
	strlcpy(c->metrics_textfile, "/var/lib/pf.prom", PATH_MAX);
	s = add(&c->sockets, &c->nsockets, sizeof(*s));
	strlcpy(s->path, "/run/x.sock", sizeof(s->path));
	s->restricted = true;
	for (i = 0; i < 3; i++) {
		a = add(&c->attach, &c->nattach, sizeof(*a));
		snprintf(a->ifname, sizeof(a->ifname), "eth%u", i);
		a->mode = (uint8_t)i;
		a->urpf = (uint8_t)(2 - i);
		a->merged_ok = i == 1;
		a->where.file = 1;
		a->where.line = 10 + i;
	}
	for (i = 0; i < 5; i++) {
		p = add(&c->allow, &c->nallow, sizeof(*p));
		prefix(&p->prefix, i % 2 ? "192.0.2.0/24" : "2001:db8::/32");
		p->prefix.addr.b[0] = (uint8_t)(32 + i);
		p = add(&c->block, &c->nblock, sizeof(*p));
		prefix(&p->prefix, i % 2 ? "10.0.0.0/8" : "fc00::/7");
	}
	c->dry_run = true;
	c->breaker = (struct config_breaker){ true, 10000, 5, 5, { 0, 3 } };
	c->mode = MODE_CUSTOM_FIB;
	fill_source(c);
	c->max_prefix = 1000000;
	c->max_prefix_restart = 300;
	l = add(&c->locals, &c->nlocals, sizeof(*l));
	prefix(&l->prefix, "198.51.100.0/22");
	strlcpy(l->ifname, "br0", sizeof(l->ifname));
	l->arp_scavenge = true;
	d = add(&c->defaults, &c->ndefaults, sizeof(*d));
	strlcpy(d->ifname, "eth0", sizeof(d->ifname));
	ATF_REQUIRE(addr_parse("fe80::1", &d->nexthop) == 0);
	m = add(&c->mss, &c->nmss, sizeof(*m));
	m->mss = 1400;
	m = add(&c->mss, &c->nmss, sizeof(*m));
	prefix(&m->prefix, "192.0.2.0/24");
	strlcpy(m->ifname, "eth1", sizeof(m->ifname));
	m->mss = 1300;
	for (i = 0; i < config_ndirectives; i++)
		c->seen[i].line = i + 1;
	return (c);
}

static struct ibuf *
put(const struct config *c)
{
	struct ibuf *b = ibuf_new(CONFIG_MAX);

	ATF_REQUIRE(b != NULL);
	ATF_REQUIRE_EQ(0, config_put(b, c));
	return (b);
}

static struct config *
get(const void *buf, size_t len)
{
	struct ibuf b;

	ibuf_from(&b, buf, len);
	return (config_get(&b));
}

ATF_TC_WITHOUT_HEAD(defaults);
ATF_TC_BODY(defaults, tc)
{
	struct config *c = config_new();

	ATF_REQUIRE(c != NULL);
	ATF_CHECK_STREQ("/sys/fs/bpf/packetframe", c->bpffs_root);
	ATF_CHECK_STREQ("/var/lib/packetframe", c->state_dir);
	ATF_CHECK_STREQ("", c->metrics_textfile);
	ATF_CHECK_STREQ("_packetframe", c->user_parent);
	ATF_CHECK_STREQ("_pfsandbox", c->user_children);
	ATF_REQUIRE_EQ(1, c->nsockets);
	ATF_CHECK_STREQ("/run/packetframe/control.sock", c->sockets[0].path);
	ATF_CHECK_EQ(LEVEL_INFO, c->log_level);
	ATF_CHECK_EQ(2000, c->attach_settle_time);
	ATF_CHECK_EQ(MODE_KERNEL_FIB, c->mode);
	ATF_CHECK(!c->dry_run && !c->breaker.set && c->loss_keep);
	ATF_CHECK_EQ(120, c->loss_keep_time);
	ATF_CHECK_EQ(120, c->stale_time);
	ATF_CHECK_EQ(5, c->hash_mode);
	ATF_CHECK_EQ(2000000, c->fib_v4_max);
	ATF_CHECK_EQ(500000, c->fib_v6_max);
	ATF_CHECK_EQ(4096, c->nexthops_max);
	ATF_CHECK_EQ(1024, c->ecmp_groups_max);
	ATF_CHECK_EQ(0, config_unsupported(c, NULL, NULL));
	config_free(c);
	config_free(NULL);
}

ATF_TC_WITHOUT_HEAD(add_grows);
ATF_TC_BODY(add_grows, tc)
{
	struct config_where *w = NULL, *e;
	uint32_t i, n = 0;

	for (i = 0; i < 1000; i++) {
		e = add(&w, &n, sizeof(*w));
		ATF_REQUIRE_EQ(i + 1, n);
		ATF_REQUIRE(e == &w[i] && e->file == 0 && e->line == 0);
		e->file = e->line = i;
	}
	for (i = 0; i < 1000; i++)
		ATF_REQUIRE_EQ(i, w[i].line);
	free(w);
}

ATF_TC_WITHOUT_HEAD(round_trip);
ATF_TC_BODY(round_trip, tc)
{
	struct config *c = full(), *d, *e = config_new();
	struct ibuf *a = put(c), *b, *z;
	bool *same = calloc(config_ndirectives, 1);
	size_t i;

	ATF_REQUIRE(same != NULL && e != NULL);
	ATF_REQUIRE((d = get(a->buf, ibuf_left(a))) != NULL);
	b = put(d);
	ATF_REQUIRE_EQ(ibuf_left(a), ibuf_left(b));
	ATF_CHECK(memcmp(a->buf, b->buf, ibuf_left(a)) == 0);
	config_compare(c, d, same);
	for (i = 0; i < config_ndirectives; i++)
		ATF_CHECK_MSG(same[i], "%s", config_directives[i].name);
	ATF_REQUIRE_EQ(2, d->nsources);
	ATF_CHECK_STREQ("hunter2", d->sources[0].md5);
	ATF_CHECK_EQ(2, d->sources[0].npeer_from);
	ATF_CHECK_EQ(4200000001, d->sources[0].peer_as);
	ATF_CHECK_EQ(11, d->attach[1].where.line);
	config_free(d);
	ibuf_free(b);

	z = put(e);
	ATF_REQUIRE((d = get(z->buf, ibuf_left(z))) != NULL);
	config_free(d);
	ibuf_free(z);
	ibuf_free(a);
	config_free(c);
	config_free(e);
	free(same);
}

/* Short by any number of bytes, or long by one: EBADMSG. */
ATF_TC_WITHOUT_HEAD(lengths);
ATF_TC_BODY(lengths, tc)
{
	struct config *c = full();
	struct ibuf *a = put(c);
	size_t i, len = ibuf_left(a);

	for (i = 0; i < len; i++) {
		errno = 0;
		ATF_REQUIRE_MSG(get(a->buf, i) == NULL, "%zu bytes", i);
		ATF_REQUIRE_EQ(EBADMSG, errno);
	}
	ATF_REQUIRE_EQ(0, ibuf_put_u8(a, 0));
	ATF_CHECK(get(a->buf, len + 1) == NULL);
	ATF_CHECK_EQ(EBADMSG, errno);
	ibuf_free(a);
	config_free(c);
}

/* Any byte changed: refused, or a config that is as sound as any. */
ATF_TC_WITHOUT_HEAD(bytes);
ATF_TC_BODY(bytes, tc)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct config *c = full(), *d;
	struct ibuf *a = put(c), *b;
	bool *same = calloc(config_ndirectives, 1);
	size_t i, f, len = ibuf_left(a), refused = 0;

	for (i = 0; i < len; i++)
		for (f = 0; f < sizeof(flips); f++) {
			a->buf[i] ^= flips[f];
			if ((d = get(a->buf, len)) == NULL)
				refused++;
			else {
				b = put(d);
				ATF_REQUIRE_EQ(len, ibuf_left(b));
				ATF_REQUIRE(memcmp(a->buf, b->buf, len) == 0);
				ibuf_free(b);
				config_compare(c, d, same);
				config_free(d);
			}
			a->buf[i] ^= flips[f];
		}
	ATF_CHECK(refused > len);
	free(same);
	ibuf_free(a);
	config_free(c);
}

/* Each of these alone is a config that no process may believe. */
ATF_TC_WITHOUT_HEAD(values);
ATF_TC_BODY(values, tc)
{
	struct config *c = NULL, *d;
	struct ibuf *b;
	int n;

	for (n = 0;; n++) {
		c = full();
		switch (n) {
		case 0: c->log_level = LEVEL_MAX; break;
		case 1: c->attach[0].mode = 3; break;
		case 2: c->attach[0].urpf = 3; break;
		case 3: c->mode = 3; break;
		case 4: c->hash_mode = 2; break;
		case 5: c->hash_mode = 6; break;
		case 6: c->workaround = 3; break;
		case 7: c->stale_time = CONFIG_STALE_MIN - 1; break;
		case 8: c->stale_time = CONFIG_SECONDS_MAX + 1; break;
		case 9: c->breaker.ratio = 0; break;
		case 10: c->breaker.ratio = CONFIG_RATIO_MAX + 1; break;
		case 11: c->breaker.window = 0; break;
		case 12: c->breaker.threshold = 0; break;
		case 13: c->fib_v4_max = 0; break;
		case 14: c->nexthops_max = CONFIG_IDS_MAX + 1; break;
		case 15: c->mss[0].mss = CONFIG_MSS_MIN - 1; break;
		case 16: c->sources[0].port = 0; break;
		case 17: c->sources[0].local_as = 0; break;
		case 18: c->sources[0].addr.af = AF_UNSPEC; break;
		case 19: c->allow[0].prefix.len = 129; break;
		case 20: c->allow[0].prefix.addr.b[15] = 1; break;
		case 21: c->block[1].prefix.len = 33; break;
		case 22: c->locals[0].prefix.len = 21;
			prefix_mask(&c->locals[0].prefix); break;
		case 23: strlcpy(c->attach[0].ifname, "a/b", 4); break;
		case 24: c->attach[0].ifname[0] = '\0'; break;
		case 25: strlcpy(c->bpffs_root, "/a/../b", 8); break;
		case 26: c->state_dir[0] = '\0'; break;
		case 27: strlcpy(c->metrics_textfile, "x", 2); break;
		case 28: strlcpy(c->sockets[0].path, "/", 2); break;
		case 29: strlcpy(c->user_parent, "-x", 3); break;
		case 30: c->allow[0].where.file = 2;
			c->allow[0].where.line = 1; break;
		case 31: c->attach_settle_time = CONFIG_SETTLE_MAX + 1; break;
		case 32: c->locals[0].ifname[0] = '\0'; break;
		case 33: c->defaults[0].nexthop.af = AF_UNSPEC; break;
		default:
			config_free(c);
			return;
		}
		b = put(c);
		d = get(b->buf, ibuf_left(b));
		ATF_CHECK_MSG(d == NULL, "case %d", n);
		config_free(d);
		ibuf_free(b);
		config_free(c);
	}
}

/* A count with nothing behind it costs no memory. */
ATF_TC_WITHOUT_HEAD(counts);
ATF_TC_BODY(counts, tc)
{
	struct config *c = config_new();
	struct ibuf *b;
	uint32_t huge = UINT32_MAX;
	size_t i, len;

	ATF_REQUIRE(c != NULL);
	b = put(c);
	len = ibuf_left(b);
	for (i = 0; i + sizeof(huge) <= len; i++) {
		uint8_t save[sizeof(huge)];
		struct config *d;

		memcpy(save, b->buf + i, sizeof(save));
		memcpy(b->buf + i, &huge, sizeof(huge));
		d = get(b->buf, len);
		config_free(d);
		memcpy(b->buf + i, save, sizeof(save));
	}
	ibuf_free(b);
	config_free(c);
}

/* After one change exactly these directives differ. */
static void
check_diff(struct config *c, const char *want)
{
	struct config *f = full();
	bool *same = calloc(config_ndirectives, 1);
	char got[256] = "";
	size_t i;

	ATF_REQUIRE(same != NULL);
	config_compare(f, c, same);
	for (i = 0; i < config_ndirectives; i++)
		if (!same[i]) {
			strlcat(got, got[0] == '\0' ? "" : " ", sizeof(got));
			strlcat(got, config_directives[i].name, sizeof(got));
		}
	ATF_CHECK_STREQ(want, got);
	free(same);
	config_free(f);
	config_free(c);
}

ATF_TC_WITHOUT_HEAD(compare);
ATF_TC_BODY(compare, tc)
{
	struct config_attach a;
	struct config_source s;
	struct config *c;
	size_t i;

	check_diff(full(), "");
	c = full();
	for (i = 0; i < config_ndirectives; i++)
		c->seen[i].line = 0;
	c->attach[0].where.line = 99;
	check_diff(c, "");
	c = full();
	c->dry_run = false;
	c->stale_time = 60;
	check_diff(c, "dry-run stale-time");
	c = full();
	c->nallow--;
	check_diff(c, "allow-prefix6");
	c = full();
	c->allow[1].prefix.len = 23;
	check_diff(c, "allow-prefix");
	c = full();
	strlcpy(c->sources[0].md5, "other", sizeof(c->sources[0].md5));
	check_diff(c, "route-source");
	c = full();
	a = c->attach[0];
	c->attach[0] = c->attach[2];
	c->attach[2] = a;
	check_diff(c, "");
	c = full();
	s = c->sources[0];
	c->sources[0] = c->sources[1];
	c->sources[1] = s;
	check_diff(c, "route-source");
	c = full();
	c->max_prefix = 0;
	c->breaker.set = false;
	c->metrics_textfile[0] = '\0';
	c->loss_keep = false;
	check_diff(c, "metrics-textfile circuit-breaker on-session-loss "
	    "max-prefix");
}

static void
line(void *ctx, const char *section, const char *directive, const char *args)
{
	char *text = ctx;

	if (strcmp(directive, "route-source") == 0 ||
	    strcmp(directive, "on-session-loss") == 0) {
		strlcat(text, args, 1024);
		strlcat(text, "\n", 1024);
	}
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	struct config *c = full();
	char text[1024] = "";

	config_lines(c, true, line, text);
	ATF_CHECK_STREQ("bgp 192.0.2.1:1179 local-as 65000 peer-as 4200000001 "
	    "router-id 192.0.2.1 allow-remote peer-from { 198.51.100.0/24 "
	    "203.0.113.0/25 } peer-ip 198.51.100.7 md5 **** ttl-security\n"
	    "bmp [::1]:6543 require-loc-rib\nkeep 120\n", text);
	text[0] = '\0';
	strlcpy(c->sources[0].md5, "a \"b\" \\", sizeof(c->sources[0].md5));
	c->seen[config_directive("on-session-loss")].line = 0;
	config_lines(c, false, line, text);
	ATF_CHECK_STREQ("bgp 192.0.2.1:1179 local-as 65000 peer-as 4200000001 "
	    "router-id 192.0.2.1 allow-remote peer-from { 198.51.100.0/24 "
	    "203.0.113.0/25 } peer-ip 198.51.100.7 md5 \"a \\\"b\\\" \\\\\" "
	    "ttl-security\nbmp [::1]:6543 require-loc-rib\n", text);
	config_free(c);
}

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	ATF_CHECK(config_ifname_ok("eth0.100"));
	ATF_CHECK(config_ifname_ok("fifteen-letters"));
	ATF_CHECK(!config_ifname_ok("sixteen-letters-"));
	ATF_CHECK(!config_ifname_ok("") && !config_ifname_ok("..") &&
	    !config_ifname_ok(".") && !config_ifname_ok("a b") &&
	    !config_ifname_ok("a/b") && !config_ifname_ok("a:b") &&
	    !config_ifname_ok("a\x7f"));
	ATF_CHECK(config_path_ok("/a") && config_path_ok("/a/b.c/..d/.e"));
	ATF_CHECK(!config_path_ok("") && !config_path_ok("/") &&
	    !config_path_ok("a") && !config_path_ok("/a/") &&
	    !config_path_ok("//a") && !config_path_ok("/a//b") &&
	    !config_path_ok("/a/.") && !config_path_ok("/../a") &&
	    !config_path_ok("/a\n"));
	ATF_CHECK(config_user_ok("_pfsandbox") && config_user_ok("a.b-c"));
	ATF_CHECK(!config_user_ok("") && !config_user_ok("-a") &&
	    !config_user_ok("a b") && !config_user_ok("a:b") &&
	    !config_user_ok("a23456789012345678901234567890123"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, defaults);
	ATF_TP_ADD_TC(tp, add_grows);
	ATF_TP_ADD_TC(tp, round_trip);
	ATF_TP_ADD_TC(tp, lengths);
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, values);
	ATF_TP_ADD_TC(tp, counts);
	ATF_TP_ADD_TC(tp, compare);
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, names);
	return (atf_no_error());
}
