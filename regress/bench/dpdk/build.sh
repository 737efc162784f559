#!/bin/sh
# SPDX-License-Identifier: ISC
# The rival of the lookup bench, where Debian's libdpdk-dev is installed.
# build.sh PROGRAM
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if ! pkg-config --exists libdpdk; then
	echo "libdpdk-dev is not installed: no rte_fib"
	rm -f "$1"
	exit 0
fi
mkdir -p "$(dirname "$1")"
# shellcheck disable=SC2046
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE \
    -DLIBBSD_OVERLAY -isystem /usr/include/bsd \
    $(pkg-config --cflags libdpdk | sed 's/-I/-isystem /g') \
    -o "$1" "$here/fib.c" "$here/../../../lib/addr.c" \
    -lrte_fib -lrte_rib -lrte_eal -lbsd
