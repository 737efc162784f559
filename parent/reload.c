/* SPDX-License-Identifier: ISC */
/*
 * Config transactions: all processes take the new config, or none does.
 *
 *	parse (conf) -> compare -> stage in every child -> all ready
 *	    -> load the next generation, if it takes one -> commit
 *
 * Any reason against it, from the parent or a child, aborts to all, and the
 * old config runs on.  One at a time; who asks meanwhile waits for the next.
 * One that takes a generation has ended when programs use that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

#define PARSE_SECONDS	60	/* for conf to answer */
#define STAGE_SECONDS	10	/* for the other children */
#define WAITERS_MAX	16

/* Who gets the config. conf made it and needs none. */
static const enum proc_id takers[] = { PROC_RDE, PROC_BGPE, PROC_BMPE,
    PROC_CONTROL };
#define NTAKERS	(sizeof(takers) / sizeof(takers[0]))

static struct {
	enum { IDLE, PARSING, STAGING,
	    WAITING,			/* for a generation to be out of the
					   way */
	    LOADING,			/* our own */
	    BUILDING			/* committed, rde fills it */
	} state;
	bool		 boot;
	bool		 committed;	/* BUILDING: it cannot be refused */
	uint32_t	 round;		/* answers name it in their id */
	struct config	*next;
	uint32_t	 waiting;	/* bits: who has not answered */
	struct event	*deadline;
	/* control requests that are told how it ends: those of this round,
	   and those of the next */
	uint32_t	 now[WAITERS_MAX], then[WAITERS_MAX];
	unsigned int	 nnow, nthen;
	bool		 again;		/* another round was asked for */
} reload;

static void	start(void);

static void
say(int level, const char *text)
{
	struct ctl_text	t;
	unsigned int	i;

	if (level <= LEVEL_WARN)
		log_warnx("%s", text);
	else
		log_info("%s", text);
	strlcpy(t.text, text, sizeof(t.text));
	for (i = 0; i < reload.nnow; i++)
		ctl_reply(&parent.proc, reload.now[i], REC_TEXT, &t);
}

/* The end of a round; why NULL: it went well. */
static void
finish(const char *why)
{
	unsigned int	i;
	char		when[32];
	time_t		now = time(NULL);
	struct tm	tm;

	if (reload.deadline != NULL)
		evtimer_del(reload.deadline);
	reload.state = IDLE;
	if (reload.next != parent.conf)
		config_free(reload.next);
	reload.next = NULL;
	if (reload.boot) {
		reload.boot = false;
		if (why != NULL) {
			log_warnx("cannot start: %s", why);
			parent_exit(1);
			return;
		}
		parent.running = true;
		log_info("running, %s", mode_name(generation_mode()));
		/* a SIGHUP that came meanwhile */
		if (reload.again)
			start();
		return;
	}
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(parent.last_reload, sizeof(parent.last_reload), "%s %s%.80s",
	    when, why == NULL ? "done" : reload.committed ?
	    "done in part: " : "refused: ", why == NULL ? "" : why);
	if (why == NULL)
		log_info("config reloaded");
	else if (reload.committed)
		log_warnx("config reloaded, but for tables and programs: %s",
		    why);
	else
		log_warnx("reload refused, the old config stays: %s", why);
	reload.committed = false;
	for (i = 0; i < reload.nnow; i++)
		ctl_reply_end(&parent.proc, reload.now[i], why);
	reload.nnow = 0;
	if (reload.again)
		start();
}

static void
refuse(const char *why)
{
	size_t	i;

	for (i = 0; i < NTAKERS; i++)
		proc_send(&parent.proc, takers[i], M_CONFIG_ABORT, 0, -1, NULL,
		    0);
	finish(why);
}

static void
deadline(evutil_socket_t fd, short what, void *arg)
{
	char	why[128];
	size_t	i;

	/* nothing can be asked of it any more */
	if (reload.state == PARSING) {
		log_warnx("conf does not answer");
		parent_exit(1);
		return;
	}
	strlcpy(why, "no answer in time from", sizeof(why));
	for (i = 0; i < NTAKERS; i++) {
		if (reload.waiting & (1U << takers[i])) {
			strlcat(why, " ", sizeof(why));
			strlcat(why, proc_name(takers[i]), sizeof(why));
		}
	}
	refuse(why);
}

static void
set_deadline(int seconds)
{
	struct timeval	tv = { seconds, 0 };

	if (reload.deadline == NULL &&
	    (reload.deadline = evtimer_new(parent.proc.base, deadline,
	    NULL)) == NULL)
		fatalx("evtimer_new");
	evtimer_add(reload.deadline, &tv);
}

static void
send_config(enum proc_id to, struct ibuf *wire)
{
	const uint8_t	*p = wire->buf;
	size_t		 left = wire->wpos, n;

	for (; left > 0; p += n, left -= n) {
		n = left < IMSG_BODY_MAX ? left : IMSG_BODY_MAX;
		proc_send(&parent.proc, to, M_CONFIG_DATA, 0, -1, p, n);
	}
	proc_send(&parent.proc, to, M_CONFIG_END, reload.round, -1,
	    NULL, 0);
}

