# What a routing daemon may do to us, with BIRD: routes that it has no gateway
# for, and sessions of which each is but a part of the feed.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

cleanup_world() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	world_down
}

punts() { pfctl show fib "$1" | grep -q "route $2" &&
	pfctl show fib "$1" | grep -q 'local$'; }

atf_test_case no_gateway cleanup
no_gateway_head() {
	atf_set descr "blackholes and device routes are not taken by a default"
	atf_set require.user root
	atf_set timeout 60
}
no_gateway_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	allow_all
	bird_conf 10 10
	cat >>"$DIR/bird.conf" <<-EOT
	protocol static x4 {
		ipv4;
		route 0.0.0.0/0 via $B4;
		route 198.18.96.0/24 prohibit;
		route 198.18.97.0/24 via "rb";
		route 198.18.98.0/24 unreachable;
		route 198.18.99.0/24 blackhole;
	}
	protocol static x6 {
		ipv6;
		route ::/0 via $B6;
		route 2001:db8:b:96::/64 via fe80::1%rb;
		route 2001:db8:b:97::/64 via "rb";
		route 2001:db8:b:99::/64 blackhole;
	}
	EOT
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 60 converged || atf_fail "not converged: $(pfctl show)"
	for _i in 96 97 98 99; do
		wait_for 20 punts "198.18.$_i.1" "198.18.$_i.0/24" ||
		    atf_fail "$(pfctl show fib "198.18.$_i.1" | head -n 2)"
	done
	for _i in 96 97 99; do
		wait_for 20 punts "2001:db8:b:$_i::1" "2001:db8:b:$_i::/64" ||
		    atf_fail "$(pfctl show fib "2001:db8:b:$_i::1")"
	done
	pfctl show fib 198.18.100.1 | grep -q 'route 0.0.0.0/0' ||
	    atf_fail "$(pfctl show fib 198.18.100.1)"
}
no_gateway_cleanup() { cleanup_world; }

atf_test_case sessions cleanup
sessions_head() {
	atf_set descr "a family waits for the session that carries it"
	atf_set require.user root
	atf_set timeout 60
}
sessions_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	allow_all "route-source bgp 127.0.0.1:1180 local-as 65000 peer-as 65000"
	bird_conf 10 10
	# a session for each family
	sed -n '/protocol bgp pf/,/^}/p' "$DIR/bird.conf" |
	    sed 's/bgp pf/bgp pf6/; s/port 1179/port 1180/; /ipv4 {/d' \
	    >"$DIR/pf6.conf"
	sed -i '/ipv6 { export all; import none; next/d' "$DIR/bird.conf"
	sed 's/bgp pf6 {/& disabled;/' "$DIR/pf6.conf" >>"$DIR/bird.conf"
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 20 established 1 || fail
	wait_for 20 has_routes || fail
	# the second of two sources has not come yet
	pfctl -j show | grep -q '"routes[46]":true' && fail
	birdc_ enable pf6 >/dev/null
	wait_for 20 converged || fail
	# only its own family goes with a session
	birdc_ disable pf6 >/dev/null
	wait_for 20 v6_waits || fail
	pfctl -j show | grep -q '"routes4":true' || fail
	birdc_ enable pf6 >/dev/null
	wait_for 20 converged || fail
}
# a result is one line
fail() { atf_fail "$(pfctl show | tr '\n' ';')"; }
established() {
	[ "$(pfctl show neighbor | grep -c 'state Established')" -ge "$1" ]
}
has_routes() { pfctl show | grep 'IPv4:' | grep -q '11 prefixes'; }
v6_waits() { pfctl -j show | grep -q '"routes6":false'; }
sessions_cleanup() { cleanup_world; }

atf_test_case feeds cleanup
feeds_head() {
	atf_set descr "four neighbors that send a table at once"
	atf_set require.user root
	atf_set timeout 120
}
feeds_body() {
	N4=40000 N6=10000
	echo "$ID" >id
	. "$(atf_get_srcdir)/feed.subr"
	feed_world || atf_fail "cannot make the namespaces"
	feed_conf
	start_packetframed || atf_fail "packetframed does not answer"
	for _i in 2 3 4 5; do
		ip netns exec "$R" "$TOOLS/bgpgen" send -b "127.0.0.$_i" \
		    127.0.0.1 1179 65000 "$FEED" >"$DIR/feed$_i.out" 2>&1 &
		echo $! >"$DIR/bgpgen$_i.pid"
	done
	wait_for 60 feeds_came 4 || fail
	wait_for 20 converged || fail
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) 500 >check ||
	    atf_fail "$(cat check)"
	# what one takes away the others still have
	stop bgpgen2
	wait_for 60 feeds_came 3 || fail
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) 500 >check ||
	    atf_fail "$(cat check)"
}
# feeds_came COUNT: all of them, whole, and nothing is left to be written
feeds_came() {
	pfctl show >out
	grep -q "IPv4: .* $N4 prefixes, $((N4 * $1)) paths, 0 pending" out &&
	    grep -q "IPv6: .* $N6 prefixes, $((N6 * $1)) paths, 0 pending" out &&
	    [ "$(pfctl -j show neighbor | jq "[.. | objects |
	    select(.state? == \"Established\" and .eor4 and .eor6 and
	    .rx_announced == $((N4 + N6)))] | length")" -eq "$1" ]
}
feeds_cleanup() {
	for _p in w/bgpgen*.pid; do
		[ -f "$_p" ] && kill "$(cat "$_p")" 2>/dev/null
	done
	cleanup_world
}

atf_init_test_cases() {
	atf_add_test_case no_gateway
	atf_add_test_case sessions
	atf_add_test_case feeds
}
