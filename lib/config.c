/* SPDX-License-Identifier: ISC */
/*
 * The config struct: its defaults, its memory, the table of directives, and
 * which of them this version can do. Knows no grammar and no system.
 */
#include <sys/socket.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/abi_user.h"
#include "config.h"
#include "log.h"

const struct config_directive config_directives[] = {
	/* name, section, supported, reloadable */
	{ "bpffs-root", "global", true, false },
	{ "state-dir", "global", true, false },
	{ "metrics-textfile", "global", true, false },
	{ "log-level", "global", true, true },
	{ "attach-settle-time", "global", true, false },
	{ "socket", "global", true, false },
	{ "user", "global", true, false },
	{ "attach", "fast-path", true, false },
	{ "allow-prefix", "fast-path", true, true },
	{ "allow-prefix6", "fast-path", true, true },
	{ "block-prefix", "fast-path", false, false },
	{ "dry-run", "fast-path", true, true },
	{ "circuit-breaker", "fast-path", true, false },
	{ "forwarding-mode", "fast-path", true, true },
	{ "route-source", "fast-path", true, false },
	{ "on-session-loss", "fast-path", false, false },
	{ "max-prefix", "fast-path", false, false },
	{ "local-prefix", "fast-path", false, false },
	{ "local-prefix6", "fast-path", false, false },
	{ "fallback-default", "fast-path", false, false },
	{ "ecmp-default-hash-mode", "fast-path", true, true },
	{ "mss-clamp", "fast-path", false, false },
	{ "stale-time", "fast-path", true, false },
	{ "no-slow-path", "fast-path", false, false },
	{ "driver-workaround", "fast-path", false, false },
	{ "fib-v4-max-entries", "fast-path", true, true },
	{ "fib-v6-max-entries", "fast-path", true, true },
	{ "nexthops-max-entries", "fast-path", true, true },
	{ "ecmp-groups-max-entries", "fast-path", true, true },
};
const size_t config_ndirectives =
    sizeof(config_directives) / sizeof(config_directives[0]);

int
config_directive(const char *name)
{
	size_t i;

	for (i = 0; i < config_ndirectives; i++)
		if (strcmp(config_directives[i].name, name) == 0)
			return ((int)i);
	return (-1);
}

struct config *
config_new(void)
{
	struct config *c;
	struct config_socket *s;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->seen = calloc(config_ndirectives, sizeof(*c->seen));
	s = config_add(&c->sockets, &c->nsockets, sizeof(*s));
	if (c->seen == NULL || s == NULL) {
		config_free(c);
		return (NULL);
	}
	strlcpy(s->path, CONFIG_SOCKET, sizeof(s->path));
	strlcpy(c->bpffs_root, "/sys/fs/bpf/packetframe",
	    sizeof(c->bpffs_root));
	strlcpy(c->state_dir, "/var/lib/packetframe", sizeof(c->state_dir));
	c->log_level = LEVEL_INFO;
	c->attach_settle_time = 2000;
	strlcpy(c->user_parent, "_packetframe", sizeof(c->user_parent));
	strlcpy(c->user_children, "_pfsandbox", sizeof(c->user_children));
	c->mode = MODE_KERNEL_FIB;
	c->loss_keep = true;
	c->loss_keep_time = 120;
	c->hash_mode = 5;
	c->stale_time = 120;
	c->workaround = WORKAROUND_AUTO;
	c->fib_v4_max = 2000000;
	c->fib_v6_max = 500000;
	c->nexthops_max = 4096;
	c->ecmp_groups_max = 1024;
	return (c);
}

void
config_free(struct config *c)
{
	uint32_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->nfiles; i++)
		free(c->files[i]);
	for (i = 0; i < c->nsources; i++)
		free(c->sources[i].peer_from);
	free(c->files);
	free(c->sockets);
	free(c->attach);
	free(c->allow);
	free(c->block);
	free(c->sources);
	free(c->locals);
	free(c->defaults);
	free(c->mss);
	free(c->seen);
	free(c);
}

/* The room doubles whenever the count reaches a power of two. */
void *
config_add(void *array, uint32_t *n, size_t elem)
{
	void *new, **p = array;
	size_t room;
	uint8_t *e;

	if ((*n & (*n - 1)) == 0) {
		if (*n >= UINT32_MAX / 2) {
			errno = ENOMEM;
			return (NULL);
		}
		room = *n == 0 ? 1 : (size_t)*n * 2;
		if ((new = reallocarray(*p, room, elem)) == NULL)
			return (NULL);
		*p = new;
	}
	e = (uint8_t *)*p + *n * elem;
	memset(e, 0, elem);
	(*n)++;
	return (e);
}

