/* SPDX-License-Identifier: ISC */
/*
 * The data path's first generation, and what all of a daemon share: counters,
 * egress interfaces, the dead-man's beat.  What the tables mean is decided
 * elsewhere.
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

int
dp_tables(struct dp *dp, const struct dp_params *params, char *err)
{
	const struct {
		const char *name;
		size_t size;
	} want[DP_OWN] = {
		[DP_DIR4] = { "pf_dir4", FIB4_DIR_WORDS * sizeof(uint32_t) },
		[DP_POOL4] = { "pf_pool4",
		    (size_t)params->units4 * 8 + FIB_POOL_SLACK },
		[DP_DIR6] = { "pf_dir6", FIB6_DIR_WORDS * sizeof(uint32_t) },
		[DP_POOL6] = { "pf_pool6",
		    (size_t)params->units6 * 8 + FIB_POOL_SLACK },
		[DP_GROUPS] = { "pf_groups",
		    params->groups * sizeof(struct ecmp_group) },
		[DP_NEXTHOPS] = { "pf_nexthops",
		    params->nexthops * sizeof(uint32_t) },
		[DP_NHENTS] = { "pf_nhents",
		    dp->nh.entries * sizeof(struct nh_entry) },
	};
	size_t i;

	for (i = 0; i < DP_OWN; i++) {
		if (table_create(&dp->tables[i], want[i].name, want[i].size) ==
		    -1) {
			dp_error(err, "cannot create map %s of %zu bytes: %s",
			    want[i].name, want[i].size, strerror(errno));
			return (-1);
		}
	}
	dp_words(dp);
	return (0);
}

void
dp_words(struct dp *dp)
{
	size_t i;

	for (i = 0; i < FIB_TABLE_MAX; i++)
		dp->tables[i].words = dp->tables[i].size / sizeof(uint32_t);
	dp->tables[DP_POOL4].words -= FIB_POOL_SLACK / sizeof(uint32_t);
	dp->tables[DP_POOL6].words -= FIB_POOL_SLACK / sizeof(uint32_t);
}

/* Tables that outlive generations. */
static int
create_shared(struct dp_shared *sh, char *err)
{
	struct control *control;

	if (table_create(&sh->tables[DP_PORTS], "pf_ports",
		PORTS_MAX * sizeof(struct port)) == -1 ||
	    table_create(&sh->tables[DP_CONTROL], "pf_control",
		sizeof(struct control)) == -1) {
		dp_error(err, "cannot create maps pf_ports, pf_control: %s",
		    strerror(errno));
		return (-1);
	}
	control = sh->tables[DP_CONTROL].mem;
	control->abi = ABI_VERSION;
	return (0);
}

