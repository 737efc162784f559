# Routes from a real BIRD, packets through real namespaces.
# shellcheck shell=sh
. "$(atf_get_srcdir)/net.subr"

cleanup_world() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	world_down
}

# up N4 N6 CONFIG-LINE...: a world with both daemons, converged.
up() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	_n4=$1 _n6=$2
	shift 2
	allow_all "$@"
	bird_conf "$_n4" "$_n6"
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 60 converged || atf_fail "not converged: $(pfctl show)"
	wait_for 20 nexthops_valid 2 ||
	    atf_fail "nexthops: $(pfctl show nexthop)"
}

# moved COUNTER N COMMAND...: the command moves the counter by at least N.
moved() {
	_c=$1 _n=$2
	shift 2
	_was=$(counter "$_c")
	"$@" >/dev/null 2>&1
	[ $(($(counter "$_c") - _was)) -ge "$_n" ]
}

ping4() { in_a ping -q -c 2 -W 1 -i 0.05 -I "$ASTUB4" "$BSTUB4"; }
ping6() { in_a ping -q -c 2 -W 1 -i 0.05 -I "$ASTUB6" "$BSTUB6"; }

atf_test_case forward cleanup
forward_head() {
	atf_set descr "BIRD's routes forward both families at XDP, all of it"
	atf_set require.user root
	atf_set timeout 120
}
forward_body() {
	up 1000 200
	wait_for 20 moved forward_v4 1 ping4 || atf_fail "no v4 at XDP"
	wait_for 20 moved forward_v6 1 ping6 || atf_fail "no v6 at XDP"
	kernel=$(ip_forwarded)
	f4=$(counter forward_v4) f6=$(counter forward_v6)
	atf_check_equal 1000 "$(udp 4 1000 4000)"
	atf_check_equal 1000 "$(udp 6 1000 4000)"
	atf_check_equal 1000 $(($(counter forward_v4) - f4))
	atf_check_equal 1000 $(($(counter forward_v6) - f6))
	in_a ping -q -c 20 -i 0.02 -I "$ASTUB4" "$BSTUB4" >ping4 ||
	    atf_fail "ping: $(cat ping4)"
	in_a ping -q -c 20 -i 0.02 -I "$ASTUB6" "$BSTUB6" >ping6 ||
	    atf_fail "ping: $(cat ping6)"
	grep -q ' 20 received' ping4 || atf_fail "lost: $(cat ping4)"
	grep -q ' 20 received' ping6 || atf_fail "lost: $(cat ping6)"
	# both directions of the ping have a route: requests and replies
	atf_check_equal 1040 $(($(counter forward_v4) - f4))
	atf_check_equal 1040 $(($(counter forward_v6) - f6))
	atf_check_equal "$kernel" "$(ip_forwarded)"
}
forward_cleanup() { cleanup_world; }

atf_test_case withdraw cleanup
withdraw_head() {
	atf_set descr "a withdrawn route's traffic takes the slow path"
	atf_set require.user root
	atf_set timeout 120
}
withdraw_body() {
	up 1000 200
	wait_for 20 moved forward_v4 1 ping4 || atf_fail "no v4 at XDP"
	# the kernel keeps its own route, so that the slow path can deliver
	in_r ip route add 198.18.7.0/24 via "$B4"
	grep -v 'route 198.18.7.8/31' "$DIR/bird.conf" >"$DIR/less.conf"
	birdc_ configure "\"$DIR/less.conf\"" >/dev/null
	wait_for 20 no_route || atf_fail "$(pfctl show fib "$BSTUB4")"
	kernel=$(ip_forwarded) f4=$(counter forward_v4)
	atf_check_equal 100 "$(udp 4 100 1000)"
	atf_check_equal "$f4" "$(counter forward_v4)"
	[ $(($(ip_forwarded) - kernel)) -ge 100 ] ||
	    atf_fail "the kernel forwarded $(($(ip_forwarded) - kernel))"
}
no_route() { pfctl show fib "$BSTUB4" | grep -q 'no route'; }
withdraw_cleanup() { cleanup_world; }

