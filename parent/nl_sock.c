/* SPDX-License-Identifier: ISC */
/*
 * A netlink socket: ask and wait for the answer, or listen and never wait.
 * Knows the frame of messages, nothing of their meaning.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/netlink.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nl.h"

#define SOCK_BUF	65536	/* the kernel sends at most 32 KiB at once */
#define SOCK_WAIT	2	/* seconds for an answer of the local kernel */

struct nl_sock {
	struct mnl_socket	*mnl;
	unsigned int		 seq;
	bool			 ask;
	char			*buf;
};

/* What these options refine is missing on no kernel that we support, and
   nothing breaks without. */
static void
sock_refine(struct nl_sock *s, int rcvbuf)
{
	struct timeval wait = { SOCK_WAIT, 0 };
	int fd = mnl_socket_get_fd(s->mnl), on = 1;

	if (rcvbuf != 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf,
	    sizeof(rcvbuf)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf,
		    sizeof(rcvbuf));
	if (!s->ask)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	/* filters of dumps are obeyed: one table, not a million routes */
	(void)mnl_socket_setsockopt(s->mnl, NETLINK_GET_STRICT_CHK, &on,
	    sizeof(on));
	(void)mnl_socket_setsockopt(s->mnl, NETLINK_CAP_ACK, &on, sizeof(on));
}

struct nl_sock *
nl_sock_open(int bus, int rcvbuf, bool ask)
{
	struct nl_sock *s;
	int saved;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->ask = ask;
	if ((s->buf = malloc(SOCK_BUF)) == NULL ||
	    (s->mnl = mnl_socket_open2(bus, SOCK_CLOEXEC)) == NULL ||
	    mnl_socket_bind(s->mnl, 0, MNL_SOCKET_AUTOPID) == -1) {
		saved = errno;
		nl_sock_close(s);
		errno = saved;
		return (NULL);
	}
	sock_refine(s, rcvbuf);
	return (s);
}

void
nl_sock_close(struct nl_sock *s)
{
	if (s == NULL)
		return;
	if (s->mnl != NULL)
		mnl_socket_close(s->mnl);
	free(s->buf);
	free(s);
}

int
nl_sock_fd(const struct nl_sock *s)
{
	return (mnl_socket_get_fd(s->mnl));
}

int
nl_sock_join(struct nl_sock *s, unsigned int group)
{
	return (mnl_socket_setsockopt(s->mnl, NETLINK_ADD_MEMBERSHIP, &group,
	    sizeof(group)));
}

ssize_t
nl_sock_recv(struct nl_sock *s, const struct nlmsghdr **nlh)
{
	struct sockaddr_nl from;
	struct iovec iov = { s->buf, SOCK_BUF };
	struct msghdr msg;
	ssize_t n;

	*nlh = (const struct nlmsghdr *)(const void *)s->buf;
	for (;;) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_name = &from;
		msg.msg_namelen = sizeof(from);
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		n = recvmsg(nl_sock_fd(s), &msg, s->ask ? 0 : MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return (0);
		if (n == -1)
			return (-1);
		if (msg.msg_flags & MSG_TRUNC) {
			errno = ENOBUFS;
			return (-1);
		}
		/* only the kernel is believed */
		if (msg.msg_namelen == sizeof(from) && from.nl_pid == 0 &&
		    n > 0)
			return (n);
	}
}

struct request {
	uint32_t	 seq;
	bool		 dump;
	bool		 ack;
	bool		 done;
	bool		 overtaken;
	nl_answer_fn	*fn;
	void		*arg;
};

/* An NLMSG_ERROR or the end of a dump: the errno in it. */
static int
request_end(struct request *r, const struct nlmsghdr *nlh)
{
	const int *error = mnl_nlmsg_get_payload(nlh);

	r->done = true;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error)) {
		if (nlh->nlmsg_type == NLMSG_DONE)
			return (0);
		errno = EBADMSG;
		return (-1);
	}
	if (*error == 0)
		return (0);
	errno = *error < 0 ? -*error : *error;
	return (-1);
}

static int
request_messages(struct request *r, const struct nlmsghdr *nlh, int len)
{
	for (; !r->done && nl_ok(nlh, len);
	    nlh = mnl_nlmsg_next(nlh, &len)) {
		/* left over from a request that was given up */
		if (nlh->nlmsg_seq != r->seq)
			continue;
		if (r->dump && (nlh->nlmsg_flags & NLM_F_DUMP_INTR))
			r->overtaken = true;
		if (nlh->nlmsg_type == NLMSG_ERROR ||
		    nlh->nlmsg_type == NLMSG_DONE)
			return (request_end(r, nlh));
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		if (r->fn != NULL && r->fn(nlh, r->arg) == -1)
			return (-1);
		if (!r->dump && !r->ack)
			r->done = true;
	}
	return (0);
}

int
nl_sock_request(struct nl_sock *s, struct nlmsghdr *nlh, nl_answer_fn *fn,
    void *arg)
{
	struct request r;
	const struct nlmsghdr *answer;
	ssize_t n;

	memset(&r, 0, sizeof(r));
	r.seq = nlh->nlmsg_seq = ++s->seq;
	r.dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	r.ack = (nlh->nlmsg_flags & NLM_F_ACK) != 0;
	r.fn = fn;
	r.arg = arg;
	if (mnl_socket_sendto(s->mnl, nlh, nlh->nlmsg_len) == -1)
		return (-1);
	while (!r.done) {
		if ((n = nl_sock_recv(s, &answer)) == -1)
			return (-1);
		if (n == 0) {
			errno = ETIMEDOUT;
			return (-1);
		}
		if (request_messages(&r, answer, n) == -1)
			return (-1);
	}
	if (r.overtaken) {
		errno = EINTR;
		return (-1);
	}
	return (0);
}
