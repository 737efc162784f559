/* SPDX-License-Identifier: ISC */
/*
 * A full table as BGP sees it: makes streams of encoded UPDATE messages, and
 * sends such a stream as a BGP speaker, as fast as the receiver takes it, or
 * two in turns, which is a flapping peer.
 *
 * bgpgen make [-ew] [-a AS] [-n FIRST] [-p PREF] [-s SHIFT] FILE N4 N6 SEED
 *     NEXTHOPS4 NEXTHOPS6 COUNT
 * bgpgen list [-w] FILE NEXTHOP4 NEXTHOP6 PREFIX...
 * bgpgen send [-l] [-b LOCAL] ADDR PORT AS FILE
 * bgpgen flap [-l] [-b LOCAL] [-c CYCLE] ADDR PORT AS SECONDS UP DOWN LAST
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <linux/sockios.h>

#include "feed.h"
#include "speaker.h"

#define WRITE_MAX (1 << 20)
#define CHUNK 4096 /* bytes, and the rest of a message */
#define UPDATE_MAX 64 /* prefixes */
#define LOCAL_PREF 200

/*
 * Making a stream.
 */

/* One UPDATE: routes of one next hop, and which attributes they have. */
struct group {
	uint32_t first; /* in order[] */
	uint32_t set;
	uint8_t count;
};

struct making_options {
	uint32_t as; /* all paths begin with it: an eBGP peer's; 0: iBGP */
	uint32_t shift; /* next hops are this much further */
	uint32_t first; /* only so many of the routes; 0: all */
	uint32_t pref; /* all have this LOCAL_PREF; 0: as it comes */
	bool even; /* of these every other */
	bool withdraw;
};

struct making {
	FILE *out;
	const struct feed *feed;
	const struct dfz_route *routes; /* of the family that is made */
	struct making_options o;
	uint64_t seed;
	uint64_t rnd;
	uint32_t sets; /* made so far */
	unsigned long long bytes;
	uint32_t updates;
	uint32_t prefixes;
};

/* splitmix64 */
static uint64_t
rnd(uint64_t *s)
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31);
}

static uint32_t
below(uint64_t *s, uint32_t n)
{
	return ((uint32_t)(rnd(s) % n));
}

static bool
percent(uint64_t *s, uint32_t n)
{
	return (below(s, 100) < n);
}

/* A third of the ASes are too big for two octets. */
static uint32_t
as_number(uint64_t *s)
{
	return (percent(s, 33) ? 131072 + below(s, 270000) :
				 1000 + below(s, 60000));
}

static uint8_t *
put_as_path(uint8_t *p, uint64_t *s, uint32_t as)
{
	uint32_t n = 2 + below(s, 6), i;

	p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_AS_PATH, 2 + 4 * n);
	*p++ = BGP_AS_SEQUENCE;
	*p++ = (uint8_t)n;
	for (i = 0; i < n; i++, p += 4) {
		if (i > 0 && !percent(s, 8)) /* else prepended */
			as = as_number(s);
		bgp_put32(p, as);
	}
	return (p);
}

static uint8_t *
put_communities(uint8_t *p, uint64_t *s)
{
	uint32_t i, n;

	if (percent(s, 90)) {
		n = 1 + below(s, 1 + below(s, 20));
		p = put_head(p, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE,
		    BGP_ATTR_COMMUNITIES, 4 * n);
		for (i = 0; i < n; i++, p += 4)
			bgp_put32(p,
			    (3000 + below(s, 40)) << 16 | below(s, 4000));
	}
	if (percent(s, 20)) {
		n = 1 + below(s, 6);
		p = put_head(p, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE,
		    BGP_ATTR_LARGE_COMMUNITIES, 12 * n);
		for (i = 0; i < n; i++, p += 12) {
			bgp_put32(p, as_number(s));
			bgp_put32(p + 4, below(s, 100));
			bgp_put32(p + 8, below(s, 10000));
		}
	}
	return (p);
}

