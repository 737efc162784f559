/* SPDX-License-Identifier: ISC */
/*
 * The grammar from bytes. A NUL byte after "\n" ends one file and begins the
 * next: the first is the main one, the others can be included as "a", "b" and
 * "c". What is accepted survives the wire, and its dump means the same.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../conf/conf.h"

#define NFILES	4

struct input {
	const char	*buf[NFILES];
	size_t		 len[NFILES];
};

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
read_input(void *ctx, const char *path, const char **buf, size_t *len)
{
	static const char *const names[NFILES] = { "main", "a", "b", "c" };
	const struct input *in = ctx;
	size_t i;

	for (i = 0; i < NFILES; i++)
		if (strcmp(path, names[i]) == 0 && in->buf[i] != NULL) {
			*buf = in->buf[i];
			*len = in->len[i];
			return (0);
		}
	errno = ENOENT;
	return (-1);
}

static void
drop(void *ctx, enum log_level level, const char *msg)
{
}

static void
line(void *ctx, const char *section, const char *directive, const char *args)
{
	fprintf(ctx, "%s%s\n%s %s\n", strcmp(section, "global") == 0 ? "" :
	    "module ", section, directive, args);
}

static void
wire(const struct config *c)
{
	struct ibuf *a, *b;
	struct config *d;
	size_t len;

	if ((a = ibuf_new(CONFIG_MAX)) == NULL || config_put(a, c) == -1 ||
	    (b = ibuf_new(CONFIG_MAX)) == NULL)
		abort();
	len = ibuf_left(a);
	if ((d = config_get(a)) == NULL || config_put(b, d) == -1 ||
	    ibuf_left(b) != len || memcmp(a->buf, b->buf, len) != 0)
		abort();
	config_free(d);
	ibuf_free(a);
	ibuf_free(b);
}

static void
again(const struct config *c)
{
	struct input in = { 0 };
	const struct conf_reader reader = { read_input, drop, &in };
	struct config *d;
	char *text;
	uint32_t errors;
	bool *same;
	size_t i;
	FILE *fp;

	if ((fp = open_memstream(&text, &in.len[0])) == NULL)
		abort();
	config_lines(c, false, line, fp);
	fclose(fp);
	in.buf[0] = text;
	if ((d = conf_parse(&reader, "main", NULL, 0, &errors)) == NULL ||
	    (same = calloc(config_ndirectives, sizeof(*same))) == NULL)
		abort();
	config_compare(c, d, same);
	for (i = 0; i < config_ndirectives; i++)
		if (!same[i] && config_directives[i].supported)
			abort();
	free(same);
	free(text);
	config_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { 0 };
	const struct conf_reader reader = { read_input, drop, &in };
	const char *const macros[] = { "m=eth0" };
	const char *p = (const char *)data, *end;
	struct config *c;
	uint32_t errors;
	size_t i;

	for (i = 0; i < NFILES && len > 0; i++) {
		end = i == NFILES - 1 ? NULL : memmem(p, len, "\n", 2);
		in.buf[i] = p;
		in.len[i] = end == NULL ? len : (size_t)(end - p) + 1;
		len -= end == NULL ? len : in.len[i] + 1;
		p = end == NULL ? p : end + 2;
	}
	if (in.buf[0] == NULL)
		in.buf[0] = "";
	c = conf_parse(&reader, "main", macros, 1, &errors);
	if ((c == NULL) != (errors > 0))
		abort();
	if (c != NULL) {
		wire(c);
		again(c);
	}
	config_free(c);
	return (0);
}
