/* SPDX-License-Identifier: ISC */
/* pfctl: options, then one command. It has nothing to do with pf(4). */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pfctl.h"

static void __attribute__((__noreturn__))
usage(void)
{
	fprintf(stderr, "usage: pfctl [-j] [-s socket] command ...\n");
	exit(1);
}

int
main(int argc, char **argv)
{
	struct command	 cmd;
	const char	*path = SOCKET_PATH;
	bool		 json = false;
	int		 ch, ret;

	while ((ch = getopt(argc, argv, "+js:")) != -1) {
		switch (ch) {
		case 'j':
			json = true;
			break;
		case 's':
			path = optarg;
			break;
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	/* -j is often typed behind the command */
	if (argc > 0 && strcmp(argv[argc - 1], "-j") == 0) {
		json = true;
		argc--;
	}
	if (command_parse(argc, argv, &cmd, stderr) == -1)
		return (1);
	if (client_open(path) == -1)
		return (1);
	ret = show_run(&cmd, json, stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "stdout");
	return (ret);
}
