/* SPDX-License-Identifier: ISC */
/*
 * The grammar of packetframe.conf(5). Actions hand words to set.c and
 * value.c; an error costs its line and the parser goes on with the next, so
 * that one run reports all there are.
 */
%{
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "../bpf/abi_user.h"
#include "parser.h"

typedef struct {
	struct word	word;
	int		number;
} YYSTYPE;
#define YYSTYPE		YYSTYPE
#define YYSTYPE_IS_DECLARED	1

static int	yylex(YYSTYPE *, struct parser *);
static void	yyerror(struct parser *, const char *);
static void	set_mode(uint8_t *, uint8_t);
%}

%pure-parser
%parse-param { struct parser *p }
%lex-param { struct parser *p }

%token	BAD
%token	<word> STRING
	/* what a line begins with */
%token	<word> GLOBAL MODULE INCLUDE
%token	<word> BPFFS_ROOT STATE_DIR METRICS_TEXTFILE LOG_LEVEL
%token	<word> ATTACH_SETTLE_TIME SOCKET USER ATTACH ALLOW_PREFIX
%token	<word> ALLOW_PREFIX6 BLOCK_PREFIX DRY_RUN CIRCUIT_BREAKER
%token	<word> FORWARDING_MODE ROUTE_SOURCE ON_SESSION_LOSS MAX_PREFIX
%token	<word> LOCAL_PREFIX LOCAL_PREFIX6 FALLBACK_DEFAULT HASH_MODE MSS_CLAMP
%token	<word> STALE_TIME NO_SLOW_PATH DRIVER_WORKAROUND FIB_V4_MAX FIB_V6_MAX
%token	<word> NEXTHOPS_MAX ECMP_GROUPS_MAX
	/* what comes after */
%token	<word> RESTRICTED NATIVE GENERIC AUTO URPF OFF LOOSE STRICT
%token	<word> ACCEPT_MERGED ON DROP_RATIO OF MATCHED WINDOW THRESHOLD
%token	<word> KERNEL_FIB CUSTOM_FIB COMPARE BGP BMP LOCAL_AS PEER_AS
%token	<word> ROUTER_ID ALLOW_REMOTE PEER_FROM PEER_IP MD5 TTL_SECURITY ANYIP
%token	<word> CONNECT REQUIRE_LOC_RIB WITHDRAW KEEP RESTART VIA ARP_SCAVENGE
%token	<word> NEXTHOP HEAD_SHIFT

%type	<word> word keyword
%type	<number> attachmode onoff scavenge restricted

%%

conf	: /* empty */
	| conf '\n'
	| conf line '\n'
	| conf INCLUDE word '\n'	{ set_include(p, &$3); }
	| conf error '\n'		{ yyerrok; }
	;

line	: GLOBAL			{ set_section(p, NULL); }
	| MODULE word			{ set_section(p, &$2); }
	| STRING '=' value		{ macro_set(p, &$1); }
	| global
	| fastpath
	;

	/* A keyword is a keyword only where one can stand. */
word	: STRING
	| keyword
	;

keyword	: RESTRICTED | NATIVE | GENERIC | AUTO | URPF | OFF | LOOSE | STRICT
	| ACCEPT_MERGED | ON | DROP_RATIO | OF | MATCHED | WINDOW | THRESHOLD
	| KERNEL_FIB | CUSTOM_FIB | COMPARE | BGP | BMP | LOCAL_AS | PEER_AS
	| ROUTER_ID | ALLOW_REMOTE | PEER_FROM | PEER_IP | MD5 | TTL_SECURITY
	| ANYIP | CONNECT | REQUIRE_LOC_RIB | WITHDRAW | KEEP | RESTART | VIA
	| ARP_SCAVENGE | NEXTHOP | HEAD_SHIFT
	;

	/* Words of a macro's value are joined by blanks; a list stays one. */
value	: words
	| openlist listtext '}'	{ macro_word(p, "}"); }
	;

