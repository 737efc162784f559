/* SPDX-License-Identifier: ISC */
/*
 * The object of bpf/: opened, given its constants and its tables, verified.
 * The only file that knows the skeleton.
 */
#include <sys/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "dp.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "bpf/xdp.skel.h"
#pragma GCC diagnostic pop

#define LOG_TAIL 12 /* lines of a verifier's log */

/* libbpf hands over a whole verifier log as one message; its end tells. */
static int
print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *msg, *line, *p;
	int lines = 0;

	if (level == LIBBPF_DEBUG || vasprintf(&msg, fmt, ap) == -1)
		return (0);
	p = msg + strlen(msg);
	while (p > msg && p[-1] == '\n')
		*--p = '\0';
	while (p > msg && (p[-1] != '\n' || ++lines < LOG_TAIL))
		p--;
	while ((line = strsep(&p, "\n")) != NULL)
		log_debug("libbpf: %s", line);
	free(msg);
	return (0);
}

bool
dp_has_frags(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
	    .prog_flags = BPF_F_XDP_HAS_FRAGS);
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pf_probe", "BSD", insns,
	    sizeof(insns) / sizeof(insns[0]), &opts);
	if (fd < 0)
		return (false);
	close(fd);
	return (true);
}

struct swap {
	struct bpf_map *map;
	int fd; /* ours */
	uint32_t declared; /* size of the value in the object */
};

#define SWAPS (DP_TABLES + 2)

static void
swap_list(const struct dp *dp, const struct xdp *skel, struct swap *swaps)
{
	struct bpf_map *maps[SWAPS] = {
		[DP_DIR4] = skel->maps.data_dir4,
		[DP_POOL4] = skel->maps.data_pool4,
		[DP_DIR6] = skel->maps.data_dir6,
		[DP_POOL6] = skel->maps.data_pool6,
		[DP_GROUPS] = skel->maps.data_groups,
		[DP_NEXTHOPS] = skel->maps.data_nexthops,
		[DP_NHENTS] = skel->maps.data_nhents,
		[DP_PORTS] = skel->maps.data_ports,
		[DP_CONTROL] = skel->maps.data_control,
		[DP_TABLES] = skel->maps.counters,
		[DP_TABLES + 1] = skel->maps.devmap,
	};
	size_t i;

	for (i = 0; i < SWAPS; i++) {
		swaps[i].map = maps[i];
		swaps[i].declared = bpf_map__value_size(maps[i]);
		if (i < DP_OWN)
			swaps[i].fd = dp->tables[i].fd;
		else if (i < DP_TABLES)
			swaps[i].fd = dp->sh->tables[i].fd;
	}
	swaps[DP_TABLES].fd = dp->sh->counters;
	swaps[DP_TABLES + 1].fd = dp->sh->devmap;
}

/* Put our maps in the place of the object's. */
static int
swap_in(const struct swap *swaps)
{
	size_t i;
	int r;

	for (i = 0; i < SWAPS; i++) {
		if ((r = bpf_map__reuse_fd(swaps[i].map, swaps[i].fd)) != 0) {
			errno = -r;
			return (-1);
		}
	}
	return (0);
}

/*
 * Closing an object, libbpf unmaps the initial contents of each data section
 * by the size of the map it holds then: with one of ours there, far behind
 * their end. So it gets maps of the declared sizes before.
 */
static int
swap_out(const struct swap *swaps)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	size_t i;
	int fd, r;

	for (i = 0; i < DP_TABLES; i++) {
		if (bpf_map__value_size(swaps[i].map) == swaps[i].declared)
			continue;
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pf_declared",
		    sizeof(uint32_t), swaps[i].declared, 1, &opts);
		if (fd < 0)
			return (-1);
		r = bpf_map__reuse_fd(swaps[i].map, fd);
		close(fd);
		if (r != 0)
			return (-1);
	}
	return (0);
}

static void
constants(const struct dp *dp, struct xdp *skel)
{
	skel->rodata->cfg_mode = dp->mode;
	skel->rodata->cfg_frags = dp->sh->frags;
	skel->rodata->cfg_pool4_mask =
	    dp->tables[DP_POOL4].size - FIB_POOL_SLACK - 8;
	skel->rodata->cfg_pool6_mask =
	    dp->tables[DP_POOL6].size - FIB_POOL_SLACK - 8;
	skel->rodata->cfg_group_mask = dp->groups - 1;
	skel->rodata->cfg_nexthop_mask = dp->nexthops - 1;
	skel->rodata->cfg_nhent_mask = dp->nh.entries - 1;
	skel->rodata->cfg_hash_mode = dp->hash_mode;
	skel->rodata->cfg_hash_seed = dp->hash_seed;
}

static int
take_fd(const struct bpf_program *prog)
{
	return (fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 3));
}

int
dp_program(struct dp *dp, char *err)
{
	struct swap swaps[SWAPS];
	struct xdp *skel;
	uint32_t flags = dp->sh->frags ? BPF_F_XDP_HAS_FRAGS : 0;
	int r;

	libbpf_set_print(print);
	if ((skel = xdp__open()) == NULL) {
		dp_error(err, "cannot open the BPF object: %s",
		    strerror(errno));
		return (-1);
	}
	constants(dp, skel);
	bpf_program__set_flags(skel->progs.packetframe, flags);
	bpf_program__set_flags(skel->progs.beat, flags);
	swap_list(dp, skel, swaps);
	if (swap_in(swaps) == -1)
		dp_error(err, "cannot use the tables: %s", strerror(errno));
	else if ((r = bpf_object__load(skel->obj)) != 0)
		dp_error(err, "cannot load the XDP program: %s", strerror(-r));
	else if ((dp->prog = take_fd(skel->progs.packetframe)) == -1 ||
	    (dp->beat = take_fd(skel->progs.beat)) == -1)
		dp_error(err, "cannot keep the XDP program: %s",
		    strerror(errno));
	/* better to leak the object than our address space */
	if (swap_out(swaps) == 0)
		xdp__destroy(skel);
	return (dp->beat == -1 ? -1 : 0);
}
