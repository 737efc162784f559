/* SPDX-License-Identifier: ISC */
/*
 * A router's session: which feeds begin and end, and what they carry, for
 * messages in every order. What comes out is written down as text.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../bmpe/bmpe.h"
#include "hex.h"

static struct {
	struct router	*r;
	char		 log[4096];
	uint32_t	 ids;		/* given */
	uint32_t	 max;
	bool		 up[PEERS_MAX];
} t;

static void __attribute__((__format__(printf, 1, 2)))
put(const char *fmt, ...)
{
	size_t n = strlen(t.log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t.log + n, sizeof(t.log) - n, fmt, ap);
	va_end(ap);
}

static bool
on_up(void *arg, const struct bmp_peer *p, int f, uint32_t *id)
{
	char text[ADDRSTRLEN] = "loc-rib";

	if (t.ids == t.max)
		return (false);
	*id = t.ids++;
	t.up[*id] = true;
	if (p->head.addr.af != AF_UNSPEC)
		addr_format(&p->head.addr, text);
	put("up %u %s as %u/%u v%c\n", *id, text, p->head.as, p->local_as,
	    f == 0 ? '4' : '6');
	return (true);
}

static void
on_down(void *arg, uint32_t id)
{
	ATF_CHECK(t.up[id]);
	t.up[id] = false;
	put("down %u\n", id);
}

static void
on_routes(void *arg, uint32_t id, struct attrs *a, struct bgp_routes *r)
{
	char hop[ADDRSTRLEN];

	ATF_CHECK(t.up[id]);
	if (r->withdraw)
		put("%u: %u withdrawn%s\n", id, r->count,
		    r->add_path ? " by id" : "");
	else
		put("%u: %u via %s, pref %u, path %u%s\n", id, r->count,
		    addr_format(&a->nexthop, hop), a->local_pref,
		    a->as_path_len, r->add_path ? ", ids" : "");
}

static void
on_eor(void *arg, uint32_t id, int af)
{
	ATF_CHECK(t.up[id]);
	put("%u: eor v%c\n", id, af == AF_INET ? '4' : '6');
}

static void
on_note(void *arg, const struct bmp_peer *p, const char *text)
{
	put("note %s\n", text);
}

static const struct router_ops ops = { on_up, on_down, on_routes, on_eor,
	on_note };

static void
start(bool require)
{
	memset(&t, 0, sizeof(t));
	t.max = PEERS_MAX;
	ATF_REQUIRE((t.r = router_new(&ops, NULL, require)) != NULL);
}

static void
finish(void)
{
	uint32_t i;

	router_end(t.r, 9, "end of test");
	for (i = 0; i < t.ids; i++)
		ATF_CHECK_MSG(!t.up[i], "feed %u was left up", i);
	router_free(t.r);
}

/* Bytes in, one at a time; whether the session lives. */
static bool
feed(const uint8_t *p, size_t len)
{
	unsigned int bits;
	size_t room;

	while (len-- > 0) {
		*router_space(t.r, &room) = *p++;
		ATF_REQUIRE(room > 0);
		router_filled(t.r, 1);
		while ((bits = router_step(t.r, 5)) != 0)
			if (bits & ROUTER_CLOSE)
				return (false);
	}
	return (true);
}

static bool
message(uint8_t type, const char *body)
{
	static uint8_t buf[4096];
	size_t len;

	len = BMP_HEADER_LEN + unhex(body, buf + BMP_HEADER_LEN);
	buf[0] = BMP_VERSION;
	bgp_put32(buf + 1, (uint32_t)len);
	buf[5] = type;
	return (feed(buf, len));
}

/* What has come out since the last time. */
static void
check(const char *want)
{
	ATF_CHECK_STREQ(want, t.log);
	t.log[0] = '\0';
}

/* Per-peer headers: type and flags, then a peer. */
#define ZERO8	"00000000 00000000 "
#define TAIL	"0a00000a 00000000 00000000 "
#define P1	ZERO8 "00000000 00000000 00000000 c6120001 0000fde8 " TAIL
#define P2	ZERO8 "00000000 00000000 00000000 c6120002 0000fde9 " TAIL
#define P6	ZERO8 "20010db8 00000000 00000000 00000001 0000fde8 " TAIL
#define VRF	"00000000 00000007 00000000 00000000 00000000 c6120001 " \
		"0000fde8 " TAIL
