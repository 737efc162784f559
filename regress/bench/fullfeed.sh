#!/bin/sh
# A full table from one iBGP session: how long until packetframed has written
# it to its tables, how long until BIRD has it in its RIB, or in the kernel's
# tables, and what it costs.  One receiver at a time, in turns, fresh processes
# each time, all fed with the same encoded messages by the same sender.
#
# N4 N6 ROUNDS ANSWERS in the environment make it smaller or larger;
# KERNEL_ROUNDS: of BIRD with the kernel's tables.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
N4=${N4:-1050000} N6=${N6:-250000} ROUNDS=${ROUNDS:-3} ANSWERS=${ANSWERS:-10000}
KERNEL_ROUNDS=${KERNEL_ROUNDS:-1}
# shellcheck disable=SC2034
ID=pffeed$$
DIR=$(mktemp -d /tmp/packetframe-feed.XXXXXX)
# shellcheck source=regress/net/net.subr
. "$here/../net/net.subr"
# shellcheck source=regress/net/feed.subr
. "$here/../net/feed.subr"
K=${ID}k

cleanup() {
	feed_down
	ip netns del "$K" 2>/dev/null
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

die() {
	printf 'fullfeed: %s\n' "$*" >&2
	tail -n 20 "$DIR/bgpgen.err" "$DIR/packetframed.log" >&2
	exit 1
}

feed_bird_conf() {
	cat <<-EOT
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

# The same, and all of it in the kernel of its namespace.
feed_kernel_conf() {
	feed_bird_conf
	for _f in 4 6; do
		cat <<-EOT
		protocol kernel k$_f {
			persist;
			scan time 3600;
			ipv$_f { import none; export where source = RTS_BGP; };
		}
		EOT
	done
}

# start_bird_in NAMESPACE CONFIG
start_bird_in() {
	ip netns exec "$1" bird -f -c "$2" -s "$DIR/bird.ctl" \
	    -P "$DIR/bird.own.pid" >>"$DIR/bird.log" 2>&1 &
	echo $! >"$DIR/bird.pid"
	wait_for 20 test -S "$DIR/bird.ctl"
}

# A namespace where the next hops are on link, and nothing else is.
kernel_world() {
	ip netns add "$K" && ip -n "$K" link set lo up &&
	    ip -n "$K" link add rb type veth peer name b0 &&
	    ip -n "$K" link set b0 up && ip -n "$K" link set rb up &&
	    ip -n "$K" addr add 10.3.255.254/16 dev rb &&
	    ip -n "$K" addr add fd03::ffff/64 dev rb nodad
}

# What the kernel itself counts: both tables have it all, and more only by
# what belongs to the interfaces.
in_kernel() {
	# shellcheck disable=SC2016
	_p4=$(ip netns exec "$K" awk '$1 == "Prefixes:" && $2 > n { n = $2 }
	    END { print n + 0 }' /proc/net/fib_triestat)
	_p6=$((0x$(ip netns exec "$K" cut -d ' ' -f 4 /proc/net/rt6_stats)))
	[ "$_p4" -ge "$N4" ] && [ "$_p4" -lt $((N4 + 64)) ] &&
	    [ "$_p6" -ge "$N6" ] && [ "$_p6" -lt $((N6 + 64)) ]
}

# bytes of the kernel that routes may be in
kernel_memory() {
	awk '/^(Slab|Percpu|VmallocUsed):/ { n += $2 }
	    END { printf "%.0f", n * 1024 }' /proc/meminfo
}

receive_kernel() {
	kernel_world || die "cannot make the kernel's namespace"
	start_bird_in "$K" "$DIR/kernel.conf" || die "bird does not start"
	before=$(watch bird-kernel "$DIR/bird.ctl" bird 0 0 20) ||
	    die "bird does not start"
	kernel=$(kernel_memory)
	SPEAKER_NS=$K feed_start 1790
	after=$(watch bird-kernel "$DIR/bird.ctl" bird "$N4" "$N6" 300) ||
	    die "kernel: not all of it"
	kernel=$(($(kernel_memory) - kernel))
	in_kernel || die "kernel: $_p4 and $_p6 routes in its tables"
	first=$(moment first) acked=$(moment acked)
	stop bgpgen 2>/dev/null
	kill -9 "$(cat "$DIR/bird.pid")"
	stop bird 2>/dev/null
	rm -f "$DIR/bird.ctl"
	ip netns del "$K"
	result kernel "$kernel"
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
	[ "$1" = pf ] && [ $((round + 1)) -eq "$ROUNDS" ] && generation
	stop bgpgen 2>/dev/null
	stop "$3" 60 2>/dev/null
	rm -f "$2"
	result "$1" "$(of "$after" maps)"
}

# result NAME BYTES: those are outside the processes
result() {
	echo "$1 $first $acked $(of "$after" at) $(of "$before" cpu)" \
	    "$(of "$after" cpu) $(of "$after" pss) $2" >>"$DIR/results"
}

check() {
	pfctl show | grep '^IPv' >"$DIR/show"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) "$ANSWERS" \
	    >"$DIR/check" || die "$(cat "$DIR/check")"
}

# A table of another size is compiled beside the running one.
generation() {
	: >"$DIR/packetframed.log"
	feed_conf "stale-time 120" "fib-v4-max-entries 3000000"
	pfctl reload >"$DIR/reload" 2>&1 || die "reload: $(cat "$DIR/reload")"
	wait_for 60 grep -q "generation .*: in use" "$DIR/packetframed.log" ||
	    die "no new generation"
	feed_conf "stale-time 120"
	grep -o 'generation .* compiled .*' "$DIR/packetframed.log" \
	    >"$DIR/generation"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) "$ANSWERS" \
	    >>"$DIR/generation" || die "$(cat "$DIR/generation")"
}

feed_world || die "cannot make the namespaces"
feed_conf "stale-time 120"
feed_bird_conf >"$DIR/bird.conf"
feed_kernel_conf >"$DIR/kernel.conf"
cat <<EOT
Full table from one iBGP session, $ROUNDS rounds, receivers in turns
$(cat "$DIR/feed.txt")
bgpgen make FILE $(table)
seconds: from the first byte of the first UPDATE to
  packetframed: both families converged, which is told when the parent has
                acknowledged the last table write (asked every 5 ms)
  BIRD:         all routes counted as imported (asked every 5 ms)
  BIRD+kernel:  all routes counted as exported by the protocols of the kernel,
                which is when the kernel has answered for each; then its own
                counts are compared; in $KERNEL_ROUNDS of the rounds, for it takes long
cpu: user and system time of all processes of the receiver, feed only; the
     kernel stores BIRD's routes while BIRD waits, so that is part of it
memory: PSS of all processes without mapped BPF maps, and the maps;
     for BIRD+kernel the growth of the kernel's memory (slab, vmalloc, percpu)

EOT
: >"$DIR/results"
round=0
while [ "$round" -lt "$ROUNDS" ]; do
	start_bird_in "$R" "$DIR/bird.conf" || die "bird does not start"
	receive bird "$DIR/bird.ctl" bird 1790
	[ "$round" -lt "$KERNEL_ROUNDS" ] && receive_kernel
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
# of the rounds that both were in
function ratio(v, a, b,    i, k, r) {
	k = n[a] < n[b] ? n[a] : n[b]
	for (i = 1; i <= k; i++)
		r[i] = v[a, i] / (v[b, i] > 0 ? v[b, i] : 0.01)
	return (median(r, k))
}
BEGIN {
	name["pf"] = "packetframed"
	name["bird"] = "BIRD 2"
	name["kernel"] = "BIRD+kernel"
	printf "%-14s %8s %8s %9s %8s %9s\n", "", "seconds", "cpu s",
	    "PSS MiB", "maps MiB", "B/route"
}
{
	i = ++n[$1]
	wall[$1, i] = $4 - $2; cpu[$1, i] = $6 - $5
	pss[$1, i] = $7; maps[$1, i] = $8
	row(name[$1], wall[$1, i], cpu[$1, i], $7, $8)
}
END {
	split("kernel bird pf", who, " ")
	for (k = 1; k <= 3; k++) {
		p = who[k]
		if (n[p] == 0)
			continue
		for (i = 1; i <= n[p]; i++) {
			a[i] = wall[p, i]; b[i] = cpu[p, i]
			c[i] = pss[p, i]; d[i] = maps[p, i]
		}
		row(name[p] "*", median(a, n[p]), median(b, n[p]),
		    median(c, n[p]), median(d, n[p]))
	}
	print "* median"
	for (k = 1; k <= 2; k++)
		if (n[who[k]] > 0)
			printf "packetframed / %s, median of the rounds: " \
			    "%.2f in seconds, %.2f in cpu\n", name[who[k]],
			    ratio(wall, "pf", who[k]), ratio(cpu, "pf", who[k])
}' "$DIR/results" || die "no results"
echo
cat "$DIR/show" "$DIR/check"
echo "tables of another size, by reload: $(cat "$DIR/generation")"
