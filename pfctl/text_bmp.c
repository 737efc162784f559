/* SPDX-License-Identifier: ISC */
/* A BMP station's routers and their peers as text for people. */
#include "../lib/addr.h"
#include "pfctl.h"

void
text_bmp_station(FILE *f, const struct ctl_bmp_station *s)
{
	char	addr[ADDRSTRLEN], local[ADDRSTRLEN], t[32];

	fprintf(f, "router %s port %u, %s%s%s, listener %s port %u\n",
	    addr_format(&s->addr, addr), s->port,
	    s->name[0] != '\0' ? s->name : "no name",
	    s->description[0] != '\0' ? ", " : "", s->description,
	    addr_format(&s->listener, local), s->listener_port);
	fprintf(f, "  connected for %s, %u peers (%u up), %s\n",
	    text_duration(s->since, t, sizeof(t)), s->peers, s->peers_up,
	    s->loc_rib ? "its Loc-RIB is used" : s->require_loc_rib ?
	    "NO LOC-RIB, which require-loc-rib asks for: nothing is used" :
	    "no Loc-RIB");
	fprintf(f, "  received %llu messages, %llu bytes: %llu route "
	    "monitoring (%llu not used), %llu statistics, %llu mirroring\n",
	    U(s->messages), U(s->bytes), U(s->route_monitoring),
	    U(s->ignored), U(s->statistics), U(s->route_mirroring));
	if (s->orphans != 0 || s->unknown != 0)
		fprintf(f, "  of peers that are not up %llu, of unknown types "
		    "%llu\n", U(s->orphans), U(s->unknown));
}

static void
family(FILE *f, const char *name, bool used, const char *view, bool add_path,
    bool eor)
{
	if (used)
		fprintf(f, "    %s: %s%s, End-of-RIB %s\n", name, view,
		    add_path ? ", ADD-PATH" : "", eor ? "yes" : "no");
}

void
text_bmp_peer(FILE *f, const struct ctl_bmp_peer *p)
{
	char		addr[ADDRSTRLEN], t[32];
	uint32_t	id = p->router_id;

	fprintf(f, "  %s%s, AS %u, router-id %u.%u.%u.%u%s%s\n",
	    p->addr.af == AF_UNSPEC ? "" : "peer ", p->addr.af == AF_UNSPEC ?
	    "Loc-RIB" : addr_format(&p->addr, addr), p->remote_as,
	    id >> 24, id >> 16 & 255, id >> 8 & 255, id & 255,
	    p->vrf ? ", of another routing instance" : "",
	    p->filtered ? ", FILTERED: not all of it" : "");
	fprintf(f, "    %s for %s, %llu route monitoring (%llu not used), "
	    "announced %llu, withdrawn %llu\n", p->state,
	    text_duration(p->since, t, sizeof(t)), U(p->updates),
	    U(p->ignored), U(p->announced), U(p->withdrawn));
	family(f, "IPv4", p->ipv4, p->view4, p->add_path4, p->eor4);
	family(f, "IPv6", p->ipv6, p->view6, p->add_path6, p->eor6);
	if (p->last_down[0] != '\0')
		fprintf(f, "    last down: %s\n", p->last_down);
}
