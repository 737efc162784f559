/* SPDX-License-Identifier: ISC */
/* OPEN messages: what is understood, what is refused and how. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bgpe/bgpe.h"
#include "hex.h"

static const struct session_params ours = { 65000, 65000, 0x7f000001, 1, 0 };
static const struct session_params ours_ext = { 65000, 200000, 0x7f000001,
	1, 0 };

#define HEAD(as, hold)	"04 " as " " hold " 0a000002 "
#define MP4	"01 04 00010001 "
#define MP6	"01 04 00020001 "
#define AS4	"41 04 0000fde8 "

static const struct row {
	const char	*name, *open;
	int		 code;		/* subcode of the refusal, -1: none */
	uint8_t		 families;
	uint16_t	 hold;
	bool		 as4;
} rows[] = {
	{ "no parameters", HEAD("fde8", "00b4") "00", -1, BGP_FAM_IPV4, 90,
	    false },
	{ "all of it", HEAD("fde8", "001e") "14 02 12 " MP4 MP6 AS4, -1,
	    BGP_FAM_IPV4 | BGP_FAM_IPV6, 30, true },
	{ "one parameter each", HEAD("fde8", "005a")
	    "10 02 06 " MP6 "02 06 " AS4, -1, BGP_FAM_IPV6, 90, true },
	{ "extended length", HEAD("fde8", "005a") "ff ff 0015 02 0012 "
	    MP4 MP6 AS4, -1, BGP_FAM_IPV4 | BGP_FAM_IPV6, 90, true },
	{ "extended length, short first one", HEAD("fde8", "005a")
	    "01 ff 0009 02 0006 " MP6, -1, BGP_FAM_IPV6, 90, false },
	{ "no hold time", HEAD("fde8", "0000") "00", -1, BGP_FAM_IPV4, 0,
	    false },
	{ "hold time of 3", HEAD("fde8", "0003") "00", -1, BGP_FAM_IPV4, 3,
	    false },
	{ "capabilities we do not know", HEAD("fde8", "005a")
	    "10 02 0e " MP4 "02 00 4b 00 40 02 8078", -1, BGP_FAM_IPV4, 90,
	    false },
	{ "multiprotocol of a wrong length", HEAD("fde8", "005a")
	    "0d 02 0b " MP4 "01 03 000200", -1, BGP_FAM_IPV4, 90, false },
	{ "empty software version", HEAD("fde8", "005a") "04 02 02 4b 00",
	    -1, BGP_FAM_IPV4, 90, false },
	{ "empty capabilities", HEAD("fde8", "005a") "02 02 00", -1,
	    BGP_FAM_IPV4, 90, false },
	{ "other families too", HEAD("fde8", "005a")
	    "0e 02 0c " MP6 "01 04 00190046", -1, BGP_FAM_IPV6, 90, false },

	{ "too short", "04 fde8 005a 0a0000", BGP_OPEN_UNSPECIFIC, 0, 0,
	    false },
	{ "version 3", "03 fde8 005a 0a000002 00", BGP_OPEN_VERSION, 0, 0,
	    false },
	{ "version 5", "05 fde8 005a 0a000002 00", BGP_OPEN_VERSION, 0, 0,
	    false },
	{ "another AS", HEAD("fde9", "005a") "00", BGP_OPEN_PEER_AS, 0, 0,
	    false },
	{ "AS 0", HEAD("0000", "005a") "00", BGP_OPEN_PEER_AS, 0, 0, false },
	{ "AS 0 in the capability", HEAD("fde8", "005a")
	    "08 02 06 41 04 00000000", BGP_OPEN_PEER_AS, 0, 0, false },
	{ "router id 0", "04 fde8 005a 00000000 00", BGP_OPEN_ROUTER_ID, 0,
	    0, false },
	{ "our own router id", "04 fde8 005a 7f000001 00",
	    BGP_OPEN_ROUTER_ID, 0, 0, false },
	{ "hold time of 1", HEAD("fde8", "0001") "00", BGP_OPEN_HOLD_TIME, 0,
	    0, false },
	{ "hold time of 2", HEAD("fde8", "0002") "00", BGP_OPEN_HOLD_TIME, 0,
	    0, false },
	{ "no family of ours", HEAD("fde8", "005a")
	    "08 02 06 01 04 00190041", BGP_OPEN_CAPABILITY, 0, 0, false },
	{ "authentication", HEAD("fde8", "005a") "03 01 01 00",
	    BGP_OPEN_PARAMETER, 0, 0, false },
	{ "AS number of a wrong length", HEAD("fde8", "005a")
	    "06 02 04 41 02 fde8", BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "parameters longer than the message", HEAD("fde8", "005a")
	    "09 02 06 " MP4, BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "parameters shorter than the message", HEAD("fde8", "005a")
	    "07 02 06 " MP4, BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "parameter overruns", HEAD("fde8", "005a") "08 02 07 " MP4,
	    BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "parameter cut short", HEAD("fde8", "005a") "01 02",
	    BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "capability overruns", HEAD("fde8", "005a")
	    "08 02 06 01 05 00010001", BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "capability cut short", HEAD("fde8", "005a") "03 02 01 01",
	    BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "extended length cut short", HEAD("fde8", "005a") "ff ff",
	    BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "extended length cut shorter", HEAD("fde8", "005a") "ff ff 00",
	    BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "extended length, nothing behind", HEAD("fde8", "005a")
	    "ff ff 0005", BGP_OPEN_UNSPECIFIC, 0, 0, false },
	{ "extended parameter overruns", HEAD("fde8", "005a")
	    "ff ff 0009 02 0007 " MP4, BGP_OPEN_UNSPECIFIC, 0, 0, false }
};

