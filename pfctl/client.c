/* SPDX-License-Identifier: ISC */
/* The control socket's other end: one request, its records, its end. */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pfctl.h"

static struct imsgbuf	*buf;

int
client_open(const char *path)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		warnx("%s: path too long", path);
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		warn("%s", path);
		if (errno == ENOENT || errno == ECONNREFUSED)
			warnx("no packetframed runs here; without one, root "
			    "can use \"packetframed -n\" to check the config "
			    "and \"packetframed detach\" to detach");
		return (-1);
	}
	if ((buf = imsgbuf_new(fd)) == NULL)
		err(1, NULL);
	return (0);
}

/* One message of the answer. 1: more come, 0: the end, -1: failed. */
static int
answer(struct imsg *m, record_fn *fn, void *arg)
{
	const struct record	*r = ctl_record(m->hdr.type);
	static union {
		struct ctl_end		 end;
		struct ctl_text		 text;
		struct ctl_summary	 summary;
		struct ctl_neighbor	 neighbor;
		struct ctl_fib		 fib;
		struct ctl_policy	 policy;
		struct ctl_rib		 rib;
	} rec;

	if (r == NULL || r->size > sizeof(rec) ||
	    record_get_only(&m->body, r, &rec) == -1) {
		warnx("answer not understood: pfctl and packetframed of "
		    "different versions?");
		return (-1);
	}
	if (m->hdr.type != CTL_END) {
		fn(arg, m->hdr.type, &rec);
		return (1);
	}
	if (rec.end.status == 0)
		return (0);
	warnx("%s", rec.end.text);
	return (-1);
}

int
client_ask(uint32_t type, const struct record *r, const void *req,
    record_fn *fn, void *arg)
{
	struct imsg	 m;
	struct ibuf	*b;
	int		 n;

	if ((b = imsg_create()) == NULL)
		err(1, NULL);
	if (r != NULL)
		record_put(b, r, req);
	if (imsg_close(buf, type, 0, -1, b) == -1 || imsgbuf_flush(buf) == -1) {
		warn("control socket");
		return (-1);
	}
	for (;;) {
		if ((n = imsg_get(buf, &m)) == 1) {
			n = answer(&m, fn, arg);
			imsg_free(&m);
			if (n != 1)
				return (n);
			continue;
		}
		if (n == -1 || (n = imsgbuf_read(buf)) == -1) {
			warn("control socket");
			return (-1);
		}
		if (n == 0) {
			warnx("packetframed closed the connection");
			return (-1);
		}
	}
}
