/* SPDX-License-Identifier: ISC */
/*
 * Tables: maps of one value that lie in our memory too.  Words are stored
 * after bounds checks; what they mean is not known here.
 */
#include <sys/mman.h>
#include <sys/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dp.h"

/* Room that the shape of a small table needs, in units of 8 bytes. */
#define UNITS_MIN 65536

/* So many routes may all be alone, and what each takes then. */
#define LONE_MAX 65536U
#define LONE4_UNITS 7 /* /32: 3 + 3 + 1 */
#define LONE6_UNITS 10 /* /48: 3 + 3 + 3 + 1 */

int
table_create(struct table *t, const char *name, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	size_t page = sysconf(_SC_PAGESIZE);

	t->size = size;
	t->mapped = (size + page - 1) & ~(page - 1);
	t->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), size,
	    1, &opts);
	if (t->fd < 0) {
		errno = -t->fd;
		t->fd = -1;
		return (-1);
	}
	t->mem =
	    mmap(NULL, t->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
	if (t->mem == MAP_FAILED) {
		t->mem = NULL;
		return (-1);
	}
	return (0);
}

int
table_take(struct table *t, int fd)
{
	struct bpf_map_info info;
	uint32_t len = sizeof(info);
	size_t page = sysconf(_SC_PAGESIZE);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return (-1);
	t->size = info.value_size;
	t->mapped = (t->size + page - 1) & ~(page - 1);
	t->mem =
	    mmap(NULL, t->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t->mem == MAP_FAILED) {
		t->mem = NULL;
		return (-1);
	}
	t->fd = fd;
	return (0);
}

void
table_close(struct table *t)
{
	if (t->mem != NULL)
		munmap(t->mem, t->mapped);
	if (t->fd != -1)
		close(t->fd);
	t->mem = NULL;
	t->fd = -1;
}

/*
 * A full table takes about a quarter of a unit for a v4 route and one for a v6
 * route.  Twice that leaves room for lone long prefixes, which take more each,
 * and for nodes that wait for a grace period.  Smaller tables may be scattered
 * wider: each route may be alone in its slot of the direct array.  A /24 takes
 * a node of one unit there, and the node above a host of v4, or a /48, three.
 */
uint32_t
dp_units(int af, uint32_t routes)
{
	struct table t;
	uint64_t want, lone;
	uint32_t units = UNITS_MIN, hosts;

	hosts = routes < LONE_MAX ? routes : LONE_MAX;
	if (af == AF_INET) {
		want = (uint64_t)routes * 3 / 8;
		lone = routes < FIB4_DIR_WORDS ? routes : FIB4_DIR_WORDS;
		if (lone < hosts * LONE4_UNITS)
			lone = hosts * LONE4_UNITS;
	} else {
		want = (uint64_t)routes * 2;
		lone = hosts * LONE6_UNITS;
	}
	want = (want > lone ? want : lone) + UNITS_MIN;
	while (units < want && units < UNITS_MAX)
		units *= 2;
	/* older kernels limit a value to 4 MiB */
	while (units > UNITS_MIN) {
		memset(&t, 0, sizeof(t));
		if (table_create(&t, "pf_probe",
			(size_t)units * 8 + FIB_POOL_SLACK) == -1 &&
		    (errno == E2BIG || errno == EINVAL)) {
			table_close(&t);
			units /= 2;
			continue;
		}
		table_close(&t);
		break;
	}
	return (units);
}

static bool
in_table(const struct dp *dp, enum fib_table table, uint32_t index, uint32_t n)
{
	if ((unsigned int)table < FIB_TABLE_MAX &&
	    (uint64_t)index + n <= dp->tables[table].words)
		return (true);
	errno = ERANGE;
	return (false);
}