ATF_TC_WITHOUT_HEAD(verdicts);
ATF_TC_BODY(verdicts, tc)
{
	struct bgp_error err;
	struct bgp_params agreed;
	struct bgp_open o;
	const struct row *row;
	uint8_t buf[512], *exact;
	uint16_t hold;
	size_t i, len;
	char detail[96];
	bool ok;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		len = unhex(row->open, buf);
		ATF_REQUIRE((exact = malloc(len)) != NULL);
		memcpy(exact, buf, len);
		ok = bgp_open_decode(&o, exact, len, &err) &&
		    open_negotiate(&o, &ours, &agreed, &hold, &err, detail,
			sizeof(detail));
		free(exact);
		ATF_CHECK_EQ_MSG(row->code < 0, ok, "%s: %d/%d", row->name,
		    err.code, err.subcode);
		if (ok != (row->code < 0))
			continue;
		if (!ok) {
			ATF_CHECK_EQ(BGP_ERR_OPEN, err.code);
			ATF_CHECK_EQ_MSG(row->code, err.subcode, "%s: %d",
			    row->name, err.subcode);
			continue;
		}
		ATF_CHECK_EQ_MSG(row->families, agreed.families, "%s: %#x",
		    row->name, agreed.families);
		ATF_CHECK_EQ_MSG(row->hold, hold, "%s: %u", row->name, hold);
		ATF_CHECK_EQ_MSG(row->as4, agreed.as4, "%s", row->name);
		ATF_CHECK(agreed.internal);
		ATF_CHECK_EQ(0x0a000002, o.router_id);
	}
}

