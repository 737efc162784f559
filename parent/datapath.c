/* SPDX-License-Identifier: ISC */
/*
 * One generation of the data path: its maps, its program, its dead-man's
 * beat.  What the tables mean is decided elsewhere.
 */
#include <sys/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/log.h"
#include "dp.h"

#define NEXTHOPS_MAX (1U << 22)

void
dp_error(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, DP_ERRLEN, fmt, ap);
	va_end(ap);
}

static bool
power_of_two(uint32_t n)
{
	return (n != 0 && (n & (n - 1)) == 0);
}

static int
create_tables(struct dp *dp, const struct dp_params *params, char *err)
{
	const struct {
		const char *name;
		size_t size;
		uint32_t words;
	} want[DP_TABLES] = {
		[DP_DIR4] = { "pf_dir4", FIB4_DIR_WORDS * sizeof(uint32_t),
		    FIB4_DIR_WORDS },
		[DP_POOL4] = { "pf_pool4",
		    (size_t)params->units4 * 8 + FIB_POOL_SLACK,
		    params->units4 * 2 },
		[DP_DIR6] = { "pf_dir6", FIB6_DIR_WORDS * sizeof(uint32_t),
		    FIB6_DIR_WORDS },
		[DP_POOL6] = { "pf_pool6",
		    (size_t)params->units6 * 8 + FIB_POOL_SLACK,
		    params->units6 * 2 },
		[DP_GROUPS] = { "pf_groups",
		    params->groups * sizeof(struct ecmp_group),
		    params->groups * GROUP_WORDS },
		[DP_NEXTHOPS] = { "pf_nexthops",
		    params->nexthops * sizeof(uint32_t), 0 },
		[DP_NHENTS] = { "pf_nhents",
		    dp->nh.entries * sizeof(struct nh_entry), 0 },
		[DP_PORTS] = { "pf_ports", PORTS_MAX * sizeof(struct port), 0 },
		[DP_CONTROL] = { "pf_control", sizeof(struct control), 0 },
	};
	struct control *control;
	size_t i;

	for (i = 0; i < DP_TABLES; i++) {
		if (table_create(&dp->tables[i], want[i].name, want[i].size) ==
		    -1) {
			dp_error(err, "cannot create map %s of %zu bytes: %s",
			    want[i].name, want[i].size, strerror(errno));
			return (-1);
		}
		dp->tables[i].words = want[i].words;
	}
	control = dp->tables[DP_CONTROL].mem;
	control->abi = ABI_VERSION;
	return (0);
}

/* The map whose update waits for all programs to end. */
static int
create_grace(struct dp *dp)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	dp->grace_inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pf_grace_in",
	    sizeof(uint32_t), sizeof(uint32_t), 1, NULL);
	if (dp->grace_inner < 0)
		return (-1);
	opts.inner_map_fd = dp->grace_inner;
	dp->grace = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "pf_grace",
	    sizeof(uint32_t), sizeof(uint32_t), 1, &opts);
	return (dp->grace < 0 ? -1 : 0);
}

static int
map_is(int fd, const struct bpf_map_info *want)
{
	struct bpf_map_info info;
	uint32_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return (0);
	return (info.type == want->type && info.key_size == want->key_size &&
	    info.value_size == want->value_size &&
	    info.max_entries == want->max_entries);
}

/* The control block that an earlier daemon pinned names its layouts. */
static bool
pinned_abi(const struct dp *dp)
{
	struct control control;
	char path[PATH_MAX];
	uint32_t key = 0;
	bool same = false;
	int fd;

	snprintf(path, sizeof(path), "%s/control", dp->root);
	if ((fd = bpf_obj_get(path)) < 0)
		return (false);
	if (map_is(fd,
		&(struct bpf_map_info){ .type = BPF_MAP_TYPE_ARRAY,
		    .key_size = 4,
		    .value_size = sizeof(control),
		    .max_entries = 1 }))
		same = bpf_map_lookup_elem(fd, &key, &control) == 0 &&
		    control.abi == ABI_VERSION;
	close(fd);
	return (same);
}

/* Pin, in the place of what may be pinned there. */
static int
pin_over(const struct dp *dp, int fd, const char *name, char *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dp->root, name);
	if (unlink(path) == -1 && errno != ENOENT) {
		dp_error(err, "cannot unlink %s: %s", path, strerror(errno));
		return (-1);
	}
	if (bpf_obj_pin(fd, path) != 0) {
		dp_error(err, "cannot pin %s: %s", path, strerror(errno));
		return (-1);
	}
	return (0);
}

