/* SPDX-License-Identifier: ISC */
/* A session fed with bytes and time. */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bgpe/bgpe.h"
#include "hex.h"

static const struct session_params ours = { 65000, 65000, 0x7f000001, 77,
	0 };
static const struct session_params plain = { 65000, 65000, 0x7f000001, 77,
	OPEN_NO_ADD_PATH | OPEN_NO_EXTENDED };
static const struct monotime start = { 1000000 };

#define MARKER	"ffffffffffffffffffffffffffffffff "
#define OPEN(hold) MARKER "0031 01 04 fde8 " hold " 0a000002 14 02 12 "	\
	"01 04 00010001 01 04 00020001 41 04 0000fde8 "
#define KEEPALIVE MARKER "0013 04 "
#define UPDATE	MARKER "002d 02 0000 0014 40 01 01 00 "		\
	"40 02 06 02 01 0000fde9 40 03 04 0a000001 08 0a "
#define WITHDRAW MARKER "0019 02 0002 08 0a 0000 "
#define EOR	MARKER "0017 02 0000 0000 "
#define EOR6	MARKER "001d 02 0000 0006 80 0f 03 0002 01 "
#define SHUTDOWN MARKER "0018 03 06 02 02 6279 "

static struct session *
connected_as(const struct session_params *params)
{
	struct session *s;

	ATF_REQUIRE((s = session_new(params, start)) != NULL);
	ATF_CHECK_EQ(FSM_ACTIVE, s->state);
	ATF_CHECK_EQ(0, session_connected(s, start));
	return (s);
}

static struct session *
connected(void)
{
	return (connected_as(&ours));
}

static void
feed(struct session *s, const uint8_t *p, size_t len)
{
	uint8_t *to;
	size_t room;

	to = session_space(s, &room);
	ATF_REQUIRE(room >= len);
	memcpy(to, p, len);
	session_filled(s, len);
}

/* What steps say, a letter a bit, messages parted by spaces. */
static void
run(struct session *s, FILE *f)
{
	static const char letters[] = "moUudc";
	unsigned int bits, i;

	while ((bits = session_step(s, start)) != 0) {
		fputc(' ', f);
		for (i = 0; i < sizeof(letters) - 1; i++)
			if (bits & 1U << i)
				fputc(letters[i], f);
		if (bits & SESSION_UPDATE)
			fprintf(f, "%u%s", s->update.nroutes,
			    s->update.eor == AF_INET	    ? "e4"
				: s->update.eor == AF_INET6 ? "e6"
							    : "");
		if (bits & SESSION_CLOSE)
			break;
	}
}

static void
expect(const struct session *s, const char *bytes)
{
	const uint8_t *out;
	uint8_t want[512];
	size_t len, n;

	n = unhex(bytes, want);
	out = session_output(s, &len);
	ATF_CHECK_EQ_MSG(n, len, "%zu bytes, expected %zu", len, n);
	ATF_CHECK_MSG(n == len && memcmp(out, want, n) == 0, "other bytes");
}

static struct session *
established_as(const struct session_params *params, const char *open)
{
	struct session *s = connected_as(params);
	uint8_t buf[512];
	char *text;
	size_t len;
	FILE *f;

	feed(s, buf, unhex(open, buf));
	feed(s, buf, unhex(KEEPALIVE, buf));
	ATF_REQUIRE((f = open_memstream(&text, &len)) != NULL);
	run(s, f);
	fclose(f);
	ATF_CHECK_STREQ(" mo mU", text);
	free(text);
	session_output(s, &len);
	session_sent(s, len);
	return (s);
}

static struct session *
established(const char *open)
{
	return (established_as(&ours, open));
}

/* A whole life, split into two reads at every byte, and byte by byte. */
ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	static const char life[] = " mo mU mu1 mu1 m mu0e4 mu0e6 mdc";
	struct session *s;
	uint8_t buf[1024];
	char *text;
	size_t i, j, len, n;
	FILE *f;

	n = unhex(OPEN("00b4") KEEPALIVE UPDATE WITHDRAW KEEPALIVE EOR EOR6
	    SHUTDOWN, buf);
	for (i = 0; i <= n; i++) {
		s = connected();
		ATF_REQUIRE((f = open_memstream(&text, &len)) != NULL);
		if (i == n) {
			for (j = 0; j < n; j++) {
				feed(s, buf + j, 1);
				run(s, f);
			}
		} else {
			feed(s, buf, i);
			run(s, f);
			feed(s, buf + i, n - i);
			run(s, f);
		}
		fclose(f);
		ATF_REQUIRE_MSG(strcmp(life, text) == 0, "%zu: \"%s\"", i,
		    text);
		free(text);
		ATF_CHECK_EQ(FSM_IDLE, s->state);
		ATF_CHECK_EQ(8, s->count.rx_messages);
		ATF_CHECK_EQ(4, s->count.rx_updates);
		ATF_CHECK_EQ(n, s->count.rx_bytes);
		ATF_CHECK_EQ(1, s->count.rx_announced);
		ATF_CHECK_EQ(1, s->count.rx_withdrawn);
		ATF_CHECK_EQ(BGP_FAM_IPV4 | BGP_FAM_IPV6, s->eor);
		ATF_CHECK(!s->notified);
		ATF_CHECK_STREQ("received NOTIFICATION Cease/Administrative "
		    "Shutdown \"by\"", s->reason);
		session_free(s);
	}
}

