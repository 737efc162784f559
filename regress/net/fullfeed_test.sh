# A generated table from one BGP session: all of it in the FIB, and away again.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

N4=${N4:-100000} N6=${N6:-25000}

atf_test_case fullfeed cleanup
fullfeed_head() {
	atf_set descr "a generated table is in the FIB, and goes with its session"
	atf_set require.user root
	atf_set timeout 180
}
fullfeed_body() {
	echo "$ID" >id
	. "$(atf_get_srcdir)/feed.subr"
	feed_world || atf_fail "cannot make the namespaces"
	feed_conf
	start_packetframed || atf_fail "packetframed does not answer"
	feed_start 1179
	watch pf "$DIR/control.sock" packetframed "$N4" "$N6" 60 ||
	    atf_fail "$(cat "$DIR/bgpgen.err"; pfctl show)"
	pfctl show >out
	grep -q "IPv4: converged, $N4 prefixes, $N4 paths, 0 pending" out ||
	    atf_fail "$(cat out)"
	grep -q "IPv6: converged, $N6 prefixes, $N6 paths, 0 pending" out ||
	    atf_fail "$(cat out)"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) 2000 >check ||
	    atf_fail "$(cat check)"
	# connected networks are there too, without a next hop
	atf_check_equal $((N4 + N6)) \
	    "$(pfctl -j show fib | grep -c '"gateway":"')"

	# the session closes: nothing is left, and no word of it in the tables
	stop bgpgen
	wait_for 60 empty || atf_fail "left: $(pfctl show)"
	pfctl show | grep -q 'IPv4: converged' && atf_fail "$(pfctl show)"
	wait_for 20 nexthops_gone || atf_fail "left: $(pfctl show nexthop)"

	# and all of it comes back
	feed_start 1179
	watch pf "$DIR/control.sock" packetframed "$N4" "$N6" 60 ||
	    atf_fail "$(cat "$DIR/bgpgen.err"; pfctl show)"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) 500 >check ||
	    atf_fail "$(cat check)"
}
empty() {
	[ "$(pfctl show | grep -c ' 0 prefixes, 0 paths, 0 pending')" -eq 2 ]
}
nexthops_gone() { pfctl -j show | grep -q '"nexthops":0,'; }
fullfeed_cleanup() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	stop bgpgen
	world_down
}

atf_init_test_cases() {
	atf_add_test_case fullfeed
}
