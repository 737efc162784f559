/* SPDX-License-Identifier: ISC */
/*
 * A hostile peer on a pipe: the first byte says how the rest is cut into
 * sends and which of them carry a descriptor.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/imsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
send_part(int s, const uint8_t *p, size_t n, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {(void *)(uintptr_t)p, n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd != -1) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	}
	if (sendmsg(s, &msg, MSG_NOSIGNAL) != (ssize_t)n)
		abort();
}

/* Touch every byte of what came. */
static int
drain(struct imsgbuf *ib)
{
	static volatile uint8_t sink;
	struct imsg m;
	const uint8_t *p;
	size_t n;
	int r;

	while ((r = imsg_get(ib, &m)) == 1) {
		n = ibuf_left(&m.body);
		if (n > IMSG_BODY_MAX || m.hdr.len != n + sizeof(m.hdr))
			abort();
		for (p = ibuf_take(&m.body, n); n > 0; n--)
			sink = sink ^ p[n - 1];
		imsg_free(&m);
	}
	return (r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imsgbuf *ib;
	size_t part;
	uint8_t how;
	int sv[2], n = 0, r = 0;

	if (size < 2)
		return (0);
	how = data[0];
	data++;
	size--;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == -1 ||
	    (ib = imsgbuf_new(sv[1])) == NULL)
		abort();
	while (size != 0 && r != -1) {
		part = (how & 0x0f) == 0 ? size : (size_t)(how & 0x0f) * 3;
		if (part > size)
			part = size;
		send_part(sv[0], data, part,
		    how >> 4 & (1 << n++ % 4) ? STDIN_FILENO : -1);
		data += part;
		size -= part;
		if ((r = imsgbuf_read(ib)) == 1)
			r = drain(ib);
	}
	imsgbuf_free(ib);
	close(sv[0]);
	close(sv[1]);
	return (0);
}