#define LOC	ZERO8 "00000000 00000000 00000000 00000000 0000fde8 " TAIL
#define PRE	"0000 "
#define POST	"0040 "
#define OUT	"0010 "
#define LOCRIB	"0300 "

#define MARK	"ffffffff ffffffff ffffffff ffffffff "
#define LOCAL	"00000000 00000000 00000000 0a000009 00b3 c001 "
/* AS 65000: IPv4 alone; both families; both, and path ids of IPv4 */
#define PLAIN	MARK "001d 01 04 fde8 005a 0a000001 00 "
#define BOTH	MARK "0031 01 04 fde8 005a 0a000001 14 02 12 0104 00010001 " \
		"0104 00020001 4104 0000fde8 "
#define IDS	MARK "0037 01 04 fde8 005a 0a000001 1a 02 18 0104 00010001 " \
		"0104 00020001 4104 0000fde8 4504 00010103 "

/* UPDATEs: 198.18.0.0/16 with LOCAL_PREF 200 and a path of 1 AS of four or two
   octets; of none and no path; withdrawn; with a path id; End-of-RIB */
#define ATTRS	"40 01 01 00 40 02 06 02 01 0000fde9 40 03 04 0a000002 " \
		"40 05 04 000000c8 "
#define R4	MARK "0035 02 0000 001b " ATTRS "10 c612 "
#define R4AS2	MARK "0033 02 0000 0019 40 01 01 00 40 02 04 02 01 fde9 " \
		"40 03 04 0a000002 40 05 04 000000c8 10 c612 "
#define R4BARE	MARK "0025 02 0000 000b 40 01 01 00 40 03 04 0a000002 " \
		"10 c612 "
#define R4ID	MARK "0039 02 0000 001b " ATTRS "00000007 10 c612 "
#define W4	MARK "001a 02 0003 10 c612 0000 "
#define EOR4	MARK "0017 02 0000 0000 "
#define EOR6	MARK "001e 02 0000 0007 90 0f 0003 0002 01 "
#define BROKEN	MARK "0017 02 ffff 0000 "

ATF_TC_WITHOUT_HEAD(adj_rib_in);
ATF_TC_BODY(adj_rib_in, tc)
{
	start(false);
	ATF_CHECK(message(BMP_INITIATION, "0001 0003 616263 0002 0001 72"));
	ATF_CHECK(t.r->initiated);
	ATF_CHECK_STREQ("r", t.r->name);
	/* an iBGP peer of both families, an eBGP one of IPv4 */
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL BOTH BOTH));
	ATF_CHECK(message(BMP_PEER_UP, PRE P2 LOCAL BOTH PLAIN));
	check("up 0 198.18.0.1 as 65000/65000 v4\n"
	    "up 1 198.18.0.1 as 65000/65000 v6\n"
	    "up 2 198.18.0.2 as 65001/65000 v4\n");
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	/* LOCAL_PREF of another AS means nothing before the policy */
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 R4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, "0020 " P2 R4AS2));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 W4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 EOR4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 EOR6));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 EOR6));
	check("0: 1 via 10.0.0.2, pref 200, path 6\n"
	    "2: 1 via 10.0.0.2, pref 0, path 6\n"
	    "2: 1 via 10.0.0.2, pref 0, path 6\n"
	    "0: 1 withdrawn\n0: eor v4\n1: eor v6\n");
	/* it is up again without having been down */
	ATF_CHECK(message(BMP_PEER_UP, PRE P2 LOCAL PLAIN PLAIN));
	check("down 2\nup 3 198.18.0.2 as 65001/65000 v4\n");
	ATF_CHECK(message(BMP_PEER_DOWN, PRE P1 "04"));
	ATF_CHECK(message(BMP_PEER_DOWN, PRE P1 "04"));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	check("down 0\ndown 1\n"
	    "note down: lost: the peer sent no NOTIFICATION\n");
	ATF_CHECK_EQ(2, t.r->count.orphans);
	/* counted, skipped, or of a kind that is not known */
	ATF_CHECK(message(BMP_STATISTICS, PRE P1 "00000000"));
	ATF_CHECK(message(BMP_ROUTE_MIRRORING, PRE P1 "0001 0002 0000"));
	ATF_CHECK(message(77, "01"));
	ATF_CHECK(message(BMP_PEER_UP, "0900 " P1));
	ATF_CHECK_EQ(1, t.r->count.unknown);
	check("");
	ATF_CHECK(!message(BMP_TERMINATION, "0000 0002 6279 0001 0002 0000"));
	ATF_CHECK_STREQ("terminated by the router: administratively closed: "
	    "by", t.r->reason);
	check("down 3\n");
	finish();
}