ATF_TC_WITHOUT_HEAD(handshake);
ATF_TC_BODY(handshake, tc)
{
	struct session *s = connected();
	const uint8_t *out;
	uint8_t buf[512];
	size_t len;

	ATF_CHECK_EQ(FSM_OPENSENT, s->state);
	expect(s, MARKER "003d 01 04 fde8 005a 7f000001 20 02 1e "
	    "01 04 00010001 01 04 00020001 41 04 0000fde8 06 00 "
	    "45 08 00010101 00020101");
	session_sent(s, 10);
	out = session_output(s, &len);
	ATF_CHECK_EQ(0x3d - 10, len);
	ATF_CHECK_EQ(0xff, out[0]);
	session_sent(s, len);
	feed(s, buf, unhex(OPEN("00b4"), buf));
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_OPENED, session_step(s, start));
	ATF_CHECK_EQ(FSM_OPENCONFIRM, s->state);
	ATF_CHECK_EQ(0x0a000002, s->peer.router_id);
	expect(s, KEEPALIVE);
	feed(s, buf, unhex(KEEPALIVE, buf));
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_UP, session_step(s, start));
	ATF_CHECK_EQ(FSM_ESTABLISHED, s->state);
	ATF_CHECK_EQ(90, s->hold_time);
	ATF_CHECK_EQ(2, s->count.tx_messages);
	session_free(s);
}

/* RFC 4271 6: what a peer does wrong, and the NOTIFICATION for it. */
static const struct {
	const char	*name;
	bool		 up;		/* Established, else OpenSent */
	const char	*bytes, *notification;
} errors[] = {
	{ "marker", false, "fffffffffffffffffffffffffffffffe 0013 04",
	    "01 01" },
	{ "marker, Established", true,
	    "00ffffffffffffffffffffffffffffff 0013 04", "01 01" },
	{ "shorter than a header", true, MARKER "0012 04", "01 02 0012" },
	{ "length 0", true, MARKER "0000 04", "01 02 0000" },
	{ "OPEN longer than 4096", false, MARKER "1001 01", "01 02 1001" },
	{ "long OPEN, Established", true, MARKER "1001 01", "01 02 1001" },
	{ "length 65535", false, MARKER "ffff 01", "01 02 ffff" },
	{ "short OPEN", false, MARKER "001c 01", "01 02 001c" },
	{ "short UPDATE", true, MARKER "0016 02", "01 02 0016" },
	{ "long KEEPALIVE", true, MARKER "0014 04", "01 02 0014" },
	{ "type 0", true, MARKER "0013 00", "01 03 00" },
	{ "type 6", true, MARKER "0013 06", "01 03 06" },
	{ "type 255", false, MARKER "0013 ff", "01 03 ff" },
	{ "version", false, MARKER "001d 01 03 fde8 005a 0a000002 00",
	    "02 01 0004" },
	{ "AS", false, MARKER "001d 01 04 fde9 005a 0a000002 00", "02 02" },
	{ "router id", false, MARKER "001d 01 04 fde8 005a 00000000 00",
	    "02 03" },
	{ "parameter", false, MARKER "0020 01 04 fde8 005a 0a000002 03 01 01 "
	    "00", "02 04" },
	{ "hold time", false, MARKER "001d 01 04 fde8 0002 0a000002 00",
	    "02 06" },
	{ "capability", false, MARKER "0025 01 04 fde8 005a 0a000002 08 02 06 "
	    "01 04 00190041", "02 07 01 04 00010001 01 04 00020001" },
	{ "truncated parameter", false, MARKER
	    "001f 01 04 fde8 005a 0a000002 ff ff 00", "02 00" },
	{ "UPDATE lengths", true, MARKER "0017 02 0001 0000", "03 01" },
	{ "UPDATE network", true, MARKER "0018 02 0000 0000 21", "03 0a" },
	{ "UPDATE optional attribute", true, MARKER
	    "001c 02 0000 0005 80 0f 02 0002", "03 09 80 0f 02 0002" },
	{ "UPDATE well-known", true, MARKER
	    "001b 02 0000 0004 40 63 01 00", "03 02 40 63 01 00" },
	{ "KEEPALIVE in OpenSent", false, KEEPALIVE, "05 01" },
	{ "UPDATE in OpenSent", false, EOR, "05 01" },
	{ "ROUTE-REFRESH in OpenSent", false, MARKER "0017 05 00010001",
	    "05 01" },
	{ "OPEN in Established", true, OPEN("00b4"), "05 03" }
};

