/* SPDX-License-Identifier: ISC */
/*
 * Messages over stream sockets. Small messages are gathered into chunks, many
 * chunks go out with one system call, and messages are read in place. A
 * descriptor travels with the first byte of its message; it must never be
 * lost, leaked to an exec, or given to another message.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#define RBUF_SIZE (256 * 1024)
#define CHUNK_SIZE (16 * 1024) /* of small messages */
#define COPY_MAX 2048 /* longer ones are queued as they are */
#define WRITE_CHUNKS 64 /* a system call */

struct chunk {
	TAILQ_ENTRY(chunk) entry;
	uint8_t *buf;
	size_t size;
	size_t wpos;
	size_t rpos;
	int fd; /* goes with the first byte; or -1 */
};

struct imsgbuf {
	int fd;

	/*
	 * Reading. The message that was handed out last lies before rpos,
	 * in rbuf while lent is set, else in kept, and does not move.
	 */
	uint8_t *rbuf;
	uint8_t *kept;
	size_t rpos;
	size_t wpos;
	bool lent;
	int fds[IMSG_FDS_MAX]; /* unclaimed, in order */
	unsigned int nfds;

	/* Writing. */
	TAILQ_HEAD(chunk_list, chunk) chunks;
	size_t queued;
	struct chunk *spare;
};

struct imsgbuf *
imsgbuf_new(int fd)
{
	struct imsgbuf *ib;

	if ((ib = calloc(1, sizeof(*ib))) == NULL)
		return (NULL);
	if ((ib->rbuf = malloc(RBUF_SIZE)) == NULL) {
		free(ib);
		return (NULL);
	}
	ib->fd = fd;
	TAILQ_INIT(&ib->chunks);
	return (ib);
}

static void
chunk_free(struct chunk *c)
{
	if (c == NULL)
		return;
	if (c->fd != -1)
		close(c->fd);
	free(c->buf);
	free(c);
}

void
imsgbuf_free(struct imsgbuf *ib)
{
	struct chunk *c;
	unsigned int i;

	if (ib == NULL)
		return;
	while ((c = TAILQ_FIRST(&ib->chunks)) != NULL) {
		TAILQ_REMOVE(&ib->chunks, c, entry);
		chunk_free(c);
	}
	chunk_free(ib->spare);
	for (i = 0; i < ib->nfds; i++)
		close(ib->fds[i]);
	free(ib->kept);
	free(ib->rbuf);
	free(ib);
}

int
imsgbuf_fd(const struct imsgbuf *ib)
{
	return (ib->fd);
}

size_t
imsgbuf_queued(const struct imsgbuf *ib)
{
	return (ib->queued);
}

/*
 * Make room for at least one longest message behind wpos. The message that is
 * handed out stays where it is: if it is in the way, its buffer is kept.
 */
static int
rbuf_room(struct imsgbuf *ib)
{
	uint8_t *fresh;

	if (ib->rpos == ib->wpos && !ib->lent)
		ib->rpos = ib->wpos = 0;
	if (RBUF_SIZE - ib->wpos >= IMSG_MAX || ib->rpos == 0)
		return (0);
	if (ib->lent) {
		if ((fresh = malloc(RBUF_SIZE)) == NULL)
			return (-1);
		memcpy(fresh, ib->rbuf + ib->rpos, ib->wpos - ib->rpos);
		ib->kept = ib->rbuf;
		ib->rbuf = fresh;
		ib->lent = false;
	} else
		memmove(ib->rbuf, ib->rbuf + ib->rpos, ib->wpos - ib->rpos);
	ib->wpos -= ib->rpos;
	ib->rpos = 0;
	return (0);
}

/* Queue the descriptors of one control message; -1: there are too many. */
static int
take_fds(struct imsgbuf *ib, const struct cmsghdr *cm)
{
	size_t i, n;
	int fd, error = 0;

	if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
		return (0);
	n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
		if (ib->nfds < IMSG_FDS_MAX)
			ib->fds[ib->nfds++] = fd;
		else {
			close(fd);
			error = -1;
		}
	}
	return (error);
}