words	: valueword
	| words valueword
	;

valueword: word			{ macro_word(p, $1.s); }
	;

openlist: '{'			{ macro_word(p, "{"); }
	;

listtext: listword
	| listtext listword
	;

listword: valueword
	| ','
	| '{' listtext '}'
	;

	/* Prefixes gather in p->prefixes until their directive takes them. */
prefixes: prefix
	| list
	;

prefix	: STRING		{ value_prefix(p, &$1); }
	;

list	: '{' items '}'
	;

items	: item
	| items item
	| items ','
	;

item	: prefix
	| list
	;

many	: prefixes
	| many prefixes
	;

global	: BPFFS_ROOT word		{
		value_path(p, &$2, p->conf->bpffs_root, PATH_MAX);
	}
	| STATE_DIR word		{
		value_path(p, &$2, p->conf->state_dir, PATH_MAX);
	}
	| METRICS_TEXTFILE word		{
		value_path(p, &$2, p->conf->metrics_textfile, PATH_MAX);
	}
	| LOG_LEVEL word		{
		value_level(p, &$2, &p->conf->log_level);
	}
	| ATTACH_SETTLE_TIME word	{
		value_settle(p, &$2, &p->conf->attach_settle_time);
	}
	| SOCKET word restricted	{ set_socket(p, &$2, $3); }
	| USER word word		{ set_user(p, &$2, &$3); }
	;

restricted: /* empty */			{ $$ = 0; }
	| RESTRICTED			{ $$ = 1; }
	;

fastpath: ATTACH word attachmode attachopts
					{ set_attach(p, &$2, $3); }
	| ALLOW_PREFIX prefixes		{ set_allow(p, AF_INET); }
	| ALLOW_PREFIX6 prefixes	{ set_allow(p, AF_INET6); }
	| BLOCK_PREFIX prefixes		{ set_block(p); }
	| DRY_RUN onoff			{ p->conf->dry_run = $2; }
	| CIRCUIT_BREAKER DROP_RATIO word OF MATCHED WINDOW word THRESHOLD word
					{ set_breaker(p, &$3, &$7, &$9); }
	| FORWARDING_MODE mode
	| ROUTE_SOURCE source
	| ON_SESSION_LOSS loss
	| MAX_PREFIX word		{
		value_number(p, &$2, 1, UINT32_MAX, &p->conf->max_prefix);
	}
	| MAX_PREFIX word RESTART word	{
		value_number(p, &$2, 1, UINT32_MAX, &p->conf->max_prefix);
		value_seconds(p, &$4, 1, &p->conf->max_prefix_restart);
	}
	| LOCAL_PREFIX prefixes VIA word scavenge
					{ set_local(p, AF_INET, &$4, $5); }
	| LOCAL_PREFIX6 prefixes VIA word
					{ set_local(p, AF_INET6, &$4, false); }
	| FALLBACK_DEFAULT VIA word NEXTHOP word
					{ set_default(p, &$3, &$5); }
	| HASH_MODE word		{
		uint32_t v;

		if (value_number(p, &$2, 3, 5, &v))
			p->conf->hash_mode = (uint8_t)v;
	}
	| MSS_CLAMP STRING		{ set_mss(p, NULL, &$2); }
	| MSS_CLAMP VIA word STRING	{ set_mss(p, &$3, &$4); }
	| MSS_CLAMP prefixes STRING	{ set_mss(p, NULL, &$3); }
	| MSS_CLAMP prefixes VIA word STRING
					{ set_mss(p, &$4, &$5); }
	| STALE_TIME word		{
		value_seconds(p, &$2, CONFIG_STALE_MIN, &p->conf->stale_time);
	}
	| NO_SLOW_PATH			{ p->conf->no_slow_path = true; }
	| DRIVER_WORKAROUND HEAD_SHIFT workaround
	| FIB_V4_MAX word		{
		value_number(p, &$2, CONFIG_SIZE_MIN, CONFIG_SIZE_MAX,
		    &p->conf->fib_v4_max);
	}
	| FIB_V6_MAX word		{
		value_number(p, &$2, CONFIG_SIZE_MIN, CONFIG_SIZE_MAX,
		    &p->conf->fib_v6_max);
	}
	| NEXTHOPS_MAX word		{
		value_number(p, &$2, CONFIG_SIZE_MIN, CONFIG_IDS_MAX,
		    &p->conf->nexthops_max);
	}
	| ECMP_GROUPS_MAX word		{
		value_number(p, &$2, CONFIG_SIZE_MIN, CONFIG_IDS_MAX,
		    &p->conf->ecmp_groups_max);
	}
	;