/* Take over a pinned map, or make one and pin it. */
static int
shared_map(const struct dp *dp, const char *name,
    const struct bpf_map_info *want, bool adopt, char *err)
{
	char path[PATH_MAX];
	int fd;

	if (dp->pin && adopt) {
		snprintf(path, sizeof(path), "%s/%s", dp->root, name);
		if ((fd = bpf_obj_get(path)) >= 0) {
			if (map_is(fd, want))
				return (fd);
			close(fd);
			log_warnx("%s: pinned by another version, made anew",
			    path);
		}
	}
	fd = bpf_map_create(want->type, want->name, want->key_size,
	    want->value_size, want->max_entries, NULL);
	if (fd < 0) {
		dp_error(err, "cannot create map %s: %s", want->name,
		    strerror(errno));
		return (-1);
	}
	if (dp->pin && pin_over(dp, fd, name, err) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

static int
create_maps(struct dp *dp, const struct dp_params *params, char *err)
{
	const struct bpf_map_info counters = { .type =
						   BPF_MAP_TYPE_PERCPU_ARRAY,
		.name = "pf_counters",
		.key_size = 4,
		.value_size = sizeof(struct percpu),
		.max_entries = 1 };
	const struct bpf_map_info devmap = { .type = BPF_MAP_TYPE_DEVMAP_HASH,
		.name = "pf_devmap",
		.key_size = 4,
		.value_size = 4,
		.max_entries = EGRESS_MAX };

	if (nh_pool_init(&dp->nh, params->nexthops * 2) == -1) {
		dp_error(err, "nexthop table: %s", strerror(errno));
		return (-1);
	}
	if (create_tables(dp, params, err) == -1)
		return (-1);
	if (create_grace(dp) == -1) {
		dp_error(err, "cannot create map pf_grace: %s",
		    strerror(errno));
		return (-1);
	}
	dp->counters = shared_map(dp, "counters", &counters,
	    dp->pin && pinned_abi(dp), err);
	if (dp->counters == -1)
		return (-1);
	dp->devmap = shared_map(dp, "devmap", &devmap, true, err);
	return (dp->devmap == -1 ? -1 : 0);
}

struct dp *
dp_load(const struct dp_params *params, char *err)
{
	struct dp *dp;
	size_t i;

	if (!power_of_two(params->units4) || params->units4 > UNITS_MAX ||
	    !power_of_two(params->units6) || params->units6 > UNITS_MAX ||
	    !power_of_two(params->nexthops) || params->nexthops < 4 ||
	    params->nexthops > NEXTHOPS_MAX ||
	    !power_of_two(params->groups) || params->groups < 2 ||
	    params->groups > NEXTHOPS_MAX) {
		dp_error(err,
		    "table sizes %u, %u, %u, %u: not powers of two "
		    "within bounds",
		    params->units4, params->units6, params->nexthops,
		    params->groups);
		return (NULL);
	}
	if ((dp = calloc(1, sizeof(*dp))) == NULL) {
		dp_error(err, "%s", strerror(errno));
		return (NULL);
	}
	for (i = 0; i < DP_TABLES; i++)
		dp->tables[i].fd = -1;
	dp->counters = dp->devmap = dp->grace = dp->grace_inner = -1;
	dp->prog = dp->beat = -1;
	dp->nexthops = params->nexthops;
	dp->groups = params->groups;
	dp->pin = params->pin;
	if (dp->pin && (dp->root = strdup(params->root)) == NULL) {
		dp_error(err, "%s", strerror(errno));
		dp_free(dp);
		return (NULL);
	}
	dp->frags = !params->no_frags && dp_has_frags();
	if (create_maps(dp, params, err) == -1 ||
	    dp_program(dp, params->mode, &dp->prog, &dp->beat, err) == -1 ||
	    (dp->pin &&
		pin_over(dp, dp->tables[DP_CONTROL].fd, "control", err) ==
		    -1)) {
		dp_free(dp);
		return (NULL);
	}
	return (dp);
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
dp_free(struct dp *dp)
{
	size_t i;

	if (dp == NULL)
		return;
	for (i = 0; i < dp->nlinks; i++)
		close_fd(dp->links[i].fd);
	for (i = 0; i < DP_TABLES; i++)
		table_close(&dp->tables[i]);
	close_fd(dp->counters);
	close_fd(dp->devmap);
	close_fd(dp->grace);
	close_fd(dp->grace_inner);
	close_fd(dp->prog);
	close_fd(dp->beat);
	nh_pool_free(&dp->nh);
	free(dp->links);
	free(dp->root);
	free(dp);
}

int
dp_prog_fd(const struct dp *dp)
{
	return (dp->prog);
}

int
dp_set_mode(struct dp *dp, uint8_t mode, char *err)
{
	int prog, beat;
	size_t i;

	if (dp_program(dp, mode, &prog, &beat, err) == -1)
		return (-1);
	for (i = 0; i < dp->nlinks; i++) {
		if (bpf_link_update(dp->links[i].fd, prog, NULL) == 0)
			continue;
		/* ENOLINK: the interface is gone, and its link with it */
		if (errno == ENOLINK)
			continue;
		dp_error(err, "interface %u: cannot update the link: %s",
		    dp->links[i].ifindex, strerror(errno));
		while (i-- > 0)
			bpf_link_update(dp->links[i].fd, dp->prog, NULL);
		close(prog);
		close(beat);
		return (-1);
	}
	close(dp->prog);
	close(dp->beat);
	dp->prog = prog;
	dp->beat = beat;
	return (0);
}

int
dp_egress_set(struct dp *dp, unsigned int ifindex, bool on)
{
	uint32_t key = ifindex;

	if (on)
		return (
		    bpf_map_update_elem(dp->devmap, &key, &key, BPF_ANY) == 0 ?
			0 :
			-1);
	if (bpf_map_delete_elem(dp->devmap, &key) != 0 && errno != ENOENT)
		return (-1);
	return (0);
}

int
dp_egress_only(struct dp *dp, const unsigned int *keep, size_t n)
{
	uint32_t keys[EGRESS_MAX], key;
	size_t i, k, nkeys = 0;

	while (nkeys < EGRESS_MAX && bpf_map_get_next_key(dp->devmap,
	    nkeys == 0 ? NULL : &keys[nkeys - 1], &key) == 0)
		keys[nkeys++] = key;
	for (i = 0; i < nkeys; i++) {
		for (k = 0; k < n && keep[k] != keys[i]; k++)
			continue;
		if (k == n && dp_egress_set(dp, keys[i], false) == -1)
			return (-1);
	}
	return (0);
}

/*
 * Jiffies a second: the resolution of the coarse clocks is one tick, exactly.
 * (CLK_TCK is another unit, and the kernel's config may not be readable.)
 */
static uint64_t
jiffies_per_second(void)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == -1 ||
	    tick.tv_sec != 0 || tick.tv_nsec == 0)
		return (0);
	return ((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}

int
dp_beat(struct dp *dp, uint32_t stale)
{
	uint64_t packet[8] = { stale * jiffies_per_second() };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet,
	    .data_size_in = sizeof(packet));

	if (packet[0] == 0 && stale != 0) {
		errno = ENOTSUP;
		return (-1);
	}
	if (bpf_prog_test_run_opts(dp->beat, &opts) != 0)
		return (-1);
	if (opts.retval != XDP_PASS) {
		errno = EIO;
		return (-1);
	}
	return (0);
}

int
dp_counters(const struct dp *dp, uint64_t *count)
{
	struct percpu *v;
	uint32_t key = 0;
	int cpus, cpu, i;

	memset(count, 0, CNT_MAX * sizeof(*count));
	if ((cpus = libbpf_num_possible_cpus()) < 0) {
		errno = -cpus;
		return (-1);
	}
	if ((v = calloc(cpus, sizeof(*v))) == NULL)
		return (-1);
	if (bpf_map_lookup_elem(dp->counters, &key, v) != 0) {
		free(v);
		return (-1);
	}
	for (cpu = 0; cpu < cpus; cpu++)
		for (i = 0; i < CNT_MAX; i++)
			count[i] += v[cpu].count[i];
	free(v);
	return (0);
}

uint64_t
dp_memory(const struct dp *dp)
{
	uint64_t bytes = 0;
	int cpus = libbpf_num_possible_cpus();
	size_t i;

	for (i = 0; i < DP_TABLES; i++)
		bytes += dp->tables[i].mapped;
	return (bytes + (cpus < 1 ? 1 : cpus) * sizeof(struct percpu));
}

int
dp_grace(const struct dp *dp)
{
	uint32_t key = 0;

	return (bpf_map_update_elem(dp->grace, &key, &dp->grace_inner,
		    BPF_ANY) == 0 ?
		0 :
		-1);
}

void
dp_grace_only(const struct dp *dp, int keep)
{
	int fd, last = sysconf(_SC_OPEN_MAX);

	for (fd = 3; fd < last; fd++)
		if (fd != keep && fd != dp->grace && fd != dp->grace_inner)
			close(fd);
}
