/* SPDX-License-Identifier: ISC */
/*
 * Watches a receiver of a feed: waits until it has it all, and says when that
 * was and what it cost. It asks seldom enough not to be part of the cost.
 *
 * feedwatch pf|pf-part|bird|bird-kernel SOCKET PID N4 N6 SECONDS
 * feedwatch memory PID SECONDS
 *
 * pf-part does not wait for neighbors that have not sent all; bird-kernel is
 * BIRD with all routes in the kernel, by protocols of the names k4 and k6.
 * memory looks every half a second, and ends by SIGTERM with what it has.
 *
 * Prints names and values on one line: at (when it had all, in monotonic
 * seconds), cpu (seconds since start, all processes of PID), pss (without the
 * mapped BPF maps) and maps (bytes); memory: before, peak, after (pss and
 * maps), and samples.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

#define POLL_US 5000
#define MEMORY_US 500000
#define PIDS_MAX 64
#define MAPS_MAX 256

struct seen {
	unsigned long long ids[MAPS_MAX];
	int n;
};

struct want {
	uint64_t n[2]; /* paths, v4 and v6 */
	bool kernel; /* BIRD's, and they are in the kernel's table */
	bool part; /* not all neighbors have said that they have ended */
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec + ts.tv_nsec / 1e9);
}

/*
 * packetframed: both families have converged, which the parent is told after
 * it has acknowledged the last table write; then the RIB's own numbers.
 */
static bool
pf_done(struct imsgbuf *buf, const struct want *w)
{
	struct ctl_summary s;
	struct ctl_family f[2];
	uint64_t n;
	int i;

	memset(&s, 0, sizeof(s));
	answers(buf, CTL_SHOW, REC_SUMMARY, &s, 1);
	if (!w->part && w->n[0] + w->n[1] > 0 && !(s.routes4 && s.routes6))
		return (false);
	memset(f, 0, sizeof(f));
	answers(buf, CTL_SHOW_RIB_SUMMARY, REC_FAMILY, f, 2);
	for (i = 0; i < 2; i++) {
		n = w->n[f[i].af == AF_INET ? 0 : 1];
		if (f[i].paths != n || f[i].pending != 0)
			return (false);
	}
	return (true);
}

/*
 * BIRD: what it says of imported routes, one line a family.
 */
static void
bird_ask(int fd, const char *what, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;
	char *line;

	if (what != NULL && write(fd, what, strlen(what)) == -1)
		err(1, "bird");
	for (;;) {
		if (len + 1 == size ||
		    (n = read(fd, out + len, size - len - 1)) <= 0)
			errx(1, "bird: no answer");
		len += n;
		out[len] = '\0';
		if (out[len - 1] != '\n')
			continue;
		/* the last line: a code and a blank */
		out[len - 1] = '\0';
		line = strrchr(out, '\n');
		line = line == NULL ? out : line + 1;
		out[len - 1] = '\n';
		if (strspn(line, "0123456789") == 4 && line[4] == ' ')
			return;
	}
}

/*
 * Imported by the protocol feed, or exported by those of the kernel: BIRD
 * counts a route as exported once it has told the kernel and heard back.
 */
static bool
bird_done(int fd, const struct want *w)
{
	static char out[65536];
	uint64_t sum = 0;
	const char *p;

	bird_ask(fd,
	    w->kernel ? "show protocols all \"k?\"\n" :
			"show protocols all feed\n",
	    out, sizeof(out));
	for (p = out; (p = strstr(p, "Routes:")) != NULL;) {
		p += strlen("Routes:");
		if (w->kernel && (p = strstr(p, "imported,")) == NULL)
			break;
		sum += strtoull(p + (w->kernel ? strlen("imported,") : 0), NULL,
		    10);
	}
	return (sum == w->n[0] + w->n[1]);
}

/*
 * What it cost.
 */
static unsigned long long
stat_field(pid_t pid, int field)
{
	char path[64], line[1024], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return (0);
	p = fgets(line, sizeof(line), f);
	fclose(f);
	/* the name is in parentheses and may hold anything */
	if (p == NULL || (p = strrchr(line, ')')) == NULL)
		return (0);
	for (field -= 2; field > 0 && p != NULL; field--)
		p = strchr(p + 1, ' ');
	return (p == NULL ? 0 : strtoull(p + 1, NULL, 10));
}

/* The process and its children. */
static int
processes(pid_t root, pid_t *pids)
{
	struct dirent *e;
	DIR *d = opendir("/proc");
	int n = 1;
	pid_t pid;

	pids[0] = root;
	if (d == NULL)
		err(1, "/proc");
	while ((e = readdir(d)) != NULL && n < PIDS_MAX) {
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid > 0 && stat_field(pid, 4) == (unsigned long long)root)
			pids[n++] = pid;
	}
	closedir(d);
	return (n);
}

/* Sum of the values behind a word in a file of /proc. */
static unsigned long long
sum_of(const char *path, const char *word)
{
	unsigned long long sum = 0;
	size_t len = strlen(word);
	char line[512];
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return (0);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, word, len) == 0)
			sum += strtoull(line + len, NULL, 10);
	fclose(f);
	return (sum);
}