/* Stage reload.next in all takers and wait for their word. */
static void
stage(void)
{
	struct ibuf	*wire;
	size_t		 i;

	if ((wire = ibuf_new(CONFIG_MAX)) == NULL ||
	    config_put(wire, reload.next) == -1) {
		ibuf_free(wire);
		finish("the config is too large");
		return;
	}
	reload.state = STAGING;
	reload.round++;
	reload.waiting = 0;
	for (i = 0; i < NTAKERS; i++) {
		send_config(takers[i], wire);
		reload.waiting |= 1U << takers[i];
	}
	ibuf_free(wire);
	set_deadline(STAGE_SECONDS);
}

void
reload_stage_boot(struct config *conf)
{
	reload.boot = true;
	reload.next = conf;
	stage();
}

/* Everything that may still fail has been done. */
static void
commit(void)
{
	struct config	*conf = reload.next;
	size_t		 i;

	reload.next = NULL;
	if (parent.conf != conf)
		config_free(parent.conf);
	parent.conf = conf;
	dp_flags(parent.dp, conf->dry_run ? CTL_DRY_RUN : 0,
	    conf->dry_run ? 0 : CTL_DRY_RUN);
	for (i = 0; i < NTAKERS; i++)
		proc_send(&parent.proc, takers[i], M_CONFIG_COMMIT, 0, -1,
		    NULL, 0);
	parent_log_level(parent.opt.verbose > 0 &&
	    conf->log_level < LEVEL_DEBUG ? LEVEL_DEBUG : conf->log_level);
}

/* All are ready: a generation, if the config takes another one. */
static void
ready(void)
{
	if (reload.deadline != NULL)
		evtimer_del(reload.deadline);
	if (generation_busy()) {
		reload.state = WAITING;
		return;
	}
	if (generation_fits(reload.next)) {
		commit();
		finish(NULL);
		return;
	}
	reload.state = LOADING;
	if (generation_load(reload.next) == -1)
		refuse(strerror(errno));
}

void
reload_loaded(const char *why)
{
	if (why != NULL) {
		refuse(why);
		return;
	}
	commit();
	generation_begin();
	reload.committed = true;
	reload.state = BUILDING;
}

void
reload_generation(const char *why)
{
	if (reload.state == BUILDING)
		finish(why);
	else if (reload.state == WAITING)
		ready();
}

/* Whether an answer is to this round, not to one that was aborted. */
static bool
current(enum proc_id from, const struct imsg *m)
{
	return (reload.state == STAGING && m->hdr.id == reload.round &&
	    (reload.waiting & (1U << from)) != 0);
}

void
reload_ready(struct proc *p, enum proc_id from, struct imsg *m)
{
	if (!current(from, m))
		return;
	reload.waiting &= ~(1U << from);
	if (reload.waiting == 0)
		ready();
}

void
reload_reason(struct proc *p, enum proc_id from, struct imsg *m)
{
	char	text[1024], why[1024 + 16];

	if (ibuf_get_str(&m->body, text, sizeof(text)) == -1 ||
	    ibuf_end(&m->body) == -1)
		fatalx("%s: bad M_CONFIG_REASON", proc_name(from));
	if (!current(from, m))
		return;
	snprintf(why, sizeof(why), "%s: %s", proc_name(from), text);
	refuse(why);
}

static void
unsupported(void *arg, const char *text)
{
	int	*n = arg;

	(*n)++;
	say(LEVEL_WARN, text);
}

/* Name every directive that would change and cannot; how many there are. */
static int
unchangeable(const struct config *old, const struct config *new)
{
	bool	*same;
	char	 text[256], where[PATH_MAX + 16];
	size_t	 i;
	int	 n = 0;

	if ((same = calloc(config_ndirectives, sizeof(*same))) == NULL)
		fatal(NULL);
	config_compare(old, new, same);
	for (i = 0; i < config_ndirectives; i++) {
		if (same[i] || config_directives[i].reloadable)
			continue;
		if (new->seen[i].line != 0)
			config_where(new, &new->seen[i], where, sizeof(where));
		else
			snprintf(where, sizeof(where), "%s (no longer there)",
			    parent.opt.config);
		snprintf(text, sizeof(text),
		    "%.150s: %s cannot be changed by a reload: restart", where,
		    config_directives[i].name);
		say(LEVEL_WARN, text);
		n++;
	}
	free(same);
	return (n);
}

static void
parsed(struct config *conf)
{
	int	n = 0;

	if (conf == NULL) {
		finish("the config has errors");
		return;
	}
	reload.next = conf;
	config_unsupported(conf, unsupported, &n);
	n += unchangeable(parent.conf, conf);
	if (n > 0) {
		finish("the config asks for what a reload cannot do");
		return;
	}
	stage();
}

static void
start(void)
{
	memcpy(reload.now, reload.then, sizeof(reload.now));
	reload.nnow = reload.nthen;
	reload.nthen = 0;
	reload.again = false;
	reload.state = PARSING;
	set_deadline(PARSE_SECONDS);
	conf_client_parse(parsed, say);
}

void
reload_request(uint32_t ctl_id, bool from_control)
{
	if (from_control) {
		if (reload.nthen == WAITERS_MAX) {
			ctl_reply_end(&parent.proc, ctl_id,
			    "too many reloads are waiting");
			return;
		}
		reload.then[reload.nthen++] = ctl_id;
	}
	reload.again = true;
	if (reload.state == IDLE)
		start();
}