ATF_TC_WITHOUT_HEAD(notifications);
ATF_TC_BODY(notifications, tc)
{
	struct session *s;
	uint8_t buf[512], body[512];
	char want[512];
	unsigned int bits;
	size_t i, len;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].up)
			s = established(OPEN("00b4"));
		else {
			s = connected();
			session_output(s, &len);
			session_sent(s, len);
		}
		feed(s, buf, unhex(errors[i].bytes, buf));
		bits = session_step(s, start) & ~SESSION_MESSAGE;
		ATF_CHECK_EQ_MSG(errors[i].up
			? SESSION_DOWN | SESSION_CLOSE
			: SESSION_CLOSE,
		    bits, "%s: %#x", errors[i].name, bits);
		ATF_CHECK_EQ(FSM_IDLE, s->state);
		ATF_CHECK(s->notified);
		len = unhex(errors[i].notification, body);
		snprintf(want, sizeof(want), MARKER "%04zx 03 %s", len + 19,
		    errors[i].notification);
		printf("%s: %s\n", errors[i].name, s->reason);
		expect(s, want);
		ATF_CHECK_EQ(0, session_step(s, start));
		session_free(s);
	}
}

/* OPEN twice: the FSM's error, of OpenConfirm. */
ATF_TC_WITHOUT_HEAD(openconfirm);
ATF_TC_BODY(openconfirm, tc)
{
	static const char *const bad[] = { OPEN("00b4"), EOR,
		MARKER "0017 05 00010001" };
	struct session *s;
	uint8_t buf[512];
	size_t i, len;

	for (i = 0; i < 3; i++) {
		s = connected();
		feed(s, buf, unhex(OPEN("00b4"), buf));
		ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_OPENED,
		    session_step(s, start));
		session_output(s, &len);
		session_sent(s, len);
		feed(s, buf, unhex(bad[i], buf));
		ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_CLOSE,
		    session_step(s, start));
		expect(s, MARKER "0015 03 05 02");
		session_free(s);
	}
}

/* Errors in a NOTIFICATION are never answered (RFC 4271 6.4). */
ATF_TC_WITHOUT_HEAD(their_notification);
ATF_TC_BODY(their_notification, tc)
{
	static const struct {
		const char *bytes, *reason;
	} rows[] = {
		{ MARKER "0014 03 06",
		    "received a truncated NOTIFICATION" },
		{ MARKER "0015 03 00 00",
		    "received NOTIFICATION code 0 subcode 0" },
		{ MARKER "0016 03 06 02 ff",
		    "received NOTIFICATION Cease/Administrative Shutdown" },
		{ MARKER "0015 03 02 01", "received NOTIFICATION "
		    "OPEN Message Error/Unsupported Version Number" }
	};
	struct session *s;
	uint8_t buf[512];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s = established(OPEN("00b4"));
		feed(s, buf, unhex(rows[i].bytes, buf));
		ATF_CHECK_EQ(SESSION_DOWN | SESSION_CLOSE,
		    session_step(s, start) & ~SESSION_MESSAGE);
		expect(s, "");
		ATF_CHECK_STREQ(rows[i].reason, s->reason);
		session_free(s);
	}
}

/* RFC 7606: what does not end the session is counted. */
ATF_TC_WITHOUT_HEAD(survives);
ATF_TC_BODY(survives, tc)
{
	struct session *s = established(OPEN("00b4"));
	uint8_t buf[512];

	/* prefixes without attributes; a one-byte ATOMIC_AGGREGATE */
	feed(s, buf, unhex(MARKER "0019 02 0000 0000 08 0a", buf));
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_UPDATE, session_step(s, start));
	ATF_CHECK_EQ(1, s->count.withdrawn);
	ATF_CHECK_EQ(1, s->count.rx_withdrawn);
	feed(s, buf, unhex(MARKER "001b 02 0000 0004 40 06 01 00", buf));
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_UPDATE, session_step(s, start));
	ATF_CHECK_EQ(1, s->count.discarded);
	/* a truncated ROUTE-REFRESH with ORF */
	feed(s, buf, unhex(MARKER "0018 05 00010001 01", buf));
	ATF_CHECK_EQ(SESSION_MESSAGE, session_step(s, start));
	ATF_CHECK_EQ(FSM_ESTABLISHED, s->state);
	expect(s, "");
	session_free(s);
}

