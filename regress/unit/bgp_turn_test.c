/* SPDX-License-Identifier: ISC */
/*
 * The engine's connections, with the test as their neighbors and as rde: what
 * one neighbor has sent is taken as fast as rde takes it, and what another has
 * to say is not behind all of that.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bgpe/bgpe.h"
#include "../tools/speaker.h"

#define ROUNDS 100000
#define MANY 2000 /* messages, more than is read at once */
#define NLRI_EACH 60
/* One message more than may be queued, as a batch; and what the socket has. */
#define QUEUED_MAX (PROC_HIGH + 4096)
#define PIPE_BYTES (16 * 1024)
#define AHEAD_MAX (QUEUED_MAX + 3 * PIPE_BYTES)

static struct bgpe b;
static struct listener listener;
static struct config_source source;
static struct imsgbuf *rde;
static unsigned int batches[2], ended, ups; /* by peer */
static size_t got, most; /* bytes of routes; ever queued */
static size_t ahead; /* of the last that the second one sent */

static void
drained(struct proc *p, enum proc_id to)
{
	conn_pause(&b, false);
}

static void
turn(void)
{
	size_t n;

	ATF_REQUIRE(event_base_loop(b.proc.base,
			EVLOOP_ONCE | EVLOOP_NONBLOCK) != -1);
	if ((n = proc_queued(&b.proc, PROC_RDE)) > most)
		most = n;
}

/* What rde has got; read as if it had the time. */
static void
rde_reads(void)
{
	struct route_batch rb;
	struct imsg m;

	ATF_REQUIRE_EQ(imsgbuf_read(rde), 1);
	while (imsg_get(rde, &m) == 1) {
		switch (m.hdr.type) {
		case M_PEER_UP:
			ups++;
			break;
		case M_PEER_DOWN:
			ended++;
			break;
		case M_ROUTE_BATCH:
			ATF_REQUIRE_EQ(route_batch_get(&m.body, &rb), 0);
			ATF_REQUIRE(rb.peer < 2);
			batches[rb.peer]++;
			if (rb.peer == 1)
				ahead = got;
			got += m.hdr.len;
		}
		imsg_free(&m);
	}
}

static void
world(void)
{
	const int size = PIPE_BYTES;
	int sv[2];

	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv),
	    0);
	ATF_REQUIRE_EQ(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &size,
			   sizeof(size)),
	    0);
	proc_init(&b.proc, PROC_BGPE, NULL, 0, &b);
	b.proc.drained = drained;
	proc_add_pipe(&b.proc, PROC_RDE, sv[0]);
	conn_init(&b);
	ATF_REQUIRE((rde = imsgbuf_new(sv[1])) != NULL);
	source.local_as = source.peer_as = 65000;
	source.router_id = 0x0a000001;
	listener.source = &source;
}

/* A neighbor's end of a session that is up. */
static int
neighbor(const char *address)
{
	struct sockaddr_storage ss;
	struct sockaddr *sa = (struct sockaddr *)&ss;
	socklen_t len;
	struct addr a;
	int fd, lfd, one = 1;
	unsigned int i, was = ups;

	ATF_REQUIRE_EQ(addr_parse(address, &a), 0);
	len = addr_to_sa(&a, 0, &ss);
	ATF_REQUIRE((lfd = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE_EQ(bind(lfd, sa, len), 0);
	ATF_REQUIRE_EQ(listen(lfd, 1), 0);
	ATF_REQUIRE_EQ(getsockname(lfd, sa, &len), 0);
	/* who is to be the neighbor: the address is its own, too */
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE_EQ(connect(fd, sa, len), 0);
	ATF_REQUIRE_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
			   sizeof(one)),
	    0);
	addr_to_sa(&a, 179, &ss);
	i = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
	conn_accept(&b, &listener, (int)i, sa);
	close(lfd);
	send_open(fd, 65000, &a);
	put_message(fd, BGP_KEEPALIVE, NULL, 0);
	for (i = 0; ups == was; i++) {
		ATF_REQUIRE(i < ROUNDS);
		turn();
		rde_reads();
	}
	return (fd);
}

