/* SPDX-License-Identifier: ISC */
/*
 * Small files in state-dir, for what outlives the daemon.  What a text means
 * is its owner's to say, but for the seed of the ECMP hash.
 */
#include <sys/random.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

#define SEED_FILE	"hash-seed"
#define SEED_LEN	17	/* 16 hexadecimal digits and a newline */

ssize_t
state_read(const char *name, char *buf, size_t size)
{
	int	fd;
	ssize_t	n;

	fd = openat(parent.statefd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK);
	if (fd == -1)
		return (-1);
	if ((n = read(fd, buf, size - 1)) == -1)
		n = 0;
	buf[n] = '\0';
	close(fd);
	return (n);
}

/* Write whole and rename, so that a crash leaves the old or the new. */
int
state_write(const char *name, const char *text)
{
	size_t	len = strlen(text);
	char	tmp[32];
	int	fd, ret = -1;

	snprintf(tmp, sizeof(tmp), "%s.new", name);
	fd = openat(parent.statefd, tmp, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd != -1 && write(fd, text, len) == (ssize_t)len &&
	    fsync(fd) == 0 &&
	    renameat(parent.statefd, tmp, parent.statefd, name) == 0)
		ret = 0;
	if (ret == -1)
		log_warn("state-dir %s: %s", parent.conf->state_dir, name);
	if (fd != -1)
		close(fd);
	return (ret);
}

/* False: there is none, or none that could be ours. */
static bool
seed_read(uint64_t *seed)
{
	char	buf[SEED_LEN + 2];
	ssize_t	n;

	if ((n = state_read(SEED_FILE, buf, sizeof(buf))) == -1) {
		if (errno != ENOENT)
			log_warn("state-dir %s: %s: a new one is made",
			    parent.conf->state_dir, SEED_FILE);
		return (false);
	}
	if (n == SEED_LEN && buf[SEED_LEN - 1] == '\n' &&
	    strspn(buf, "0123456789abcdef") == SEED_LEN - 1 &&
	    sscanf(buf, "%" SCNx64, seed) == 1)
		return (true);
	log_warnx("state-dir %s: %s is damaged: a new one is made, and "
	    "flows may move", parent.conf->state_dir, SEED_FILE);
	return (false);
}

/*
 * Neighbors that hash with the same seed would send us only flows of which
 * our own hash has one opinion.
 */
uint64_t
state_hash_seed(void)
{
	uint64_t	seed;
	char		text[SEED_LEN + 1];

	if (seed_read(&seed))
		return (seed);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		fatal("getrandom");
	snprintf(text, sizeof(text), "%016" PRIx64 "\n", seed);
	/* not kept, it still serves: the log has said so */
	state_write(SEED_FILE, text);
	return (seed);
}