/* RFC 8654: who offered long messages takes them, who did not does not. */
ATF_TC_WITHOUT_HEAD(extended);
ATF_TC_BODY(extended, tc)
{
	struct session *s = established(OPEN("00b4"));
	uint8_t *msg;
	size_t len = BGP_MSG_EXTENDED_MAX, i, head;

	ATF_REQUIRE((msg = malloc(len)) != NULL);
	head = unhex(MARKER "ffff 02 0000 0014 40 01 01 00 "
	    "40 02 06 02 01 0000fde9 40 03 04 0a000001", msg);
	/* prefixes of two bytes, and one of three at the end */
	for (i = head; i + 3 < len; i += 2) {
		msg[i] = 8;
		msg[i + 1] = 10;
	}
	unhex(len - i == 3 ? "10 0a0a" : "08 0a", msg + i);
	feed(s, msg, len - 1);
	ATF_CHECK_EQ(0, session_step(s, start));
	feed(s, msg + len - 1, 1);
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_UPDATE, session_step(s, start));
	ATF_CHECK_EQ((len - head) / 2, s->count.rx_announced);
	ATF_CHECK_EQ(BGP_OK, s->update.verdict);
	session_free(s);

	s = established_as(&plain, OPEN("00b4"));
	feed(s, msg, BGP_HEADER_LEN);
	ATF_CHECK_EQ(SESSION_DOWN | SESSION_CLOSE, session_step(s, start));
	expect(s, MARKER "0017 03 01 02 ffff");
	session_free(s);
	free(msg);
}

/* RFC 7911: path ids from a peer that offers to send them, to us who asked. */
ATF_TC_WITHOUT_HEAD(path_ids);
ATF_TC_BODY(path_ids, tc)
{
	static const char open[] = MARKER "0037 01 04 fde8 00b4 0a000002 "
	    "1a 02 18 01 04 00010001 01 04 00020001 41 04 0000fde8 "
	    "45 04 00010103";
	static const char update[] = MARKER "0031 02 0000 0014 40 01 01 00 "
	    "40 02 06 02 01 0000fde9 40 03 04 0a000001 00000000 08 0a";
	struct session *s = established(open);
	uint8_t buf[512];

	ATF_CHECK_EQ(BGP_FAM_IPV4, s->agreed.add_path);
	feed(s, buf, unhex(update, buf));
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_UPDATE, session_step(s, start));
	ATF_CHECK_EQ(1, s->count.rx_announced);
	ATF_CHECK(s->update.routes[0].add_path);
	session_free(s);

	s = established_as(&plain, open);
	ATF_CHECK_EQ(0, s->agreed.add_path);
	feed(s, buf, unhex(update, buf));
	session_step(s, start);
	/* four default routes and one more */
	ATF_CHECK_EQ(5, s->count.rx_announced);
	session_free(s);
}

static struct monotime
after(uint64_t ms)
{
	struct monotime t = { start.ms + ms };

	return (t);
}

ATF_TC_WITHOUT_HEAD(timers);
ATF_TC_BODY(timers, tc)
{
	struct session *s = connected();
	struct monotime at;
	uint8_t buf[512];
	uint64_t last, gap;
	unsigned int i;
	size_t len;

	/* no OPEN */
	ATF_REQUIRE(session_deadline(s, &at));
	ATF_CHECK_EQ(HOLD_TIME_OPEN * 1000, at.ms - start.ms);
	session_output(s, &len);
	session_sent(s, len);
	ATF_CHECK_EQ(0, session_timers(s, after(239999)));
	ATF_CHECK_EQ(SESSION_CLOSE, session_timers(s, after(240000)));
	expect(s, MARKER "0015 03 04 00");
	ATF_CHECK(!session_deadline(s, &at));
	session_free(s);

	/* keepalives, each up to a quarter early */
	s = established(OPEN("001e"));
	for (last = start.ms, i = 0; i < 100; i++) {
		ATF_REQUIRE(session_deadline(s, &at));
		gap = at.ms - last;
		ATF_CHECK_MSG(gap > 7500 && gap <= 10000, "%ju",
		    (uintmax_t)gap);
		last = at.ms;
		ATF_CHECK_EQ(0, session_timers(s, at));
		expect(s, KEEPALIVE);
		session_sent(s, 19);
		session_excuse(s, at);
	}
	ATF_CHECK(s->count.tx_messages > 100);

	/* silence */
	feed(s, buf, unhex(UPDATE, buf));
	at.ms += 1000;
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_UPDATE, session_step(s, at));
	at.ms += 29999;
	session_timers(s, at);
	session_sent(s, 19);
	ATF_CHECK_EQ(FSM_ESTABLISHED, s->state);
	at.ms++;
	ATF_CHECK_EQ(SESSION_DOWN | SESSION_CLOSE, session_timers(s, at));
	expect(s, MARKER "0015 03 04 00");
	ATF_CHECK_STREQ("sent NOTIFICATION Hold Timer Expired", s->reason);
	session_free(s);

	/* no hold time, no keepalives */
	s = established(OPEN("0000"));
	ATF_CHECK(!session_deadline(s, &at));
	ATF_CHECK_EQ(0, session_timers(s, after(1000000000)));
	expect(s, "");
	session_free(s);
}

