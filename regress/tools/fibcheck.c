/* SPDX-License-Identifier: ISC */
/*
 * Asks a running daemon where addresses lead, and compares with a longest
 * match of its own over the generated table; it shares nothing with the
 * daemon's tables but the messages.
 *
 * fibcheck [-n FIRST] SOCKET N4 N6 SEED NEXTHOPS4 NEXTHOPS6 COUNT ANSWERS
 *
 * -n: a peer that is preferred has announced every other one of the first so
 * many routes, each with the next hop after that of the feed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../bpf/abi_user.h"
#include "ctl.h"
#include "feed.h"

#define HOPS_MAX 65536
#define SHOW_MAX 10 /* differences that are printed */

/*
 * The table by length: for each one the routes that have it, sorted.
 */
struct truth {
	const struct feed *feed;
	struct dfz_route *routes[2]; /* v4, v6; by length and address */
	uint32_t start[2][130];
	struct addr *hops; /* by id, as the daemon says */
};

static int
route_cmp(const void *a, const void *b)
{
	const struct dfz_route *x = a, *y = b;

	if (x->prefix.len != y->prefix.len)
		return (x->prefix.len < y->prefix.len ? -1 : 1);
	return (memcmp(x->prefix.addr.b, y->prefix.addr.b, 16));
}

static void
truth_family(struct truth *t, int f, const struct dfz_route *r, uint32_t n)
{
	uint32_t i, len = 0;

	if ((t->routes[f] = calloc(n + 1, sizeof(*r))) == NULL)
		err(1, NULL);
	memcpy(t->routes[f], r, n * sizeof(*r));
	qsort(t->routes[f], n, sizeof(*r), route_cmp);
	for (i = 0; i < n; i++)
		while (len <= t->routes[f][i].prefix.len)
			t->start[f][len++] = i;
	while (len < 130)
		t->start[f][len++] = n;
}

static const struct dfz_route *
truth_lookup(const struct truth *t, const struct addr *a)
{
	const struct dfz_route *r;
	struct dfz_route key;
	int f = a->af == AF_INET ? 0 : 1, len;

	memset(&key, 0, sizeof(key));
	for (len = af_bits(a->af); len >= 0; len--) {
		key.prefix.addr = *a;
		key.prefix.len = (uint8_t)len;
		prefix_mask(&key.prefix);
		r = bsearch(&key, t->routes[f] + t->start[f][len],
		    t->start[f][len + 1] - t->start[f][len], sizeof(*r),
		    route_cmp);
		if (r != NULL)
			return (r);
	}
	return (NULL);
}

/*
 * Which addresses.
 */
static uint64_t
rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return (*s);
}

/* Add or take one, all bits wrapping. */
static void
addr_step(struct addr *a, int by)
{
	int i;

	for (i = af_bytes(a->af) - 1; i >= 0; i--) {
		a->b[i] = (uint8_t)(a->b[i] + by);
		if (a->b[i] != (by > 0 ? 0 : 255))
			return;
	}
}

static void
random_bits(struct addr *a, int from, uint64_t *s)
{
	int i;

	for (i = from; i < af_bits(a->af); i++)
		if (rnd(s) >> 40 & 1)
			a->b[i / 8] ^= (uint8_t)(0x80 >> i % 8);
}

/* Where a router has addresses of its own; what it says of these is its. */
static bool
own_space(const struct addr *a)
{
	return (a->af == AF_INET && (a->b[0] == 127 || a->b[0] == 10));
}

/* Anywhere, anywhere in 2000::/3, in a route, or at one's borders. */
static struct addr
pick(const struct truth *t, uint64_t *s)
{
	struct addr a = { .af = AF_INET };
	const struct dfz *d = &t->feed->table;
	const struct dfz_route *r;
	unsigned int how = rnd(s) >> 32 & 7;
	int i, f = rnd(s) >> 33 & 1;
	uint32_t n = f == 0 ? d->n4 : d->n6;

	if (f == 1)
		a.af = AF_INET6;
	if (how < 2 || n == 0) {
		random_bits(&a, 0, s);
		if (f == 1 && how == 0)
			a.b[0] = 0x20 | (a.b[0] & 0x1f);
		return (a);
	}
	r = &t->routes[f][rnd(s) % n];
	a = r->prefix.addr;
	if (how < 4)
		random_bits(&a, r->prefix.len, s);
	else if (how == 4)
		addr_step(&a, -1);
	else if (how > 5)
		for (i = r->prefix.len; i < af_bits(a.af); i++)
			a.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (how == 7)
		addr_step(&a, 1);
	return (a);
}

/*
 * Asking.
 */
