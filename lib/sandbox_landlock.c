/* SPDX-License-Identifier: ISC */
/*
 * Landlock, by its system calls: libc has no wrappers for them, and the
 * headers of older systems lack the newer rights. It takes away only; whether a
 * process needs a right at all is sandbox.c's table.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <linux/landlock.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_steps.h"

/* Rights by the ABI version that brought them. */
#define FS_1		((1ULL << 13) - 1)
#define FS_REFER	(1ULL << 13)	/* 2 */
#define FS_TRUNCATE	(1ULL << 14)	/* 3 */
#define FS_IOCTL_DEV	(1ULL << 15)	/* 5 */
#define NET_BIND_TCP	(1ULL << 0)	/* 4 */
#define NET_CONNECT_TCP	(1ULL << 1)
#define SCOPE_ABSTRACT	(1ULL << 0)	/* 6 */
#define SCOPE_SIGNAL	(1ULL << 1)

#define FS_READ		(LANDLOCK_ACCESS_FS_READ_FILE |			\
			    LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE	(LANDLOCK_ACCESS_FS_WRITE_FILE |		\
			    LANDLOCK_ACCESS_FS_REMOVE_DIR |		\
			    LANDLOCK_ACCESS_FS_REMOVE_FILE |		\
			    LANDLOCK_ACCESS_FS_MAKE_DIR |		\
			    LANDLOCK_ACCESS_FS_MAKE_REG | FS_REFER |	\
			    FS_TRUNCATE)
/* What makes sense on something that is no directory. */
#define FS_FILE		(LANDLOCK_ACCESS_FS_READ_FILE |			\
			    LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* As the kernel has it since ABI 6; it takes shorter ones. */
struct ruleset_attr {
	uint64_t	fs;
	uint64_t	net;
	uint64_t	scoped;
};

static size_t
ruleset_size(int abi)
{
	if (abi >= 6)
		return (sizeof(struct ruleset_attr));
	if (abi >= 4)
		return (offsetof(struct ruleset_attr, scoped));
	return (offsetof(struct ruleset_attr, net));
}

static void
ruleset_fill(struct ruleset_attr *attr, int abi, const struct sandbox_row *row)
{
	memset(attr, 0, sizeof(*attr));
	attr->fs = FS_1;
	if (abi >= 2)
		attr->fs |= FS_REFER;
	if (abi >= 3)
		attr->fs |= FS_TRUNCATE;
	if (abi >= 4 && !row->net)
		attr->net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		attr->fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		attr->scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
}

static void
allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule;
	struct stat st;
	int fd;

	if ((fd = open(path, O_PATH | O_CLOEXEC)) == -1) {
		/* What is not there needs no right. */
		if (errno == ENOENT) {
			log_debug("landlock: %s is not there", path);
			return;
		}
		fatal("landlock: %s", path);
	}
	if (fstat(fd, &st) == -1)
		fatal("landlock: %s", path);
	if (!S_ISDIR(st.st_mode))
		rights &= FS_FILE;
	memset(&rule, 0, sizeof(rule));
	rule.allowed_access = rights;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0) == -1)
		fatal("landlock: rule for %s", path);
	close(fd);
}

int
sandbox_landlock(const struct sandbox_row *row,
    const struct sandbox_paths *paths)
{
	struct ruleset_attr attr;
	const char *const *s;
	int abi, ruleset;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi == -1) {
		/* Not built in, or not switched on at boot. */
		if (errno == ENOSYS || errno == EOPNOTSUPP)
			return (-1);
		fatal("landlock");
	}
	ruleset_fill(&attr, abi, row);
	ruleset = syscall(SYS_landlock_create_ruleset, &attr,
	    ruleset_size(abi), 0);
	if (ruleset == -1)
		fatal("landlock: ruleset, version %d", abi);
	if (row->fs && paths != NULL) {
		for (s = paths->list; s != NULL && *s != NULL; s++)
			allow(ruleset, *s, LANDLOCK_ACCESS_FS_READ_DIR);
		for (s = paths->read; s != NULL && *s != NULL; s++)
			allow(ruleset, *s, FS_READ);
		for (s = paths->write; s != NULL && *s != NULL; s++)
			allow(ruleset, *s, (FS_READ | FS_WRITE) & attr.fs);
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		fatal("landlock: restrict");
	close(ruleset);
	return (0);
}
