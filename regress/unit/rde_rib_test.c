/* SPDX-License-Identifier: ISC */
/*
 * Paths as rde tells them to control: which, in which order, in windows, and
 * in turns that let others be answered between.
 */
#include <stdio.h>

#include "rde_fake.h"

#define ANSWERS		4	/* requests at a time */
#define PATHS		4096	/* of one answer */

/* One request, and what came of it. */
struct answer {
	uint32_t	 id;
	unsigned int	 n;		/* records */
	bool		 ended;
	bool		 gone;		/* the client is: look away */
	unsigned int	 order;		/* of those that ended */
	struct ctl_end	 end;
	struct ctl_rib	 path[PATHS];
	struct ctl_fib	 fib;
	struct ctl_memory memory[64];
	struct ctl_audit audit;
	bool		 audited;
};

static struct answer	answers[ANSWERS];
static unsigned int	norder;
static bool		corked;		/* requests wait for the next */

static void
take(struct fake *f, struct imsg *m)
{
	struct answer	*a = &answers[m->hdr.id % ANSWERS];
	uint32_t	 type;

	ATF_REQUIRE_EQ(a->id, m->hdr.id);
	if (a->gone)
		return;
	ATF_REQUIRE(!a->ended);
	if (m->hdr.type == M_CTL_END) {
		msg_get(m, &record_ctl_end, &a->end);
		a->ended = true;
		a->order = ++norder;
		return;
	}
	ATF_REQUIRE_EQ(M_CTL_RECORD, m->hdr.type);
	ATF_REQUIRE_EQ(0, ibuf_get_u32(&m->body, &type));
	if (type == REC_RIB) {
		ATF_REQUIRE(a->n < PATHS);
		msg_get(m, &record_ctl_rib, &a->path[a->n++]);
	} else if (type == REC_FIB) {
		msg_get(m, &record_ctl_fib, &a->fib);
		a->n++;
	} else if (type == REC_MEMORY) {
		ATF_REQUIRE(a->n < 64);
		msg_get(m, &record_ctl_memory, &a->memory[a->n++]);
	} else {
		ATF_REQUIRE_EQ(REC_AUDIT, type);
		msg_get(m, &record_ctl_audit, &a->audit);
		a->audited = true;
	}
}

static struct answer *
request(struct fake *f, uint32_t id, uint32_t type, const struct record *r,
    const void *req)
{
	struct answer	*a = &answers[id % ANSWERS];
	struct ibuf	*b;

	memset(a, 0, sizeof(*a));
	a->id = id;
	ATF_REQUIRE((b = imsg_create()) != NULL);
	ibuf_put_u32(b, type);
	if (req != NULL)
		record_put(b, r, req);
	ATF_REQUIRE_EQ(0, imsg_close(f->end[CONTROL], M_CTL_REQUEST, id, -1,
	    b));
	if (!corked)
		ATF_REQUIRE_EQ(0, imsgbuf_flush(f->end[CONTROL]));
	return (a);
}

static struct answer *
rib(struct fake *f, uint32_t id, uint8_t match, const char *text,
    const char *neighbor)
{
	struct ctl_rib_request	req;

	memset(&req, 0, sizeof(req));
	req.match = match;
	req.detail = true;
	if (text != NULL)
		req.prefix = prefix(text);
	if (neighbor != NULL)
		req.neighbor = prefix(neighbor).addr;
	return (request(f, id, CTL_SHOW_RIB, &record_ctl_rib_request, &req));
}

static void
more(struct fake *f, uint32_t id)
{
	fake_send(f, CONTROL, M_CTL_MORE, id, -1, NULL, 0);
}

/* All of an answer, asked on for as control does. */
static struct answer *
whole(struct fake *f, struct answer *a)
{
	unsigned int	asked = CTL_WINDOW;

	while (!a->ended) {
		AWAIT(f, a->ended || a->n == asked);
		if (!a->ended) {
			more(f, a->id);
			asked += CTL_WINDOW;
		}
	}
	return (a);
}

static void
peer(struct fake *f, uint32_t id, const char *addr, uint32_t as)
{
	struct msg_peer	p = { .id = id, .addr = prefix(addr).addr,
	    .remote_as = as, .local_as = 65000, .router_id = 0xc0000200 + id,
	    .families = BGP_FAM_IPV4 | BGP_FAM_IPV6 };

	fake_record(f, ENGINE, M_PEER_UP, &record_msg_peer, &p);
}

