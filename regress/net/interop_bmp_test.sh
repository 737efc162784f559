# The BMP station with the exporters of others.
# shellcheck shell=sh disable=SC1091
. "$(atf_get_srcdir)/net.subr"
. "$(atf_get_srcdir)/interop.subr"

FRR=/usr/lib/frr
SRC1=10.1.0.11 SRC2=10.1.0.12
BMP=1790

failed() {
	atf_fail "$1: $(pfctl show bmp | tr '\n' ';') $(pfctl show fib |
		tr '\n' ';')"
}

gobgp_() { in_r timeout 20 gobgp -u 127.0.0.1 -p 50051 "$@"; }
gobgp_up() { gobgp_ global >/dev/null 2>&1; }
route() { gobgp_ global rib "$@" >>"$DIR/gobgp.log" 2>&1; }

# gobgp_start POLICY: it exports that view, and learns from $SRC1 and $SRC2
gobgp_start() {
	{
		cat <<-EOT
		[global.config]
		as = 65000
		router-id = "$RB4"
		port = 179
		local-address-list = ["$RB4"]
		[[bmp-servers]]
		[bmp-servers.config]
		address = "127.0.0.1"
		port = $BMP
		route-monitoring-policy = "$1"
		EOT
		for _n in $SRC1 $SRC2; do
			cat <<-EOT
			[[neighbors]]
			[neighbors.config]
			neighbor-address = "$_n"
			peer-as = 65000
			[neighbors.transport.config]
			passive-mode = true
			[[neighbors.afi-safis]]
			[neighbors.afi-safis.config]
			afi-safi-name = "ipv4-unicast"
			[[neighbors.afi-safis]]
			[neighbors.afi-safis.config]
			afi-safi-name = "ipv6-unicast"
			EOT
		done
	} >"$DIR/gobgpd.toml"
	peer peer "$R" gobgpd -p --pprof-disable --api-hosts 127.0.0.1:50051 \
	    -f "$DIR/gobgpd.toml"
	wait_for 30 gobgp_up || atf_fail "gobgpd does not start"
}

# frr_start VIEW...: FRR in a, which shows both families so. It knows what
# was before its policy only if it was told to keep that.
frr_start() {
	{
		cat <<-EOT
		router bgp 65000
		 bgp router-id $A4
		 no bgp default ipv4-unicast
		 neighbor $SRC1 remote-as 65000
		 neighbor $SRC1 passive
		 neighbor $SRC2 remote-as 65000
		 neighbor $SRC2 passive
		EOT
		for _f in ipv4 ipv6; do
			cat <<-EOT
			 address-family $_f unicast
			  neighbor $SRC1 activate
			  neighbor $SRC2 activate
			  neighbor $SRC1 soft-reconfiguration inbound
			  neighbor $SRC2 soft-reconfiguration inbound
			 exit-address-family
			EOT
		done
		cat <<-EOT
		 bmp targets pf
		  bmp connect $RA4 port $BMP min-retry 100 max-retry 500
		EOT
		for _v in "$@"; do
			echo "  bmp monitor ipv4 unicast $_v"
			echo "  bmp monitor ipv6 unicast $_v"
		done
	} >"$DIR/frr.conf"
	peer peer "$A" "$FRR/bgpd" -S -Z -M bmp -f "$DIR/frr.conf" \
	    -i "$DIR/frr.own.pid" --vty_socket "$DIR" -P 0 --log stdout
}

station_world() {
	interop_up "$@"
	for _s in $SRC1 $SRC2; do
		ip -n "$R" addr add "$_s/24" dev ra
	done
}

# records of show bmp: stations (with a port) and peers (with a state)
bmp_is() {
	pfctl -j show bmp | jq -e "map(select(.$1? != null)) | $2" >/dev/null
}
peers_are() { bmp_is state "$1"; }
stations_are() { bmp_is listener "$1"; }
no_stations() { stations_are 'length == 0'; }
paths() {
	pfctl -j show rib "$1" | jq -es "[.. | .bmp? | select(. == true)] |
	    length == $2" >/dev/null
}
# views VIEW N: so many peers are up, and followed so in both families
views() {
	peers_are "map(select(.state == \"up\" and .view4 == \"$1\" and
	    .view6 == \"$1\")) | length == $2"
}

# what is the same with each exporter that shows what two neighbors sent it
adj_rib_in() {
	wait_for 40 all_there || failed "routes have not come"
	wait_for 20 views "$1" 2 || failed "views"
	wait_for 10 paths "$TWO4" 2 || failed "paths of $TWO4"
	wait_for 10 paths "$TWO6" 2 || failed "paths of $TWO6"
	wait_for 10 fib_via "$ONE4" "$B4" || failed "next hop of $ONE4"
	wait_for 10 fib_via "$ONE6" "$B6" || failed "next hop of $ONE6"
	on_x disable s4
	wait_for 20 fib_via "$TWO4" "$C4" || failed "$TWO4 without the first"
	wait_for 10 paths "$TWO4" 1 || failed "a path of $TWO4 was withdrawn"
	on_x enable s4
	wait_for 20 paths "$TWO4" 2 || failed "the path of $TWO4 is back"
	peer_kill peer-x
	wait_for 30 paths "$TWO6" 1 || failed "a peer of the router is gone"
	wait_for 10 peers_are 'map(select(.state == "down" and
	    .last_down != "")) | length == 1' || failed "Peer Down"
	router_dies
}
router_dies() {
	peer_kill peer
	wait_for 30 no_paths || failed "routes of a dead router"
	wait_for 10 no_stations || failed "a dead router"
}

