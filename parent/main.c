/* SPDX-License-Identifier: ISC */
/*
 * packetframed: options, one-shot verbs, and the way from root to the loop.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "../lib/mains.h"
#include "shell.h"

#define EMPTY_DIR	"/run/packetframe/empty"
#define NOBODY		65534	/* who parses before the config names users */

static void (*const mains[PROC_MAX])(const struct child_args *) = {
	[PROC_CONF] = conf_main,
	[PROC_RDE] = rde_main,
	[PROC_BGPE] = bgpe_main,
	[PROC_BMPE] = bmpe_main,
	[PROC_CONTROL] = control_main,
};

static void __attribute__((__noreturn__))
usage(void)
{
	fprintf(stderr, "usage: packetframed [-dnv] [-D macro=value] "
	    "[-f file]\n"
	    "       packetframed [-D macro=value] [-f file] detach "
	    "[all | interface]\n");
	exit(1);
}

static void
child(int argc, char **argv)
{
	struct child_args	 args;
	enum proc_id		 id;

	if (child_parse_args(argc, argv, &id, &args) == -1 ||
	    mains[id] == NULL)
		errx(1, "-P is for the daemon's own use");
	mains[id](&args);
}

/* Everyone may enter it and nobody finds or leaves anything there. */
static const char *
empty_dir(void)
{
	struct stat	st;

	if ((mkdir("/run/packetframe", 0755) == -1 && errno != EEXIST) ||
	    (mkdir(EMPTY_DIR, 0555) == -1 && errno != EEXIST) ||
	    stat(EMPTY_DIR, &st) == -1)
		err(1, "%s", EMPTY_DIR);
	if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		errx(1, "%s must belong to root and be writable by nobody "
		    "else", EMPTY_DIR);
	return (EMPTY_DIR);
}

static void
boot_say(int level, const char *text)
{
	log_warnx("%s", text);
}

static void
boot_parsed(struct config *conf)
{
	parent.conf = conf;
	event_base_loopbreak(parent.proc.base);
}

static void
boot_closed(struct proc *p, enum proc_id from)
{
	event_base_loopbreak(p->base);
}

static void
boot_unsupported(void *arg, const char *text)
{
	(*(int *)arg)++;
	log_warnx("%s", text);
}

/* Parse the config in a process of its own, as nobody, before anything else
   is done. */
static int
boot_parse(void)
{
	bool			root = geteuid() == 0;
	struct privsep_args	args = { .self = parent.opt.self,
	    .uid = root ? NOBODY : (uid_t)-1,
	    .gid = root ? NOBODY : (gid_t)-1,
	    .chroot = root ? empty_dir() : NULL, .foreground = true,
	    .log_level = log_get_level() };
	int			n = 0;

	if (conf_client_open(parent.opt.config) == -1)
		return (-1);
	privsep_start(&parent.proc, PROC_CONF, &args);
	parent.proc.closed = boot_closed;
	conf_client_parse(boot_parsed, boot_say);
	event_base_dispatch(parent.proc.base);
	parent.proc.closed = NULL;
	privsep_stop_one(&parent.proc, PROC_CONF, 2000);
	if (parent.conf == NULL)
		return (-1);
	config_unsupported(parent.conf, boot_unsupported, &n);
	return (n > 0 ? -1 : 0);
}

static void
print_line(void *arg, const char *section, const char *directive,
    const char *args)
{
	const char	**last = arg;

	if (*last == NULL || strcmp(*last, section) != 0)
		printf("%s%s%s\n", *last == NULL ? "" : "\n",
		    strcmp(section, "global") == 0 ? "" : "module ", section);
	*last = section;
	printf("\t%s%s%s\n", directive, *args != '\0' ? " " : "", args);
}

static int
check(void)
{
	const char	*last = NULL;

	if (boot_parse() == -1)
		return (1);
	if (parent.opt.verbose > 0)
		config_lines(parent.conf, true, print_line, &last);
	fprintf(stderr, "configuration OK\n");
	return (0);
}

