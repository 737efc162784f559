/* SPDX-License-Identifier: ISC */
/*
 * What each process may still do once it runs, and the one order in which it
 * gives up the rest. The table of processes in sandbox.c is the truth.
 */
#ifndef LIB_SANDBOX_H
#define LIB_SANDBOX_H

#include <sys/types.h>

#include "proc.h"

/* A sanitizer needs calls, memory and environment of its own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#endif

/* Paths the parent keeps, for Landlock. NULL-terminated lists. */
struct sandbox_paths {
	const char *const *list;	/* list directories, read no file */
	const char *const *read;	/* read files, list directories */
	const char *const *write;	/* all of it, below these */
};

/*
 * Lock up the calling process for good: rlimits, non-dumpable, chroot, groups
 * and ids, capabilities (the parent keeps CAP_BPF and CAP_NET_ADMIN, others
 * none), no_new_privs, Landlock (children: no rights), seccomp (a denied call
 * is logged by name and ends the process). Fatal where the kernel offers a
 * step and it fails; what the kernel lacks (Landlock) is logged once.
 * chroot NULL or uid -1 leave that step out.
 */
void	 sandbox_enter(enum proc_id, const char *chroot, uid_t, gid_t,
	    const struct sandbox_paths *);

#endif
