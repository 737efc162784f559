/* SPDX-License-Identifier: ISC */
/*
 * The grammar of packetframe.conf(5): golden files, and what no file shows.
 * Golden files are in regress/unit/conf below PF_SRCDIR: NAME.in is read, and
 * what comes out must be NAME.ok (warnings as comments, then the config's
 * lines) or, with errors, NAME.err.
 */
#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../conf/parser.h"

#define SECRET	"hunter2"

/* A world of files: a directory, or names and texts in memory. */
struct world {
	const char		*dir;
	const char *const	*files;		/* name, text, ... NULL */
	char			*bufs[2 * CONFIG_FILES_MAX];
	size_t			 nbufs;
	FILE			*out;
	char			*text;		/* what came out */
	size_t			 len;
	uint32_t		 errors;
	const char		*section;
	bool			 comment;	/* put # before messages */
};

static int
world_read(void *ctx, const char *path, const char **buf, size_t *len)
{
	struct world *w = ctx;
	char name[PATH_MAX], *b;
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; w->files != NULL && w->files[i] != NULL; i += 2)
		if (strcmp(w->files[i], path) == 0) {
			*buf = w->files[i + 1];
			*len = strlen(*buf);
			return (0);
		}
	if (w->dir == NULL) {
		errno = ENOENT;
		return (-1);
	}
	snprintf(name, sizeof(name), "%s/%s", w->dir, path);
	if ((fd = open(name, O_RDONLY)) == -1)
		return (-1);
	ATF_REQUIRE(fstat(fd, &st) == 0);
	ATF_REQUIRE((b = malloc((size_t)st.st_size + 1)) != NULL);
	ATF_REQUIRE(read(fd, b, (size_t)st.st_size) == st.st_size);
	close(fd);
	ATF_REQUIRE(w->nbufs < sizeof(w->bufs) / sizeof(w->bufs[0]));
	w->bufs[w->nbufs++] = b;
	*buf = b;
	*len = (size_t)st.st_size;
	return (0);
}

static void
world_log(void *ctx, enum log_level level, const char *msg)
{
	struct world *w = ctx;

	fprintf(w->out, "%s%s\n", w->comment ? "# " : "", msg);
}

static void
world_line(void *ctx, const char *section, const char *directive,
    const char *args)
{
	struct world *w = ctx;

	if (w->section == NULL || strcmp(w->section, section) != 0)
		fprintf(w->out, "%s%s\n", strcmp(section, "global") == 0 ? "" :
		    "module ", section);
	w->section = section;
	fprintf(w->out, "\t%s%s%s\n", directive, *args == '\0' ? "" : " ",
	    args);
}

static struct config *
world_parse(struct world *w, const char *path, const char *const *macros,
    size_t n)
{
	const struct conf_reader reader = { world_read, world_log, w };
	struct config *c;

	free(w->text);
	w->text = NULL;
	ATF_REQUIRE((w->out = open_memstream(&w->text, &w->len)) != NULL);
	c = conf_parse(&reader, path, macros, n, &w->errors);
	fclose(w->out);
	ATF_REQUIRE_MSG((c == NULL) == (w->errors > 0), "%u errors, %s",
	    w->errors, c == NULL ? "no config" : "a config");
	return (c);
}

/* The config's lines behind what is in text. */
static void
world_dump(struct world *w, const struct config *c, bool masked)
{
	char *before = w->text;

	w->text = NULL;
	w->section = NULL;
	ATF_REQUIRE((w->out = open_memstream(&w->text, &w->len)) != NULL);
	fputs(before == NULL ? "" : before, w->out);
	config_lines(c, masked, world_line, w);
	fclose(w->out);
	free(before);
}

static void
world_free(struct world *w)
{
	while (w->nbufs > 0)
		free(w->bufs[--w->nbufs]);
	free(w->text);
}

/* Parse one text; what was said must be exactly this. */
static struct config *
parse_text(const char *text, const char *said)
{
	const char *files[] = { "main", text, NULL };
	struct world w = { .files = files };
	struct config *c;

	c = world_parse(&w, "main", NULL, 0);
	ATF_CHECK_STREQ(said, w.text);
	world_free(&w);
	return (c);
}

