/* SPDX-License-Identifier: ISC */
/* Paths of the RIB as text for people. */
#include <string.h>

#include "../lib/addr.h"
#include "../lib/attr.h"
#include "pfctl.h"

static const char	 origin_letter[] = { 'i', 'e', '?' };
static const char *const origin_name[] = { "IGP", "EGP", "incomplete" };

static const char *
or_dash(const struct addr *a, char *buf)
{
	return (a->af == AF_UNSPEC ? "-" : addr_format(a, buf));
}

void
text_rib_line(FILE *f, const struct ctl_rib *r, bool first)
{
	char	prefix[PREFIXSTRLEN], nh[ADDRSTRLEN];

	if (first)
		fprintf(f, "flags: * eligible, > best, = multipath, I from an "
		    "internal neighbor\norigin: i IGP, e EGP, ? incomplete\n\n"
		    "%-5s %-24s %-20s %10s %10s %s\n", "flags", "prefix",
		    "next hop", "local-pref", "MED", "AS path, origin");
	fprintf(f, "%c%c%c%c  %-24s %-20s %10u %10u %s%s%c\n",
	    r->eligible ? '*' : ' ', r->best ? '>' : ' ',
	    r->multipath ? '=' : ' ', r->internal ? 'I' : ' ',
	    prefix_format(&r->prefix, prefix), or_dash(&r->nexthop, nh),
	    r->local_pref, r->med, r->as_path,
	    r->as_path[0] != '\0' ? " " : "", origin_letter[r->origin]);
}

static void
list(FILE *f, const char *name, const char *text)
{
	if (*text != '\0')
		fprintf(f, "    %s: %s\n", name, text);
}

void
text_rib_detail(FILE *f, const struct ctl_rib *r)
{
	char	prefix[PREFIXSTRLEN], a[ADDRSTRLEN], id[ADDRSTRLEN];

	fprintf(f, "%s%s%s%s%s\n", prefix_format(&r->prefix, prefix),
	    r->eligible ? ", eligible" : ", not eligible",
	    r->best ? ", best" : "", r->multipath ? ", multipath" : "",
	    r->internal ? ", internal" : ", external");
	fprintf(f, "    AS path: %s\n", r->as_path[0] != '\0' ? r->as_path :
	    "(empty)");
	fprintf(f, "    next hop %s, %s\n", or_dash(&r->nexthop, a),
	    nexthop_state_name(r->nexthop_state));
	fprintf(f, "    %s %s, router-id %s", r->bmp ? "BMP peer" : "neighbor",
	    addr_format(&r->neighbor, a), or_dash(&r->router_id, id));
	if (r->path_id != PATH_ID_NONE)
		fprintf(f, ", path-id %u", r->path_id);
	fprintf(f, "\n    origin %s, local-pref %u, MED %u\n",
	    origin_name[r->origin], r->local_pref, r->med);
	list(f, "communities", r->communities);
	list(f, "large communities", r->large_communities);
	list(f, "extended communities", r->ext_communities);
	if (r->originator.af != AF_UNSPEC || r->cluster_len > 0)
		fprintf(f, "    originator %s, cluster list of %u\n",
		    or_dash(&r->originator, a), r->cluster_len);
}