/* RFC 4271 6.2, RFC 5492: versions and capabilities are the data. */
ATF_TC_WITHOUT_HEAD(error_data);
ATF_TC_BODY(error_data, tc)
{
	struct bgp_error err;
	struct bgp_params agreed;
	struct bgp_open o;
	uint8_t buf[64];
	uint16_t hold;
	size_t len;
	char detail[96];

	len = unhex("06 fde8 005a 0a000002 00", buf);
	ATF_CHECK(!bgp_open_decode(&o, buf, len, &err));
	ATF_CHECK_EQ(2, err.len);
	ATF_CHECK_EQ(4, bgp_get16(err.data));

	len = unhex(HEAD("fde8", "005a") "08 02 06 01 04 00190041", buf);
	ATF_REQUIRE(bgp_open_decode(&o, buf, len, &err));
	ATF_CHECK_EQ(0, err.code);
	ATF_CHECK(!open_negotiate(&o, &ours, &agreed, &hold, &err, detail,
	    sizeof(detail)));
	len = unhex(MP4 MP6, buf);
	ATF_REQUIRE_EQ(len, err.len);
	ATF_CHECK_EQ(0, memcmp(buf, err.data, len));
}

/* Four-octet numbers stand in the capability; eBGP. */
ATF_TC_WITHOUT_HEAD(four_octets);
ATF_TC_BODY(four_octets, tc)
{
	struct bgp_error err;
	struct bgp_params agreed;
	struct bgp_open o;
	uint8_t buf[64];
	uint16_t hold;
	size_t len;
	char detail[96];

	len = unhex("04 5ba0 005a 7f000001 08 02 06 41 04 00030d40", buf);
	ATF_REQUIRE(bgp_open_decode(&o, buf, len, &err));
	ATF_CHECK_EQ(200000, o.as);
	/* The same router id in another AS is another router (RFC 6286). */
	ATF_CHECK(open_negotiate(&o, &ours_ext, &agreed, &hold, &err, detail,
	    sizeof(detail)));
	ATF_CHECK(!agreed.internal);
	ATF_CHECK(!open_negotiate(&o, &ours, &agreed, &hold, &err, detail,
	    sizeof(detail)));
	ATF_CHECK_STREQ("peer is AS 200000, peer-as is 65000", detail);
}

/* What we send is what we would take. */
ATF_TC_WITHOUT_HEAD(encode);
ATF_TC_BODY(encode, tc)
{
	static const struct session_params big = { 200000, 65000, 0x01020304,
		1, 0 };
	struct bgp_error err;
	struct bgp_open o;
	uint8_t buf[OPEN_MAX];
	size_t len;

	len = open_encode(buf, &big);
	ATF_REQUIRE(len <= sizeof(buf));
	ATF_CHECK_EQ(BGP_AS_TRANS, bgp_get16(buf + 1));
	ATF_REQUIRE(bgp_open_decode(&o, buf, len, &err));
	ATF_CHECK_EQ(200000, o.as);
	ATF_CHECK_EQ(0x01020304, o.router_id);
	ATF_CHECK_EQ(HOLD_TIME, o.hold_time);
	ATF_CHECK_EQ(BGP_FAM_IPV4 | BGP_FAM_IPV6, o.families);
	ATF_CHECK(o.mp && o.as4);
	/* we ask for path ids, and have none to send */
	ATF_CHECK_EQ(0, o.add_path);
	len = open_encode(buf, &ours);
	ATF_CHECK_EQ(65000, bgp_get16(buf + 1));
}

/* RFC 7911 4: capabilities, and the families whose prefixes have path ids. */
static const struct addpath_row {
	const char	*name, *caps;
	uint8_t		 families;
} addpath_rows[] = {
	{ "none", "", 0 },
	{ "receive", "45 04 00010101", 0 },
	{ "send", "45 04 00010102", BGP_FAM_IPV4 },
	{ "both", "45 04 00020103", BGP_FAM_IPV6 },
	{ "both families", "45 08 00010102 00020103",
	    BGP_FAM_IPV4 | BGP_FAM_IPV6 },
	{ "two capabilities", "45 04 00010103 45 04 00020103",
	    BGP_FAM_IPV4 | BGP_FAM_IPV6 },
	{ "the last word counts", "45 08 00010103 00010101", 0 },
	{ "value 0", "45 08 00010102 00020100", 0 },
	{ "value 4", "45 08 00010102 00190104", 0 },
	{ "value 255 in another capability", "45 04 00010102 45 04 000201ff",
	    BGP_FAM_IPV4 },
	{ "empty", "45 00", 0 },
	{ "cut short", "45 03 000101", 0 },
	{ "cut short behind a good one", "45 05 00010102 00", 0 },
	{ "other families", "45 08 00190103 00010403", 0 }
};

