/* SPDX-License-Identifier: ISC */
/*
 * Growing buffers with a read position: what message bodies are put into and
 * got from. Every length is checked here, so that callers need not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imsg.h"

#define IBUF_INITIAL 512

struct ibuf *
ibuf_new(size_t max)
{
	struct ibuf *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return (NULL);
	b->max = max;
	b->size = IBUF_INITIAL;
	if ((b->buf = malloc(b->size)) == NULL) {
		free(b);
		return (NULL);
	}
	return (b);
}

void
ibuf_from(struct ibuf *b, const void *p, size_t n)
{
	memset(b, 0, sizeof(*b));
	/* ibuf_take must be able to point at nothing without being NULL. */
	if (p == NULL)
		p = "";
	b->buf = (uint8_t *)(uintptr_t)p;
	b->wpos = n;
}

void
ibuf_free(struct ibuf *b)
{
	if (b == NULL)
		return;
	free(b->buf);
	free(b);
}

static int
ibuf_fail(struct ibuf *b, int error)
{
	if (b->failed == 0)
		b->failed = error;
	errno = b->failed;
	return (-1);
}

static int
ibuf_grow(struct ibuf *b, size_t n)
{
	uint8_t *p;
	size_t size;

	if (b->failed != 0)
		return (ibuf_fail(b, b->failed));
	/* A buffer over the caller's memory has max 0. */
	if (b->wpos > b->max || n > b->max - b->wpos)
		return (ibuf_fail(b, ERANGE));
	if (n <= b->size - b->wpos)
		return (0);
	size = b->size;
	while (size - b->wpos < n)
		size = size > b->max / 2 ? b->max : size * 2;
	if ((p = realloc(b->buf, size)) == NULL)
		return (ibuf_fail(b, ENOMEM));
	b->buf = p;
	b->size = size;
	return (0);
}

int
ibuf_put(struct ibuf *b, const void *p, size_t n)
{
	if (ibuf_grow(b, n) == -1)
		return (-1);
	if (n != 0)
		memcpy(b->buf + b->wpos, p, n);
	b->wpos += n;
	return (0);
}

int
ibuf_put_u8(struct ibuf *b, uint8_t v)
{
	return (ibuf_put(b, &v, sizeof(v)));
}

int
ibuf_put_u16(struct ibuf *b, uint16_t v)
{
	return (ibuf_put(b, &v, sizeof(v)));
}

int
ibuf_put_u32(struct ibuf *b, uint32_t v)
{
	return (ibuf_put(b, &v, sizeof(v)));
}

int
ibuf_put_u64(struct ibuf *b, uint64_t v)
{
	return (ibuf_put(b, &v, sizeof(v)));
}

int
ibuf_put_str(struct ibuf *b, const char *s)
{
	uint16_t len;
	size_t n = strlen(s);

	if (n > UINT16_MAX)
		return (ibuf_fail(b, ERANGE));
	len = n;
	/* Room for both first: a put must not fail halfway. */
	if (ibuf_grow(b, sizeof(len) + n) == -1)
		return (-1);
	ibuf_put(b, &len, sizeof(len));
	return (ibuf_put(b, s, n));
}

void *
ibuf_reserve(struct ibuf *b, size_t n)
{
	void *p;

	if (ibuf_grow(b, n) == -1)
		return (NULL);
	p = b->buf + b->wpos;
	b->wpos += n;
	return (p);
}

const void *
ibuf_take(struct ibuf *b, size_t n)
{
	const void *p;

	if (n > b->wpos - b->rpos) {
		errno = EBADMSG;
		return (NULL);
	}
	p = b->buf + b->rpos;
	b->rpos += n;
	return (p);
}

int
ibuf_get(struct ibuf *b, void *dst, size_t n)
{
	const void *p;

	if ((p = ibuf_take(b, n)) == NULL)
		return (-1);
	if (n != 0)
		memcpy(dst, p, n);
	return (0);
}

int
ibuf_get_u8(struct ibuf *b, uint8_t *v)
{
	return (ibuf_get(b, v, sizeof(*v)));
}

int
ibuf_get_u16(struct ibuf *b, uint16_t *v)
{
	return (ibuf_get(b, v, sizeof(*v)));
}

int
ibuf_get_u32(struct ibuf *b, uint32_t *v)
{
	return (ibuf_get(b, v, sizeof(*v)));
}

int
ibuf_get_u64(struct ibuf *b, uint64_t *v)
{
	return (ibuf_get(b, v, sizeof(*v)));
}

int
ibuf_get_str(struct ibuf *b, char *dst, size_t dstsize)
{
	const char *p;
	size_t start = b->rpos;
	uint16_t len;

	if (ibuf_get_u16(b, &len) == -1)
		return (-1);
	if ((p = ibuf_take(b, len)) == NULL || len >= dstsize ||
	    memchr(p, '\0', len) != NULL) {
		b->rpos = start;
		errno = EBADMSG;
		return (-1);
	}
	memcpy(dst, p, len);
	dst[len] = '\0';
	return (0);
}

size_t
ibuf_left(const struct ibuf *b)
{
	return (b->wpos - b->rpos);
}

int
ibuf_end(const struct ibuf *b)
{
	if (b->rpos != b->wpos) {
		errno = EBADMSG;
		return (-1);
	}
	return (0);
}
