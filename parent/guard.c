/* SPDX-License-Identifier: ISC */
/*
 * What watches over the fast path: the dead-man's beat, the circuit breaker
 * and its state on disk, the metrics textfile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "shell.h"

#define BEAT_SECONDS	1
#define RDE_SILENT	10	/* seconds without a word: worth a line */
#define METRICS_SECONDS	15
#define STATE_FILE	"breaker"
#define STATE_TRIPPED	"tripped\n"
#define STATE_ARMED	"armed\n"

static struct {
	struct event	*beat, *window, *metrics;
	bool		 silent;
	bool		 unwritten;	/* the metrics, and the log says so */
} guard;

static int
save_state(void)
{
	return (state_write(STATE_FILE,
	    parent.tripped ? STATE_TRIPPED : STATE_ARMED));
}

/* A breaker that had tripped stays so over restarts. -1: the state cannot be
   kept. */
int
guard_load_state(void)
{
	char	buf[16];

	if (state_read(STATE_FILE, buf, sizeof(buf)) != -1) {
		parent.tripped = strcmp(buf, STATE_ARMED) != 0;
		if (parent.tripped && strcmp(buf, STATE_TRIPPED) != 0)
			log_warnx("state-dir %s: %s cannot be read as a "
			    "breaker's state: taken for tripped",
			    parent.conf->state_dir, STATE_FILE);
	} else if (errno != ENOENT) {
		log_warn("state-dir %s: %s", parent.conf->state_dir,
		    STATE_FILE);
		return (-1);
	}
	return (save_state());
}

static void
set_tripped(bool tripped)
{
	parent.tripped = tripped;
	dp_flags(parent.dp, tripped ? CTL_BREAKER : 0,
	    tripped ? 0 : CTL_BREAKER);
}

int
guard_breaker_reset(void)
{
	set_tripped(false);
	breaker_init(&parent.breaker, &parent.conf->breaker);
	return (save_state());
}

static void
window(evutil_socket_t fd, short what, void *arg)
{
	uint64_t	c[CNT_MAX];

	if (parent.tripped || dp_counters(parent.dp, c) == -1)
		return;
	/* an egress that is not attached is no error: its packets are safe
	   with the kernel */
	if (!breaker_window(&parent.breaker, c[CNT_MATCHED],
	    c[CNT_PASS_FIB_ERROR]))
		return;
	log_warnx("circuit breaker: too many errors in %u windows of %us: "
	    "all traffic passes to the kernel until \"pfctl breaker reset\"",
	    parent.conf->breaker.threshold, parent.conf->breaker.window);
	set_tripped(true);
	save_state();
}

/* The programs go on only while both of us live: parent and rde. */
static void
beat(evutil_socket_t fd, short what, void *arg)
{
	struct timespec	now;
	time_t		stale = parent.conf->stale_time, ago;
	bool		silent;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ago = now.tv_sec - parent.rde_beat.tv_sec;
	silent = ago > RDE_SILENT || ago >= stale;
	if (silent != guard.silent)
		log_warnx(silent ? "rde is silent: the dead-man switch runs"
		    : "rde answers again");
	guard.silent = silent;
	/* stale-time runs from rde's last word, not from ours */
	if (ago < stale && dp_beat(parent.dp, stale - ago) == -1)
		log_warn("dead-man switch: beat");
}

static void
metrics(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_summary	s;
	uint64_t		c[CNT_MAX];
	bool			failed;

	if (dp_counters(parent.dp, c) == -1)
		return;
	summary_fill(&s);
	failed = metrics_write(parent.conf->metrics_textfile, c, &s) == -1;
	if (failed && !guard.unwritten)
		log_warn("metrics-textfile %s",
		    parent.conf->metrics_textfile);
	guard.unwritten = failed;
}

static struct event *
every(unsigned int seconds, event_callback_fn fn)
{
	struct timeval	 tv = { seconds, 0 };
	struct event	*ev;

	ev = event_new(parent.proc.base, -1, EV_PERSIST, fn, NULL);
	if (ev == NULL || event_add(ev, &tv) == -1)
		fatalx("event_new");
	return (ev);
}

void
guard_start(void)
{
	clock_gettime(CLOCK_MONOTONIC, &parent.rde_beat);
	beat(-1, 0, NULL);
	guard.beat = every(BEAT_SECONDS, beat);
	set_tripped(parent.tripped);
	if (parent.tripped)
		log_warnx("circuit breaker is tripped since an earlier run: "
		    "all traffic passes until \"pfctl breaker reset\"");
	if (parent.conf->breaker.set) {
		breaker_init(&parent.breaker, &parent.conf->breaker);
		guard.window = every(parent.conf->breaker.window, window);
	}
	if (parent.conf->metrics_textfile[0] != '\0') {
		metrics(-1, 0, NULL);
		guard.metrics = every(METRICS_SECONDS, metrics);
	}
}