static void
no_places(struct config *c)
{
	const struct config_where none = { 0, 0 };
	uint32_t i;

	for (i = 0; i < c->nfiles; i++)
		free(c->files[i]);
	c->nfiles = 0;
	for (i = 0; i < c->nsockets; i++)
		c->sockets[i].where = none;
	for (i = 0; i < c->nattach; i++)
		c->attach[i].where = none;
	for (i = 0; i < c->nallow; i++)
		c->allow[i].where = none;
	for (i = 0; i < c->nblock; i++)
		c->block[i].where = none;
	for (i = 0; i < c->nsources; i++)
		c->sources[i].where = none;
	for (i = 0; i < c->nlocals; i++)
		c->locals[i].where = none;
	for (i = 0; i < c->ndefaults; i++)
		c->defaults[i].where = none;
	for (i = 0; i < c->nmss; i++)
		c->mss[i].where = none;
	c->breaker.where = none;
	memset(c->seen, 0, config_ndirectives * sizeof(*c->seen));
}

/* Dumped and read again it is the same: in lines, meaning and bytes. */
static void
check_again(const char *name, struct config *c)
{
	struct world w = { 0 }, w2 = { 0 };
	const char *files[] = { "again", NULL, NULL };
	struct ibuf *a, *b;
	struct config *d;
	bool *same;
	size_t i;

	world_dump(&w, c, false);
	files[1] = w.text;
	w2.files = files;
	d = world_parse(&w2, "again", NULL, 0);
	ATF_REQUIRE_MSG(d != NULL, "%s: dump does not parse: %s", name,
	    w2.text);
	ATF_CHECK_STREQ("", w2.text);
	world_dump(&w2, d, false);
	ATF_CHECK_STREQ_MSG(w.text, w2.text, "%s", name);
	ATF_REQUIRE((same = calloc(config_ndirectives, 1)) != NULL);
	config_compare(c, d, same);
	for (i = 0; i < config_ndirectives; i++)
		ATF_CHECK_MSG(same[i], "%s: %s differs", name,
		    config_directives[i].name);
	free(same);

	no_places(c);
	no_places(d);
	ATF_REQUIRE((a = ibuf_new(CONFIG_MAX)) != NULL);
	ATF_REQUIRE((b = ibuf_new(CONFIG_MAX)) != NULL);
	ATF_REQUIRE(config_put(a, c) == 0 && config_put(b, d) == 0);
	ATF_CHECK_MSG(ibuf_left(a) == ibuf_left(b) &&
	    memcmp(a->buf, b->buf, ibuf_left(a)) == 0,
	    "%s: wire forms differ", name);
	ibuf_free(a);
	ibuf_free(b);
	config_free(d);
	world_free(&w);
	world_free(&w2);
}

static char *
read_text(const char *dir, const char *name)
{
	struct world w = { .dir = dir };
	const char *buf;
	char *text;
	size_t len;

	if (world_read(&w, name, &buf, &len) == -1)
		return (NULL);
	text = strndup(buf, len);
	world_free(&w);
	return (text);
}

static void
check_golden(const char *dir, const char *in)
{
	struct world w = { .dir = dir };
	struct config *c;
	char name[NAME_MAX + 1], *want;
	FILE *got;
	int n = (int)strlen(in) - 3;

	w.comment = strncmp(in, "err-", 4) != 0;
	c = world_parse(&w, in, NULL, 0);
	snprintf(name, sizeof(name), "%.*s.%s", n, in, c != NULL ? "ok" :
	    "err");
	if (c != NULL)
		world_dump(&w, c, true);
	want = read_text(dir, name);
	if (want == NULL || strcmp(want, w.text) != 0) {
		/* Leave it where it can be looked at, and taken. */
		ATF_REQUIRE((got = fopen(name, "w")) != NULL);
		fputs(w.text, got);
		fclose(got);
		atf_tc_fail_nonfatal("%s: expected what is in %s:\n%s\n"
		    "got:\n%s", in, name, want == NULL ? "(no file)" : want,
		    w.text);
	}
	ATF_CHECK_MSG(strstr(w.text, SECRET) == NULL, "%s: secret is shown",
	    in);
	free(want);
	if (c != NULL)
		check_again(in, c);
	config_free(c);
	world_free(&w);
}

