/* SPDX-License-Identifier: ISC */
/*
 * The one table of what each process keeps, and the one order in which all of
 * them give up the rest. Nothing is given back here, and nothing is opened.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_steps.h"

#define CAP(c)	(1ULL << CAP_##c)

/* Descriptors: loop and pipes take less than 32; engines have a connection
   for each peer, control one for each client. */
static const struct sandbox_row table[PROC_MAX] = {
	[PROC_PARENT] = {
		.caps = CAP(BPF) | CAP(NET_ADMIN),
		.fs = true, .net = true, .write = true, .fork = true,
		.calls = CALLS_LOOP | CALLS_PARENT,
	},
	[PROC_CONF] = {
		.nofile = 128,
		.calls = CALLS_LOOP | CALLS_FILE,
	},
	[PROC_RDE] = {
		.nofile = 64,
		.calls = CALLS_LOOP,
	},
	[PROC_BGPE] = {
		.nofile = 2048,
		.calls = CALLS_LOOP | CALLS_SOCKET | CALLS_TCP,
	},
	[PROC_BMPE] = {
		.nofile = 2048,
		.calls = CALLS_LOOP | CALLS_SOCKET | CALLS_TCP,
	},
	[PROC_CONTROL] = {
		.nofile = 512,
		.calls = CALLS_LOOP | CALLS_SOCKET,
	},
};

static void
limit(const char *name, __rlimit_resource_t what, rlim_t value)
{
	struct rlimit rl;

	/* A hard limit that is lower already cannot be raised by all. */
	if (getrlimit(what, &rl) == -1)
		fatal("getrlimit %s", name);
	if (rl.rlim_max < value)
		value = rl.rlim_max;
	rl.rlim_cur = rl.rlim_max = value;
	if (setrlimit(what, &rl) == -1)
		fatal("setrlimit %s", name);
}

static void
enter_limits(const struct sandbox_row *row)
{
	struct stat st;

	limit("core", RLIMIT_CORE, 0);
	if (row->nofile != 0)
		limit("nofile", RLIMIT_NOFILE, row->nofile);
	if (!row->fork)
		limit("nproc", RLIMIT_NPROC, 0);
	/* Where stderr goes to a file, the limit would be on the log. */
	if (!row->write &&
	    (fstat(STDERR_FILENO, &st) == -1 || !S_ISREG(st.st_mode)))
		limit("fsize", RLIMIT_FSIZE, 0);
}

/* No tracing, no /proc/PID/mem, no core: not even by our own uid. */
static void
enter_undumpable(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("prctl: dumpable");
}

/* Set what is to be kept in libcap-ng's state. */
static void
caps_want(const struct sandbox_row *row)
{
	unsigned int cap;

	capng_clear(CAPNG_SELECT_ALL);
	for (cap = 0; cap < 64; cap++) {
		if (!(row->caps & (1ULL << cap)))
			continue;
		if (capng_update(CAPNG_ADD,
		    CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
		    cap) == -1)
			fatalx("capability %u is unknown", cap);
	}
}

/*
 * What only CAP_SETPCAP can do, while it is there. With the fixup off, a
 * change of uid neither takes nor gives a capability: the set applied in
 * enter_caps is all there is. With NOROOT, neither does an exec.
 */
static void
enter_bounds(const struct sandbox_row *row)
{
	caps_want(row);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		fatalx("cannot drop the capability bounding set");
	if (prctl(PR_SET_SECUREBITS,
	    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
	    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
	    0, 0, 0) == -1)
		fatal("prctl: securebits");
}

static void
enter_ids(uid_t uid, gid_t gid)
{
	uid_t r, e, s;

	if (setgroups(1, &gid) == -1)
		fatal("setgroups %u", gid);
	if (setresgid(gid, gid, gid) == -1)
		fatal("setresgid %u", gid);
	if (setresuid(uid, uid, uid) == -1)
		fatal("setresuid %u", uid);
	if (getresuid(&r, &e, &s) == -1 || r != uid || e != uid || s != uid)
		fatalx("uid is not %u after setresuid", uid);
}

static void
enter_caps(const struct sandbox_row *row)
{
	caps_want(row);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		fatalx("cannot set capabilities (a kernel without CAP_BPF?)");
	/* Empties the ambient set, which is in no row. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		fatal("prctl: ambient capabilities");
}

void
sandbox_enter(enum proc_id id, const char *chrootdir, uid_t uid, gid_t gid,
    const struct sandbox_paths *paths)
{
	const struct sandbox_row *row = &table[id];
	bool root = uid != (uid_t)-1;

	/* libc and libcap-ng read files once, at their first use. */
	tzset();
	if (capng_get_caps_process() == -1)
		fatalx("cannot read own capabilities");

	enter_limits(row);
	enter_undumpable();
	if (root && chrootdir != NULL) {
		if (chroot(chrootdir) == -1)
			fatal("chroot %s", chrootdir);
		if (chdir("/") == -1)
			fatal("chdir to / in %s", chrootdir);
	}
	if (root) {
		enter_bounds(row);
		enter_ids(uid, gid);
		enter_caps(row);
		/* A change of ids has reset it to the system's default. */
		enter_undumpable();
	} else if (row->caps == 0)
		enter_caps(row);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl: no_new_privs");
	/* One line a daemon, not one a process. */
	if (sandbox_landlock(row, paths) == -1 && id == PROC_PARENT)
		log_info("this kernel has no Landlock: going on without");
	sandbox_seccomp(row);
}
