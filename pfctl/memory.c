/* SPDX-License-Identifier: ISC */
/*
 * show memory: what the parent knows of maps and processes and what rde knows
 * of their contents are one table here, with its sums.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "pfctl.h"

#define KERNEL	"kernel"
#define PROCESS	"process"

struct memory {
	struct ctl_memory	*v;
	size_t			 n;
	struct ctl_audit	 audit;
	uint64_t		 prefixes;
	uint64_t		 kernel;	/* sums */
	uint64_t		 processes;
};

/* Two may tell of one table: how large it is, and what is in it. */
static void
add(struct memory *m, const struct ctl_memory *r)
{
	struct ctl_memory	*e;
	size_t			 i;

	for (i = 0; i < m->n; i++) {
		e = &m->v[i];
		if (strcmp(e->owner, r->owner) != 0 ||
		    strcmp(e->what, r->what) != 0)
			continue;
		e->bytes += r->bytes;
		e->used += r->used;
		e->items += r->items;
		return;
	}
	if ((e = reallocarray(m->v, m->n + 1, sizeof(*e))) == NULL)
		err(1, NULL);
	m->v = e;
	m->v[m->n++] = *r;
}

static void
collect(void *arg, uint32_t type, const void *rec)
{
	struct memory	*m = arg;

	switch (type) {
	case REC_MEMORY:
		add(m, rec);
		break;
	case REC_AUDIT:
		memcpy(&m->audit, rec, sizeof(m->audit));
		break;
	case REC_FAMILY:
		m->prefixes += ((const struct ctl_family *)rec)->prefixes;
		break;
	default:
		break;
	}
}

static bool
is_process(const struct ctl_memory *r)
{
	return (strcmp(r->what, PROCESS) == 0);
}

static bool
is_kernel(const struct ctl_memory *r)
{
	return (strcmp(r->owner, KERNEL) == 0);
}

static char *
units(uint64_t bytes, char *buf, size_t len)
{
	if (bytes >= 1 << 20)
		snprintf(buf, len, "%.1f MiB", bytes / 1048576.0);
	else if (bytes >= 1 << 10)
		snprintf(buf, len, "%.1f KiB", bytes / 1024.0);
	else
		snprintf(buf, len, "%llu B  ", U(bytes));
	return (buf);
}

/* With a comma before every three digits. */
static char *
commas(uint64_t v, char *buf, size_t len)
{
	char	digits[24];
	size_t	i, n, k = 0;

	n = snprintf(digits, sizeof(digits), "%llu", U(v));
	for (i = 0; i < n && k + 2 < len; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf[k++] = ',';
		buf[k++] = digits[i];
	}
	buf[k] = '\0';
	return (buf);
}

static void
line(FILE *f, const char *name, const struct ctl_memory *r)
{
	char	bytes[32], used[32], items[32];

	fprintf(f, "  %-24s %12s %12s %14s\n", name,
	    units(r->bytes, bytes, sizeof(bytes)),
	    units(r->used, used, sizeof(used)),
	    r->items > 0 ? commas(r->items, items, sizeof(items)) : "");
}

static void
head(FILE *f, const char *title, const char *bytes, const char *used,
    const char *items)
{
	fprintf(f, "%-26s %12s %12s %14s\n", title, bytes, used, items);
}

static void
text_audit(FILE *f, const struct ctl_audit *a)
{
	char	words[32], n[32];
	bool	never = a->last == UINT64_MAX;

	if (never)
		fprintf(f, "audit: none in full yet");
	else
		fprintf(f, "audit: last full one %llu s ago, %s words",
		    U(a->last), commas(a->words, words, sizeof(words)));
	if (a->differences > 0)
		fprintf(f, ", %s difference%s ever repaired",
		    commas(a->differences, n, sizeof(n)),
		    a->differences == 1 ? "" : "s");
	else if (!never)
		fprintf(f, ", no differences");
	if (a->percent > 0)
		fprintf(f, "; %u%% of the %s", a->percent, never ? "first" :
		    "next");
	fprintf(f, "\n");
}

static void
text(FILE *f, const struct memory *m)
{
	char	a[32];
	size_t	i;

	head(f, "kernel tables", "mapped", "used", "items");
	for (i = 0; i < m->n; i++)
		if (is_kernel(&m->v[i]))
			line(f, m->v[i].what, &m->v[i]);
	head(f, "rde's structures", "bytes", "used", "items");
	for (i = 0; i < m->n; i++)
		if (!is_kernel(&m->v[i]) && !is_process(&m->v[i]))
			line(f, m->v[i].what, &m->v[i]);
	head(f, "processes", "resident", "own", "");
	for (i = 0; i < m->n; i++)
		if (is_process(&m->v[i]))
			line(f, m->v[i].owner, &m->v[i]);
	fprintf(f, "sums\n");
	fprintf(f, "  %-24s %12s\n", "kernel tables", units(m->kernel, a,
	    sizeof(a)));
	fprintf(f, "  %-24s %12s\n", "processes' own", units(m->processes, a,
	    sizeof(a)));
	fprintf(f, "  %-24s %12s\n", "both", units(m->kernel + m->processes,
	    a, sizeof(a)));
	if (m->prefixes > 0)
		fprintf(f, "  %-24s %12.1f bytes\n", "a route",
		    (double)(m->kernel + m->processes) / m->prefixes);
	text_audit(f, &m->audit);
}

static void
json(FILE *f, const struct memory *m)
{
	uint64_t	all = m->kernel + m->processes;
	size_t		i;

	fputs("{\"memory\": [", f);
	for (i = 0; i < m->n; i++) {
		fputs(i == 0 ? "\n  " : ",\n  ", f);
		record_json(f, &record_ctl_memory, &m->v[i]);
	}
	fputs("\n],\n\"audit\": [\n  ", f);
	record_json(f, &record_ctl_audit, &m->audit);
	fprintf(f, "\n],\n\"sums\": {\"kernel\":%llu,\"processes\":%llu,"
	    "\"both\":%llu,\"routes\":%llu,\"bytes_per_route\":%.1f}}\n",
	    U(m->kernel), U(m->processes), U(all), U(m->prefixes),
	    m->prefixes > 0 ? (double)all / m->prefixes : 0.0);
}

int
show_memory(bool as_json, FILE *f)
{
	struct memory	m;
	size_t		i;

	memset(&m, 0, sizeof(m));
	if (client_ask(CTL_SHOW_MEMORY, NULL, NULL, collect, &m) == -1 ||
	    client_ask(CTL_SHOW_MEMORY_RIB, NULL, NULL, collect, &m) == -1 ||
	    client_ask(CTL_SHOW_RIB_SUMMARY, NULL, NULL, collect, &m) == -1) {
		free(m.v);
		return (1);
	}
	for (i = 0; i < m.n; i++) {
		if (is_kernel(&m.v[i]))
			m.kernel += m.v[i].bytes;
		if (is_process(&m.v[i]))
			m.processes += m.v[i].used;
	}
	if (as_json)
		json(f, &m);
	else
		text(f, &m);
	free(m.v);
	return (0);
}
