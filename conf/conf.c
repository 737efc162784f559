/* SPDX-License-Identifier: ISC */
/*
 * The conf process: asks the parent for files, parses them, answers with the
 * config's wire form. It holds no file longer than one parse and opens none.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/mains.h"
#include "../lib/msg.h"
#include "parser.h"

#define CACHE_MAX	(4 * CONFIG_FILES_MAX)
#define LOG_TEXT_MAX	1024	/* what the parent takes, NUL included */

/*
 * The parser cannot wait, so it is run again and again: a file that is not
 * here yet is noted and left out, what such a pass says is forgotten, and
 * when all that it missed has come, the next pass may be the last.
 */
struct cached {
	char		*path;
	bool		 here;		/* the parent has answered */
	int		 error;		/* errno, or 0 */
	char		*buf;
	size_t		 len;
};

struct said {
	enum log_level	 level;
	char		*text;
};

static struct {
	struct proc	 proc;
	bool		 busy;
	char		 path[PATH_MAX];
	char		**macros;
	uint32_t	 nmacros;
	struct cached	*files;
	uint32_t	 nfiles;
	size_t		 bytes;
	struct said	*said;
	uint32_t	 nsaid;
} conf;

static int
read_cached(void *ctx, const char *path, const char **buf, size_t *len)
{
	struct cached *f;
	uint32_t i;

	for (i = 0; i < conf.nfiles; i++)
		if (strcmp(conf.files[i].path, path) == 0)
			break;
	if (i == conf.nfiles) {
		if (i >= CACHE_MAX) {
			errno = EMFILE;
			return (-1);
		}
		f = config_add(&conf.files, &conf.nfiles, sizeof(*f));
		if (f == NULL || (f->path = strdup(path)) == NULL)
			fatal("conf");
	}
	f = &conf.files[i];
	if (!f->here || f->error != 0) {
		errno = f->here ? f->error : EAGAIN;
		return (-1);
	}
	*buf = f->buf;
	*len = f->len;
	return (0);
}

static void
say(void *ctx, enum log_level level, const char *text)
{
	struct said *s;

	s = config_add(&conf.said, &conf.nsaid, sizeof(*s));
	if (s == NULL || (s->text = strdup(text)) == NULL)
		fatal("conf");
	s->level = level;
}

static void
forget_said(void)
{
	while (conf.nsaid > 0)
		free(conf.said[--conf.nsaid].text);
	free(conf.said);
	conf.said = NULL;
}

static void
send_said(void)
{
	char text[LOG_TEXT_MAX];
	struct ibuf *b;
	uint32_t i;

	for (i = 0; i < conf.nsaid; i++) {
		strlcpy(text, conf.said[i].text, sizeof(text));
		if ((b = imsg_create()) == NULL)
			fatal("conf");
		ibuf_put_u32(b, conf.said[i].level);
		ibuf_put_str(b, text);
		proc_send_ibuf(&conf.proc, PROC_PARENT, M_CONF_LOG, 0, -1, b);
	}
}

static void
finish(void)
{
	forget_said();
	while (conf.nmacros > 0)
		free(conf.macros[--conf.nmacros]);
	free(conf.macros);
	conf.macros = NULL;
	while (conf.nfiles > 0) {
		conf.nfiles--;
		free(conf.files[conf.nfiles].path);
		free(conf.files[conf.nfiles].buf);
	}
	free(conf.files);
	conf.files = NULL;
	conf.bytes = 0;
	conf.busy = false;
}

static void
send_fail(uint32_t errors)
{
	struct msg_u32 n = { errors };

	send_said();
	msg_send(&conf.proc, PROC_PARENT, M_CONF_FAIL, 0, &record_msg_u32, &n);
}

static void
send_config(const struct config *c)
{
	struct ibuf *b;
	size_t n;

	if ((b = ibuf_new(CONFIG_MAX)) == NULL)
		fatal("conf");
	if (config_put(b, c) == -1) {
		say(NULL, LEVEL_ERROR, "the configuration is too large");
		send_fail(1);
	} else {
		send_said();
		while ((n = ibuf_left(b)) > 0) {
			if (n > IMSG_BODY_MAX)
				n = IMSG_BODY_MAX;
			proc_send(&conf.proc, PROC_PARENT, M_CONFIG_DATA, 0,
			    -1, ibuf_take(b, n), n);
		}
		proc_send(&conf.proc, PROC_PARENT, M_CONFIG_END, 0, -1, NULL,
		    0);
	}
	ibuf_free(b);
}

