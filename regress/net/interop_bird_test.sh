# BIRD as the neighbor: path ids (RFC 7911), long messages (RFC 8654).
# shellcheck shell=sh disable=SC1091
. "$(atf_get_srcdir)/net.subr"
. "$(atf_get_srcdir)/interop.subr"

LONG4=198.18.3.0/24 LONGER4=198.18.4.0/24

# bird_feed OPTIONS: of both families' channels; and what long.conf has
bird_feed() {
	touch "$DIR/long.conf"
	cat >"$DIR/bird.conf" <<-EOT
	router id $RB4;
	protocol device { scan time 1; }
	protocol static x4 { ipv4;
		route $TWO4 via $B4;
		route $ONE4 via $B4;
	}
	protocol static y4 { ipv4; route $TWO4 via $C4; }
	protocol static x6 { ipv6;
		route $TWO6 via $B6;
		route $ONE6 via $B6;
	}
	include "$DIR/long.conf";
	protocol static y6 { ipv6; route $TWO6 via $C6; }
	protocol bgp pf {
		local 127.0.0.2 as 65000;
		neighbor 127.0.0.1 port 1179 as 65000;
		connect delay time 1;
		connect retry time 1;
		error wait time 1, 2;
		rr client;
		enable extended messages;
		ipv4 { export all; import none; next hop keep; $1 };
		ipv6 { export all; import none; next hop keep;
			next hop address ::1; $1 };
	}
	EOT
	peer peer "$R" bird -f -c "$DIR/bird.conf" -s "$DIR/bird.ctl" \
	    -P "$DIR/bird.own.pid"
	wait_for 20 test -S "$DIR/bird.ctl"
}

atf_test_case addpath cleanup
addpath_head() {
	atf_set descr "paths of one prefix from BIRD, by path id"
	atf_set require.user root
	atf_set timeout 120
}
addpath_body() {
	interop_up
	bird_feed "add paths tx;" || atf_fail "bird does not start"
	feed_is true 3
	wait_for 20 converged || failed "not converged"
	neighbor_is ".eor4 and .eor6" || failed "End-of-RIB"
	birdc_ disable y4 >/dev/null
	birdc_ disable y6 >/dev/null
	one_path_left "$B4" "$B6"
	birdc_ enable y4 >/dev/null
	birdc_ enable y6 >/dev/null
	wait_for 20 paths_are 3 3 || failed "not a path more"
	wait_for 10 fib_via "$TWO4" "$B4" "$C4" || failed "no group again"
	birdc_ disable x4 >/dev/null
	wait_for 20 paths_are 1 3 || failed "not two paths less"
	wait_for 10 fib_via "$TWO4" "$C4" || failed "$TWO4 without x4"
	birdc_ enable x4 >/dev/null
	wait_for 20 paths_are 3 3 || failed "not two paths more"
	peer_dies peer
}
addpath_cleanup() { interop_down; }

atf_test_case plain cleanup
plain_head() {
	atf_set descr "a session without path ids with BIRD"
	atf_set require.user root
	atf_set timeout 120
}
plain_body() {
	interop_up
	bird_feed "" || atf_fail "bird does not start"
	feed_is false 2
	# the two next hops are as good: whichever it is, the other takes over
	birdc_ disable x4 >/dev/null
	wait_for 20 fib_via "$TWO4" "$C4" || failed "$TWO4 without x4"
	birdc_ disable y4 >/dev/null
	wait_for 20 paths_are 0 2 || failed "routes without x4 and y4"
	peer_dies peer
}
plain_cleanup() { interop_down; }

# communities N: as many on a route
communities() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "bgp_community.add((65000,%d));\n", i }'
}

atf_test_case extended cleanup
extended_head() {
	atf_set descr "messages longer than 4096 bytes"
	atf_set require.user root
	atf_set timeout 120
}
extended_body() {
	interop_up
	# more than a short message has room for, and than we keep
	cat >"$DIR/long.conf" <<-EOT
	protocol static z4 { ipv4;
		route $LONG4 via $B4 { $(communities 1200) };
		route $LONGER4 via $B4 { $(communities 5000) };
	}
	EOT
	bird_feed "" || atf_fail "bird does not start"
	wait_for 40 fib_is "$LONG4" || failed "$LONG4"
	wait_for 20 fib_is "$LONGER4" || failed "$LONGER4"
	all_there || failed "routes of short messages"
	birdc_ disable z4 >/dev/null
	wait_for 20 paths_are 2 2 || failed "not withdrawn"
	pfctl show neighbor | grep -q 'last error' && failed "an error"
	peer_dies peer
}
extended_cleanup() { interop_down; }

atf_init_test_cases() {
	atf_add_test_case addpath
	atf_add_test_case plain
	atf_add_test_case extended
}
