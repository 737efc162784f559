/* SPDX-License-Identifier: ISC */
/*
 * A full table as BGP sees it: makes a stream of encoded UPDATE messages, and
 * sends such a stream as an iBGP speaker, as fast as the receiver takes it.
 *
 * bgpgen make FILE N4 N6 SEED NEXTHOPS4 NEXTHOPS6 COUNT
 * bgpgen send [-l] [-b LOCALADDR] ADDR PORT AS FILE
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/bgp.h"
#include "feed.h"

#define HOLD_TIME 180
#define KEEPALIVE_MS (HOLD_TIME * 1000 / 3)
#define CONNECT_MS 20000 /* the receiver may still be starting */
#define WRITE_MAX (1 << 20)
#define UPDATE_MAX 64 /* prefixes */

/*
 * Making a stream.
 */

/* One UPDATE: routes of one next hop, and which attributes they have. */
struct group {
	uint32_t first; /* in order[] */
	uint32_t set;
	uint8_t count;
};

struct making {
	FILE *out;
	const struct feed *feed;
	uint64_t seed;
	uint64_t rnd;
	uint32_t sets; /* made so far */
	unsigned long long bytes;
	uint32_t updates;
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

static uint8_t *
put_head(uint8_t *p, uint8_t flags, uint8_t type, size_t len)
{
	*p++ = len > 255 ? flags | BGP_FLAG_EXTENDED : flags;
	*p++ = type;
	if (len > 255)
		*p++ = (uint8_t)(len >> 8);
	*p++ = (uint8_t)len;
	return (p);
}

static uint8_t *
put_u32(uint8_t *p, uint8_t flags, uint8_t type, uint32_t v)
{
	p = put_head(p, flags, type, 4);
	bgp_put32(p, v);
	return (p + 4);
}

/* A third of the ASes are too big for two octets. */
static uint32_t
as_number(uint64_t *s)
{
	return (percent(s, 33) ? 131072 + below(s, 270000) :
				 1000 + below(s, 60000));
}

static uint8_t *
put_as_path(uint8_t *p, uint64_t *s, uint32_t neighbor)
{
	uint32_t as = 3000 + neighbor % 40, n = 2 + below(s, 6), i;

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
put_attrs(uint8_t *p, uint64_t seed, uint32_t set, uint32_t neighbor,
    const struct addr *nh)
{
	uint64_t s = seed ^ (uint64_t)set << 24;

	p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, 1);
	*p++ = percent(&s, 80) ? ORIGIN_IGP : ORIGIN_INCOMPLETE;
	p = put_as_path(p, &s, neighbor);
	if (nh != NULL) {
		p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, 4);
		memcpy(p, nh->b, 4);
		p += 4;
	}
	if (percent(&s, 50))
		p = put_u32(p, BGP_FLAG_OPTIONAL, BGP_ATTR_MED,
		    below(&s, 1000));
	p = put_u32(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_LOCAL_PREF,
	    100 + 50 * below(&s, 4));
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
put_nlri(uint8_t *p, const struct dfz_route *r)
{
	size_t n = (r->prefix.len + 7U) / 8;

	*p++ = r->prefix.len;
	memcpy(p, r->prefix.addr.b, n);
	return (p + n);
}

static uint8_t *
put_routes(uint8_t *p, const struct dfz_route *routes, const uint32_t *order,
    uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		p = put_nlri(p, &routes[order[i]]);
	return (p);
}

/* The message from its body in m, which ends at end. */
static void
write_update(struct making *mk, uint8_t *m, const uint8_t *end)
{
	size_t len = end - m;

	if (len > BGP_MSG_MAX)
		errx(1, "UPDATE of %zu bytes", len);
	memset(m, 0xff, BGP_MARKER_LEN);
	bgp_put16(m + BGP_MARKER_LEN, (uint16_t)len);
	m[BGP_HEADER_LEN - 1] = BGP_UPDATE;
	if (fwrite(m, len, 1, mk->out) != 1)
		err(1, "write");
	mk->bytes += len;
	mk->updates++;
}

static void
update4(struct making *mk, const struct group *g, const uint32_t *order)
{
	uint8_t m[2 * BGP_MSG_MAX], *attrs = m + BGP_HEADER_LEN + 4, *p;
	const struct dfz_route *routes = mk->feed->table.v4;
	uint32_t i = routes[order[g->first]].nexthop;
	struct addr nh = feed_nexthop(mk->feed, AF_INET, i);

	p = put_attrs(attrs, mk->seed, g->set, i, &nh);
	bgp_put16(attrs - 4, 0);
	bgp_put16(attrs - 2, (uint16_t)(p - attrs));
	write_update(mk, m, put_routes(p, routes, order + g->first, g->count));
}

/* MP_REACH_NLRI comes first (RFC 7606 s. 5.1). */
static void
update6(struct making *mk, const struct group *g, const uint32_t *order)
{
	uint8_t m[2 * BGP_MSG_MAX], *attrs = m + BGP_HEADER_LEN + 4, *p, *reach;
	const struct dfz_route *routes = mk->feed->table.v6;
	uint32_t i = routes[order[g->first]].nexthop;
	struct addr nh = feed_nexthop(mk->feed, AF_INET6, i);

	reach = attrs + 4;
	p = reach;
	bgp_put16(p, BGP_AFI_IPV6);
	p[2] = BGP_SAFI_UNICAST;
	p[3] = 16;
	memcpy(p + 4, nh.b, 16);
	p[20] = 0;
	p = put_routes(p + 21, routes, order + g->first, g->count);
	attrs[0] = BGP_FLAG_OPTIONAL | BGP_FLAG_EXTENDED;
	attrs[1] = BGP_ATTR_MP_REACH;
	bgp_put16(attrs + 2, (uint16_t)(p - reach));
	p = put_attrs(p, mk->seed, g->set, i, NULL);
	bgp_put16(attrs - 4, 0);
	bgp_put16(attrs - 2, (uint16_t)(p - attrs));
	write_update(mk, m, p);
}

static void
end_of_rib(struct making *mk)
{
	static const uint8_t unreach6[] = { BGP_FLAG_OPTIONAL,
		BGP_ATTR_MP_UNREACH, 3, 0, BGP_AFI_IPV6, BGP_SAFI_UNICAST };
	uint8_t m[64], *body = m + BGP_HEADER_LEN;

	memset(body, 0, 4);
	write_update(mk, m, body + 4);
	bgp_put16(body + 2, sizeof(unreach6));
	memcpy(body + 4, unreach6, sizeof(unreach6));
	write_update(mk, m, body + 4 + sizeof(unreach6));
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
order_by_nexthop(const struct feed *f, const struct dfz_route *r, uint32_t n)
{
	uint32_t *order = calloc(n + 1, sizeof(*order));
	uint32_t *at = calloc(f->nexthops + 1, sizeof(*at)), i;

	if (order == NULL || at == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++)
		at[r[i].nexthop + 1]++;
	for (i = 1; i <= f->nexthops; i++)
		at[i] += at[i - 1];
	for (i = 0; i < n; i++)
		order[at[r[i].nexthop]++] = i;
	free(at);
	return (order);
}

/*
 * Cut one family's routes into UPDATEs and write these in random order. Every
 * other UPDATE has attributes that an earlier one of its next hop had.
 */
static void
make_family(struct making *mk, const struct dfz_route *r, uint32_t n,
    void (*update)(struct making *, const struct group *, const uint32_t *))
{
	uint32_t *order = order_by_nexthop(mk->feed, r, n);
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
	for (i = 0; i < ng; i++)
		update(mk, &g[i], order);
	free(g);
	free(order);
}

static int
do_make(int argc, char **argv)
{
	struct making mk = { 0 };
	struct feed feed;

	if (argc != 1 + FEED_ARGS)
		return (-1);
	feed_make(&feed, argv + 1);
	mk.feed = &feed;
	mk.seed = mk.rnd = feed_number(argv[3], "SEED");
	if ((mk.out = fopen(argv[0], "w")) == NULL)
		err(1, "%s", argv[0]);
	make_family(&mk, feed.table.v4, feed.table.n4, update4);
	make_family(&mk, feed.table.v6, feed.table.n6, update6);
	end_of_rib(&mk);
	if (fclose(mk.out) != 0)
		err(1, "%s", argv[0]);
	printf("%u IPv4 and %u IPv6 prefixes, %u attribute sets, %u next hops, "
	       "%u UPDATE messages, %llu bytes\n",
	    feed.table.n4, feed.table.n6, mk.sets, 2 * feed.nexthops,
	    mk.updates, mk.bytes);
	dfz_free(&feed.table);
	return (0);
}

/*
 * Sending it.
 */
struct sending {
	int fd;
	uint8_t rx[2 * BGP_MSG_MAX];
	size_t rx_len;
	bool opened; /* its OPEN was seen */
	bool up; /* and its KEEPALIVE */
};

static long long
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

static void
say(const char *what)
{
	long long t = now_us();

	printf("%s %lld.%06lld\n", what, t / 1000000, t % 1000000);
	fflush(stdout);
}

/* Small, and nothing is queued before: a short write does not happen. */
static void
put_message(int fd, uint8_t type, const void *body, size_t len)
{
	uint8_t m[256];

	memset(m, 0xff, BGP_MARKER_LEN);
	bgp_put16(m + BGP_MARKER_LEN, (uint16_t)(BGP_HEADER_LEN + len));
	m[BGP_HEADER_LEN - 1] = type;
	if (len > 0)
		memcpy(m + BGP_HEADER_LEN, body, len);
	if (send(fd, m, BGP_HEADER_LEN + len, MSG_NOSIGNAL) !=
	    (ssize_t)(BGP_HEADER_LEN + len))
		err(1, "send");
}

static void
send_open(int fd, uint32_t as, const struct addr *id)
{
	uint8_t b[] = { BGP_VERSION, 0, 0, 0, HOLD_TIME, 0, 0, 0, 0, 20,
		BGP_PARAM_CAPABILITIES, 18, BGP_CAP_MP, 4, 0, BGP_AFI_IPV4, 0,
		BGP_SAFI_UNICAST, BGP_CAP_MP, 4, 0, BGP_AFI_IPV6, 0,
		BGP_SAFI_UNICAST, BGP_CAP_AS4, 4, 0, 0, 0, 0 };

	bgp_put16(b + 1, (uint16_t)(as > UINT16_MAX ? BGP_AS_TRANS : as));
	/* any identifier does, as long as it is not the receiver's */
	memcpy(b + 5, id->b, 4);
	b[5] ^= 0x80;
	bgp_put32(b + sizeof(b) - 4, as);
	put_message(fd, BGP_OPEN, b, sizeof(b));
}

static void
take_message(struct sending *s, const uint8_t *m, size_t len)
{
	switch (m[BGP_HEADER_LEN - 1]) {
	case BGP_OPEN:
		s->opened = true;
		put_message(s->fd, BGP_KEEPALIVE, NULL, 0);
		break;
	case BGP_KEEPALIVE:
		s->up = s->opened;
		break;
	case BGP_NOTIFICATION:
		errx(1, "NOTIFICATION %u/%u", m[BGP_HEADER_LEN],
		    len > BGP_HEADER_LEN + 1 ? m[BGP_HEADER_LEN + 1] : 0);
	}
}

/* Read what has come, look at each message, keep a broken one. */
static void
drain(struct sending *s)
{
	size_t off = 0, len;
	ssize_t n;

	n = recv(s->fd, s->rx + s->rx_len, sizeof(s->rx) - s->rx_len,
	    MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1)
		err(1, "receive");
	if (n == 0)
		errx(1, "the receiver closed the session");
	s->rx_len += n;
	while (s->rx_len - off >= BGP_HEADER_LEN) {
		len = bgp_get16(s->rx + off + BGP_MARKER_LEN);
		if (len < BGP_HEADER_LEN || len > BGP_MSG_MAX)
			errx(1, "message of %zu bytes", len);
		if (s->rx_len - off < len)
			break;
		take_message(s, s->rx + off, len);
		off += len;
	}
	memmove(s->rx, s->rx + off, s->rx_len - off);
	s->rx_len -= off;
}

static int
bound(const struct addr *a, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sa(a, port, &ss);
	char text[ADDRSTRLEN];
	int fd, on = 1;

	if ((fd = socket(ss.ss_family, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&ss, len) == -1)
		err(1, "%s port %u", addr_format(a, text), port);
	return (fd);
}

static int
accepted(const struct addr *a, uint16_t port)
{
	int fd, lfd = bound(a, port);

	if (listen(lfd, 1) == -1)
		err(1, "listen");
	if ((fd = accept(lfd, NULL, NULL)) == -1)
		err(1, "accept");
	close(lfd);
	return (fd);
}

static int
connected(const struct addr *a, uint16_t port, const struct addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sa(a, port, &ss);
	long long end = now_us() + CONNECT_MS * 1000LL;
	int fd;

	for (;;) {
		fd = bound(local, 0);
		if (connect(fd, (struct sockaddr *)&ss, len) == 0)
			return (fd);
		if (errno != ECONNREFUSED || now_us() > end)
			err(1, "connect");
		close(fd);
		usleep(20000);
	}
}

/* Write all of it, and look at what comes meanwhile. */
static void
blast(struct sending *s, const uint8_t *p, size_t left)
{
	struct pollfd pfd = { .fd = s->fd };
	ssize_t n;

	say("first");
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
	say("last");
}

/* Until the receiver's end of TCP has it all. */
static void
flush(struct sending *s)
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
hold(struct sending *s)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	long long next = now_us();

	for (;;) {
		if (now_us() >= next) {
			put_message(s->fd, BGP_KEEPALIVE, NULL, 0);
			next += KEEPALIVE_MS * 1000LL;
		}
		if (poll(&pfd, 1, 1000) == 1)
			drain(s);
	}
}

static int
do_send(int argc, char **argv)
{
	static struct sending s;
	struct addr a, local = { .af = AF_UNSPEC };
	struct pollfd pfd;
	struct stat st;
	bool passive = false;
	uint16_t port;
	uint8_t *file;
	int ch, fd;

	optind = 0;
	while ((ch = getopt(argc, argv, "+b:l")) != -1) {
		if (ch == 'l')
			passive = true;
		else if (ch != 'b' || addr_parse(optarg, &local) == -1)
			return (-1);
	}
	argv += optind;
	if (argc - optind != 4 || addr_parse(argv[0], &a) == -1)
		return (-1);
	port = (uint16_t)feed_number(argv[1], "PORT");
	if (local.af == AF_UNSPEC)
		local.af = a.af;
	if ((fd = open(argv[3], O_RDONLY)) == -1 || fstat(fd, &st) == -1)
		err(1, "%s", argv[3]);
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd,
	    0);
	if (file == MAP_FAILED)
		err(1, "%s", argv[3]);
	s.fd = passive ? accepted(&a, port) : connected(&a, port, &local);
	send_open(s.fd, feed_number(argv[2], "AS"), &a);
	pfd.fd = s.fd;
	pfd.events = POLLIN;
	while (!s.up)
		if (poll(&pfd, 1, -1) == 1)
			drain(&s);
	blast(&s, file, st.st_size);
	flush(&s);
	hold(&s);
	return (0);
}

int
main(int argc, char **argv)
{
	int r = -1;

	if (argc > 1 && strcmp(argv[1], "make") == 0)
		r = do_make(argc - 2, argv + 2);
	else if (argc > 1 && strcmp(argv[1], "send") == 0)
		r = do_send(argc - 1, argv + 1);
	if (r == -1)
		fprintf(stderr,
		    "usage: bgpgen make FILE " FEED_USAGE "\n"
		    "       bgpgen send [-l] [-b LOCAL] ADDR PORT AS FILE\n");
	return (r == 0 ? 0 : 1);
}
