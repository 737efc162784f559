/* SPDX-License-Identifier: ISC */
/*
 * The tables of fields of every record that crosses between processes, and
 * the shorthands to send them. No record is used here.
 */
#include <stdbool.h>
#include <string.h>

#include "attr.h"
#include "imsg.h"
#include "log.h"
#include "msg.h"
#include "proc.h"

static const char *const nexthop_states[] = {
	[NEXTHOP_UNRESOLVED] = "unresolved",
	[NEXTHOP_INCOMPLETE] = "incomplete",
	[NEXTHOP_LOCAL] = "local",
	[NEXTHOP_VALID] = "valid",
	NULL
};

static const char *const rib_matches[] = {
	[RIB_ALL] = "all",
	[RIB_ADDR] = "address",
	[RIB_EXACT] = "exact",
	[RIB_LONGER] = "or-longer",
	[RIB_SHORTER] = "or-shorter",
	NULL
};

static const char *const origins[] = {
	[ORIGIN_IGP] = "IGP",
	[ORIGIN_EGP] = "EGP",
	[ORIGIN_INCOMPLETE] = "incomplete",
	NULL
};

static const struct field fields_msg_u32[] = {
    FIELD(msg_u32, value, U32),
};

static const struct field fields_msg_pipe[] = {
    FIELD(msg_pipe, proc, U32),
};

static const struct field fields_msg_peer[] = {
    FIELD(msg_peer, id, U32),
    FIELD(msg_peer, source, U32),
    FIELD(msg_peer, addr, ADDR),
    FIELD(msg_peer, remote_as, U32),
    FIELD(msg_peer, local_as, U32),
    FIELD(msg_peer, router_id, U32),
    FIELD(msg_peer, families, U8),
};

static const struct field fields_msg_eor[] = {
    FIELD(msg_eor, peer, U32),
    FIELD(msg_eor, af, U8),
};

static const struct field fields_msg_nexthop_want[] = {
    FIELD(msg_nexthop_want, id, U32),
    FIELD(msg_nexthop_want, addr, ADDR),
};

static const struct field fields_msg_family_state[] = {
    FIELD(msg_family_state, af, U8),
    FIELD(msg_family_state, state, U8),
};

static const struct field fields_msg_table_info[] = {
    FIELD(msg_table_info, generation, U32),
    FIELD(msg_table_info, units4, U32),
    FIELD(msg_table_info, units6, U32),
    FIELD(msg_table_info, nexthops, U32),
    FIELD(msg_table_info, groups, U32),
};

static const struct field fields_msg_table_read[] = {
    FIELD(msg_table_read, table, U32),
    FIELD(msg_table_read, index, U32),
    FIELD(msg_table_read, count, U32),
};

static const struct field fields_msg_nexthop_state[] = {
    FIELD(msg_nexthop_state, id, U32),
    FIELD_ENUM(msg_nexthop_state, state, nexthop_states),
};

static const struct field fields_msg_local[] = {
    FIELD(msg_local, prefix, PREFIX),
    FIELD(msg_local, up, BOOL),
};

static const struct field fields_ctl_end[] = {
    FIELD(ctl_end, status, U8),
    FIELD(ctl_end, text, STR),
};

static const struct field fields_ctl_text[] = {
    FIELD(ctl_text, text, STR),
};

static const struct field fields_ctl_summary[] = {
    FIELD(ctl_summary, version, STR),
    FIELD(ctl_summary, pid, U32),
    FIELD(ctl_summary, uptime, U64),
    FIELD(ctl_summary, config, STR),
    FIELD(ctl_summary, mode, STR),
    FIELD(ctl_summary, dry_run, BOOL),
    FIELD(ctl_summary, breaker_set, BOOL),
    FIELD(ctl_summary, breaker_tripped, BOOL),
    FIELD(ctl_summary, ready4, BOOL),
    FIELD(ctl_summary, ready6, BOOL),
    FIELD(ctl_summary, routes4, BOOL),
    FIELD(ctl_summary, routes6, BOOL),
    FIELD(ctl_summary, interfaces, U32),
    FIELD(ctl_summary, nexthops, U32),
    FIELD(ctl_summary, nexthops_valid, U32),
    FIELD(ctl_summary, rx, U64),
    FIELD(ctl_summary, matched, U64),
    FIELD(ctl_summary, forwarded, U64),
    FIELD(ctl_summary, dropped, U64),
    FIELD(ctl_summary, table_words, U64),
    FIELD(ctl_summary, stale_time, U32),
    FIELD(ctl_summary, last_reload, STR),
};