atf_test_case mac cleanup
mac_head() {
	atf_set descr "a neighbor's new MAC address is followed"
	atf_set require.user root
	atf_set timeout 120
}
mac_body() {
	up 1000 200
	wait_for 20 moved forward_v4 2 ping4 || atf_fail "no v4 at XDP"
	in_b ip link set b0 address 02:00:00:00:be:ef
	# b speaks, as a host with a new address does
	in_b ping -q -c 1 -W 1 "$RB4" >/dev/null
	wait_for 30 new_mac || atf_fail "$(pfctl show nexthop)"
	wait_for 20 pinged || atf_fail "no answers under the new address"
	wait_for 20 moved forward_v4 2 ping4 || atf_fail "no v4 at XDP"
}
new_mac() { pfctl show nexthop | grep "$B4 " | grep -q 02:00:00:00:be:ef; }
pinged() { ping4 >/dev/null; }
mac_cleanup() { cleanup_world; }

atf_test_case bird_restart cleanup
bird_restart_head() {
	atf_set descr "stopping and starting bird brings the routes back"
	atf_set require.user root
	atf_set timeout 180
}
bird_restart_body() {
	up 1000 200
	wait_for 20 moved forward_v4 1 ping4 || atf_fail "no v4 at XDP"
	stop bird
	wait_for 30 no_route || atf_fail "$(pfctl show fib "$BSTUB4")"
	f4=$(counter forward_v4)
	ping4 >/dev/null 2>&1
	atf_check_equal "$f4" "$(counter forward_v4)"
	start_bird || atf_fail "bird does not start"
	wait_for 60 moved forward_v4 1 ping4 || atf_fail "$(pfctl show)"
	wait_for 60 moved forward_v6 1 ping6 || atf_fail "$(pfctl show)"
}
bird_restart_cleanup() { cleanup_world; }

atf_test_case not_allowed cleanup
not_allowed_head() {
	atf_set descr "a packet outside the allowlist is the kernel's"
	atf_set require.user root
	atf_set timeout 120
}
not_allowed_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	conf "allow-prefix 198.19.0.0/16" "allow-prefix6 2001:db8:c::/48"
	bird_conf 1000 200
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 60 converged || atf_fail "not converged: $(pfctl show)"
	wait_for 20 pinged || atf_fail "the slow path does not deliver"
	kernel=$(ip_forwarded) p=$(counter pass_not_allowed)
	atf_check_equal 100 "$(udp 4 100 1000)"
	atf_check_equal 100 "$(udp 6 100 1000)"
	atf_check_equal 0 "$(counter forward_v4)"
	atf_check_equal 0 "$(counter forward_v6)"
	[ $(($(counter pass_not_allowed) - p)) -ge 200 ] ||
	    atf_fail "$(pfctl show counters)"
	[ $(($(ip_forwarded) - kernel)) -ge 200 ] ||
	    atf_fail "the kernel forwarded $(($(ip_forwarded) - kernel))"
}
not_allowed_cleanup() { cleanup_world; }

atf_test_case kernel_fib cleanup
kernel_fib_head() {
	atf_set descr "kernel-fib, and a reload that changes the mode"
	atf_set require.user root
	atf_set timeout 120
}
kernel_fib_body() {
	MODE=kernel-fib
	up 1000 200
	wait_for 20 moved forward_v4 2 ping4 || atf_fail "no v4 at XDP"
	wait_for 20 moved forward_v6 2 ping6 || atf_fail "no v6 at XDP"
	MODE=custom-fib
	allow_all
	atf_check -o ignore -e ignore "$BUILD/pfctl" -s "$DIR/control.sock" \
	    reload
	pfctl show | grep -q 'mode custom-fib' || atf_fail "$(pfctl show)"
	wait_for 20 moved forward_v4 2 ping4 || atf_fail "no v4 at XDP"
	# dry-run passes everything, and says what it would have done
	allow_all "dry-run on"
	atf_check -o ignore -e ignore "$BUILD/pfctl" -s "$DIR/control.sock" \
	    reload
	f4=$(counter forward_v4) w=$(counter would_forward)
	ping4 >/dev/null || atf_fail "dry-run stops traffic"
	atf_check_equal "$f4" "$(counter forward_v4)"
	[ $(($(counter would_forward) - w)) -ge 2 ] ||
	    atf_fail "$(pfctl show counters)"
	[ "$(counter pass_dry_run)" -ge 2 ] || atf_fail "$(pfctl show counters)"
	# a prefix taken off the list is the kernel's from then on
	conf "allow-prefix 192.0.2.0/24" "allow-prefix6 2001:db8:b::/48"
	atf_check -o ignore -e ignore "$BUILD/pfctl" -s "$DIR/control.sock" \
	    reload
	f4=$(counter forward_v4)
	wait_for 20 moved pass_not_allowed 2 ping4 ||
	    atf_fail "$(pfctl show counters)"
	f4=$(counter forward_v4)
	ping4 >/dev/null || atf_fail "the slow path does not deliver"
	atf_check_equal "$f4" "$(counter forward_v4)"
}
kernel_fib_cleanup() { cleanup_world; }

