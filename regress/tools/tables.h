/* SPDX-License-Identifier: ISC */
/*
 * The tables of a running daemon, mapped to be read while it writes: found by
 * name among the maps that its processes have open.  And the clock of those
 * who wait for a word of them to change.
 */
#ifndef TOOLS_TABLES_H
#define TOOLS_TABLES_H

#include <sys/mman.h>
#include <sys/prctl.h>

#include <bpf/bpf.h>
#include <dirent.h>
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "walk.h"

#define LOOK_NS 10000 /* pause between two looks */

/* The newest map of that name that the process has open; 0: none. */
static inline uint32_t
map_of(pid_t pid, const char *name, struct bpf_map_info *info)
{
	struct bpf_map_info mi;
	uint32_t id, best = 0, len;
	char path[384], line[256];
	struct dirent *e;
	DIR *d;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	if ((d = opendir(path)) == NULL)
		err(1, "%s", path);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid,
		    e->d_name);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		for (id = 0; fgets(line, sizeof(line), f) != NULL;)
			if (strncmp(line, "map_id:", 7) == 0)
				id = (uint32_t)strtoul(line + 7, NULL, 10);
		fclose(f);
		if (id <= best || (fd = bpf_map_get_fd_by_id(id)) == -1)
			continue;
		memset(&mi, 0, sizeof(mi));
		len = sizeof(mi);
		if (bpf_obj_get_info_by_fd(fd, &mi, &len) == 0 &&
		    strcmp(mi.name, name) == 0) {
			best = id;
			*info = mi;
		}
		close(fd);
	}
	closedir(d);
	return (best);
}

/*
 * Mapped with room behind it for whatever unit a word may name: a word that is
 * read while its node is used again must not end us.
 */
static inline void *
table_map(pid_t pid, const char *name)
{
	const size_t room = 8UL * FIB_UNIT + FIB_POOL_SLACK;
	struct bpf_map_info info = { 0 };
	uint32_t id = map_of(pid, name, &info);
	void *mem;
	int fd;

	if (id == 0)
		errx(1, "process %d has no map %s", (int)pid, name);
	if ((fd = bpf_map_get_fd_by_id(id)) == -1)
		err(1, "map %s", name);
	mem = mmap(NULL, room, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED ||
	    mmap(mem, info.value_size, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		0) == MAP_FAILED)
		err(1, "map %s", name);
	close(fd);
	return (mem);
}

/*
 * Looks must not wait for a CPU, nor take one from those who are measured: the
 * highest claim, and a short sleep after each look.
 */
static inline void
look_often(void)
{
	struct sched_param sp = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &sp) == -1)
		warn("no real-time priority, looks may come late");
	prctl(PR_SET_TIMERSLACK, 1);
}

static inline void
look_pause(void)
{
	struct timespec ts = { .tv_nsec = LOOK_NS };

	nanosleep(&ts, NULL);
}

static inline double
look_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1e6 + ts.tv_nsec / 1e3);
}

static inline int
sample_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static inline void
samples_sort(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), sample_cmp);
}

/* Of sorted ones; p of 1000. */
static inline double
quantile(const double *v, size_t n, unsigned int p)
{
	size_t i = (n * p + 999) / 1000;

	return (v[i == 0 ? 0 : i - 1]);
}

#endif
