/* SPDX-License-Identifier: ISC */
/*
 * Messages between processes: buffers that check every length, and above all
 * descriptors that must arrive with their message however the stream is cut.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/imsg.h"

#define FDS_TRIED (IMSG_FDS_MAX + 8)

static void
pair(int sv[2])
{
	ATF_REQUIRE_EQ(
	    0, socketpair(
		   AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv));
}

/* Send raw bytes with descriptors at the first of them. */
static ssize_t
raw_send(int s, const void *p, size_t n, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(FDS_TRIED * sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr msg;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = (void *)(uintptr_t)p;
	iov.iov_len = n;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (nfds != 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.align.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.align), fds, nfds * sizeof(int));
	}
	return (sendmsg(s, &msg, MSG_NOSIGNAL));
}

static int
null_fd(void)
{
	int fd;

	ATF_REQUIRE((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) != -1);
	return (fd);
}

static int
count_fds(void)
{
	int i, n = 0;

	for (i = 0; i < 1024; i++)
		if (fcntl(i, F_GETFD) != -1)
			n++;
	return (n);
}

static struct imsg_hdr
header(uint32_t type, uint32_t len)
{
	struct imsg_hdr h = {.type = type, .len = len};

	return (h);
}

ATF_TC_WITHOUT_HEAD(ibuf);
ATF_TC_BODY(ibuf, tc)
{
	struct ibuf *b;
	char s[6];
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8, *p;
	int i;

	b = ibuf_new(5000);
	ATF_CHECK_EQ(0, ibuf_put_u8(b, 1));
	ATF_CHECK_EQ(0, ibuf_put_u16(b, 0x1234));
	ATF_CHECK_EQ(0, ibuf_put_u32(b, 0x12345678));
	ATF_CHECK_EQ(0, ibuf_put_u64(b, 0x123456789abcdef0ULL));
	ATF_CHECK_EQ(0, ibuf_put_str(b, "hello"));
	ATF_CHECK_EQ(0, ibuf_put_str(b, "hello"));
	ATF_CHECK_EQ(0, ibuf_put_str(b, ""));
	ATF_REQUIRE((p = ibuf_reserve(b, 3000)) != NULL);
	for (i = 0; i < 3000; i++)
		p[i] = i;

	ATF_CHECK_EQ(0, ibuf_get_u8(b, &u8));
	ATF_CHECK_EQ(1, u8);
	ATF_CHECK_EQ(0, ibuf_get_u16(b, &u16));
	ATF_CHECK_EQ(0x1234, u16);
	ATF_CHECK_EQ(0, ibuf_get_u32(b, &u32));
	ATF_CHECK_EQ(0x12345678, u32);
	ATF_CHECK_EQ(0, ibuf_get_u64(b, &u64));
	ATF_CHECK_EQ(0x123456789abcdef0ULL, u64);
	ATF_CHECK_EQ(0, ibuf_get_str(b, s, 6));
	ATF_CHECK_STREQ("hello", s);
	/* One byte too few for the NUL; nothing is consumed. */
	ATF_CHECK_EQ(-1, ibuf_get_str(b, s, 5));
	ATF_CHECK_EQ(EBADMSG, errno);
	ATF_CHECK_EQ(0, ibuf_get_str(b, s, 6));
	ATF_CHECK_EQ(0, ibuf_get_str(b, s, 1));
	ATF_CHECK_STREQ("", s);
	ATF_CHECK_EQ(3000, ibuf_left(b));
	ATF_CHECK_EQ(-1, ibuf_end(b));
	ATF_CHECK_EQ(EBADMSG, errno);
	errno = 0;
	ATF_CHECK(ibuf_take(b, 3001) == NULL);
	ATF_CHECK_EQ(EBADMSG, errno);
	ATF_CHECK(ibuf_take(b, SIZE_MAX) == NULL);
	ATF_CHECK(ibuf_take(b, 3000) != NULL);
	ATF_CHECK_EQ(0, ibuf_end(b));
	ATF_CHECK_EQ(-1, ibuf_get_u8(b, &u8));

	/* Past the maximum: failed, and it stays so. */
	ATF_CHECK(ibuf_reserve(b, 1970) == NULL);
	ATF_CHECK_EQ(ERANGE, errno);
	ATF_CHECK_EQ(-1, ibuf_put_u8(b, 1));
	ATF_CHECK_EQ(ERANGE, errno);
	ibuf_free(b);

	b = ibuf_new(SIZE_MAX);
	ATF_CHECK_EQ(0, ibuf_put_u8(b, 1));
	ATF_CHECK(ibuf_reserve(b, SIZE_MAX) == NULL);
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(ibuf_foreign);
ATF_TC_BODY(ibuf_foreign, tc)
{
	static const uint8_t nul[] = {3, 0, 'a', 0, 'b'};
	struct ibuf b;
	char s[8];

	ibuf_from(&b, nul, sizeof(nul));
	ATF_CHECK_EQ(-1, ibuf_put_u8(&b, 1));
	ATF_CHECK_EQ(-1, ibuf_get_str(&b, s, sizeof(s)));
	ATF_CHECK_EQ(EBADMSG, errno);
	ibuf_from(&b, nul, 4);
	ATF_CHECK_EQ(-1, ibuf_get_str(&b, s, sizeof(s)));
	ibuf_from(&b, NULL, 0);
	ATF_CHECK(ibuf_take(&b, 0) != NULL);
	ATF_CHECK_EQ(0, ibuf_end(&b));
}

ATF_TC_WITHOUT_HEAD(compose);
ATF_TC_BODY(compose, tc)
{
	struct imsgbuf *w, *r;
	struct imsg m;
	struct ibuf *b;
	struct stat st, want;
	uint32_t u32;
	int sv[2], fds;

	fds = count_fds();
	pair(sv);
	w = imsgbuf_new(sv[0]);
	r = imsgbuf_new(sv[1]);
	ATF_CHECK_EQ(sv[0], imsgbuf_fd(w));
	ATF_CHECK_EQ(0, imsg_compose(w, 1, 7, -1, "abc", 3));
	ATF_CHECK_EQ(0, imsg_compose(w, 2, 0, null_fd(), NULL, 0));
	b = imsg_create();
	ibuf_put_u32(b, 0xdeadbeef);
	ATF_CHECK_EQ(4, ibuf_left(b));
	ATF_CHECK_EQ(0, imsg_close(w, 3, 8, -1, b));
	ATF_CHECK_EQ(16 + 3 + 16 + 16 + 4, imsgbuf_queued(w));
	/* What cannot be sent is freed, its descriptor closed. */
	ATF_CHECK_EQ(
	    -1, imsg_compose(w, 4, 0, null_fd(), "", IMSG_BODY_MAX + 1));
	ATF_CHECK_EQ(ERANGE, errno);
	b = imsg_create();
	ATF_CHECK(ibuf_reserve(b, IMSG_BODY_MAX + 1) == NULL);
	ATF_CHECK_EQ(-1, imsg_close(w, 4, 0, null_fd(), b));
	ATF_CHECK_EQ(ERANGE, errno);
	b = imsg_create();
	ATF_CHECK(ibuf_reserve(b, IMSG_BODY_MAX) != NULL);
	memset(b->buf + sizeof(struct imsg_hdr), 0x5a, IMSG_BODY_MAX);
	ATF_CHECK_EQ(0, imsg_close(w, 5, 0, -1, b));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(w));
	ATF_CHECK_EQ(0, imsgbuf_queued(w));

	ATF_CHECK_EQ(0, imsg_get(r, &m));
	ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	ATF_REQUIRE_EQ(1, imsg_get(r, &m));
	ATF_CHECK_EQ(1, m.hdr.type);
	ATF_CHECK_EQ(7, m.hdr.id);
	ATF_CHECK_EQ(19, m.hdr.len);
	ATF_CHECK_EQ(-1, m.fd);
	ATF_CHECK_EQ(3, ibuf_left(&m.body));
	ATF_CHECK_EQ(0, memcmp(ibuf_take(&m.body, 3), "abc", 3));
	while (imsg_get(r, &m) == 0)
		ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	ATF_CHECK_EQ(2, m.hdr.type);
	ATF_CHECK_EQ(16, m.hdr.len);
	ATF_CHECK_EQ(0, ibuf_end(&m.body));
	ATF_REQUIRE(m.fd != -1);
	ATF_CHECK(fcntl(m.fd, F_GETFD) & FD_CLOEXEC);
	ATF_REQUIRE_EQ(0, fstat(m.fd, &st));
	ATF_REQUIRE_EQ(0, stat("/dev/null", &want));
	ATF_CHECK_EQ(want.st_rdev, st.st_rdev);
	imsg_free(&m);
	ATF_CHECK_EQ(-1, m.fd);
	while (imsg_get(r, &m) == 0)
		ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	ATF_CHECK_EQ(3, m.hdr.type);
	ATF_CHECK_EQ(0, ibuf_get_u32(&m.body, &u32));
	ATF_CHECK_EQ(0xdeadbeef, u32);
	ATF_CHECK_EQ(0, ibuf_end(&m.body));
	while (imsg_get(r, &m) == 0)
		ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	ATF_CHECK_EQ(5, m.hdr.type);
	ATF_CHECK_EQ(IMSG_MAX, m.hdr.len);
	ATF_CHECK_EQ(IMSG_BODY_MAX, ibuf_left(&m.body));

	/* Nothing there is no end; a closed peer is one, and an error. */
	ATF_CHECK_EQ(1, imsgbuf_read(r));
	ATF_CHECK_EQ(0, imsg_get(r, &m));
	imsgbuf_free(w);
	close(sv[0]);
	ATF_CHECK_EQ(0, imsgbuf_read(r));
	imsg_compose(r, 1, 0, null_fd(), "x", 1);
	ATF_CHECK_EQ(-1, imsgbuf_write(r));
	ATF_CHECK_EQ(EPIPE, errno);
	imsgbuf_free(r);
	close(sv[1]);
	ATF_CHECK_EQ(fds, count_fds());
}

