#!/bin/sh
# From an event of the kernel to the nexthop's table, with all routes on one
# nexthop: a neighbor's MAC address changes, and the link goes down.
#
# ROUTES MACS LINKS (how many of each) in the environment make it smaller or
# larger.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
ROUTES=${ROUTES:-1000000} MACS=${MACS:-2000} LINKS=${LINKS:-20}
N4=$ROUTES N6=0 HOPS=1
# shellcheck disable=SC2034
ID=pfnhe$$
DIR=$(mktemp -d /tmp/packetframe-nexthop.XXXXXX)
# shellcheck source=regress/net/net.subr
. "$here/../net/net.subr"
# shellcheck source=regress/net/feed.subr
. "$here/../net/feed.subr"

cleanup() {
	feed_down
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

die() {
	printf 'nexthop: %s\n' "$*" >&2
	tail -n 20 "$DIR"/*.err "$DIR/packetframed.log" >&2
	exit 1
}

# event HOW COUNT TEXT: a row
event() {
	in_r "$TOOLS/nhevent" "$DIR/control.sock" \
	    "$(cat "$DIR/packetframed.pid")" "$1" rb 10.3.0.1 "$2" \
	    >"$DIR/event" 2>"$DIR/event.err" ||
	    die "$3: $(pfctl show nexthop)"
	awk -v text="$3" '{ printf "%-28s %7d %8.3f %8.3f %8.3f %9d\n", text,
	    $2, $4 / 1000, $6 / 1000, $8 / 1000, $10 }' "$DIR/event"
	_words=$(awk '{ print $10 }' "$DIR/event")
}

feed_world || die "cannot make the namespaces"
feed_conf "stale-time 120"
start_packetframed 20 || die "packetframed does not start"
feed_start 1179
watch pf "$DIR/control.sock" packetframed "$N4" "$N6" 300 >/dev/null ||
    die "not all of it"
cat <<EOT
$ROUTES IPv4 routes on one nexthop: milliseconds from before the message to the
kernel is sent to the change in the mapped table of nexthops, looked at every
10 us; and the words that were written to FIB tables meanwhile.

EOT
printf '%-28s %7s %8s %8s %8s %9s\n' "" samples p50 p99 max "FIB words"
event mac "$MACS" "the neighbor's MAC changes"
[ "$_words" -eq 0 ] || die "$_words words written for a MAC address"
in_r ip neigh del 10.3.0.1 dev rb
event link "$LINKS" "the link goes down"
