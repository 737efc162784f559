# FRR as the neighbor.  It peers with no address of its own host, so it lives
# in another namespace.
# shellcheck shell=sh disable=SC1091
. "$(atf_get_srcdir)/net.subr"
. "$(atf_get_srcdir)/interop.subr"

FRR=/usr/lib/frr
SRC1=10.1.0.11 SRC2=10.1.0.12

# frr_feed OPTION: of our session, both families
frr_feed() {
	{
		cat <<-EOT
		router bgp 65000
		 bgp router-id $A4
		 no bgp default ipv4-unicast
		 neighbor $RA4 remote-as 65000
		 neighbor $RA4 port 1179
		 neighbor $RA4 timers connect 1
		 neighbor $RA4 advertisement-interval 0
		 neighbor $SRC1 remote-as 65000
		 neighbor $SRC1 passive
		 neighbor $SRC2 remote-as 65000
		 neighbor $SRC2 passive
		EOT
		for _f in ipv4 ipv6; do
			cat <<-EOT
			 address-family $_f unicast
			  neighbor $RA4 activate
			  neighbor $RA4 route-reflector-client
			  ${1:+neighbor $RA4 $1}
			  neighbor $SRC1 activate
			  neighbor $SRC2 activate
			 exit-address-family
			EOT
		done
	} >"$DIR/frr.conf"
	peer peer "$A" "$FRR/bgpd" -S -Z -f "$DIR/frr.conf" \
	    -i "$DIR/frr.own.pid" --vty_socket "$DIR" -P 0 --log stdout
}

frr_up() {
	interop_up "route-source bgp $RA4:1179 local-as 65000 peer-as 65000 \
allow-remote peer-from $A4/32"
	for _s in $SRC1 $SRC2; do
		ip -n "$R" addr add "$_s/24" dev ra
	done
}

atf_test_case addpath cleanup
addpath_head() {
	atf_set descr "paths of one prefix from FRR, by path id"
	atf_set require.user root
	atf_set timeout 150
}
addpath_body() {
	needs "$FRR/bgpd"
	frr_up
	frr_feed addpath-tx-all-paths
	two_sources "$A4" 179 $SRC1 $SRC2
	learned_paths
}
addpath_cleanup() { interop_down; }

atf_test_case plain cleanup
plain_head() {
	atf_set descr "a session without path ids with FRR"
	atf_set require.user root
	atf_set timeout 150
}
plain_body() {
	needs "$FRR/bgpd"
	frr_up
	frr_feed
	two_sources "$A4" 179 $SRC1 $SRC2
	feed_is false 2
	on_x disable s4
	wait_for 20 fib_via "$TWO4" "$C4" || failed "$TWO4 without the first"
	wait_for 20 paths_are 1 2 || failed "$ONE4 without the first"
	peer_dies peer
}
plain_cleanup() { interop_down; }

atf_init_test_cases() {
	atf_add_test_case addpath
	atf_add_test_case plain
}
