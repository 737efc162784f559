/* SPDX-License-Identifier: ISC */
/*
 * Records: structs put on the wire, checked off it and printed as JSON by
 * their tables of fields. Knows the types of fields, and no record by name.
 *
 * On the wire integers are in host order, a string ends with its NUL, an
 * address is its family and 16 bytes: never longer than the struct itself.
 */
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "record.h"

#define MAC_LEN 6

static int
put_addr(struct ibuf *b, const uint8_t *p)
{
	struct addr a;

	memcpy(&a, p, sizeof(a));
	ibuf_put_u8(b, a.af);
	return (ibuf_put(b, a.b, sizeof(a.b)));
}

static int
get_addr(struct ibuf *b, uint8_t *p)
{
	static const uint8_t zero[16];
	struct addr a;
	size_t used;

	if (ibuf_get_u8(b, &a.af) == -1 || ibuf_get(b, a.b, sizeof(a.b)) == -1)
		return (-1);
	switch (a.af) {
	case AF_UNSPEC:
		used = 0;
		break;
	case AF_INET:
	case AF_INET6:
		used = af_bytes(a.af);
		break;
	default:
		return (-1);
	}
	if (memcmp(a.b + used, zero, sizeof(a.b) - used) != 0)
		return (-1);
	memcpy(p, &a, sizeof(a));
	return (0);
}

static int
get_prefix(struct ibuf *b, uint8_t *p)
{
	struct prefix pf;

	if (get_addr(b, (uint8_t *)&pf.addr) == -1 ||
	    ibuf_get_u8(b, &pf.len) == -1)
		return (-1);
	if (pf.addr.af == AF_UNSPEC ? pf.len != 0
				    : pf.len > af_bits(pf.addr.af))
		return (-1);
	if (prefix_mask(&pf))
		return (-1);
	memcpy(p, &pf, sizeof(pf));
	return (0);
}

static int
get_str(struct ibuf *b, uint8_t *p, size_t size)
{
	const char *s;
	size_t n = ibuf_left(b);

	s = ibuf_take(b, 0);
	n = strnlen(s, n < size ? n : size);
	/* The NUL must be within what is left and within the member. */
	if (n == size)
		return (-1);
	return (ibuf_get(b, p, n + 1));
}

int
record_put(struct ibuf *b, const struct record *r, const void *s)
{
	const struct field *f;
	const uint8_t *p;
	size_t n;

	for (f = r->fields; f < r->fields + r->nfields; f++) {
		p = (const uint8_t *)s + f->off;
		switch (f->type) {
		case FIELD_STR:
			/* Without its NUL it is cut: it must not run on. */
			n = strnlen((const char *)p, f->size - 1);
			ibuf_put(b, p, n);
			ibuf_put_u8(b, 0);
			break;
		case FIELD_ADDR:
			put_addr(b, p);
			break;
		case FIELD_PREFIX:
			put_addr(b, p + offsetof(struct prefix, addr));
			ibuf_put_u8(b, p[offsetof(struct prefix, len)]);
			break;
		default:
			ibuf_put(b, p, f->size);
			break;
		}
	}
	if (b->failed != 0) {
		errno = b->failed;
		return (-1);
	}
	return (0);
}

/* Whether an enum's value has a name. */
static int
named(const struct field *f, uint8_t value)
{
	unsigned int i;

	for (i = 0; i <= value; i++)
		if (f->names[i] == NULL)
			return (0);
	return (1);
}

int
record_get(struct ibuf *b, const struct record *r, void *s)
{
	const struct field *f;
	uint8_t *p;
	int error;

	memset(s, 0, r->size);
	for (f = r->fields; f < r->fields + r->nfields; f++) {
		p = (uint8_t *)s + f->off;
		switch (f->type) {
		case FIELD_STR:
			error = get_str(b, p, f->size);
			break;
		case FIELD_ADDR:
			error = get_addr(b, p);
			break;
		case FIELD_PREFIX:
			error = get_prefix(b, p);
			break;
		case FIELD_BOOL:
			error = ibuf_get(b, p, f->size);
			if (error == 0 && *p > 1) {
				/* Nobody may ever load such a bool. */
				*p = 0;
				error = -1;
			}
			break;
		default:
			error = ibuf_get(b, p, f->size);
			if (error == 0 && f->names != NULL && !named(f, *p))
				error = -1;
			break;
		}
		if (error == -1) {
			errno = EBADMSG;
			return (-1);
		}
	}
	return (0);
}

int
record_get_only(struct ibuf *b, const struct record *r, void *s)
{
	if (record_get(b, r, s) == -1)
		return (-1);
	return (ibuf_end(b));
}

/* Bytes of the UTF-8 sequence that s starts with; 0: none (RFC 3629). */
static int
utf8_len(const uint8_t *s)
{
	int i, n;

	if (s[0] < 0x80)
		return (1);
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return (0);
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return (0);
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return (0);
	return (n);
}

void
json_string(FILE *fp, const char *str)
{
	const uint8_t *s = (const uint8_t *)str;
	int n;

	fputc('"', fp);
	for (; *s != '\0'; s += n) {
		n = utf8_len(s);
		if (n == 0) {
			/* Bytes of a peer; JSON must stay valid. */
			fputs("\\ufffd", fp);
			n = 1;
		} else if (n > 1)
			fwrite(s, 1, n, fp);
		else if (*s == '"' || *s == '\\')
			fprintf(fp, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(fp, "\\u%04x", *s);
		else
			fputc(*s, fp);
	}
	fputc('"', fp);
}

static void
field_json(FILE *fp, const struct field *f, const uint8_t *p)
{
	char buf[PREFIXSTRLEN];
	struct prefix pf;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (f->type) {
	case FIELD_U8:
		if (f->names != NULL)
			json_string(fp, f->names[*p]);
		else
			fprintf(fp, "%u", *p);
		break;
	case FIELD_U16:
		memcpy(&u16, p, sizeof(u16));
		fprintf(fp, "%u", u16);
		break;
	case FIELD_U32:
		memcpy(&u32, p, sizeof(u32));
		fprintf(fp, "%" PRIu32, u32);
		break;
	case FIELD_U64:
		memcpy(&u64, p, sizeof(u64));
		fprintf(fp, "%" PRIu64, u64);
		break;
	case FIELD_BOOL:
		fputs(*p != 0 ? "true" : "false", fp);
		break;
	case FIELD_STR:
		json_string(fp, (const char *)p);
		break;
	case FIELD_ADDR:
	case FIELD_PREFIX:
		memset(&pf, 0, sizeof(pf));
		memcpy(&pf, p, f->size);
		if (pf.addr.af == AF_UNSPEC)
			fputs("null", fp);
		else if (f->type == FIELD_ADDR)
			json_string(fp, addr_format(&pf.addr, buf));
		else
			json_string(fp, prefix_format(&pf, buf));
		break;
	case FIELD_MAC:
		json_string(fp, mac_format(p, buf));
		break;
	}
}

void
record_json(FILE *fp, const struct record *r, const void *s)
{
	const struct field *f;

	fputc('{', fp);
	for (f = r->fields; f < r->fields + r->nfields; f++) {
		if (f != r->fields)
			fputc(',', fp);
		json_string(fp, f->name);
		fputc(':', fp);
		field_json(fp, f, (const uint8_t *)s + f->off);
	}
	fputc('}', fp);
}
