/* SPDX-License-Identifier: ISC */
/*
 * Addresses, prefixes and MACs as plain values: parse, format, compare.
 * Nothing here resolves names or asks the system.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "addr.h"

int
af_bits(int af)
{
	return (af == AF_INET ? 32 : 128);
}

int
af_bytes(int af)
{
	return (af == AF_INET ? 4 : 16);
}

int
addr_parse(const char *s, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, a->b) == 1)
		a->af = AF_INET;
	else if (inet_pton(AF_INET6, s, a->b) == 1)
		a->af = AF_INET6;
	else {
		/* inet_pton may have written a part of it. */
		memset(a, 0, sizeof(*a));
		return (-1);
	}
	return (0);
}

char *
addr_format(const struct addr *a, char *buf)
{
	if (a->af == AF_UNSPEC ||
	    inet_ntop(a->af, a->b, buf, ADDRSTRLEN) == NULL) {
		buf[0] = '-';
		buf[1] = '\0';
	}
	return (buf);
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->af != b->af)
		return (a->af < b->af ? -1 : 1);
	return (memcmp(a->b, b->b, sizeof(a->b)));
}

void
addr_from_sa(struct addr *a, const struct sockaddr *sa)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	memset(a, 0, sizeof(*a));
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&sin, sa, sizeof(sin));
		memcpy(a->b, &sin.sin_addr, 4);
		a->af = AF_INET;
		break;
	case AF_INET6:
		memcpy(&sin6, sa, sizeof(sin6));
		memcpy(a->b, &sin6.sin6_addr, 16);
		a->af = AF_INET6;
		break;
	}
}

socklen_t
addr_to_sa(const struct addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	memset(ss, 0, sizeof(*ss));
	switch (a->af) {
	case AF_INET:
		memset(&sin, 0, sizeof(sin));
		sin.sin_family = AF_INET;
		sin.sin_port = htons(port);
		memcpy(&sin.sin_addr, a->b, 4);
		memcpy(ss, &sin, sizeof(sin));
		return (sizeof(sin));
	case AF_INET6:
		memset(&sin6, 0, sizeof(sin6));
		sin6.sin6_family = AF_INET6;
		sin6.sin6_port = htons(port);
		memcpy(&sin6.sin6_addr, a->b, 16);
		memcpy(ss, &sin6, sizeof(sin6));
		return (sizeof(sin6));
	}
	return (0);
}

uint16_t
sa_port(const struct sockaddr *sa)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&sin, sa, sizeof(sin));
		return (ntohs(sin.sin_port));
	case AF_INET6:
		memcpy(&sin6, sa, sizeof(sin6));
		return (ntohs(sin6.sin6_port));
	}
	return (0);
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->af == AF_INET)
		return (a->b[0] == 127);
	return (a->af == AF_INET6 && memcmp(a->b, one, 16) == 0);
}

bool
addr_is_multicast(const struct addr *a)
{
	if (a->af == AF_INET)
		return ((a->b[0] & 0xf0) == 0xe0);
	return (a->af == AF_INET6 && a->b[0] == 0xff);
}

bool
addr_is_linklocal(const struct addr *a)
{
	if (a->af == AF_INET)
		return (a->b[0] == 169 && a->b[1] == 254);
	return (
	    a->af == AF_INET6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

bool
addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];

	return (a->af == AF_UNSPEC || memcmp(a->b, zero, 16) == 0);
}

/* Digits only and no leading zero: strtol would take "+8" and " 8". */
static int
prefixlen_parse(const char *s, int max)
{
	int n = 0;

	if (s[0] == '\0' || (s[0] == '0' && s[1] != '\0'))
		return (-1);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return (-1);
		n = n * 10 + (*s - '0');
		if (n > max)
			return (-1);
	}
	return (n);
}

int
prefix_parse(const char *s, struct prefix *p, bool *hostbits)
{
	const char *slash;
	char buf[ADDRSTRLEN];
	size_t n;
	int len;
	bool set;

	memset(p, 0, sizeof(*p));
	slash = strchr(s, '/');
	n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	if (n >= sizeof(buf))
		return (-1);
	memcpy(buf, s, n);
	buf[n] = '\0';
	if (addr_parse(buf, &p->addr) == -1)
		return (-1);
	len = af_bits(p->addr.af);
	if (slash != NULL && (len = prefixlen_parse(slash + 1, len)) == -1) {
		memset(p, 0, sizeof(*p));
		return (-1);
	}
	p->len = len;
	set = prefix_mask(p);
	if (hostbits != NULL)
		*hostbits = set;
	return (0);
}

char *
prefix_format(const struct prefix *p, char *buf)
{
	size_t n;

	addr_format(&p->addr, buf);
	if (p->addr.af != AF_UNSPEC) {
		n = strlen(buf);
		snprintf(buf + n, PREFIXSTRLEN - n, "/%u", p->len);
	}
	return (buf);
}

bool
prefix_mask(struct prefix *p)
{
	uint8_t keep;
	int i;
	bool set = false;

	for (i = p->len / 8; i < (int)sizeof(p->addr.b); i++) {
		keep = i == p->len / 8 ? (uint8_t)(0xff00 >> (p->len % 8)) : 0;
		if ((p->addr.b[i] & ~keep) != 0) {
			p->addr.b[i] &= keep;
			set = true;
		}
	}
	return (set);
}

bool
prefix_contains(const struct prefix *p, const struct addr *a)
{
	int bytes = p->len / 8, bits = p->len % 8;

	if (p->addr.af != a->af || memcmp(p->addr.b, a->b, bytes) != 0)
		return (false);
	return (bits == 0 || ((p->addr.b[bytes] ^ a->b[bytes]) &
				 (0xff00 >> bits) & 0xff) == 0);
}

bool
prefix_covers(const struct prefix *p, const struct prefix *q)
{
	return (q->len >= p->len && prefix_contains(p, &q->addr));
}

int
prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int r;

	if ((r = addr_cmp(&a->addr, &b->addr)) != 0)
		return (r);
	return (a->len < b->len ? -1 : a->len > b->len);
}

char *
mac_format(const uint8_t *m, char *buf)
{
	snprintf(buf, MACSTRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
	    m[2], m[3], m[4], m[5]);
	return (buf);
}
