/* SPDX-License-Identifier: ISC */
/*
 * The other end of dpdk_fib: a child that is asked for one timing at a time.
 */
#ifndef BENCH_RIVAL_H
#define BENCH_RIVAL_H

#include <sys/types.h>

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rival {
	FILE *to, *from;
	char version[80];
};

/* The program lies beside ours. False: it is not there, or cannot start. */
static bool
rival_start(struct rival *r, char **argv, int lists)
{
	char path[PATH_MAX], *slash;
	int to[2], from[2];
	ssize_t n;

	n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	if (n == -1)
		return (false);
	path[n] = '\0';
	if ((slash = strrchr(path, '/')) == NULL)
		return (false);
	memcpy(slash, "/dpdk_fib", sizeof("/dpdk_fib"));
	if (access(path, X_OK) == -1)
		return (false);
	if (pipe2(to, O_CLOEXEC) == -1 || pipe2(from, O_CLOEXEC) == -1)
		err(1, "pipe");
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		dup2(to[0], 0);
		dup2(from[1], 1);
		fcntl(lists, F_SETFD, 0);
		execv(path, argv);
		err(1, "%s", path);
	}
	close(to[0]);
	close(from[1]);
	r->to = fdopen(to[1], "w");
	r->from = fdopen(from[0], "r");
	if (r->to == NULL || r->from == NULL)
		err(1, NULL);
	setlinebuf(r->to);
	if (fgets(r->version, sizeof(r->version), r->from) == NULL)
		return (false);
	r->version[strcspn(r->version, "\n")] = '\0';
	return (true);
}

static const char *
rival_ask(struct rival *r, char what, int v6, uint32_t list, uint32_t n)
{
	static char answer[64];

	fprintf(r->to, "%c %d %u %u\n", what, v6, list, n);
	if (fgets(answer, sizeof(answer), r->from) == NULL)
		errx(1, "%s has ended", r->version);
	return (answer);
}

#endif
