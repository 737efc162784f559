/* SPDX-License-Identifier: ISC */
/*
 * The config's wire form from bytes: whatever is accepted is written back as
 * the same bytes, prints, and equals itself.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/config.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
line(void *ctx, const char *section, const char *directive, const char *args)
{
	*(size_t *)ctx += strlen(args);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config *c;
	struct ibuf in, *out;
	size_t i, n = 0;
	bool *same;

	ibuf_from(&in, data, len);
	if ((c = config_get(&in)) == NULL)
		return (0);
	if ((out = ibuf_new(CONFIG_MAX)) == NULL || config_put(out, c) == -1)
		abort();
	if (ibuf_left(out) != len || memcmp(out->buf, data, len) != 0)
		abort();
	config_lines(c, true, line, &n);
	config_unsupported(c, NULL, NULL);
	if ((same = calloc(config_ndirectives, sizeof(*same))) == NULL)
		abort();
	config_compare(c, c, same);
	for (i = 0; i < config_ndirectives; i++)
		if (!same[i])
			abort();
	free(same);
	ibuf_free(out);
	config_free(c);
	return (0);
}
