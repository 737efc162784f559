/* SPDX-License-Identifier: ISC */
/*
 * From bytes to words: files within files, macros, comments, quotes,
 * continued lines. Knows of the language only its punctuation, and where a
 * forgotten brace ends.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

/* Words of a line are carved from chunks, which go with the line. */
struct chunk {
	struct chunk	*next;
	size_t		 used;
	size_t		 size;
	char		 text[];
};

#define CHUNK_SIZE	16384

static char *
lex_alloc(struct parser *p, size_t len)
{
	struct chunk *c = p->chunks;
	size_t size;

	if (c == NULL || c->size - c->used < len) {
		size = len > CHUNK_SIZE ? len : CHUNK_SIZE;
		if ((c = malloc(sizeof(*c) + size)) == NULL)
			fatal("conf");
		c->next = p->chunks;
		c->used = 0;
		c->size = size;
		p->chunks = c;
	}
	c->used += len;
	return (c->text + c->used - len);
}

void
lex_line(struct parser *p)
{
	struct chunk *c;

	while ((c = p->chunks) != NULL && c->next != NULL) {
		p->chunks = c->next;
		free(c);
	}
	if (c != NULL)
		c->used = 0;
}

static struct input *
top(struct parser *p)
{
	return (&p->inputs[p->ninputs - 1]);
}

static void
here(struct parser *p, struct config_where *w)
{
	w->file = top(p)->file;
	w->line = top(p)->line;
}

static bool
spend(struct parser *p, size_t len)
{
	struct config_where w;

	if (len <= CONF_BYTES_MAX - p->bytes) {
		p->bytes += len;
		return (true);
	}
	here(p, &w);
	conf_error(p, &w, "found over %d MiB with includes and macros, "
	    "expected less", CONF_BYTES_MAX >> 20);
	p->stop = true;
	return (false);
}

/* Read from a new file after this line. name is as the reader wants it. */
int
lex_push(struct parser *p, const char *name, const struct word *from)
{
	const char *slash = strrchr(p->path, '/');
	char full[PATH_MAX], quoted[CONF_QUOTE_LEN];
	struct config_where none = { 0, 0 };
	const struct config_where *w = from == NULL ? &none : &from->where;
	struct input *in;
	const char *buf;
	size_t len, i;
	int file, n = 0;

	if (from != NULL && slash != NULL)
		n = (int)(slash - p->path) + 1;
	if (snprintf(full, sizeof(full), "%.*s%s", n, p->path,
	    from == NULL ? p->path : name) >= (int)sizeof(full)) {
		conf_error(p, w, "found a path that is too long, expected "
		    "under %d characters", PATH_MAX);
		return (-1);
	}
	conf_quote(full, quoted);
	for (i = 0; i < p->ninputs; i++)
		if (strcmp(p->conf->files[p->inputs[i].file], full) == 0) {
			conf_error(p, w, "found include of %s within itself, "
			    "expected another file", quoted);
			return (-1);
		}
	/* The last place of the stack is a macro's. */
	if (p->ninputs == CONF_NEST_MAX ||
	    p->conf->nfiles == CONFIG_FILES_MAX) {
		conf_error(p, w, "found too many includes, expected at most %d "
		    "files, %d deep", CONFIG_FILES_MAX, CONF_NEST_MAX);
		return (-1);
	}
	if ((file = config_add_file(p->conf, full)) == -1)
		fatal("conf");
	if (p->reader->read(p->reader->ctx, name, &buf, &len) == -1) {
		conf_error(p, w, "%s cannot be read: %s", quoted,
		    errno == EINVAL ? "Not a regular file" :
		    errno == EPERM ? "A link out of the config's directory" :
		    strerror(errno));
		return (-1);
	}
	in = &p->inputs[p->ninputs++];
	memset(in, 0, sizeof(*in));
	in->buf = buf;
	in->len = len;
	in->file = (uint32_t)file;
	in->line = 1;
	in->section = p->section;
	return (spend(p, len) ? 0 : -1);
}