/* Withdrawals of many prefixes in one message. */
static size_t
many(uint8_t *m, uint32_t n)
{
	uint8_t *body = m + BGP_HEADER_LEN, *p = body + 2;
	struct prefix x = { .len = 24 };
	uint32_t i;

	x.addr.af = AF_INET;
	for (i = 0; i < NLRI_EACH; i++) {
		bgp_put32(x.addr.b, 0x10000000U + (n * NLRI_EACH + i) * 256);
		p = put_nlri(p, &x);
	}
	bgp_put16(body, (uint16_t)(p - body - 2));
	bgp_put16(p, 0);
	return (finish_message(m, p + 2));
}

ATF_TC_WITHOUT_HEAD(turns);
ATF_TC_BODY(turns, tc)
{
	static uint8_t stream[MANY * 512];
	uint8_t m[BGP_MSG_MAX];
	struct prefix x;
	size_t len = 0, sent = 0, before;
	unsigned int i;
	ssize_t n;
	int busy, quiet;

	world();
	busy = neighbor("127.0.0.1");
	quiet = neighbor("127.0.0.2");
	for (i = 0; i < MANY; i++)
		len += many(stream + len, i);
	/* all that it can send, until nothing moves any more: rde sleeps */
	for (i = 0; i < 200; i++) {
		n = send(busy, stream + sent, len - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		turn();
	}
	ATF_CHECK(sent > SESSION_BUF);
	ATF_CHECK(b.paused);
	ATF_CHECK_MSG(most <= QUEUED_MAX, "%zu bytes queued", most);
	ATF_REQUIRE_EQ(prefix_parse("192.0.2.0/24", &x, NULL), 0);
	n = (ssize_t)one_prefix(m, &x, NULL, 0);
	ATF_REQUIRE_EQ(send(quiet, m, (size_t)n, MSG_NOSIGNAL), n);
	before = got;
	for (i = 0; batches[1] == 0; i++) {
		ATF_REQUIRE(i < ROUNDS);
		rde_reads();
		turn();
	}
	ATF_CHECK_MSG(ahead - before <= AHEAD_MAX, "%zu bytes ahead of it",
	    ahead - before);
	/* Of what was read nothing is forgotten, nor what is still to come. */
	for (i = 0; batches[0] < MANY; i++) {
		ATF_REQUIRE_MSG(i < ROUNDS, "%u of %u", batches[0], MANY);
		n = send(busy, stream + sent, len - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		turn();
		rde_reads();
	}
	ATF_CHECK_MSG(most <= QUEUED_MAX, "%zu bytes queued", most);
	ATF_CHECK_EQ(batches[1], 1);
	ATF_CHECK_EQ(ended, 0);
}

/* Messages that were read before a pause are taken after it, though no more
   comes; those before the end of the session, too. */
ATF_TC_WITHOUT_HEAD(left);
ATF_TC_BODY(left, tc)
{
	uint8_t m[BGP_MSG_MAX];
	unsigned int i;
	size_t len;
	int fd;

	world();
	fd = neighbor("127.0.0.1");
	for (i = 0; i < 200; i++) {
		len = many(m, i);
		ATF_REQUIRE_EQ(send(fd, m, len, MSG_NOSIGNAL), (ssize_t)len);
	}
	for (i = 0; i < 200; i++)
		turn();
	ATF_CHECK(b.paused);
	close(fd);
	for (i = 0; ended == 0; i++) {
		ATF_REQUIRE(i < ROUNDS);
		rde_reads();
		turn();
	}
	ATF_CHECK_EQ_MSG(batches[0], 200, "%u", batches[0]);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, turns);
	ATF_TP_ADD_TC(tp, left);
	return (atf_no_error());
}
