/* SPDX-License-Identifier: ISC */
/* BMP messages: each field decoded, each length checked. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../bmpe/bmpe.h"
#include "hex.h"

static uint8_t buf[BMP_MSG_MAX];

ATF_TC_WITHOUT_HEAD(header);
ATF_TC_BODY(header, tc)
{
	static const struct {
		const char	*bytes;
		int		 ret;
		const char	*why;
	} t[] = {
		{ "", 0, "" },
		{ "03", 0, "" },
		{ "03 000000 07", 0, "" },
		{ "03 00000007 04", 0, "" },
		{ "03 00000007 04 aa", 1, "" },
		{ "03 00000006 04 aa", 1, "" },
		{ "03 00000006 ff", 1, "" },
		{ "02", -1, "found BMP version 2, expected 3" },
		{ "04 00000006 04", -1, "found BMP version 4, expected 3" },
		{ "ff", -1, "found BMP version 255, expected 3" },
		{ "03 00000005 04", -1, "found a message of 5 bytes, expected "
		    "6 to 262144" },
		{ "03 00040001 00", -1, "found a message of 262145 bytes, "
		    "expected 6 to 262144" },
		{ "03 ffffffff 00", -1, "found a message of 4294967295 bytes, "
		    "expected 6 to 262144" },
	};
	struct bmp_header h;
	char why[128];
	size_t i, len;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		why[0] = '\0';
		len = unhex(t[i].bytes, buf);
		ATF_CHECK_EQ_MSG(t[i].ret, bmp_header(&h, buf, len, why,
		    sizeof(why)), "%s", t[i].bytes);
		ATF_CHECK_STREQ(t[i].why, why);
	}
}

ATF_TC_WITHOUT_HEAD(peer_header);
ATF_TC_BODY(peer_header, tc)
{
	static const struct {
		const char	*type, *distinguisher, *addr;
		uint8_t		 flags;
		bool		 vrf;
		const char	*text;
	} t[] = {
		{ "00 00", "00000000 00000000",
		    "00000000 00000000 00000000 c6120001", 0, false,
		    "198.18.0.1" },
		{ "00 f0", "00000000 00000000",
		    "20010db8 00000000 00000000 00000001", 0xf0, false,
		    "2001:db8::1" },
		{ "00 80", "00000000 00000001",
		    "20010db8 00000000 00000000 00000001", 0x80, true,
		    "2001:db8::1" },
		{ "01 40", "00000000 00000000",
		    "00000000 00000000 00000000 c6120001", 0x40, true,
		    "198.18.0.1" },
		{ "02 00", "00000000 00000000",
		    "00000000 00000000 00000000 c6120001", 0, true,
		    "198.18.0.1" },
		{ "03 80", "00000000 00000000",
		    "00000000 00000000 00000000 00000000", 0x80, false, "" },
		{ "03 00", "00010000 00000000",
		    "00000000 00000000 00000000 00000000", 0, true, "" },
	};
	struct bmp_peer_header h;
	char text[ADDRSTRLEN];
	size_t i, len;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		len = unhex(t[i].type, buf);
		len += unhex(t[i].distinguisher, buf + len);
		len += unhex(t[i].addr, buf + len);
		len += unhex("000005dc 0a000001 00000001 00000002", buf + len);
		ATF_REQUIRE_EQ(BMP_PEER_LEN, len);
		ATF_CHECK(!bmp_peer_header(&h, buf, len - 1));
		ATF_REQUIRE(bmp_peer_header(&h, buf, len));
		ATF_CHECK_EQ(buf[0], h.type);
		ATF_CHECK_EQ(t[i].flags, h.flags);
		ATF_CHECK_EQ_MSG(t[i].vrf, h.vrf, "row %zu", i);
		ATF_CHECK_EQ(1500, h.as);
		ATF_CHECK_EQ(0x0a000001, h.router_id);
		ATF_CHECK_EQ(buf[0], h.key[0]);
		ATF_CHECK_EQ(0, memcmp(h.key + 1, buf + 2, 24));
		if (t[i].text[0] == '\0')
			ATF_CHECK_EQ(AF_UNSPEC, h.addr.af);
		else
			ATF_CHECK_STREQ(t[i].text, addr_format(&h.addr, text));
	}
}

#define MARK	"ffffffff ffffffff ffffffff ffffffff"
#define OPEN	MARK "001d 01 04 fde8 005a 0a000001 00"
/* AS 4200000000, both families, path ids of IPv4 sent and taken */
#define LONG	MARK "0037 01 04 5ba0 005a 0a000002 1a 02 18 0104 00010001" \
		" 0104 00020001 4104 fa56ea00 4504 00010103"