int
imsgbuf_read(struct imsgbuf *ib)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(IMSG_FDS_MAX * sizeof(int))];
	} control;
	struct cmsghdr *cm;
	struct msghdr msg;
	struct iovec iov;
	ssize_t n;
	int error = 0;

	if (rbuf_room(ib) == -1)
		return (-1);
	/* Nobody took the messages that are here: wait for them to. */
	if (ib->wpos == RBUF_SIZE)
		return (1);

	iov.iov_base = ib->rbuf + ib->wpos;
	iov.iov_len = RBUF_SIZE - ib->wpos;
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	do
		n = recvmsg(ib->fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (errno == EAGAIN ? 1 : -1);
	ib->wpos += n;

	for (cm = CMSG_FIRSTHDR(&msg); cm != NULL; cm = CMSG_NXTHDR(&msg, cm))
		if (take_fds(ib, cm) == -1)
			error = EBADMSG;
	/* The kernel drops what it cannot install and only says so here. */
	if (msg.msg_flags & MSG_CTRUNC)
		error = EMFILE;
	if (error != 0) {
		errno = error;
		return (-1);
	}
	return (n != 0);
}

int
imsg_get(struct imsgbuf *ib, struct imsg *imsg)
{
	uint32_t len;
	size_t left;

	memset(imsg, 0, sizeof(*imsg));
	imsg->fd = -1;
	free(ib->kept);
	ib->kept = NULL;
	ib->lent = false;

	if ((left = ib->wpos - ib->rpos) < sizeof(imsg->hdr))
		return (0);
	memcpy(&imsg->hdr, ib->rbuf + ib->rpos, sizeof(imsg->hdr));
	len = imsg->hdr.len & ~IMSG_FD_MARK;
	if (len < sizeof(imsg->hdr) || len > IMSG_MAX)
		goto bad;
	if (left < len)
		return (0);
	if (imsg->hdr.len & IMSG_FD_MARK) {
		/* It came with the first byte, so it must be here. */
		if (ib->nfds == 0)
			goto bad;
		imsg->fd = ib->fds[0];
		memmove(ib->fds, ib->fds + 1, --ib->nfds * sizeof(int));
	}
	imsg->hdr.len = len;
	ibuf_from(&imsg->body, ib->rbuf + ib->rpos + sizeof(imsg->hdr),
	    len - sizeof(imsg->hdr));
	ib->rpos += len;
	ib->lent = true;
	return (1);

bad:
	errno = EBADMSG;
	return (-1);
}

void
imsg_free(struct imsg *imsg)
{
	if (imsg->fd != -1)
		close(imsg->fd);
	imsg->fd = -1;
}

/* The chunk that n more bytes go to, at the end of the queue. */
static struct chunk *
chunk_for(struct imsgbuf *ib, size_t n, int fd)
{
	struct chunk *c = TAILQ_LAST(&ib->chunks, chunk_list);

	if (fd == -1 && c != NULL && c->size - c->wpos >= n)
		return (c);
	if (n <= CHUNK_SIZE && ib->spare != NULL) {
		c = ib->spare;
		ib->spare = NULL;
	} else {
		if ((c = calloc(1, sizeof(*c))) == NULL)
			return (NULL);
		c->fd = -1;
		c->size = n > CHUNK_SIZE ? n : CHUNK_SIZE;
		if ((c->buf = malloc(c->size)) == NULL) {
			free(c);
			return (NULL);
		}
	}
	c->rpos = c->wpos = 0;
	c->fd = fd;
	TAILQ_INSERT_TAIL(&ib->chunks, c, entry);
	return (c);
}

static void
header_fill(struct imsg_hdr *hdr, uint32_t type, uint32_t id, int fd, size_t n)
{
	hdr->type = type;
	hdr->len = sizeof(*hdr) + n;
	if (fd != -1)
		hdr->len |= IMSG_FD_MARK;
	hdr->id = id;
	hdr->pad = 0;
}

int
imsg_compose(struct imsgbuf *ib, uint32_t type, uint32_t id, int fd,
    const void *body, size_t n)
{
	struct imsg_hdr hdr;
	struct chunk *c;
	int error;

	errno = ERANGE;
	if (n > IMSG_BODY_MAX ||
	    (c = chunk_for(ib, sizeof(hdr) + n, fd)) == NULL) {
		error = errno;
		if (fd != -1)
			close(fd);
		errno = error;
		return (-1);
	}
	header_fill(&hdr, type, id, fd, n);
	memcpy(c->buf + c->wpos, &hdr, sizeof(hdr));
	if (n != 0)
		memcpy(c->buf + c->wpos + sizeof(hdr), body, n);
	c->wpos += sizeof(hdr) + n;
	ib->queued += sizeof(hdr) + n;
	return (0);
}