/* Announce n prefixes from this one on. */
static void
routes(struct fake *f, uint32_t id, const char *first, unsigned int n,
    uint32_t path_id, const struct attrs *a)
{
	struct prefix	 p = prefix(first);
	struct ibuf	*b = NULL;
	int		 i;

	while (n > 0) {
		if (b == NULL) {
			ATF_REQUIRE((b = imsg_create()) != NULL);
			ATF_REQUIRE_EQ(0, route_batch_start(b, id, p.addr.af,
			    a));
		}
		if (route_batch_add(b, path_id, &p) == 0) {
			n--;
			for (i = (p.len - 1) / 8;
			    i >= 0 && ++p.addr.b[i] == 0; i--)
				;
			if (n > 0)
				continue;
		}
		ATF_REQUIRE_EQ(0, imsg_close(f->end[ENGINE], M_ROUTE_BATCH, 0,
		    -1, b));
		ATF_REQUIRE_EQ(0, imsgbuf_flush(f->end[ENGINE]));
		b = NULL;
		pump(f, 0);
	}
}

static void
route(struct fake *f, uint32_t id, const char *text, const char *nexthop,
    uint32_t local_pref)
{
	struct attrs	a;

	memset(&a, 0, sizeof(a));
	a.nexthop = prefix(nexthop).addr;
	a.has = ATTR_HAS_LOCAL_PREF;
	a.local_pref = local_pref;
	routes(f, id, text, 1, PATH_ID_NONE, &a);
}

static struct fake *
start(void)
{
	struct fake	*f = fake_start(UNITS);

	f->hook = take;
	fake_ready(f);
	peer(f, 0, "192.0.2.10", 65000);
	peer(f, 1, "192.0.2.11", 65001);
	peer(f, 2, "2001:db8::12", 65000);
	return (f);
}

/* Wait until the paths announced so far are known. */
static void
known(struct fake *f)
{
	struct answer	*a;
	time_t		 end = time(NULL) + DEADLINE;

	route(f, 2, "10.255.255.255/32", "192.0.2.99", 1);
	do {
		ATF_REQUIRE(time(NULL) < end);
		a = whole(f, rib(f, 100, RIB_EXACT, "10.255.255.255/32",
		    NULL));
	} while (a->n == 0);
}

/* What the answer says, as "PREFIX NEIGHBOR FLAGS, ...". */
static const char *
said(const struct answer *a)
{
	static char		 buf[1024];
	const struct ctl_rib	*c;
	char			 p[PREFIXSTRLEN], n[ADDRSTRLEN];
	unsigned int		 i;

	buf[0] = '\0';
	for (i = 0; i < a->n; i++) {
		c = &a->path[i];
		snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf),
		    "%s%s %s %s%s%s%s", i > 0 ? ", " : "",
		    prefix_format(&c->prefix, p), addr_format(&c->neighbor, n),
		    c->eligible ? "*" : "", c->best ? ">" : "",
		    c->multipath ? "=" : "", c->internal ? "I" : "");
	}
	return (buf);
}

static void
valid(struct fake *f, const char *nexthop)
{
	struct msg_nexthop_state	s;

	AWAIT(f, wanted(f, nexthop) != 0);
	s.id = wanted(f, nexthop);
	s.state = NEXTHOP_VALID;
	fake_record(f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state, &s);
}