/* One message with a descriptor, cut at every byte; the descriptor may come
   with the first or with the second half. */
ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	struct {
		struct imsg_hdr hdr;
		char body[8];
	} wire;
	struct imsgbuf *r;
	struct imsg m;
	size_t cut;
	int sv[2], fd, half, fds;

	fds = count_fds();
	wire.hdr = header(9, sizeof(wire) | IMSG_FD_MARK);
	memcpy(wire.body, "12345678", 8);
	for (half = 0; half < 2; half++)
		for (cut = 1; cut < sizeof(wire); cut++) {
			pair(sv);
			r = imsgbuf_new(sv[1]);
			fd = null_fd();
			ATF_REQUIRE_EQ((ssize_t)cut,
			    raw_send(sv[0], &wire, cut, &fd, half == 0));
			ATF_REQUIRE_EQ(1, imsgbuf_read(r));
			ATF_REQUIRE_EQ(0, imsg_get(r, &m));
			ATF_REQUIRE_EQ((ssize_t)(sizeof(wire) - cut),
			    raw_send(sv[0], (char *)&wire + cut,
				sizeof(wire) - cut, &fd, half == 1));
			close(fd);
			ATF_REQUIRE_EQ(1, imsgbuf_read(r));
			ATF_REQUIRE_EQ_MSG(1, imsg_get(r, &m),
			    "cut at %zu, half %d", cut, half);
			ATF_CHECK(m.fd != -1);
			ATF_CHECK_EQ(
			    0, memcmp(ibuf_take(&m.body, 8), wire.body, 8));
			imsg_free(&m);
			imsgbuf_free(r);
			close(sv[0]);
			close(sv[1]);
		}
	ATF_CHECK_EQ(fds, count_fds());
}