ATF_TC_WITHOUT_HEAD(views);
ATF_TC_BODY(views, tc)
{
	start(false);
	ATF_CHECK(message(BMP_PEER_UP, PRE P2 LOCAL BOTH BOTH));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 R4));
	t.log[0] = '\0';
	/* what ends or withdraws behind the policy shows nothing there */
	ATF_CHECK(message(BMP_ROUTE_MONITORING, POST P2 W4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, POST P2 EOR4));
	check("");
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 EOR4));
	check("0: eor v4\n");
	/* routes do, and what was before the policy is void */
	ATF_CHECK(message(BMP_ROUTE_MONITORING, POST P2 R4));
	check("down 0\nup 2 198.18.0.2 as 65001/65000 v4\n"
	    "2: 1 via 10.0.0.2, pref 200, path 6\n");
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 R4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 W4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 EOR4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, OUT P2 R4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, "0050 " P2 R4));
	check("");
	ATF_CHECK_EQ(7, t.r->count.ignored);
	ATF_CHECK(message(BMP_ROUTE_MONITORING, POST P2 W4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, POST P2 EOR4));
	check("2: 1 withdrawn\n2: eor v4\n");
	/* the other family has its own view */
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 EOR6));
	check("1: eor v6\n");
	finish();
}

ATF_TC_WITHOUT_HEAD(loc_rib);
ATF_TC_BODY(loc_rib, tc)
{
	start(false);
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	t.log[0] = '\0';
	/* path ids are as either OPEN says: they are the router's own */
	ATF_CHECK(message(BMP_PEER_UP, LOCRIB LOC LOCAL BOTH IDS));
	check("down 0\nup 1 loc-rib as 65000/65000 v4\n"
	    "up 2 loc-rib as 65000/65000 v6\n");
	ATF_CHECK(t.r->loc_rib);
	ATF_CHECK(message(BMP_ROUTE_MONITORING, LOCRIB LOC R4ID));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	ATF_CHECK(message(BMP_PEER_UP, PRE P2 LOCAL PLAIN PLAIN));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, POST P2 R4));
	check("1: 1 via 10.0.0.2, pref 200, path 6, ids\n");
	ATF_CHECK_EQ(2, t.r->count.ignored);
	/* another routing instance's */
	ATF_CHECK(message(BMP_PEER_UP, LOCRIB VRF LOCAL BOTH BOTH));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, LOCRIB VRF R4));
	check("");
	ATF_CHECK(message(BMP_PEER_DOWN, LOCRIB LOC "06"));
	check("down 1\ndown 2\n"
	    "note down: closed by the router: its routing instance\n");
	/* it is not back to what it did not listen to */
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	check("");
	finish();

	/* no Peer Up, and no path where the router itself is the origin */
	start(true);
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	check("");
	ATF_CHECK_EQ(1, t.r->count.ignored);
	ATF_CHECK(message(BMP_ROUTE_MONITORING, LOCRIB LOC R4BARE));
	check("up 0 loc-rib as 65000/65000 v4\n"
	    "up 1 loc-rib as 65000/65000 v6\n"
	    "0: 1 via 10.0.0.2, pref 0, path 0\n");
	finish();
}

ATF_TC_WITHOUT_HEAD(instances);
ATF_TC_BODY(instances, tc)
{
	start(false);
	ATF_CHECK(message(BMP_PEER_UP, "0100 " P1 LOCAL BOTH BOTH));
	ATF_CHECK(message(BMP_PEER_UP, "0200 " P1 LOCAL BOTH BOTH));
	ATF_CHECK(message(BMP_PEER_UP, PRE VRF LOCAL BOTH BOTH));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE VRF R4));
	/* a Loc-RIB of an instance leaves the default one's peers alone */
	ATF_CHECK(message(BMP_PEER_UP, LOCRIB VRF LOCAL BOTH BOTH));
	check("");
	ATF_CHECK_EQ(4, t.r->npeers);
	ATF_CHECK(message(BMP_PEER_UP, "0080 " P6 LOCAL PLAIN PLAIN));
	check("up 0 2001:db8::1 as 65000/65000 v4\n");
	finish();
}