ATF_TC_WITHOUT_HEAD(matches);
ATF_TC_BODY(matches, tc)
{
	static const struct {
		uint8_t match;
		const char *prefix, *neighbor, *said, *why;
	} t[] = {
		{ RIB_EXACT, "10.1.0.0/16", NULL,
		    "10.1.0.0/16 192.0.2.10 *>I, 10.1.0.0/16 192.0.2.11 *, "
		    "10.1.0.0/16 2001:db8::12 *I", NULL },
		{ RIB_EXACT, "10.1.0.0/17", NULL, "", "no path of this" },
		{ RIB_EXACT, "10.0.0.0/8", NULL, "", "no path of this" },
		{ RIB_ADDR, "10.1.2.3", NULL, "10.1.2.0/24 192.0.2.11 *>",
		    NULL },
		{ RIB_ADDR, "10.1.9.9", "192.0.2.11",
		    "10.1.0.0/16 192.0.2.11 *", NULL },
		/* own address: an entry without a path */
		{ RIB_ADDR, "10.0.0.1", NULL, "0.0.0.0/0 192.0.2.10 *>I",
		    NULL },
		{ RIB_ADDR, "2001:db9::1", NULL, "", "no path leads" },
		{ RIB_ADDR, "10.1.2.3", "192.0.2.10", "",
		    "this neighbor has no" },
		{ RIB_LONGER, "10.1.0.0/16", "192.0.2.11",
		    "10.1.0.0/16 192.0.2.11 *, 10.1.2.0/24 192.0.2.11 *>, "
		    "10.1.255.255/32 192.0.2.11 *>", NULL },
		{ RIB_LONGER, "10.1.2.0/23", NULL, "10.1.2.0/24 192.0.2.11 *>",
		    NULL },
		{ RIB_LONGER, "10.2.0.0/24", NULL, "", "more specific" },
		{ RIB_SHORTER, "10.1.2.0/24", "192.0.2.11",
		    "10.1.0.0/16 192.0.2.11 *, 10.1.2.0/24 192.0.2.11 *>",
		    NULL },
		{ RIB_SHORTER, "10.1.2.3", "192.0.2.10",
		    "0.0.0.0/0 192.0.2.10 *>I, 10.1.0.0/16 192.0.2.10 *>I",
		    NULL },
		{ RIB_SHORTER, "2001:db8::/32", NULL, "", "that covers" },
		{ RIB_ALL, NULL, "2001:db8::12",
		    "10.1.0.0/16 2001:db8::12 *I, "
		    "10.255.255.255/32 2001:db8::12 *>I, "
		    "2001:db8:1::/48 2001:db8::12 *>I", NULL },
		{ RIB_ALL, "::/0", "192.0.2.10", "", NULL },
		{ RIB_ALL, NULL, "192.0.2.12", "", "no such neighbor" },
		{ RIB_EXACT, NULL, NULL, "", "malformed" },
	};
	struct answer	*a;
	struct fake	*f = start();
	size_t		 i;

	route(f, 0, "0.0.0.0/0", "192.0.2.1", 100);
	route(f, 0, "10.1.0.0/16", "192.0.2.1", 200);
	route(f, 1, "10.1.0.0/16", "192.0.2.2", 100);
	route(f, 2, "10.1.0.0/16", "192.0.2.3", 100);
	route(f, 1, "10.1.2.0/24", "192.0.2.2", 100);
	route(f, 1, "10.1.255.255/32", "192.0.2.2", 100);
	route(f, 0, "10.0.255.0/24", "192.0.2.1", 100);
	route(f, 2, "2001:db8:1::/48", "2001:db8::1", 100);
	known(f);
	valid(f, "192.0.2.1");
	valid(f, "192.0.2.2");
	valid(f, "192.0.2.3");
	valid(f, "192.0.2.99");
	valid(f, "2001:db8::1");
	/* the states have been taken in, and all is decided anew */
	AWAIT(f, strcmp("2001:db8:1::/48 2001:db8::12 *>I", said(whole(f,
	    rib(f, 5, RIB_EXACT, "2001:db8:1::/48", NULL)))) == 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = whole(f, rib(f, 8 + i, t[i].match, t[i].prefix,
		    t[i].neighbor));
		ATF_CHECK_MSG(strcmp(t[i].said, said(a)) == 0,
		    "row %zu: %s", i, said(a));
		ATF_CHECK_EQ_MSG(t[i].why != NULL, a->end.status, "row %zu", i);
		ATF_CHECK_MSG(t[i].why == NULL ||
		    strstr(a->end.text, t[i].why) != NULL, "row %zu: %s", i,
		    a->end.text);
	}
	fake_stop(f);
}