void
lex_free(struct parser *p)
{
	struct macro *m;
	struct chunk *c;

	while ((m = p->macros) != NULL) {
		p->macros = m->next;
		free(m->name);
		free(m->value);
		free(m);
	}
	while ((c = p->chunks) != NULL) {
		p->chunks = c->next;
		free(c);
	}
	free(p->buf);
	free(p->value);
}

/* The next byte, -1 at a file's end. Leaves macros that are used up. */
static int
peek(struct parser *p)
{
	while (top(p)->pos == top(p)->len) {
		if (!top(p)->macro)
			return (-1);
		p->ninputs--;
	}
	return ((unsigned char)top(p)->buf[top(p)->pos]);
}

static void
skip(struct parser *p)
{
	top(p)->pos++;
}

/* The byte behind the one that peek saw, in the same input; -1. */
static int
peek2(struct parser *p)
{
	const struct input *in = top(p);

	if (in->len - in->pos < 2)
		return (-1);
	return ((unsigned char)in->buf[in->pos + 1]);
}

/* Length of a line's end at this place: newline, or CR and newline. */
static size_t
eol(const struct input *in, size_t pos)
{
	if (pos < in->len && in->buf[pos] == '\n')
		return (1);
	if (in->len - pos > 1 && in->buf[pos] == '\r' &&
	    in->buf[pos + 1] == '\n')
		return (2);
	return (0);
}

static bool
name_char(int c, bool first)
{
	return (c == '_' || (c >= 0 && c < 0x80 &&
	    (isalpha(c) || (!first && isdigit(c)))));
}

static bool
name_ok(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!name_char((unsigned char)s[i], i == 0))
			return (false);
	return (len > 0);
}

static struct macro *
macro_find(struct parser *p, const char *name, size_t len)
{
	struct macro *m;

	for (m = p->macros; m != NULL; m = m->next)
		if (strlen(m->name) == len && memcmp(m->name, name, len) == 0)
			return (m);
	return (NULL);
}

static void
macro_add(struct parser *p, const char *name, size_t len, const char *value,
    bool fixed)
{
	struct macro *m;
	char *copy;

	if ((m = macro_find(p, name, len)) != NULL && m->fixed)
		return;
	if ((copy = strdup(value)) == NULL)
		fatal("conf");
	if (m == NULL) {
		if ((m = calloc(1, sizeof(*m))) == NULL ||
		    (m->name = strndup(name, len)) == NULL)
			fatal("conf");
		m->next = p->macros;
		p->macros = m;
	}
	free(m->value);
	m->value = copy;
	m->fixed = fixed;
}

/* One more word of the value that macro_set will take. Beyond the longest
   only the length counts on. */
void
macro_word(struct parser *p, const char *s)
{
	size_t len = strlen(s), blank = p->valuelen > 0;

	if (p->value == NULL &&
	    (p->value = malloc(CONF_MACRO_MAX + 1)) == NULL)
		fatal("conf");
	if (p->valuelen + blank + len <= CONF_MACRO_MAX) {
		memcpy(p->value + p->valuelen, " ", blank);
		memcpy(p->value + p->valuelen + blank, s, len + 1);
	}
	p->valuelen += blank + len;
}

void
macro_set(struct parser *p, const struct word *name)
{
	if (!name_ok(name->s, strlen(name->s)))
		conf_expected(p, name, "a macro's name of letters, digits "
		    "and _ before =");
	else if (p->valuelen > CONF_MACRO_MAX)
		conf_error(p, &name->where, "found a macro of %zu characters, "
		    "expected at most %d", p->valuelen, CONF_MACRO_MAX);
	else
		macro_add(p, name->s, strlen(name->s), p->value, false);
}

/* "name=value" from the command line. */
int
macro_option(struct parser *p, const char *option)
{
	struct config_where none = { 0, 0 };
	size_t len = strcspn(option, "=");
	const char *c;

	if (option[len] != '=' || !name_ok(option, len) ||
	    strlen(option + len + 1) > CONF_MACRO_MAX) {
		conf_error(p, &none, "found a macro on the command line that "
		    "is none, expected -D name=value");
		return (-1);
	}
	for (c = option + len; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c) && *c != '\t') {
			conf_error(p, &none, "found control character 0x%02x "
			    "in macro %.*s, expected text",
			    (unsigned char)*c, (int)len, option);
			return (-1);
		}
	macro_add(p, option, len, option + len + 1, true);
	return (0);
}

