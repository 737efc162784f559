/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as netlink messages, one behind the other, decoded and told to
 * the model, which wants a few next hops. The first byte says what else
 * happens on the way. Its books must balance at the end.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "../../parent/nl.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
on_link(void *arg, const struct link_info *info)
{
	if (memchr(info->name, '\0', sizeof(info->name)) == NULL)
		abort();
}

/* Each address is reported up once before it goes down. */
static void
on_local(void *arg, const struct prefix *prefix, bool up)
{
	int *balance = arg;

	*balance += up ? 1 : -1;
	if (*balance < 0 || prefix->len > af_bits(prefix->addr.af))
		abort();
}

static void
on_nexthop(void *arg, uint32_t id, const struct nexthop_info *info)
{
	if ((info->state == NEXTHOP_VALID) != (info->reason[0] == '\0'))
		abort();
}

static void
on_probe(void *arg, unsigned int ifindex, const char *name,
    struct nl_features *features)
{
	memset(features, 0, sizeof(*features));
}

static int
on_keep(void *arg, unsigned int ifindex, const struct addr *addr, bool on)
{
	return (0);
}

/* Answer lookups with the last route that was seen. */
static void
lookups(struct nl_model *m, const struct nl_route *route)
{
	struct addr addr;
	uint32_t id;

	while (nl_hop_next(m, &id, &addr)) {
		if (route->dst.addr.af == AF_UNSPEC)
			nl_hop_answer(m, id, NULL, ENETUNREACH);
		else
			nl_hop_answer(m, id, route, 0);
	}
}

static void
messages(struct nl_model *m, const struct nlmsghdr *nlh, int len)
{
	struct nl_route route;
	struct nl_event ev;
	uint64_t features;
	unsigned int ifindex;
	uint32_t group;
	uint16_t family;

	memset(&route, 0, sizeof(route));
	for (; nl_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nl_parse(nlh, &ev) == 0) {
			if (ev.kind == NL_ROUTE)
				route = ev.u.route;
			nl_model_event(m, &ev);
			lookups(m, &route);
		}
		(void)nl_parse_family(nlh, "mgmt", &family, &group);
		if (nl_parse_netdev(nlh, &ifindex, &features) == 1)
			nl_model_features(m, ifindex, features);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const wanted[] = { "10.0.0.2", "192.0.2.1",
		"2001:db8::2", "fe80::1" };
	static const enum nl_kind kinds[] = { NL_LINK, NL_ADDR, NL_NEIGH,
		NL_ROUTE };
	struct nl_model m;
	struct addr addr;
	int balance = 0;
	struct nl_ops ops = { { .link = on_link, .local = on_local,
		.connected = on_local, .nexthop = on_nexthop }, &balance,
		NULL, on_probe, on_keep };
	uint8_t *copy;
	size_t i;

	if (size < 1 || (copy = malloc(size)) == NULL)
		return (0);
	/* messages are aligned; their end is the end of the memory */
	memcpy(copy, data + 1, size - 1);
	nl_model_init(&m, &ops);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (addr_parse(wanted[i], &addr) == -1 ||
		    nl_hop_want(&m, i, &addr) == -1)
			abort();
	}
	m.managed = (data[0] & 1) == 0;
	messages(&m, (struct nlmsghdr *)(void *)copy, size - 1);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((data[0] & (2 << i)) == 0)
			continue;
		nl_model_dump_begin(&m, kinds[i]);
		messages(&m, (struct nlmsghdr *)(void *)copy, (size - 1) / 2);
		nl_model_dump_end(&m, kinds[i], (data[0] & 0x20) == 0);
	}
	if (data[0] & 0x40)
		nl_hop_drop(&m, 1);
	nl_model_dump_begin(&m, NL_ADDR);
	nl_model_dump_end(&m, NL_ADDR, true);
	nl_model_dump_begin(&m, NL_ROUTE);
	nl_model_dump_end(&m, NL_ROUTE, true);
	if (balance != 0)
		abort();
	nl_model_clear(&m);
	if (m.nhops != 0 || m.ndirty != 0 || !TAILQ_EMPTY(&m.queue))
		abort();
	free(copy);
	return (0);
}
