/* SPDX-License-Identifier: ISC */
/*
 * What the grammar, the lexer and the checks of values share.
 */
#ifndef CONF_PARSER_H
#define CONF_PARSER_H

#include <stdarg.h>

#include "conf.h"

#define CONF_NEST_MAX	16	/* files open at once */
#define CONF_BRACES_MAX	16	/* braces in braces */
#define CONF_MACRO_MAX	65536	/* longest value of a macro */
/* Bytes of all files and macro uses together, so that includes of includes
   and macros of macros cannot make a small file long to read. */
#define CONF_BYTES_MAX	(64 * 1024 * 1024)

/* A word of the file; its text lives until the line's end. */
struct word {
	const char		*s;
	struct config_where	 where;
};

enum section { SECTION_NONE, SECTION_GLOBAL, SECTION_FAST_PATH,
    SECTION_UNKNOWN };

struct input {
	const char	*buf;
	size_t		 pos;
	size_t		 len;
	uint32_t	 file;		/* index into config.files */
	uint32_t	 line;
	bool		 macro;		/* a macro's value, not a file */
	enum section	 section;	/* of the file that included this */
};

struct macro {
	struct macro	*next;
	char		*name;
	char		*value;
	bool		 fixed;	/* given on the command line */
};

struct chunk;

/* A directive as the grammar knows it. */
struct syntax {
	const char	*name;
	int		 token;
	bool		 many;		/* may be given more than once */
	const char	*args;		/* for messages and the manual */
};

/* Options of one directive, to see that none is given twice. */
enum {
	OPT_URPF = 0x1,
	OPT_MERGED = 0x2,
	OPT_LOCAL_AS = 0x4,
	OPT_PEER_AS = 0x8,
	OPT_ROUTER_ID = 0x10,
	OPT_ALLOW_REMOTE = 0x20,
	OPT_PEER_FROM = 0x40,
	OPT_PEER_IP = 0x80,
	OPT_MD5 = 0x100,
	OPT_TTL_SECURITY = 0x200,
	OPT_ANYIP = 0x400,
	OPT_CONNECT = 0x800,
	OPT_LOC_RIB = 0x1000
};

struct parser {
	const struct conf_reader *reader;
	struct config		*conf;
	const char		*path;
	uint32_t		 errors;
	uint32_t		 warnings;
	bool			 stop;		/* read no further */

	/* lex.c */
	struct input		 inputs[CONF_NEST_MAX + 1];
	size_t			 ninputs;
	size_t			 bytes;
	struct macro		*macros;
	uint32_t		 ntokens;	/* on this line so far */
	uint32_t		 braces;	/* open */
	struct config_where	 brace;		/* the outermost open one */
	bool			 newline;	/* owed to the grammar */
	bool			 told;		/* the lexer has reported it */
	char			*buf;		/* the word being read */
	size_t			 buflen;
	size_t			 bufsize;
	struct chunk		*chunks;	/* words of this line */
	char			*value;		/* of the macro being set */
	size_t			 valuelen;

	/* the line being parsed */
	enum section		 section;
	const struct syntax	*syntax;	/* NULL: no directive yet */
	const char		*form;		/* of its arguments */
	struct config_where	 where;		/* of its first word */
	struct word		 first;		/* first word, if unknown */
	int			 token;		/* last one, for messages */
	struct word		 word;		/* its text */
	bool			 secret;	/* what follows is one */
	uint32_t		 options;	/* OPT_* seen */
	struct config_prefix	*prefixes;	/* of the directive */
	uint32_t		 nprefixes;
	struct config_attach	 attach;	/* options gathered so far */
	struct config_source	 source;
};

/* lex.c */
enum { LEX_EOF = 0, LEX_BAD = 1, LEX_WORD = 2, LEX_STRING = 3 };
	/* else the character itself: newline { } , = */

int	 lex_next(struct parser *, struct word *);
/* Drop the rest of the line. */
void	 lex_skip(struct parser *);
int	 lex_push(struct parser *, const char *name, const struct word *);
void	 lex_free(struct parser *);
/* Forget the words of a line that is done. */
void	 lex_line(struct parser *);
void	 macro_word(struct parser *, const char *);
void	 macro_set(struct parser *, const struct word *);
int	 macro_option(struct parser *, const char *);

/* parse.y */
int	 conf_grammar(struct parser *);
/* The table of directives, for tests; NULL past the end. */
const struct syntax *conf_syntax(size_t);

/* check.c: messages, and what can only be seen with the whole file read */
void	 conf_error(struct parser *, const struct config_where *,
	    const char *, ...) LOGFMT(3, 4);
void	 conf_warning(struct parser *, const struct config_where *,
	    const char *, ...) LOGFMT(3, 4);
/* "found WORD, expected ..." */
void	 conf_expected(struct parser *, const struct word *,
	    const char *, ...) LOGFMT(3, 4);
/* A word as messages show it, quoted, cut and without control characters. */
#define CONF_QUOTE_LEN	80
const char *conf_quote(const char *, char *);
void	 conf_check(struct parser *);

/* value.c: words to values. false: reported. */
bool	 value_number(struct parser *, const struct word *, uint32_t min,
	    uint32_t max, uint32_t *);
bool	 value_seconds(struct parser *, const struct word *, uint32_t min,
	    uint32_t *);
bool	 value_window(struct parser *, const struct word *, uint32_t *);
bool	 value_settle(struct parser *, const struct word *, uint32_t *);
bool	 value_ratio(struct parser *, const struct word *, uint32_t *);
bool	 value_as(struct parser *, const struct word *, uint32_t *);
bool	 value_router_id(struct parser *, const struct word *, uint32_t *);
bool	 value_addr(struct parser *, const struct word *, struct addr *);
bool	 value_endpoint(struct parser *, const struct word *, struct addr *,
	    uint16_t *);
bool	 value_ifname(struct parser *, const struct word *, char *);
bool	 value_path(struct parser *, const struct word *, char *, size_t);
bool	 value_user(struct parser *, const struct word *, char *, size_t);
bool	 value_key(struct parser *, const struct word *, char *, size_t);
bool	 value_level(struct parser *, const struct word *, uint8_t *);
/* Add to the directive's prefixes. */
void	 value_prefix(struct parser *, const struct word *);

/* set.c: directives into the config */
void	 set_option(struct parser *, const struct word *, uint32_t);
void	 set_socket(struct parser *, const struct word *, bool);
void	 set_user(struct parser *, const struct word *, const struct word *);
void	 set_attach(struct parser *, const struct word *, enum attach_mode);
void	 set_allow(struct parser *, int af);
void	 set_block(struct parser *);
void	 set_breaker(struct parser *, const struct word *, const struct word *,
	    const struct word *);
void	 set_peer_from(struct parser *);
void	 set_source(struct parser *, const struct word *, bool);
void	 set_local(struct parser *, int af, const struct word *, bool);
void	 set_default(struct parser *, const struct word *,
	    const struct word *);
void	 set_mss(struct parser *, const struct word *, const struct word *);
void	 set_section(struct parser *, const struct word *);
void	 set_include(struct parser *, const struct word *);

#endif
