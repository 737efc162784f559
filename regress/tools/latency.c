/* SPDX-License-Identifier: ISC */
/*
 * From an UPDATE to the word in the table that packets are forwarded by: a
 * neighbor of its own, that announces one IPv4 and one IPv6 prefix in turns,
 * each by two next hops in turns, and looks at the daemon's tables until they
 * say so.  A sample is the time from just before send() to the look that saw
 * the new leaf.
 *
 * latency [-b LOCAL] [-o FILE] PID ADDR PORT AS SECONDS PREFIX4 A4 B4
 *     PREFIX6 A6 B6
 * latency -w PID SECONDS ADDRESS...
 *
 * Ends earlier by SIGTERM.  Prints samples, p50, p99, max and what of a sample
 * may be but the pause between two looks, all in microseconds; -o appends the
 * samples to a file, one a line.  -w says nothing to the daemon, and looks
 * whether the leaves of addresses stay what they are.
 */
#include <arpa/inet.h>

#include <signal.h>

#include "feed.h"
#include "speaker.h"
#include "tables.h"

#define LOCAL_PREF 200
#define LOST_US 60e6 /* then it never came */
#define SAMPLES_MAX 1000000
#define WATCHED_MAX 16

static volatile sig_atomic_t ended;

struct tables {
	const uint32_t *dir4, *dir6;
	const void *pool4, *pool6;
};

/* A prefix and its two next hops; which one the tables should lead to. */
struct probe {
	struct prefix prefix;
	struct addr hops[2];
	uint32_t ids[2];
	int now;
};

struct samples {
	double *us;
	double *unsure; /* since the look before */
	size_t n;
};

static void
on_term(int sig)
{
	(void)sig;
	ended = 1;
}

static void
tables_open(struct tables *t, pid_t pid)
{
	t->dir4 = table_map(pid, "pf_dir4");
	t->pool4 = table_map(pid, "pf_pool4");
	t->dir6 = table_map(pid, "pf_dir6");
	t->pool6 = table_map(pid, "pf_pool6");
}

static uint64_t
half(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return (v);
}

static uint32_t
leaf(const struct tables *t, const struct addr *a)
{
	if (a->af == AF_INET)
		return (walk4(t->dir4, t->pool4, (uint32_t)(half(a->b) >> 32)));
	return (walk6(t->dir6, t->pool6, half(a->b), half(a->b + 8)));
}