ATF_TC_WITHOUT_HEAD(detail);
ATF_TC_BODY(detail, tc)
{
	/* 65001 64500 {64501 64502} */
	static const uint8_t	 path[] = { 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfb,
		0xf4, 1, 2, 0, 0, 0xfb, 0xf5, 0, 0, 0xfb, 0xf6 };
	static const uint8_t	 comm[] = { 0xfb, 0xf4, 0, 1, 0xff, 0xff, 0xff,
		1 };
	static const uint8_t	 ext[] = { 0, 2, 0xfb, 0xf4, 0, 0, 0, 100 };
	static const uint8_t	 large[] = { 0, 0, 0xfb, 0xf4, 0, 0, 0, 1, 0, 0,
		0, 2 };
	struct ctl_rib_request	 req;
	struct ctl_rib		*c;
	struct attrs		 at;
	struct fake		*f = start();
	char			 buf[ADDRSTRLEN];

	memset(&at, 0, sizeof(at));
	at.nexthop = prefix("192.0.2.7").addr;
	at.origin = ORIGIN_INCOMPLETE;
	at.has = ATTR_HAS_MED | ATTR_HAS_ORIGINATOR;
	at.med = 4000000000U;
	at.originator = 0xc6336401;
	at.cluster_len = 3;
	at.as_path = path;
	at.as_path_len = sizeof(path);
	at.communities = comm;
	at.communities_len = sizeof(comm);
	at.ext_communities = ext;
	at.ext_communities_len = sizeof(ext);
	at.large_communities = large;
	at.large_communities_len = sizeof(large);
	routes(f, 1, "10.1.0.0/16", 1, 77, &at);
	known(f);
	c = whole(f, rib(f, 4, RIB_ADDR, "10.1.2.3", NULL))->path;
	ATF_CHECK_STREQ("65001 64500 {64501 64502}", c->as_path);
	ATF_CHECK_STREQ("64500:1 no-export", c->communities);
	ATF_CHECK_STREQ("64500:1:2", c->large_communities);
	ATF_CHECK_STREQ("rt:64500:100", c->ext_communities);
	ATF_CHECK_STREQ("192.0.2.1", addr_format(&c->router_id, buf));
	ATF_CHECK_STREQ("198.51.100.1", addr_format(&c->originator, buf));
	ATF_CHECK_STREQ("192.0.2.7", addr_format(&c->nexthop, buf));
	ATF_CHECK_EQ(NEXTHOP_UNRESOLVED, c->nexthop_state);
	ATF_CHECK(c->best && !c->eligible && !c->internal && !c->bmp);
	ATF_CHECK_EQ(ORIGIN_INCOMPLETE, c->origin);
	ATF_CHECK_EQ(4000000000U, c->med);
	ATF_CHECK_EQ(100, c->local_pref);
	ATF_CHECK_EQ(3, c->cluster_len);
	ATF_CHECK_EQ(77, c->path_id);
	/* what was not asked for is not made */
	memset(&req, 0, sizeof(req));
	req.match = RIB_ADDR;
	req.prefix = prefix("10.1.2.3");
	c = whole(f, request(f, 5, CTL_SHOW_RIB, &record_ctl_rib_request,
	    &req))->path;
	ATF_CHECK_STREQ("65001 64500 {64501 64502}", c->as_path);
	ATF_CHECK_STREQ("", c->communities);
	ATF_CHECK_EQ(AF_UNSPEC, c->router_id.af);
	fake_stop(f);
}

/* One prefix with more paths than a window holds: each of them once. */
ATF_TC_WITHOUT_HEAD(many_paths);
ATF_TC_BODY(many_paths, tc)
{
	static bool	 seen[3][200];
	struct answer	*a;
	struct fake	*f = start();
	unsigned int	 i, k;
	char		 text[32];
	struct attrs	 at;
	struct addr	 first = prefix("192.0.2.10").addr;

	memset(&at, 0, sizeof(at));
	for (i = 0; i < 600; i++) {
		/* the best is somewhere in the middle */
		at.has = ATTR_HAS_LOCAL_PREF;
		at.local_pref = i == 333 ? 500 : 100;
		snprintf(text, sizeof(text), "192.0.2.%u", 1 + i % 7);
		at.nexthop = prefix(text).addr;
		routes(f, i % 3, "10.1.0.0/16", 1, i / 3 + 1, &at);
	}
	known(f);
	a = rib(f, 4, RIB_EXACT, "10.1.0.0/16", NULL);
	AWAIT(f, a->n == CTL_WINDOW);
	NEVER(f, a->n > CTL_WINDOW || a->ended);
	more(f, 4);
	AWAIT(f, a->n == 2 * CTL_WINDOW);
	/* one that was sent and one that was not go meanwhile */
	k = a->path[17].path_id;
	ATF_REQUIRE(!a->path[17].best);
	at.has = 0;
	routes(f, 2, "10.1.0.0/16", 1, 200, NULL);
	routes(f, addr_cmp(&a->path[17].neighbor, &first) == 0 ? 0 : 1,
	    "10.1.0.0/16", 1, k, NULL);
	route(f, 0, "10.9.0.0/16", "192.0.2.1", 1);
	AWAIT(f, whole(f, rib(f, 5, RIB_EXACT, "10.9.0.0/16", NULL))->n == 1);
	more(f, 4);
	AWAIT(f, a->ended || a->n == 3 * CTL_WINDOW);
	if (!a->ended)
		more(f, 4);
	AWAIT(f, a->ended);
	ATF_CHECK_EQ(0, a->end.status);
	ATF_CHECK_EQ(599, a->n);
	ATF_CHECK(a->path[0].best);
	for (i = 0; i < a->n; i++) {
		k = a->path[i].neighbor.af == AF_INET6 ? 2 :
		    a->path[i].neighbor.b[3] - 10;
		ATF_REQUIRE(a->path[i].path_id <= 200);
		ATF_CHECK_MSG(!seen[k][a->path[i].path_id - 1],
		    "peer %u path %u twice", k, a->path[i].path_id);
		seen[k][a->path[i].path_id - 1] = true;
		ATF_CHECK(i == 0 || !a->path[i].best);
	}
	fake_stop(f);
}