static const char *
srcdir(void)
{
	const char *s = getenv("PF_SRCDIR");

	if (s == NULL)
		atf_tc_skip("PF_SRCDIR does not name the source tree");
	return (s);
}

ATF_TC_WITHOUT_HEAD(golden);
ATF_TC_BODY(golden, tc)
{
	char dir[PATH_MAX];
	struct dirent *e;
	size_t len;
	DIR *d;
	int n = 0;

	snprintf(dir, sizeof(dir), "%s/regress/unit/conf", srcdir());
	ATF_REQUIRE((d = opendir(dir)) != NULL);
	while ((e = readdir(d)) != NULL) {
		len = strlen(e->d_name);
		if (len < 4 || strcmp(e->d_name + len - 3, ".in") != 0)
			continue;
		check_golden(dir, e->d_name);
		n++;
	}
	closedir(d);
	ATF_CHECK_MSG(n > 10, "only %d golden files", n);
}

/* The example that is installed parses, and names every directive. */
ATF_TC_WITHOUT_HEAD(example);
ATF_TC_BODY(example, tc)
{
	struct world w = { 0 };
	char dir[PATH_MAX], word[64], *text;
	struct config *c;
	size_t i;

	snprintf(dir, sizeof(dir), "%s/etc", srcdir());
	w.dir = dir;
	c = world_parse(&w, "packetframe.conf.example", NULL, 0);
	ATF_CHECK_STREQ("", w.text);
	ATF_REQUIRE(c != NULL);
	ATF_CHECK_EQ(0, config_unsupported(c, NULL, NULL));
	text = read_text(dir, "packetframe.conf.example");
	for (i = 0; i < config_ndirectives; i++) {
		snprintf(word, sizeof(word), "%s ", config_directives[i].name);
		word[strlen(word) - (strcmp(word, "no-slow-path ") == 0)] =
		    '\0';
		ATF_CHECK_MSG(strstr(text, word) != NULL,
		    "example lacks %s", word);
	}
	free(text);
	config_free(c);
	world_free(&w);
}

/* The grammar and the table of directives know the same names. */
ATF_TC_WITHOUT_HEAD(directives);
ATF_TC_BODY(directives, tc)
{
	const struct syntax *s;
	size_t i, n = 0;

	while ((s = conf_syntax(n)) != NULL) {
		ATF_CHECK_MSG(config_directive(s->name) != -1, "%s", s->name);
		n++;
	}
	ATF_CHECK_EQ(config_ndirectives, n);
	for (i = 0; i < config_ndirectives; i++) {
		for (n = 0; (s = conf_syntax(n)) != NULL; n++)
			if (strcmp(s->name, config_directives[i].name) == 0)
				break;
		ATF_CHECK_MSG(s != NULL, "%s", config_directives[i].name);
	}
}

ATF_TC_WITHOUT_HEAD(command_line);
ATF_TC_BODY(command_line, tc)
{
	const char *files[] = { "main", "module fast-path\n"
	    "\tif = eth0\n\tattach $if auto\n\tattach $other auto\n", NULL };
	const char *good[] = { "if=lan0", "other=wan0" };
	const char *bad[] = { "if", "=x", "a b=c", "2=3", "k=\001", "if=x" };
	struct world w = { .files = files };
	struct config *c;

	c = world_parse(&w, "main", good, 2);
	ATF_REQUIRE_MSG(c != NULL, "%s", w.text);
	ATF_REQUIRE_EQ(2, c->nattach);
	ATF_CHECK_STREQ("lan0", c->attach[0].ifname);
	ATF_CHECK_STREQ("wan0", c->attach[1].ifname);
	config_free(c);
	ATF_CHECK(world_parse(&w, "main", bad, 6) == NULL);
	ATF_CHECK_STREQ(
	    "found a macro on the command line that is none, expected "
	    "-D name=value\n"
	    "found a macro on the command line that is none, expected "
	    "-D name=value\n"
	    "found a macro on the command line that is none, expected "
	    "-D name=value\n"
	    "found a macro on the command line that is none, expected "
	    "-D name=value\n"
	    "found control character 0x01 in macro k, expected text\n"
	    "main:4: found $other, expected a macro that is set above\n",
	    w.text);
	world_free(&w);
}

