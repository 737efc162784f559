/* SPDX-License-Identifier: ISC */
/*
 * Log lines to stderr or syslog. After log_init nothing here opens a file or
 * a socket, so that a process that is locked up can still log; bytes that are
 * not printable never reach a terminal or a log file.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LIMIT_WINDOW	10000	/* ms */
#define LIMIT_LINES	10	/* in one */

#define LOG_LINE 2048 /* longest message, bytes before escaping */

static const struct {
	const char *name;
	const char *mark; /* in front of a message on stderr */
	int priority;
} levels[LEVEL_MAX] = {
    [LEVEL_ERROR] = {"error", "fatal: ", LOG_CRIT},
    [LEVEL_WARN] = {"warn", "warning: ", LOG_WARNING},
    [LEVEL_INFO] = {"info", "", LOG_INFO},
    [LEVEL_DEBUG] = {"debug", "debug: ", LOG_DEBUG},
    [LEVEL_TRACE] = {"trace", "trace: ", LOG_DEBUG},
};

static struct {
	char name[32];
	enum log_level level;
	int fd; /* connected to syslog's socket; -1: stderr */
	unsigned int lost; /* lines that syslog did not take */
} logger = {"packetframed", LEVEL_INFO, -1, 0};

void
log_init(const char *procname, bool foreground)
{
	struct sockaddr_un sun;

	snprintf(logger.name, sizeof(logger.name), "%s", procname);
	if (logger.fd != -1)
		close(logger.fd);
	logger.fd = -1;
	if (foreground)
		return;

	/*
	 * Not syslog(3): where the log daemon has gone it opens a new socket,
	 * which ends a process whose system calls are filtered.
	 */
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", _PATH_LOG);
	logger.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (logger.fd != -1 &&
	    connect(logger.fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(logger.fd);
		logger.fd = -1;
	}
	if (logger.fd == -1)
		log_warn("%s: logging to stderr", _PATH_LOG);
}

void
log_set_level(enum log_level level)
{
	logger.level = level;
}

enum log_level
log_get_level(void)
{
	return (logger.level);
}

const char *
log_level_name(enum log_level level)
{
	return ((unsigned int)level < LEVEL_MAX ? levels[level].name : "?");
}

int
log_level_parse(const char *s)
{
	int i;

	for (i = 0; i < LEVEL_MAX; i++)
		if (strcmp(s, levels[i].name) == 0)
			return (i);
	return (-1);
}

/* Copy src with what is not printable ASCII as \xNN; returns the length. */
static size_t
escape(char *dst, size_t size, const char *src)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;
	uint8_t c;

	for (; (c = *src) != '\0' && n + 5 <= size; src++) {
		if (c >= 0x20 && c < 0x7f)
			dst[n++] = c;
		else {
			dst[n++] = '\\';
			dst[n++] = 'x';
			dst[n++] = hex[c >> 4];
			dst[n++] = hex[c & 15];
		}
	}
	dst[n] = '\0';
	return (n);
}

/* Never blocks: a log daemon that hangs must not hold up forwarding. */
static int
log_syslog(int priority, const char *text)
{
	char head[80];
	struct iovec iov[2];
	struct msghdr msg;

	snprintf(head, sizeof(head), "<%d>%s[%ld]: ", LOG_DAEMON | priority,
	    logger.name, (long)getpid());
	iov[0].iov_base = head;
	iov[0].iov_len = strlen(head);
	iov[1].iov_base = (void *)(uintptr_t)text;
	iov[1].iov_len = strlen(text);
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = iov;
	msg.msg_iovlen = 2;
	return (sendmsg(logger.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == -1
		    ? -1
		    : 0);
}

/* UTC: the local time zone is a file that a chroot has not got. */
static void
log_stderr(const char *mark, const char *text)
{
	char line[LOG_LINE * 4 + 160], stamp[32];
	struct tm tm;
	time_t now;
	ssize_t n;
	int len;

	now = time(NULL);
	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		stamp[0] = '\0';
	len = snprintf(line, sizeof(line), "%s %s[%ld]: %s%s\n", stamp,
	    logger.name, (long)getpid(), mark, text);
	/* One write, so that lines of several processes do not mix; there is
	   no place to report its failure. */
	n = write(STDERR_FILENO, line, len);
	(void)n;
}

static void
log_line(enum log_level level, const char *error, const char *fmt, va_list ap)
{
	char raw[LOG_LINE], text[LOG_LINE * 4], note[64];
	int n;

	if (level > logger.level)
		return;
	if ((n = vsnprintf(raw, sizeof(raw), fmt, ap)) < 0)
		return;
	if (error != NULL && (size_t)n < sizeof(raw))
		snprintf(raw + n, sizeof(raw) - n, ": %s", error);
	escape(text, sizeof(text), raw);
	if (logger.fd == -1) {
		log_stderr(levels[level].mark, text);
		return;
	}
	if (logger.lost != 0) {
		snprintf(
		    note, sizeof(note), "%u log lines were lost", logger.lost);
		if (log_syslog(LOG_WARNING, note) == 0)
			logger.lost = 0;
	}
	if (log_syslog(levels[level].priority, text) == -1)
		logger.lost++;
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	log_line(LEVEL_WARN, strerror(saved), fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	log_line(LEVEL_WARN, NULL, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_info(const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	log_line(LEVEL_INFO, NULL, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	log_line(LEVEL_DEBUG, NULL, fmt, ap);
	va_end(ap);
	errno = saved;
}

bool
log_limit(struct log_limit *l, uint64_t now, const char *who, const char *name)
{
	if (now - l->start >= LIMIT_WINDOW) {
		l->start = now;
		l->lines = 0;
	}
	if (l->lines++ == LIMIT_LINES)
		log_warnx("%s %s: more of this is not logged for now", who,
		    name);
	return (l->lines <= LIMIT_LINES);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	log_line(LEVEL_ERROR, strerror(saved), fmt, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LEVEL_ERROR, NULL, fmt, ap);
	va_end(ap);
	exit(1);
}