static const struct field fields_ctl_family[] = {
    FIELD(ctl_family, af, U8),
    FIELD(ctl_family, prefixes, U64),
    FIELD(ctl_family, paths, U64),
    FIELD(ctl_family, attributes, U64),
    FIELD(ctl_family, pending, U64),
    FIELD(ctl_family, units, U32),
    FIELD(ctl_family, units_used, U32),
    FIELD(ctl_family, units_waiting, U32),
    FIELD(ctl_family, nodes, U32),
    FIELD(ctl_family, state, STR),
    FIELD(ctl_family, overflow, BOOL),
};

static const struct field fields_ctl_fib_request[] = {
    FIELD(ctl_fib_request, match, U8),
    FIELD(ctl_fib_request, prefix, PREFIX),
};

static const struct field fields_ctl_fib[] = {
    FIELD(ctl_fib, prefix, PREFIX),
    FIELD(ctl_fib, route, BOOL),
    FIELD(ctl_fib, allow, BOOL),
    FIELD(ctl_fib, block, BOOL),
    FIELD(ctl_fib, local, BOOL),
    FIELD(ctl_fib, allow_only, BOOL),
    FIELD(ctl_fib, leaf, U32),
    FIELD(ctl_fib, nexthop, U32),
    FIELD(ctl_fib, group, BOOL),
    FIELD(ctl_fib, members, STR),
    FIELD(ctl_fib, gateways, STR),
    FIELD(ctl_fib, states, STR),
    FIELD(ctl_fib, gateway, ADDR),
    FIELD(ctl_fib, neighbor, U32),
    FIELD(ctl_fib, neighbor_addr, ADDR),
    FIELD_ENUM(ctl_fib, nexthop_state, nexthop_states),
    FIELD(ctl_fib, pending, BOOL),
};

static const struct field fields_ctl_neighbor[] = {
    FIELD(ctl_neighbor, id, U32),
    FIELD(ctl_neighbor, addr, ADDR),
    FIELD(ctl_neighbor, port, U16),
    FIELD(ctl_neighbor, listener, ADDR),
    FIELD(ctl_neighbor, listener_port, U16),
    FIELD(ctl_neighbor, remote_as, U32),
    FIELD(ctl_neighbor, local_as, U32),
    FIELD(ctl_neighbor, router_id, U32),
    FIELD(ctl_neighbor, state, STR),
    FIELD(ctl_neighbor, since, U64),
    FIELD(ctl_neighbor, hold_time, U16),
    FIELD(ctl_neighbor, ipv4, BOOL),
    FIELD(ctl_neighbor, ipv6, BOOL),
    FIELD(ctl_neighbor, add_path4, BOOL),
    FIELD(ctl_neighbor, add_path6, BOOL),
    FIELD(ctl_neighbor, as4, BOOL),
    FIELD(ctl_neighbor, eor4, BOOL),
    FIELD(ctl_neighbor, eor6, BOOL),
    FIELD(ctl_neighbor, rx_messages, U64),
    FIELD(ctl_neighbor, tx_messages, U64),
    FIELD(ctl_neighbor, rx_updates, U64),
    FIELD(ctl_neighbor, rx_bytes, U64),
    FIELD(ctl_neighbor, rx_announced, U64),
    FIELD(ctl_neighbor, rx_withdrawn, U64),
    FIELD(ctl_neighbor, last_error, STR),
};

static const struct field fields_ctl_neighbor_rib[] = {
    FIELD(ctl_neighbor_rib, id, U32),
    FIELD(ctl_neighbor_rib, paths4, U64),
    FIELD(ctl_neighbor_rib, paths6, U64),
    FIELD(ctl_neighbor_rib, best4, U64),
    FIELD(ctl_neighbor_rib, best6, U64),
};

