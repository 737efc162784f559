/* SPDX-License-Identifier: ISC */
/*
 * Addresses and prefixes: what is taken, what is refused, and that bits are
 * counted from the right end.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <string.h>

#include "../../lib/addr.h"

ATF_TC_WITHOUT_HEAD(parse);
ATF_TC_BODY(parse, tc)
{
	static const struct {
		const char *in;
		const char *out; /* NULL: refused */
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"2001:DB8:0::1", "2001:db8::1"},
	    {"::", "::"},
	    {"", NULL},
	    {"192.0.2", NULL},
	    {"192.0.2.256", NULL},
	    {"192.0.2.01", NULL},
	    {" 192.0.2.1", NULL},
	    {"192.0.2.1 ", NULL},
	    {"192.0.2.1/32", NULL},
	    {"2001:db8::1%lo", NULL},
	    {"localhost", NULL},
	    {"1:2:3:4:5:6:7:8:9", NULL},
	};
	struct addr a, zero;
	char buf[ADDRSTRLEN];
	size_t i;

	memset(&zero, 0, sizeof(zero));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&a, 0xff, sizeof(a));
		if (cases[i].out == NULL) {
			ATF_CHECK_MSG(addr_parse(cases[i].in, &a) == -1,
			    "\"%s\" was taken", cases[i].in);
			ATF_CHECK(memcmp(&a, &zero, sizeof(a)) == 0);
		} else {
			ATF_CHECK_EQ_MSG(0, addr_parse(cases[i].in, &a),
			    "\"%s\" was refused", cases[i].in);
			ATF_CHECK_STREQ(cases[i].out, addr_format(&a, buf));
		}
	}
	/* No rest of what was there. */
	memset(&a, 0xff, sizeof(a));
	ATF_REQUIRE_EQ(0, addr_parse("192.0.2.1", &a));
	ATF_CHECK(memcmp(a.b + 4, zero.b, 12) == 0);
	ATF_CHECK_STREQ("-", addr_format(&zero, buf));
}

ATF_TC_WITHOUT_HEAD(prefixes);
ATF_TC_BODY(prefixes, tc)
{
	static const struct {
		const char *in;
		const char *out;
		bool hostbits;
	} cases[] = {
	    {"10.0.0.0/8", "10.0.0.0/8", false},
	    {"10.1.2.3/8", "10.0.0.0/8", true},
	    {"10.1.2.3", "10.1.2.3/32", false},
	    {"0.0.0.0/0", "0.0.0.0/0", false},
	    {"128.0.0.0/0", "0.0.0.0/0", true},
	    {"192.0.2.129/25", "192.0.2.128/25", true},
	    {"192.0.2.128/25", "192.0.2.128/25", false},
	    {"192.0.2.255/31", "192.0.2.254/31", true},
	    {"2001:db8::/32", "2001:db8::/32", false},
	    {"2001:db8::1/127", "2001:db8::/127", true},
	    {"2001:db8::1/128", "2001:db8::1/128", false},
	    {"2001:db8:ffff::/33", "2001:db8:8000::/33", true},
	    {"::/0", "::/0", false},
	    {"10.0.0.0/", NULL, false},
	    {"10.0.0.0/+8", NULL, false},
	    {"10.0.0.0/-8", NULL, false},
	    {"10.0.0.0/ 8", NULL, false},
	    {"10.0.0.0/8x", NULL, false},
	    {"10.0.0.0/08", NULL, false},
	    {"10.0.0.0/08x", NULL, false},
	    {"10.0.0.0/0x8", NULL, false},
	    {"10.0.0.0/33", NULL, false},
	    {"10.0.0.0/4294967304", NULL, false},
	    {"10.0.0.0/8/8", NULL, false},
	    {"10.0.0/8", NULL, false},
	    {"/8", NULL, false},
	    {"", NULL, false},
	    {"::/129", NULL, false},
	    {"0000000000000000000000000000000000000000000000000/8", NULL,
		false},
	};
	struct prefix p;
	char buf[PREFIXSTRLEN];
	size_t i;
	bool hostbits;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].out == NULL) {
			ATF_CHECK_MSG(prefix_parse(cases[i].in, &p, NULL) == -1,
			    "\"%s\" was taken", cases[i].in);
			continue;
		}
		ATF_CHECK_EQ_MSG(0, prefix_parse(cases[i].in, &p, &hostbits),
		    "\"%s\" was refused", cases[i].in);
		ATF_CHECK_STREQ(cases[i].out, prefix_format(&p, buf));
		ATF_CHECK_EQ_MSG(
		    cases[i].hostbits, hostbits, "%s", cases[i].in);
	}
}

static struct prefix
pfx(const char *s)
{
	struct prefix p;

	ATF_REQUIRE_EQ_MSG(0, prefix_parse(s, &p, NULL), "%s", s);
	return (p);
}

static bool
covers(const char *p, const char *q)
{
	struct prefix a = pfx(p), b = pfx(q);

	return (prefix_covers(&a, &b));
}