int
config_add_file(struct config *c, const char *name)
{
	char *copy, **f;

	if (c->nfiles >= CONFIG_FILES_MAX || (copy = strdup(name)) == NULL)
		return (-1);
	if ((f = config_add(&c->files, &c->nfiles, sizeof(*f))) == NULL) {
		free(copy);
		return (-1);
	}
	*f = copy;
	return ((int)c->nfiles - 1);
}

char *
config_where(const struct config *c, const struct config_where *w, char *buf,
    size_t len)
{
	if (w->line == 0 || w->file >= c->nfiles)
		snprintf(buf, len, "default");
	else
		snprintf(buf, len, "%s:%u", c->files[w->file], w->line);
	return (buf);
}

struct unsupported {
	const struct config	*c;
	void			(*fn)(void *, const char *);
	void			*ctx;
	size_t			 n;
};

static void
unsupported(struct unsupported *u, const struct config_where *w,
    const char *what)
{
	char place[PATH_MAX + 16], msg[PATH_MAX + 128];

	u->n++;
	if (u->fn == NULL)
		return;
	config_where(u->c, w, place, sizeof(place));
	snprintf(msg, sizeof(msg), "%s: %s is not supported yet", place, what);
	u->fn(u->ctx, msg);
}

static void
unsupported_source(struct unsupported *u, const struct config_source *s)
{
	if (s->md5[0] != '\0')
		unsupported(u, &s->where, "route-source option md5");
	if (s->ttl_security)
		unsupported(u, &s->where, "route-source option ttl-security");
	if (s->anyip)
		unsupported(u, &s->where, "route-source option anyip");
	if (s->connect)
		unsupported(u, &s->where, "route-source option connect");
}

/*
 * A directive that this version cannot do is refused whatever its value, the
 * default too: nobody may believe that it is in effect. Of the options of
 * supported directives those that change nothing (urpf off) are fine.
 */
size_t
config_unsupported(const struct config *c, void (*fn)(void *, const char *),
    void *ctx)
{
	struct unsupported u = { c, fn, ctx, 0 };
	int mode = config_directive("forwarding-mode");
	size_t i;

	for (i = 0; i < config_ndirectives; i++)
		if (c->seen[i].line != 0 && !config_directives[i].supported)
			unsupported(&u, &c->seen[i], config_directives[i].name);
	for (i = 0; i < c->nattach; i++) {
		if (c->attach[i].urpf == URPF_LOOSE)
			unsupported(&u, &c->attach[i].where,
			    "attach option urpf loose");
		if (c->attach[i].urpf == URPF_STRICT)
			unsupported(&u, &c->attach[i].where,
			    "attach option urpf strict");
	}
	if (c->mode == MODE_COMPARE)
		unsupported(&u, &c->seen[mode], "forwarding-mode compare");
	for (i = 0; i < c->nsources; i++)
		unsupported_source(&u, &c->sources[i]);
	return (u.n);
}

bool
config_ifname_ok(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len >= IFNAMSIZ || strcmp(s, ".") == 0 ||
	    strcmp(s, "..") == 0)
		return (false);
	for (; *s != '\0'; s++)
		if (*s == '/' || *s == ':' || isspace((unsigned char)*s) ||
		    iscntrl((unsigned char)*s))
			return (false);
	return (true);
}

bool
config_path_ok(const char *s)
{
	const char *next;

	if (s[0] != '/' || s[1] == '\0' || strlen(s) >= PATH_MAX)
		return (false);
	for (; *s != '\0'; s = next) {
		next = s + 1 + strcspn(s + 1, "/");
		if (next - s == 1 || (next - s == 2 && s[1] == '.') ||
		    (next - s == 3 && s[1] == '.' && s[2] == '.'))
			return (false);
		for (; s < next; s++)
			if (iscntrl((unsigned char)*s))
				return (false);
	}
	return (true);
}

bool
config_user_ok(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > 32 || *s == '-' || *s == '.')
		return (false);
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("_-.", *s) == NULL)
			return (false);
	return (true);
}
