#!/bin/sh
# All benches, one after the other; BUILD is the build folder.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
status=0

part() {
	printf '\n== %s\n\n' "$1"
	shift
	"$@" || { echo "bench: $1 failed" >&2; status=1; }
}

[ "$(id -u)" -eq 0 ] || { echo "bench: needs root for namespaces" >&2; exit 1; }
echo "$(uname -sr), $(nproc) CPUs, $(awk -F': ' '/^model name/ { print $2
    exit }' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
if [ -x "$BUILD/regress/bench/fib_bench" ]; then
	part "tree and FIB" "$BUILD/regress/bench/fib_bench"
fi
part "full table" sh "$here/fullfeed.sh"
exit $status
