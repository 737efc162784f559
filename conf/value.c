/* SPDX-License-Identifier: ISC */
/*
 * Words to values: numbers, times, addresses, names. Each reports what it
 * found and what it expected.
 */
#include <sys/socket.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

/* Digits only, no more than fit. */
static bool
digits(const char *s, size_t len, uint64_t *v)
{
	size_t i;

	if (len == 0 || len > 18)
		return (false);
	for (*v = 0, i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return (false);
		*v = *v * 10 + (uint64_t)(s[i] - '0');
	}
	return (true);
}

bool
value_number(struct parser *p, const struct word *w, uint32_t min,
    uint32_t max, uint32_t *v)
{
	uint64_t n;

	if (!digits(w->s, strlen(w->s), &n) || n < min || n > max) {
		conf_expected(p, w, "a number from %u to %u", min, max);
		return (false);
	}
	*v = (uint32_t)n;
	return (true);
}

/* "5s", "500ms", "2m" or "5", which is seconds, to milliseconds. */
static bool
duration(const char *s, uint64_t *ms)
{
	static const struct {
		const char	*name;
		uint64_t	 ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 },
	    { "m", 60000 } };
	size_t i, len = strspn(s, "0123456789");

	if (len > 10 || !digits(s, len, ms))
		return (false);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s + len, units[i].name) == 0) {
			*ms *= units[i].ms;
			return (true);
		}
	return (false);
}

static bool
seconds(struct parser *p, const struct word *w, uint32_t min, uint32_t max,
    uint32_t *v)
{
	uint64_t ms;

	if (!duration(w->s, &ms) || ms % 1000 != 0 || ms / 1000 < min ||
	    ms / 1000 > max) {
		conf_expected(p, w, "whole seconds from %u to %u, as in 120, "
		    "120s or 2m", min, max);
		return (false);
	}
	*v = (uint32_t)(ms / 1000);
	return (true);
}

bool
value_seconds(struct parser *p, const struct word *w, uint32_t min,
    uint32_t *v)
{
	return (seconds(p, w, min, CONFIG_SECONDS_MAX, v));
}

bool
value_window(struct parser *p, const struct word *w, uint32_t *v)
{
	return (seconds(p, w, 1, CONFIG_WINDOW_MAX, v));
}

bool
value_settle(struct parser *p, const struct word *w, uint32_t *v)
{
	uint64_t ms;

	if (!duration(w->s, &ms) || ms > CONFIG_SETTLE_MAX) {
		conf_expected(p, w, "a time from 0 to %us, as in 2, 2s or "
		    "500ms", CONFIG_SETTLE_MAX / 1000);
		return (false);
	}
	*v = (uint32_t)ms;
	return (true);
}

/* A decimal fraction to millionths, without floating point. */
bool
value_ratio(struct parser *p, const struct word *w, uint32_t *v)
{
	const char *dot = strchr(w->s, '.');
	size_t whole = dot == NULL ? strlen(w->s) : (size_t)(dot - w->s);
	size_t len = dot == NULL ? 0 : strlen(dot + 1);
	uint64_t n, frac = 0;

	if (whole > 3 || !digits(w->s, whole, &n) || (dot != NULL &&
	    (len > 6 || !digits(dot + 1, len, &frac))))
		goto bad;
	for (; len < 6; len++)
		frac *= 10;
	n = n * 1000000 + frac;
	if (n == 0 || n > CONFIG_RATIO_MAX)
		goto bad;
	*v = (uint32_t)n;
	return (true);
bad:
	conf_expected(p, w, "a ratio over 0 and up to 1 with at most 6 "
	    "decimals, as in 0.01");
	return (false);
}

/* RFC 5396: asplain and asdot. RFC 7607: 0 is nobody's; RFC 6793: 23456
   stands for what does not fit. */
bool
value_as(struct parser *p, const struct word *w, uint32_t *v)
{
	const char *dot = strchr(w->s, '.');
	uint64_t n, low;

	if (dot == NULL) {
		if (!digits(w->s, strlen(w->s), &n) || n > UINT32_MAX)
			goto bad;
	} else {
		if (!digits(w->s, (size_t)(dot - w->s), &n) ||
		    !digits(dot + 1, strlen(dot + 1), &low) ||
		    n > UINT16_MAX || low > UINT16_MAX)
			goto bad;
		n = n << 16 | low;
	}
	if (n == 0 || n == 23456)
		goto bad;
	*v = (uint32_t)n;
	return (true);
bad:
	conf_expected(p, w, "an AS number, as in 65000 or 1.10, not 0 "
	    "or 23456");
	return (false);
}