static const struct field fields_ctl_nexthop[] = {
    FIELD(ctl_nexthop, id, U32),
    FIELD(ctl_nexthop, addr, ADDR),
    FIELD_ENUM(ctl_nexthop, state, nexthop_states),
    FIELD(ctl_nexthop, reason, STR),
    FIELD(ctl_nexthop, gateway, ADDR),
    FIELD(ctl_nexthop, ifname, STR),
    FIELD(ctl_nexthop, mac, MAC),
    FIELD(ctl_nexthop, mtu, U16),
    FIELD(ctl_nexthop, entry, U32),
};

static const struct field fields_ctl_nexthop_rib[] = {
    FIELD(ctl_nexthop_rib, id, U32),
    FIELD(ctl_nexthop_rib, routes, U64),
};

static const struct field fields_ctl_interface[] = {
    FIELD(ctl_interface, ifname, STR),
    FIELD(ctl_interface, ifindex, U32),
    FIELD(ctl_interface, configured, STR),
    FIELD(ctl_interface, attached, STR),
    FIELD(ctl_interface, reason, STR),
    FIELD(ctl_interface, up, BOOL),
    FIELD(ctl_interface, egress, BOOL),
    FIELD(ctl_interface, egress_reason, STR),
    FIELD(ctl_interface, mac, MAC),
    FIELD(ctl_interface, mtu, U16),
    FIELD(ctl_interface, master, STR),
    FIELD(ctl_interface, driver, STR),
};

static const struct field fields_ctl_counter[] = {
    FIELD(ctl_counter, name, STR),
    FIELD(ctl_counter, value, U64),
    FIELD(ctl_counter, end, BOOL),
    FIELD(ctl_counter, help, STR),
};

static const struct field fields_ctl_rib_request[] = {
    FIELD_ENUM(ctl_rib_request, match, rib_matches),
    FIELD(ctl_rib_request, prefix, PREFIX),
    FIELD(ctl_rib_request, neighbor, ADDR),
    FIELD(ctl_rib_request, detail, BOOL),
};

static const struct field fields_ctl_rib[] = {
    FIELD(ctl_rib, prefix, PREFIX),
    FIELD(ctl_rib, neighbor, ADDR),
    FIELD(ctl_rib, bmp, BOOL),
    FIELD(ctl_rib, path_id, U32),
    FIELD(ctl_rib, best, BOOL),
    FIELD(ctl_rib, multipath, BOOL),
    FIELD(ctl_rib, eligible, BOOL),
    FIELD(ctl_rib, internal, BOOL),
    FIELD_ENUM(ctl_rib, origin, origins),
    FIELD(ctl_rib, local_pref, U32),
    FIELD(ctl_rib, med, U32),
    FIELD(ctl_rib, nexthop, ADDR),
    FIELD_ENUM(ctl_rib, nexthop_state, nexthop_states),
    FIELD(ctl_rib, as_path, STR),
    FIELD(ctl_rib, router_id, ADDR),
    FIELD(ctl_rib, communities, STR),
    FIELD(ctl_rib, large_communities, STR),
    FIELD(ctl_rib, ext_communities, STR),
    FIELD(ctl_rib, originator, ADDR),
    FIELD(ctl_rib, cluster_len, U16),
};

static const struct field fields_ctl_memory[] = {
    FIELD(ctl_memory, owner, STR),
    FIELD(ctl_memory, what, STR),
    FIELD(ctl_memory, bytes, U64),
    FIELD(ctl_memory, used, U64),
    FIELD(ctl_memory, items, U64),
};

static const struct field fields_ctl_audit[] = {
    FIELD(ctl_audit, rounds, U64),
    FIELD(ctl_audit, last, U64),
    FIELD(ctl_audit, words, U64),
    FIELD(ctl_audit, differences, U64),
    FIELD(ctl_audit, percent, U32),
};

