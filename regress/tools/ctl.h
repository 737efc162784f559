/* SPDX-License-Identifier: ISC */
/*
 * The control socket as tools use it: a request, and its answer record by
 * record.  What is not as it should be ends the program.
 */
#ifndef TOOLS_CTL_H
#define TOOLS_CTL_H

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <string.h>

#include "../../lib/msg.h"

static inline int
unix_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		errx(1, "%s: path too long", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", path);
	return (fd);
}

static inline struct imsgbuf *
ctl_open(const char *path)
{
	struct imsgbuf *buf = imsgbuf_new(unix_connect(path));

	if (buf == NULL)
		err(1, NULL);
	return (buf);
}

static inline void
next_message(struct imsgbuf *buf, struct imsg *m)
{
	int n;

	while ((n = imsg_get(buf, m)) == 0)
		if ((n = imsgbuf_read(buf)) != 1)
			errx(1, "control socket: %s",
			    n == 0 ? "closed" : "read");
	if (n == -1)
		err(1, "control socket");
}

static inline void
request(struct imsgbuf *buf, uint32_t type, const struct record *r,
    const void *req)
{
	struct ibuf *b;

	if ((b = imsg_create()) == NULL ||
	    (r != NULL && record_put(b, r, req) == -1) ||
	    imsg_close(buf, type, 0, -1, b) == -1 || imsgbuf_flush(buf) == -1)
		err(1, "control socket");
}

/* The next record of an answer; false: that was its end. */
static inline bool
answer(struct imsgbuf *buf, uint32_t rec, void *out)
{
	struct ctl_end end;
	struct imsg m;

	next_message(buf, &m);
	if (m.hdr.type == rec) {
		if (record_get_only(&m.body, ctl_record(rec), out) == -1)
			errx(1, "record not understood");
		return (true);
	}
	if (m.hdr.type != CTL_END ||
	    record_get_only(&m.body, &record_ctl_end, &end) == -1)
		errx(1, "record of type %u", m.hdr.type);
	if (end.status != 0)
		errx(1, "%s", end.text);
	return (false);
}

/* Up to max records into out; how many it were. */
static inline int
answers(struct imsgbuf *buf, uint32_t type, uint32_t rec, void *out, int max)
{
	const struct record *r = ctl_record(rec);
	char *p = out;
	int n = 0;

	request(buf, type, NULL, NULL);
	for (;; n++, p += r->size) {
		if (n == max) {
			if (answer(buf, rec, NULL))
				errx(1, "more than %d records", max);
			return (n);
		}
		if (!answer(buf, rec, p))
			return (n);
	}
}

#endif
