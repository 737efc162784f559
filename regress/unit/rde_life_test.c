/* SPDX-License-Identifier: ISC */
/*
 * The life of group and next hop ids through the whole process, at random: the
 * test is a parent that looks after each write at what packets could meet, and
 * holds back acknowledgements, grace periods and generations as it likes.
 */
#include <stdio.h>

#include "rde_fake.h"

#define PREFIXES	24		/* of each family */
#define HOPS		8
#define PEERS		3
#define PATHS		3		/* of a peer to a prefix */

struct seen {
	uint32_t	leaf;
	uint32_t	n;
	struct addr	addr[ECMP_MEMBERS_MAX];
};

/* What there is to be met by packets, and what the RIB was told. */
struct model {
	struct fake	*f;
	struct seen	 seen[2][PREFIXES];
	uint32_t	 step;
	uint32_t	 named[GROUPS];	/* last step a leaf did */
	uint32_t	 asked;		/* step of the grace period */
	uint32_t	 safe;		/* asked for the last that passed */
	uint32_t	 acked;
	bool		 hold_acks, hold_grace, hold_gone, hold_commit;
	bool		 committed;
	uint32_t	 last, left;	/* generations: begun, given up */
	uint32_t	 gone[NWANTS];	/* ids that are to be let go */
	unsigned int	 ngone;
	unsigned int	 reused, generations, grouped, full;
	uint32_t	 ids;		/* of next hops */
	bool		 valid[HOPS];
	bool		 up[PEERS];
	uint8_t		 path[2][PREFIXES][PEERS][PATHS]; /* hop + 1 */
};

static struct addr
hop_addr(unsigned int h)
{
	char	text[32];

	snprintf(text, sizeof(text), "192.0.2.%u", 1 + h);
	return (prefix(text).addr);
}

static void
prefix_text(int f, unsigned int i, char *text, size_t n)
{
	/* some lie in others */
	if (f == 0 && i >= PREFIXES / 2)
		snprintf(text, n, "10.%u.7.0/%u", i - PREFIXES / 2,
		    i % 2 ? 24 : 27);
	else if (f == 0)
		snprintf(text, n, "10.%u.0.0/16", i);
	else if (i >= PREFIXES / 2)
		snprintf(text, n, "2001:db8:%x:7::/%u", i - PREFIXES / 2,
		    i % 2 ? 64 : 62);
	else
		snprintf(text, n, "2001:db8:%x::/48", i);
}

static uint32_t
sample(const struct model *m, int f, unsigned int i)
{
	const struct fake	*fk = m->f;
	struct addr		 a;
	char			 text[64];
	uint64_t		 hi, lo;
	int			 b;

	prefix_text(f, i, text, sizeof(text));
	a = prefix(text).addr;
	if (f == 0)
		return (walk4(fk->table[FIB_TABLE_DIR4],
		    fk->table[FIB_TABLE_POOL4], (uint32_t)a.b[0] << 24 |
		    a.b[1] << 16 | a.b[2] << 8 | (a.b[3] + 1)));
	for (hi = lo = 0, b = 0; b < 8; b++) {
		hi = hi << 8 | a.b[b];
		lo = lo << 8 | a.b[8 + b];
	}
	return (walk6(fk->table[FIB_TABLE_DIR6], fk->table[FIB_TABLE_POOL6],
	    hi, lo + 1));
}

static void
seen_add(const struct model *m, struct seen *s, uint32_t id)
{
	ATF_REQUIRE_MSG(id < NWANTS && m->f->want[id].af != AF_UNSPEC,
	    "step %u: leaf %#x leads to next hop %u, which is not wanted",
	    m->step, s->leaf, id);
	s->addr[s->n++] = m->f->want[id];
}

/* Where a leaf leads, which has to be somewhere. */
static void
follow(struct model *m, uint32_t leaf, struct seen *s)
{
	const uint32_t	*g;
	uint32_t	 id = leaf & LEAF_ID, i;

	memset(s, 0, sizeof(*s));
	s->leaf = leaf;
	if (!(leaf & LEAF_GROUP)) {
		if (id >= LEAF_ID_FIRST)
			seen_add(m, s, id);
		return;
	}
	ATF_REQUIRE(id >= GROUP_FIRST && id < GROUPS);
	g = m->f->table[FIB_TABLE_GROUPS] + id * GROUP_WORDS;
	ATF_REQUIRE_MSG(g[0] >= 2 && g[0] <= ECMP_MEMBERS_MAX,
	    "step %u: group %u was not written", m->step, id);
	m->named[id] = m->step;
	m->grouped++;
	for (i = 0; i < g[0]; i++)
		seen_add(m, s, g[1 + i]);
}

