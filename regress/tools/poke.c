/* SPDX-License-Identifier: ISC */
/*
 * Look at and spoil the tables of a running daemon, as broken memory would.
 *
 * poke PID ADDRESS look	the leaf that programs find, as a number
 * poke PID ADDRESS slot	flip a bit of its word in the direct array
 * poke PID ADDRESS node	flip a bit of the last node on its way
 *
 * What spoils prints the word's index in its table.
 */
#include <stdint.h>

#include "../../lib/addr.h"
#include "tables.h"

struct target {
	pid_t		 pid;
	bool		 v6;
	uint64_t	 hi, lo;
};

/* A table, to be written. */
static uint32_t *
table_open(const struct target *t, const char *name4, const char *name6)
{
	const char		*name = t->v6 ? name6 : name4;
	struct bpf_map_info	 info = { 0 };
	uint32_t		 id = map_of(t->pid, name, &info);
	void			*mem;
	int			 fd;

	if (id == 0)
		errx(1, "process %d has no map %s", (int)t->pid, name);
	if ((fd = bpf_map_get_fd_by_id(id)) == -1)
		err(1, "map %s", name);
	mem = mmap(NULL, info.value_size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (mem == MAP_FAILED)
		err(1, "map %s", name);
	close(fd);
	return (mem);
}

static uint32_t
slot_of(const struct target *t)
{
	if (!t->v6)
		return ((uint32_t)(t->hi >> (64 - FIB4_DIR_BITS)));
	if (t->hi >> (64 - FIB6_DIR_SKIP) != 2)
		errx(1, "only addresses in 2000::/4 have a slot");
	return ((uint32_t)(t->hi >> (64 - FIB6_DIR_SKIP - FIB6_DIR_BITS)) &
	    (FIB6_DIR_WORDS - 1));
}

/* The word of the last node that its leaf is read from. */
static uint32_t
node_word(const struct target *t, const uint32_t *pool, uint32_t w)
{
	unsigned int	 from = t->v6 ? FIB6_DIR_SKIP + FIB6_DIR_BITS :
	    FIB4_DIR_BITS;
	unsigned int	 run;
	uint32_t	 unit;
	uint64_t	 map;

	if (!(w & FIB_NODE))
		errx(1, "there is no node on the way");
	for (;; from += FIB_STRIDE) {
		unit = w & FIB_UNIT;
		if (w & FIB_TINY)
			return (unit * 2);
		memcpy(&map, pool + unit * 2UL, sizeof(map));
		map &= ~0ULL >> (63 - walk_index(t->hi, t->lo, from));
		run = (unsigned int)__builtin_popcountll(map) - 1;
		if (w & FIB_NARROW)
			return (unit * 2 + 2 + run / 2);
		w = pool[unit * 2 + 2 + run];
		if (!(w & FIB_NODE))
			return (unit * 2 + 2 + run);
	}
}

int
main(int argc, char **argv)
{
	struct target	 t;
	struct addr	 a;
	uint32_t	*dir, *pool, at;

	if (argc != 4 || addr_parse(argv[2], &a) == -1)
		errx(1, "usage: poke PID ADDRESS {look|slot|node}");
	t.pid = (pid_t)atoi(argv[1]);
	t.v6 = a.af == AF_INET6;
	memcpy(&t.hi, a.b, sizeof(t.hi));
	memcpy(&t.lo, a.b + 8, sizeof(t.lo));
	t.hi = be64toh(t.hi);
	t.lo = be64toh(t.lo);
	dir = table_open(&t, "pf_dir4", "pf_dir6");
	pool = table_open(&t, "pf_pool4", "pf_pool6");
	if (strcmp(argv[3], "look") == 0) {
		printf("%u\n", t.v6 ? walk6(dir, pool, t.hi, t.lo) :
		    walk4(dir, pool, (uint32_t)(t.hi >> 32)));
	} else if (strcmp(argv[3], "slot") == 0) {
		at = slot_of(&t);
		dir[at] ^= 1;
		printf("%u\n", at);
	} else if (strcmp(argv[3], "node") == 0) {
		at = node_word(&t, pool, dir[slot_of(&t)]);
		/* of both leaves, if it has two of 16 bits */
		pool[at] ^= 0x00010001;
		printf("%u\n", at);
	} else
		errx(1, "%s: look, slot or node", argv[3]);
	return (0);
}
