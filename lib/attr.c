/* SPDX-License-Identifier: ISC */
/*
 * Path attributes and batches of routes between an engine and rde. The sender
 * is not trusted: whatever is read here has every length and value checked.
 *
 * Canonical form, integers in host order: u8 origin, u8 has, u8 family of the
 * next hop, u16 cluster ids, u32 MED, u32 LOCAL_PREF, u32 originator (0 where
 * there is none), the next hop's bytes, u16 lengths of AS_PATH, communities,
 * extended and large communities, then their bytes.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <string.h>

#include "attr.h"

#define ATTR_HAS_ALL (ATTR_HAS_MED | ATTR_HAS_LOCAL_PREF | ATTR_HAS_ORIGINATOR)

/* Segment types of RFC 4271 s. 4.3 and RFC 5065 s. 3. */
enum segment { SEG_SET = 1, SEG_SEQUENCE, SEG_CONFED_SEQUENCE, SEG_CONFED_SET };

#define SEG_HEAD 2 /* type and count */
#define SEG_AS 4 /* bytes of one AS */

/* u32 path id, u8 length, the longest prefix */
#define NLRI_MAX (4 + 1 + 16)

static bool
path_valid(const uint8_t *p, size_t n)
{
	size_t seg;

	while (n != 0) {
		if (n < SEG_HEAD || p[0] < SEG_SET || p[0] > SEG_CONFED_SET ||
		    p[1] == 0)
			return (false);
		seg = SEG_HEAD + (size_t)p[1] * SEG_AS;
		if (n < seg)
			return (false);
		p += seg;
		n -= seg;
	}
	return (true);
}

static bool
attrs_valid(const struct attrs *a)
{
	return (
	    a->origin <= ORIGIN_INCOMPLETE && (a->has & ~ATTR_HAS_ALL) == 0 &&
	    (a->nexthop.af == AF_INET || a->nexthop.af == AF_INET6) &&
	    a->communities_len % 4 == 0 && a->ext_communities_len % 8 == 0 &&
	    a->large_communities_len % 12 == 0 &&
	    path_valid(a->as_path, a->as_path_len));
}

static size_t
attrs_size(const struct attrs *a)
{
	return (3 + 2 + 3 * 4 + af_bytes(a->nexthop.af) + 4 * 2 +
		(size_t)a->as_path_len + a->communities_len +
		a->ext_communities_len + a->large_communities_len);
}

int
attrs_put(struct ibuf *b, const struct attrs *a)
{
	size_t n;

	if (!attrs_valid(a) || (n = attrs_size(a)) > ATTRS_MAX) {
		if (b->failed == 0)
			b->failed = ERANGE;
		errno = b->failed;
		return (-1);
	}
	ibuf_put_u16(b, n);
	ibuf_put_u8(b, a->origin);
	ibuf_put_u8(b, a->has);
	ibuf_put_u8(b, a->nexthop.af);
	ibuf_put_u16(b, a->cluster_len);
	ibuf_put_u32(b, a->has & ATTR_HAS_MED ? a->med : 0);
	ibuf_put_u32(b, a->has & ATTR_HAS_LOCAL_PREF ? a->local_pref : 0);
	ibuf_put_u32(b, a->has & ATTR_HAS_ORIGINATOR ? a->originator : 0);
	ibuf_put(b, a->nexthop.b, af_bytes(a->nexthop.af));
	ibuf_put_u16(b, a->as_path_len);
	ibuf_put_u16(b, a->communities_len);
	ibuf_put_u16(b, a->ext_communities_len);
	ibuf_put_u16(b, a->large_communities_len);
	ibuf_put(b, a->as_path, a->as_path_len);
	ibuf_put(b, a->communities, a->communities_len);
	ibuf_put(b, a->ext_communities, a->ext_communities_len);
	return (ibuf_put(b, a->large_communities, a->large_communities_len));
}

int
attrs_parse(const uint8_t *blob, size_t n, struct attrs *a)
{
	struct ibuf b;

	memset(a, 0, sizeof(*a));
	ibuf_from(&b, blob, n);
	if (n > ATTRS_MAX || ibuf_get_u8(&b, &a->origin) == -1 ||
	    ibuf_get_u8(&b, &a->has) == -1 ||
	    ibuf_get_u8(&b, &a->nexthop.af) == -1 ||
	    ibuf_get_u16(&b, &a->cluster_len) == -1 ||
	    ibuf_get_u32(&b, &a->med) == -1 ||
	    ibuf_get_u32(&b, &a->local_pref) == -1 ||
	    ibuf_get_u32(&b, &a->originator) == -1 ||
	    (a->nexthop.af != AF_INET && a->nexthop.af != AF_INET6) ||
	    ibuf_get(&b, a->nexthop.b, af_bytes(a->nexthop.af)) == -1 ||
	    ibuf_get_u16(&b, &a->as_path_len) == -1 ||
	    ibuf_get_u16(&b, &a->communities_len) == -1 ||
	    ibuf_get_u16(&b, &a->ext_communities_len) == -1 ||
	    ibuf_get_u16(&b, &a->large_communities_len) == -1)
		goto bad;
	if ((a->as_path = ibuf_take(&b, a->as_path_len)) == NULL ||
	    (a->communities = ibuf_take(&b, a->communities_len)) == NULL ||
	    (a->ext_communities = ibuf_take(&b, a->ext_communities_len)) ==
		NULL ||
	    (a->large_communities = ibuf_take(&b, a->large_communities_len)) ==
		NULL ||
	    ibuf_end(&b) == -1 || !attrs_valid(a))
		goto bad;
	/* What is absent has one form only, or equal sets would differ. */
	if ((!(a->has & ATTR_HAS_MED) && a->med != 0) ||
	    (!(a->has & ATTR_HAS_LOCAL_PREF) && a->local_pref != 0) ||
	    (!(a->has & ATTR_HAS_ORIGINATOR) && a->originator != 0))
		goto bad;
	return (0);

bad:
	memset(a, 0, sizeof(*a));
	errno = EBADMSG;
	return (-1);
}