/* Packets of any address, now. */
static void
look(struct model *m, bool fresh)
{
	struct seen	 s, *was;
	uint32_t	 i, j;
	int		 f;

	m->step++;
	for (f = 0; f < 2; f++) {
		for (i = 0; i < PREFIXES; i++) {
			was = &m->seen[f][i];
			if (m->f->state[f] != FAMILY_CONVERGED) {
				was->leaf = 0;
				continue;
			}
			follow(m, sample(m, f, i), &s);
			/* the same leaf, the same next hops */
			if (!fresh && was->leaf == s.leaf && s.leaf != 0) {
				ATF_REQUIRE_EQ(was->n, s.n);
				for (j = 0; j < s.n; j++)
					ATF_REQUIRE(addr_cmp(&was->addr[j],
					    &s.addr[j]) == 0);
			}
			*was = s;
		}
	}
}

static void
group_is_written(struct model *m, uint32_t index, const void *words)
{
	struct ecmp_group	old, new;
	uint32_t		id = index / GROUP_WORDS, i;

	memcpy(&old, m->f->table[FIB_TABLE_GROUPS] + index, sizeof(old));
	memcpy(&new, words, sizeof(new));
	ATF_REQUIRE(id >= GROUP_FIRST && id < GROUPS);
	for (i = 0; i < new.n; i++)
		ATF_REQUIRE_MSG(new.ids[i] < NWANTS &&
		    m->f->want[new.ids[i]].af != AF_UNSPEC &&
		    (i == 0 || new.ids[i] > new.ids[i - 1]),
		    "step %u: member %u of group %u", m->step, new.ids[i],
		    id);
	if (old.n == 0 || memcmp(&old, &new, sizeof(old)) == 0)
		return;
	m->reused++;
	ATF_REQUIRE_MSG(m->named[id] < m->safe || m->named[id] == 0,
	    "step %u: group %u was named in step %u, and packets are gone "
	    "that were there before step %u", m->step, id, m->named[id],
	    m->safe);
}

static void
model_write(struct model *m, struct ibuf *b)
{
	struct fake	*f = m->f;
	uint32_t	 table, index, count;
	const void	*words;
	bool		 next;

	ATF_REQUIRE_EQ(ibuf_get_u32(b, &f->seq), 0);
	m->full += f->seq - m->acked == 16;
	while (ibuf_left(b) > 0) {
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &table), 0);
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &index), 0);
		ATF_REQUIRE_EQ(ibuf_get_u32(b, &count), 0);
		next = TABLE_GEN(table) == f->next_generation;
		words = ibuf_take(b, count * sizeof(uint32_t));
		ATF_REQUIRE(words != NULL);
		/* rde has not heard yet that it is over with it */
		if (!next && TABLE_GEN(table) != f->generation) {
			ATF_REQUIRE_EQ(TABLE_GEN(table), m->left);
			continue;
		}
		table = TABLE_ID(table);
		ATF_REQUIRE(table < FIB_TABLE_MAX && count > 0 &&
		    index + count <= (next ? f->next_size : f->size)[table]);
		if (table == FIB_TABLE_GROUPS && !next)
			group_is_written(m, index, words);
		memcpy((next ? f->next : f->table)[table] + index, words,
		    count * sizeof(uint32_t));
		if (!next)
			look(m, false);
	}
}

static void
state_send(struct model *m, uint32_t id, unsigned int hop)
{
	struct msg_nexthop_state	s = { id, m->valid[hop] ?
		NEXTHOP_VALID : NEXTHOP_UNRESOLVED };

	fake_record(m->f, PARENT, M_NEXTHOP_STATE, &record_msg_nexthop_state,
	    &s);
}

static void
swap(struct model *m)
{
	bool	well = random() % 4 != 0;

	m->committed = false;
	m->left = well ? m->f->generation : m->f->next_generation;
	fake_swap(m->f, well);
	if (!well)
		return;
	m->generations++;
	/* those of the old one are other groups */
	memset(m->named, 0, sizeof(m->named));
	look(m, true);
}

