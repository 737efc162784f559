/* SPDX-License-Identifier: ISC */
/*
 * What only root can do, once, before privilege is dropped: users,
 * directories, the bpffs, listeners and control sockets.
 */
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/sandbox.h"
#include "shell.h"

#define SYS_BPFFS	"/sys/fs/bpf"

static int
user(const char *name, uid_t *uid, gid_t *gid)
{
	struct passwd	*pw;

	if ((pw = getpwnam(name)) == NULL) {
		log_warnx("user %s does not exist", name);
		return (-1);
	}
	if (pw->pw_uid == 0) {
		log_warnx("user %s is root; the daemon needs one without "
		    "privilege", name);
		return (-1);
	}
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return (0);
}

int
boot_users(void)
{
	const struct config	*c = parent.conf;

	if (user(c->user_parent, &parent.uid, &parent.gid) == -1 ||
	    user(c->user_children, &parent.child_uid, &parent.child_gid) == -1)
		return (-1);
	if (parent.uid == parent.child_uid) {
		log_warnx("user %s: parent and children must be different "
		    "users", c->user_parent);
		return (-1);
	}
	return (0);
}

/* Make a directory and those above it; existing ones stay as they are. */
static int
make_path(const char *path, mode_t mode)
{
	char	buf[PATH_MAX], *p;

	strlcpy(buf, path, sizeof(buf));
	for (p = buf + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(buf, 0755) == -1 && errno != EEXIST)
			return (-1);
		*p = '/';
	}
	return (mkdir(buf, mode) == -1 && errno != EEXIST ? -1 : 0);
}

static bool
is_bpffs(const char *path)
{
	struct statfs	fs;

	return (statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC);
}

static int
mount_bpffs(const char *path)
{
	if (mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "mode=0700") == -1) {
		log_warn("bpffs-root %s: cannot mount a bpffs at %s",
		    parent.conf->bpffs_root, path);
		return (-1);
	}
	log_info("mounted a bpffs at %s", path);
	return (0);
}