int
dp_table_write(struct dp *dp, enum fib_table table, uint32_t index,
    const uint32_t *words, uint32_t n)
{
	uint32_t *w, i;

	if (!in_table(dp, table, index, n))
		return (-1);
	w = (uint32_t *)dp->tables[table].mem + index;
	for (i = 0; i < n; i++)
		__atomic_store_n(&w[i], words[i], __ATOMIC_RELEASE);
	return (0);
}

int
dp_table_read(const struct dp *dp, enum fib_table table, uint32_t index,
    uint32_t *words, uint32_t n)
{
	const uint32_t *w;
	uint32_t i;

	if (!in_table(dp, table, index, n))
		return (-1);
	w = (const uint32_t *)dp->tables[table].mem + index;
	for (i = 0; i < n; i++)
		words[i] = __atomic_load_n(&w[i], __ATOMIC_ACQUIRE);
	return (0);
}

/* The slot of this ifindex, 0: a free one, where a program would look for the
   port named by start. */
static struct port *
port_slot(struct dp *dp, uint32_t start, uint32_t ifindex)
{
	struct port *ports = dp->sh->tables[DP_PORTS].mem;
	uint32_t i;

	for (i = 0; i < PORT_PROBES; i++)
		if (ports[(start + i) & PORTS_MASK].ifindex == ifindex)
			return (&ports[(start + i) & PORTS_MASK]);
	return (NULL);
}

static bool
has_mac(const __u64 *mac, __u64 m)
{
	uint32_t i;

	for (i = 0; i < PORT_MACS; i++)
		if (mac[i] == m)
			return (true);
	return (false);
}

/* An address that stays keeps its place: a program that looks for it while
   others change must not miss it. */
static void
arrange_macs(const __u64 *old, const __u64 *new, __u64 *mac)
{
	uint32_t i, at = 0;

	memset(mac, 0, PORT_MACS * sizeof(*mac));
	for (i = 0; i < PORT_MACS; i++)
		if (has_mac(new, old[i]) && !has_mac(mac, old[i]))
			mac[i] = old[i];
	for (i = 0; i < PORT_MACS; i++) {
		if (new[i] == 0 || has_mac(mac, new[i]))
			continue;
		while (mac[at] != 0)
			at++;
		mac[at] = new[i];
	}
}

/*
 * A program may read a port while it changes.  Any mixture of old and new
 * fields is a port that was or will be, but for one that goes down: that is
 * told first.  A new one is complete before its ifindex can be found.
 */
int
dp_port_set(struct dp *dp, const struct port *new)
{
	__u64 mac[PORT_MACS];
	struct port *port;
	uint32_t i;

	if (new->ifindex == 0) {
		errno = EINVAL;
		return (-1);
	}
	port = port_slot(dp, new->ifindex, new->ifindex);
	if (port == NULL)
		port = port_slot(dp, new->ifindex, 0);
	if (port == NULL) {
		errno = ENOSPC;
		return (-1);
	}
	__atomic_store_n(&port->flags, port->flags & new->flags,
	    __ATOMIC_RELEASE);
	__atomic_store_n(&port->l3dev, new->l3dev, __ATOMIC_RELEASE);
	arrange_macs(port->mac, new->mac, mac);
	for (i = 0; i < PORT_MACS; i++)
		__atomic_store_n(&port->mac[i], mac[i], __ATOMIC_RELEASE);
	__atomic_store_n(&port->flags, new->flags, __ATOMIC_RELEASE);
	__atomic_store_n(&port->ifindex, new->ifindex, __ATOMIC_RELEASE);
	return (0);
}

void
dp_port_clear(struct dp *dp, unsigned int ifindex)
{
	struct port *port;

	if (ifindex == 0 || (port = port_slot(dp, ifindex, ifindex)) == NULL)
		return;
	__atomic_store_n(&port->flags, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&port->ifindex, 0, __ATOMIC_RELEASE);
}

void
dp_flags(struct dp *dp, uint32_t set, uint32_t clear)
{
	struct control *control = dp->sh->tables[DP_CONTROL].mem;

	__atomic_store_n(&control->flags, (control->flags & ~clear) | set,
	    __ATOMIC_RELEASE);
}