static void
model_message(struct model *m, struct imsg *im)
{
	struct fake		*f = m->f;
	struct msg_nexthop_want	 want;
	struct msg_u32		 u;

	switch (im->hdr.type) {
	case M_TABLE_WRITE:
		model_write(m, &im->body);
		break;
	case M_GRACE:
		msg_get(im, &record_msg_u32, &u);
		ATF_REQUIRE_EQ(f->grace, 0);
		f->grace = u.value;
		m->asked = m->step;
		break;
	case M_NEXTHOP_WANT:
		msg_get(im, &record_msg_nexthop_want, &want);
		ATF_REQUIRE(want.id >= LEAF_ID_FIRST && want.id < m->ids);
		ATF_REQUIRE_EQ(f->want[want.id].af, AF_UNSPEC);
		f->want[want.id] = want.addr;
		state_send(m, want.id, want.addr.b[3] - 1U);
		break;
	case M_NEXTHOP_DROP:
		msg_get(im, &record_msg_u32, &u);
		ATF_REQUIRE(f->want[u.value].af != AF_UNSPEC);
		f->want[u.value].af = AF_UNSPEC;
		m->gone[m->ngone++] = u.value;
		break;
	case M_GENERATION_ABORT:
		m->left = f->next_generation;
		from_rde(f, im);
		break;
	case M_GENERATION_COMMIT:
		f->commits++;
		m->committed = true;
		break;
	default:
		from_rde(f, im);
		break;
	}
	look(m, false);
}

/* Give what is held back, unless it is held on. */
static void
model_give(struct model *m)
{
	struct fake	*f = m->f;
	uint32_t	 epoch;

	if (!m->hold_acks && m->acked != f->seq) {
		m->acked = f->seq;
		fake_u32(f, M_TABLE_ACK, m->acked);
	}
	if (!m->hold_grace && (epoch = f->grace) != 0) {
		f->grace = 0;
		m->safe = m->asked;
		fake_u32(f, M_GRACE_DONE, epoch);
	}
	while (!m->hold_gone && m->ngone > 0)
		fake_u32(f, M_NEXTHOP_GONE, m->gone[--m->ngone]);
	if (!m->hold_commit && m->committed)
		swap(m);
}

static void
model_pump(struct model *m, int ms)
{
	struct pollfd	pfd;
	struct imsg	im;

	model_give(m);
	pfd.fd = imsgbuf_fd(m->f->end[PARENT]);
	pfd.events = POLLIN;
	if (poll(&pfd, 1, ms) <= 0)
		return;
	ATF_REQUIRE_MSG(imsgbuf_read(m->f->end[PARENT]) == 1, "rde has ended");
	while (imsg_get(m->f->end[PARENT], &im) == 1) {
		model_message(m, &im);
		imsg_free(&im);
		if (random() % 2 == 0)
			model_give(m);
	}
}

static void
peer_toggle(struct model *m, unsigned int peer)
{
	unsigned int	i;
	int		f;

	m->up[peer] = !m->up[peer];
	if (m->up[peer]) {
		fake_peer(m->f, peer);
		fake_eor(m->f, peer, AF_INET);
		fake_eor(m->f, peer, AF_INET6);
		return;
	}
	fake_down(m->f, peer);
	for (f = 0; f < 2; f++) {
		for (i = 0; i < PREFIXES; i++)
			memset(m->path[f][i][peer], 0, PATHS);
	}
}

static void
hop_toggle(struct model *m, unsigned int hop)
{
	struct addr	a = hop_addr(hop);
	uint32_t	id;

	m->valid[hop] = !m->valid[hop];
	for (id = LEAF_ID_FIRST; id < NWANTS; id++) {
		if (addr_cmp(&m->f->want[id], &a) == 0)
			state_send(m, id, hop);
	}
}

/* Announce or withdraw. */
static void
path_change(struct model *m)
{
	unsigned int	f = random() % 2, i = random() % PREFIXES;
	unsigned int	peer = random() % PEERS, id = random() % PATHS;
	unsigned int	hop = random() % HOPS;
	char		text[64], to[32];
	bool		withdraw = random() % 3 == 0;

	if (!m->up[peer])
		return;
	prefix_text(f, i, text, sizeof(text));
	snprintf(to, sizeof(to), "192.0.2.%u", 1 + hop);
	m->path[f][i][peer][id] = withdraw ? 0 : hop + 1;
	fake_paths(m->f, ENGINE, peer, id, text, 1, withdraw ? NULL : to);
}

static void
own_toggle(struct model *m)
{
	char	text[64];

	snprintf(text, sizeof(text), "10.%ld.7.5/32", random() % 12);
	fake_local(m->f, text, random() % 2);
}

static void
change(struct model *m)
{
	switch (random() % 64) {
	case 0:
		if (random() % 4 == 0)
			peer_toggle(m, random() % PEERS);
		break;
	case 1:
	case 2:
		hop_toggle(m, random() % HOPS);
		break;
	case 3:
		own_toggle(m);
		break;
	case 4:
		m->hold_acks = random() % 2;
		break;
	case 5:
	case 6:
		m->hold_grace = random() % 3 != 0;
		break;
	case 7:
		m->hold_gone = random() % 2;
		break;
	case 8:
		m->hold_commit = random() % 2;
		if (random() % 4 == 0 && m->f->next_generation == 0)
			fake_next(m->f, ++m->last, m->f->units, m->ids);
		break;
	default:
		path_change(m);
		break;
	}
}