/* A walk that finds next to nothing lets others be answered meanwhile, and
   its client may go. */
ATF_TC_WITHOUT_HEAD(turns);
ATF_TC_BODY(turns, tc)
{
	struct answer	*slow, *quick;
	struct attrs	 at;
	struct fake	*f = start();
	unsigned int	 i;

	memset(&at, 0, sizeof(at));
	at.nexthop = prefix("192.0.2.1").addr;
	routes(f, 0, "10.128.0.0/24", 20000, PATH_ID_NONE, &at);
	route(f, 1, "10.129.0.0/16", "192.0.2.1", 100);
	known(f);
	/* whoever was first, and whose turn it was */
	for (i = 0; i < 2; i++) {
		corked = true;
		if (i == 0)
			quick = rib(f, 5, RIB_EXACT, "10.128.7.0/24", NULL);
		slow = rib(f, 4, RIB_ALL, NULL, "192.0.2.11");
		corked = false;
		if (i == 0)
			(void)rib(f, 6, RIB_EXACT, "10.129.0.0/16", NULL);
		else
			quick = rib(f, 5, RIB_EXACT, "10.128.7.0/24", NULL);
		AWAIT(f, slow->ended && quick->ended);
		ATF_CHECK_EQ(1, slow->n);
		ATF_CHECK_EQ(1, quick->n);
		ATF_CHECK_MSG(quick->order < slow->order,
		    "the slow one came first");
	}
	/* gone in the middle, more often than there is room for */
	for (i = 0; i < 100; i++) {
		rib(f, 6, RIB_ALL, NULL, i % 2 ? "192.0.2.11" :
		    NULL)->gone = true;
		fake_send(f, CONTROL, M_CTL_CANCEL, 6, -1, NULL, 0);
		fake_send(f, CONTROL, M_CTL_MORE, 6, -1, NULL, 0);
	}
	AWAIT(f, whole(f, rib(f, 7, RIB_EXACT, "10.128.7.0/24",
	    NULL))->n == 1);
	fake_stop(f);
}

