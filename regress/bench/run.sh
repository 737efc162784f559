#!/bin/sh
# All benches, one after the other; BUILD is the build folder.
# N4 N6 ROUNDS SIZES in the environment make them smaller or larger.
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
if [ -x "$BUILD/regress/bench/lookup_bench" ]; then
	# shellcheck disable=SC2086
	part "lookup in XDP" "$BUILD/regress/bench/lookup_bench" \
	    "${N4:-1050000}" "${N6:-250000}" "${ROUNDS:-15}" \
	    ${SIZES:-10000 100000 1000000 2000000 4000000}
fi
part "full table" sh "$here/fullfeed.sh"
exit $status
