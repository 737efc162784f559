/* SPDX-License-Identifier: ISC */
/* What each command asks for, and in which form it is printed. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "pfctl.h"

struct out {
	FILE			*f;
	bool			 json;
	size_t			 n;	/* records printed */
	const struct command	*cmd;
	struct nexthop_counts	 nexthops;
	struct neighbor_counts	 neighbors;
};

/* JSON: an array of records as they come. */
static void
json_item(struct out *o, uint32_t type, const void *rec)
{
	fputs(o->n++ == 0 ? "\n  " : ",\n  ", o->f);
	record_json(o->f, ctl_record(type), rec);
}

static int
json_array(struct out *o, const char *name, uint32_t type,
    const struct record *r, const void *req, record_fn *fn)
{
	int	ret;

	o->n = 0;
	if (name != NULL)
		fprintf(o->f, "\"%s\": ", name);
	fputs("[", o->f);
	ret = client_ask(type, r, req, fn, o);
	fputs(o->n == 0 ? "]" : "\n]", o->f);
	return (ret);
}

static void
print_json(void *arg, uint32_t type, const void *rec)
{
	json_item(arg, type, rec);
}

static void
print_text(void *arg, uint32_t type, const void *rec)
{
	struct out			*o = arg;
	const struct ctl_policy		*p;
	const struct ctl_nexthop	*n;
	const struct ctl_neighbor	*nb;
	bool				 first = o->n++ == 0;
	uint64_t			 routes = 0;
	size_t				 i;

	switch (type) {
	case REC_SUMMARY:
		text_summary(o->f, rec);
		break;
	case REC_FAMILY:
		text_family(o->f, rec);
		break;
	case REC_INTERFACE:
		text_interface(o->f, rec, first);
		break;
	case REC_COUNTER:
		text_counter(o->f, rec, first);
		break;
	case REC_POLICY:
		p = rec;
		fprintf(o->f, "%s%s%s\n", p->directive, *p->text != '\0' ?
		    " " : "", p->text);
		break;
	case REC_TEXT:
		fprintf(o->f, "%s\n", ((const struct ctl_text *)rec)->text);
		break;
	case REC_FIB:
		if (o->cmd->has_addr && !o->cmd->is_prefix)
			text_fib_addr(o->f, &o->cmd->prefix, rec);
		else
			text_fib_line(o->f, rec, first);
		break;
	case REC_RIB:
		if (o->cmd->given & GIVEN_DETAIL)
			text_rib_detail(o->f, rec);
		else
			text_rib_line(o->f, rec, first);
		break;
	case REC_NEXTHOP:
		n = rec;
		for (i = 0; i < o->nexthops.n; i++)
			if (o->nexthops.v[i].id == n->id)
				routes = o->nexthops.v[i].routes;
		text_nexthop(o->f, n, routes, first);
		break;
	case REC_NEIGHBOR:
		nb = rec;
		for (i = 0; i < o->neighbors.n; i++)
			if (o->neighbors.v[i].id == nb->id)
				break;
		text_neighbor(o->f, nb, i < o->neighbors.n ?
		    &o->neighbors.v[i] : NULL);
		break;
	case REC_BMP_STATION:
		text_bmp_station(o->f, rec);
		break;
	case REC_BMP_PEER:
		text_bmp_peer(o->f, rec);
		break;
	default:
		break;
	}
}

static void
print_neighbor_line(void *arg, uint32_t type, const void *rec)
{
	struct out	*o = arg;

	text_neighbor_line(o->f, rec, o->n++ == 0);
}

static void
collect(void *arg, uint32_t type, const void *rec)
{
	struct out	*o = arg;
	void		*p;

	if (type == REC_NEXTHOP_RIB) {
		p = reallocarray(o->nexthops.v, o->nexthops.n + 1,
		    sizeof(*o->nexthops.v));
		if ((o->nexthops.v = p) == NULL)
			err(1, NULL);
		memcpy(&o->nexthops.v[o->nexthops.n++], rec,
		    sizeof(*o->nexthops.v));
	} else if (type == REC_NEIGHBOR_RIB) {
		p = reallocarray(o->neighbors.v, o->neighbors.n + 1,
		    sizeof(*o->neighbors.v));
		if ((o->neighbors.v = p) == NULL)
			err(1, NULL);
		memcpy(&o->neighbors.v[o->neighbors.n++], rec,
		    sizeof(*o->neighbors.v));
	}
}

static int
show_summary(struct out *o)
{
	if (o->json) {
		fputs("{", o->f);
		if (json_array(o, "summary", CTL_SHOW, NULL, NULL,
		    print_json) == -1)
			return (1);
		fputs(",\n", o->f);
		if (json_array(o, "families", CTL_SHOW_RIB_SUMMARY, NULL,
		    NULL, print_json) == -1)
			return (1);
		fputs(",\n", o->f);
		if (json_array(o, "neighbors", CTL_SHOW_NEIGHBOR, NULL, NULL,
		    print_json) == -1)
			return (1);
		fputs("}\n", o->f);
		return (0);
	}
	if (client_ask(CTL_SHOW, NULL, NULL, print_text, o) == -1 ||
	    client_ask(CTL_SHOW_RIB_SUMMARY, NULL, NULL, print_text, o) == -1)
		return (1);
	o->n = 0;
	return (client_ask(CTL_SHOW_NEIGHBOR, NULL, NULL, print_neighbor_line,
	    o) == -1);
}