/*
 * Memory of a process without its mappings of BPF maps, which are counted with
 * the maps.
 */
static unsigned long long
own_memory(pid_t pid)
{
	unsigned long long sum = 0;
	char path[64], line[512];
	bool map = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return (0);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strchr("0123456789abcdef", line[0]) != NULL)
			map = strstr(line, "anon_inode:bpf-map") != NULL;
		else if (!map && strncmp(line, "Pss:", 4) == 0)
			sum += strtoull(line + 4, NULL, 10) * 1024;
	}
	fclose(f);
	return (sum);
}

/* Memory of the BPF maps that a process has open and that were not seen. */
static unsigned long long
maps_memory(pid_t pid, struct seen *seen)
{
	unsigned long long id, sum = 0;
	struct dirent *e;
	char path[384];
	int i;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	if ((d = opendir(path)) == NULL)
		return (0);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid,
		    e->d_name);
		if ((id = sum_of(path, "map_id:")) == 0)
			continue;
		for (i = 0; i < seen->n && seen->ids[i] != id; i++)
			;
		if (i < seen->n || i == MAPS_MAX)
			continue;
		seen->ids[seen->n++] = id;
		sum += sum_of(path, "memlock:");
	}
	closedir(d);
	return (sum);
}

struct cost {
	unsigned long long pss, maps, ticks;
};

static struct cost
cost_of(pid_t root)
{
	struct seen seen = { .n = 0 };
	struct cost c = { 0, 0, 0 };
	pid_t pids[PIDS_MAX];
	int i, n = processes(root, pids);

	for (i = 0; i < n; i++) {
		c.pss += own_memory(pids[i]);
		c.maps += maps_memory(pids[i], &seen);
		c.ticks += stat_field(pids[i], 14) + stat_field(pids[i], 15);
		/* and of those it has waited for */
		c.ticks += stat_field(pids[i], 16) + stat_field(pids[i], 17);
	}
	return (c);
}

static void
report(double done, pid_t root)
{
	struct cost c = cost_of(root);

	printf("at %.6f cpu %.2f pss %llu maps %llu\n", done,
	    (double)c.ticks / sysconf(_SC_CLK_TCK), c.pss, c.maps);
}

static volatile sig_atomic_t ended;

static void
on_term(int sig)
{
	(void)sig;
	ended = 1;
}

static int
memory(pid_t root, double seconds)
{
	unsigned long long v, first = 0, peak = 0, n = 0;
	double end = now() + seconds;
	struct cost c;

	signal(SIGTERM, on_term);
	for (;;) {
		c = cost_of(root);
		v = c.pss + c.maps;
		/* one that moves while it is looked at is seen twice */
		if (n > 0 && v > peak) {
			c = cost_of(root);
			if (c.pss + c.maps < v)
				v = c.pss + c.maps;
		}
		if (n++ == 0)
			first = v;
		if (v > peak)
			peak = v;
		if (ended || now() > end)
			break;
		usleep(MEMORY_US);
	}
	printf("before %llu peak %llu after %llu samples %llu\n", first, peak,
	    v, n);
	return (0);
}

static int
receiver(int argc, char **argv)
{
	struct imsgbuf *buf = NULL;
	struct want w = { .part = false };
	char banner[1024];
	double end, t;
	bool pf = strncmp(argv[1], "pf", 2) == 0;
	int fd = unix_connect(argv[2]);

	w.part = strcmp(argv[1], "pf-part") == 0;
	w.kernel = strcmp(argv[1], "bird-kernel") == 0;
	w.n[0] = strtoull(argv[4], NULL, 10);
	w.n[1] = strtoull(argv[5], NULL, 10);
	if (pf && (buf = imsgbuf_new(fd)) == NULL)
		err(1, NULL);
	if (!pf)
		bird_ask(fd, NULL, banner, sizeof(banner));
	end = now() + strtod(argv[6], NULL);
	while (!(pf ? pf_done(buf, &w) : bird_done(fd, &w))) {
		if (now() > end)
			errx(1, "not all of it after %s seconds", argv[6]);
		usleep(POLL_US);
	}
	t = now();
	/* processes that still work on what nobody waits for add to the cost */
	sleep(1);
	report(t, (pid_t)strtol(argv[3], NULL, 10));
	return (0);
}

int
main(int argc, char **argv)
{
	static const char *const who[] = { "pf", "pf-part", "bird",
		"bird-kernel" };
	size_t i;

	if (argc == 4 && strcmp(argv[1], "memory") == 0)
		return (memory((pid_t)strtol(argv[2], NULL, 10),
		    strtod(argv[3], NULL)));
	for (i = 0; argc == 7 && i < sizeof(who) / sizeof(who[0]); i++)
		if (strcmp(argv[1], who[i]) == 0)
			return (receiver(argc, argv));
	fprintf(stderr,
	    "usage: feedwatch pf|pf-part|bird|bird-kernel SOCKET PID N4 N6 "
	    "SECONDS\n"
	    "       feedwatch memory PID SECONDS\n");
	return (1);
}