/* Files are named by the whole path, and asked for by the part below the
   directory. */
ATF_TC_WITHOUT_HEAD(paths);
ATF_TC_BODY(paths, tc)
{
	const char *files[] = { "pf.conf", "include a/b.conf\n", "a/b.conf",
	    "global\nlog-level x\n", NULL };
	struct world w = { .files = files };

	ATF_CHECK(world_parse(&w, "/etc/pf/pf.conf", NULL, 0) == NULL);
	ATF_CHECK_STREQ("/etc/pf/a/b.conf:2: found \"x\", expected error, "
	    "warn, info, debug or trace\n", w.text);
	ATF_CHECK(world_parse(&w, "/etc/pf/none", NULL, 0) == NULL);
	ATF_CHECK_STREQ("\"/etc/pf/none\" cannot be read: No such file or "
	    "directory\n", w.text);
	world_free(&w);
}

ATF_TC_WITHOUT_HEAD(places);
ATF_TC_BODY(places, tc)
{
	const char *files[] = { "main", "module fast-path\n\nattach \\\n"
	    "eth0 auto\ninclude sub\nallow-prefix {\n1.0.0.0/8\n2.0.0.0/8 }\n",
	    "sub", "\ndry-run on\n", NULL };
	struct world w = { .files = files };
	struct config *c;
	char buf[64];

	ATF_REQUIRE((c = world_parse(&w, "main", NULL, 0)) != NULL);
	ATF_CHECK_STREQ("main:4", config_where(c, &c->attach[0].where, buf,
	    sizeof(buf)));
	ATF_CHECK_STREQ("main:3", config_where(c,
	    &c->seen[config_directive("attach")], buf, sizeof(buf)));
	ATF_CHECK_STREQ("sub:2", config_where(c,
	    &c->seen[config_directive("dry-run")], buf, sizeof(buf)));
	ATF_CHECK_STREQ("main:8", config_where(c, &c->allow[1].where, buf,
	    sizeof(buf)));
	ATF_CHECK_STREQ("default", config_where(c,
	    &c->seen[config_directive("user")], buf, sizeof(buf)));
	config_free(c);
	world_free(&w);
}

/* What grows without bound elsewhere has one here. */
ATF_TC_WITHOUT_HEAD(bounds);
ATF_TC_BODY(bounds, tc)
{
	const char *chain[2 * CONF_NEST_MAX + 5], *twice[15];
	char names[CONF_NEST_MAX + 2][8], texts[CONF_NEST_MAX + 2][40];
	struct world w = { .files = chain }, v = { .files = twice };
	char *big, *end;
	int i;

	for (i = 0; i <= CONF_NEST_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		snprintf(texts[i], sizeof(texts[i]), "include f%d\n", i + 1);
		chain[2 * i] = names[i];
		chain[2 * i + 1] = texts[i];
	}
	chain[2 * i] = NULL;
	ATF_CHECK(world_parse(&w, "f0", NULL, 0) == NULL);
	ATF_CHECK_STREQ("f15:1: found too many includes, expected at most 256 "
	    "files, 16 deep\n", w.text);
	world_free(&w);

	/* Each file includes the next five times: 5^6 of them. */
	for (i = 0; i < 7; i++) {
		twice[2 * i] = names[i];
		big = malloc(5 * 16 + 1);
		snprintf(big, 5 * 16 + 1, "include f%d\ninclude f%d\n"
		    "include f%d\ninclude f%d\ninclude f%d\n", i + 1, i + 1,
		    i + 1, i + 1, i + 1);
		twice[2 * i + 1] = i == 6 ? "" : big;
		v.bufs[v.nbufs++] = big;
	}
	twice[14] = NULL;
	ATF_CHECK(world_parse(&v, "f0", NULL, 0) == NULL);
	ATF_CHECK_MSG(v.errors >= 1 && v.errors <= CONF_ERRORS_MAX, "%u",
	    v.errors);
	world_free(&v);

	/* More errors than anybody reads. */
	ATF_REQUIRE((big = malloc(2 * 3000 + 1)) != NULL);
	for (i = 0; i < 3000; i++)
		memcpy(big + 2 * i, "x\n", 2);
	big[6000] = '\0';
	chain[0] = "main";
	chain[1] = big;
	chain[2] = NULL;
	memset(&w, 0, sizeof(w));
	w.files = chain;
	ATF_CHECK(world_parse(&w, "main", NULL, 0) == NULL);
	ATF_CHECK_EQ(CONF_ERRORS_MAX, w.errors);
	end = strstr(w.text, "too many errors, giving up\n");
	ATF_REQUIRE(end != NULL);
	ATF_CHECK_STREQ("too many errors, giving up\n", end);
	free(big);
	world_free(&w);
}

