# OpenBGPD as the neighbor.
# shellcheck shell=sh disable=SC1091
. "$(atf_get_srcdir)/net.subr"
. "$(atf_get_srcdir)/interop.subr"

# openbgpd_feed LINE...: of the config, for all or for our session
openbgpd_feed() {
	{
		cat <<-EOT
		AS 65000
		router-id $RB4
		fib-update no
		listen on 127.0.0.5 port 2179
		socket "$DIR/bgpd.sock"
		EOT
		printf '%s\n' "$1"
		cat <<-EOT
		neighbor 127.0.0.1 {
			remote-as 65000
			port 1179
			local-address 127.0.0.5
			route-reflector
			announce IPv4 unicast
			announce IPv6 unicast
			$2
		}
		allow from any
		allow to any
		EOT
	} >"$DIR/bgpd.conf"
	# it does not take a config that others may write
	chmod 600 "$DIR/bgpd.conf"
	# its chroot, which its service makes; ip netns has mounts of its own
	# shellcheck disable=SC2016
	peer peer "$R" sh -c 'mount -t tmpfs tmpfs /run &&
	    mkdir -m 755 /run/openbgpd && exec /usr/sbin/bgpd -d -f "$0"' \
	    "$DIR/bgpd.conf"
}

# the paths of others
source_of() {
	cat <<-EOT
	neighbor $1 {
		remote-as 65000
		passive
		announce IPv4 unicast
		announce IPv6 unicast
	}
	EOT
}

atf_test_case addpath cleanup
addpath_head() {
	atf_set descr "paths of one prefix from OpenBGPD, by path id"
	atf_set require.user root
	atf_set timeout 150
}
addpath_body() {
	needs /usr/sbin/bgpctl
	interop_up
	openbgpd_feed "$(source_of 127.0.0.11; source_of 127.0.0.12)" \
	    "announce add-path send all"
	two_sources 127.0.0.5 2179 127.0.0.11 127.0.0.12
	learned_paths
}
addpath_cleanup() { interop_down; }

atf_test_case plain cleanup
plain_head() {
	atf_set descr "a session without path ids with OpenBGPD"
	atf_set require.user root
	atf_set timeout 150
}
plain_body() {
	needs /usr/sbin/bgpctl
	interop_up
	openbgpd_feed "$(printf 'network %s set nexthop %s\n' "$TWO4" "$C4" \
	    "$TWO6" "$C6" "$ONE4" "$B4" "$ONE6" "$B6")"
	feed_is false 2
	in_r timeout 20 bgpctl -s "$DIR/bgpd.sock" network delete "$TWO4" \
	    >/dev/null || atf_fail "bgpctl"
	wait_for 20 paths_are 1 2 || failed "$TWO4 was withdrawn"
	peer_dies peer
}
plain_cleanup() { interop_down; }

atf_init_test_cases() {
	atf_add_test_case addpath
	atf_add_test_case plain
}
