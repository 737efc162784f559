/* SPDX-License-Identifier: ISC */
/*
 * The conf process and its core, the parser: text in, struct config or errors
 * out. The core reads files only through its caller.
 */
#ifndef CONF_H
#define CONF_H

#include <stddef.h>
#include <stdint.h>

#include "../lib/config.h"
#include "../lib/log.h"

#define CONF_FILE_MAX	(16 * 1024 * 1024)	/* longest file, bytes */
#define CONF_ERRORS_MAX	1000	/* then the parser gives up; for
					   warnings, falls silent */

struct conf_reader {
	/* The content of a file, which stays the reader's and valid until
	   conf_parse returns; -1 with errno. The main file is asked for by
	   its base name, others as written after include. */
	int	(*read)(void *, const char *path, const char **, size_t *);
	/* An error (LEVEL_ERROR) or warning (LEVEL_WARN) with its place. */
	void	(*log)(void *, enum log_level, const char *);
	void	*ctx;
};

/*
 * Parse the file at path and what it includes. macros are n strings
 * "name=value" that override those of the files. NULL if there was any error;
 * their number is in *errors.
 */
struct config	*conf_parse(const struct conf_reader *, const char *path,
		    const char *const *macros, size_t n, uint32_t *errors);

#endif
