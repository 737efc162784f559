/* SPDX-License-Identifier: ISC */
/* The daemon's way to abi.h: brings the kernel's integer types. */
#ifndef PF_ABI_USER_H
#define PF_ABI_USER_H

#include <linux/types.h>

#include "abi.h"

#endif
