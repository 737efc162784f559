/* SPDX-License-Identifier: ISC */
/*
 * The feed that the tools agree on: the generated table, and the addresses
 * that its next hop indices stand for.  No sockets here.
 */
#ifndef TOOLS_FEED_H
#define TOOLS_FEED_H

#include <err.h>
#include <stdlib.h>

#include "../../lib/addr.h"
#include "dfz.h"

#define FEED_ARGS 6
#define FEED_USAGE "N4 N6 SEED NEXTHOPS4 NEXTHOPS6 COUNT"

struct feed {
	struct dfz table;
	struct prefix nets[2]; /* v4, v6: next hops are in there */
	uint32_t nexthops; /* addresses in each */
};

static inline uint32_t
feed_number(const char *s, const char *what)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || n > UINT32_MAX)
		errx(1, "%s: %s is not a number", what, s);
	return ((uint32_t)n);
}

/* Next hop i of a family: the network's address and i + 1. */
static inline struct addr
feed_nexthop(const struct feed *f, int af, uint32_t i)
{
	struct addr a = f->nets[af == AF_INET ? 0 : 1].addr;
	int last = af_bytes(af) - 1;

	i++;
	a.b[last] = (uint8_t)(a.b[last] + i);
	a.b[last - 1] = (uint8_t)(a.b[last - 1] + (i >> 8));
	return (a);
}

/*
 * Of n routes of a family, how many belong to the first so many of the table;
 * both families have their share.
 */
static inline uint32_t
feed_first(const struct feed *f, uint32_t n, uint32_t first)
{
	uint64_t all = (uint64_t)f->table.n4 + f->table.n6;

	return (first >= all ? n : (uint32_t)(n * (uint64_t)first / all));
}

/* From the arguments that FEED_USAGE names. */
static inline void
feed_make(struct feed *f, char **argv)
{
	int i, af;

	f->nexthops = feed_number(argv[5], "COUNT");
	if (f->nexthops == 0 || f->nexthops > 4000)
		errx(1, "COUNT: %s is not between 1 and 4000", argv[5]);
	for (i = 0; i < 2; i++) {
		af = i == 0 ? AF_INET : AF_INET6;
		if (prefix_parse(argv[3 + i], &f->nets[i], NULL) == -1 ||
		    f->nets[i].addr.af != af || f->nets[i].len % 8 != 0 ||
		    f->nets[i].len > af_bits(af) - 16)
			errx(1,
			    "%s: not an IPv%d prefix of whole bytes, with "
			    "16 bits to number in",
			    argv[3 + i], af == AF_INET ? 4 : 6);
	}
	if (dfz_make(&f->table, feed_number(argv[0], "N4"),
		feed_number(argv[1], "N6"), f->nexthops,
		feed_number(argv[2], "SEED")) == -1)
		err(1, "table");
}

#endif
