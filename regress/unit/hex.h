/* SPDX-License-Identifier: ISC */
/* Messages written in hex, with blanks where they help. */
#ifndef UNIT_HEX_H
#define UNIT_HEX_H

#include <atf-c.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Into out, which is large enough; how many bytes. */
static size_t
unhex(const char *s, uint8_t *out)
{
	unsigned int v;
	size_t n = 0;

	for (; *s != '\0'; s += 2) {
		while (*s == ' ')
			s++;
		if (*s == '\0')
			break;
		ATF_REQUIRE(sscanf(s, "%2x", &v) == 1);
		out[n++] = (uint8_t)v;
	}
	return (n);
}

#endif
