/* SPDX-License-Identifier: ISC */
/*
 * Records over a struct with a field of each type: wire form, refusals, JSON.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/record.h"

struct all {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	bool yes;
	char str[8];
	struct addr addr;
	struct prefix prefix;
	uint8_t mac[6];
};

static const struct field fields[] = {
    FIELD(all, u8, U8),
    FIELD(all, u16, U16),
    FIELD(all, u32, U32),
    FIELD(all, u64, U64),
    FIELD(all, yes, BOOL),
    FIELD(all, str, STR),
    FIELD(all, addr, ADDR),
    FIELD(all, prefix, PREFIX),
    FIELD(all, mac, MAC),
};
static const struct record record_all = RECORD(all, fields);

/* Where things stand on the wire with str "ab". */
enum { W_BOOL = 15, W_STR = 16, W_ADDR = 19, W_PREFIX = 36, W_END = 60 };

static void
sample(struct all *a)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0xab, 1};

	memset(a, 0, sizeof(*a));
	a->u8 = 255;
	a->u16 = 65535;
	a->u32 = 4294967295U;
	a->u64 = 18446744073709551615ULL;
	a->yes = true;
	strlcpy(a->str, "ab", sizeof(a->str));
	ATF_REQUIRE_EQ(0, addr_parse("192.0.2.1", &a->addr));
	ATF_REQUIRE_EQ(0, prefix_parse("2001:db8::/33", &a->prefix, NULL));
	memcpy(a->mac, mac, 6);
}

ATF_TC_WITHOUT_HEAD(roundtrip);
ATF_TC_BODY(roundtrip, tc)
{
	struct all a, b;
	struct ibuf *w, cut;
	size_t n;

	sample(&a);
	w = ibuf_new(1000);
	ATF_REQUIRE_EQ(0, record_put(w, &record_all, &a));
	ATF_REQUIRE_EQ(W_END, w->wpos);
	memset(&b, 0xff, sizeof(b));
	ATF_REQUIRE_EQ(0, record_get_only(w, &record_all, &b));
	ATF_CHECK_EQ(0, memcmp(&a, &b, sizeof(a)));
	for (n = 0; n < W_END; n++) {
		ibuf_from(&cut, w->buf, n);
		errno = 0;
		ATF_CHECK_EQ_MSG(-1, record_get(&cut, &record_all, &b),
		    "%zu bytes were taken", n);
		ATF_CHECK_EQ(EBADMSG, errno);
	}
	ibuf_put_u8(w, 0);
	w->rpos = 0;
	ATF_CHECK_EQ(0, record_get(w, &record_all, &b));
	w->rpos = 0;
	ATF_CHECK_EQ(-1, record_get_only(w, &record_all, &b));
	ATF_CHECK_EQ(EBADMSG, errno);
	ibuf_free(w);

	w = ibuf_new(W_END - 1);
	ATF_CHECK_EQ(-1, record_put(w, &record_all, &a));
	ATF_CHECK_EQ(ERANGE, errno);
	ibuf_free(w);
}