/* RFC 4271 6.8 */
ATF_TC_WITHOUT_HEAD(collision);
ATF_TC_BODY(collision, tc)
{
	struct session *s = connected();
	uint8_t buf[512];
	size_t len;

	session_output(s, &len);
	session_sent(s, len);
	s->rival = true;
	feed(s, buf, unhex(OPEN("00b4"), buf));
	ATF_CHECK_EQ(SESSION_MESSAGE | SESSION_CLOSE, session_step(s, start));
	expect(s, MARKER "0015 03 06 07");
	session_free(s);
}

ATF_TC_WITHOUT_HEAD(endings);
ATF_TC_BODY(endings, tc)
{
	struct session *s = established(OPEN("00b4"));
	unsigned int bits;

	ATF_CHECK_EQ(SESSION_DOWN | SESSION_CLOSE,
	    session_lost(s, start, "connection closed by peer"));
	ATF_CHECK_STREQ("connection closed by peer", s->reason);
	ATF_CHECK_EQ(0, session_lost(s, start, "again"));
	ATF_CHECK_EQ(0, session_stop(s, start, BGP_CEASE_SHUTDOWN));
	ATF_CHECK_STREQ("connection closed by peer", s->reason);
	session_free(s);

	s = connected();
	ATF_CHECK_EQ(SESSION_CLOSE, session_lost(s, start, "reset"));
	ATF_CHECK_EQ(FSM_ACTIVE, s->state);
	session_free(s);

	s = established(OPEN("00b4"));
	ATF_CHECK_EQ(SESSION_DOWN | SESSION_CLOSE,
	    session_stop(s, start, BGP_CEASE_SHUTDOWN));
	expect(s, MARKER "0015 03 06 02");
	session_free(s);

	/* a peer that never reads */
	s = established(OPEN("00b4"));
	while ((bits = session_probe(s, start)) == 0)
		ATF_REQUIRE(s->tx_len <= SESSION_TX);
	ATF_CHECK_EQ(SESSION_DOWN | SESSION_CLOSE, bits);
	ATF_CHECK_STREQ("the peer does not read", s->reason);
	session_free(s);
}

/* The buffer is used to its end, whatever the messages' sizes. */
ATF_TC_WITHOUT_HEAD(buffer);
ATF_TC_BODY(buffer, tc)
{
	struct session *s = established(OPEN("00b4"));
	uint8_t msg[64], *to;
	size_t n, room, i, fed = 0;
	unsigned int round;

	n = unhex(UPDATE, msg);
	for (round = 0; round < 3; round++) {
		to = session_space(s, &room);
		ATF_REQUIRE(room > SESSION_BUF - BGP_MSG_MAX);
		for (i = 0; i < room; i++)
			to[i] = msg[fed++ % n];
		session_filled(s, room);
		while (session_step(s, start) != 0)
			;
		ATF_REQUIRE_EQ(FSM_ESTABLISHED, s->state);
	}
	ATF_CHECK_EQ(fed / n, s->count.rx_updates);
	session_free(s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, handshake);
	ATF_TP_ADD_TC(tp, notifications);
	ATF_TP_ADD_TC(tp, openconfirm);
	ATF_TP_ADD_TC(tp, their_notification);
	ATF_TP_ADD_TC(tp, survives);
	ATF_TP_ADD_TC(tp, extended);
	ATF_TP_ADD_TC(tp, path_ids);
	ATF_TP_ADD_TC(tp, timers);
	ATF_TP_ADD_TC(tp, collision);
	ATF_TP_ADD_TC(tp, endings);
	ATF_TP_ADD_TC(tp, buffer);
	return (atf_no_error());
}
