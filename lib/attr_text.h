/* SPDX-License-Identifier: ISC */
/*
 * AS paths and communities as text for operators: numbers and a few names,
 * nothing that a peer could have put into a terminal.
 */
#ifndef LIB_ATTR_TEXT_H
#define LIB_ATTR_TEXT_H

#include <stddef.h>

#include "attr.h"

/* Longest text that tells of a cut and of nothing else, with its NUL. */
#define ATTR_TEXT_MIN	4

/*
 * Fill buf of size bytes (at least ATTR_TEXT_MIN), items with a space between
 * them. What does not fit is left out from an item on, and "..." is the last.
 */
/* 64500 64501, an AS_SET {64502 64503}, of a confederation (65001 65002) and
   [65001 65002]. */
void	 attr_text_path(const struct attrs *, char *buf, size_t size);
/* 64500:1, or the name of a well-known one. */
void	 attr_text_communities(const struct attrs *, char *buf, size_t size);
/* 64500:1:2 (RFC 8092). */
void	 attr_text_large(const struct attrs *, char *buf, size_t size);
/* rt:64500:1, soo:192.0.2.1:5 (RFC 4360, RFC 5668), others in hex. */
void	 attr_text_ext(const struct attrs *, char *buf, size_t size);

#endif
