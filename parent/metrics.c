/* SPDX-License-Identifier: ISC */
/*
 * Counters and state as OpenMetrics text, for node_exporter's textfile
 * collector.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell.h"

static const struct {
	const char	*name;
	bool		 end;
	const char	*help;
} counters[] = {
#define END	true
#define TALLY	false
#define C(sym, cname, kind, what)	{ cname, kind, what },
	COUNTERS(C)
#undef C
#undef TALLY
#undef END
};

const char *
counter_name(unsigned int i, bool *end, const char **help)
{
	if (end != NULL)
		*end = counters[i].end;
	if (help != NULL)
		*help = counters[i].help;
	return (counters[i].name);
}

static void
gauge(FILE *f, const char *name, const char *help, uint64_t v)
{
	fprintf(f, "# HELP packetframe_%s %s\n# TYPE packetframe_%s gauge\n"
	    "packetframe_%s %llu\n", name, help, name, name,
	    (unsigned long long)v);
}

void
metrics_print(FILE *f, const uint64_t *count, const struct ctl_summary *s)
{
	unsigned int	i;

	fprintf(f, "# HELP packetframe_packets_total Packets, by what "
	    "became of them.\n# TYPE packetframe_packets_total counter\n");
	for (i = 0; i < CNT_MAX; i++)
		fprintf(f, "packetframe_packets_total{counter=\"%s\"} %llu\n",
		    counters[i].name, (unsigned long long)count[i]);
	fprintf(f, "# HELP packetframe_forwarding_mode The active forwarding "
	    "mode.\n# TYPE packetframe_forwarding_mode gauge\n"
	    "packetframe_forwarding_mode{mode=\"%s\"} 1\n", s->mode);
	gauge(f, "dry_run", "Whether dry-run is on.", s->dry_run);
	gauge(f, "breaker_tripped", "Whether the circuit breaker has tripped.",
	    s->breaker_tripped);
	gauge(f, "interfaces", "Interfaces attached.", s->interfaces);
	gauge(f, "nexthops", "Nexthops in use.", s->nexthops);
	gauge(f, "nexthops_valid", "Nexthops that are resolved.",
	    s->nexthops_valid);
	gauge(f, "converged_v4", "Whether the IPv4 feed has converged.",
	    s->routes4);
	gauge(f, "converged_v6", "Whether the IPv6 feed has converged.",
	    s->routes6);
	gauge(f, "uptime_seconds", "Seconds since the start.", s->uptime);
	gauge(f, "table_words", "Table words written since the start.",
	    s->table_words);
}

/* The collector must never see half a file: write beside, then rename. */
int
metrics_write(const char *path, const uint64_t *count,
    const struct ctl_summary *s)
{
	char	 tmp[PATH_MAX];
	FILE	*f;
	int	 fd, save;

	if (snprintf(tmp, sizeof(tmp), "%s.new", path) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	/* one that a crash left, perhaps as another user */
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	if (fd == -1)
		return (-1);
	/* whatever the umask: the collector is another user */
	if (fchmod(fd, 0644) == -1 || (f = fdopen(fd, "w")) == NULL) {
		close(fd);
		return (-1);
	}
	metrics_print(f, count, s);
	if (fflush(f) != 0 || ferror(f) || rename(tmp, path) == -1) {
		save = errno;
		fclose(f);
		unlink(tmp);
		errno = save;
		return (-1);
	}
	fclose(f);
	return (0);
}
