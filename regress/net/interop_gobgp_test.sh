# GoBGP as the neighbor.
# shellcheck shell=sh disable=SC1091
. "$(atf_get_srcdir)/net.subr"
. "$(atf_get_srcdir)/interop.subr"

gobgp_() { in_r timeout 20 gobgp -u 127.0.0.1 -p 50051 "$@"; }
gobgp_up() { gobgp_ global >/dev/null 2>&1; }
route() { gobgp_ global rib "$@" >>"$DIR/gobgp.log" 2>&1; }

# gobgp_feed SENDMAX IDENTIFIER...: the routes, the doubled ones of each next
# hop with an identifier, if it is given
gobgp_feed() {
	{
		cat <<-EOT
		[global.config]
		as = 65000
		router-id = "$RB4"
		port = -1
		[[neighbors]]
		[neighbors.config]
		neighbor-address = "127.0.0.1"
		peer-as = 65000
		[neighbors.transport.config]
		remote-port = 1179
		local-address = "127.0.0.3"
		[neighbors.timers.config]
		connect-retry = 1
		[neighbors.route-reflector.config]
		route-reflector-client = true
		route-reflector-cluster-id = "$RB4"
		EOT
		for _f in ipv4 ipv6; do
			cat <<-EOT
			[[neighbors.afi-safis]]
			[neighbors.afi-safis.config]
			afi-safi-name = "$_f-unicast"
			EOT
			[ "$1" -eq 0 ] || cat <<-EOT
			[neighbors.afi-safis.add-paths.config]
			send-max = $1
			EOT
		done
	} >"$DIR/gobgpd.toml"
	peer peer "$R" gobgpd -p --pprof-disable --api-hosts 127.0.0.1:50051 \
	    -f "$DIR/gobgpd.toml"
	wait_for 30 gobgp_up || return 1
	route add "$ONE4" nexthop "$B4" -a ipv4 &&
	    route add "$ONE6" nexthop "$B6" -a ipv6
}

atf_test_case addpath cleanup
addpath_head() {
	atf_set descr "paths of one prefix from GoBGP, by path id"
	atf_set require.user root
	atf_set timeout 120
}
addpath_body() {
	needs gobgpd gobgp
	interop_up
	gobgp_feed 8 || atf_fail "gobgpd does not start"
	route add "$TWO4" identifier 1 nexthop "$B4" -a ipv4
	route add "$TWO4" identifier 2 nexthop "$C4" -a ipv4
	route add "$TWO6" identifier 1 nexthop "$B6" -a ipv6
	route add "$TWO6" identifier 2 nexthop "$C6" -a ipv6
	feed_is true 3
	route del "$TWO4" identifier 1 -a ipv4
	route del "$TWO6" identifier 2 -a ipv6
	one_path_left "$C4" "$B6"
	peer_dies peer
}
addpath_cleanup() { interop_down; }

atf_test_case plain cleanup
plain_head() {
	atf_set descr "a session without path ids with GoBGP"
	atf_set require.user root
	atf_set timeout 180
}
plain_body() {
	needs gobgpd gobgp
	interop_up
	gobgp_feed 0 || atf_fail "gobgpd does not start"
	route add "$TWO4" nexthop "$C4" -a ipv4
	route add "$TWO6" nexthop "$C6" -a ipv6
	feed_is false 2
	wait_for 80 converged || failed "not converged"
	neighbor_is ".eor4 or .eor6" && failed "End-of-RIB"
	route del "$TWO4" -a ipv4
	wait_for 20 paths_are 1 2 || failed "$TWO4 was withdrawn"
	peer_dies peer
}
plain_cleanup() { interop_down; }

atf_init_test_cases() {
	atf_add_test_case addpath
	atf_add_test_case plain
}
