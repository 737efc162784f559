#!/bin/sh
# From an UPDATE of one prefix to the word in the live table: at rest, and
# while other neighbors send all they have, with memory where one flaps.
#
# N4 N6 FLAPS (prefixes that flap) and, in seconds, IDLE FAST SLOW TOGGLE in
# the environment make it smaller or larger; ROUNDS: of the second full feed.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
N4=${N4:-1050000} N6=${N6:-250000} FLAPS=${FLAPS:-200000} ROUNDS=${ROUNDS:-3}
IDLE=${IDLE:-10} FAST=${FAST:-60} SLOW=${SLOW:-60} TOGGLE=${TOGGLE:-20}
ANSWERS=${ANSWERS:-10000} FEEDS=2 SPEAKERS="other probe memory"
# shellcheck disable=SC2034
ID=pflat$$
DIR=$(mktemp -d /tmp/packetframe-latency.XXXXXX)
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
	printf 'latency: %s\n' "$*" >&2
	tail -n 20 "$DIR"/*.err "$DIR/packetframed.log" >&2
	exit 1
}

# until N4 N6 [SECONDS]: the RIB has so many paths, and the tables have them.
until_() {
	watch pf-part "$DIR/control.sock" packetframed "$1" "$2" \
	    "${3:-120}" >/dev/null || die "not $1 and $2 paths: $(pfctl show)"
}

# probe NAME: in the background, its samples are added to NAME.us.
probe() {
	: >"$DIR/probe.err"
	ip netns exec "$R" "$TOOLS/latency" -b 127.0.0.4 -o "$DIR/$1.us" \
	    "$(cat "$DIR/packetframed.pid")" 127.0.0.1 1181 65000 600 \
	    10.250.0.0/24 10.3.0.1 10.3.0.2 \
	    2fff:99::/48 fd03::1 fd03::2 >"$DIR/probe.out" \
	    2>"$DIR/probe.err" &
	echo $! >"$DIR/probe.pid"
	wait_for 60 grep -q ready "$DIR/probe.err" || die "no probe"
}

probe_end() {
	_pid=$(cat "$DIR/probe.pid")
	kill "$_pid"
	wait "$_pid" || die "the probe failed: $(cat "$DIR/probe.err")"
	rm -f "$DIR/probe.pid"
	cat "$DIR/probe.out" >>"$DIR/probes"
}

memory() {
	"$TOOLS/feedwatch" memory "$(cat "$DIR/packetframed.pid")" 600 \
	    >"$DIR/memory.out" &
	echo $! >"$DIR/memory.pid"
}

memory_end() {
	_pid=$(cat "$DIR/memory.pid")
	kill "$_pid"
	wait "$_pid"
	rm -f "$DIR/memory.pid"
}

# row NAME TEXT: the quantiles of its samples, milliseconds.
row() {
	[ -f "$DIR/$1.us" ] || return 0
	sort -n "$DIR/$1.us" | awk -v text="$2" '{ v[NR] = $1 }
	function q(p) { return (v[int((NR * p + 999) / 1000)] / 1000) }
	END { printf "%-44s %7d %8.3f %8.3f %8.3f %8.3f\n", text, NR, q(500),
	    q(900), q(990), v[NR] / 1000 }'
}

# flap NAME CYCLE SECONDS TEXT: a peer that flaps, and what is left of it.
flap() {
	memory
	sleep 1
	probe "$1"
	speak other 127.0.0.3 1180 "flap -c $2" "$3" "$DIR/up.bgp" \
	    "$DIR/down.bgp" "$DIR/last.bgp"
	wait_for $(($3 + 120)) grep -q acked "$DIR/other.out" ||
	    die "no end of flapping: $(cat "$DIR/other.err")"
	probe_end
	until_ $((N4 + $(flapped 4 "$FLAPS"))) $((N6 + $(flapped 6 "$FLAPS")))
	memory_end
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" -n "$FLAPS" "$DIR/control.sock" $(table) "$ANSWERS" \
	    >"$DIR/check" || die "$4: $(cat "$DIR/check")"
	row "$1" "$4"
	awk -v text="$4" -v turns="$(moment turns other)" \
	    -v check="$(cat "$DIR/check")" '{
		printf "%s: %s turns; memory before %.1f, peak %.1f, after %.1f MiB; %s\n",
		    text, turns, $2 / 1048576, $4 / 1048576, $6 / 1048576, check
	}' "$DIR/memory.out" >>"$DIR/flaps"
	stop other 60
	until_ "$N4" "$N6"
}

feed_world || die "cannot make the namespaces"
feed_conf "route-source bgp 127.0.0.1:1180 local-as 65000 peer-as 65000" \
    "route-source bgp 127.0.0.1:1181 local-as 65000 peer-as 65000" \
    "stale-time 120"
# shellcheck disable=SC2046
"$TOOLS/bgpgen" make -s "$HOPS" "$DIR/other.bgp" $(table) >/dev/null ||
    die "no second feed"
flap_streams "$FLAPS" || die "no streams"
for _f in up down; do
	_w=
	[ $_f = down ] && _w=-w
	# shellcheck disable=SC2086
	"$TOOLS/bgpgen" list $_w "$DIR/toggle-$_f.bgp" 10.3.0.3 fd03::3 \
	    185.0.0.0/8 0.0.0.0/0 ::/0 || die "no streams"
done
start_packetframed 20 || die "packetframed does not start"
# the tables are filled once every neighbor was there and has ended
for _s in "other 127.0.0.3 1180" "probe 127.0.0.4 1181"; do
	# shellcheck disable=SC2086
	speak $_s flap 0 "$DIR/toggle-down.bgp" "$DIR/toggle-down.bgp" \
	    "$DIR/toggle-down.bgp"
done
feed_start 1179
watch pf "$DIR/control.sock" packetframed "$N4" "$N6" 300 >/dev/null ||
    die "the feed does not converge"
stop other
stop probe
cat <<EOT
One prefix, IPv4 and IPv6 in turns, announced with another next hop by a
neighbor of its own, in a table of $N4 and $N6 routes:
milliseconds from before send() to the new leaf in the mapped table.
The watcher has real-time priority and sleeps 10 us between two looks.

EOT
printf '%-44s %7s %8s %8s %8s %8s\n' while samples p50 p90 p99 max

probe idle
sleep "$IDLE"
probe_end
row idle "nothing else happens"

_i=0
while [ "$_i" -lt "$ROUNDS" ]; do
	probe feed
	speak other 127.0.0.3 1180 send "$DIR/other.bgp"
	until_ $((2 * N4 + 1)) $((2 * N6 + 1)) 300
	probe_end
	stop other 60
	until_ "$N4" "$N6"
	_i=$((_i + 1))
done
row feed "another neighbor sends a full feed"

flap fast 0 "$FAST" "another flaps $FLAPS, as fast as it can"
flap slow "$SLOW" "$SLOW" "another flaps $FLAPS, once in $SLOW s"

probe toggle
speak other 127.0.0.3 1180 "flap -c 0.04" "$TOGGLE" "$DIR/toggle-up.bgp" \
    "$DIR/toggle-down.bgp" "$DIR/toggle-down.bgp"
wait_for $((TOGGLE + 120)) grep -q acked "$DIR/other.out" ||
    die "no end of toggling: $(cat "$DIR/other.err")"
probe_end
row toggle "185.0.0.0/8, 0.0.0.0/0, ::/0 come and go"
stop other 60
until_ "$N4" "$N6"
# shellcheck disable=SC2046
"$TOOLS/fibcheck" "$DIR/control.sock" $(table) "$ANSWERS" \
    >"$DIR/check" || die "at the end: $(cat "$DIR/check")"
echo
cat "$DIR/flaps"
echo "at the end: $(cat "$DIR/check")"
awk '{ for (i = 1; i < NF; i++) if ($i ~ /^unsure/ && $(i + 1) > m[$i])
	m[$i] = $(i + 1) }
END { printf "between the last look at the old and the first at the new: "
    printf "p50 %d us, p99 %d us (worst of the rows)\n", m["unsure50"],
    m["unsure99"] }' "$DIR/probes"