/* A set's attributes depend on its number alone. nh NULL: in MP_REACH_NLRI. */
static uint8_t *
put_attrs(const struct making *mk, uint8_t *p, uint32_t set, uint32_t neighbor,
    const struct addr *nh)
{
	const struct making_options *o = &mk->o;
	uint64_t s = (mk->seed + o->as) ^ (uint64_t)set << 24;
	uint32_t pref;

	p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, 1);
	*p++ = percent(&s, 80) ? ORIGIN_IGP : ORIGIN_INCOMPLETE;
	p = put_as_path(p, &s, o->as != 0 ? o->as : 3000 + neighbor % 40);
	if (nh != NULL) {
		p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, 4);
		memcpy(p, nh->b, 4);
		p += 4;
	}
	if (percent(&s, 50))
		p = put_u32(p, BGP_FLAG_OPTIONAL, BGP_ATTR_MED,
		    below(&s, 1000));
	pref = 100 + 50 * below(&s, 4);
	if (o->as == 0)
		p = put_u32(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_LOCAL_PREF,
		    o->pref != 0 ? o->pref : pref);
	if (percent(&s, 10)) {
		p = put_head(p, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE,
		    BGP_ATTR_AGGREGATOR, 8);
		bgp_put32(p, as_number(&s));
		bgp_put32(p + 4, (uint32_t)rnd(&s) | 0x01000000);
		p += 8;
	}
	return (put_communities(p, &s));
}

static uint8_t *
put_routes(uint8_t *p, const struct dfz_route *routes, const uint32_t *order,
    uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		p = put_nlri(p, &routes[order[i]].prefix);
	return (p);
}

static void
write_update(struct making *mk, uint8_t *m, const uint8_t *end)
{
	size_t len = finish_message(m, end);

	if (fwrite(m, len, 1, mk->out) != 1)
		err(1, "write");
	mk->bytes += len;
	mk->updates++;
}

static void
update4(struct making *mk, const struct group *g, const uint32_t *order)
{
	uint8_t m[2 * BGP_MSG_MAX], *attrs = m + BGP_HEADER_LEN + 4, *p;
	const struct dfz_route *routes = mk->routes;
	uint32_t i = routes[order[g->first]].nexthop;
	struct addr nh = feed_nexthop(mk->feed, AF_INET, i);

	p = put_attrs(mk, attrs, g->set, i, &nh);
	bgp_put16(attrs - 4, 0);
	bgp_put16(attrs - 2, (uint16_t)(p - attrs));
	write_update(mk, m, put_routes(p, routes, order + g->first, g->count));
}

/* MP_REACH_NLRI comes first (RFC 7606 s. 5.1). */
static void
update6(struct making *mk, const struct group *g, const uint32_t *order)
{
	uint8_t m[2 * BGP_MSG_MAX], *attrs = m + BGP_HEADER_LEN + 4, *p;
	const struct dfz_route *routes = mk->routes;
	uint32_t i = routes[order[g->first]].nexthop;
	struct addr nh = feed_nexthop(mk->feed, AF_INET6, i);

	p = put_mp_reach(attrs, &nh);
	p = put_routes(p, routes, order + g->first, g->count);
	end_mp(attrs, p);
	p = put_attrs(mk, p, g->set, i, NULL);
	bgp_put16(attrs - 4, 0);
	bgp_put16(attrs - 2, (uint16_t)(p - attrs));
	write_update(mk, m, p);
}

static void
withdraw4(struct making *mk, const struct group *g, const uint32_t *order)
{
	uint8_t m[2 * BGP_MSG_MAX], *body = m + BGP_HEADER_LEN, *p;

	p = put_routes(body + 2, mk->routes, order + g->first, g->count);
	bgp_put16(body, (uint16_t)(p - body - 2));
	bgp_put16(p, 0);
	write_update(mk, m, p + 2);
}

static void
withdraw6(struct making *mk, const struct group *g, const uint32_t *order)
{
	uint8_t m[2 * BGP_MSG_MAX], *attrs = m + BGP_HEADER_LEN + 4, *p;

	p = put_mp_head(attrs, BGP_ATTR_MP_UNREACH);
	p = put_routes(p, mk->routes, order + g->first, g->count);
	end_mp(attrs, p);
	bgp_put16(attrs - 4, 0);
	bgp_put16(attrs - 2, (uint16_t)(p - attrs));
	write_update(mk, m, p);
}

