/* SPDX-License-Identifier: ISC */
/* Records as text: routes over groups, and paths. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/attr.h"
#include "../../pfctl/pfctl.h"

static char *text;
static size_t size;

static FILE *
out(void)
{
	FILE *f;

	free(text);
	text = NULL;
	ATF_REQUIRE((f = open_memstream(&text, &size)) != NULL);
	return (f);
}

static void
prefix(struct prefix *p, const char *s)
{
	ATF_REQUIRE_EQ(0, prefix_parse(s, p, NULL));
}

static void
has(const char *want)
{
	ATF_CHECK_MSG(strstr(text, want) != NULL, "no \"%s\" in: %s", want,
	    text);
}

ATF_TC_WITHOUT_HEAD(group);
ATF_TC_BODY(group, tc)
{
	struct ctl_fib r;
	struct prefix a;
	FILE *f;

	memset(&r, 0, sizeof(r));
	prefix(&r.prefix, "198.18.0.0/16");
	prefix(&a, "198.18.7.9");
	r.route = r.allow = r.group = true;
	r.nexthop = 3;
	r.nexthop_state = NEXTHOP_VALID;
	strlcpy(r.members, "2,5,19", sizeof(r.members));
	strlcpy(r.gateways, "192.0.2.1,2001:db8::1,192.0.2.3",
	    sizeof(r.gateways));
	strlcpy(r.states, "valid,unresolved,valid", sizeof(r.states));
	r.gateway = a.addr;
	r.neighbor_addr = a.addr;
	f = out();
	text_fib_addr(f, &a, &r);
	fclose(f);
	has("198.18.7.9: route 198.18.0.0/16\n  ECMP group 3\n"
	    "  next hop 192.0.2.1, nexthop 2, valid\n"
	    "  next hop 2001:db8::1, nexthop 5, unresolved\n"
	    "  next hop 192.0.2.3, nexthop 19, valid\n"
	    "  from neighbor 198.18.7.9, the best\n  allowed yes");
	f = out();
	text_fib_line(f, &r, false);
	fclose(f);
	has(" 192.0.2.1,2001:db8::1,192.0.2.3 2/3 valid  198.18.7.9\n");
	/* lists that are not of one length */
	r.states[0] = '\0';
	f = out();
	text_fib_addr(f, &a, &r);
	text_fib_line(f, &r, false);
	fclose(f);
	has("ECMP group 3\n  from");
	has("0/0 valid");
}

ATF_TC_WITHOUT_HEAD(path);
ATF_TC_BODY(path, tc)
{
	struct ctl_rib r;
	struct prefix a;
	FILE *f;

	memset(&r, 0, sizeof(r));
	prefix(&r.prefix, "198.18.0.0/16");
	prefix(&a, "192.0.2.1");
	r.nexthop = r.neighbor = r.router_id = a.addr;
	r.origin = ORIGIN_INCOMPLETE;
	f = out();
	text_rib_line(f, &r, true);
	fclose(f);
	has("flags: * eligible, > best, = multipath");
	has("\n      198.18.0.0/16            192.0.2.1 ");
	has(" 0          0 ?\n");
	r.eligible = r.best = r.multipath = r.internal = true;
	r.origin = ORIGIN_EGP;
	strlcpy(r.as_path, "64500 {64501 64502}", sizeof(r.as_path));
	f = out();
	text_rib_line(f, &r, false);
	fclose(f);
	has("*>=I  198.18.0.0/16 ");
	has(" 64500 {64501 64502} e\n");
	r.bmp = true;
	r.path_id = 7;
	r.cluster_len = 2;
	strlcpy(r.communities, "64500:1 no-export", sizeof(r.communities));
	f = out();
	text_rib_detail(f, &r);
	fclose(f);
	has("198.18.0.0/16, eligible, best, multipath, internal\n");
	has("    BMP peer 192.0.2.1, router-id 192.0.2.1, path-id 7\n");
	has("    origin EGP, local-pref 0, MED 0\n");
	has("    communities: 64500:1 no-export\n");
	has("    originator -, cluster list of 2\n");
	ATF_CHECK(strstr(text, "large") == NULL);
}

ATF_TC_WITHOUT_HEAD(bmp);
ATF_TC_BODY(bmp, tc)
{
	struct ctl_bmp_station s;
	struct ctl_bmp_peer p;
	struct prefix addr;
	FILE *f;

	memset(&s, 0, sizeof(s));
	prefix(&addr, "192.0.2.1");
	s.addr = addr.addr;
	s.since = 61;
	s.peers = 3;
	s.peers_up = 2;
	s.require_loc_rib = true;
	f = out();
	text_bmp_station(f, &s);
	fclose(f);
	has("router 192.0.2.1 port 0, no name, listener ");
	has("  connected for 00:01:01, 3 peers (2 up), NO LOC-RIB");
	ATF_CHECK(strstr(text, "unknown types") == NULL);
	strlcpy(s.name, "r1", sizeof(s.name));
	s.loc_rib = true;
	s.unknown = 1;
	f = out();
	text_bmp_station(f, &s);
	fclose(f);
	has("port 0, r1, listener ");
	has("its Loc-RIB is used\n");
	has("of unknown types 1\n");
	memset(&p, 0, sizeof(p));
	strlcpy(p.state, "up", sizeof(p.state));
	strlcpy(p.view4, "loc-rib", sizeof(p.view4));
	p.ipv4 = p.eor4 = p.add_path4 = p.filtered = true;
	f = out();
	text_bmp_peer(f, &p);
	fclose(f);
	has("  Loc-RIB, AS 0, router-id 0.0.0.0, FILTERED: not all of it\n");
	has("    IPv4: loc-rib, ADD-PATH, End-of-RIB yes\n");
	ATF_CHECK(strstr(text, "IPv6") == NULL);
	p.addr = addr.addr;
	strlcpy(p.last_down, "closed by the peer", sizeof(p.last_down));
	f = out();
	text_bmp_peer(f, &p);
	fclose(f);
	has("  peer 192.0.2.1, AS 0");
	has("    last down: closed by the peer\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, group);
	ATF_TP_ADD_TC(tp, path);
	ATF_TP_ADD_TC(tp, bmp);
	return (atf_no_error());
}