/* The first file that the parent has not answered for; NULL if there is
   none. */
static struct cached *
missing(void)
{
	uint32_t i;

	for (i = 0; i < conf.nfiles; i++)
		if (!conf.files[i].here)
			return (&conf.files[i]);
	return (NULL);
}

/* Parse; ask for the next file that is missing, one at a time, or answer. */
static void
step(void)
{
	const struct conf_reader reader = { read_cached, say, NULL };
	struct config *c;
	struct cached *f;
	struct ibuf *b;
	uint32_t errors;

	if ((f = missing()) == NULL) {
		c = conf_parse(&reader, conf.path,
		    (const char *const *)conf.macros, conf.nmacros, &errors);
		if ((f = missing()) == NULL) {
			if (c != NULL)
				send_config(c);
			else
				send_fail(errors);
			config_free(c);
			finish();
			return;
		}
		config_free(c);
		forget_said();
	}
	if ((b = imsg_create()) == NULL)
		fatal("conf");
	ibuf_put_str(b, f->path);
	proc_send_ibuf(&conf.proc, PROC_PARENT, M_CONF_OPEN, 0, -1, b);
}

static int
read_file(int fd, struct cached *f)
{
	struct stat st;
	ssize_t n = 0;
	size_t size;

	if (fstat(fd, &st) == -1)
		return (errno);
	if (!S_ISREG(st.st_mode))
		return (EINVAL);
	if (st.st_size > CONF_FILE_MAX ||
	    (size_t)st.st_size > CONF_BYTES_MAX - conf.bytes)
		return (EFBIG);
	size = (size_t)st.st_size;
	if ((f->buf = malloc(size + 1)) == NULL)
		return (ENOMEM);
	while (f->len < size &&
	    (n = read(fd, f->buf + f->len, size - f->len)) > 0)
		f->len += (size_t)n;
	if (n == -1)
		return (errno);
	conf.bytes += f->len;
	return (0);
}

static void
conf_file(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct cached *f = missing();
	struct msg_u32 error;

	msg_get(m, &record_msg_u32, &error);
	if (!conf.busy || f == NULL)
		fatalx("a file that was not asked for");
	f->error = (int)error.value;
	if (f->error == 0)
		f->error = m->fd == -1 ? EBADF : read_file(m->fd, f);
	f->here = true;
	step();
}

static void
conf_request(struct proc *p, enum proc_id from, struct imsg *m)
{
	char *buf, **macro;
	uint32_t n;

	if (conf.busy)
		fatalx("asked to parse while parsing");
	if ((buf = malloc(IMSG_MAX)) == NULL)
		fatal("conf");
	if (ibuf_get_str(&m->body, conf.path, sizeof(conf.path)) == -1 ||
	    ibuf_get_u32(&m->body, &n) == -1)
		fatal("what to parse");
	while (n-- > 0) {
		if (ibuf_get_str(&m->body, buf, IMSG_MAX) == -1)
			fatal("a macro to parse with");
		macro = config_add(&conf.macros, &conf.nmacros,
		    sizeof(*macro));
		if (macro == NULL || (*macro = strdup(buf)) == NULL)
			fatal("conf");
	}
	if (ibuf_end(&m->body) == -1)
		fatal("what to parse");
	free(buf);
	conf.busy = true;
	step();
}

static const struct msg_rule rules[] = {
	{ M_CONF_PARSE, FROM(PARENT), 6, IMSG_BODY_MAX, conf_request },
	{ M_CONF_FILE, FROM(PARENT), 4, 4, conf_file },
};

void
conf_main(const struct child_args *args)
{
	child_start(&conf.proc, PROC_CONF, args, rules,
	    sizeof(rules) / sizeof(rules[0]), NULL);
	child_run(&conf.proc, NULL);
}
