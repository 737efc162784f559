/* SPDX-License-Identifier: ISC */
/*
 * A BGP speaker as small as tools need one: opens a session, sends what it is
 * given, and takes no notice of what the other side says as long as it is no
 * NOTIFICATION.
 */
#ifndef TOOLS_SPEAKER_H
#define TOOLS_SPEAKER_H

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/bgp.h"

#define SPEAKER_HOLD 180
#define KEEPALIVE_MS (SPEAKER_HOLD * 1000 / 3)
#define CONNECT_MS 20000 /* the receiver may still be starting */

struct speaker {
	int fd;
	long long keepalive; /* when the next is due, us */
	uint8_t rx[2 * BGP_MSG_MAX];
	size_t rx_len;
	bool opened; /* its OPEN was seen */
	bool up; /* and its KEEPALIVE */
};

static inline long long
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

static inline void
say(const char *what)
{
	long long t = now_us();

	printf("%s %lld.%06lld\n", what, t / 1000000, t % 1000000);
	fflush(stdout);
}

/* Small, and nothing is queued before: a short write does not happen. */
static inline void
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

static inline void
send_open(int fd, uint32_t as, const struct addr *id)
{
	uint8_t b[] = { BGP_VERSION, 0, 0, 0, SPEAKER_HOLD, 0, 0, 0, 0, 20,
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

static inline void
take_message(struct speaker *s, const uint8_t *m, size_t len)
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
static inline void
drain(struct speaker *s)
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

static inline int
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

static inline int
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

static inline int
connected(const struct addr *a, uint16_t port, const struct addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sa(a, port, &ss);
	long long end = now_us() + CONNECT_MS * 1000LL;
	int fd, on = 1;

	for (;;) {
		fd = bound(local, 0);
		/* as routers do: an UPDATE waits for no acknowledgement */
		if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			sizeof(on)) == -1)
			err(1, "TCP_NODELAY");
		if (connect(fd, (struct sockaddr *)&ss, len) == 0)
			return (fd);
		if (errno != ECONNREFUSED || now_us() > end)
			err(1, "connect");
		close(fd);
		usleep(20000);
	}
}

/*
 * Messages.
 */

/* The message whose body lies behind its header in m, up to end; its length. */
static inline size_t
finish_message(uint8_t *m, const uint8_t *end)
{
	size_t len = end - m;

	if (len > BGP_MSG_MAX)
		errx(1, "UPDATE of %zu bytes", len);
	memset(m, 0xff, BGP_MARKER_LEN);
	bgp_put16(m + BGP_MARKER_LEN, (uint16_t)len);
	m[BGP_HEADER_LEN - 1] = BGP_UPDATE;
	return (len);
}

static inline uint8_t *
put_head(uint8_t *p, uint8_t flags, uint8_t type, size_t len)
{
	*p++ = len > 255 ? flags | BGP_FLAG_EXTENDED : flags;
	*p++ = type;
	if (len > 255)
		*p++ = (uint8_t)(len >> 8);
	*p++ = (uint8_t)len;
	return (p);
}

static inline uint8_t *
put_u32(uint8_t *p, uint8_t flags, uint8_t type, uint32_t v)
{
	p = put_head(p, flags, type, 4);
	bgp_put32(p, v);
	return (p + 4);
}

static inline uint8_t *
put_nlri(uint8_t *p, const struct prefix *x)
{
	size_t n = (x->len + 7U) / 8;

	*p++ = x->len;
	memcpy(p, x->addr.b, n);
	return (p + n);
}

/* Up to and with the length byte of the next hop, or of the family. */
static inline uint8_t *
put_mp_head(uint8_t *p, uint8_t type)
{
	*p++ = BGP_FLAG_OPTIONAL | BGP_FLAG_EXTENDED;
	*p++ = type;
	p += 2; /* the length is not known yet */
	bgp_put16(p, BGP_AFI_IPV6);
	p[2] = BGP_SAFI_UNICAST;
	return (p + 3);
}

static inline void
end_mp(uint8_t *head, const uint8_t *end)
{
	bgp_put16(head + 2, (uint16_t)(end - head - 4));
}

/* MP_REACH_NLRI up to its prefixes. */
static inline uint8_t *
put_mp_reach(uint8_t *p, const struct addr *nexthop)
{
	p = put_mp_head(p, BGP_ATTR_MP_REACH);
	*p++ = 16;
	memcpy(p, nexthop->b, 16);
	p[16] = 0;
	return (p + 17);
}

/* One prefix of an iBGP peer; nexthop NULL: its withdrawal. */
static inline size_t
one_prefix(uint8_t *m, const struct prefix *x, const struct addr *nexthop,
    uint32_t local_pref)
{
	uint8_t *body = m + BGP_HEADER_LEN, *attrs, *p = body + 2;
	bool v4 = x->addr.af == AF_INET;

	if (nexthop == NULL && v4)
		p = put_nlri(p, x);
	bgp_put16(body, (uint16_t)(p - body - 2));
	attrs = p + 2;
	p = attrs;
	if (!v4) {
		p = nexthop == NULL ? put_mp_head(p, BGP_ATTR_MP_UNREACH) :
				      put_mp_reach(p, nexthop);
		p = put_nlri(p, x);
		end_mp(attrs, p);
	}
	if (nexthop != NULL) {
		p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, 1);
		*p++ = ORIGIN_IGP;
		p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_AS_PATH, 0);
		if (v4) {
			p = put_head(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP,
			    4);
			memcpy(p, nexthop->b, 4);
			p += 4;
		}
		p = put_u32(p, BGP_FLAG_TRANSITIVE, BGP_ATTR_LOCAL_PREF,
		    local_pref);
	}
	bgp_put16(attrs - 2, (uint16_t)(p - attrs));
	if (nexthop != NULL && v4)
		p = put_nlri(p, x);
	return (finish_message(m, p));
}

/* RFC 4724 2: both families. */
static inline size_t
end_of_rib(uint8_t *m)
{
	uint8_t *body = m + BGP_HEADER_LEN, *p;
	size_t len;

	memset(body, 0, 4);
	len = finish_message(m, body + 4);
	m += len;
	body = m + BGP_HEADER_LEN;
	memset(body, 0, 4);
	p = put_mp_head(body + 4, BGP_ATTR_MP_UNREACH);
	end_mp(body + 4, p);
	bgp_put16(body + 2, (uint16_t)(p - body - 4));
	return (len + finish_message(m, p));
}

/* A session that is up, from local, or accepted there if passive. */
static inline void
speaker_open(struct speaker *s, bool passive, const struct addr *a,
    uint16_t port, const struct addr *local, uint32_t as)
{
	struct pollfd pfd = { .events = POLLIN };

	s->fd = passive ? accepted(a, port) : connected(a, port, local);
	send_open(s->fd, as, passive ? a : local);
	pfd.fd = s->fd;
	while (!s->up)
		if (poll(&pfd, 1, -1) == 1)
			drain(s);
}

static inline void
speaker_keepalive(struct speaker *s)
{
	long long t = now_us();

	if (t < s->keepalive)
		return;
	put_message(s->fd, BGP_KEEPALIVE, NULL, 0);
	s->keepalive = t + KEEPALIVE_MS * 1000LL;
}

#endif
