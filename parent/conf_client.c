/* SPDX-License-Identifier: ISC */
/*
 * The parent's end of parsing: hand files to the conf process, collect what it
 * says and the config it makes.  No text is looked at here.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "shell.h"

static struct {
	int		 dirfd;		/* of the main file */
	char		 name[NAME_MAX + 1];
	struct ibuf	*wire;
	conf_done_fn	*done;
	conf_say_fn	*say;
} client = { .dirfd = -1 };

int
conf_client_open(const char *path)
{
	char	*d, *b;
	int	 ret = -1;

	d = strdup(path);
	b = strdup(path);
	if (d == NULL || b == NULL)
		fatal(NULL);
	client.dirfd = open(dirname(d), O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (client.dirfd == -1)
		log_warn("%s", path);
	else if (strlcpy(client.name, basename(b), sizeof(client.name)) >=
	    sizeof(client.name))
		log_warnx("%s: file name too long", path);
	else
		ret = 0;
	free(d);
	free(b);
	return (ret);
}

void
conf_client_parse(conf_done_fn *done, conf_say_fn *say)
{
	struct ibuf	*b;
	size_t		 i;

	client.done = done;
	client.say = say;
	ibuf_free(client.wire);
	if ((client.wire = ibuf_new(CONFIG_MAX)) == NULL ||
	    (b = imsg_create()) == NULL)
		fatal(NULL);
	ibuf_put_str(b, client.name);
	ibuf_put_u32(b, parent.opt.nmacros);
	for (i = 0; i < parent.opt.nmacros; i++)
		ibuf_put_str(b, parent.opt.macros[i]);
	proc_send_ibuf(&parent.proc, PROC_CONF, M_CONF_PARSE, 0, -1, b);
}

static void
finish(struct config *conf)
{
	conf_done_fn	*done = client.done;

	ibuf_free(client.wire);
	client.wire = NULL;
	client.done = NULL;
	if (done == NULL)
		fatalx("conf answered what nobody asked");
	done(conf);
}

/* Only regular files below the config's directory, and no way out of it. */
static int
open_beneath(const char *path)
{
	struct open_how	how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	struct stat	st;
	int		fd;

	fd = syscall(SYS_openat2, client.dirfd, path, &how, sizeof(how));
	if (fd == -1) {
		/* a symbolic link that leads out */
		if (errno == EXDEV)
			errno = EPERM;
		return (-1);
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return (-1);
	}
	return (fd);
}

bool
conf_client_readable(void)
{
	int	fd;

	if ((fd = open_beneath(client.name)) == -1)
		return (false);
	close(fd);
	return (true);
}

void
conf_client_file(struct proc *p, enum proc_id from, struct imsg *m)
{
	char		path[PATH_MAX];
	struct msg_u32	res = { 0 };
	struct ibuf	*b;
	int		fd;

	if (ibuf_get_str(&m->body, path, sizeof(path)) == -1 ||
	    ibuf_end(&m->body) == -1)
		fatalx("conf: bad M_CONF_OPEN");
	if ((fd = open_beneath(path)) == -1)
		res.value = errno;
	if ((b = imsg_create()) == NULL)
		fatal(NULL);
	record_put(b, &record_msg_u32, &res);
	proc_send_ibuf(p, from, M_CONF_FILE, 0, fd, b);
}

void
conf_client_log(struct proc *p, enum proc_id from, struct imsg *m)
{
	char		text[1024];
	uint32_t	level;

	if (ibuf_get_u32(&m->body, &level) == -1 || level >= LEVEL_MAX ||
	    ibuf_get_str(&m->body, text, sizeof(text)) == -1 ||
	    ibuf_end(&m->body) == -1)
		fatalx("conf: bad M_CONF_LOG");
	if (client.say != NULL)
		client.say(level, text);
}

void
conf_client_data(struct proc *p, enum proc_id from, struct imsg *m)
{
	size_t	n = ibuf_left(&m->body);

	if (client.wire == NULL ||
	    ibuf_put(client.wire, ibuf_take(&m->body, n), n) == -1)
		fatalx("conf: more config than asked for");
}

void
conf_client_end(struct proc *p, enum proc_id from, struct imsg *m)
{
	struct config	*conf;

	if (client.wire == NULL || (conf = config_get(client.wire)) == NULL)
		fatalx("conf: config does not decode");
	finish(conf);
}

void
conf_client_fail(struct proc *p, enum proc_id from, struct imsg *m)
{
	finish(NULL);
}
