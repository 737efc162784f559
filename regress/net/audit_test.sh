# The tables are read back and compared: words that something has spoilt are
# named and put right, while the daemon runs.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

cleanup_world() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 30 "$DIR/packetframed.log" 2>/dev/null
	world_down
}

poke() {
	"$BUILD/regress/tools/poke" "$(cat "$DIR/packetframed.pid")" "$@"
}
looks() { [ "$(poke "$1" look)" = "$2" ]; }
audit() { pfctl -j show memory | grep -q "\"$1\":$2[,}]"; }
named() { grep -q "audit: word $1 of the $2" "$DIR/packetframed.log"; }

atf_test_case repair cleanup
repair_head() {
	atf_set descr "spoilt words are found, named and repaired"
	atf_set require.user root
	atf_set timeout 300
}
repair_body() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	allow_all
	bird_conf 300 300
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 60 converged || atf_fail "not converged: $(pfctl show)"
	wait_for 100 audit rounds '[1-9][0-9]*' ||
	    atf_fail "no round: $(pfctl show memory)"
	audit differences 0 || atf_fail "$(pfctl show memory)"
	_a4=198.18.0.1 _b4=203.0.113.1 _a6=$(sed -n \
	    's|.*route \(2001:db8:b:[^/]*\)/.*|\1|p' "$DIR/bird.conf" |
	    head -n 1)
	_was4=$(poke $_a4 look) _was4b=$(poke $_b4 look)
	_was6=$(poke "$_a6" look)
	[ "$_was4" -gt 1 ] || atf_fail "$_a4 is $_was4"
	[ "$_was6" -gt 1 ] || atf_fail "$_a6 is $_was6"
	_node4=$(poke $_a4 node) || atf_fail "cannot spoil a node"
	_node6=$(poke "$_a6" node) || atf_fail "cannot spoil a node"
	_slot4=$(poke $_b4 slot) || atf_fail "cannot spoil a slot"
	looks $_a4 "$_was4" && atf_fail "$_a4 is as it was"
	looks "$_a6" "$_was6" && atf_fail "$_a6 is as it was"
	wait_for 120 audit differences 3 ||
	    atf_fail "not found: $(pfctl show memory)"
	wait_for 20 looks $_a4 "$_was4" || atf_fail "$_a4: $(poke $_a4 look)"
	wait_for 20 looks "$_a6" "$_was6" ||
	    atf_fail "$_a6: $(poke "$_a6" look)"
	wait_for 20 looks $_b4 "$_was4b" || atf_fail "$_b4: $(poke $_b4 look)"
	named "$_node4" "IPv4 nodes" || atf_fail "not in the log"
	named "$_node6" "IPv6 nodes" || atf_fail "not in the log"
	named "$_slot4" "IPv4 direct array" || atf_fail "not in the log"
}
repair_cleanup() { cleanup_world; }

atf_init_test_cases() {
	atf_add_test_case repair
}