/* Macros that double at each line end at their longest, or at the bytes that
   a whole parse may read. */
ATF_TC_WITHOUT_HEAD(macro_bounds);
ATF_TC_BODY(macro_bounds, tc)
{
	const char *files[] = { "main", NULL, NULL };
	struct world w = { .files = files };
	FILE *fp;
	char *text;
	size_t len;
	int i;

	ATF_REQUIRE((fp = open_memstream(&text, &len)) != NULL);
	fprintf(fp, "a = 0123456789abcdef\n");
	for (i = 0; i < 11; i++)
		fprintf(fp, "a = $a $a\n");
	for (i = 0; i < 3000; i++)
		fprintf(fp, "b = $a\n");
	fclose(fp);
	files[1] = text;
	ATF_CHECK(world_parse(&w, "main", NULL, 0) == NULL);
	ATF_CHECK_EQ(1, w.errors);
	ATF_CHECK_MSG(strstr(w.text, ": found over 64 MiB with includes and "
	    "macros, expected less\n") != NULL, "%s", w.text);
	free(text);
	world_free(&w);

	ATF_CHECK(parse_text("a = 0123456789abcdef\n"
	    "a = $a $a\na = $a $a\na = $a $a\na = $a $a\na = $a $a\n"
	    "a = $a $a\na = $a $a\na = $a $a\na = $a $a\na = $a $a\n"
	    "a = $a $a\na = $a $a\n",
	    "main:13: found a macro of 69631 characters, expected at most "
	    "65536\n") == NULL);
}

/* Many prefixes, sorted and not, with every overlap found. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	const char *files[] = { "main", NULL, NULL };
	struct world w = { .files = files };
	struct config *c;
	uint32_t i, n = 200000;
	FILE *fp;
	char *text;
	size_t len;

	ATF_REQUIRE((fp = open_memstream(&text, &len)) != NULL);
	fprintf(fp, "module fast-path\nallow-prefix {\n");
	for (i = 0; i < n; i++) {
		uint32_t a = i * 2654435761U & 0x00ffffff;

		fprintf(fp, "10.%u.%u.%u/32\n", a >> 16, a >> 8 & 0xff,
		    a & 0xff);
	}
	fprintf(fp, "}\nblock-prefix 11.0.0.0/8\n");
	fclose(fp);
	files[1] = text;
	c = world_parse(&w, "main", NULL, 0);
	ATF_REQUIRE(c != NULL);
	ATF_CHECK_EQ(n, c->nallow);
	config_free(c);
	strstr(text, "block-prefix 11")[14] = '0';
	ATF_CHECK(world_parse(&w, "main", NULL, 0) == NULL);
	ATF_CHECK_EQ(1, w.errors);
	free(text);
	world_free(&w);
}

/* The same overlaps by comparing all with all. */
ATF_TC_WITHOUT_HEAD(overlaps);
ATF_TC_BODY(overlaps, tc)
{
	struct prefix block[8], allow[8];
	char buf[PREFIXSTRLEN];
	const char *files[] = { "main", NULL, NULL };
	uint32_t seed = 1, want, i, j, round;

	for (round = 0; round < 2000; round++) {
		struct world w = { .files = files };
		char *text;
		size_t len;
		FILE *fp;

		ATF_REQUIRE((fp = open_memstream(&text, &len)) != NULL);
		fprintf(fp, "module fast-path\n");
		for (i = 0; i < 16; i++) {
			struct prefix *p = i < 8 ? &block[i] : &allow[i - 8];

			memset(p, 0, sizeof(*p));
			p->addr.af = AF_INET;
			seed = seed * 1103515245 + 12345;
			p->addr.b[0] = (uint8_t)(seed >> 16);
			seed = seed * 1103515245 + 12345;
			p->len = (uint8_t)(2 + (seed >> 16) % 7);
			prefix_mask(p);
			fprintf(fp, "%s-prefix %s\n", i < 8 ? "block" :
			    "allow", prefix_format(p, buf));
		}
		fclose(fp);
		for (want = 0, i = 0; i < 8; i++) {
			bool hit = false, again = false;

			for (j = 0; j < i; j++)
				again |= prefix_cmp(&block[i], &block[j]) == 0;
			for (j = 0; j < 8; j++)
				hit |= prefix_covers(&block[i], &allow[j]) ||
				    prefix_covers(&allow[j], &block[i]);
			want += hit && !again;
		}
		files[1] = text;
		config_free(world_parse(&w, "main", NULL, 0));
		ATF_CHECK_EQ_MSG(want, w.errors, "%s%s", text, w.text);
		free(text);
		world_free(&w);
	}
}

