/* SPDX-License-Identifier: ISC */
/*
 * A hostile sender of records: the first byte chooses the record. What is
 * taken gives the same bytes when it is put again, and can be printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct record *const records[] = {&record_msg_peer,
	    &record_msg_local, &record_ctl_text, &record_ctl_summary,
	    &record_ctl_fib, &record_ctl_neighbor, &record_ctl_nexthop,
	    &record_ctl_interface, &record_ctl_fib_request};
	const struct record *r;
	struct ibuf in, *out;
	FILE *fp;
	char *json = NULL;
	void *s;
	size_t n;

	if (size < 1)
		return (0);
	r = records[data[0] % (sizeof(records) / sizeof(records[0]))];
	data++;
	size--;
	if ((s = malloc(r->size)) == NULL || (out = imsg_create()) == NULL)
		abort();
	ibuf_from(&in, data, size);
	if (record_get_only(&in, r, s) == 0) {
		if (record_put(out, r, s) == -1 || ibuf_left(out) != size ||
		    memcmp(ibuf_take(out, size), data, size) != 0)
			abort();
		if ((fp = open_memstream(&json, &n)) == NULL)
			abort();
		record_json(fp, r, s);
		fclose(fp);
		free(json);
	}
	ibuf_free(out);
	free(s);
	return (0);
}