static void
announce(struct speaker *s, const struct probe *p, int hop)
{
	uint8_t m[BGP_MSG_MAX];
	size_t len = one_prefix(m, &p->prefix, &p->hops[hop], LOCAL_PREF);

	if (send(s->fd, m, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
}

/*
 * Its ids are not known before both were there once.  What an earlier session
 * left must be gone by then; nothing else covers the prefix.
 */
static void
learn(struct speaker *s, const struct tables *t, struct probe *p)
{
	double end = look_us() + LOST_US;
	uint32_t w, before;
	int i;

	while ((before = leaf(t, &p->prefix.addr) & LEAF_ID) != LEAF_ID_NONE) {
		if (look_us() > end)
			errx(1, "something covers the prefix");
		look_pause();
	}
	for (i = 0; i < 2; i++, before = w) {
		announce(s, p, i);
		while ((w = leaf(t, &p->prefix.addr) & LEAF_ID) == before ||
		    w < LEAF_ID_FIRST) {
			if (look_us() > end)
				errx(1, "the prefix does not come");
			look_pause();
		}
		p->ids[i] = w;
	}
	p->now = 1;
}

static void
sample(struct speaker *s, const struct tables *t, struct probe *p,
    struct samples *out)
{
	double start, last, look;
	uint32_t id;

	p->now = !p->now;
	last = start = look_us();
	announce(s, p, p->now);
	for (;;) {
		look = look_us();
		id = leaf(t, &p->prefix.addr) & LEAF_ID;
		if (id == p->ids[p->now])
			break;
		if (id != p->ids[!p->now])
			errx(1, "leaf of nexthop %u: neither old nor new", id);
		if (look - start > LOST_US)
			errx(1, "not in the table after %.0f s", LOST_US / 1e6);
		last = look;
		look_pause();
	}
	if (out->n == SAMPLES_MAX)
		return;
	out->us[out->n] = look - start;
	out->unsure[out->n++] = look - last;
}

static void
report(struct samples *s, const char *path)
{
	FILE *f;
	size_t i;

	if (s->n == 0)
		errx(1, "no samples");
	if (path != NULL) {
		if ((f = fopen(path, "a")) == NULL)
			err(1, "%s", path);
		for (i = 0; i < s->n; i++)
			fprintf(f, "%.1f\n", s->us[i]);
		if (fclose(f) != 0)
			err(1, "%s", path);
	}
	samples_sort(s->us, s->n);
	samples_sort(s->unsure, s->n);
	printf("samples %zu p50 %.0f p99 %.0f max %.0f", s->n,
	    quantile(s->us, s->n, 500), quantile(s->us, s->n, 990),
	    s->us[s->n - 1]);
	printf(" unsure50 %.0f unsure99 %.0f\n", quantile(s->unsure, s->n, 500),
	    quantile(s->unsure, s->n, 990));
}

static void
probe_parse(struct probe *p, int af, char **argv)
{
	int i;

	if (prefix_parse(argv[0], &p->prefix, NULL) == -1 ||
	    p->prefix.addr.af != af)
		errx(1, "%s: not a prefix of this family", argv[0]);
	for (i = 0; i < 2; i++)
		if (addr_parse(argv[1 + i], &p->hops[i]) == -1 ||
		    p->hops[i].af != af)
			errx(1, "%s: not an address of this family",
			    argv[1 + i]);
}

/* Samples at random moments, one to three milliseconds apart. */
static int
measure(struct speaker *s, const struct tables *t, struct probe *p,
    double seconds, const char *path)
{
	struct samples out = { .n = 0 };
	uint64_t rnd = 1;
	double end;
	int i;

	out.us = calloc(SAMPLES_MAX, sizeof(*out.us));
	out.unsure = calloc(SAMPLES_MAX, sizeof(*out.unsure));
	if (out.us == NULL || out.unsure == NULL)
		err(1, NULL);
	learn(s, t, &p[0]);
	learn(s, t, &p[1]);
	fprintf(stderr, "ready\n");
	end = look_us() + seconds * 1e6;
	for (i = 0; !ended && look_us() < end; i = !i) {
		sample(s, t, &p[i], &out);
		drain(s);
		rnd = rnd * 6364136223846793005ULL + 1442695040888963407ULL;
		usleep((useconds_t)(1000 + (rnd >> 33) % 2000));
	}
	report(&out, path);
	return (0);
}

static int
watch(const struct tables *t, double seconds, char **argv, int n)
{
	uint32_t first[WATCHED_MAX], w;
	struct addr a[WATCHED_MAX];
	unsigned long long looks = 0, changes = 0;
	double end = look_us() + seconds * 1e6;
	int i;

	if (n > WATCHED_MAX)
		errx(1, "more than %d addresses", WATCHED_MAX);
	for (i = 0; i < n; i++) {
		if (addr_parse(argv[i], &a[i]) == -1)
			errx(1, "%s: not an address", argv[i]);
		if ((first[i] = leaf(t, &a[i])) == 0)
			errx(1, "%s: no route", argv[i]);
	}
	for (; !ended && look_us() < end; looks++, look_pause()) {
		for (i = 0; i < n; i++) {
			if ((w = leaf(t, &a[i])) == first[i])
				continue;
			if (changes++ < 10)
				printf("%s: leaf %08x, was %08x\n", argv[i], w,
				    first[i]);
		}
	}
	printf("looks %llu changes %llu\n", looks, changes);
	return (changes != 0);
}

int
main(int argc, char **argv)
{
	static struct speaker s;
	struct addr a, local = { .af = AF_UNSPEC };
	const char *path = NULL;
	struct probe p[2] = { 0 };
	struct tables t;
	uint8_t m[128];
	bool still = false;
	size_t len;
	int ch;

	while ((ch = getopt(argc, argv, "+b:o:w")) != -1) {
		if (ch == 'w')
			still = true;
		else if (ch == 'o')
			path = optarg;
		else if (ch != 'b' || addr_parse(optarg, &local) == -1)
			return (1);
	}
	argc -= optind;
	argv += optind;
	if (still ? argc < 3 : argc != 11 || addr_parse(argv[1], &a) == -1) {
		fprintf(stderr,
		    "usage: latency [-b LOCAL] [-o FILE] PID ADDR PORT AS "
		    "SECONDS PREFIX4 A4 B4 PREFIX6 A6 B6\n"
		    "       latency -w PID SECONDS ADDRESS...\n");
		return (1);
	}
	signal(SIGTERM, on_term);
	tables_open(&t, (pid_t)feed_number(argv[0], "PID"));
	look_often();
	if (still)
		return (watch(&t, strtod(argv[1], NULL), argv + 2, argc - 2));
	probe_parse(&p[0], AF_INET, argv + 5);
	probe_parse(&p[1], AF_INET6, argv + 8);
	speaker_open(&s, false, &a, (uint16_t)feed_number(argv[2], "PORT"),
	    local.af == AF_UNSPEC ? &a : &local, feed_number(argv[3], "AS"));
	len = end_of_rib(m);
	if (send(s.fd, m, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
	return (measure(&s, &t, p, strtod(argv[4], NULL), path));
}