ATF_TC_WITHOUT_HEAD(unsupported_nothing);
ATF_TC_BODY(unsupported_nothing, tc)
{
	struct config *c;

	c = parse_text("module fast-path\nattach eth0 auto urpf off\n"
	    "forwarding-mode kernel-fib\n", "");
	ATF_REQUIRE(c != NULL);
	ATF_CHECK_EQ(0, config_unsupported(c, NULL, NULL));
	config_free(c);
}

static void
collect(void *ctx, const char *msg)
{
	char *text = ctx;

	strlcat(text, msg, 4096);
	strlcat(text, "\n", 4096);
}

ATF_TC_WITHOUT_HEAD(unsupported);
ATF_TC_BODY(unsupported, tc)
{
	char text[4096] = "";
	struct config *c;

	c = parse_text("module fast-path\n"
	    "attach eth0 auto urpf loose\n"
	    "attach eth1 auto urpf strict\n"
	    "forwarding-mode compare\n"
	    "route-source bmp 127.0.0.1:1\n"
	    "route-source bgp 127.0.0.1:2 local-as 1 peer-as 2 md5 " SECRET
	    " ttl-security anyip connect peer-ip 127.0.0.1\n"
	    "on-session-loss keep 120\n"
	    "ecmp-default-hash-mode 5\n"
	    "block-prefix 10.0.0.0/8\n"
	    "block-prefix 11.0.0.0/8\n", "");
	ATF_REQUIRE(c != NULL);
	ATF_CHECK_EQ(9, config_unsupported(c, collect, text));
	ATF_CHECK_STREQ(
	    "main:9: block-prefix is not supported yet\n"
	    "main:7: on-session-loss is not supported yet\n"
	    "main:2: attach option urpf loose is not supported yet\n"
	    "main:3: attach option urpf strict is not supported yet\n"
	    "main:4: forwarding-mode compare is not supported yet\n"
	    "main:6: route-source option md5 is not supported yet\n"
	    "main:6: route-source option ttl-security is not supported yet\n"
	    "main:6: route-source option anyip is not supported yet\n"
	    "main:6: route-source option connect is not supported yet\n",
	    text);
	config_free(c);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, golden);
	ATF_TP_ADD_TC(tp, example);
	ATF_TP_ADD_TC(tp, directives);
	ATF_TP_ADD_TC(tp, command_line);
	ATF_TP_ADD_TC(tp, paths);
	ATF_TP_ADD_TC(tp, places);
	ATF_TP_ADD_TC(tp, bounds);
	ATF_TP_ADD_TC(tp, macro_bounds);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, overlaps);
	ATF_TP_ADD_TC(tp, unsupported_nothing);
	ATF_TP_ADD_TC(tp, unsupported);
	return (atf_no_error());
}
