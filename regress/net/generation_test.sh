# Tables and programs are exchanged under traffic: nothing is lost, nothing
# takes another way than XDP.
# shellcheck shell=sh
. "$(atf_get_srcdir)/net.subr"

cleanup_world() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	world_down
}

# up CONFIG-LINE...: a world with both daemons, converged and warm.
up() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	allow_all "$@"
	bird_conf 1000 200
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 60 converged || atf_fail "not converged: $(pfctl show)"
	wait_for 20 nexthops_valid 2 ||
	    atf_fail "nexthops: $(pfctl show nexthop)"
	in_a ping -q -c 3 -i 0.1 -I "$ASTUB4" "$BSTUB4" >/dev/null
	in_a ping -q -c 3 -i 0.1 -I "$ASTUB6" "$BSTUB6" >/dev/null
}

# flow FAMILY SOURCE DESTINATION: numbered datagrams at a steady pace, until
# the file "enough" is there: slices of 1000, each counted. flowFAMILY gets
# "sent came".
flow() {
	_sent=0 _came=0
	until [ -f enough ]; do
		ip netns exec "$B" "$BUILD/regress/tools/udp" recv "$3" 7000 \
		    1000 5 >"$DIR/udp$1.out" 2>"$DIR/udp$1.err" &
		_pid=$!
		wait_for 5 grep -q ready "$DIR/udp$1.err"
		in_a "$BUILD/regress/tools/udp" send "$2" "$3" 7000 1000 2000
		wait $_pid
		_sent=$((_sent + 1000))
		_came=$((_came + $(cat "$DIR/udp$1.out")))
		rm "$DIR/udp$1.err"
	done
	echo "$_sent $_came" >"flow$1"
}

generation() {
	sed -n 's/.* generation \([0-9]*\): in use.*/\1/p' \
	    "$DIR/packetframed.log" | tail -n 1
}
later() { [ "$(generation)" -gt "$1" ]; }

# change CONFIG-LINE...: a reload after which another generation is in use.
change() {
	_was=$(generation)
	allow_all "$@"
	pfctl reload >reload.out 2>&1 || atf_fail "$*: $(cat reload.out)"
	wait_for 20 later "${_was:-1}" || atf_fail "$*: no new generation"
}

# mapped: the BPF maps that the daemon's processes have in their memory
mapped() {
	for _p in $(ip netns pids "$R"); do
		cat "/proc/$_p/maps" 2>/dev/null
	done | grep -c 'bpf-map'
}

# pids: the daemon's children, and what has become of them
pids() { ps -o pid=,stat=,args= --ppid "$(cat "$DIR/packetframed.pid")"; }
no_zombies() { ! pids | awk '$2 ~ /^Z/ { n++ } END { exit !n }'; }

mode() { pfctl -j show | sed -n 's/.*"mode":"\([a-z-]*\)".*/\1/p'; }

atf_test_case swaps cleanup
swaps_head() {
	atf_set descr "modes, sizes, hash and policy change under traffic"
	atf_set require.user root
	atf_set timeout 180
}
swaps_body() {
	up
	kernel=$(ip_forwarded)
	f4=$(counter forward_v4) f6=$(counter forward_v6)
	flow 4 "$ASTUB4" "$BSTUB4" &
	_p4=$!
	flow 6 "$ASTUB6" "$BSTUB6" &
	_p6=$!
	for _round in 1 2; do
		MODE=kernel-fib
		change
		atf_check_equal kernel-fib "$(mode)"
		change "fib-v4-max-entries 300000" "fib-v6-max-entries 100000"
		MODE=custom-fib
		change
		atf_check_equal custom-fib "$(mode)"
		change "ecmp-default-hash-mode 3"
		change "nexthops-max-entries 9000" \
		    "ecmp-groups-max-entries 5000"
		change
		# much policy, and back; rde asks for tables itself
		change "allow-prefix 0.0.0.0/1" "allow-prefix 128.0.0.0/2"
		change
	done
	touch enough
	wait $_p4 $_p6
	read -r sent came <flow4
	atf_check_equal "$sent" "$came"
	atf_check_equal "$sent" $(($(counter forward_v4) - f4))
	read -r sent6 came <flow6
	atf_check_equal "$sent6" "$came"
	atf_check_equal "$sent6" $(($(counter forward_v6) - f6))
	# not one of them was the kernel's
	atf_check_equal "$kernel" "$(ip_forwarded)"
	[ "$sent" -ge 4000 ] || atf_fail "only $sent packets"
	# no generation stays behind: seven tables of it are mapped, two are
	# shared, and the helper that waits for grace periods has but those
	atf_check_equal 11 "$(mapped)"
	wait_for 5 no_zombies || atf_fail "helpers are not reaped: $(pids)"
}
swaps_cleanup() { cleanup_world; }