/* The header's place is in front of the body, behind the read position. */
struct ibuf *
imsg_create(void)
{
	struct ibuf *b;

	if ((b = ibuf_new(IMSG_MAX)) != NULL)
		b->rpos = b->wpos = sizeof(struct imsg_hdr);
	return (b);
}

int
imsg_close(
    struct imsgbuf *ib, uint32_t type, uint32_t id, int fd, struct ibuf *b)
{
	struct imsg_hdr hdr;
	struct chunk *c = NULL;
	size_t n = b->wpos - sizeof(hdr);
	int error = b->failed;

	if (error == 0 && n <= COPY_MAX) {
		error = imsg_compose(ib, type, id, fd, b->buf + sizeof(hdr), n);
		ibuf_free(b);
		return (error);
	}
	if (error == 0 && (c = calloc(1, sizeof(*c))) == NULL)
		error = ENOMEM;
	if (error != 0) {
		if (fd != -1)
			close(fd);
		ibuf_free(b);
		errno = error;
		return (-1);
	}
	header_fill(&hdr, type, id, fd, n);
	memcpy(b->buf, &hdr, sizeof(hdr));
	c->buf = b->buf;
	c->size = b->size;
	c->wpos = b->wpos;
	c->fd = fd;
	TAILQ_INSERT_TAIL(&ib->chunks, c, entry);
	ib->queued += c->wpos;
	free(b);
	return (0);
}

/* n bytes of the queue have been sent. */
static void
chunks_sent(struct imsgbuf *ib, size_t n)
{
	struct chunk *c;
	size_t left;

	ib->queued -= n;
	while ((c = TAILQ_FIRST(&ib->chunks)) != NULL && n != 0) {
		if (c->fd != -1) {
			close(c->fd);
			c->fd = -1;
		}
		left = c->wpos - c->rpos;
		if (n < left) {
			c->rpos += n;
			return;
		}
		n -= left;
		TAILQ_REMOVE(&ib->chunks, c, entry);
		if (ib->spare == NULL && c->size == CHUNK_SIZE)
			ib->spare = c;
		else
			chunk_free(c);
	}
}

int
imsgbuf_write(struct imsgbuf *ib)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov[WRITE_CHUNKS];
	struct msghdr msg;
	struct chunk *c;
	size_t total;
	ssize_t n;

	while ((c = TAILQ_FIRST(&ib->chunks)) != NULL) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = iov;
		if (c->fd != -1) {
			memset(&control, 0, sizeof(control));
			msg.msg_control = control.buf;
			msg.msg_controllen = sizeof(control.buf);
			control.align.cmsg_len = CMSG_LEN(sizeof(int));
			control.align.cmsg_level = SOL_SOCKET;
			control.align.cmsg_type = SCM_RIGHTS;
			memcpy(CMSG_DATA(&control.align), &c->fd, sizeof(int));
		}
		total = 0;
		do {
			iov[msg.msg_iovlen].iov_base = c->buf + c->rpos;
			iov[msg.msg_iovlen++].iov_len = c->wpos - c->rpos;
			total += c->wpos - c->rpos;
			c = TAILQ_NEXT(c, entry);
			/* A descriptor needs a call of its own. */
		} while (
		    c != NULL && c->fd == -1 && msg.msg_iovlen < WRITE_CHUNKS);

		do
			n = sendmsg(ib->fd, &msg, MSG_NOSIGNAL);
		while (n == -1 && errno == EINTR);
		if (n == -1)
			return (errno == EAGAIN ? 0 : -1);
		chunks_sent(ib, n);
		if ((size_t)n < total)
			return (0);
	}
	return (0);
}

int
imsgbuf_flush(struct imsgbuf *ib)
{
	struct pollfd pfd = {.fd = ib->fd, .events = POLLOUT};

	for (;;) {
		if (imsgbuf_write(ib) == -1)
			return (-1);
		if (ib->queued == 0)
			return (0);
		if (poll(&pfd, 1, -1) == -1 && errno != EINTR)
			return (-1);
	}
}