/* Windows over many prefixes, of which some go and come meanwhile. */
ATF_TC_WITHOUT_HEAD(windows);
ATF_TC_BODY(windows, tc)
{
	struct answer	*a;
	struct attrs	 at;
	struct fake	*f = start();
	unsigned int	 i;

	memset(&at, 0, sizeof(at));
	at.nexthop = prefix("192.0.2.1").addr;
	routes(f, 0, "10.1.0.0/24", 450, PATH_ID_NONE, &at);
	routes(f, 0, "10.200.0.0/24", 10, PATH_ID_NONE, &at);
	known(f);
	a = rib(f, 4, RIB_LONGER, "10.0.0.0/9", NULL);
	AWAIT(f, a->n == CTL_WINDOW);
	/* the one where it stopped, and the one that is next */
	routes(f, 0, "10.1.199.0/24", 2, PATH_ID_NONE, NULL);
	route(f, 0, "10.0.0.0/24", "192.0.2.1", 100);
	route(f, 0, "10.100.0.0/16", "192.0.2.1", 100);
	AWAIT(f, whole(f, rib(f, 5, RIB_EXACT, "10.100.0.0/16",
	    NULL))->n == 1);
	more(f, 4);
	AWAIT(f, a->n == 2 * CTL_WINDOW);
	more(f, 4);
	AWAIT(f, a->ended);
	ATF_CHECK_EQ(450, a->n);
	for (i = 1; i < a->n; i++)
		ATF_CHECK(prefix_cmp(&a->path[i - 1].prefix,
		    &a->path[i].prefix) < 0);
	ATF_CHECK_EQ(100, a->path[449].prefix.addr.b[1]);
	/* both families, one behind the other */
	route(f, 2, "2001:db8:1::/48", "2001:db8::1", 100);
	AWAIT(f, whole(f, rib(f, 5, RIB_ALL, "::/0", NULL))->n == 1);
	a = whole(f, rib(f, 6, RIB_ALL, NULL, NULL));
	ATF_CHECK_EQ(450 - 2 + 10 + 2 + 1 + 1, a->n);
	ATF_CHECK_EQ(AF_INET6, a->path[a->n - 1].prefix.addr.af);
	fake_stop(f);
}

/* A route over two equal next hops says which they are. */
ATF_TC_WITHOUT_HEAD(group);
ATF_TC_BODY(group, tc)
{
	struct ctl_fib_request	 req;
	struct answer		*a;
	struct fake		*f = start();
	char			 ids[32];
	time_t			 end = time(NULL) + DEADLINE;

	peer(f, 3, "192.0.2.13", 65000);
	route(f, 0, "10.1.0.0/16", "192.0.2.2", 100);
	route(f, 3, "10.1.0.0/16", "192.0.2.1", 100);
	route(f, 1, "10.1.0.0/16", "192.0.2.3", 50);
	known(f);
	valid(f, "192.0.2.1");
	valid(f, "192.0.2.2");
	memset(&req, 0, sizeof(req));
	req.match = FIB_ADDR;
	req.prefix = prefix("10.1.2.3");
	do {
		ATF_REQUIRE(time(NULL) < end);
		a = whole(f, request(f, 4, CTL_SHOW_FIB,
		    &record_ctl_fib_request, &req));
	} while (!a->fib.group ||
	    strcmp(a->fib.states, "valid,valid") != 0);
	ATF_CHECK_EQ(1, a->n);
	ATF_CHECK(wanted(f, "192.0.2.2") < wanted(f, "192.0.2.1"));
	snprintf(ids, sizeof(ids), "%u,%u", wanted(f, "192.0.2.2"),
	    wanted(f, "192.0.2.1"));
	ATF_CHECK_STREQ(ids, a->fib.members);
	ATF_CHECK_STREQ("192.0.2.2,192.0.2.1", a->fib.gateways);
	ATF_CHECK_EQ(NEXTHOP_VALID, a->fib.nexthop_state);
	ATF_CHECK_STREQ("10.1.0.0/16 192.0.2.10 *>=I, "
	    "10.1.0.0/16 192.0.2.11 , 10.1.0.0/16 192.0.2.13 *=I",
	    said(whole(f, rib(f, 5, RIB_EXACT, "10.1.0.0/16", NULL))));
	fake_stop(f);
}

static uint64_t
used(const struct answer *a, const char *owner, const char *what)
{
	unsigned int	i;

	for (i = 0; i < a->n; i++)
		if (strcmp(a->memory[i].owner, owner) == 0 &&
		    strcmp(a->memory[i].what, what) == 0)
			return (a->memory[i].used);
	atf_tc_fail("no %s, %s", owner, what);
}

