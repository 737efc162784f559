/* SPDX-License-Identifier: ISC */
/* The children's entry points, for the one binary that is all of them. */
#ifndef LIB_MAINS_H
#define LIB_MAINS_H

#include "proc.h"

void	conf_main(const struct child_args *) __attribute__((__noreturn__));
void	rde_main(const struct child_args *) __attribute__((__noreturn__));
void	bgpe_main(const struct child_args *) __attribute__((__noreturn__));
void	bmpe_main(const struct child_args *) __attribute__((__noreturn__));
void	control_main(const struct child_args *) __attribute__((__noreturn__));

#endif