uint32_t
dp_get_flags(const struct dp *dp)
{
	const struct control *control = dp->sh->tables[DP_CONTROL].mem;

	return (control->flags);
}

/*
 * Put one prefix of our own into the filter.  A bit is of a whole address: of
 * a wider prefix every bit might be one.  Loopback never gets to the filter.
 */
static void
own_add(uint64_t *own, const struct prefix *p)
{
	uint32_t w[4], bit;

	if (p->len != af_bits(p->addr.af)) {
		if (!addr_is_loopback(&p->addr))
			memset(own, 0xff, OWN_FILTER_WORDS * sizeof(*own));
		return;
	}
	memcpy(w, p->addr.b, sizeof(w));
	bit = p->addr.af == AF_INET ? own_bit4(w[0]) :
				      own_bit6(w[0], w[1], w[2], w[3]);
	own[bit / 64] |= 1ULL << bit % 64;
}

/*
 * Built aside and stored word by word: the bit of an address that stays is
 * never clear in between.
 */
void
dp_own_set(struct dp *dp, const struct prefix *own, size_t n)
{
	struct control *control = dp->sh->tables[DP_CONTROL].mem;
	uint64_t own4[OWN_FILTER_WORDS] = { 0 }, own6[OWN_FILTER_WORDS] = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		own_add(own[i].addr.af == AF_INET ? own4 : own6, &own[i]);
	for (i = 0; i < OWN_FILTER_WORDS; i++) {
		__atomic_store_n(&control->own4[i], own4[i], __ATOMIC_RELEASE);
		__atomic_store_n(&control->own6[i], own6[i], __ATOMIC_RELEASE);
	}
}

static uint64_t
words_set(const struct table *t)
{
	const uint32_t *w = t->mem;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < t->size / sizeof(*w); i++)
		n += w[i] != 0;
	return (n);
}

/* What lies in pools and groups is rde's to say. */
void
dp_memory_own(const struct dp *dp, dp_memory_fn *fn, void *arg)
{
	uint64_t dir4 = dp->tables[DP_DIR4].size;
	uint64_t dir6 = dp->tables[DP_DIR6].size;
	uint64_t ids = words_set(&dp->tables[DP_NEXTHOPS]);
	uint64_t entries = dp->nh.entries - dp->nh.nfree;

	fn(arg, "dir4", dp->tables[DP_DIR4].mapped, dir4, 0);
	fn(arg, "pool4", dp->tables[DP_POOL4].mapped, 0, 0);
	fn(arg, "dir6", dp->tables[DP_DIR6].mapped, dir6, 0);
	fn(arg, "pool6", dp->tables[DP_POOL6].mapped, 0, 0);
	fn(arg, "groups", dp->tables[DP_GROUPS].mapped, 0, 0);
	fn(arg, "nexthops", dp->tables[DP_NEXTHOPS].mapped,
	    ids * sizeof(uint32_t), ids);
	fn(arg, "nexthop entries", dp->tables[DP_NHENTS].mapped,
	    entries * sizeof(struct nh_entry), entries);
}

void
dp_memory_shared(const struct dp *dp, dp_memory_fn *fn, void *arg)
{
	const struct table *t = dp->sh->tables;
	const struct port *ports = t[DP_PORTS].mem;
	int cpus = libbpf_num_possible_cpus();
	uint64_t n = 0, counters = sizeof(struct percpu);
	uint32_t i;

	for (i = 0; i < PORTS_MAX; i++)
		n += ports[i].ifindex != 0;
	counters *= cpus < 1 ? 1 : cpus;
	fn(arg, "ports", t[DP_PORTS].mapped, n * sizeof(struct port), n);
	fn(arg, "control", t[DP_CONTROL].mapped, t[DP_CONTROL].size, 0);
	fn(arg, "counters", counters, counters, 0);
}