attachmode: NATIVE			{ $$ = ATTACH_NATIVE; }
	| GENERIC			{ $$ = ATTACH_GENERIC; }
	| AUTO				{ $$ = ATTACH_AUTO; }
	;

attachopts: /* empty */
	| attachopts URPF urpf		{ set_option(p, &$2, OPT_URPF); }
	| attachopts ACCEPT_MERGED	{
		set_option(p, &$2, OPT_MERGED);
		p->attach.merged_ok = true;
	}
	;

urpf	: OFF				{ p->attach.urpf = URPF_OFF; }
	| LOOSE				{ p->attach.urpf = URPF_LOOSE; }
	| STRICT			{ p->attach.urpf = URPF_STRICT; }
	;

onoff	: ON				{ $$ = 1; }
	| OFF				{ $$ = 0; }
	;

mode	: KERNEL_FIB	{ set_mode(&p->conf->mode, MODE_KERNEL_FIB); }
	| CUSTOM_FIB	{ set_mode(&p->conf->mode, MODE_CUSTOM_FIB); }
	| COMPARE	{ set_mode(&p->conf->mode, MODE_COMPARE); }
	;

	/* Two kinds with options of their own, so the form that messages show
	   is chosen as soon as the kind is known. */
source	: bgp word bgpopts		{ set_source(p, &$2, false); }
	| bmp word bmpopts		{ set_source(p, &$2, true); }
	;

bgp	: BGP				{
		p->form = "bgp ADDRESS:PORT local-as N peer-as N "
		    "[router-id ID] [allow-remote] [peer-from PREFIX ...] "
		    "[peer-ip ADDRESS] [md5 KEY] [ttl-security] [anyip] "
		    "[connect]";
	}
	;

bmp	: BMP				{
		p->form = "bmp ADDRESS:PORT [require-loc-rib] [allow-remote] "
		    "[peer-from PREFIX ...]";
	}
	;

bgpopts	: /* empty */
	| bgpopts bgpopt
	| bgpopts remote
	;

bgpopt	: LOCAL_AS word			{
		set_option(p, &$1, OPT_LOCAL_AS);
		value_as(p, &$2, &p->source.local_as);
	}
	| PEER_AS word			{
		set_option(p, &$1, OPT_PEER_AS);
		value_as(p, &$2, &p->source.peer_as);
	}
	| ROUTER_ID word		{
		set_option(p, &$1, OPT_ROUTER_ID);
		value_router_id(p, &$2, &p->source.router_id);
	}
	| PEER_IP word			{
		set_option(p, &$1, OPT_PEER_IP);
		value_addr(p, &$2, &p->source.peer_ip);
	}
	| MD5 word			{
		set_option(p, &$1, OPT_MD5);
		value_key(p, &$2, p->source.md5, sizeof(p->source.md5));
	}
	| TTL_SECURITY			{
		set_option(p, &$1, OPT_TTL_SECURITY);
		p->source.ttl_security = true;
	}
	| ANYIP				{
		set_option(p, &$1, OPT_ANYIP);
		p->source.anyip = true;
	}
	| CONNECT			{
		set_option(p, &$1, OPT_CONNECT);
		p->source.connect = true;
	}
	;

