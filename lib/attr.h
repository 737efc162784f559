/* SPDX-License-Identifier: ISC */
/*
 * Path attributes as they go from an engine to rde: decoded, canonical,
 * bounded. The same routes always give the same bytes, so that rde can intern
 * a set by its bytes.
 */
#ifndef LIB_ATTR_H
#define LIB_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "imsg.h"

#define ATTRS_MAX	16384	/* longest canonical form, bytes */
#define PATH_ID_NONE	0

enum attr_origin { ORIGIN_IGP, ORIGIN_EGP, ORIGIN_INCOMPLETE };

#define ATTR_HAS_MED		0x01
#define ATTR_HAS_LOCAL_PREF	0x02
#define ATTR_HAS_ORIGINATOR	0x04

struct attrs {
	uint8_t		 origin;	/* enum attr_origin */
	uint8_t		 has;		/* ATTR_HAS_* */
	uint16_t	 cluster_len;	/* CLUSTER_LIST, ids */
	uint32_t	 med;
	uint32_t	 local_pref;
	uint32_t	 originator;	/* host order */
	struct addr	 nexthop;	/* global one */
	/* in network order, four-octet segments (RFC 4271 4.3, RFC 6793); an
	   attribute that is absent has length 0 */
	const uint8_t	*as_path;
	uint16_t	 as_path_len;	/* bytes */
	const uint8_t	*communities;
	uint16_t	 communities_len;
	const uint8_t	*ext_communities;
	uint16_t	 ext_communities_len;
	const uint8_t	*large_communities;
	uint16_t	 large_communities_len;
};

/* Append the canonical form (u16 length first). -1 with ERANGE, and the
   buffer failed, if it is longer than ATTRS_MAX or attrs_parse would refuse
   it. Community lists stay in the order given. */
int	 attrs_put(struct ibuf *, const struct attrs *);
/* Point into the buffer. blob and len (may be NULL) get the canonical bytes,
   without the length. -1 EBADMSG. */
int	 attrs_get(struct ibuf *, struct attrs *, const uint8_t **blob,
	    size_t *len);
/* Decode canonical bytes as attrs_get returned them. */
int	 attrs_parse(const uint8_t *, size_t, struct attrs *);
/* Hops for the decision (RFC 4271 9.1.2.2 a: an AS_SET counts 1; RFC 5065:
   confederation segments count 0), and the AS the route came from (the first
   of an AS_SEQUENCE), 0 if there is none. */
uint32_t attrs_path_hops(const struct attrs *);
uint32_t attrs_neighbor_as(const struct attrs *);

/*
 * M_ROUTE_BATCH: u32 peer id, u8 af, u8 withdraw, then (announce only) the
 * attributes, then prefixes until the end: u32 path id, u8 length, the bytes
 * of the length, host bits zero.
 */
struct route_batch {
	uint32_t	 peer;
	uint8_t		 af;
	uint8_t		 withdraw;
	struct attrs	 attrs;
	const uint8_t	*blob;		/* canonical attributes */
	size_t		 blob_len;
};

/* Start a batch in an ibuf of imsg_create(). */
int	 route_batch_start(struct ibuf *, uint32_t peer, int af,
	    const struct attrs *);	/* attrs NULL: withdraw */
/* -1 with ERANGE: full, nothing was added and the batch is still good; send
   it and start another. */
int	 route_batch_add(struct ibuf *, uint32_t path_id,
	    const struct prefix *);
/* Read the head; then route_batch_next returns 1 and a prefix, 0 at the end,
   -1 EBADMSG. */
int	 route_batch_get(struct ibuf *, struct route_batch *);
int	 route_batch_next(struct ibuf *, const struct route_batch *,
	    uint32_t *path_id, struct prefix *);

#endif