/* A string without its NUL is cut, not overrun. */
ATF_TC_WITHOUT_HEAD(strings);
ATF_TC_BODY(strings, tc)
{
	struct all a, b;
	struct ibuf *w;

	sample(&a);
	memcpy(a.str, "12345678", 8);
	w = ibuf_new(1000);
	ATF_REQUIRE_EQ(0, record_put(w, &record_all, &a));
	ATF_REQUIRE_EQ(0, record_get_only(w, &record_all, &b));
	ATF_CHECK_STREQ("1234567", b.str);
	/* One more byte than the member has. */
	w->rpos = 0;
	w->buf[W_STR + 7] = 'x';
	ATF_CHECK_EQ(-1, record_get(w, &record_all, &b));
	ATF_CHECK_EQ('\0', b.str[7]);
	ibuf_free(w);
}

ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	static const struct {
		const char *what;
		int at;
		uint8_t value;
	} cases[] = {
	    {"bool 2", W_BOOL, 2},
	    {"bool 255", W_BOOL, 255},
	    {"address of family 1", W_ADDR, AF_UNIX},
	    {"no address with bytes", W_ADDR, AF_UNSPEC},
	    {"v4 with a fifth byte", W_ADDR + 5, 1},
	    {"v4 with a last byte", W_ADDR + 16, 1},
	    {"prefix of family 3", W_PREFIX, 3},
	    {"no prefix with bytes", W_PREFIX, AF_UNSPEC},
	    {"length 129", W_PREFIX + 17, 129},
	    {"host bits", W_PREFIX + 17, 28},
	    {"host bits at the end", W_PREFIX + 16, 1},
	};
	struct all a, b;
	struct ibuf *w;
	size_t i;

	sample(&a);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = ibuf_new(1000);
		ATF_REQUIRE_EQ(0, record_put(w, &record_all, &a));
		w->buf[cases[i].at] = cases[i].value;
		errno = 0;
		ATF_CHECK_EQ_MSG(-1, record_get(w, &record_all, &b),
		    "%s was taken", cases[i].what);
		ATF_CHECK_EQ(EBADMSG, errno);
		ibuf_free(w);
	}

	/* Nothing at all is a value of both. */
	memset(&a, 0, sizeof(a));
	w = ibuf_new(1000);
	ATF_REQUIRE_EQ(0, record_put(w, &record_all, &a));
	ATF_CHECK_EQ(0, record_get_only(w, &record_all, &b));
	ATF_CHECK_EQ(0, memcmp(&a, &b, sizeof(a)));
	w->rpos = 0;
	w->buf[w->wpos - 7] = 1;
	ATF_CHECK_EQ_MSG(-1, record_get(w, &record_all, &b),
	    "no prefix with a length was taken");
	ibuf_free(w);
}

static void
json(const struct all *a, const char *want)
{
	FILE *fp;
	char *got = NULL;
	size_t n;

	ATF_REQUIRE((fp = open_memstream(&got, &n)) != NULL);
	record_json(fp, &record_all, a);
	fclose(fp);
	ATF_CHECK_STREQ(want, got);
	free(got);
}

ATF_TC_WITHOUT_HEAD(objects);
ATF_TC_BODY(objects, tc)
{
	struct all a;

	sample(&a);
	json(&a, "{\"u8\":255,\"u16\":65535,\"u32\":4294967295,"
		 "\"u64\":18446744073709551615,\"yes\":true,\"str\":\"ab\","
		 "\"addr\":\"192.0.2.1\",\"prefix\":\"2001:db8::/33\","
		 "\"mac\":\"02:00:00:00:ab:01\"}");
	memset(&a, 0, sizeof(a));
	json(&a, "{\"u8\":0,\"u16\":0,\"u32\":0,\"u64\":0,\"yes\":false,"
		 "\"str\":\"\",\"addr\":null,\"prefix\":null,"
		 "\"mac\":\"00:00:00:00:00:00\"}");
}

ATF_TC_WITHOUT_HEAD(escapes);
ATF_TC_BODY(escapes, tc)
{
	static const char *const cases[][2] = {
	    {"", "\"\""},
	    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
	    {"\n\t\x1b\x7f", "\"\\u000a\\u0009\\u001b\\u007f\""},
	    {"z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
		"\"z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80\""},
	    /* stray, cut, overlong, surrogate, beyond U+10FFFF */
	    {"\x80", "\"\\ufffd\""},
	    {"\xe2\x82", "\"\\ufffd\\ufffd\""},
	    {"\xc0\xaf", "\"\\ufffd\\ufffd\""},
	    {"\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\""},
	    {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
	    {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	    {"\xff", "\"\\ufffd\""},
	};
	FILE *fp;
	char *got;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = NULL;
		ATF_REQUIRE((fp = open_memstream(&got, &n)) != NULL);
		json_string(fp, cases[i][0]);
		fclose(fp);
		ATF_CHECK_STREQ(cases[i][1], got);
		free(got);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, roundtrip);
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, hostile);
	ATF_TP_ADD_TC(tp, objects);
	ATF_TP_ADD_TC(tp, escapes);
	return (atf_no_error());
}