static const struct field fields_ctl_bmp_station[] = {
    FIELD(ctl_bmp_station, addr, ADDR),
    FIELD(ctl_bmp_station, port, U16),
    FIELD(ctl_bmp_station, listener, ADDR),
    FIELD(ctl_bmp_station, listener_port, U16),
    FIELD(ctl_bmp_station, name, STR),
    FIELD(ctl_bmp_station, description, STR),
    FIELD(ctl_bmp_station, since, U64),
    FIELD(ctl_bmp_station, loc_rib, BOOL),
    FIELD(ctl_bmp_station, require_loc_rib, BOOL),
    FIELD(ctl_bmp_station, peers, U32),
    FIELD(ctl_bmp_station, peers_up, U32),
    FIELD(ctl_bmp_station, messages, U64),
    FIELD(ctl_bmp_station, bytes, U64),
    FIELD(ctl_bmp_station, route_monitoring, U64),
    FIELD(ctl_bmp_station, statistics, U64),
    FIELD(ctl_bmp_station, route_mirroring, U64),
    FIELD(ctl_bmp_station, ignored, U64),
    FIELD(ctl_bmp_station, orphans, U64),
    FIELD(ctl_bmp_station, unknown, U64),
};

static const struct field fields_ctl_bmp_peer[] = {
    FIELD(ctl_bmp_peer, station, ADDR),
    FIELD(ctl_bmp_peer, addr, ADDR),
    FIELD(ctl_bmp_peer, remote_as, U32),
    FIELD(ctl_bmp_peer, router_id, U32),
    FIELD(ctl_bmp_peer, state, STR),
    FIELD(ctl_bmp_peer, since, U64),
    FIELD(ctl_bmp_peer, vrf, BOOL),
    FIELD(ctl_bmp_peer, filtered, BOOL),
    FIELD(ctl_bmp_peer, ipv4, BOOL),
    FIELD(ctl_bmp_peer, ipv6, BOOL),
    FIELD(ctl_bmp_peer, view4, STR),
    FIELD(ctl_bmp_peer, view6, STR),
    FIELD(ctl_bmp_peer, add_path4, BOOL),
    FIELD(ctl_bmp_peer, add_path6, BOOL),
    FIELD(ctl_bmp_peer, eor4, BOOL),
    FIELD(ctl_bmp_peer, eor6, BOOL),
    FIELD(ctl_bmp_peer, updates, U64),
    FIELD(ctl_bmp_peer, ignored, U64),
    FIELD(ctl_bmp_peer, announced, U64),
    FIELD(ctl_bmp_peer, withdrawn, U64),
    FIELD(ctl_bmp_peer, last_down, STR),
};

static const struct field fields_ctl_policy[] = {
    FIELD(ctl_policy, directive, STR),
    FIELD(ctl_policy, text, STR),
};
const struct record record_msg_u32 = RECORD(msg_u32, fields_msg_u32);
const struct record record_msg_pipe = RECORD(msg_pipe, fields_msg_pipe);
const struct record record_msg_peer = RECORD(msg_peer, fields_msg_peer);
const struct record record_msg_eor = RECORD(msg_eor, fields_msg_eor);
const struct record record_msg_nexthop_want =
    RECORD(msg_nexthop_want, fields_msg_nexthop_want);
const struct record record_msg_family_state =
    RECORD(msg_family_state, fields_msg_family_state);
const struct record record_msg_table_info =
    RECORD(msg_table_info, fields_msg_table_info);
const struct record record_msg_table_read =
    RECORD(msg_table_read, fields_msg_table_read);
const struct record record_msg_nexthop_state =
    RECORD(msg_nexthop_state, fields_msg_nexthop_state);
const struct record record_msg_local = RECORD(msg_local, fields_msg_local);
const struct record record_ctl_end = RECORD(ctl_end, fields_ctl_end);
const struct record record_ctl_text = RECORD(ctl_text, fields_ctl_text);
const struct record record_ctl_summary =
    RECORD(ctl_summary, fields_ctl_summary);
const struct record record_ctl_family = RECORD(ctl_family, fields_ctl_family);
const struct record record_ctl_fib_request =
    RECORD(ctl_fib_request, fields_ctl_fib_request);
const struct record record_ctl_fib = RECORD(ctl_fib, fields_ctl_fib);
const struct record record_ctl_neighbor =
    RECORD(ctl_neighbor, fields_ctl_neighbor);
const struct record record_ctl_neighbor_rib =
    RECORD(ctl_neighbor_rib, fields_ctl_neighbor_rib);