/* Prefixes of one UPDATE: mostly few, about six on average. */
static uint8_t
group_size(uint64_t *s)
{
	uint32_t x = below(s, 100);

	if (x < 45)
		return ((uint8_t)(1 + below(s, 2)));
	if (x < 80)
		return ((uint8_t)(3 + below(s, 4)));
	if (x < 95)
		return ((uint8_t)(7 + below(s, 14)));
	return ((uint8_t)(21 + below(s, UPDATE_MAX - 20)));
}

/* order[]: the routes by next hop, else as they are; counting sort. */
static uint32_t *
order_by_nexthop(const struct feed *f, uint32_t shift,
    const struct dfz_route *r, uint32_t n)
{
	uint32_t *order = calloc(n + 1, sizeof(*order));
	uint32_t *at = calloc(f->nexthops + 1, sizeof(*at)), i;

	if (order == NULL || at == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++)
		at[r[i].nexthop - shift + 1]++;
	for (i = 1; i <= f->nexthops; i++)
		at[i] += at[i - 1];
	for (i = 0; i < n; i++)
		order[at[r[i].nexthop - shift]++] = i;
	free(at);
	return (order);
}

/* The routes of a family that are wanted, with their next hops. */
static uint32_t
choose(struct making *mk, const struct dfz_route *r, uint32_t n,
    struct dfz_route **out)
{
	uint32_t i, k = 0, step = mk->o.even ? 2 : 1;

	if ((*out = calloc(n + 1, sizeof(**out))) == NULL)
		err(1, NULL);
	if (mk->o.first != 0)
		n = feed_first(mk->feed, n, mk->o.first);
	for (i = 0; i < n; i += step) {
		(*out)[k] = r[i];
		(*out)[k++].nexthop += mk->o.shift;
	}
	return (k);
}

/*
 * Cut one family's routes into UPDATEs and write these in random order. Every
 * other UPDATE has attributes that an earlier one of its next hop had.
 */
static void
make_family(struct making *mk, const struct dfz_route *all, uint32_t nall,
    void (*update)(struct making *, const struct group *, const uint32_t *))
{
	struct dfz_route *r;
	uint32_t n = choose(mk, all, nall, &r);
	uint32_t *order = order_by_nexthop(mk->feed, mk->o.shift, r, n);
	struct group *g = calloc(n + 1, sizeof(*g)), t;
	uint32_t i, j, k, first = mk->sets, ng = 0;

	if (g == NULL)
		err(1, NULL);
	for (i = 0; i < n; i += g[ng++].count) {
		if (i == 0 || r[order[i]].nexthop != r[order[i - 1]].nexthop)
			first = mk->sets;
		g[ng].first = i;
		g[ng].count = group_size(&mk->rnd);
		if (mk->sets > first && percent(&mk->rnd, 50))
			g[ng].set = first + below(&mk->rnd, mk->sets - first);
		else
			g[ng].set = mk->sets++;
		for (j = 1; j < g[ng].count; j++)
			if (i + j == n ||
			    r[order[i + j]].nexthop != r[order[i]].nexthop)
				g[ng].count = (uint8_t)j;
	}
	for (i = ng; i > 1; i--) {
		k = below(&mk->rnd, i);
		t = g[i - 1];
		g[i - 1] = g[k];
		g[k] = t;
	}
	mk->routes = r;
	mk->prefixes += n;
	for (i = 0; i < ng; i++)
		update(mk, &g[i], order);
	free(g);
	free(order);
	free(r);
}

static void
make_options(struct making_options *o, int argc, char **argv)
{
	int ch;

	optind = 0;
	while ((ch = getopt(argc, argv, "+a:en:p:s:w")) != -1) {
		switch (ch) {
		case 'a':
			o->as = feed_number(optarg, "AS");
			break;
		case 'e':
			o->even = true;
			break;
		case 'n':
			o->first = feed_number(optarg, "FIRST");
			break;
		case 'p':
			o->pref = feed_number(optarg, "LOCAL_PREF");
			break;
		case 's':
			o->shift = feed_number(optarg, "SHIFT");
			break;
		case 'w':
			o->withdraw = true;
			break;
		default:
			exit(1);
		}
	}
}