/* At "$name": go on reading from its value. A dollar within a value is just
   that, so macros cannot run in circles. */
static int
expand(struct parser *p)
{
	struct input *in = top(p), *new;
	const char *name = in->buf + in->pos + 1;
	struct config_where w;
	struct macro *m;
	size_t len = 0, left = in->len - in->pos - 1;

	while (len < left && name_char((unsigned char)name[len], len == 0))
		len++;
	in->pos += 1 + len;
	if ((m = macro_find(p, name, len)) == NULL) {
		here(p, &w);
		conf_error(p, &w, "found $%.*s, expected a macro that is set "
		    "above", (int)(len > 64 ? 64 : len), name);
		p->told = true;
		return (-1);
	}
	if (!spend(p, strlen(m->value) + 1)) {
		p->told = true;
		return (-1);
	}
	new = &p->inputs[p->ninputs++];
	*new = *in;
	new->buf = m->value;
	new->pos = 0;
	new->len = strlen(m->value);
	new->macro = true;
	return (0);
}

static bool
at_macro(struct parser *p)
{
	return (!top(p)->macro && peek(p) == '$' && name_char(peek2(p), true));
}

static void
store(struct parser *p, int c)
{
	if (p->buflen == p->bufsize) {
		p->bufsize = p->bufsize == 0 ? 256 : p->bufsize * 2;
		if ((p->buf = realloc(p->buf, p->bufsize)) == NULL)
			fatal("conf");
	}
	p->buf[p->buflen++] = (char)c;
}

static void
finish(struct parser *p, struct word *w)
{
	char *s = lex_alloc(p, p->buflen + 1);

	memcpy(s, p->buf, p->buflen);
	s[p->buflen] = '\0';
	w->s = s;
}

static int
control(struct parser *p, const struct word *w, int c)
{
	conf_error(p, &w->where, "found control character 0x%02x, expected "
	    "text", c);
	p->told = true;
	return (LEX_BAD);
}

static bool
is_control(int c)
{
	return ((c < 0x20 && c != '\t') || c == 0x7f);
}

static int
quoted(struct parser *p, struct word *w)
{
	int c;

	skip(p);
	for (p->buflen = 0; (c = peek(p)) != '"'; skip(p)) {
		if (c == -1 || eol(top(p), top(p)->pos) > 0) {
			conf_error(p, &w->where, "found a string without end, "
			    "expected \" on the same line");
			p->told = true;
			return (LEX_BAD);
		}
		if (is_control(c)) {
			skip(p);
			return (control(p, w, c));
		}
		if (c == '\\' && (peek2(p) == '"' || peek2(p) == '\\')) {
			skip(p);
			c = peek(p);
		}
		store(p, c);
	}
	skip(p);
	finish(p, w);
	return (LEX_STRING);
}

/* Whether the byte ends a word that has begun. */
static bool
ends_word(struct parser *p, int c)
{
	struct input *in = top(p);

	if (c == -1 || c == ' ' || c == '\t' || c == '"' ||
	    eol(in, in->pos) > 0)
		return (true);
	if (c == '\\' && eol(in, in->pos + 1) > 0)
		return (true);
	if (c == '#' && !in->macro)
		return (true);
	if (c == '=' && p->ntokens == 0)
		return (true);
	return (p->braces > 0 && (c == '{' || c == '}' || c == ','));
}

static int
plain(struct parser *p, struct word *w)
{
	int c;

	p->buflen = 0;
	while (!ends_word(p, c = peek(p))) {
		if (at_macro(p)) {
			if (expand(p) == -1)
				return (LEX_BAD);
			continue;
		}
		skip(p);
		if (is_control(c))
			return (control(p, w, c));
		store(p, c);
	}
	finish(p, w);
	return (LEX_WORD);
}

