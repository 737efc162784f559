/* SPDX-License-Identifier: ISC */
/*
 * AS paths and communities as text. The attributes have been parsed
 * (attrs_parse), so that their lengths and segments are known to be good;
 * nothing is sent or stored here.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "attr_text.h"

#define SEG_HEAD	2	/* type and count */
#define SEG_AS		4	/* bytes of one AS */

/* What a cut needs behind what stands there. */
#define CUT		" ..."

#define ITEM_MAX	64

/* The brackets of a segment, by its type (RFC 4271 s. 4.3, RFC 5065 s. 3). */
static const struct {
	const char	*open, *close;
} segments[] = {
	[1] = { "{", "}" },
	[2] = { "", "" },
	[3] = { "(", ")" },
	[4] = { "[", "]" },
};

/* RFC 1997, RFC 3765, RFC 7611, RFC 7999, RFC 8326, RFC 9494. */
static const struct {
	uint32_t	 value;
	const char	*name;
} well_known[] = {
	{ 0xffff0000, "graceful-shutdown" },
	{ 0xffff0001, "accept-own" },
	{ 0xffff0006, "llgr-stale" },
	{ 0xffff0007, "no-llgr" },
	{ 0xffff029a, "blackhole" },
	{ 0xffffff01, "no-export" },
	{ 0xffffff02, "no-advertise" },
	{ 0xffffff03, "no-export-subconfed" },
	{ 0xffffff04, "no-peer" },
};

struct text {
	char	*buf;
	size_t	 size;
	size_t	 len;
	bool	 cut;
};

static void
text_start(struct text *t, char *buf, size_t size)
{
	t->buf = buf;
	t->size = size;
	t->len = 0;
	t->cut = false;
	buf[0] = '\0';
}

/* One item more, if there is still room to tell of a cut behind it. */
static void __attribute__((__format__(printf, 2, 3)))
text_item(struct text *t, const char *fmt, ...)
{
	char		item[ITEM_MAX];
	const char	*blank = t->len == 0 ? "" : " ";
	va_list		 ap;
	size_t		 n;

	if (t->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(item, sizeof(item), fmt, ap);
	va_end(ap);
	if (t->len + strlen(blank) + n + sizeof(CUT) > t->size) {
		t->cut = true;
		n = snprintf(t->buf + t->len, t->size - t->len, "%s...",
		    blank);
	} else
		n = snprintf(t->buf + t->len, t->size - t->len, "%s%s", blank,
		    item);
	t->len += n;
}

static uint16_t
get16(const uint8_t *p)
{
	return (p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

void
attr_text_path(const struct attrs *a, char *buf, size_t size)
{
	const uint8_t	*p;
	struct text	 t;
	size_t		 off;
	unsigned int	 i;

	text_start(&t, buf, size);
	for (off = 0; off < a->as_path_len && !t.cut;
	    off += SEG_HEAD + p[1] * SEG_AS) {
		p = a->as_path + off;
		for (i = 0; i < p[1]; i++)
			text_item(&t, "%s%" PRIu32 "%s",
			    i == 0 ? segments[p[0]].open : "",
			    get32(p + SEG_HEAD + i * SEG_AS),
			    i + 1 == p[1] ? segments[p[0]].close : "");
	}
}

static const char *
well_known_name(uint32_t value)
{
	size_t	i;

	for (i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		if (well_known[i].value == value)
			return (well_known[i].name);
	return (NULL);
}

void
attr_text_communities(const struct attrs *a, char *buf, size_t size)
{
	const uint8_t	*p;
	const char	*name;
	struct text	 t;
	size_t		 off;

	text_start(&t, buf, size);
	for (off = 0; off < a->communities_len && !t.cut; off += 4) {
		p = a->communities + off;
		if ((name = well_known_name(get32(p))) != NULL)
			text_item(&t, "%s", name);
		else
			text_item(&t, "%u:%u", get16(p), get16(p + 2));
	}
}

void
attr_text_large(const struct attrs *a, char *buf, size_t size)
{
	const uint8_t	*p;
	struct text	 t;
	size_t		 off;

	text_start(&t, buf, size);
	for (off = 0; off < a->large_communities_len && !t.cut; off += 12) {
		p = a->large_communities + off;
		text_item(&t, "%" PRIu32 ":%" PRIu32 ":%" PRIu32, get32(p),
		    get32(p + 4), get32(p + 8));
	}
}

/* Types of RFC 4360 s. 3 and RFC 5668 s. 2; subtypes of RFC 4360 s. 4, 5. */
static void
ext_item(struct text *t, const uint8_t *p)
{
	static const char *const	 names[] = { [2] = "rt", [3] = "soo" };
	const char			*name;

	name = p[1] == 2 || p[1] == 3 ? names[p[1]] : NULL;
	if (name != NULL && p[0] == 0)
		text_item(t, "%s:%u:%" PRIu32, name, get16(p + 2),
		    get32(p + 4));
	else if (name != NULL && p[0] == 1)
		text_item(t, "%s:%u.%u.%u.%u:%u", name, p[2], p[3], p[4], p[5],
		    get16(p + 6));
	else if (name != NULL && p[0] == 2)
		text_item(t, "%s:%" PRIu32 ":%u", name, get32(p + 2),
		    get16(p + 6));
	else
		text_item(t, "0x%08" PRIx32 "%08" PRIx32, get32(p),
		    get32(p + 4));
}

void
attr_text_ext(const struct attrs *a, char *buf, size_t size)
{
	struct text	t;
	size_t		off;

	text_start(&t, buf, size);
	for (off = 0; off < a->ext_communities_len && !t.cut; off += 8)
		ext_item(&t, a->ext_communities + off);
}