/* Capabilities of a peer that can do both families. */
static size_t
open_with(const char *caps, const char *mp, uint8_t *buf)
{
	size_t head, len;

	head = unhex(HEAD("fde8", "005a") "00 02 00", buf);
	len = unhex(mp, buf + head);
	len += unhex(caps, buf + head + len);
	buf[head - 3] = (uint8_t)(len + 2);
	buf[head - 1] = (uint8_t)len;
	return (head + len);
}

ATF_TC_WITHOUT_HEAD(addpath);
ATF_TC_BODY(addpath, tc)
{
	static const uint8_t without[] = { 0, OPEN_NO_EXTENDED,
		OPEN_NO_ADD_PATH, OPEN_NO_CAPABILITIES };
	const struct addpath_row *row;
	struct session_params params = ours;
	struct bgp_error err;
	struct bgp_params agreed;
	struct bgp_open o;
	uint8_t buf[512];
	uint16_t hold;
	size_t i, j;
	char detail[96];

	for (i = 0; i < sizeof(addpath_rows) / sizeof(addpath_rows[0]); i++) {
		row = &addpath_rows[i];
		ATF_REQUIRE(bgp_open_decode(&o, buf,
		    open_with(row->caps, MP4 MP6, buf), &err));
		for (j = 0; j < sizeof(without); j++) {
			params.without = without[j];
			ATF_REQUIRE(open_negotiate(&o, &params, &agreed, &hold,
			    &err, detail, sizeof(detail)));
			ATF_CHECK_EQ_MSG(j < 2 ? row->families : 0,
			    agreed.add_path, "%s: %#x", row->name,
			    agreed.add_path);
		}
	}
	/* a family that is not agreed on has no path ids */
	params.without = 0;
	ATF_REQUIRE(bgp_open_decode(&o, buf,
	    open_with("45 08 00010102 00020102", MP6, buf), &err));
	ATF_REQUIRE(open_negotiate(&o, &params, &agreed, &hold, &err, detail,
	    sizeof(detail)));
	ATF_CHECK_EQ(BGP_FAM_IPV6, agreed.add_path);
}