const struct record record_ctl_nexthop =
    RECORD(ctl_nexthop, fields_ctl_nexthop);
const struct record record_ctl_nexthop_rib =
    RECORD(ctl_nexthop_rib, fields_ctl_nexthop_rib);
const struct record record_ctl_interface =
    RECORD(ctl_interface, fields_ctl_interface);
const struct record record_ctl_counter =
    RECORD(ctl_counter, fields_ctl_counter);
const struct record record_ctl_policy = RECORD(ctl_policy, fields_ctl_policy);
const struct record record_ctl_rib_request =
    RECORD(ctl_rib_request, fields_ctl_rib_request);
const struct record record_ctl_rib = RECORD(ctl_rib, fields_ctl_rib);
const struct record record_ctl_memory = RECORD(ctl_memory, fields_ctl_memory);
const struct record record_ctl_audit = RECORD(ctl_audit, fields_ctl_audit);
const struct record record_ctl_bmp_station =
    RECORD(ctl_bmp_station, fields_ctl_bmp_station);
const struct record record_ctl_bmp_peer =
    RECORD(ctl_bmp_peer, fields_ctl_bmp_peer);

static const struct {
	uint32_t type;
	const struct record *record;
} ctl_records[] = {
    {REC_SUMMARY, &record_ctl_summary},
    {REC_FAMILY, &record_ctl_family},
    {REC_FIB, &record_ctl_fib},
    {REC_NEIGHBOR, &record_ctl_neighbor},
    {REC_NEIGHBOR_RIB, &record_ctl_neighbor_rib},
    {REC_NEXTHOP, &record_ctl_nexthop},
    {REC_NEXTHOP_RIB, &record_ctl_nexthop_rib},
    {REC_INTERFACE, &record_ctl_interface},
    {REC_COUNTER, &record_ctl_counter},
    {REC_POLICY, &record_ctl_policy},
    {REC_TEXT, &record_ctl_text},
    {REC_RIB, &record_ctl_rib},
    {REC_MEMORY, &record_ctl_memory},
    {REC_AUDIT, &record_ctl_audit},
    {REC_BMP_STATION, &record_ctl_bmp_station},
    {REC_BMP_PEER, &record_ctl_bmp_peer},
    {CTL_END, &record_ctl_end},
};

const struct record *
ctl_record(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(ctl_records) / sizeof(ctl_records[0]); i++)
		if (ctl_records[i].type == type)
			return (ctl_records[i].record);
	return (NULL);
}

const char *
nexthop_state_name(uint8_t state)
{
	return (state <= NEXTHOP_VALID ? nexthop_states[state] : "unknown");
}

static struct ibuf *
msg_create(void)
{
	struct ibuf *b;

	if ((b = imsg_create()) == NULL)
		fatal("message");
	return (b);
}

void
msg_send(struct proc *p, int to, uint32_t type, uint32_t id,
    const struct record *r, const void *s)
{
	struct ibuf *b = msg_create();

	record_put(b, r, s);
	proc_send_ibuf(p, to, type, id, -1, b);
}

void
msg_get(struct imsg *imsg, const struct record *r, void *s)
{
	if (record_get_only(&imsg->body, r, s) == -1)
		fatal("message %u is not one %s", imsg->hdr.type, r->name);
}

void
ctl_reply(struct proc *p, uint32_t id, uint32_t rec, const void *s)
{
	const struct record *r;
	struct ibuf *b;

	if ((r = ctl_record(rec)) == NULL)
		fatalx("no record of type %u", rec);
	b = msg_create();
	ibuf_put_u32(b, rec);
	record_put(b, r, s);
	proc_send_ibuf(p, PROC_CONTROL, M_CTL_RECORD, id, -1, b);
}

void
ctl_reply_end(struct proc *p, uint32_t id, const char *text)
{
	struct ctl_end end;

	memset(&end, 0, sizeof(end));
	if (text != NULL) {
		end.status = 1;
		strlcpy(end.text, text, sizeof(end.text));
	}
	msg_send(p, PROC_CONTROL, M_CTL_END, id, &record_ctl_end, &end);
}