/* The map whose update waits for all programs to end. */
static int
create_grace(struct dp_shared *sh)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	sh->grace_inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pf_grace_in",
	    sizeof(uint32_t), sizeof(uint32_t), 1, NULL);
	if (sh->grace_inner < 0)
		return (-1);
	opts.inner_map_fd = sh->grace_inner;
	sh->grace = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "pf_grace",
	    sizeof(uint32_t), sizeof(uint32_t), 1, &opts);
	return (sh->grace < 0 ? -1 : 0);
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
pinned_abi(const struct dp_shared *sh)
{
	struct control control;
	char path[PATH_MAX];
	uint32_t key = 0;
	bool same = false;
	int fd;

	snprintf(path, sizeof(path), "%s/control", sh->root);
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
pin_over(const struct dp_shared *sh, int fd, const char *name, char *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", sh->root, name);
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
shared_map(const struct dp_shared *sh, const char *name,
    const struct bpf_map_info *want, bool adopt, char *err)
{
	char path[PATH_MAX];
	int fd;

	if (sh->pin && adopt) {
		snprintf(path, sizeof(path), "%s/%s", sh->root, name);
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
	if (sh->pin && pin_over(sh, fd, name, err) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

static int
create_maps(struct dp_shared *sh, char *err)
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

	if (create_shared(sh, err) == -1)
		return (-1);
	if (create_grace(sh) == -1) {
		dp_error(err, "cannot create map pf_grace: %s",
		    strerror(errno));
		return (-1);
	}
	sh->counters = shared_map(sh, "counters", &counters,
	    sh->pin && pinned_abi(sh), err);
	if (sh->counters == -1)
		return (-1);
	sh->devmap = shared_map(sh, "devmap", &devmap, true, err);
	return (sh->devmap == -1 ? -1 : 0);
}

static struct dp_shared *
shared_new(const struct dp_params *params)
{
	struct dp_shared *sh;

	if ((sh = calloc(1, sizeof(*sh))) == NULL)
		return (NULL);
	sh->tables[DP_PORTS].fd = sh->tables[DP_CONTROL].fd = -1;
	sh->counters = sh->devmap = sh->grace = sh->grace_inner = -1;
	sh->pin = params->pin;
	if (sh->pin && (sh->root = strdup(params->root)) == NULL) {
		free(sh);
		return (NULL);
	}
	sh->frags = !params->no_frags && dp_has_frags();
	return (sh);
}

static bool
params_good(const struct dp_params *p)
{
	return (power_of_two(p->units4) && p->units4 <= UNITS_MAX &&
	    power_of_two(p->units6) && p->units6 <= UNITS_MAX &&
	    power_of_two(p->nexthops) && p->nexthops >= 4 &&
	    p->nexthops <= NEXTHOPS_MAX && power_of_two(p->groups) &&
	    p->groups >= 2 && p->groups <= NEXTHOPS_MAX);
}

struct dp *
dp_new(struct dp_shared *sh, const struct dp_params *params, char *err)
{
	struct dp *dp;
	size_t i;

	if (!params_good(params)) {
		dp_error(err,
		    "table sizes %u, %u, %u, %u: not powers of two "
		    "within bounds",
		    params->units4, params->units6, params->nexthops,
		    params->groups);
		return (NULL);
	}
	if ((dp = calloc(1, sizeof(*dp))) == NULL ||
	    nh_pool_init(&dp->nh, params->nexthops * 2) == -1) {
		dp_error(err, "%s", strerror(errno));
		if (dp != NULL)
			nh_pool_free(&dp->nh);
		free(dp);
		return (NULL);
	}
	for (i = 0; i < DP_OWN; i++)
		dp->tables[i].fd = -1;
	dp->prog = dp->beat = -1;
	dp->nexthops = params->nexthops;
	dp->groups = params->groups;
	dp->mode = params->mode;
	dp->hash_mode = params->hash_mode;
	dp->hash_seed = params->hash_seed;
	dp->sh = sh;
	sh->refs++;
	return (dp);
}

struct dp *
dp_load(const struct dp_params *params, char *err)
{
	struct dp_shared *sh;
	struct dp *dp;

	if ((sh = shared_new(params)) == NULL) {
		dp_error(err, "%s", strerror(errno));
		return (NULL);
	}
	if ((dp = dp_new(sh, params, err)) == NULL) {
		free(sh->root);
		free(sh);
		return (NULL);
	}
	if (create_maps(sh, err) == -1 || dp_tables(dp, params, err) == -1 ||
	    dp_program(dp, err) == -1 ||
	    (sh->pin &&
		pin_over(sh, sh->tables[DP_CONTROL].fd, "control", err) ==
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

static void
shared_free(struct dp_shared *sh)
{
	size_t i;

	if (--sh->refs > 0)
		return;
	for (i = 0; i < sh->nlinks; i++)
		close_fd(sh->links[i].fd);
	for (i = DP_OWN; i < DP_TABLES; i++)
		table_close(&sh->tables[i]);
	close_fd(sh->counters);
	close_fd(sh->devmap);
	close_fd(sh->grace);
	close_fd(sh->grace_inner);
	free(sh->links);
	free(sh->root);
	free(sh);
}

void
dp_free(struct dp *dp)
{
	size_t i;

	if (dp == NULL)
		return;
	for (i = 0; i < DP_OWN; i++)
		table_close(&dp->tables[i]);
	close_fd(dp->prog);
	close_fd(dp->beat);
	nh_pool_free(&dp->nh);
	shared_free(dp->sh);
	free(dp);
}

int
dp_prog_fd(const struct dp *dp)
{
	return (dp->prog);
}

int
dp_egress_set(struct dp *dp, unsigned int ifindex, bool on)
{
	uint32_t key = ifindex;

	if (on)
		return (bpf_map_update_elem(dp->sh->devmap, &key, &key,
		    BPF_ANY) == 0 ? 0 : -1);
	if (bpf_map_delete_elem(dp->sh->devmap, &key) != 0 && errno != ENOENT)
		return (-1);
	return (0);
}

int
dp_egress_only(struct dp *dp, const unsigned int *keep, size_t n)
{
	uint32_t keys[EGRESS_MAX], key;
	size_t i, k, nkeys = 0;

	while (nkeys < EGRESS_MAX && bpf_map_get_next_key(dp->sh->devmap,
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
	if (bpf_map_lookup_elem(dp->sh->counters, &key, v) != 0) {
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

	for (i = 0; i < DP_OWN; i++)
		bytes += dp->tables[i].mapped;
	for (; i < DP_TABLES; i++)
		bytes += dp->sh->tables[i].mapped;
	return (bytes + (cpus < 1 ? 1 : cpus) * sizeof(struct percpu));
}

int
dp_grace(const struct dp *dp)
{
	uint32_t key = 0;

	return (bpf_map_update_elem(dp->sh->grace, &key, &dp->sh->grace_inner,
		    BPF_ANY) == 0 ?
		0 :
		-1);
}

/* Mappings would keep the tables after the parent has let them go. */
void
dp_grace_only(struct dp *dp, int keep)
{
	int fds[] = { keep, dp->sh->grace, dp->sh->grace_inner };
	size_t i;

	for (i = 0; i < DP_OWN; i++)
		table_close(&dp->tables[i]);
	dp_close_but(fds, sizeof(fds) / sizeof(*fds));
}
