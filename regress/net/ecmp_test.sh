# Two equal paths, told by two BIRDs: flows spread over both, leave a link that
# is down for the other, and come back.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

# the second link between r and b
C4=10.4.0.2 RC4=10.4.0.1 C6=fd04::2 RC6=fd04::1
FLOWS=24

cleanup_world() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	stop bird2
	world_down
}

second_link() {
	ip -n "$R" link add rc type veth peer name c0 netns "$B" || return 1
	for _s in "$R rc $RC4 $RC6" "$B c0 $C4 $C6"; do
		# shellcheck disable=SC2086
		set -- $_s
		ip netns exec "$1" sysctl -qw \
		    "net.ipv6.conf.$2.dad_transmits=0" \
		    "net.ipv4.conf.$2.rp_filter=0"
		ip -n "$1" addr add "$3/24" dev "$2"
		ip -n "$1" addr add "$4/64" dev "$2" nodad
		ip -n "$1" link set "$2" up
		ip netns exec "$1" ethtool -K "$2" tx off gro on >/dev/null
	done
	# what b sends goes by its first link
	in_b sysctl -qw net.ipv4.conf.all.rp_filter=0
	in_b sysctl -qw net.ipv4.conf.b0.rp_filter=0
}

# The neighbor 127.0.0.3 has the same routes by the second link.
start_bird2() {
	{
		sed -e "s/via $B4/via $C4/; s/via $B6/via $C6/" \
		    -e 's/local 127.0.0.2 as/local 127.0.0.3 port 1790 as/' \
		    -e 's/port 1179 as/port 1180 as/' \
		    -e '/^protocol kernel/d' "$DIR/bird.conf"
	} >"$DIR/bird2.conf"
	ip netns exec "$R" bird -f -c "$DIR/bird2.conf" -s "$DIR/bird2.ctl" \
	    -P "$DIR/bird2.own.pid" >>"$DIR/bird2.log" 2>&1 &
	echo $! >"$DIR/bird2.pid"
	wait_for 20 test -S "$DIR/bird2.ctl"
}

fail() { atf_fail "$1: $(pfctl show nexthop | tr '\n' ';')"; }

# dev_rx DEV: datagrams that came to b by it
dev_rx() { in_b cat "/sys/class/net/$1/statistics/rx_packets"; }

# flows FAMILY: some datagrams of each flow, none of which may be lost.
flows() {
	_i=0
	while [ $_i -lt $FLOWS ]; do
		case $1 in
		4) _s=$ASTUB4 _d=$BSTUB4 ;;
		6) _s=$ASTUB6 _d=$BSTUB6 ;;
		esac
		_p=$((7000 + _i))
		rm -f "$DIR/udp.err"
		ip netns exec "$B" "$BUILD/regress/tools/udp" recv "$_d" $_p \
		    10 15 >"$DIR/udp.out" 2>"$DIR/udp.err" &
		_pid=$!
		wait_for 5 grep -qs ready "$DIR/udp.err"
		in_a "$BUILD/regress/tools/udp" send "$_s" "$_d" $_p 10 2000
		wait $_pid
		[ "$(cat "$DIR/udp.out")" = 10 ] ||
		    fail "flow $_i of IPv$1: $(cat "$DIR/udp.out") of 10 came"
		_i=$((_i + 1))
	done
}

# used FAMILY: how many packets of the flows each of b's links brought
used() {
	_b=$(dev_rx b0) _c=$(dev_rx c0)
	flows "$1"
	BY_B=$(($(dev_rx b0) - _b)) BY_C=$(($(dev_rx c0) - _c))
}

# Chance has one of 24 flows or fewer of two choices on a side only once in a
# million times; the seed differs from run to run.
both_used() {
	for _f in 4 6; do
		used $_f
		if [ "$BY_B" -lt 20 ] || [ "$BY_C" -lt 20 ]; then
			fail "IPv$_f: $BY_B by one link, $BY_C by the other"
		fi
	done
}

first_used() {
	for _f in 4 6; do
		used $_f
		if [ "$BY_B" -lt $((FLOWS * 10)) ] || [ "$BY_C" -ge 10 ]; then
			fail "IPv$_f, one link down: $BY_B and $BY_C"
		fi
	done
}

in_group() { pfctl show fib "$1" | grep -q 'ECMP group'; }
forwarded() { echo $(($(counter forward_v4) + $(counter forward_v6))); }
valid() { [ "$(pfctl -j show nexthop | grep -c '"state":"valid"')" -eq "$1" ]; }

atf_test_case links cleanup
links_head() {
	atf_set descr "flows move from a link that is down, and come back"
	atf_set require.user root
	atf_set timeout 180
}
links_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	second_link || atf_fail "cannot make the second link"
	allow_all "attach rc auto" \
	    "route-source bgp 127.0.0.1:1180 local-as 65000 peer-as 65000"
	bird_conf 1000 10
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	start_bird2 || atf_fail "the second bird does not start"
	wait_for 30 converged || atf_fail "not converged: $(pfctl show)"
	# a's, and two of b's, in both families
	wait_for 20 valid 6 || fail "next hops are not valid"
	for _d in $BSTUB4 $BSTUB6; do
		wait_for 10 in_group "$_d" ||
		    atf_fail "no group: $(pfctl show fib "$_d" | tr '\n' ';')"
	done
	_fwd=$(forwarded)
	both_used
	[ $(($(forwarded) - _fwd)) -ge $((FLOWS * 20)) ] ||
	    fail "not by the fast path"

	# only the carrier: the router's own end stays up
	_fwd=$(forwarded)
	ip -n "$B" link set c0 down
	wait_for 20 valid 4 || fail "next hops of a dead link are valid"
	first_used
	[ $(($(forwarded) - _fwd)) -ge $((FLOWS * 20)) ] ||
	    fail "not by the fast path"

	# it took the address with it
	ip -n "$B" link set c0 up
	ip -n "$B" addr add "$C6/64" dev c0 nodad
	wait_for 30 valid 6 || fail "next hops do not come back"
	both_used
}
links_cleanup() { cleanup_world; }

atf_test_case seed cleanup
seed_head() {
	atf_set descr "the seed is kept over a restart, a damaged one replaced"
	atf_set require.user root
	atf_set timeout 60
}
seed_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	allow_all
	_seed=$DIR/state/hash-seed
	start_packetframed || atf_fail "packetframed does not answer"
	grep -qx '[0-9a-f]\{16\}' "$_seed" || atf_fail "seed: $(cat "$_seed")"
	cp "$_seed" first
	stop packetframed
	start_packetframed || atf_fail "packetframed does not answer again"
	cmp "$_seed" first || atf_fail "another seed after a restart"
	stop packetframed
	for _text in "" 0123 0123456789abcdeg 0123456789abcdef0; do
		echo "$_text" >"$_seed"
		: >"$DIR/packetframed.log"
		start_packetframed || atf_fail "does not start with '$_text'"
		grep -q "hash-seed is damaged" "$DIR/packetframed.log" ||
		    atf_fail "nothing is said of '$_text'"
		grep -qx '[0-9a-f]\{16\}' "$_seed" ||
		    atf_fail "seed after '$_text': $(cat "$_seed")"
		stop packetframed
	done
}
seed_cleanup() { cleanup_world; }

atf_init_test_cases() {
	atf_add_test_case seed
	atf_add_test_case links
}
