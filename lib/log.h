/* SPDX-License-Identifier: ISC */
/*
 * Log to stderr (-d) or syslog. The process name is in front of each line.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG, LEVEL_TRACE,
    LEVEL_MAX };

/* Open before chroot: syslog's socket is kept. foreground: stderr. */
void		 log_init(const char *procname, bool foreground);
void		 log_set_level(enum log_level);
enum log_level	 log_get_level(void);
/* Name of a level and back; -1 if there is no such level. The reference's
   names: error warn info debug trace. */
const char	*log_level_name(enum log_level);
int		 log_level_parse(const char *);

#define LOGFMT(a, b)	__attribute__((__format__(printf, a, b)))
/* An operator must see these; log_warn adds ": strerror(errno)". */
void	log_warn(const char *, ...) LOGFMT(1, 2);
void	log_warnx(const char *, ...) LOGFMT(1, 2);
void	log_info(const char *, ...) LOGFMT(1, 2);
void	log_debug(const char *, ...) LOGFMT(1, 2);
/* What others can make us log as often as they like: a few lines of each who
   (and its name) in ten seconds, now in ms. The last says that it is. */
struct log_limit {
	uint64_t	start;
	unsigned int	lines;
};
bool	log_limit(struct log_limit *, uint64_t now, const char *who,
	    const char *name);
/* Broken invariants of our own only. Never return. */
void	fatal(const char *, ...) LOGFMT(1, 2) __attribute__((__noreturn__));
void	fatalx(const char *, ...) LOGFMT(1, 2) __attribute__((__noreturn__));

#endif
