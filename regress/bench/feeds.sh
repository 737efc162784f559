#!/bin/sh
# Memory by the number of full feeds: the same prefixes from eBGP neighbors,
# each with its own AS in front, own paths, MEDs and communities, and own next
# hops.
#
# N4 N6 FEEDS in the environment make it smaller or larger.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
N4=${N4:-1050000} N6=${N6:-250000} FEEDS=${FEEDS:-3} ANSWERS=${ANSWERS:-10000}
SPEAKERS=$(seq -f 'feed%.0f' "$FEEDS")
# shellcheck disable=SC2034
ID=pffds$$
DIR=$(mktemp -d /tmp/packetframe-feeds.XXXXXX)
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
	printf 'feeds: %s\n' "$*" >&2
	tail -n 20 "$DIR"/*.err "$DIR/packetframed.log" >&2
	exit 1
}

# neighbor NUMBER MODE ARGUMENT...
neighbor() {
	_k=$1
	shift
	SPEAKER_AS=$((3100 + _k)) speak "feed$_k" "127.0.0.$((1 + _k))" \
	    $((1178 + _k)) "$@"
}

sources() {
	for _k in $(seq 2 "$FEEDS"); do
		echo "route-source bgp 127.0.0.1:$((1178 + _k))" \
		    "local-as 65000 peer-as $((3100 + _k))"
	done
}

feed_world || die "cannot make the namespaces"
sources >"$DIR/sources"
_old=$IFS
IFS='
'
# shellcheck disable=SC2046
feed_conf "stale-time 120" $(cat "$DIR/sources")
IFS=$_old
sed -i 's/:1179 local-as 65000 peer-as 65000/:1179 local-as 65000 peer-as 3101/' \
    "$DIR/packetframe.conf"
start_packetframed 20 || die "packetframed does not start"
# the tables are filled once every neighbor was there and has ended
"$TOOLS/bgpgen" list -w "$DIR/nothing.bgp" 10.3.0.3 fd03::3 0.0.0.0/0
for _k in $(seq 2 "$FEEDS"); do
	neighbor "$_k" flap 0 "$DIR/nothing.bgp" "$DIR/nothing.bgp" \
	    "$DIR/nothing.bgp"
done
cat <<EOT
$FEEDS full feeds of the same $N4 and $N6 prefixes from as many eBGP neighbors
memory: PSS of all processes without mapped BPF maps, and the maps

$(printf '%-10s %8s %8s %9s %9s %9s  %s' feeds seconds "PSS MiB" "maps MiB" \
    B/route B/further "a feed's attributes")
EOT
before=0
for k in $(seq "$FEEDS"); do
	rm -f "$FEED"
	# shellcheck disable=SC2046
	"$TOOLS/bgpgen" make -a $((3100 + k)) -s $(((k - 1) * HOPS)) "$FEED" \
	    $(table) >"$DIR/feed.txt" || die "cannot make a feed"
	stop "feed$k"
	neighbor "$k" send "$FEED"
	_how=pf-part
	[ "$k" -eq 1 ] && _how=pf
	watch $_how "$DIR/control.sock" packetframed $((k * N4)) $((k * N6)) \
	    300 >"$DIR/watch" || die "feed $k: not all of it: $(pfctl show)"
	# shellcheck disable=SC2046
	set -- $(cat "$DIR/watch")
	awk -v k="$k" -v n=$((N4 + N6)) -v at="$2" -v pss="$6" -v maps="$8" \
	    -v first="$(moment first "feed$k")" -v before="$before" \
	    -v sets="$(sed -n 's/.*prefixes, \(.*sets\).*/\1/p' \
	    "$DIR/feed.txt")" 'BEGIN {
		more = k == 1 ? "" : sprintf("%.1f", (pss + maps - before) / n)
		printf "%-10d %8.3f %8.1f %9.1f %9.1f %9s  %s\n", k,
		    at - first, pss / 1048576, maps / 1048576,
		    (pss + maps) / n, more, sets }'
	before=$(($6 + $8))
	# later it is for the decision to say whose paths are best
	[ "$k" -gt 1 ] && continue
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) "$ANSWERS" \
	    >"$DIR/check" || die "$(cat "$DIR/check")"
done
echo
pfctl show | grep '^IPv'
echo "after the first: $(cat "$DIR/check")"
# by the daemon itself, where it knows
pfctl show memory 2>/dev/null || :