#define LOCAL4	"00000000 00000000 00000000 0a000009 00b3 c001"
#define LOCAL6	"20010db8 00000000 00000000 00000009 00b3 c001"

ATF_TC_WITHOUT_HEAD(peer_up);
ATF_TC_BODY(peer_up, tc)
{
	struct bmp_peer_up u;
	char text[ADDRSTRLEN];
	const char *why;
	uint8_t *exact;
	size_t n, len, open;
	bool ok;

	open = unhex(LOCAL4 OPEN, buf);
	len = unhex(LOCAL4 OPEN LONG, buf);
	ATF_REQUIRE(bmp_peer_up(&u, buf, len, &why));
	ATF_CHECK_STREQ("10.0.0.9", addr_format(&u.local, text));
	ATF_CHECK_EQ(179, u.local_port);
	ATF_CHECK_EQ(49153, u.remote_port);
	ATF_CHECK_EQ(65000, u.sent.as);
	ATF_CHECK(!u.sent.mp && !u.sent.as4);
	ATF_CHECK_EQ(4200000000, u.received.as);
	ATF_CHECK(u.received.as4);
	ATF_CHECK_EQ(BGP_FAM_IPV4 | BGP_FAM_IPV6, u.received.families);
	ATF_CHECK_EQ(BGP_FAM_IPV4, u.received.add_path);
	ATF_CHECK_EQ(BGP_FAM_IPV4, u.received.add_path_rx);
	/* every shorter one is an error, and is not read beyond its end */
	for (n = 0; n < len; n++) {
		ATF_REQUIRE((exact = malloc(n + 1)) != NULL);
		memcpy(exact, buf, n);
		ok = bmp_peer_up(&u, exact, n, &why);
		free(exact);
		ATF_CHECK_MSG(!ok, "%zu bytes", n);
		ATF_CHECK_STREQ(n < 20 ? "Peer Up is too short" : n < open ?
		    "Peer Up has no OPEN that we sent" :
		    "Peer Up has no OPEN that we received", why);
	}
	/* information behind them is skipped (RFC 7854 4.10, RFC 9069 4.4) */
	len = unhex(LOCAL6 LONG OPEN "0003 0006 64656661756c", buf);
	ATF_REQUIRE(bmp_peer_up(&u, buf, len, &why));
	ATF_CHECK_STREQ("2001:db8::9", addr_format(&u.local, text));
	len = unhex(LOCAL4 MARK "0013 04" OPEN, buf);
	ATF_CHECK(!bmp_peer_up(&u, buf, len, &why));
}

ATF_TC_WITHOUT_HEAD(peer_down);
ATF_TC_BODY(peer_down, tc)
{
	static const struct {
		const char	*bytes, *text;
	} t[] = {
		{ "01", "closed by the router" },
		{ "01" MARK "0015 03 06 02", "closed by the router: "
		    "NOTIFICATION code 6 subcode 2" },
		{ "02 0012", "closed by the router's FSM: event 18" },
		{ "02 00", "closed by the router's FSM" },
		{ "03" MARK "0015 03 04 00", "closed by the peer: "
		    "NOTIFICATION code 4 subcode 0" },
		{ "03" MARK "0015 03 04", "closed by the peer" },
		{ "04", "lost: the peer sent no NOTIFICATION" },
		{ "05", "the router no longer monitors it" },
		{ "06 0003 0001 61", "closed by the router: its routing "
		    "instance" },
		{ "07", "reason 7" },
		{ "00", "reason 0" },
	};
	char text[128];
	size_t i, len;

	ATF_CHECK(!bmp_peer_down(buf, 0, text, sizeof(text)));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		len = unhex(t[i].bytes, buf);
		ATF_CHECK(bmp_peer_down(buf, len, text, sizeof(text)));
		ATF_CHECK_STREQ(t[i].text, text);
	}
}