/* Two askings whose records belong together: by id. */
static int
show_pair(struct out *o, uint32_t counts, uint32_t main_type,
    const char *a, const char *b)
{
	if (!o->json)
		return (client_ask(counts, NULL, NULL, collect, o) == -1 ||
		    client_ask(main_type, NULL, NULL, print_text, o) == -1);
	fputs("{", o->f);
	if (json_array(o, a, main_type, NULL, NULL, print_json) == -1)
		return (1);
	fputs(",\n", o->f);
	if (json_array(o, b, counts, NULL, NULL, print_json) == -1)
		return (1);
	fputs("}\n", o->f);
	return (0);
}

static int
show_one(struct out *o, uint32_t type, const struct record *r,
    const void *req)
{
	int	ret;

	if (!o->json)
		return (client_ask(type, r, req, print_text, o) == -1);
	ret = json_array(o, NULL, type, r, req, print_json) == -1;
	fputs("\n", o->f);
	return (ret);
}

static int
show_fib(struct out *o)
{
	struct ctl_fib_request	r;
	int			ret;

	memset(&r, 0, sizeof(r));
	if (o->cmd->has_addr) {
		r.match = o->cmd->is_prefix ? FIB_PREFIX : FIB_ADDR;
		r.prefix = o->cmd->prefix;
	}
	ret = show_one(o, CTL_SHOW_FIB, &record_ctl_fib_request, &r);
	if (ret == 0 && r.match == FIB_PREFIX && o->n == 0) {
		warnx("no such prefix");
		ret = 1;
	}
	return (ret);
}

/* JSON has no lines to save: it tells all. */
static int
show_rib(struct out *o)
{
	const struct command	*cmd = o->cmd;
	struct ctl_rib_request	 r;

	memset(&r, 0, sizeof(r));
	if (cmd->has_addr) {
		r.prefix = cmd->prefix;
		r.match = cmd->given & GIVEN_LONGER ? RIB_LONGER :
		    cmd->given & GIVEN_SHORTER ? RIB_SHORTER :
		    cmd->is_prefix ? RIB_EXACT : RIB_ADDR;
	}
	if (cmd->given & GIVEN_NEIGHBOR)
		r.neighbor = cmd->neighbor;
	r.detail = o->json || cmd->given & GIVEN_DETAIL;
	return (show_one(o, CTL_SHOW_RIB, &record_ctl_rib_request, &r));
}

static int
log_level(struct out *o)
{
	struct msg_u32	u = { o->cmd->level };

	return (client_ask(CTL_LOG, &record_msg_u32, &u, print_text, o) ==
	    -1);
}

int
show_run(const struct command *cmd, bool json, FILE *f)
{
	struct out	o = { .f = f, .json = json, .cmd = cmd };
	int		ret = 1;

	switch ((enum action)cmd->action) {
	case ACT_SHOW:
		ret = show_summary(&o);
		break;
	case ACT_SHOW_FIB:
		ret = show_fib(&o);
		break;
	case ACT_SHOW_NEIGHBOR:
		ret = show_pair(&o, CTL_SHOW_NEIGHBOR_RIB, CTL_SHOW_NEIGHBOR,
		    "neighbors", "prefixes");
		break;
	case ACT_SHOW_BMP:
		ret = show_one(&o, CTL_SHOW_BMP, NULL, NULL);
		break;
	case ACT_SHOW_NEXTHOP:
		ret = show_pair(&o, CTL_SHOW_NEXTHOP_RIB, CTL_SHOW_NEXTHOP,
		    "nexthops", "routes");
		break;
	case ACT_SHOW_INTERFACES:
		ret = show_one(&o, CTL_SHOW_INTERFACES, NULL, NULL);
		break;
	case ACT_SHOW_COUNTERS:
		ret = show_one(&o, CTL_SHOW_COUNTERS, NULL, NULL);
		break;
	case ACT_SHOW_POLICY:
		ret = show_one(&o, CTL_SHOW_POLICY, NULL, NULL);
		break;
	case ACT_SHOW_RIB:
		ret = show_rib(&o);
		break;
	case ACT_SHOW_MEMORY:
		ret = show_memory(json, f);
		break;
	case ACT_RELOAD:
		ret = show_one(&o, CTL_RELOAD, NULL, NULL);
		break;
	case ACT_LOG:
		ret = log_level(&o);
		break;
	case ACT_BREAKER_RESET:
		ret = client_ask(CTL_BREAKER_RESET, NULL, NULL, print_text,
		    &o) == -1;
		break;
	case ACT_NONE:
		break;
	}
	free(o.nexthops.v);
	free(o.neighbors.v);
	return (ret);
}