/* Take everything that is pinned off the interfaces, without a daemon. */
static int
detach(const char *what)
{
	char		errbuf[DP_ERRLEN];
	unsigned int	ifindex = 0;
	int		n;

	if (boot_parse() == -1)
		return (1);
	if (access(parent.conf->bpffs_root, F_OK) == -1) {
		printf("nothing is attached\n");
		return (0);
	}
	if (boot_lock() == -1)
		return (1);
	if (strcmp(what, "all") != 0 && (ifindex = if_nametoindex(what)) == 0)
		err(1, "%s", what);
	if ((n = dp_unpin(parent.conf->bpffs_root, ifindex, errbuf)) == -1)
		errx(1, "%s", errbuf);
	printf("detached from %d interface%s\n", n, n == 1 ? "" : "s");
	return (0);
}

static void
start_children(void)
{
	struct privsep_args	args = { .self = parent.opt.self,
	    .uid = parent.child_uid, .gid = parent.child_gid,
	    .chroot = EMPTY_DIR, .foreground = parent.opt.foreground,
	    .log_level = log_get_level() };
	enum proc_id		p;

	for (p = PROC_CONF; p < PROC_MAX; p++)
		privsep_start(&parent.proc, p, &args);
	privsep_connect(&parent.proc);
}

/* The daemon. Each step is undone by the kernel when we exit, up to the
   attach of interfaces, which undoes itself. */
static int
daemonize_and_run(void)
{
	sigset_t	hup;

	/* not fatal before there is a handler, and not lost */
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, NULL);
	if (geteuid() != 0) {
		log_warnx("must be started as root; it drops privilege "
		    "itself");
		return (1);
	}
	if (boot_parse() == -1 || boot_users() == -1 ||
	    boot_directories() == -1 || boot_lock() == -1 ||
	    boot_listeners() == -1 || boot_sockets() == -1)
		return (1);
	if (!parent.opt.foreground) {
		if (daemon(0, 0) == -1)
			fatal("daemon");
		event_reinit(parent.proc.base);
		log_init("parent", false);
	}
	if (parent.opt.verbose == 0)
		log_set_level(parent.conf->log_level);
	start_children();
	boot_drop();
	return (parent_run());
}

static void
options(int argc, char **argv)
{
	int	ch;

	parent.opt.config = CONFIG_PATH;
	parent.opt.macros = calloc(argc, sizeof(*parent.opt.macros));
	if (parent.opt.macros == NULL)
		err(1, NULL);
	while ((ch = getopt(argc, argv, "dD:f:nv")) != -1) {
		switch (ch) {
		case 'd':
			parent.opt.foreground = true;
			break;
		case 'D':
			if (strchr(optarg, '=') == NULL)
				errx(1, "-D %s: expected macro=value", optarg);
			parent.opt.macros[parent.opt.nmacros++] = optarg;
			break;
		case 'f':
			parent.opt.config = optarg;
			break;
		case 'n':
			parent.opt.check = true;
			break;
		case 'v':
			parent.opt.verbose++;
			break;
		default:
			usage();
		}
	}
}

/* A relative name would not survive daemon(3)'s and a reload's view. */
static const char *
absolute(const char *path)
{
	char	*cwd, *s;

	if (*path == '/')
		return (path);
	if ((cwd = getcwd(NULL, 0)) == NULL ||
	    asprintf(&s, "%s/%s", cwd, path) == -1)
		err(1, "%s", path);
	free(cwd);
	return (s);
}

int
main(int argc, char **argv, char **envp)
{
	static char	self[PATH_MAX];
	ssize_t		n;

	setproctitle_init(argc, argv, envp);
	if (argc > 1 && strcmp(argv[1], "-P") == 0)
		child(argc, argv);
	if ((n = readlink("/proc/self/exe", self, sizeof(self) - 1)) == -1)
		err(1, "/proc/self/exe");
	self[n] = '\0';
	parent.opt.self = self;
	options(argc, argv);
	argc -= optind;
	argv += optind;
	parent.opt.config = absolute(parent.opt.config);
	log_init("packetframed", true);
	if (parent.opt.verbose > 0)
		log_set_level(parent.opt.verbose > 1 ? LEVEL_TRACE :
		    LEVEL_DEBUG);
	parent_rules();
	if (argc > 0 && strcmp(argv[0], "detach") == 0 && argc <= 2)
		return (detach(argc == 2 ? argv[1] : "all"));
	if (argc > 0)
		usage();
	if (parent.opt.check)
		return (check());
	return (daemonize_and_run());
}