ATF_TC_WITHOUT_HEAD(update);
ATF_TC_BODY(update, tc)
{
	const uint8_t *p;
	const char *why;
	size_t len, n;

	len = unhex(MARK "0017 02 0000 0000", buf);
	ATF_REQUIRE((p = bmp_update(buf, len, &n, &why)) != NULL);
	ATF_CHECK_EQ(buf + BGP_HEADER_LEN, p);
	ATF_CHECK_EQ(4, n);
	for (n = 0; n < len; n++)
		ATF_CHECK(bmp_update(buf, n, &(size_t){ 0 }, &why) == NULL);
	ATF_CHECK(bmp_update(buf, len + 1, &n, &why) == NULL);
	ATF_CHECK_STREQ("bytes behind the UPDATE of a Route Monitoring", why);
	len = unhex(MARK "0012 02 0000 0000", buf);
	ATF_CHECK(bmp_update(buf, len, &n, &why) == NULL);
	len = unhex(MARK "0017 03 0000 0000", buf);
	ATF_CHECK(bmp_update(buf, len, &n, &why) == NULL);
	ATF_CHECK_STREQ("Route Monitoring has no UPDATE", why);
}

ATF_TC_WITHOUT_HEAD(info);
ATF_TC_BODY(info, tc)
{
	static const char *const bad[] = { "00", "0001 00", "0001 0001",
		"0002 0002 61", "0000 0000 0001 ffff" };
	struct bmp_info info;
	size_t i, len;

	/* sysDescr, sysName, an unknown one, text that is not all text */
	len = unhex("0001 0003 616263 0002 0002 7231 0009 0001 ff"
	    " 0000 0004 1b5b6d ff", buf);
	ATF_REQUIRE(bmp_info(&info, buf, len, true));
	ATF_CHECK_STREQ("abc", info.descr);
	ATF_CHECK_STREQ("r1", info.name);
	ATF_CHECK_STREQ("?[m?", info.text);
	ATF_CHECK_EQ(-1, info.reason);
	/* a Termination has other numbers */
	len = unhex("0001 0002 0003 0000 0002 6869", buf);
	ATF_REQUIRE(bmp_info(&info, buf, len, false));
	ATF_CHECK_EQ(3, info.reason);
	ATF_CHECK_STREQ("hi", info.text);
	ATF_CHECK_STREQ("", info.descr);
	ATF_CHECK_STREQ("redundant connection", bmp_termination(3));
	ATF_CHECK_STREQ("unknown reason", bmp_termination(5));
	ATF_CHECK_STREQ("no reason given", bmp_termination(-1));
	/* a name longer than there is room for is cut */
	len = unhex("0002 012c", buf);
	memset(buf + len, 'x', 300);
	ATF_REQUIRE(bmp_info(&info, buf, len + 300, true));
	ATF_CHECK_EQ(sizeof(info.name) - 1, strlen(info.name));
	ATF_CHECK(bmp_info(&info, buf, 0, true));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = unhex(bad[i], buf);
		ATF_CHECK_MSG(!bmp_info(&info, buf, len, true), "%s", bad[i]);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, header);
	ATF_TP_ADD_TC(tp, peer_header);
	ATF_TP_ADD_TC(tp, peer_up);
	ATF_TP_ADD_TC(tp, peer_down);
	ATF_TP_ADD_TC(tp, update);
	ATF_TP_ADD_TC(tp, info);
	return (atf_no_error());
}