bmpopts	: /* empty */
	| bmpopts REQUIRE_LOC_RIB	{
		set_option(p, &$2, OPT_LOC_RIB);
		p->source.require_loc_rib = true;
	}
	| bmpopts remote
	;

remote	: ALLOW_REMOTE			{
		set_option(p, &$1, OPT_ALLOW_REMOTE);
		p->source.allow_remote = true;
	}
	| PEER_FROM many		{
		set_option(p, &$1, OPT_PEER_FROM);
		set_peer_from(p);
	}
	;

loss	: WITHDRAW			{ p->conf->loss_keep = false; }
	| KEEP word			{
		p->conf->loss_keep = true;
		value_seconds(p, &$2, 1, &p->conf->loss_keep_time);
	}
	;

scavenge: /* empty */			{ $$ = 0; }
	| ARP_SCAVENGE			{ $$ = 1; }
	;

workaround: AUTO	{ set_mode(&p->conf->workaround, WORKAROUND_AUTO); }
	| ON		{ set_mode(&p->conf->workaround, WORKAROUND_ON); }
	| OFF		{ set_mode(&p->conf->workaround, WORKAROUND_OFF); }
	;

%%

#define PREFIXES	"PREFIX or { PREFIX ... }"

static const struct syntax directives[] = {
	/* name, token, more than once, arguments */
	{ "bpffs-root", BPFFS_ROOT, false, "PATH" },
	{ "state-dir", STATE_DIR, false, "PATH" },
	{ "metrics-textfile", METRICS_TEXTFILE, false, "PATH" },
	{ "log-level", LOG_LEVEL, false, "{error|warn|info|debug|trace}" },
	{ "attach-settle-time", ATTACH_SETTLE_TIME, false, "TIME" },
	{ "socket", SOCKET, true, "PATH [restricted]" },
	{ "user", USER, false, "PARENT CHILDREN" },
	{ "attach", ATTACH, true, "INTERFACE {native|generic|auto} "
	    "[urpf {off|loose|strict}] [accept-merged]" },
	{ "allow-prefix", ALLOW_PREFIX, true, PREFIXES },
	{ "allow-prefix6", ALLOW_PREFIX6, true, PREFIXES },
	{ "block-prefix", BLOCK_PREFIX, true, PREFIXES },
	{ "dry-run", DRY_RUN, false, "{on|off}" },
	{ "circuit-breaker", CIRCUIT_BREAKER, false, "drop-ratio RATIO of "
	    "matched window SECONDS threshold N" },
	{ "forwarding-mode", FORWARDING_MODE, false,
	    "{kernel-fib|custom-fib|compare}" },
	{ "route-source", ROUTE_SOURCE, true, "{bgp|bmp} ADDRESS:PORT ..." },
	{ "on-session-loss", ON_SESSION_LOSS, false,
	    "{withdraw|keep SECONDS}" },
	{ "max-prefix", MAX_PREFIX, false, "N [restart SECONDS]" },
	{ "local-prefix", LOCAL_PREFIX, true,
	    "PREFIX via INTERFACE [arp-scavenge]" },
	{ "local-prefix6", LOCAL_PREFIX6, true, "PREFIX via INTERFACE" },
	{ "fallback-default", FALLBACK_DEFAULT, true,
	    "via INTERFACE nexthop ADDRESS" },
	{ "ecmp-default-hash-mode", HASH_MODE, false, "{3|4|5}" },
	{ "mss-clamp", MSS_CLAMP, true, "[PREFIX] [via INTERFACE] MSS" },
	{ "stale-time", STALE_TIME, false, "SECONDS" },
	{ "no-slow-path", NO_SLOW_PATH, false, "" },
	{ "driver-workaround", DRIVER_WORKAROUND, false,
	    "rvu-nicpf-head-shift {auto|on|off}" },
	{ "fib-v4-max-entries", FIB_V4_MAX, false, "N" },
	{ "fib-v6-max-entries", FIB_V6_MAX, false, "N" },
	{ "nexthops-max-entries", NEXTHOPS_MAX, false, "N" },
	{ "ecmp-groups-max-entries", ECMP_GROUPS_MAX, false, "N" },
};