atf_test_case loc_rib cleanup
loc_rib_head() {
	atf_set descr "Loc-RIB of GoBGP"
	atf_set require.user root
	atf_set timeout 200
}
loc_rib_body() {
	needs gobgpd gobgp
	station_world "route-source bmp 127.0.0.1:$BMP require-loc-rib"
	gobgp_start local-rib
	route add "$ONE4" nexthop "$B4" -a ipv4 || atf_fail "route"
	route add "$ONE6" nexthop "$B6" -a ipv6
	route add "$TWO4" nexthop "$C4" -a ipv4
	route add "$TWO6" nexthop "$C6" -a ipv6
	wait_for 30 all_there || failed "routes have not come"
	stations_are 'length == 1 and .[0].loc_rib' || failed "no Loc-RIB"
	views loc-rib 1 || failed "view"
	fib_via "$ONE4" "$B4" || failed "next hop of $ONE4"
	fib_via "$TWO6" "$C6" || failed "next hop of $TWO6"
	route del "$TWO4" -a ipv4
	wait_for 10 paths "$TWO4" 0 || failed "$TWO4 was withdrawn"
	route add "$ONE4" nexthop "$C4" -a ipv4
	wait_for 10 fib_via "$ONE4" "$C4" || failed "$ONE4 has moved"
	router_dies
	gobgp_start local-rib
	route add "$ONE4" nexthop "$B4" -a ipv4 || atf_fail "route"
	wait_for 30 fib_is "$ONE4" || failed "the router is back"
}
loc_rib_cleanup() { interop_down; }

atf_test_case gobgp_pre cleanup
gobgp_pre_head() {
	atf_set descr "Adj-RIB-In of GoBGP before its policy"
	atf_set require.user root
	atf_set timeout 200
}
gobgp_pre_body() {
	needs gobgpd gobgp bird
	station_world "route-source bmp 127.0.0.1:$BMP"
	gobgp_start pre-policy
	two_sources "$RB4" 179 $SRC1 $SRC2
	adj_rib_in pre-policy
}
gobgp_pre_cleanup() { interop_down; }

atf_test_case frr_post cleanup
frr_post_head() {
	atf_set descr "Adj-RIB-In of FRR behind its policy, where both are sent"
	atf_set require.user root
	atf_set timeout 200
}
frr_post_body() {
	needs "$FRR/bgpd" bird
	station_world "route-source bmp $RA4:$BMP allow-remote \
peer-from $A4/32"
	frr_start pre-policy post-policy
	two_sources "$A4" 179 $SRC1 $SRC2
	adj_rib_in post-policy
}
frr_post_cleanup() { interop_down; }

atf_test_case frr_pre cleanup
frr_pre_head() {
	atf_set descr "Adj-RIB-In of FRR before its policy, and a station anew"
	atf_set require.user root
	atf_set timeout 200
}
frr_pre_body() {
	needs "$FRR/bgpd" bird
	station_world "route-source bmp $RA4:$BMP allow-remote \
peer-from $A4/32"
	frr_start pre-policy
	two_sources "$A4" 179 $SRC1 $SRC2
	wait_for 40 all_there || failed "routes have not come"
	stop packetframed
	start_packetframed || atf_fail "packetframed does not answer"
	adj_rib_in pre-policy
}
frr_pre_cleanup() { interop_down; }

atf_test_case none cleanup
none_head() {
	atf_set descr "require-loc-rib takes nothing else"
	atf_set require.user root
	atf_set timeout 200
}
none_body() {
	needs "$FRR/bgpd" bird
	station_world "route-source bmp $RA4:$BMP require-loc-rib \
allow-remote peer-from $A4/32"
	frr_start pre-policy
	two_sources "$A4" 179 $SRC1 $SRC2
	wait_for 40 stations_are 'length == 1 and .[0].ignored >= 6' ||
	    failed "nothing was counted"
	no_paths || failed "a route was taken"
	peers_are 'all(.state == "ignored")' || failed "a peer is used"
	wait_for 40 grep -q 'sends no Loc-RIB' "$DIR/packetframed.log" ||
	    failed "no warning"
}
none_cleanup() { interop_down; }

atf_test_case both cleanup
both_head() {
	atf_set descr "a BGP neighbor and a BMP peer feed one table"
	atf_set require.user root
	atf_set timeout 200
}
both_body() {
	needs gobgpd gobgp bird
	station_world "route-source bgp $RB4:1179 local-as 65000 \
peer-as 65000 allow-remote peer-from $SRC1/32" "route-source bmp 127.0.0.1:$BMP"
	gobgp_start local-rib
	route add "$ONE4" nexthop "$C4" -a ipv4 || atf_fail "route"
	wait_for 30 paths "$ONE4" 1 || failed "no route by BMP"
	source_up "$RB4" 1179 $SRC1 peer-x "$B4" "$B6" both
	# IGP is better than incomplete, which GoBGP says
	wait_for 40 fib_via "$ONE4" "$B4" || failed "not by the neighbor"
	paths "$ONE4" 1 || failed "not by the peer"
	fib_via "$ONE6" "$B6" || failed "$ONE6 of the neighbor alone"
	peer_kill peer-x
	wait_for 20 fib_via "$ONE4" "$C4" || failed "not by the peer alone"
	router_dies
}
both_cleanup() { interop_down; }

atf_init_test_cases() {
	atf_add_test_case loc_rib
	atf_add_test_case gobgp_pre
	atf_add_test_case frr_post
	atf_add_test_case frr_pre
	atf_add_test_case none
	atf_add_test_case both
}
