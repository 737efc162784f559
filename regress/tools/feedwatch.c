/* SPDX-License-Identifier: ISC */
/*
 * Watches a receiver of a feed: waits until it has it all, and says when that
 * was and what it cost. It asks seldom enough not to be part of the cost.
 *
 * feedwatch pf SOCKET PID N4 N6 SECONDS
 * feedwatch bird SOCKET PID N4 N6 SECONDS
 *
 * Prints names and values on one line: at (when it had all, in monotonic
 * seconds), cpu (seconds since start, all processes of PID), pss (without the
 * mapped BPF maps) and maps (bytes).
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/msg.h"

#define POLL_US 5000
#define PIDS_MAX 64
#define MAPS_MAX 256

struct seen {
	unsigned long long ids[MAPS_MAX];
	int n;
};

struct want {
	uint64_t n[2]; /* prefixes, v4 and v6 */
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec + ts.tv_nsec / 1e9);
}

static int
unix_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		errx(1, "%s: path too long", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", path);
	return (fd);
}

/*
 * packetframed: both families have converged, which the parent is told after
 * it has acknowledged the last table write; then the RIB's own numbers.
 */
static void
pf_ask(struct imsgbuf *buf, uint32_t type, uint32_t rec, void *out, int max)
{
	const struct record *r = ctl_record(rec);
	struct imsg m;
	int n, i = 0;

	if (imsg_compose(buf, type, 0, -1, NULL, 0) == -1 ||
	    imsgbuf_flush(buf) == -1)
		err(1, "control socket");
	for (;;) {
		while ((n = imsg_get(buf, &m)) == 0)
			if (imsgbuf_read(buf) != 1)
				errx(1, "control socket: the daemon is gone");
		if (n == -1)
			err(1, "control socket");
		if (m.hdr.type == CTL_END)
			return;
		if (m.hdr.type != rec || i == max ||
		    record_get_only(&m.body, r, (char *)out + i * r->size) ==
			-1)
			errx(1, "answer not understood");
		i++;
	}
}

static bool
pf_done(struct imsgbuf *buf, const struct want *w)
{
	struct ctl_summary s;
	struct ctl_family f[2];
	uint64_t n;
	int i;

	memset(&s, 0, sizeof(s));
	pf_ask(buf, CTL_SHOW, REC_SUMMARY, &s, 1);
	if (w->n[0] + w->n[1] > 0 && !(s.routes4 && s.routes6))
		return (false);
	memset(f, 0, sizeof(f));
	pf_ask(buf, CTL_SHOW_RIB_SUMMARY, REC_FAMILY, f, 2);
	for (i = 0; i < 2; i++) {
		n = w->n[f[i].af == AF_INET ? 0 : 1];
		if (f[i].prefixes != n || f[i].pending != 0)
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

static bool
bird_done(int fd, const struct want *w)
{
	static char out[65536];
	uint64_t n, sum = 0;
	const char *p;

	bird_ask(fd, "show protocols all feed\n", out, sizeof(out));
	for (p = out; (p = strstr(p, "Routes:")) != NULL;) {
		p += strlen("Routes:");
		n = strtoull(p, NULL, 10);
		sum += n;
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

static void
report(double done, pid_t root)
{
	unsigned long long pss = 0, maps = 0, ticks = 0;
	static struct seen seen;
	pid_t pids[PIDS_MAX];
	int i, n = processes(root, pids);

	for (i = 0; i < n; i++) {
		pss += own_memory(pids[i]);
		maps += maps_memory(pids[i], &seen);
		ticks += stat_field(pids[i], 14) + stat_field(pids[i], 15);
		/* and of those it has waited for */
		ticks += stat_field(pids[i], 16) + stat_field(pids[i], 17);
	}
	printf("at %.6f cpu %.2f pss %llu maps %llu\n", done,
	    (double)ticks / sysconf(_SC_CLK_TCK), pss, maps);
}

int
main(int argc, char **argv)
{
	struct imsgbuf *buf = NULL;
	struct want w;
	char banner[1024];
	double end, t;
	bool pf;
	int fd;

	if (argc != 7 ||
	    ((pf = strcmp(argv[1], "pf") == 0) == false &&
		strcmp(argv[1], "bird") != 0)) {
		fprintf(stderr,
		    "usage: feedwatch pf|bird SOCKET PID N4 N6 "
		    "SECONDS\n");
		return (1);
	}
	fd = unix_connect(argv[2]);
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