/* Other first words. */
static const struct syntax statements[] = {
	{ "global", GLOBAL, true, "" },
	{ "module", MODULE, true, "NAME" },
	{ "include", INCLUDE, true, "\"FILE\"" },
};
static const struct syntax assignment = { "NAME", 0, true, "= VALUE ..." };

struct keyword {
	const char	*name;
	int		 token;
};

/* What may follow a directive; sorted. */
static const struct keyword keywords[] = {
	{ "accept-merged", ACCEPT_MERGED },
	{ "allow-remote", ALLOW_REMOTE },
	{ "anyip", ANYIP },
	{ "arp-scavenge", ARP_SCAVENGE },
	{ "auto", AUTO },
	{ "bgp", BGP },
	{ "bmp", BMP },
	{ "compare", COMPARE },
	{ "connect", CONNECT },
	{ "custom-fib", CUSTOM_FIB },
	{ "drop-ratio", DROP_RATIO },
	{ "generic", GENERIC },
	{ "keep", KEEP },
	{ "kernel-fib", KERNEL_FIB },
	{ "local-as", LOCAL_AS },
	{ "loose", LOOSE },
	{ "matched", MATCHED },
	{ "md5", MD5 },
	{ "native", NATIVE },
	{ "nexthop", NEXTHOP },
	{ "of", OF },
	{ "off", OFF },
	{ "on", ON },
	{ "peer-as", PEER_AS },
	{ "peer-from", PEER_FROM },
	{ "peer-ip", PEER_IP },
	{ "require-loc-rib", REQUIRE_LOC_RIB },
	{ "restart", RESTART },
	{ "restricted", RESTRICTED },
	{ "router-id", ROUTER_ID },
	{ "rvu-nicpf-head-shift", HEAD_SHIFT },
	{ "strict", STRICT },
	{ "threshold", THRESHOLD },
	{ "ttl-security", TTL_SECURITY },
	{ "urpf", URPF },
	{ "via", VIA },
	{ "window", WINDOW },
	{ "withdraw", WITHDRAW },
};

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

const struct syntax *
conf_syntax(size_t i)
{
	return (i < NITEMS(directives) ? &directives[i] : NULL);
}

static void
set_mode(uint8_t *v, uint8_t to)
{
	*v = to;
}

/* A line begins: what the last one gathered goes. */
static void
begin(struct parser *p, const struct syntax *s, const struct word *w)
{
	free(p->source.peer_from);
	memset(&p->source, 0, sizeof(p->source));
	memset(&p->attach, 0, sizeof(p->attach));
	p->nprefixes = 0;
	p->valuelen = 0;
	p->options = 0;
	p->syntax = s;
	p->form = s == NULL ? NULL : s->args;
	p->first = *w;
	p->where = w->where;
	p->secret = false;
}

/* A directive begins: is it the place for it, and the first of its kind? */
static void
directive(struct parser *p, const struct syntax *s, const struct word *w)
{
	static const char *const in[] = { "before any section",
	    "in section global", "in module fast-path", "" };
	int i = config_directive(s->name);
	struct config_where *seen = &p->conf->seen[i];
	char first[PATH_MAX + 16];
	bool global = strcmp(config_directives[i].section, "global") == 0;

	begin(p, s, w);
	if (p->section != (global ? SECTION_GLOBAL : SECTION_FAST_PATH))
		conf_error(p, &w->where, "found %s %s, expected it in %s",
		    s->name, in[p->section], global ? "section global" :
		    "module fast-path");
	if (seen->line == 0)
		*seen = w->where;
	else if (!s->many)
		conf_error(p, &w->where, "found a second %s, expected one "
		    "(the first is in %s)", s->name, config_where(p->conf,
		    seen, first, sizeof(first)));
}