atf_test_case connected cleanup
connected_head() {
	atf_set descr "a covering route does not take a connected network"
	atf_set require.user root
	atf_set timeout 60
}
connected_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	conf "allow-prefix 10.0.0.0/8" "allow-prefix6 fd00::/8"
	bird_conf 10 10
	# from a's side the way to a's network would be back out to b
	cat >>"$DIR/bird.conf" <<-EOT
	protocol static wide4 { ipv4; route 10.0.0.0/8 via $B4; }
	protocol static wide6 { ipv6; route fd00::/8 via $B6; }
	EOT
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 60 converged || atf_fail "not converged: $(pfctl show)"
	wait_for 20 nexthops_valid 2 || atf_fail "nexthops"
	pfctl show fib "$A4" | grep -q 'connected network 10.1.0.0/24' ||
	    atf_fail "$(pfctl show fib "$A4")"
	p=$(counter pass_punt)
	in_b ping -q -c 5 -i 0.05 -W 1 "$A4" >ping4 ||
	    atf_fail "v4: $(cat ping4)"
	in_b ping -q -c 5 -i 0.05 -W 1 "$A6" >ping6 ||
	    atf_fail "v6: $(cat ping6)"
	[ $(($(counter pass_punt) - p)) -ge 10 ] ||
	    atf_fail "$(pfctl show counters)"
	# an address that comes later is covered as soon as it is there
	ip -n "$R" addr add 10.9.0.1/24 dev ra
	wait_for 10 is_connected 10.9.0.77 ||
	    atf_fail "$(pfctl show fib 10.9.0.77)"
	ip -n "$R" addr del 10.9.0.1/24 dev ra
	wait_for 10 is_routed 10.9.0.77 ||
	    atf_fail "$(pfctl show fib 10.9.0.77)"
}
is_connected() { pfctl show fib "$1" | grep -q 'connected network'; }
is_routed() { pfctl show fib "$1" | grep -q 'route 10.0.0.0/8'; }
connected_cleanup() { cleanup_world; }

atf_test_case bridge cleanup
bridge_head() {
	atf_set descr "a bridge's port forwards what is for the bridge's address"
	atf_set require.user root
	atf_set timeout 60
}
bridge_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	ip -n "$R" link add br0 address 02:00:00:00:b0:00 type bridge \
	    forward_delay 0 || atf_skip "no bridges here"
	ip -n "$R" addr flush dev ra
	ip -n "$R" link set ra master br0
	ip -n "$R" addr add "$RA4/24" dev br0
	ip -n "$R" link set br0 up
	ip -n "$R" route add 198.18.0.0/15 via "$B4"
	ip -n "$R" route add "$ASTUB4" via "$A4"
	in_a ip neigh flush dev a0
	MODE=kernel-fib allow_all
	start_packetframed || atf_fail "packetframed does not answer"
	wait_for 20 moved forward_v4 2 ping4 || atf_fail "no v4 at XDP"
	in_a ip neigh show "$RA4" | grep -q 02:00:00:00:b0:00 ||
	    atf_fail "not to the bridge's address"
	ip -n "$R" link set br0 address 02:00:00:00:b0:01
	in_a ip neigh flush dev a0
	wait_for 20 moved forward_v4 2 ping4 ||
	    atf_fail "no v4 at XDP under the bridge's new address"
	# from a port that learns only, nothing
	in_r bridge link set dev ra state 2
	wait_for 20 moved pass_port 1 ping4 || atf_fail "$(pfctl show counters)"
	f4=$(counter forward_v4)
	ping4 >/dev/null
	atf_check_equal "$f4" "$(counter forward_v4)"
	in_r bridge link set dev ra state 3
	wait_for 20 moved forward_v4 2 ping4 || atf_fail "no v4 at XDP"
	# nor below a bridge that is down
	ip -n "$R" link set br0 down
	wait_for 20 moved pass_port 1 ping4 || atf_fail "$(pfctl show counters)"
}
bridge_cleanup() { cleanup_world; }

atf_init_test_cases() {
	atf_add_test_case bridge
	atf_add_test_case connected
	atf_add_test_case forward
	atf_add_test_case withdraw
	atf_add_test_case mac
	atf_add_test_case bird_restart
	atf_add_test_case not_allowed
	atf_add_test_case kernel_fib
}
