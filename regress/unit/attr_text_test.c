/* SPDX-License-Identifier: ISC */
/* Paths and communities as text: tables of bytes and what they are called. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/attr_text.h"
#include "hex.h"

static uint8_t bytes[4096];
static char text[1024];

/* Attributes of which each variable one is these bytes. */
static struct attrs
attrs(const char *hex)
{
	struct attrs a = { 0 };
	size_t n = unhex(hex, bytes);

	a.as_path = a.communities = a.ext_communities = a.large_communities =
	    bytes;
	a.as_path_len = a.communities_len = a.ext_communities_len =
	    a.large_communities_len = n;
	return (a);
}

typedef void text_fn(const struct attrs *, char *, size_t);

struct row {
	const char *hex, *text;
};

static void
table(text_fn *fn, const struct row *t, size_t n)
{
	struct attrs a;
	size_t i;

	for (i = 0; i < n; i++) {
		a = attrs(t[i].hex);
		memset(text, 'x', sizeof(text));
		fn(&a, text, sizeof(text));
		ATF_CHECK_STREQ(t[i].text, text);
	}
}

#define TABLE(fn, t) table(fn, t, sizeof(t) / sizeof((t)[0]))

ATF_TC_WITHOUT_HEAD(path);
ATF_TC_BODY(path, tc)
{
	static const struct row t[] = {
		{ "", "" },
		{ "02 01 0000fbf4", "64500" },
		{ "02 02 0000fbf4 fa56ea00", "64500 4200000000" },
		{ "02 01 0000fbf4 01 02 0000fbf5 0000fbf6",
		    "64500 {64501 64502}" },
		{ "01 01 0000fbf5", "{64501}" },
		{ "03 02 0000fde9 0000fdea 02 01 0000fbf4",
		    "(65001 65002) 64500" },
		{ "03 01 0000fde9 04 02 0000fde9 0000fdea",
		    "(65001) [65001 65002]" },
		{ "02 01 ffffffff 02 01 00000000", "4294967295 0" },
	};

	TABLE(attr_text_path, t);
}

ATF_TC_WITHOUT_HEAD(communities);
ATF_TC_BODY(communities, tc)
{
	static const struct row t[] = {
		{ "", "" },
		{ "fbf40001", "64500:1" },
		{ "fbf40001 00000000 ffff8000", "64500:1 0:0 65535:32768" },
		{ "ffffff01 ffffff02 ffffff03 ffffff04",
		    "no-export no-advertise no-export-subconfed no-peer" },
		{ "ffff029a ffff0000 ffff0006 ffff0007 ffff0001",
		    "blackhole graceful-shutdown llgr-stale no-llgr "
		    "accept-own" },
		{ "fffe029a", "65534:666" },
	};

	TABLE(attr_text_communities, t);
}

ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	static const struct row t[] = {
		{ "", "" },
		{ "0000fbf4 00000001 00000002", "64500:1:2" },
		{ "fa56ea00 ffffffff 00000000 0000fbf4 00000003 00000004",
		    "4200000000:4294967295:0 64500:3:4" },
	};

	TABLE(attr_text_large, t);
}

ATF_TC_WITHOUT_HEAD(extended);
ATF_TC_BODY(extended, tc)
{
	static const struct row t[] = {
		{ "", "" },
		{ "0002 fbf4 00000064", "rt:64500:100" },
		{ "0003 fbf4 fa56ea00", "soo:64500:4200000000" },
		{ "0102 c0000201 0064 0202 fa56ea00 0007",
		    "rt:192.0.2.1:100 rt:4200000000:7" },
		{ "0103 c0000201 0005 0203 fa56ea00 0008",
		    "soo:192.0.2.1:5 soo:4200000000:8" },
		/* not transitive, another subtype, another type */
		{ "4002 fbf4 00000064", "0x4002fbf400000064" },
		{ "0004 fbf4 00000064", "0x0004fbf400000064" },
		{ "4300 00000000 0002", "0x4300000000000002" },
	};

	TABLE(attr_text_ext, t);
}

/* Of whatever size, the text is whole items, and says if some are missing. */
ATF_TC_WITHOUT_HEAD(cut);
ATF_TC_BODY(cut, tc)
{
	static const struct row t[] = {
		{ "0000fbf4 00000001 00000002", NULL },
		{ "fbf40001 ffffff01 00000000 ffff029a fbf4fbf4 00010002",
		    NULL },
	};
	static const char full[] = "64500:1 no-export 0:0 blackhole "
	    "64500:64500 1:2";
	struct attrs a = attrs(t[1].hex);
	size_t size, n;
	char buf[64];

	for (size = ATTR_TEXT_MIN; size <= sizeof(buf); size++) {
		memset(buf, '#', sizeof(buf));
		attr_text_communities(&a, buf, size);
		n = strnlen(buf, sizeof(buf));
		ATF_REQUIRE_MSG(n < size, "size %zu", size);
		ATF_CHECK(size == sizeof(buf) || buf[size] == '#');
		if (strcmp(buf, full) == 0) {
			ATF_CHECK(size > strlen(full));
			continue;
		}
		ATF_REQUIRE_MSG(n >= 3 && strcmp(buf + n - 3, "...") == 0,
		    "size %zu: %s", size, buf);
		/* up to the blank before it, it is what it would be whole */
		ATF_CHECK_MSG(strncmp(buf, full, n - 3) == 0, "%s", buf);
		ATF_CHECK_MSG(n == 3 || buf[n - 4] == ' ', "%s", buf);
		ATF_CHECK(size <= strlen(full) + sizeof(" ..."));
	}
	attr_text_communities(&a, buf, sizeof(buf));
	ATF_CHECK_STREQ(full, buf);
	a = attrs(t[0].hex);
	attr_text_large(&a, buf, ATTR_TEXT_MIN);
	ATF_CHECK_STREQ("...", buf);
	attr_text_large(&a, buf, sizeof(buf));
	ATF_CHECK_STREQ("64500:1:2", buf);
}

/* The longest path there is. */
ATF_TC_WITHOUT_HEAD(longest);
ATF_TC_BODY(longest, tc)
{
	struct attrs a = { 0 };
	size_t off, i;

	for (off = 0; off + 2 + 255 * 4 <= sizeof(bytes); off += 2 + 255 * 4) {
		bytes[off] = 2;
		bytes[off + 1] = 255;
		for (i = 0; i < 255 * 4; i++)
			bytes[off + 2 + i] = 0xff;
	}
	a.as_path = bytes;
	a.as_path_len = off;
	attr_text_path(&a, text, sizeof(text));
	ATF_CHECK(strlen(text) < sizeof(text));
	ATF_CHECK(strncmp(text, "4294967295 ", 11) == 0);
	ATF_CHECK_STREQ("4294967295 ...", text + strlen(text) - 14);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, path);
	ATF_TP_ADD_TC(tp, communities);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, extended);
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, longest);
	return (atf_no_error());
}