static int
brace(struct parser *p, const struct word *w, int c)
{
	skip(p);
	if (c == '{' && p->braces++ == 0)
		p->brace = w->where;
	if (c == '}' && p->braces > 0)
		p->braces--;
	if (p->braces > CONF_BRACES_MAX) {
		conf_error(p, &w->where, "found braces over %d deep, expected "
		    "fewer", CONF_BRACES_MAX);
		p->told = true;
		return (LEX_BAD);
	}
	return (c);
}

/* The list was never closed: end it before what follows is taken for it. */
static int
unclosed(struct parser *p)
{
	conf_error(p, &p->brace, "found { without end, expected } before the "
	    "next directive");
	p->told = true;
	p->braces = 0;
	return (LEX_BAD);
}

static bool
starts_line(const char *s)
{
	return (config_directive(s) != -1 || strcmp(s, "global") == 0 ||
	    strcmp(s, "module") == 0 || strcmp(s, "include") == 0);
}

static int
newline(struct parser *p)
{
	p->ntokens = 0;
	p->newline = false;
	return ('\n');
}

/* At the end of a file: the line that it ends, then what included it. */
static int
end_of_file(struct parser *p)
{
	if (p->braces > 0)
		return (unclosed(p));
	if (p->ntokens > 0)
		return (newline(p));
	p->section = top(p)->section;
	p->ninputs--;
	return (-1);
}

/* Skip what is no token. True at a line's end outside braces. */
static bool
blanks(struct parser *p, bool *fresh)
{
	struct input *in;
	size_t n;
	int c;

	for (;;) {
		c = peek(p);
		in = top(p);
		if (c == '#' && !in->macro) {
			while (in->pos < in->len && in->buf[in->pos] != '\n')
				in->pos++;
		} else if ((n = eol(in, in->pos)) > 0) {
			if (p->braces == 0)
				return (true);
			in->pos += n;
			in->line++;
			*fresh = true;
		} else if (c == '\\' && (n = eol(in, in->pos + 1)) > 0) {
			in->pos += 1 + n;
			in->line++;
		} else if (c == ' ' || c == '\t')
			skip(p);
		else
			return (false);
	}
}

/*
 * The next token. Within braces ends of lines are blanks, but a directive at
 * the start of a line tells that the closing brace is missing.
 */
int
lex_next(struct parser *p, struct word *w)
{
	bool fresh = false, from_file;
	size_t start;
	int c, t;

	memset(w, 0, sizeof(*w));
	w->s = "";
	if (p->newline)
		return (newline(p));
again:
	if (p->ninputs == 0 || p->stop)
		return (LEX_EOF);
	if (blanks(p, &fresh)) {
		/* The place of a newline is the line that it ends. */
		here(p, &w->where);
		top(p)->pos += eol(top(p), top(p)->pos);
		top(p)->line++;
		return (newline(p));
	}
	here(p, &w->where);
	c = peek(p);
	if (c == -1) {
		if ((t = end_of_file(p)) == -1)
			goto again;
		return (t);
	}
	start = top(p)->pos;
	from_file = !top(p)->macro;
	if (at_macro(p)) {
		if (expand(p) != -1)
			goto again;
		t = LEX_BAD;
	} else if (c == '{' || c == '}') {
		w->s = c == '{' ? "{" : "}";
		t = brace(p, w, c);
	} else if ((c == ',' && p->braces > 0) ||
	    (c == '=' && p->ntokens < 2)) {
		w->s = c == ',' ? "," : "=";
		skip(p);
		t = c;
	} else if (c == '"')
		t = quoted(p, w);
	else {
		t = plain(p, w);
		if (t == LEX_WORD && fresh && from_file && !top(p)->macro &&
		    starts_line(w->s)) {
			top(p)->pos = start;
			p->newline = true;
			t = unclosed(p);
		}
	}
	p->ntokens++;
	return (t);
}

void
lex_skip(struct parser *p)
{
	struct word w;
	int t;

	while ((t = lex_next(p, &w)) != '\n' && t != LEX_EOF)
		p->told = false;
	p->told = false;
}