ATF_TC_WITHOUT_HEAD(cover);
ATF_TC_BODY(cover, tc)
{
	ATF_CHECK(covers("0.0.0.0/0", "192.0.2.1"));
	ATF_CHECK(!covers("0.0.0.0/0", "2001:db8::/32"));
	ATF_CHECK(!covers("::/0", "0.0.0.0/0"));
	ATF_CHECK(covers("192.0.2.128/25", "192.0.2.129/32"));
	ATF_CHECK(!covers("192.0.2.128/25", "192.0.2.127/32"));
	ATF_CHECK(!covers("192.0.2.128/25", "192.0.2.0/24"));
	ATF_CHECK(covers("192.0.2.1", "192.0.2.1"));
	ATF_CHECK(!covers("192.0.2.1", "192.0.2.3"));
	ATF_CHECK(covers("2001:db8::/33", "2001:db8:7fff::/48"));
	ATF_CHECK(!covers("2001:db8::/33", "2001:db8:8000::/48"));
	ATF_CHECK(!covers("2001:db8::1/128", "2001:db8::2/128"));
}

ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	static const char *const sorted[] = {"0.0.0.0/0", "10.0.0.0/8",
	    "10.0.0.0/9", "10.0.0.1/32", "10.128.0.0/9", "::/0", "1::/16"};
	struct prefix a, b;
	int i, j, n = sizeof(sorted) / sizeof(sorted[0]), r;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			a = pfx(sorted[i]);
			b = pfx(sorted[j]);
			r = prefix_cmp(&a, &b);
			ATF_CHECK_MSG(
			    (r < 0) == (i < j) && (r == 0) == (i == j),
			    "%s and %s: %d", sorted[i], sorted[j], r);
		}
}

ATF_TC_WITHOUT_HEAD(sockaddrs);
ATF_TC_BODY(sockaddrs, tc)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::5"};
	struct sockaddr_storage ss;
	struct addr a, b;
	size_t i;

	for (i = 0; i < 2; i++) {
		ATF_REQUIRE_EQ(0, addr_parse(texts[i], &a));
		ATF_CHECK_EQ(i == 0 ? sizeof(struct sockaddr_in)
				    : sizeof(struct sockaddr_in6),
		    addr_to_sa(&a, 0x1234, &ss));
		memset(&b, 0xff, sizeof(b));
		addr_from_sa(&b, (struct sockaddr *)&ss);
		ATF_CHECK_EQ(0, addr_cmp(&a, &b));
		ATF_CHECK_EQ(0x1234, sa_port((struct sockaddr *)&ss));
	}
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_UNIX;
	addr_from_sa(&b, (struct sockaddr *)&ss);
	ATF_CHECK_EQ(AF_UNSPEC, b.af);
	ATF_CHECK_EQ(0, addr_to_sa(&b, 1, &ss));
}

ATF_TC_WITHOUT_HEAD(kinds);
ATF_TC_BODY(kinds, tc)
{
	static const struct {
		const char *addr;
		const char *kinds; /* loopback multicast link 0 */
	} cases[] = {
	    {"127.0.0.1", "l"},
	    {"127.255.0.1", "l"},
	    {"128.0.0.1", ""},
	    {"::1", "l"},
	    {"::2", ""},
	    {"224.0.0.1", "m"},
	    {"239.255.255.255", "m"},
	    {"240.0.0.1", ""},
	    {"ff02::1", "m"},
	    {"fe80::1", "k"},
	    {"febf::1", "k"},
	    {"fec0::1", ""},
	    {"169.254.0.1", "k"},
	    {"169.253.0.1", ""},
	    {"0.0.0.0", "0"},
	    {"::", "0"},
	    {"0.0.0.1", ""},
	};
	struct addr a;
	char got[5];
	size_t i;
	int n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ATF_REQUIRE_EQ(0, addr_parse(cases[i].addr, &a));
		n = 0;
		if (addr_is_loopback(&a))
			got[n++] = 'l';
		if (addr_is_multicast(&a))
			got[n++] = 'm';
		if (addr_is_linklocal(&a))
			got[n++] = 'k';
		if (addr_is_unspecified(&a))
			got[n++] = '0';
		got[n] = '\0';
		ATF_CHECK_STREQ_MSG(cases[i].kinds, got, "%s", cases[i].addr);
	}
}

ATF_TC_WITHOUT_HEAD(mac);
ATF_TC_BODY(mac, tc)
{
	static const uint8_t m[6] = {0x02, 0, 0xab, 0x0c, 0xff, 0x10};
	char buf[MACSTRLEN];

	ATF_CHECK_STREQ("02:00:ab:0c:ff:10", mac_format(m, buf));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parse);
	ATF_TP_ADD_TC(tp, prefixes);
	ATF_TP_ADD_TC(tp, cover);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, sockaddrs);
	ATF_TP_ADD_TC(tp, kinds);
	ATF_TP_ADD_TC(tp, mac);
	return (atf_no_error());
}
