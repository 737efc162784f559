/* SPDX-License-Identifier: ISC */
/*
 * From an event of the kernel to the nexthop that packets are forwarded by:
 * changes a neighbor's MAC address, or sets a link down, and looks at the
 * daemon's tables until they say so.  A sample is the time from just before
 * the netlink message is sent to the look that saw it.
 *
 * nhevent SOCKET PID mac|link IFNAME GATEWAY COUNT
 *
 * Runs in the network namespace of the daemon, whose next hop is that gateway.
 * Prints samples, p50, p99 and max in microseconds, and the words of FIB
 * tables that were written meanwhile.
 */
#include <sys/socket.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>
#include <net/if.h>

#include "../../bpf/abi_user.h"
#include "ctl.h"
#include "feed.h"
#include "tables.h"

#define HOPS_MAX 65536
#define LOST_US 30e6

struct event {
	struct mnl_socket *nl;
	unsigned int ifindex;
	struct addr gateway;
	uint32_t id;
	const volatile uint32_t *nexthops;
	const struct nh_entry *entries;
};

/* The id of the next hop, once it can be forwarded to. */
static uint32_t
find_id(struct imsgbuf *buf, const struct addr *gateway)
{
	struct ctl_nexthop c;
	uint32_t id = 0;

	request(buf, CTL_SHOW_NEXTHOP, NULL, NULL);
	while (answer(buf, REC_NEXTHOP, &c))
		if (addr_cmp(&c.addr, gateway) == 0)
			id = c.id;
	if (id == 0)
		errx(1, "the daemon has no such next hop");
	return (id);
}

static uint64_t
words_written(struct imsgbuf *buf)
{
	struct ctl_summary s;

	answers(buf, CTL_SHOW, REC_SUMMARY, &s, 1);
	return (s.table_words);
}

static void
talk(const struct event *e, struct nlmsghdr *n)
{
	n->nlmsg_flags |= NLM_F_REQUEST;
	if (mnl_socket_sendto(e->nl, n, n->nlmsg_len) == -1)
		err(1, "netlink");
}

/* What the kernel says to it; asked for after the look, not before. */
static void
heard(const struct event *e)
{
	char buf[8192];
	ssize_t n;

	if ((n = mnl_socket_recvfrom(e->nl, buf, sizeof(buf))) == -1 ||
	    mnl_cb_run(buf, (size_t)n, 0, mnl_socket_get_portid(e->nl), NULL,
		NULL) == -1)
		err(1, "netlink");
}

static void
set_mac(const struct event *e, const uint8_t *mac)
{
	char buf[256] = { 0 };
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd;

	n->nlmsg_type = RTM_NEWNEIGH;
	n->nlmsg_flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	nd = mnl_nlmsg_put_extra_header(n, sizeof(*nd));
	nd->ndm_family = e->gateway.af;
	nd->ndm_ifindex = (int)e->ifindex;
	nd->ndm_state = NUD_PERMANENT;
	mnl_attr_put(n, NDA_DST, (size_t)af_bytes(e->gateway.af), e->gateway.b);
	mnl_attr_put(n, NDA_LLADDR, 6, mac);
	talk(e, n);
}

static void
set_link(const struct event *e, bool up)
{
	char buf[256] = { 0 };
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	n->nlmsg_type = RTM_NEWLINK;
	n->nlmsg_flags = NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(n, sizeof(*ifi));
	ifi->ifi_index = (int)e->ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	talk(e, n);
}

static const struct nh_entry *
entry(const struct event *e)
{
	return (e->entries + e->nexthops[e->id]);
}

static bool
forwards(const struct event *e)
{
	return (*(const volatile uint32_t *)&entry(e)->flags & NH_FORWARD);
}

static void
wait_forwards(const struct event *e, bool wanted)
{
	double end = look_us() + LOST_US;

	while (forwards(e) != wanted) {
		if (look_us() > end)
			errx(1, "the nexthop does not become %s",
			    wanted ? "valid" : "invalid");
		look_pause();
	}
}

static double
sample_mac(const struct event *e, unsigned int i)
{
	uint8_t mac[6] = { 2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
		(uint8_t)i };
	double start = look_us(), end;

	set_mac(e, mac);
	while (!forwards(e) || memcmp(entry(e)->dmac, mac, 6) != 0) {
		if (look_us() > start + LOST_US)
			errx(1, "the MAC address does not come");
		look_pause();
	}
	end = look_us();
	heard(e);
	usleep(2000);
	return (end - start);
}

static double
sample_link(const struct event *e)
{
	double start, end;

	wait_forwards(e, true);
	/* what comes after an interface came up is over */
	usleep(200000);
	start = look_us();
	set_link(e, false);
	wait_forwards(e, false);
	end = look_us();
	heard(e);
	set_link(e, true);
	heard(e);
	return (end - start);
}

int
main(int argc, char **argv)
{
	struct event e;
	struct imsgbuf *buf;
	uint32_t i, n;
	uint64_t words;
	double *us;
	pid_t pid;

	if (argc != 7 ||
	    (strcmp(argv[3], "mac") != 0 && strcmp(argv[3], "link") != 0)) {
		fprintf(stderr,
		    "usage: nhevent SOCKET PID mac|link IFNAME "
		    "GATEWAY COUNT\n");
		return (1);
	}
	pid = (pid_t)feed_number(argv[2], "PID");
	n = feed_number(argv[6], "COUNT");
	if ((e.ifindex = if_nametoindex(argv[4])) == 0)
		err(1, "%s", argv[4]);
	if (addr_parse(argv[5], &e.gateway) == -1)
		errx(1, "%s: not an address", argv[5]);
	if (n == 0 || (us = calloc(n, sizeof(*us))) == NULL)
		errx(1, "%s: no samples", argv[6]);
	if ((e.nl = mnl_socket_open(NETLINK_ROUTE)) == NULL ||
	    mnl_socket_bind(e.nl, 0, MNL_SOCKET_AUTOPID) == -1)
		err(1, "netlink");
	buf = ctl_open(argv[1]);
	e.id = find_id(buf, &e.gateway);
	e.nexthops = table_map(pid, "pf_nexthops");
	e.entries = table_map(pid, "pf_nhents");
	look_often();
	wait_forwards(&e, true);
	words = words_written(buf);
	for (i = 0; i < n; i++)
		us[i] = strcmp(argv[3], "mac") == 0 ? sample_mac(&e, i + 1) :
						      sample_link(&e);
	wait_forwards(&e, true);
	words = words_written(buf) - words;
	samples_sort(us, n);
	printf("samples %u p50 %.0f p99 %.0f max %.0f words %llu\n", n,
	    quantile(us, n, 500), quantile(us, n, 990), us[n - 1],
	    (unsigned long long)words);
	return (0);
}
