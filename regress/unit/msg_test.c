/* SPDX-License-Identifier: ISC */
/*
 * The tables of records against their structs: every member is in its table
 * once, in order, and comes back from the wire; and the replies to control.
 */
#include <sys/socket.h>

#include <atf-c.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/msg.h"
#include "../../lib/proc.h"

#define RECORDS(X)           \
	X(msg_u32)           \
	X(msg_pipe)          \
	X(msg_peer)          \
	X(msg_eor)           \
	X(msg_nexthop_want)  \
	X(msg_family_state)  \
	X(msg_table_info)    \
	X(msg_table_read)    \
	X(msg_nexthop_state) \
	X(msg_local)         \
	X(ctl_end)           \
	X(ctl_text)          \
	X(ctl_summary)       \
	X(ctl_family)        \
	X(ctl_fib_request)   \
	X(ctl_fib)           \
	X(ctl_neighbor)      \
	X(ctl_neighbor_rib)  \
	X(ctl_nexthop)       \
	X(ctl_nexthop_rib)   \
	X(ctl_interface)     \
	X(ctl_counter)       \
	X(ctl_rib_request)   \
	X(ctl_rib)           \
	X(ctl_memory)        \
	X(ctl_audit)         \
	X(ctl_bmp_station)   \
	X(ctl_bmp_peer)      \
	X(ctl_policy)

/* The compiler knows which bytes of a struct are members. */
#define CLEAR(s)                                        \
	static void clear_##s(void *p)                  \
	{                                               \
		__builtin_clear_padding((struct s *)p); \
	}
RECORDS(CLEAR)
#undef CLEAR

#define RECORD_OF(s) {&record_##s, clear_##s},
static const struct {
	const struct record *record;
	void (*clear_padding)(void *);
} records[] = {RECORDS(RECORD_OF)};
#undef RECORD_OF
#define NRECORDS (sizeof(records) / sizeof(records[0]))

static size_t
field_size(const struct field *f)
{
	switch (f->type) {
	case FIELD_U8:
	case FIELD_BOOL:
		return (1);
	case FIELD_U16:
		return (2);
	case FIELD_U32:
		return (4);
	case FIELD_U64:
		return (8);
	case FIELD_STR:
		return (f->size);
	case FIELD_ADDR:
		return (sizeof(struct addr));
	case FIELD_PREFIX:
		return (sizeof(struct prefix));
	case FIELD_MAC:
		return (6);
	}
	return (0);
}

/* Every byte of a member is in one field, no byte in two. */
ATF_TC_WITHOUT_HEAD(layout);
ATF_TC_BODY(layout, tc)
{
	const struct record *r;
	const struct field *f;
	uint8_t member[8192], field[8192];
	size_t i, n;

	for (i = 0; i < NRECORDS; i++) {
		r = records[i].record;
		ATF_REQUIRE(r->size <= sizeof(member));
		memset(member, 1, sizeof(member));
		records[i].clear_padding(member);
		memset(field, 0, sizeof(field));
		for (f = r->fields; f < r->fields + r->nfields; f++) {
			ATF_CHECK_EQ_MSG(field_size(f), f->size,
			    "%s.%s is not of its type", r->name, f->name);
			for (n = f->off; n < f->off + f->size; n++)
				field[n]++;
		}
		for (n = 0; n < r->size; n++)
			ATF_CHECK_EQ_MSG(member[n], field[n],
			    "%s: byte %zu is in %d fields", r->name, n,
			    field[n]);
	}
}

static void
random_addr(struct addr *a)
{
	static const uint8_t afs[] = {AF_UNSPEC, AF_INET, AF_INET6};
	int i;

	memset(a, 0, sizeof(*a));
	a->af = afs[random() % 3];
	if (a->af != AF_UNSPEC)
		for (i = 0; i < af_bytes(a->af); i++)
			a->b[i] = random();
}

static void
random_field(const struct field *f, uint8_t *p)
{
	struct prefix *pf;
	size_t i, n;

	switch (f->type) {
	case FIELD_BOOL:
		*p = random() % 2;
		break;
	case FIELD_STR:
		/* Of any length that its NUL allows. */
		n = random() % f->size;
		for (i = 0; i < n; i++)
			p[i] = 1 + random() % 255;
		break;
	case FIELD_ADDR:
		random_addr((struct addr *)p);
		break;
	case FIELD_PREFIX:
		pf = (struct prefix *)p;
		random_addr(&pf->addr);
		pf->len = 0;
		if (pf->addr.af != AF_UNSPEC)
			pf->len = random() % (af_bits(pf->addr.af) + 1);
		prefix_mask(pf);
		break;
	default:
		for (i = 0; i < f->size; i++)
			p[i] = random();
		if (f->names != NULL) {
			for (n = 0; f->names[n] != NULL; n++)
				continue;
			*p = random() % n;
		}
		break;
	}
}

