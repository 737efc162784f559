# A neighbor that flaps many prefixes as fast as it can: what it says last is
# in the tables, memory is bounded, and other routes stay as they are.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

N4=${N4:-40000} N6=${N6:-10000} FLAPS=${FLAPS:-20000} SECONDS_=${SECONDS_:-4}
SPEAKERS="other still memory"

atf_test_case flap cleanup
flap_head() {
	atf_set descr "a neighbor that flaps ends with the right table"
	atf_set require.user root
	atf_set timeout 180
}
flap_body() {
	echo "$ID" >id
	. "$(atf_get_srcdir)/feed.subr"
	feed_world || atf_fail "cannot make the namespaces"
	flap_streams "$FLAPS" || atf_fail "cannot make the streams"
	# two routes of the first neighbor that the other has nothing to do with
	"$TOOLS/bgpgen" list "$DIR/still.bgp" 10.3.0.1 fd03::1 10.250.0.0/24 \
	    2fff:99::/48 || atf_fail "cannot make a stream"
	cat "$FEED" >>"$DIR/still.bgp"
	feed_conf "route-source bgp 127.0.0.1:1180 local-as 65000 peer-as 65000"
	start_packetframed || atf_fail "packetframed does not answer"
	_daemon=$(cat "$DIR/packetframed.pid")
	speak other 127.0.0.3 1180 flap 0 "$DIR/up.bgp" "$DIR/down.bgp" \
	    "$DIR/down.bgp"
	FEED=$DIR/still.bgp
	feed_start 1179
	watch pf "$DIR/control.sock" packetframed $((N4 + 1)) $((N6 + 1)) 60 ||
	    fail "no feed"
	stop other

	"$TOOLS/feedwatch" memory "$_daemon" 600 >memory.out &
	echo $! >"$DIR/memory.pid"
	ip netns exec "$R" "$TOOLS/latency" -w "$_daemon" 600 10.250.0.1 \
	    2fff:99::1 >still 2>still.err &
	_still=$!
	echo $_still >"$DIR/still.pid"
	speak other 127.0.0.3 1180 flap "$SECONDS_" "$DIR/up.bgp" \
	    "$DIR/down.bgp" "$DIR/last.bgp"
	wait_for $((SECONDS_ + 60)) grep -q acked "$DIR/other.out" ||
	    fail "the session is gone"
	watch pf "$DIR/control.sock" packetframed \
	    $((N4 + 1 + $(flapped 4 "$FLAPS"))) \
	    $((N6 + 1 + $(flapped 6 "$FLAPS"))) 60 || fail "not its last word"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" -n "$FLAPS" "$DIR/control.sock" $(table) 4000 \
	    >check || atf_fail "$(tail -n 1 check)"
	# and the check sees what the last word has changed
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) 4000 >check.not &&
	    atf_fail "the flapping neighbor has no route"

	kill "$_still"
	wait "$_still" || atf_fail "other routes changed: $(cat still still.err)"
	stop memory
	wait_for 5 grep -q peak memory.out
	# a sanitizer keeps what is freed
	grep -q __asan_init "$BUILD/packetframed" ||
	    awk '$4 > 2 * $2 { exit 1 }' memory.out ||
	    atf_fail "memory is not bounded: $(cat memory.out)"

	# it goes, and all is as it was
	stop other
	watch pf-part "$DIR/control.sock" packetframed $((N4 + 1)) \
	    $((N6 + 1)) 60 || fail "not gone"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" "$DIR/control.sock" $(table) 1000 >check ||
	    atf_fail "$(tail -n 1 check)"
}
fail() { atf_fail "$1: $(pfctl show | tr '\n' ';') $(cat "$DIR"/*.err)"; }
flap_cleanup() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	for _s in bgpgen $SPEAKERS; do
		stop "$_s"
	done
	world_down
}

atf_init_test_cases() {
	atf_add_test_case flap
}