static void
ask(struct imsgbuf *buf, const struct addr *a, struct ctl_fib *c)
{
	struct ctl_fib_request req;
	struct ctl_fib more;

	memset(&req, 0, sizeof(req));
	req.match = FIB_ADDR;
	req.prefix.addr = *a;
	req.prefix.len = (uint8_t)af_bits(a->af);
	request(buf, CTL_SHOW_FIB, &record_ctl_fib_request, &req);
	if (!answer(buf, REC_FIB, c) || answer(buf, REC_FIB, &more))
		errx(1, "not one answer");
}

/* What the ids in leaf words stand for. */
static void
ask_nexthops(struct imsgbuf *buf, struct truth *t)
{
	struct ctl_nexthop c;

	if ((t->hops = calloc(HOPS_MAX, sizeof(*t->hops))) == NULL)
		err(1, NULL);
	request(buf, CTL_SHOW_NEXTHOP, NULL, NULL);
	while (answer(buf, REC_NEXTHOP, &c)) {
		if (c.id >= HOPS_MAX)
			errx(1, "nexthop id %u", c.id);
		t->hops[c.id] = c.addr;
	}
}

/* NULL: as it should be. */
static const char *
wrong(const struct truth *t, const struct dfz_route *r, const struct ctl_fib *c)
{
	struct addr nh;
	uint32_t id;

	if (c->pending)
		return ("pending");
	if (c->route != (r != NULL))
		return (c->route ? "a route too many" : "no route");
	if (r == NULL)
		return ((c->leaf & LEAF_ID) == LEAF_ID_NONE ?
			NULL :
			"leaf of an address without route");
	if (prefix_cmp(&c->prefix, &r->prefix) != 0)
		return ("other prefix");
	nh = feed_nexthop(t->feed, r->prefix.addr.af, r->nexthop);
	if (addr_cmp(&c->gateway, &nh) != 0)
		return ("other next hop");
	id = c->leaf & LEAF_ID;
	if (id < LEAF_ID_FIRST || id != c->nexthop)
		return ("leaf without the route's nexthop");
	if (id >= HOPS_MAX || addr_cmp(&t->hops[id], &nh) != 0)
		return ("leaf leads to another next hop");
	return (NULL);
}

static void
show(const char *what, const struct addr *a, const struct dfz_route *r,
    const struct ctl_fib *c)
{
	char addr[ADDRSTRLEN], nh[ADDRSTRLEN];
	char want[PREFIXSTRLEN] = "none", got[PREFIXSTRLEN];

	if (r != NULL)
		prefix_format(&r->prefix, want);
	printf("%s: %s: expected %s, got %s next hop %s leaf %08x\n",
	    addr_format(a, addr), what, want,
	    c->route ? prefix_format(&c->prefix, got) : "none",
	    c->gateway.af == AF_UNSPEC ? "-" : addr_format(&c->gateway, nh),
	    c->leaf);
}

/* What the preferred peer's last word was. */
static void
flapped(const struct feed *f, struct dfz_route *r, uint32_t n, uint32_t first)
{
	uint32_t i;

	n = feed_first(f, n, first);
	for (i = 0; i < n; i += 2)
		r[i].nexthop++;
}

int
main(int argc, char **argv)
{
	static struct truth t;
	const struct dfz_route *r;
	struct imsgbuf *buf;
	struct feed feed;
	struct ctl_fib c;
	struct addr a;
	const char *why;
	uint32_t i, n, routed = 0, bad = 0, first = 0;
	uint64_t s;
	int ch;

	while ((ch = getopt(argc, argv, "+n:")) != -1) {
		if (ch != 'n')
			return (1);
		first = feed_number(optarg, "FIRST");
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (argc != 3 + FEED_ARGS) {
		fprintf(stderr,
		    "usage: fibcheck [-n FIRST] SOCKET " FEED_USAGE
		    " ANSWERS\n");
		return (1);
	}
	feed_make(&feed, argv + 2);
	n = feed_number(argv[2 + FEED_ARGS], "ANSWERS");
	t.feed = &feed;
	flapped(&feed, feed.table.v4, feed.table.n4, first);
	flapped(&feed, feed.table.v6, feed.table.n6, first);
	truth_family(&t, 0, feed.table.v4, feed.table.n4);
	truth_family(&t, 1, feed.table.v6, feed.table.n6);
	buf = ctl_open(argv[1]);
	ask_nexthops(buf, &t);
	s = feed_number(argv[4], "SEED") + 0x9e3779b97f4a7c15ULL;
	for (i = 0; i < n; i++) {
		do
			a = pick(&t, &s);
		while (own_space(&a));
		r = truth_lookup(&t, &a);
		ask(buf, &a, &c);
		routed += r != NULL;
		if ((why = wrong(&t, r, &c)) == NULL)
			continue;
		if (bad++ < SHOW_MAX)
			show(why, &a, r, &c);
	}
	printf("%u answers, %u of them with a route, %u differences\n", n,
	    routed, bad);
	return (bad != 0);
}