/* Does a leaf lead where the paths that there are do? The group may be
   missing if there may be too many; then any of them does. */
static bool
leads_right(struct model *m, int f, unsigned int i, bool lacks)
{
	const uint8_t	*path = m->path[f][i][0];
	struct seen	 s;
	struct addr	 a;
	unsigned int	 valid = 0, all = 0, h, found = 0, n = 0;

	for (h = 0; h < PEERS * PATHS; h++) {
		if (path[h] == 0)
			continue;
		all |= 1U << (path[h] - 1);
		if (m->valid[path[h] - 1])
			valid |= 1U << (path[h] - 1);
	}
	follow(m, sample(m, f, i), &s);
	for (h = 0; h < HOPS; h++) {
		a = hop_addr(h);
		for (n = 0; n < s.n && addr_cmp(&s.addr[n], &a) != 0; n++)
			;
		found |= (n < s.n) << h;
	}
	if (all == 0 && i < PREFIXES / 2)
		return (found == 0);
	if (all == 0)
		return (leads_right(m, f, i - PREFIXES / 2, lacks));
	if (s.n == 1 && (valid == 0 || lacks))
		return ((found & (valid != 0 ? valid : all)) != 0);
	return (found == valid);
}

static bool
all_right(struct model *m, bool lacks)
{
	unsigned int	i;
	int		f;

	for (f = 0; f < 2; f++) {
		if (m->f->state[f] != FAMILY_CONVERGED)
			return (false);
		for (i = 0; i < PREFIXES; i++) {
			if (!leads_right(m, f, i, lacks))
				return (false);
		}
	}
	return (true);
}

/* Nothing is held back: what the tables say is what the paths do. */
static void
settle(struct model *m, bool lacks, bool check)
{
	time_t		end = time(NULL) + DEADLINE;
	unsigned int	peer;

	m->hold_acks = m->hold_grace = m->hold_gone = m->hold_commit = false;
	for (peer = 0; peer < PEERS; peer++) {
		if (!m->up[peer])
			peer_toggle(m, peer);
	}
	do {
		ATF_REQUIRE_MSG(time(NULL) < end, "not what the paths say");
		model_pump(m, 20);
	} while (check ? !all_right(m, lacks) || m->f->next_generation != 0 :
	    m->f->grace != 0 || m->committed);
}

static void
live(uint32_t seed, uint32_t units, uint32_t ids, unsigned int rounds)
{
	struct msg_table_info	 info = { GENERATION_FIRST, units, units, ids,
		GROUPS };
	struct model		*m;
	unsigned int		 i, r;

	srandom(seed);
	if ((m = calloc(1, sizeof(*m))) == NULL)
		atf_tc_fail("no memory");
	m->f = fake_start(units);
	m->ids = ids;
	m->last = GENERATION_FIRST;
	for (i = 0; i < HOPS; i++)
		m->valid[i] = i % 3 != 0;
	fake_record(m->f, PARENT, M_TABLE_INFO, &record_msg_table_info, &info);
	fake_send(m->f, PARENT, M_LOCAL_END, 0, -1, NULL, 0);
	fake_config(m->f, allow_ten);
	for (r = 0; r < rounds; r++) {
		for (i = 0; i < 400; i++) {
			change(m);
			if (random() % 3 == 0)
				model_pump(m, random() % 2);
		}
		settle(m, true, units == UNITS && ids == NEXTHOPS);
	}
	printf("seed %u: %u steps, %u ids used again, %u generations, %u "
	    "looks at groups, %u times as much as may wait\n", seed, m->step,
	    m->reused, m->generations, m->grouped, m->full);
	ATF_CHECK(units != UNITS || (m->reused > 0 && m->grouped > 0));
	fake_stop(m->f);
}

ATF_TC_WITHOUT_HEAD(ids);
ATF_TC_BODY(ids, tc)
{
	live(1, UNITS, NEXTHOPS, 20);
}

/* Ids of next hops run out, too. */
ATF_TC_WITHOUT_HEAD(few_ids);
ATF_TC_BODY(few_ids, tc)
{
	live(2, UNITS, LEAF_ID_FIRST + 4, 20);
}

/* Not all fits. */
ATF_TC_WITHOUT_HEAD(small_tables);
ATF_TC_BODY(small_tables, tc)
{
	live(3, 160, NEXTHOPS, 20);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ids);
	ATF_TP_ADD_TC(tp, few_ids);
	ATF_TP_ADD_TC(tp, small_tables);
	return (atf_no_error());
}