static void
bad(const char *what, uint32_t len, bool marked)
{
	struct imsg_hdr h = header(1, len | (marked ? IMSG_FD_MARK : 0));
	struct imsgbuf *r;
	struct imsg m;
	int sv[2];

	pair(sv);
	r = imsgbuf_new(sv[1]);
	ATF_REQUIRE_EQ(sizeof(h), raw_send(sv[0], &h, sizeof(h), NULL, 0));
	ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	errno = 0;
	ATF_CHECK_MSG(imsg_get(r, &m) == -1, "%s was taken", what);
	ATF_CHECK_EQ(EBADMSG, errno);
	ATF_CHECK_EQ(-1, m.fd);
	/* It does not go away. */
	ATF_CHECK_EQ(-1, imsg_get(r, &m));
	imsgbuf_free(r);
	close(sv[0]);
	close(sv[1]);
}

ATF_TC_WITHOUT_HEAD(lengths);
ATF_TC_BODY(lengths, tc)
{
	bad("length 0", 0, false);
	bad("length under the header", sizeof(struct imsg_hdr) - 1, false);
	bad("length over the maximum", IMSG_MAX + 1, false);
	bad("length far over the maximum", 0x7fffffff, false);
	bad("mark without a descriptor", sizeof(struct imsg_hdr), true);
}