/* RFC 5492 3: what the next OPEN leaves out. */
ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	static const struct {
		uint8_t		 code, subcode;
		const char	*data;
		uint8_t		 without;
	} cases[] = {
		{ BGP_ERR_OPEN, BGP_OPEN_PARAMETER, "", OPEN_NO_CAPABILITIES },
		{ BGP_ERR_OPEN, BGP_OPEN_PARAMETER, "02",
		    OPEN_NO_CAPABILITIES },
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, "",
		    OPEN_NO_ADD_PATH | OPEN_NO_EXTENDED },
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, "45 04 00010101",
		    OPEN_NO_ADD_PATH },
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, MP4 "06 00",
		    OPEN_NO_EXTENDED },
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, "06 00 45 ff 00",
		    OPEN_NO_ADD_PATH | OPEN_NO_EXTENDED },
		/* what it misses, and we have sent or do not have */
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, MP4 MP6, 0 },
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, "40 02 0078", 0 },
		{ BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, "45", 0 },
		{ BGP_ERR_OPEN, BGP_OPEN_PEER_AS, "", 0 },
		{ BGP_ERR_UPDATE, BGP_OPEN_PARAMETER, "", 0 },
		{ 0, 0, "", 0 }
	};
	struct session_params params = ours;
	struct bgp_params agreed;
	struct bgp_error err;
	struct bgp_open o;
	uint8_t buf[512], want[64];
	uint16_t hold;
	size_t i, len;
	char detail[96];

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bgp_error_set(&err, cases[i].code, cases[i].subcode, buf,
		    unhex(cases[i].data, buf));
		ATF_CHECK_EQ_MSG(cases[i].without, open_refused(&err), "%zu",
		    i);
	}
	params.without = OPEN_NO_ADD_PATH;
	len = unhex(HEAD("fde8", "005a") "16 02 14 " MP4 MP6 AS4 "06 00",
	    want);
	ATF_CHECK_EQ(len, open_encode(buf, &params));
	ATF_CHECK_EQ(0, memcmp(buf + 9, want + 9, len - 9));
	params.without |= OPEN_NO_EXTENDED;
	len = unhex(HEAD("fde8", "005a") "14 02 12 " MP4 MP6 AS4, want);
	ATF_CHECK_EQ(len, open_encode(buf, &params));
	ATF_CHECK_EQ(0, memcmp(buf + 9, want + 9, len - 9));
	/* without capabilities it is the BGP of RFC 4271 */
	params.without = OPEN_NO_CAPABILITIES;
	ATF_CHECK_EQ(10, open_encode(buf, &params));
	ATF_CHECK_EQ(0, buf[9]);
	ATF_REQUIRE(bgp_open_decode(&o, buf, open_with(AS4, MP4 MP6, buf),
	    &err));
	ATF_REQUIRE(open_negotiate(&o, &params, &agreed, &hold, &err, detail,
	    sizeof(detail)));
	ATF_CHECK_EQ(BGP_FAM_IPV4, agreed.families);
	ATF_CHECK(!agreed.as4);
}

ATF_TC_WITHOUT_HEAD(notify);
ATF_TC_BODY(notify, tc)
{
	static const struct {
		uint8_t code, subcode;
		const char *data, *text;
	} texts[] = {
		{ 1, 2, "", "Message Header Error/Bad Message Length" },
		{ 2, 2, "", "OPEN Message Error/Bad Peer AS" },
		{ 3, 11, "", "UPDATE Message Error/Malformed AS_PATH" },
		{ 3, 12, "", "UPDATE Message Error/subcode 12" },
		{ 4, 0, "", "Hold Timer Expired" },
		{ 4, 9, "", "Hold Timer Expired/subcode 9" },
		{ 6, 2, "", "Cease/Administrative Shutdown" },
		{ 6, 2, "00", "Cease/Administrative Shutdown" },
		{ 6, 2, "03 61", "Cease/Administrative Shutdown" },
		{ 6, 4, "05 68220a6fff", "Cease/Administrative Reset "
		    "\"h??o?\"" },
		{ 6, 7, "02 6869", "Cease/Connection Collision Resolution" },
		{ 0, 0, "", "code 0 subcode 0" },
		{ 99, 1, "", "code 99 subcode 1" }
	};
	struct bgp_error err;
	uint8_t data[300];
	char text[200], small[40];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bgp_error_set(&err, texts[i].code, texts[i].subcode, data,
		    unhex(texts[i].data, data));
		notify_text(&err, text, sizeof(text));
		ATF_CHECK_STREQ(texts[i].text, text);
	}
	memset(data, 'x', sizeof(data));
	data[0] = 255;
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_SHUTDOWN, data, 256);
	for (i = 1; i <= sizeof(small); i++) {
		memset(small, '#', sizeof(small));
		notify_text(&err, small, i);
		ATF_CHECK(strnlen(small, i) < i);
	}
	notify_text(&err, text, sizeof(text));
	ATF_CHECK(strlen(text) > 180);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, verdicts);
	ATF_TP_ADD_TC(tp, error_data);
	ATF_TP_ADD_TC(tp, four_octets);
	ATF_TP_ADD_TC(tp, encode);
	ATF_TP_ADD_TC(tp, addpath);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, notify);
	return (atf_no_error());
}
