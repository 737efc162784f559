/* SPDX-License-Identifier: ISC */
/*
 * BMP messages decoded (RFC 7854; Adj-RIB-Out RFC 8671; Loc-RIB RFC 9069).
 * Pure: bytes in, structs out, every length checked against the message's.
 */
#include <stdio.h>
#include <string.h>

#include "bmpe.h"

int
bmp_header(struct bmp_header *h, const uint8_t *p, size_t len, char *why,
    size_t n)
{
	if (len == 0)
		return (0);
	if (p[0] != BMP_VERSION) {
		snprintf(why, n, "found BMP version %u, expected %u", p[0],
		    BMP_VERSION);
		return (-1);
	}
	if (len < BMP_HEADER_LEN)
		return (0);
	h->len = bgp_get32(p + 1);
	h->type = p[5];
	if (h->len < BMP_HEADER_LEN || h->len > BMP_MSG_MAX) {
		snprintf(why, n, "found a message of %u bytes, expected %u to "
		    "%u", h->len, BMP_HEADER_LEN, BMP_MSG_MAX);
		return (-1);
	}
	return (len >= h->len);
}

/* 16 bytes; an IPv4 address is in the last four (RFC 7854 4.2). */
static void
address(struct addr *a, const uint8_t *p, bool v6)
{
	memset(a, 0, sizeof(*a));
	a->af = v6 ? AF_INET6 : AF_INET;
	memcpy(a->b, v6 ? p : p + 12, v6 ? 16 : 4);
}

bool
bmp_peer_header(struct bmp_peer_header *h, const uint8_t *p, size_t len)
{
	static const uint8_t zero[8];

	if (len < BMP_PEER_LEN)
		return (false);
	memset(h, 0, sizeof(*h));
	h->type = p[0];
	h->flags = p[1];
	h->key[0] = p[0];
	memcpy(h->key + 1, p + 2, BMP_KEY_LEN - 1);
	/* RFC 7854 4.2, RFC 9069 4.1: of the default instance it is zero. */
	h->vrf = h->type == BMP_PEER_RD || h->type == BMP_PEER_LOCAL ||
	    memcmp(p + 2, zero, sizeof(zero)) != 0;
	if (h->type != BMP_PEER_LOC_RIB)
		address(&h->addr, p + 10, (h->flags & BMP_FLAG_V) != 0);
	h->as = bgp_get32(p + 26);
	h->router_id = bgp_get32(p + 30);
	return (true);
}

/* A BGP message with its header: the body, and the rest behind it. */
static const uint8_t *
bgp_message(const uint8_t **p, size_t *len, enum bgp_type type, size_t *n)
{
	const uint8_t *body;
	size_t all;

	if (*len < BGP_HEADER_LEN)
		return (NULL);
	all = bgp_get16(*p + BGP_MARKER_LEN);
	if (all < BGP_HEADER_LEN || all > *len ||
	    (*p)[BGP_HEADER_LEN - 1] != type)
		return (NULL);
	body = *p + BGP_HEADER_LEN;
	*n = all - BGP_HEADER_LEN;
	*p += all;
	*len -= all;
	return (body);
}

bool
bmp_peer_up(struct bmp_peer_up *u, const uint8_t *p, size_t len,
    const char **why)
{
	static const uint8_t zero[12];
	const uint8_t *body;
	struct bgp_error err;
	size_t n;

	memset(u, 0, sizeof(*u));
	*why = "Peer Up is too short";
	if (len < 20)
		return (false);
	/* The header's V flag is of the peer's address; a session has both
	   ends of one family. */
	address(&u->local, p, memcmp(p, zero, sizeof(zero)) != 0);
	u->local_port = bgp_get16(p + 16);
	u->remote_port = bgp_get16(p + 18);
	p += 20;
	len -= 20;
	*why = "Peer Up has no OPEN that we sent";
	if ((body = bgp_message(&p, &len, BGP_OPEN, &n)) == NULL ||
	    !bgp_open_decode(&u->sent, body, n, &err))
		return (false);
	*why = "Peer Up has no OPEN that we received";
	return ((body = bgp_message(&p, &len, BGP_OPEN, &n)) != NULL &&
	    bgp_open_decode(&u->received, body, n, &err));
}

bool
bmp_peer_down(const uint8_t *p, size_t len, char *buf, size_t n)
{
	static const char *const reasons[] = { NULL, "closed by the router",
		"closed by the router's FSM", "closed by the peer",
		"lost: the peer sent no NOTIFICATION",
		"the router no longer monitors it",
		"closed by the router: its routing instance" };

	if (len < 1)
		return (false);
	if (p[0] == 0 || p[0] >= sizeof(reasons) / sizeof(reasons[0]))
		snprintf(buf, n, "reason %u", p[0]);
	else if ((p[0] == 1 || p[0] == 3) && len >= 1 + BGP_HEADER_LEN + 2)
		snprintf(buf, n, "%s: NOTIFICATION code %u subcode %u",
		    reasons[p[0]], p[1 + BGP_HEADER_LEN],
		    p[2 + BGP_HEADER_LEN]);
	else if (p[0] == 2 && len >= 3)
		snprintf(buf, n, "%s: event %u", reasons[2],
		    bgp_get16(p + 1));
	else
		snprintf(buf, n, "%s", reasons[p[0]]);
	return (true);
}

const uint8_t *
bmp_update(const uint8_t *p, size_t len, size_t *n, const char **why)
{
	const uint8_t *body;

	body = bgp_message(&p, &len, BGP_UPDATE, n);
	*why = "Route Monitoring has no UPDATE";
	if (body != NULL && len > 0) {
		*why = "bytes behind the UPDATE of a Route Monitoring";
		return (NULL);
	}
	return (body);
}

/* Somebody's text in a log line: no more than fits, and nothing that a
   terminal would act on. */
static void
printable(char *to, size_t size, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		to[i] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '?';
	to[i] = '\0';
}

/* The TLV numbers of the two messages differ (RFC 7854 4.4, 4.5). */
bool
bmp_info(struct bmp_info *info, const uint8_t *p, size_t len, bool initiation)
{
	uint16_t type;
	size_t n;

	memset(info, 0, sizeof(*info));
	info->reason = -1;
	while (len > 0) {
		if (len < 4 || (n = bgp_get16(p + 2)) > len - 4)
			return (false);
		type = bgp_get16(p);
		p += 4;
		if (type == 0)
			printable(info->text, sizeof(info->text), p, n);
		else if (initiation && type == 1)
			printable(info->descr, sizeof(info->descr), p, n);
		else if (initiation && type == 2)
			printable(info->name, sizeof(info->name), p, n);
		else if (!initiation && type == 1 && n == 2)
			info->reason = bgp_get16(p);
		p += n;
		len -= 4 + n;
	}
	return (true);
}

const char *
bmp_termination(int reason)
{
	static const char *const reasons[] = { "administratively closed",
		"unspecified reason", "out of resources",
		"redundant connection", "permanently closed" };

	if (reason < 0)
		return ("no reason given");
	if ((size_t)reason >= sizeof(reasons) / sizeof(reasons[0]))
		return ("unknown reason");
	return (reasons[reason]);
}