ATF_TC_WITHOUT_HEAD(add_path);
ATF_TC_BODY(add_path, tc)
{
	start(false);
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL IDS IDS));
	ATF_CHECK(message(BMP_PEER_UP, PRE P2 LOCAL BOTH IDS));
	t.log[0] = '\0';
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4ID));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 R4));
	check("0: 1 via 10.0.0.2, pref 200, path 6, ids\n"
	    "2: 1 via 10.0.0.2, pref 0, path 6\n");
	finish();
}

/* One peer's error is not another's, and ends with its next Peer Up. */
ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	start(false);
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
	ATF_CHECK(message(BMP_PEER_UP, PRE P2 LOCAL PLAIN PLAIN));
	t.log[0] = '\0';
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 BROKEN));
	check("down 0\nnote routes are not taken until its next Peer Up: "
	    "UPDATE error: lengths contradict the message's\n");
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P1 R4));
	ATF_CHECK(message(BMP_ROUTE_MONITORING, PRE P2 R4BARE));
	check("note routes treated as withdrawn: UPDATE error: AS_PATH: "
	    "missing\n1: 1 withdrawn\n");
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN));
	check("up 2 198.18.0.1 as 65000/65000 v4\ndown 2\n"
	    "note routes are not taken until its next Peer Up: Peer Up has no "
	    "OPEN that we received\n");
	/* ids are no more */
	t.max = t.ids + 1;
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL BOTH BOTH));
	check("up 3 198.18.0.1 as 65000/65000 v4\ndown 3\n"
	    "note routes are not taken until its next Peer Up: too many "
	    "peers\n");
	finish();
}

/* What ends the session, and how it says so. */
ATF_TC_WITHOUT_HEAD(ends);
ATF_TC_BODY(ends, tc)
{
	static const struct {
		uint8_t		 type;
		const char	*body, *reason;
	} e[] = {
		{ BMP_INITIATION, "0001 0009 61", "malformed Initiation" },
		{ BMP_TERMINATION, "", "terminated by the router: no reason "
		    "given" },
		{ BMP_TERMINATION, "0001 00", "terminated by the router: no "
		    "reason given" },
		{ BMP_PEER_UP, "0000", "message of type 3 without a whole "
		    "per-peer header" },
		{ BMP_ROUTE_MONITORING, PRE P1 "00", "Route Monitoring has no "
		    "UPDATE" },
		{ BMP_ROUTE_MONITORING, PRE P1 EOR4 "00", "bytes behind the "
		    "UPDATE of a Route Monitoring" },
	};
	const uint8_t wrong[] = { 1 };
	size_t i;

	for (i = 0; i < sizeof(e) / sizeof(e[0]); i++) {
		start(false);
		ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
		ATF_CHECK(!message(e[i].type, e[i].body));
		ATF_CHECK_STREQ(e[i].reason, t.r->reason);
		ATF_CHECK(t.r->closed);
		/* and it stays so */
		ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
		check("up 0 198.18.0.1 as 65000/65000 v4\ndown 0\n");
		finish();
	}
	start(false);
	ATF_CHECK(!feed(wrong, sizeof(wrong)));
	ATF_CHECK_STREQ("found BMP version 1, expected 3", t.r->reason);
	finish();
}

/* A router with more peers than there is room for: who is down gives way. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	char body[512];
	uint32_t i;

	start(true);
	for (i = 0; i <= ROUTER_PEERS_MAX; i++) {
		snprintf(body, sizeof(body), PRE ZERO8 "00000000 00000000 "
		    "00000000 %08x 0000fde8 " TAIL LOCAL PLAIN PLAIN,
		    0x0a000000 + i);
		ATF_CHECK(message(BMP_PEER_UP, body));
	}
	check("note no room for another peer\n");
	ATF_CHECK_EQ(ROUTER_PEERS_MAX, t.r->npeers);
	snprintf(body, sizeof(body), PRE ZERO8 "00000000 00000000 00000000 "
	    "0a000007 0000fde8 " TAIL "05");
	ATF_CHECK(message(BMP_PEER_DOWN, body));
	ATF_CHECK(message(BMP_PEER_UP, PRE P1 LOCAL PLAIN PLAIN));
	ATF_CHECK(message(BMP_PEER_DOWN, body));
	ATF_CHECK_EQ(1, t.r->count.orphans);
	check("");
	finish();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, adj_rib_in);
	ATF_TP_ADD_TC(tp, views);
	ATF_TP_ADD_TC(tp, loc_rib);
	ATF_TP_ADD_TC(tp, instances);
	ATF_TP_ADD_TC(tp, add_path);
	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, ends);
	ATF_TP_ADD_TC(tp, many);
	return (atf_no_error());
}
