# ExaBGP as the neighbor.
# shellcheck shell=sh disable=SC1091
. "$(atf_get_srcdir)/net.subr"
. "$(atf_get_srcdir)/interop.subr"

# say COMMAND: of ExaBGP's API, which reads what say has written
say() { echo "$*" >>"$DIR/exabgp.in"; }

# exabgp_feed CAPABILITY
exabgp_feed() {
	: >"$DIR/exabgp.in"
	cat >"$DIR/exabgp.conf" <<-EOT
	process feed {
		run /usr/bin/tail -n +1 -f $DIR/exabgp.in;
		encoder text;
	}
	neighbor 127.0.0.1 {
		router-id $RB4;
		local-address 127.0.0.4;
		local-as 65000;
		peer-as 65000;
		connect 1179;
		capability { $1 }
		family { ipv4 unicast; ipv6 unicast; }
		api { processes [ feed ]; }
	}
	EOT
	peer peer "$R" env exabgp.daemon.user=root exabgp.api.cli=false \
	    exabgp.api.ack=false exabgp "$DIR/exabgp.conf"
	say announce route "$ONE4" next-hop "$B4"
	say announce route "$ONE6" next-hop "$B6"
}

atf_test_case addpath cleanup
addpath_head() {
	atf_set descr "paths of one prefix from ExaBGP, by path id"
	atf_set require.user root
	atf_set timeout 120
}
addpath_body() {
	needs exabgp
	interop_up
	exabgp_feed "add-path send;"
	say announce route "$TWO4" next-hop "$B4" path-information 0.0.0.1
	say announce route "$TWO4" next-hop "$C4" path-information 0.0.0.2
	say announce route "$TWO6" next-hop "$B6" path-information 0.0.0.1
	say announce route "$TWO6" next-hop "$C6" path-information 0.0.0.2
	feed_is true 3
	say withdraw route "$TWO4" next-hop "$B4" path-information 0.0.0.1
	say withdraw route "$TWO6" next-hop "$C6" path-information 0.0.0.2
	one_path_left "$C4" "$B6"
	peer_dies peer
}
addpath_cleanup() { interop_down; }

atf_test_case plain cleanup
plain_head() {
	atf_set descr "a session without path ids with ExaBGP"
	atf_set require.user root
	atf_set timeout 120
}
plain_body() {
	needs exabgp
	interop_up
	exabgp_feed ""
	say announce route "$TWO4" next-hop "$C4"
	say announce route "$TWO6" next-hop "$C6"
	feed_is false 2
	wait_for 20 converged || failed "not converged"
	say withdraw route "$TWO4" next-hop "$C4"
	wait_for 20 paths_are 1 2 || failed "$TWO4 was withdrawn"
	peer_dies peer
}
plain_cleanup() { interop_down; }

atf_init_test_cases() {
	atf_add_test_case addpath
	atf_add_test_case plain
}