atf_test_case refused cleanup
refused_head() {
	atf_set descr "a generation that cannot be made changes nothing"
	atf_set require.user root
	atf_set timeout 120
}
refused_body() {
	! grep -q __asan_init "$BUILD/packetframed" ||
	    atf_skip "a sanitizer needs more address space than is left"
	# the address space that the daemon's processes may have
	# shellcheck disable=SC3045
	ulimit -v 250000
	up
	f4=$(counter forward_v4)
	MODE=kernel-fib allow_all "fib-v4-max-entries 67108864" \
	    "allow-prefix 203.0.113.0/24"
	if pfctl reload >reload.out 2>&1; then
		atf_fail "not refused: $(cat reload.out)"
	fi
	grep -q 'cannot create map pf_pool4 of [0-9]* bytes: Cannot allocate' \
	    reload.out || atf_fail "no reason: $(cat reload.out)"
	pfctl show | grep -q 'refused: cannot create map' ||
	    atf_fail "$(pfctl show)"
	atf_check_equal custom-fib "$(mode)"
	pfctl show policy | grep -q 203.0.113 && atf_fail "policy has changed"
	atf_check_equal 500 "$(udp 4 500 2000)"
	atf_check_equal 500 $(($(counter forward_v4) - f4))
	# the next one is as good as if nothing had been
	MODE=kernel-fib
	change
	atf_check_equal kernel-fib "$(mode)"
	atf_check_equal 2 "$(generation)"
}
refused_cleanup() { cleanup_world; }

atf_test_case waiting cleanup
waiting_head() {
	atf_set descr "a reload waits for a generation that is under way"
	atf_set require.user root
	atf_set timeout 120
}
waiting_body() {
	up
	MODE=kernel-fib allow_all
	pfctl reload >one.out 2>&1 &
	_one=$!
	pfctl reload >two.out 2>&1 || atf_fail "$(cat two.out)"
	wait $_one || atf_fail "$(cat one.out)"
	atf_check_equal kernel-fib "$(mode)"
	atf_check_equal 2 "$(generation)"
	# this one ends before the tables that rde wants for it are there
	MODE=kernel-fib allow_all "allow-prefix 0.0.0.0/1" \
	    "allow-prefix 128.0.0.0/2"
	pfctl reload >three.out 2>&1 || atf_fail "$(cat three.out)"
	allow_all
	pfctl reload >four.out 2>&1 || atf_fail "$(cat four.out)"
	atf_check_equal custom-fib "$(mode)"
	atf_check_equal 4 "$(generation)"
	wait_for 20 not_allowed || atf_fail "$(pfctl show fib 130.0.0.1)"
	atf_check_equal 500 "$(udp 4 500 2000)"
}
not_allowed() { pfctl show fib 130.0.0.1 | grep -q 'allowed no'; }
waiting_cleanup() { cleanup_world; }

atf_init_test_cases() {
	atf_add_test_case swaps
	atf_add_test_case refused
	atf_add_test_case waiting
}
