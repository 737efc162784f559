/* SPDX-License-Identifier: ISC */
/* What the BGP process answers to control. It changes nothing. */
#include <string.h>

#include "../lib/log.h"
#include "bgpe.h"

static void
show_neighbor(struct bgpe *b, uint32_t id, const struct neighbor *n)
{
	const struct config_source *src = n->listener->source;
	const struct session *s = NULL;
	struct session_counters count = n->count;
	struct monotime since = n->since;
	struct ctl_neighbor r;
	struct conn *c;

	TAILQ_FOREACH(c, &n->conns, entry)
		count_add(&count, &c->session->count);
	memset(&r, 0, sizeof(r));
	if ((c = neighbor_conn(n)) != NULL) {
		s = c->session;
		since = s->since;
		r.port = c->port;
	}
	r.id = n->id;
	r.addr = n->addr;
	r.listener = src->addr;
	r.listener_port = src->port;
	r.remote_as = src->peer_as;
	r.local_as = src->local_as;
	r.router_id = n->router_id;
	/* Without a connection we listen for one. */
	strlcpy(r.state,
	    fsm_state_name(s == NULL ? FSM_ACTIVE : s->state),
	    sizeof(r.state));
	r.since = (conn_now().ms - since.ms) / 1000;
	if (s != NULL && s->state >= FSM_OPENCONFIRM) {
		r.hold_time = s->hold_time;
		r.ipv4 = (s->agreed.families & BGP_FAM_IPV4) != 0;
		r.ipv6 = (s->agreed.families & BGP_FAM_IPV6) != 0;
		r.add_path4 = (s->agreed.add_path & BGP_FAM_IPV4) != 0;
		r.add_path6 = (s->agreed.add_path & BGP_FAM_IPV6) != 0;
		r.as4 = s->agreed.as4;
		r.eor4 = (s->eor & BGP_FAM_IPV4) != 0;
		r.eor6 = (s->eor & BGP_FAM_IPV6) != 0;
	}
	r.rx_messages = count.rx_messages;
	r.tx_messages = count.tx_messages;
	r.rx_updates = count.rx_updates;
	r.rx_bytes = count.rx_bytes;
	r.rx_announced = count.rx_announced;
	r.rx_withdrawn = count.rx_withdrawn;
	strlcpy(r.last_error, n->last_error, sizeof(r.last_error));
	ctl_reply(&b->proc, id, REC_NEIGHBOR, &r);
}

void
bgpe_ctl_request(struct bgpe *b, struct imsg *m)
{
	uint32_t type = 0, i;

	if (ibuf_get_u32(&m->body, &type) == -1 ||
	    type != CTL_SHOW_NEIGHBOR || ibuf_end(&m->body) == -1)
		fatalx("request %u from control", type);
	for (i = 0; i < PEERS_MAX; i++)
		if (b->neighbors[i] != NULL)
			show_neighbor(b, m->hdr.id, b->neighbors[i]);
	ctl_reply_end(&b->proc, m->hdr.id, NULL);
}