static int
do_make(int argc, char **argv)
{
	struct making mk = { 0 };
	uint8_t m[128];
	struct feed feed;
	uint32_t n4;
	size_t len;

	make_options(&mk.o, argc, argv);
	argv += optind;
	if (argc - optind != 1 + FEED_ARGS)
		return (-1);
	feed_make(&feed, argv + 1);
	mk.feed = &feed;
	mk.seed = mk.rnd = feed_number(argv[3], "SEED");
	mk.rnd += mk.o.as;
	if ((mk.out = fopen(argv[0], "w")) == NULL)
		err(1, "%s", argv[0]);
	make_family(&mk, feed.table.v4, feed.table.n4,
	    mk.o.withdraw ? withdraw4 : update4);
	n4 = mk.prefixes;
	make_family(&mk, feed.table.v6, feed.table.n6,
	    mk.o.withdraw ? withdraw6 : update6);
	if (mk.o.first == 0) {
		len = end_of_rib(m);
		if (fwrite(m, len, 1, mk.out) != 1)
			err(1, "write");
		mk.bytes += len;
	}
	if (fclose(mk.out) != 0)
		err(1, "%s", argv[0]);
	printf("%u IPv4 and %u IPv6 prefixes, %u attribute sets, %u next hops, "
	       "%u UPDATE messages, %llu bytes\n",
	    n4, mk.prefixes - n4, mk.sets, 2 * feed.nexthops, mk.updates,
	    mk.bytes);
	dfz_free(&feed.table);
	return (0);
}

/*
 * Sending it.
 */

/* Write all of it, and look at what comes meanwhile. */
static void
blast(struct speaker *s, const uint8_t *p, size_t left)
{
	struct pollfd pfd = { .fd = s->fd };
	ssize_t n;

	while (left > 0) {
		n = send(s->fd, p, left < WRITE_MAX ? left : WRITE_MAX,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			err(1, "send");
		if (n > 0) {
			p += n;
			left -= n;
		}
		pfd.events = POLLIN | (n > 0 ? 0 : POLLOUT);
		if (poll(&pfd, 1, n > 0 ? 0 : KEEPALIVE_MS) == 1 &&
		    (pfd.revents & ~POLLOUT))
			drain(s);
	}
}

/* Until the receiver's end of TCP has it all. */
static void
flush(struct speaker *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	int queued;

	do {
		if (ioctl(s->fd, SIOCOUTQ, &queued) == -1)
			err(1, "SIOCOUTQ");
		if (poll(&pfd, 1, 2) == 1)
			drain(s);
	} while (queued > 0);
	say("acked");
}

static void
hold(struct speaker *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };

	for (;;) {
		speaker_keepalive(s);
		if (poll(&pfd, 1, 1000) == 1)
			drain(s);
	}
}

struct stream {
	uint8_t *p;
	size_t len;
};

