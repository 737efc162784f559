/* SPDX-License-Identifier: ISC */
/*
 * UPDATE decoder: the first byte chooses what the session agreed on, the rest
 * is the message without its header. What it decodes must be what rde takes.
 */
#include <sys/socket.h>

#include <stdlib.h>

#include "../../lib/bgp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
routes(struct bgp_update *u, struct bgp_routes *r)
{
	struct route_batch head;
	struct prefix prefix;
	struct ibuf *b, in;
	uint32_t id, n = 0, put;
	int more;

	u->attrs.nexthop = r->nexthop;
	while (r->count > 0) {
		if ((b = ibuf_new(IMSG_BODY_MAX)) == NULL ||
		    route_batch_start(b, 1, r->af,
			r->withdraw ? NULL : &u->attrs) == -1 ||
		    (put = bgp_routes_put(b, r)) == 0)
			abort();
		ibuf_from(&in, b->buf, b->wpos);
		if (route_batch_get(&in, &head) == -1)
			abort();
		while ((more = route_batch_next(&in, &head, &id, &prefix)) == 1)
			n++;
		if (more == -1 || n != put)
			abort();
		n = 0;
		ibuf_free(b);
	}
	if (r->len != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bgp_update u;
	struct bgp_params params;
	unsigned int i;

	if (len < 1)
		return (0);
	params.as4 = (data[0] & 0x01) == 0;
	params.internal = (data[0] & 0x02) == 0;
	params.families = (uint8_t)(~data[0] >> 2 & 3);
	params.add_path = (uint8_t)(data[0] >> 4 & 3);
	if (bgp_update_decode(&u, &params, data + 1, len - 1) == BGP_RESET) {
		if (u.error.code != BGP_ERR_UPDATE ||
		    u.error.len > sizeof(u.error.data) || u.nevents == 0)
			abort();
		return (0);
	}
	if ((u.verdict == BGP_OK) != (u.nevents == 0))
		abort();
	for (i = 0; i < u.nroutes; i++) {
		if (u.verdict == BGP_WITHDRAW && !u.routes[i].withdraw)
			abort();
		routes(&u, &u.routes[i]);
	}
	return (0);
}