/* The first word of a line, which is a directive, a section or a macro. */
static int
first_token(struct parser *p, const struct word *w)
{
	size_t i;

	for (i = 0; i < NITEMS(statements); i++)
		if (strcmp(w->s, statements[i].name) == 0) {
			begin(p, &statements[i], w);
			return (statements[i].token);
		}
	if (p->section == SECTION_UNKNOWN)
		return (-1);
	for (i = 0; i < NITEMS(directives); i++)
		if (strcmp(w->s, directives[i].name) == 0) {
			directive(p, &directives[i], w);
			return (directives[i].token);
		}
	begin(p, NULL, w);
	return (STRING);
}

static int
keyword_cmp(const void *name, const void *k)
{
	return (strcmp(name, ((const struct keyword *)k)->name));
}

static int
keyword(const char *s)
{
	const struct keyword *k;

	k = bsearch(s, keywords, NITEMS(keywords), sizeof(keywords[0]),
	    keyword_cmp);
	return (k == NULL ? STRING : k->token);
}

static int
yylex(YYSTYPE *lval, struct parser *p)
{
	bool first;
	int t;

	do {
		first = p->ntokens == 0;
		if (first)
			lex_line(p);
		t = lex_next(p, &lval->word);
		if (first && t != LEX_WORD)
			begin(p, NULL, &lval->word);
		switch (t) {
		case LEX_BAD:
			t = BAD;
			break;
		case LEX_STRING:
			t = STRING;
			break;
		case LEX_WORD:
			t = first ? first_token(p, &lval->word) :
			    keyword(lval->word.s);
			if (t == -1)
				lex_skip(p);
			break;
		}
	} while (t == -1);
	p->token = t;
	p->word = lval->word;
	if (t == MD5)
		p->secret = true;
	if (t == '=' && p->syntax == NULL) {
		p->syntax = &assignment;
		p->form = assignment.args;
	}
	return (t);
}

static void
yyerror(struct parser *p, const char *msg)
{
	char found[CONF_QUOTE_LEN];

	if (p->told) {
		p->told = false;
		return;
	}
	if (strcmp(msg, "syntax error") != 0) {
		conf_error(p, &p->word.where, "the parser failed: %s", msg);
		return;
	}
	if (p->syntax == NULL) {
		conf_expected(p, &p->first, "a directive, global, module, "
		    "include or NAME = VALUE");
		return;
	}
	if (p->token == '\n' || p->token == 0)
		strlcpy(found, "the end of the line", sizeof(found));
	else if (p->secret)
		strlcpy(found, "another word after a secret", sizeof(found));
	else
		conf_quote(p->word.s, found);
	conf_error(p, &p->word.where, "found %s, expected %s%s%s", found,
	    p->syntax->name, *p->form == '\0' ? "" : " ", p->form);
}

int
conf_grammar(struct parser *p)
{
	return (yyparse(p));
}

struct config *
conf_parse(const struct conf_reader *reader, const char *path,
    const char *const *macros, size_t n, uint32_t *errors)
{
	struct parser p;
	struct config *c;
	const char *slash = strrchr(path, '/');
	size_t i;

	memset(&p, 0, sizeof(p));
	p.reader = reader;
	p.path = path;
	if ((c = p.conf = config_new()) == NULL)
		fatal("conf");
	for (i = 0; i < n; i++)
		macro_option(&p, macros[i]);
	if (lex_push(&p, slash == NULL ? path : slash + 1, NULL) == 0) {
		if (conf_grammar(&p) != 0 && p.errors == 0)
			conf_error(&p, &p.where, "the parser failed");
		conf_check(&p);
	}
	lex_free(&p);
	free(p.prefixes);
	free(p.source.peer_from);
	*errors = p.errors;
	if (p.errors == 0)
		return (c);
	config_free(c);
	return (NULL);
}