ATF_TC_WITHOUT_HEAD(enums);
ATF_TC_BODY(enums, tc)
{
	struct msg_nexthop_state s = { .id = 2, .state = NEXTHOP_VALID };
	struct ibuf *b;
	char *text = NULL;
	size_t len;
	FILE *f;

	ATF_REQUIRE((f = open_memstream(&text, &len)) != NULL);
	record_json(f, &record_msg_nexthop_state, &s);
	fclose(f);
	ATF_CHECK_STREQ("{\"id\":2,\"state\":\"valid\"}", text);
	free(text);
	s.state = NEXTHOP_VALID + 1;
	b = imsg_create();
	ATF_REQUIRE_EQ(0, record_put(b, &record_msg_nexthop_state, &s));
	ATF_CHECK_ERRNO(EBADMSG, record_get_only(b, &record_msg_nexthop_state,
	    &s) == -1);
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(roundtrip);
ATF_TC_BODY(roundtrip, tc)
{
	const struct record *r;
	struct ibuf *b;
	uint8_t in[8192], out[8192];
	size_t i, j;
	int round;

	srandom(7);
	for (i = 0; i < NRECORDS; i++) {
		r = records[i].record;
		ATF_REQUIRE(r->size <= sizeof(in));
		for (round = 0; round < 200; round++) {
			memset(in, 0, sizeof(in));
			for (j = 0; j < r->nfields; j++)
				random_field(
				    &r->fields[j], in + r->fields[j].off);
			b = imsg_create();
			ATF_REQUIRE_EQ(0, record_put(b, r, in));
			ATF_CHECK_MSG(ibuf_left(b) <= r->size,
			    "%s: longer than its struct", r->name);
			memset(out, 0xa5, sizeof(out));
			ATF_REQUIRE_EQ(0, record_get_only(b, r, out));
			ATF_REQUIRE_EQ_MSG(0, memcmp(in, out, r->size),
			    "%s is not what it was", r->name);
			ibuf_free(b);
		}
	}
}

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	uint32_t i;

	ATF_CHECK_EQ(&record_ctl_summary, ctl_record(REC_SUMMARY));
	ATF_CHECK_EQ(&record_ctl_end, ctl_record(CTL_END));
	for (i = REC_SUMMARY; i <= REC_TEXT; i++)
		ATF_CHECK_MSG(ctl_record(i) != NULL, "no record %u", i);
	ATF_CHECK(ctl_record(CTL_SHOW) == NULL);
	ATF_CHECK(ctl_record(0) == NULL);
	ATF_CHECK_STREQ("unresolved", nexthop_state_name(NEXTHOP_UNRESOLVED));
	ATF_CHECK_STREQ("valid", nexthop_state_name(NEXTHOP_VALID));
	ATF_CHECK_STREQ("unknown", nexthop_state_name(NEXTHOP_VALID + 1));
	ATF_CHECK_STREQ("unknown", nexthop_state_name(255));
}

/* What control gets for a record, an end and a failure. */
ATF_TC_WITHOUT_HEAD(replies);
ATF_TC_BODY(replies, tc)
{
	struct proc p;
	struct imsgbuf *r;
	struct imsg m;
	struct ctl_counter in, out;
	struct ctl_end end;
	uint32_t type;
	int sv[2];

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	proc_init(&p, PROC_RDE, NULL, 0, NULL);
	proc_add_pipe(&p, PROC_CONTROL, sv[0]);
	memset(&in, 0, sizeof(in));
	strlcpy(in.name, "rx", sizeof(in.name));
	in.value = 1ULL << 40;
	ctl_reply(&p, 5, REC_COUNTER, &in);
	ctl_reply_end(&p, 5, NULL);
	ctl_reply_end(&p, 6, "no such thing");
	proc_flush(&p, 1000);

	r = imsgbuf_new(sv[1]);
	ATF_REQUIRE_EQ(1, imsgbuf_read(r));
	ATF_REQUIRE_EQ(1, imsg_get(r, &m));
	ATF_CHECK_EQ(M_CTL_RECORD, m.hdr.type);
	ATF_CHECK_EQ(5, m.hdr.id);
	ATF_REQUIRE_EQ(0, ibuf_get_u32(&m.body, &type));
	ATF_CHECK_EQ(REC_COUNTER, type);
	msg_get(&m, &record_ctl_counter, &out);
	ATF_CHECK_EQ(0, memcmp(&in, &out, sizeof(in)));
	ATF_REQUIRE_EQ(1, imsg_get(r, &m));
	ATF_CHECK_EQ(M_CTL_END, m.hdr.type);
	msg_get(&m, &record_ctl_end, &end);
	ATF_CHECK_EQ(0, end.status);
	ATF_CHECK_STREQ("", end.text);
	ATF_REQUIRE_EQ(1, imsg_get(r, &m));
	ATF_CHECK_EQ(6, m.hdr.id);
	msg_get(&m, &record_ctl_end, &end);
	ATF_CHECK_EQ(1, end.status);
	ATF_CHECK_STREQ("no such thing", end.text);
	imsgbuf_free(r);
	close(sv[1]);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, layout);
	ATF_TP_ADD_TC(tp, enums);
	ATF_TP_ADD_TC(tp, roundtrip);
	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, replies);
	return (atf_no_error());
}
