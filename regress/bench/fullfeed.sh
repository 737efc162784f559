#!/bin/sh
# A full table from one iBGP session: how long until packetframed has written
# it to its tables, how long until BIRD has it in its RIB, and what it costs.
# One receiver at a time, in turns, fresh processes each time, both fed with
# the same encoded messages by the same sender.
#
# N4 N6 ROUNDS ANSWERS in the environment make it smaller or larger.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
N4=${N4:-1050000} N6=${N6:-250000} ROUNDS=${ROUNDS:-3} ANSWERS=${ANSWERS:-10000}
# shellcheck disable=SC2034
ID=pffeed$$
DIR=$(mktemp -d /tmp/packetframe-feed.XXXXXX)
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
	printf 'fullfeed: %s\n' "$*" >&2
	tail -n 20 "$DIR/feed.err" "$DIR/packetframed.log" >&2
	exit 1
}

feed_bird_conf() {
	cat >"$DIR/bird.conf" <<-EOT
	router id 10.2.0.1;
	protocol device {}
	protocol direct { ipv4; ipv6; }
	protocol bgp feed {
		local 127.0.0.1 port 1790 as 65000;
		neighbor 127.0.0.2 as 65000;
		passive;
		ipv4 { import all; export none; };
		ipv6 { import all; export none; };
	}
	EOT
}

feed_start_bird() {
	ip netns exec "$R" bird -f -c "$DIR/bird.conf" -s "$DIR/bird.ctl" \
	    -P "$DIR/bird.own.pid" >>"$DIR/bird.log" 2>&1 &
	echo $! >"$DIR/bird.pid"
	wait_for 20 test -S "$DIR/bird.ctl"
}

# of LINE NAME: the value behind a name that feedwatch printed
of() { echo "$1" | tr ' ' '\n' | grep -A1 "^$2\$" | tail -n 1; }

# receive NAME SOCKET PIDNAME PORT: one round, a line of results.
receive() {
	before=$(watch "$1" "$2" "$3" 0 0 20) || die "$1 does not start"
	feed_start "$4"
	after=$(watch "$1" "$2" "$3" "$N4" "$N6" 300) || die "$1: not all of it"
	first=$(moment first) acked=$(moment acked)
	[ -n "$acked" ] || die "$1: the sender has not ended"
	[ "$1" = pf ] && check
	stop bgpgen 2>/dev/null
	stop "$3" 60 2>/dev/null
	rm -f "$2"
	echo "$1 $first $acked $(of "$after" at) $(of "$before" cpu)" \
	    "$(of "$after" cpu) $(of "$after" pss) $(of "$after" maps)" \
	    >>"$DIR/results"
}

check() {
	pfctl show | grep '^IPv' >"$DIR/show"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) "$ANSWERS" \
	    >"$DIR/check" || die "$(cat "$DIR/check")"
}

feed_world || die "cannot make the namespaces"
feed_conf "stale-time 120"
feed_bird_conf
cat <<EOT
Full table from one iBGP session, $ROUNDS rounds, receivers in turns
$(cat "$DIR/feed.txt")
bgpgen make FILE $(table)
seconds: from the first byte of the first UPDATE to
  packetframed: both families converged, which is told when the parent has
                acknowledged the last table write (asked every 5 ms)
  BIRD:         all routes counted as imported (asked every 5 ms)
cpu: user and system time of all processes of the receiver, feed only
memory: PSS of all processes without mapped BPF maps, and the maps

EOT
: >"$DIR/results"
round=0
while [ "$round" -lt "$ROUNDS" ]; do
	feed_start_bird || die "bird does not start"
	receive bird "$DIR/bird.ctl" bird 1790
	start_packetframed 20 || die "packetframed does not start"
	receive pf "$DIR/control.sock" packetframed 1179
	round=$((round + 1))
done

awk -v routes=$((N4 + N6)) '
function median(a, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && a[j - 1] > a[j]; j--) {
			t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
		}
	return (n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2)
}
function row(name, w, c, m, k) {
	printf "%-14s %8.3f %8.2f %9.1f %8.1f %9.1f\n", name, w, c,
	    m / 1048576, k / 1048576, (m + k) / routes
}
BEGIN {
	printf "%-14s %8s %8s %9s %8s %9s\n", "", "seconds", "cpu s",
	    "PSS MiB", "maps MiB", "B/route"
}
{
	name = $1 == "pf" ? "packetframed" : "BIRD 2"
	i = ++n[$1]
	wall[$1, i] = $4 - $2; cpu[$1, i] = $6 - $5
	pss[$1, i] = $7; maps[$1, i] = $8
	row(name, wall[$1, i], cpu[$1, i], $7, $8)
}
$1 == "pf" { r[i] = wall["bird", i] / wall["pf", i]
	q[i] = cpu["bird", i] / (cpu["pf", i] > 0 ? cpu["pf", i] : 0.01) }
END {
	split("bird pf", who, " ")
	for (k = 1; k <= 2; k++) {
		p = who[k]
		for (i = 1; i <= n[p]; i++) {
			a[i] = wall[p, i]; b[i] = cpu[p, i]
			c[i] = pss[p, i]; d[i] = maps[p, i]
		}
		row((p == "pf" ? "packetframed" : "BIRD 2") "*",
		    median(a, n[p]), median(b, n[p]), median(c, n[p]),
		    median(d, n[p]))
	}
	printf "* median.  BIRD / packetframed, median of the pairs: "
	printf "%.2f in seconds, %.2f in cpu\n", median(r, n["pf"]),
	    median(q, n["pf"])
}' "$DIR/results" || die "no results"
echo
cat "$DIR/show" "$DIR/check"
