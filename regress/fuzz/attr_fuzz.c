/* SPDX-License-Identifier: ISC */
/*
 * A hostile engine: a route batch. What is taken must be canonical: put again
 * it gives the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "../../lib/attr.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct route_batch rb;
	struct prefix p;
	struct ibuf in, *out;
	uint32_t id;
	int r;

	if (size > IMSG_BODY_MAX)
		return (0);
	ibuf_from(&in, data, size);
	if (route_batch_get(&in, &rb) == -1)
		return (0);
	if ((out = imsg_create()) == NULL)
		abort();
	if (!rb.withdraw)
		(void)(attrs_path_hops(&rb.attrs) +
		       attrs_neighbor_as(&rb.attrs));
	if (route_batch_start(
		out, rb.peer, rb.af, rb.withdraw ? NULL : &rb.attrs) == -1)
		abort();
	while ((r = route_batch_next(&in, &rb, &id, &p)) == 1)
		if (prefix_mask(&p) || route_batch_add(out, id, &p) == -1)
			abort();
	if (r == 0 && (ibuf_left(out) != size ||
			  memcmp(ibuf_take(out, size), data, size) != 0))
		abort();
	ibuf_free(out);
	return (0);
}
