/* SPDX-License-Identifier: ISC */
/* What sandbox.c's table says of a process, and the steps in other files. */
#ifndef LIB_SANDBOX_STEPS_H
#define LIB_SANDBOX_STEPS_H

#include <sys/resource.h>

#include <stdbool.h>
#include <stdint.h>

#include "sandbox.h"

/* Sets of system calls; sandbox_seccomp.c lists what is in each. */
#define CALLS_LOOP	0x01	/* event loop, pipes, memory, logging, exit */
#define CALLS_FILE	0x02	/* reading files that were handed in open */
#define CALLS_SOCKET	0x04	/* serving sockets that were handed in */
#define CALLS_TCP	0x08	/* options of TCP connections */
#define CALLS_PARENT	0x10	/* the kernel, files, forks */

struct sandbox_row {
	uint64_t	 caps;		/* 1 << CAP_*; kept, all else is lost */
	bool		 fs;	/* Landlock: the paths given; else none */
	bool		 net;		/* Landlock: may bind and connect */
	bool		 write;		/* may make files grow */
	bool		 fork;
	rlim_t		 nofile;	/* 0: as it is */
	unsigned int	 calls;		/* CALLS_* */
};

/* No file, address or process outside but what row and paths allow. 0, or -1
   if the kernel has no Landlock. Fatal on other failures. */
int	 sandbox_landlock(const struct sandbox_row *,
	    const struct sandbox_paths *);
/* Only the calls of the row. */
void	 sandbox_seccomp(const struct sandbox_row *);

#endif
