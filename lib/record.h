/* SPDX-License-Identifier: ISC */
/*
 * Records: fixed-size structs that cross between processes field by field.
 * One table of fields serves the wire, JSON and the tests.
 */
#ifndef LIB_RECORD_H
#define LIB_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "imsg.h"

enum field_type {
	FIELD_U8,	/* a number, or with names one of an enum */
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_BOOL,	/* bool; other than 0 and 1 is refused */
	FIELD_STR,	/* char[size], NUL-terminated */
	FIELD_ADDR,	/* struct addr; a foreign af is refused */
	FIELD_PREFIX,	/* struct prefix; host bits or length are checked */
	FIELD_MAC	/* uint8_t[6] */
};

struct field {
	const char	*name;	/* of the struct member and in JSON */
	enum field_type	 type;
	size_t		 off;
	size_t		 size;
	/* of the values from 0 on, NULL-terminated; others are refused */
	const char *const *names;
};

struct record {
	const char		*name;
	size_t			 size;	/* of the struct */
	const struct field	*fields;
	size_t			 nfields;
};

#define FIELD(s, m, t)	{ #m, FIELD_##t, offsetof(struct s, m),		\
			    sizeof(((struct s *)0)->m), NULL }
#define FIELD_ENUM(s, m, n)	{ #m, FIELD_U8, offsetof(struct s, m), 1, n }
#define RECORD(s, f)	{ #s, sizeof(struct s), (f),			\
			    sizeof(f) / sizeof((f)[0]) }

/* Put all fields of a struct; the wire form is never longer than the struct,
   and of one length if it has no string. -1 as ibuf_put. */
int	record_put(struct ibuf *, const struct record *, const void *);
/* Get all fields into a struct (zeroed first). -1 with EBADMSG if the bytes
   are short or a field's value cannot be. */
int	record_get(struct ibuf *, const struct record *, void *);
/* record_get and the end check. */
int	record_get_only(struct ibuf *, const struct record *, void *);
/* One JSON object, without newline. */
void	record_json(FILE *, const struct record *, const void *);
/* A JSON string, quoted and escaped. */
void	json_string(FILE *, const char *);

#endif