ATF_TC_WITHOUT_HEAD(many_fds);
ATF_TC_BODY(many_fds, tc)
{
	struct imsg_hdr h[3];
	struct imsgbuf *r;
	struct imsg m;
	int sv[2], fd[FDS_TRIED], fds, i;

	fds = count_fds();
	pair(sv);
	for (i = 0; i < FDS_TRIED; i++)
		fd[i] = null_fd();

	/* Several in one control message go to messages in their order. */
	r = imsgbuf_new(sv[1]);
	h[0] = header(1, sizeof(h[0]) | IMSG_FD_MARK);
	h[1] = header(2, sizeof(h[0]));
	h[2] = header(3, sizeof(h[0]) | IMSG_FD_MARK);
	ATF_REQUIRE_EQ(sizeof(h), raw_send(sv[0], h, sizeof(h), fd, 3));
	ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	for (i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(1, imsg_get(r, &m));
		ATF_CHECK_EQ(i == 1, m.fd == -1);
		imsg_free(&m);
	}
	/* The third was nobody's: freed with the buffer. */
	imsgbuf_free(r);

	/* As many as may wait, and one more. */
	r = imsgbuf_new(sv[1]);
	for (i = 0; i <= IMSG_FDS_MAX; i++) {
		ATF_REQUIRE_EQ(1, raw_send(sv[0], "\0", 1, fd, 1));
		if (i < IMSG_FDS_MAX)
			ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	}
	ATF_CHECK_EQ(-1, imsgbuf_read(r));
	ATF_CHECK_EQ(EBADMSG, errno);
	imsgbuf_free(r);

	/* More than the control buffer holds: the kernel drops them. */
	r = imsgbuf_new(sv[1]);
	ATF_REQUIRE_EQ(1, raw_send(sv[0], "\0", 1, fd, FDS_TRIED));
	ATF_CHECK_EQ(-1, imsgbuf_read(r));
	ATF_CHECK_EQ(EMFILE, errno);
	imsgbuf_free(r);

	for (i = 0; i < FDS_TRIED; i++)
		close(fd[i]);
	close(sv[0]);
	close(sv[1]);
	ATF_CHECK_EQ(fds, count_fds());
}

ATF_TC_WITHOUT_HEAD(full_table);
ATF_TC_BODY(full_table, tc)
{
	struct rlimit rl;
	struct imsgbuf *w, *r;
	int sv[2];

	pair(sv);
	w = imsgbuf_new(sv[0]);
	r = imsgbuf_new(sv[1]);
	ATF_REQUIRE_EQ(0, imsg_compose(w, 1, 0, null_fd(), "x", 1));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(w));
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_cur = 3;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &rl));
	errno = 0;
	ATF_CHECK_EQ(-1, imsgbuf_read(r));
	ATF_CHECK_EQ(EMFILE, errno);
	rl.rlim_cur = rl.rlim_max;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &rl));
	imsgbuf_free(w);
	imsgbuf_free(r);
	close(sv[0]);
	close(sv[1]);
}

/* A message that was handed out stays where it is while more is read. */
ATF_TC_WITHOUT_HEAD(lent);
ATF_TC_BODY(lent, tc)
{
	struct imsgbuf *w, *r;
	struct imsg m;
	const uint8_t *p;
	static uint8_t body[IMSG_BODY_MAX];
	uint32_t next = 0;
	int sv[2], i, j, n = 0;

	pair(sv);
	w = imsgbuf_new(sv[0]);
	r = imsgbuf_new(sv[1]);
	for (i = 0; i < 40; i++) {
		memset(body, i, sizeof(body));
		ATF_REQUIRE_EQ(
		    0, imsg_compose(w, i, 0, -1, body, sizeof(body) - i));
	}
	while (n < 40) {
		ATF_REQUIRE_EQ(0, imsgbuf_write(w));
		ATF_REQUIRE_EQ(1, imsgbuf_read(r));
		if (imsg_get(r, &m) != 1)
			continue;
		ATF_REQUIRE_EQ(next++, m.hdr.type);
		for (j = 0; j < 8; j++) {
			ATF_REQUIRE_EQ(0, imsgbuf_write(w));
			ATF_REQUIRE_EQ(1, imsgbuf_read(r));
		}
		ATF_REQUIRE_EQ(IMSG_BODY_MAX - n, ibuf_left(&m.body));
		p = ibuf_take(&m.body, IMSG_BODY_MAX - n);
		for (j = 0; j < (int)IMSG_BODY_MAX - n; j++)
			ATF_REQUIRE_EQ(n, p[j]);
		n++;
	}
	imsgbuf_free(w);
	imsgbuf_free(r);
	close(sv[0]);
	close(sv[1]);
}

