#!/bin/sh
# All benches, one after the other; BUILD is the build folder.
# N4 N6 ROUNDS SIZES in the environment make them smaller or larger, and what
# the scripts name in their heads.  PARTS: only those.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
bin=$BUILD/regress/bench
status=0

# part NAME HEADING COMMAND...: if the program is there
part() {
	_name=$1 _text=$2
	shift 2
	case " ${PARTS:-$_name} " in
	*" $_name "*) ;;
	*) return ;;
	esac
	if [ "$1" != sh ] && [ ! -x "$1" ]; then
		return
	fi
	printf '\n== %s\n\n' "$_text"
	_start=$(date +%s)
	"$@" || { echo "bench: $_name failed" >&2; status=1; }
	echo "($_name: $(($(date +%s) - _start)) s)"
}

[ "$(id -u)" -eq 0 ] || { echo "bench: needs root for namespaces" >&2; exit 1; }
echo "$(uname -sr), $(nproc) CPUs, $(awk -F': ' '/^model name/ { print $2
    exit }' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
part fib "tree and FIB" "$bin/fib_bench"
sh "$here/dpdk/build.sh" "$bin/dpdk_fib" ||
    echo "bench: no rte_fib: its program does not compile" >&2
# shellcheck disable=SC2086
part lookup "lookup in XDP, and growth" "$bin/lookup_bench" \
    "${N4:-1050000}" "${N6:-250000}" "${ROUNDS:-15}" \
    ${SIZES:-10000 100000 1000000 2000000 4000000}
part slice "a short prefix over a full table, in slices" "$bin/slice_bench"
part ecmp "choice among the members of a group" "$bin/ecmp_bench"
part fullfeed "full table" sh "$here/fullfeed.sh"
part feeds "memory by full feeds" sh "$here/feeds.sh"
part latency "update to datapath" sh "$here/latency.sh"
part nexthop "nexthop event to write" sh "$here/nexthop.sh"
exit $status