/* What is in a directory would be hidden by a mount. */
static bool
is_empty(const char *path)
{
	struct dirent	*e;
	DIR		*dir;
	bool		 empty = true;

	if ((dir = opendir(path)) == NULL)
		return (false);
	while (empty && (e = readdir(dir)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0;
	closedir(dir);
	return (empty);
}

static int
bpffs(const char *root)
{
	/* it becomes ours alone, and others pin there */
	if (strcmp(root, SYS_BPFFS) == 0) {
		log_warnx("bpffs-root %s: expected a directory below it",
		    root);
		return (-1);
	}
	/* nothing can be made in an empty sysfs directory: the system's own
	   place for a bpffs is mounted first */
	if (strncmp(root, SYS_BPFFS "/", sizeof(SYS_BPFFS)) == 0 &&
	    access(SYS_BPFFS, F_OK) == 0 && !is_bpffs(SYS_BPFFS) &&
	    mount_bpffs(SYS_BPFFS) == -1)
		return (-1);
	if (make_path(root, 0700) == -1) {
		log_warn("bpffs-root %s", root);
		return (-1);
	}
	if (!is_bpffs(root)) {
		if (!is_empty(root)) {
			log_warnx("bpffs-root %s: neither a bpffs nor an "
			    "empty directory", root);
			return (-1);
		}
		if (mount_bpffs(root) == -1)
			return (-1);
	}
	if (chown(root, parent.uid, parent.gid) == -1 ||
	    chmod(root, 0700) == -1) {
		log_warn("bpffs-root %s", root);
		return (-1);
	}
	return (0);
}

int
boot_directories(void)
{
	const struct config	*c = parent.conf;

	if (make_path(c->state_dir, 0750) == -1 ||
	    (parent.statefd = open(c->state_dir, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1 ||
	    fchown(parent.statefd, parent.uid, parent.gid) == -1) {
		log_warn("state-dir %s", c->state_dir);
		return (-1);
	}
	return (bpffs(c->bpffs_root));
}

int
boot_lock(void)
{
	const char	*root = parent.conf->bpffs_root;

	parent.lockfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent.lockfd == -1) {
		log_warn("bpffs-root %s", root);
		return (-1);
	}
	if (flock(parent.lockfd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			log_warnx("bpffs-root %s: another packetframed runs "
			    "on it", root);
		else
			log_warn("bpffs-root %s", root);
		return (-1);
	}
	return (0);
}

static int
listener(const struct config_source *s)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	char			 addr[ADDRSTRLEN];
	int			 fd, on = 1;

	len = addr_to_sa(&s->addr, s->port, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd != -1 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	    listen(fd, 64) == 0)
		return (fd);
	log_warn("route-source %s %s port %u", s->bmp ? "bmp" : "bgp",
	    addr_format(&s->addr, addr), s->port);
	if (fd != -1)
		close(fd);
	return (-1);
}

int
boot_listeners(void)
{
	const struct config	*c = parent.conf;
	uint32_t		 i;

	if ((parent.listeners = calloc(c->nsources + 1, sizeof(int))) == NULL)
		fatal(NULL);
	for (i = 0; i < c->nsources; i++)
		if ((parent.listeners[i] = listener(&c->sources[i])) == -1)
			return (-1);
	return (0);
}

/* A socket that nobody answers on is what a dead daemon left. Any other kind
   of file refuses a connection too, and is not ours to remove. */
static bool
left_behind(const char *path)
{
	struct stat	st;

	return (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode));
}

static int
control_socket(const struct config_socket *s)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	char			 dir[sizeof(s->path)];
	mode_t			 old;
	int			 fd, ret;

	strlcpy(sun.sun_path, s->path, sizeof(sun.sun_path));
	strlcpy(dir, s->path, sizeof(dir));
	if (make_path(dirname(dir), 0755) == -1 || (fd = socket(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1) {
		log_warn("socket %s", s->path);
		return (-1);
	}
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0) {
		log_warnx("socket %s: another daemon answers on it", s->path);
		close(fd);
		return (-1);
	}
	if (errno == ECONNREFUSED && left_behind(s->path))
		unlink(s->path);
	old = umask(0117);
	ret = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	if (ret == -1 || chown(s->path, 0, parent.gid) == -1 ||
	    listen(fd, 16) == -1) {
		log_warn("socket %s", s->path);
		close(fd);
		return (-1);
	}
	return (fd);
}

int
boot_sockets(void)
{
	const struct config	*c = parent.conf;
	uint32_t		 i;

	if ((parent.sockets = calloc(c->nsockets + 1, sizeof(int))) == NULL)
		fatal(NULL);
	for (i = 0; i < c->nsockets; i++)
		if ((parent.sockets[i] = control_socket(&c->sockets[i])) == -1)
			return (-1);
	return (0);
}

/* Drop to the two capabilities, and name what stays reachable. */
void
boot_drop(void)
{
	char			 metrics[PATH_MAX], conf[PATH_MAX];
	const struct config	*c = parent.conf;
	const char		*read[] = { NULL, "/sys/devices/system/cpu",
	    "/sys/kernel/btf", "/proc/sys/net", "/sys/class/net",
	    "/sys/devices", NULL };
	const char		*write[] = { c->state_dir, c->bpffs_root, NULL,
	    NULL };
	/* libbpf opens "/" to have a descriptor that it can dup over */
	const char		*list[] = { "/", NULL };
	struct sandbox_paths	 paths = { list, read, write };

	strlcpy(conf, parent.opt.config, sizeof(conf));
	read[0] = dirname(conf);
	if (c->metrics_textfile[0] != '\0') {
		strlcpy(metrics, c->metrics_textfile, sizeof(metrics));
		write[2] = dirname(metrics);
	}
	sandbox_enter(PROC_PARENT, NULL, parent.uid, parent.gid, &paths);
}
