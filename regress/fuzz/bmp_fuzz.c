/* SPDX-License-Identifier: ISC */
/*
 * A router's session: a byte says whether Loc-RIB is required and how few feeds
 * there are, then chunks: a length byte, and as many bytes, raw or as a message
 * of a type with a right header. What must hold: a feed is up before it has
 * routes and down once, nothing comes after the end.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "../../bmpe/bmpe.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FEEDS	8

static struct {
	struct router	*r;
	unsigned int	 max;
	bool		 up[FEEDS];
	uint8_t		 af[FEEDS];
} w;

static bool
on_up(void *arg, const struct bmp_peer *p, int f, uint32_t *id)
{
	if (p->head.vrf || !p->up || p->failed)
		abort();
	for (*id = 0; *id < w.max && w.up[*id]; (*id)++)
		;
	if (*id == w.max)
		return (false);
	w.up[*id] = true;
	w.af[*id] = f == 0 ? AF_INET : AF_INET6;
	return (true);
}

static void
check(uint32_t id, int af)
{
	if (id >= FEEDS || !w.up[id] || (af != 0 && w.af[id] != af))
		abort();
}

static void
on_down(void *arg, uint32_t id)
{
	check(id, 0);
	w.up[id] = false;
}

static void
on_routes(void *arg, uint32_t id, struct attrs *a, struct bgp_routes *r)
{
	struct ibuf *b;

	check(id, r->af);
	if ((b = imsg_create()) == NULL ||
	    route_batch_start(b, id, r->af, r->withdraw ? NULL : a) == -1 ||
	    bgp_routes_put(b, r) == 0)
		abort();
	ibuf_free(b);
}

static void
on_eor(void *arg, uint32_t id, int af)
{
	check(id, af);
}

static void
on_note(void *arg, const struct bmp_peer *p, const char *text)
{
	if (*text == '\0')
		abort();
}

static const struct router_ops ops = { on_up, on_down, on_routes, on_eor,
	on_note };

static void
bytes(const uint8_t *p, size_t len)
{
	bool closed = w.r->closed;
	unsigned int bits;
	uint8_t *to;
	size_t room;

	to = router_space(w.r, &room);
	if (room == 0)
		abort();
	if (len > room)
		len = room;
	if (len > 0)
		memcpy(to, p, len);
	router_filled(w.r, len);
	while ((bits = router_step(w.r, 1)) != 0) {
		if (closed)
			abort();
		if (bits & ROUTER_CLOSE) {
			closed = true;
			if (w.r->reason[0] == '\0')
				abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t head[BMP_HEADER_LEN], op;
	size_t n, i;

	if (len == 0)
		return (0);
	memset(&w, 0, sizeof(w));
	w.max = data[0] & (FEEDS - 1);
	if ((w.r = router_new(&ops, NULL, data[0] >> 7)) == NULL)
		abort();
	data++;
	len--;
	while (len >= 2 && !w.r->closed) {
		op = data[0];
		n = data[1];
		data += 2;
		len -= 2;
		if (n > len)
			n = len;
		if (op < BMP_TYPES) {
			head[0] = BMP_VERSION;
			bgp_put32(head + 1, (uint32_t)(sizeof(head) + n));
			head[5] = op;
			bytes(head, sizeof(head));
		}
		bytes(data, n);
		data += n;
		len -= n;
	}
	router_end(w.r, 2, "end");
	for (i = 0; i < FEEDS; i++)
		if (w.up[i])
			abort();
	router_free(w.r);
	return (0);
}