/* Pass up to n bytes and their descriptors from one socket to another. */
static void
relay(int from, int to, size_t n)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(IMSG_FDS_MAX * sizeof(int))];
	} control;
	struct cmsghdr *cm;
	struct iovec iov;
	struct msghdr msg;
	char buf[4096];
	ssize_t got;
	size_t nfds = 0, i;
	int fds[IMSG_FDS_MAX];

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = buf;
	iov.iov_len = n;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	got = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	if (got == -1) {
		ATF_REQUIRE_EQ(EAGAIN, errno);
		return;
	}
	if ((cm = CMSG_FIRSTHDR(&msg)) != NULL) {
		nfds = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(cm), nfds * sizeof(int));
	}
	ATF_REQUIRE_EQ(got, raw_send(to, buf, got, fds, nfds));
	for (i = 0; i < nfds; i++)
		close(fds[i]);
}

static size_t
random_size(void)
{
	switch (random() % 8) {
	case 0:
		return (0);
	case 1:
		return (random() % 20000);
	case 2:
		return (2040 + random() % 16);
	default:
		return (random() % 60);
	}
}

/* What message i holds; its descriptor is a file of i bytes. */
static void
send_one(struct imsgbuf *w, int i)
{
	static uint8_t body[IMSG_BODY_MAX];
	struct ibuf *b;
	size_t n = random_size();
	int fd = -1;

	if (random() % 3 == 0) {
		ATF_REQUIRE((fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC,
				 0600)) != -1);
		ATF_REQUIRE_EQ(0, ftruncate(fd, i));
	}
	memset(body, i, n);
	if (random() % 2) {
		ATF_REQUIRE_EQ(0, imsg_compose(w, i, fd != -1, fd, body, n));
		return;
	}
	b = imsg_create();
	ibuf_put(b, body, n);
	ATF_REQUIRE_EQ(0, imsg_close(w, i, fd != -1, fd, b));
}

static void
check_one(struct imsg *m, int i)
{
	struct stat st;
	const uint8_t *p;
	size_t n = ibuf_left(&m->body);

	ATF_REQUIRE_EQ(i, (int)m->hdr.type);
	ATF_REQUIRE_EQ_MSG(m->hdr.id != 0, m->fd != -1, "message %d", i);
	if (m->fd != -1) {
		ATF_REQUIRE_EQ(0, fstat(m->fd, &st));
		ATF_REQUIRE_EQ_MSG(i, st.st_size,
		    "message %d has the "
		    "descriptor of %jd",
		    i, (intmax_t)st.st_size);
		ATF_REQUIRE(fcntl(m->fd, F_GETFD) & FD_CLOEXEC);
	}
	for (p = ibuf_take(&m->body, n); n > 0; n--)
		ATF_REQUIRE_EQ((uint8_t)i, p[n - 1]);
}

ATF_TC_WITHOUT_HEAD(storm);
ATF_TC_BODY(storm, tc)
{
	struct imsgbuf *w, *r;
	struct imsg m;
	int a[2], b[2], fds, n, sent = 0, seen = 0, small = 1;

	srandom(42);
	fds = count_fds();
	pair(a);
	pair(b);
	ATF_REQUIRE_EQ(
	    0, setsockopt(a[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	w = imsgbuf_new(a[0]);
	r = imsgbuf_new(b[1]);
	while (seen < 1000) {
		while (sent < 1000 && random() % 3 != 0)
			send_one(w, ++sent);
		ATF_REQUIRE_EQ(0, imsgbuf_write(w));
		for (n = random() % 20; n > 0; n--) {
			relay(a[1], b[0],
			    random() % 10 == 0 ? 1 + random() % 4096
					       : 1 + random() % 24);
			if (random() % 2)
				ATF_REQUIRE_EQ(1, imsgbuf_read(r));
		}
		ATF_REQUIRE_EQ(1, imsgbuf_read(r));
		while (random() % 8 != 0 && imsg_get(r, &m) == 1) {
			check_one(&m, ++seen);
			imsg_free(&m);
		}
	}
	ATF_CHECK_EQ(0, imsg_get(r, &m));
	imsgbuf_free(w);
	imsgbuf_free(r);
	for (n = 0; n < 2; n++) {
		close(a[n]);
		close(b[n]);
	}
	ATF_CHECK_EQ(fds, count_fds());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ibuf);
	ATF_TP_ADD_TC(tp, ibuf_foreign);
	ATF_TP_ADD_TC(tp, compose);
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, lengths);
	ATF_TP_ADD_TC(tp, many_fds);
	ATF_TP_ADD_TC(tp, full_table);
	ATF_TP_ADD_TC(tp, lent);
	ATF_TP_ADD_TC(tp, storm);
	return (atf_no_error());
}