/* RFC 6286: any four octets but zero, written as an IPv4 address. */
bool
value_router_id(struct parser *p, const struct word *w, uint32_t *v)
{
	struct addr a;

	if (addr_parse(w->s, &a) == -1 || a.af != AF_INET ||
	    addr_is_unspecified(&a)) {
		conf_expected(p, w, "a router ID, as in 192.0.2.1");
		return (false);
	}
	*v = (uint32_t)a.b[0] << 24 | (uint32_t)a.b[1] << 16 |
	    (uint32_t)a.b[2] << 8 | a.b[3];
	return (true);
}

bool
value_addr(struct parser *p, const struct word *w, struct addr *a)
{
	if (addr_parse(w->s, a) == 0 && !addr_is_unspecified(a) &&
	    !addr_is_multicast(a))
		return (true);
	conf_expected(p, w, "a unicast address");
	return (false);
}

/* ADDRESS:PORT, an IPv6 address in brackets. */
bool
value_endpoint(struct parser *p, const struct word *w, struct addr *a,
    uint16_t *port)
{
	const char *colon = strrchr(w->s, ':'), *start = w->s;
	char buf[ADDRSTRLEN];
	size_t len;
	uint64_t n;
	int af;

	if (colon == NULL || !digits(colon + 1, strlen(colon + 1), &n) ||
	    n == 0 || n > UINT16_MAX)
		goto bad;
	len = (size_t)(colon - start);
	af = AF_INET;
	if (*start == '[' && len > 2 && start[len - 1] == ']') {
		af = AF_INET6;
		start++;
		len -= 2;
	}
	if (len >= sizeof(buf))
		goto bad;
	memcpy(buf, start, len);
	buf[len] = '\0';
	if (addr_parse(buf, a) == -1 || a->af != af || addr_is_multicast(a))
		goto bad;
	*port = (uint16_t)n;
	return (true);
bad:
	conf_expected(p, w, "ADDRESS:PORT, as in 127.0.0.1:1179 or "
	    "[::1]:1179");
	return (false);
}

bool
value_ifname(struct parser *p, const struct word *w, char *name)
{
	if (!config_ifname_ok(w->s)) {
		conf_expected(p, w, "an interface name of 1 to %d characters "
		    "without / or :", IFNAMSIZ - 1);
		return (false);
	}
	strlcpy(name, w->s, IFNAMSIZ);
	return (true);
}

/* Doubled slashes and one at the end are dropped first. */
bool
value_path(struct parser *p, const struct word *w, char *path, size_t size)
{
	const char *s;
	char clean[PATH_MAX];
	size_t len = 0;

	for (s = w->s; *s != '\0' && len < sizeof(clean) - 1; s++)
		if (*s != '/' || len == 0 || clean[len - 1] != '/')
			clean[len++] = *s;
	if (len > 1 && clean[len - 1] == '/')
		len--;
	clean[len] = '\0';
	if (*s != '\0' || len >= size || !config_path_ok(clean)) {
		conf_expected(p, w, "an absolute path without . and .. of at "
		    "most %zu characters", size - 1);
		return (false);
	}
	strlcpy(path, clean, size);
	return (true);
}

bool
value_user(struct parser *p, const struct word *w, char *user, size_t size)
{
	if (!config_user_ok(w->s)) {
		conf_expected(p, w, "a user name");
		return (false);
	}
	strlcpy(user, w->s, size);
	return (true);
}

/* Never shown, so no conf_expected here. */
bool
value_key(struct parser *p, const struct word *w, char *key, size_t size)
{
	if (w->s[0] == '\0' || strlen(w->s) >= size) {
		conf_error(p, &w->where, "found a key of %zu characters, "
		    "expected 1 to %zu", strlen(w->s), size - 1);
		return (false);
	}
	strlcpy(key, w->s, size);
	return (true);
}

bool
value_level(struct parser *p, const struct word *w, uint8_t *level)
{
	int v;

	if ((v = log_level_parse(w->s)) == -1) {
		conf_expected(p, w, "error, warn, info, debug or trace");
		return (false);
	}
	*level = (uint8_t)v;
	return (true);
}

void
value_prefix(struct parser *p, const struct word *w)
{
	char quoted[CONF_QUOTE_LEN], text[PREFIXSTRLEN];
	struct config_prefix *c;
	struct prefix prefix;
	bool hostbits;

	if (prefix_parse(w->s, &prefix, &hostbits) == -1) {
		conf_expected(p, w, "a prefix, as in 192.0.2.0/24 or "
		    "2001:db8::/32");
		return;
	}
	if (hostbits)
		conf_warning(p, &w->where, "found host bits in %s, taken as "
		    "%s", conf_quote(w->s, quoted),
		    prefix_format(&prefix, text));
	c = config_add(&p->prefixes, &p->nprefixes, sizeof(*c));
	if (c == NULL)
		fatal("conf");
	c->prefix = prefix;
	c->where = w->where;
}