static void
load(struct stream *st, const char *path)
{
	struct stat sb;
	int fd;

	if ((fd = open(path, O_RDONLY)) == -1 || fstat(fd, &sb) == -1)
		err(1, "%s", path);
	st->len = sb.st_size;
	st->p =
	    mmap(NULL, st->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (st->p == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
}

/*
 * A stream at an even pace that takes us microseconds, by whole messages;
 * until end at the latest.  0: as fast as it is taken.
 */
static void
pace(struct speaker *s, const struct stream *st, long long us, long long end)
{
	long long start = now_us(), t;
	size_t off = 0, next;

	while (off < st->len && (t = now_us()) < end) {
		for (next = off; next < st->len &&
		     (us == 0 ? next - off < CHUNK :
				(t - start) * (long long)st->len >=
				 (long long)next * us);)
			next += bgp_get16(st->p + next + BGP_MARKER_LEN);
		if (next == off)
			usleep(500);
		else
			blast(s, st->p + off, next - off);
		off = next;
	}
}

/* Where a session is opened to, as options and arguments say. */
static int
open_session(struct speaker *s, int argc, char **argv, long long *cycle)
{
	struct addr a, local = { .af = AF_UNSPEC };
	bool passive = false;
	int ch;

	optind = 0;
	while ((ch = getopt(argc, argv, "+b:c:l")) != -1) {
		if (ch == 'l')
			passive = true;
		else if (ch == 'c' && cycle != NULL)
			*cycle = (long long)(strtod(optarg, NULL) * 1e6);
		else if (ch != 'b' || addr_parse(optarg, &local) == -1)
			return (-1);
	}
	argv += optind;
	if (argc - optind < 3 || addr_parse(argv[0], &a) == -1)
		return (-1);
	if (local.af == AF_UNSPEC)
		local = a;
	speaker_open(s, passive, &a, (uint16_t)feed_number(argv[1], "PORT"),
	    &local, feed_number(argv[2], "AS"));
	return (0);
}

static int
do_send(int argc, char **argv)
{
	static struct speaker s;
	struct stream st;

	if (argc < 2)
		return (-1);
	load(&st, argv[argc - 1]);
	if (open_session(&s, argc - 1, argv, NULL) == -1)
		return (-1);
	say("first");
	blast(&s, st.p, st.len);
	say("last");
	flush(&s);
	hold(&s);
	return (0);
}

/* Both streams in turns, for so long; then the last word. */
static int
do_flap(int argc, char **argv)
{
	static struct speaker s;
	struct stream up, down, last;
	long long cycle = 0, end;
	unsigned int turns = 0;
	uint8_t m[128];

	if (argc < 8)
		return (-1);
	load(&up, argv[argc - 3]);
	load(&down, argv[argc - 2]);
	load(&last, argv[argc - 1]);
	if (open_session(&s, argc - 4, argv, &cycle) == -1)
		return (-1);
	blast(&s, m, end_of_rib(m));
	say("first");
	end = now_us() + feed_number(argv[argc - 4], "SECONDS") * 1000000LL;
	while (now_us() < end) {
		pace(&s, turns++ % 2 == 0 ? &up : &down, cycle / 2, end);
	}
	say("last");
	blast(&s, down.p, down.len);
	blast(&s, last.p, last.len);
	flush(&s);
	printf("turns %u\n", turns);
	fflush(stdout);
	hold(&s);
	return (0);
}

/* Prefixes, each in an UPDATE of its own. */
static int
do_list(int argc, char **argv)
{
	bool down = argc > 1 && strcmp(argv[1], "-w") == 0;
	uint8_t m[BGP_MSG_MAX];
	struct addr nh[2];
	struct prefix x;
	size_t len;
	FILE *f;
	int i;

	argc -= down ? 2 : 1;
	argv += down ? 2 : 1;
	if (argc < 4 || addr_parse(argv[1], &nh[0]) == -1 ||
	    addr_parse(argv[2], &nh[1]) == -1)
		return (-1);
	if ((f = fopen(argv[0], "w")) == NULL)
		err(1, "%s", argv[0]);
	for (i = 3; i < argc; i++) {
		if (prefix_parse(argv[i], &x, NULL) == -1)
			errx(1, "%s: not a prefix", argv[i]);
		len = one_prefix(m, &x,
		    down ? NULL : &nh[x.addr.af == AF_INET ? 0 : 1],
		    LOCAL_PREF);
		if (fwrite(m, len, 1, f) != 1)
			err(1, "write");
	}
	if (fclose(f) != 0)
		err(1, "%s", argv[0]);
	return (0);
}

int
main(int argc, char **argv)
{
	int r = -1;

	if (argc > 1 && strcmp(argv[1], "make") == 0)
		r = do_make(argc - 1, argv + 1);
	else if (argc > 1 && strcmp(argv[1], "list") == 0)
		r = do_list(argc - 1, argv + 1);
	else if (argc > 1 && strcmp(argv[1], "send") == 0)
		r = do_send(argc - 1, argv + 1);
	else if (argc > 1 && strcmp(argv[1], "flap") == 0)
		r = do_flap(argc - 1, argv + 1);
	if (r == -1)
		fprintf(stderr,
		    "usage: bgpgen make [-ew] [-a AS] [-n FIRST] [-p PREF] "
		    "[-s SHIFT] FILE\n"
		    "           " FEED_USAGE "\n"
		    "       bgpgen list [-w] FILE NEXTHOP4 NEXTHOP6 "
		    "PREFIX...\n"
		    "       bgpgen send [-l] [-b LOCAL] ADDR PORT AS FILE\n"
		    "       bgpgen flap [-l] [-b LOCAL] [-c CYCLE] ADDR PORT "
		    "AS SECONDS\n"
		    "           UP DOWN LAST\n");
	return (r == 0 ? 0 : 1);
}
