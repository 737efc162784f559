/* SPDX-License-Identifier: ISC */
/*
 * Messages over stream sockets between our processes, and between pfctl and
 * control: a header, a body, at most one descriptor.  In the spirit of
 * OpenBSD's imsg(3); ours never loses a descriptor: one whose message header
 * straddles two reads waits for it, and received ones are close-on-exec.
 */
#ifndef LIB_IMSG_H
#define LIB_IMSG_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#define IMSG_MAX	65536	/* longest message, header included */
#define IMSG_FD_MARK	0x80000000U	/* in len on the wire */
#define IMSG_FDS_MAX	32	/* descriptors that no message has claimed */

struct imsg_hdr {
	uint32_t	type;
	uint32_t	len;	/* header included; IMSG_FD_MARK: has an fd */
	uint32_t	id;	/* of a request, from its receiver; or 0 */
	uint32_t	pad;
};

#define IMSG_BODY_MAX	(IMSG_MAX - sizeof(struct imsg_hdr))

/*
 * A growing buffer with a read position. Puts append and never fail halfway:
 * 0, or -1 with errno ENOMEM or ERANGE (past its maximum), and a failed
 * buffer stays failed, so that only the close needs a check. Gets consume:
 * 0, or -1 with errno EBADMSG if there is less than asked for. Integers
 * are in host byte order: both ends are on one machine.
 */
struct ibuf {
	uint8_t		*buf;
	size_t		 size;	/* allocated */
	size_t		 max;
	size_t		 wpos;
	size_t		 rpos;
	int		 failed;
};

struct ibuf	*ibuf_new(size_t max);
/* Read from memory that stays the caller's; no put on such a buffer. */
void		 ibuf_from(struct ibuf *, const void *, size_t);
void		 ibuf_free(struct ibuf *);
int		 ibuf_put(struct ibuf *, const void *, size_t);
int		 ibuf_put_u8(struct ibuf *, uint8_t);
int		 ibuf_put_u16(struct ibuf *, uint16_t);
int		 ibuf_put_u32(struct ibuf *, uint32_t);
int		 ibuf_put_u64(struct ibuf *, uint64_t);
/* A u16 length and the bytes, without the NUL. */
int		 ibuf_put_str(struct ibuf *, const char *);
/* n bytes to be filled in by the caller; NULL on failure. Valid until the
   next put. */
void		*ibuf_reserve(struct ibuf *, size_t n);
int		 ibuf_get(struct ibuf *, void *, size_t);
int		 ibuf_get_u8(struct ibuf *, uint8_t *);
int		 ibuf_get_u16(struct ibuf *, uint16_t *);
int		 ibuf_get_u32(struct ibuf *, uint32_t *);
int		 ibuf_get_u64(struct ibuf *, uint64_t *);
/* Into dst of size dstsize, NUL-terminated; EBADMSG too if it does not fit
   or has a NUL inside. */
int		 ibuf_get_str(struct ibuf *, char *, size_t);
/* Point into the buffer at n bytes and consume them; NULL with EBADMSG. */
const void	*ibuf_take(struct ibuf *, size_t n);
size_t		 ibuf_left(const struct ibuf *);
/* The end check: 0 if all was read, else -1 with EBADMSG. */
int		 ibuf_end(const struct ibuf *);

struct imsg {
	struct imsg_hdr	 hdr;	/* len: without the mark */
	struct ibuf	 body;	/* to be read with ibuf_get_*; memory is the
				   imsgbuf's, valid until the next imsg_get */
	int		 fd;	/* -1: none; the receiver owns it */
};

struct imsgbuf;

/* fd is a non-blocking (or blocking) stream socket, stays the caller's to
   close after imsgbuf_free. maxfds: descriptors that may wait unread; more is
   an error, not a loss. NULL with ENOMEM. */
struct imsgbuf	*imsgbuf_new(int fd);
void		 imsgbuf_free(struct imsgbuf *);
int		 imsgbuf_fd(const struct imsgbuf *);
/* Read what is there: 1 something or EAGAIN, 0 end of file, -1 error. EMFILE
   if a descriptor could not be received (the table is full): fatal for the
   pipe, for what was lost cannot be known. */
int		 imsgbuf_read(struct imsgbuf *);
/* Write what fits: 0 (see imsgbuf_queued), -1 error (EPIPE: peer gone). */
int		 imsgbuf_write(struct imsgbuf *);
/* Write all, polling. For blocking uses before a loop runs, and pfctl. */
int		 imsgbuf_flush(struct imsgbuf *);
/* Bytes queued to be written. */
size_t		 imsgbuf_queued(const struct imsgbuf *);
/* The next whole message: 1, 0 none yet, -1 EBADMSG for a length under the
   header or over IMSG_MAX or an fd mark without an fd. */
int		 imsg_get(struct imsgbuf *, struct imsg *);
/* Close a descriptor that nobody took. */
void		 imsg_free(struct imsg *);

/* Queue a message; fd -1 for none, else it is ours and closed once sent.
   -1 with errno on failure (fd is closed then, too). */
int		 imsg_compose(struct imsgbuf *, uint32_t type, uint32_t id,
		    int fd, const void *, size_t);
/* The same in steps: body is filled with ibuf_put_*, then closed (queued) or
   freed. */
struct ibuf	*imsg_create(void);
int		 imsg_close(struct imsgbuf *, uint32_t type, uint32_t id,
		    int fd, struct ibuf *);

#endif
