# Tables are built anew again and again while a neighbor flaps: what it says
# last is in those that are used in the end, and nothing else is left.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

N4=${N4:-20000} N6=${N6:-5000} FLAPS=${FLAPS:-10000} ROUNDS=${ROUNDS:-8}
SPEAKERS="other"

# config LINE...: both neighbors, and more lines
config() {
	feed_conf "route-source bgp 127.0.0.1:1180 local-as 65000 peer-as 65000" \
	    "$@"
}

# reloads N: so many at once, each of which has to go well
reloads() {
	_pids=
	for _i in $(seq "$1"); do
		pfctl reload >"reload.$_i" 2>&1 &
		_pids="$_pids $!"
	done
	_i=0
	for _p in $_pids; do
		_i=$((_i + 1))
		wait "$_p" || fail "reload: $(cat "reload.$_i")"
	done
}

# held: descriptors and mapped tables of the daemon, and of its helpers
held() {
	for _p in $(cat "$DIR/packetframed.pid") $(ps -o pid= --ppid \
	    "$(cat "$DIR/packetframed.pid")"); do
		ls "/proc/$_p/fd"
		grep 'bpf-map' "/proc/$_p/maps"
	done 2>/dev/null | wc -l
}
established() { [ "$(pfctl show | grep -c Established)" = "$1" ]; }
as_before() { [ "$(held)" = "$1" ]; }

atf_test_case churn cleanup
churn_head() {
	atf_set descr "generations under a neighbor that flaps"
	atf_set require.user root
	atf_set timeout 240
}
churn_body() {
	echo "$ID" >id
	. "$(atf_get_srcdir)/feed.subr"
	feed_world || atf_fail "cannot make the namespaces"
	flap_streams "$FLAPS" || atf_fail "cannot make the streams"
	config
	start_packetframed || atf_fail "packetframed does not answer"
	speak other 127.0.0.3 1180 flap 0 "$DIR/up.bgp" "$DIR/down.bgp" \
	    "$DIR/down.bgp"
	feed_start 1179
	watch pf "$DIR/control.sock" packetframed "$N4" "$N6" 60 ||
	    fail "no feed"
	stop other
	speak other 127.0.0.3 1180 flap 5 "$DIR/up.bgp" "$DIR/down.bgp" \
	    "$DIR/last.bgp"
	wait_for 20 established 2 || fail "no second neighbor"
	_held=$(held)
	for _round in $(seq "$ROUNDS"); do
		case $((_round % 4)) in
		0) config "fib-v4-max-entries 300000" ;;
		1) config "nexthops-max-entries 900" \
		    "ecmp-groups-max-entries 100" ;;
		2) config "allow-prefix 0.0.0.0/1" "allow-prefix6 2000::/3" ;;
		3) config "fib-v6-max-entries 100000" \
		    "ecmp-default-hash-mode 3" ;;
		esac
		reloads $((_round == ROUNDS ? 12 : 2))
	done
	config
	reloads 1
	wait_for 60 grep -q acked "$DIR/other.out" ||
	    fail "the session is gone"
	watch pf "$DIR/control.sock" packetframed \
	    $((N4 + $(flapped 4 "$FLAPS"))) \
	    $((N6 + $(flapped 6 "$FLAPS"))) 60 || fail "not its last word"
	_n=$(grep -c ': in use, ' "$DIR/packetframed.log")
	[ "$_n" -ge "$ROUNDS" ] || fail "$_n generations"
	# shellcheck disable=SC2046
	"$TOOLS/fibcheck" -n "$FLAPS" "$DIR/control.sock" $(table) 4000 \
	    >check || atf_fail "$(tail -n 1 check)"
	wait_for 10 as_before "$_held" || fail "held $(held), before $_held"
	if grep -E 'audit:|generation .* given up' "$DIR/packetframed.log"; then
		fail "a difference, or a generation that failed"
	fi
}
fail() { atf_fail "$1: $(pfctl show | tr '\n' ';') $(cat "$DIR"/*.err)"; }
churn_cleanup() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	for _s in bgpgen $SPEAKERS; do
		stop "$_s"
	done
	world_down
}

atf_init_test_cases() {
	atf_add_test_case churn
}