int
attrs_get(struct ibuf *b, struct attrs *a, const uint8_t **blob, size_t *len)
{
	const uint8_t *p;
	uint16_t n;

	if (ibuf_get_u16(b, &n) == -1 || (p = ibuf_take(b, n)) == NULL ||
	    attrs_parse(p, n, a) == -1)
		return (-1);
	if (blob != NULL)
		*blob = p;
	if (len != NULL)
		*len = n;
	return (0);
}

uint32_t
attrs_path_hops(const struct attrs *a)
{
	const uint8_t *p;
	uint32_t hops = 0;
	size_t off;

	for (off = 0; off < a->as_path_len; off += SEG_HEAD + p[1] * SEG_AS) {
		p = a->as_path + off;
		if (p[0] == SEG_SEQUENCE)
			hops += p[1];
		else if (p[0] == SEG_SET)
			hops++;
	}
	return (hops);
}

uint32_t
attrs_neighbor_as(const struct attrs *a)
{
	const uint8_t *p;
	uint32_t as;
	size_t off;

	for (off = 0; off < a->as_path_len; off += SEG_HEAD + p[1] * SEG_AS) {
		p = a->as_path + off;
		/* Those are of our own AS (RFC 5065 s. 5.3). */
		if (p[0] >= SEG_CONFED_SEQUENCE)
			continue;
		if (p[0] != SEG_SEQUENCE)
			return (0);
		memcpy(&as, p + SEG_HEAD, sizeof(as));
		return (ntohl(as));
	}
	return (0);
}

int
route_batch_start(
    struct ibuf *b, uint32_t peer, int af, const struct attrs *attrs)
{
	ibuf_put_u32(b, peer);
	ibuf_put_u8(b, af);
	if (attrs == NULL)
		return (ibuf_put_u8(b, 1));
	ibuf_put_u8(b, 0);
	return (attrs_put(b, attrs));
}

int
route_batch_add(struct ibuf *b, uint32_t path_id, const struct prefix *p)
{
	uint8_t nlri[NLRI_MAX];
	size_t n = (p->len + 7) / 8;

	if (n > 16 || b->wpos + 5 + n > b->max) {
		errno = ERANGE;
		return (-1);
	}
	memcpy(nlri, &path_id, sizeof(path_id));
	nlri[4] = p->len;
	memcpy(nlri + 5, p->addr.b, n);
	return (ibuf_put(b, nlri, 5 + n));
}

int
route_batch_get(struct ibuf *b, struct route_batch *rb)
{
	memset(rb, 0, sizeof(*rb));
	if (ibuf_get_u32(b, &rb->peer) == -1 || ibuf_get_u8(b, &rb->af) == -1 ||
	    ibuf_get_u8(b, &rb->withdraw) == -1)
		return (-1);
	if ((rb->af != AF_INET && rb->af != AF_INET6) || rb->withdraw > 1) {
		errno = EBADMSG;
		return (-1);
	}
	if (rb->withdraw)
		return (0);
	return (attrs_get(b, &rb->attrs, &rb->blob, &rb->blob_len));
}

int
route_batch_next(struct ibuf *b, const struct route_batch *rb,
    uint32_t *path_id, struct prefix *p)
{
	if (ibuf_left(b) == 0)
		return (0);
	memset(p, 0, sizeof(*p));
	if (ibuf_get_u32(b, path_id) == -1 || ibuf_get_u8(b, &p->len) == -1)
		return (-1);
	p->addr.af = rb->af;
	if (p->len > af_bits(rb->af)) {
		errno = EBADMSG;
		return (-1);
	}
	if (ibuf_get(b, p->addr.b, (p->len + 7) / 8) == -1)
		return (-1);
	/* Whole bytes behind the length are zero, bits in the last may not. */
	if (p->len % 8 != 0 &&
	    (p->addr.b[p->len / 8] & (0xff >> (p->len % 8))) != 0) {
		errno = EBADMSG;
		return (-1);
	}
	return (1);
}