ATF_TC_WITHOUT_HEAD(memory);
ATF_TC_BODY(memory, tc)
{
	static const char *const	 what[] = { "RIB tree, IPv4",
		"RIB tree, IPv6", "FIB image, IPv4", "FIB image, IPv6",
		"paths", "attribute sets", "next hops", "ECMP groups" };
	static struct answer		 b;
	struct answer			*a;
	struct attrs			 at;
	struct fake			*f = start();
	size_t				 i;

	a = request(f, 4, CTL_SHOW_MEMORY_RIB, NULL, NULL);
	AWAIT(f, a->ended);
	ATF_CHECK_EQ(0, a->end.status);
	ATF_CHECK(a->audited);
	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		(void)used(a, "rde", what[i]);
	b = *a;
	memset(&at, 0, sizeof(at));
	at.nexthop = prefix("192.0.2.1").addr;
	routes(f, 0, "10.1.0.0/24", 20000, PATH_ID_NONE, &at);
	routes(f, 1, "10.1.0.0/24", 20000, PATH_ID_NONE, &at);
	known(f);
	fake_eor(f, 0, AF_INET);
	fake_eor(f, 1, AF_INET);
	fake_eor(f, 2, AF_INET);
	AWAIT(f, f->state[0] == FAMILY_CONVERGED);
	a = request(f, 4, CTL_SHOW_MEMORY_RIB, NULL, NULL);
	AWAIT(f, a->ended);
	ATF_CHECK(used(a, "rde", "RIB tree, IPv4") >
	    used(&b, "rde", "RIB tree, IPv4") + 20000 * 4);
	ATF_CHECK(used(a, "rde", "paths") >= 40001 * 8);
	ATF_CHECK(used(a, "rde", "attribute sets") > 0);
	ATF_CHECK(used(a, "kernel", "pool4") > used(&b, "kernel", "pool4"));
	for (i = 0; i < a->n; i++) {
		ATF_CHECK_MSG(a->memory[i].used <= a->memory[i].bytes ||
		    strcmp(a->memory[i].owner, "kernel") == 0, "%s",
		    a->memory[i].what);
		if (strcmp(a->memory[i].what, "paths") == 0)
			ATF_CHECK_EQ(40001, a->memory[i].items);
	}
	fake_stop(f);
}

/* Where the space of a family begins and ends. */
ATF_TC_WITHOUT_HEAD(ends);
ATF_TC_BODY(ends, tc)
{
	static const struct {
		uint8_t match;
		const char *prefix, *said;
	} t[] = {
		{ RIB_LONGER, "0.0.0.0/0", "0.0.0.0/0 192.0.2.10 *>I, "
		    "255.255.255.255/32 192.0.2.10 *>I" },
		{ RIB_LONGER, "255.255.255.255/32",
		    "255.255.255.255/32 192.0.2.10 *>I" },
		{ RIB_EXACT, "255.255.255.255/32",
		    "255.255.255.255/32 192.0.2.10 *>I" },
		{ RIB_SHORTER, "255.255.255.255/32", "0.0.0.0/0 192.0.2.10 "
		    "*>I, 255.255.255.255/32 192.0.2.10 *>I" },
		{ RIB_SHORTER, "0.0.0.0/0", "0.0.0.0/0 192.0.2.10 *>I" },
		{ RIB_ADDR, "255.255.255.255",
		    "255.255.255.255/32 192.0.2.10 *>I" },
		{ RIB_LONGER, "::/0", "::/0 192.0.2.10 *>I, "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 192.0.2.10 "
		    "*>I" },
		{ RIB_LONGER, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 192.0.2.10 "
		    "*>I" },
		{ RIB_ALL, "0.0.0.0/0", "0.0.0.0/0 192.0.2.10 *>I, "
		    "255.255.255.255/32 192.0.2.10 *>I" },
	};
	struct answer	*a;
	struct fake	*f = start();
	size_t		 i;

	route(f, 0, "0.0.0.0/0", "192.0.2.1", 100);
	route(f, 0, "255.255.255.255/32", "192.0.2.1", 100);
	route(f, 0, "::/0", "192.0.2.1", 100);
	route(f, 0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "192.0.2.1",
	    100);
	valid(f, "192.0.2.1");
	AWAIT(f, strcmp("::/0 192.0.2.10 *>I", said(whole(f, rib(f, 5,
	    RIB_EXACT, "::/0", NULL)))) == 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = whole(f, rib(f, 8 + i, t[i].match, t[i].prefix, NULL));
		ATF_CHECK_MSG(strcmp(t[i].said, said(a)) == 0,
		    "row %zu: %s", i, said(a));
	}
	ATF_CHECK_EQ(4, whole(f, rib(f, 40, RIB_ALL, NULL, NULL))->n);
	fake_stop(f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, matches);
	ATF_TP_ADD_TC(tp, detail);
	ATF_TP_ADD_TC(tp, many_paths);
	ATF_TP_ADD_TC(tp, turns);
	ATF_TP_ADD_TC(tp, windows);
	ATF_TP_ADD_TC(tp, group);
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, ends);
	return (atf_no_error());
}
