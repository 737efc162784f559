# The daemon's starts, ends and errors; its processes and their privileges.
# shellcheck shell=sh
. "$(atf_get_srcdir)/net.subr"

cleanup_world() {
	[ -f id ] && ID=$(cat id)
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	umount "$DIR/tiny" 2>/dev/null
	world_down
}

begin() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
}

up() {
	begin
	allow_all "$@"
	start_packetframed || atf_fail "packetframed does not answer"
}

nothing_attached() {
	in_r ip -d link show ra | grep -q 'prog/xdp' && return 1
	in_r ip -d link show rb | grep -q 'prog/xdp' && return 1
	[ -z "$(find "$DIR/bpf" -name 'link_*')" ]
}

# refused PATTERN: packetframed must exit 1 and say PATTERN, leaving nothing.
refused() {
	ip netns exec "$R" timeout 60 "$BUILD/packetframed" -d \
	    -f "$DIR/packetframe.conf" >out 2>&1
	_status=$?
	[ $_status -eq 1 ] || atf_fail "exit status $_status: $(cat out)"
	grep -q "$1" out || atf_fail "said: $(cat out)"
	nothing_attached || atf_fail "left: $(ls "$DIR/bpf")"
	pgrep -f "packetframed.*-P.*$DIR" && atf_fail "children are left"
	return 0
}

children() {
	for _p in $(pgrep -P "$(cat "$DIR/packetframed.pid")"); do
		echo "$_p $(tr '\0' ' ' <"/proc/$_p/cmdline")"
	done
}

pid_of() { children | awk -v n="packetframed: $1" 'index($0, n) { print $1 }'; }

status_of() { awk -v f="$2:" '$1 == f { print $2 }' "/proc/$1/status"; }

atf_test_case privileges cleanup
privileges_head() {
	atf_set descr "ids, capabilities and seccomp of each running process"
	atf_set require.user root
	atf_set timeout 60
}
privileges_body() {
	up
	parent=$(cat "$DIR/packetframed.pid")
	# CAP_BPF (39) and CAP_NET_ADMIN (12), and nothing else
	atf_check_equal 0000008000001000 "$(status_of "$parent" CapEff)"
	atf_check_equal 0000008000001000 "$(status_of "$parent" CapPrm)"
	atf_check_equal 0000000000000000 "$(status_of "$parent" CapInh)"
	atf_check_equal 1 "$(status_of "$parent" NoNewPrivs)"
	atf_check_equal 2 "$(status_of "$parent" Seccomp)"
	atf_check_equal "$(id -u daemon)" "$(status_of "$parent" Uid)"
	for name in conf rde bgpe bmpe control; do
		pid=$(pid_of "$name")
		[ -n "$pid" ] || atf_fail "no $name: $(children)"
		for set in CapEff CapPrm CapInh CapBnd CapAmb; do
			atf_check_equal 0000000000000000 \
			    "$(status_of "$pid" $set)"
		done
		atf_check_equal 1 "$(status_of "$pid" NoNewPrivs)"
		atf_check_equal 2 "$(status_of "$pid" Seccomp)"
		atf_check_equal "$(id -u nobody)" "$(status_of "$pid" Uid)"
		atf_check_equal "$(id -g nobody)" \
		    "$(sed -n 's/^Groups:[[:space:]]*//p' \
		    "/proc/$pid/status" | tr -d ' ')"
		atf_check_equal /run/packetframe/empty \
		    "$(readlink "/proc/$pid/root")"
	done
}
privileges_cleanup() { cleanup_world; }

atf_test_case child_dies cleanup
child_dies_head() {
	atf_set descr "a child's death ends the daemon, and the log names it"
	atf_set require.user root
	atf_set timeout 120
}
child_dies_body() {
	for name in rde bgpe bmpe control conf; do
		[ -f id ] || begin
		allow_all
		start_packetframed || atf_fail "packetframed does not answer"
		kill -9 "$(pid_of $name)"
		wait_for 20 gone "$(cat "$DIR/packetframed.pid")" ||
		    atf_fail "it lives on without $name"
		grep -q "$name terminated: signal 9" "$DIR/packetframed.log" ||
		    atf_fail "the log does not name $name"
		# what is pinned stays, and a new daemon takes it over
		[ -n "$(find "$DIR/bpf" -name 'link_*')" ] ||
		    atf_fail "the links are gone"
	done
}
child_dies_cleanup() { cleanup_world; }

atf_test_case shutdown cleanup
shutdown_head() {
	atf_set descr "SIGTERM ends all processes in order; detach takes all off"
	atf_set require.user root
	atf_set timeout 60
}
shutdown_body() {
	up
	pids=$(children | awk '{ print $1 }')
	parent=$(cat "$DIR/packetframed.pid")
	in_r ip -d link show ra | grep -q 'prog/xdp' || atf_fail "not attached"
	kill "$parent"
	wait_for 20 gone "$parent" || atf_fail "it does not end"
	for pid in $pids; do
		wait_for 5 gone "$pid" || atf_fail "$pid is left"
	done
	nothing_attached && atf_fail "pins do not outlive the daemon"
	# two starts in a row: the second adopts what the first left
	start_packetframed || atf_fail "no second start"
	stop packetframed
	in_r "$BUILD/packetframed" -f "$DIR/packetframe.conf" detach ||
	    atf_fail "detach"
	nothing_attached || atf_fail "left: $(ls "$DIR/bpf")"
}
shutdown_cleanup() { cleanup_world; }

atf_test_case malformed_config cleanup
malformed_config_head() {
	atf_set descr "all errors of a config are named, nothing is attached"
	atf_set require.user root
}
malformed_config_body() {
	begin
	conf "allow-prefix 300.1.2.3/24" "frobnicate on" "stale-time never"
	refused "packetframe.conf:[0-9]*: .*300.1.2.3/24"
	grep -q "packetframe.conf:[0-9]*: .*frobnicate" out || atf_fail "$(cat out)"
	grep -q "packetframe.conf:[0-9]*: .*never" out || atf_fail "$(cat out)"
	atf_check -s exit:1 -o ignore -e match:frobnicate \
	    "$BUILD/packetframed" -n -f "$DIR/packetframe.conf"
	allow_all
	atf_check -s exit:0 -o ignore -e match:OK \
	    "$BUILD/packetframed" -n -f "$DIR/packetframe.conf"
}
malformed_config_cleanup() { cleanup_world; }

atf_test_case unsupported cleanup
unsupported_head() {
	atf_set descr "a directive without function yet is refused by name"
	atf_set require.user root
}
unsupported_body() {
	begin
	allow_all "block-prefix 192.0.2.0/24"
	refused "packetframe.conf:[0-9]*: .*block-prefix.*not supported yet"
	MODE=compare allow_all
	refused "compare.*not supported yet"
}
unsupported_cleanup() { cleanup_world; }

atf_test_case full_state_dir cleanup
full_state_dir_head() {
	atf_set descr "a state directory without room is an error at start"
	atf_set require.user root
}
full_state_dir_body() {
	begin
	mkdir "$DIR/tiny"
	mount -t tmpfs -o size=16k,mode=755 tmpfs "$DIR/tiny"
	cat /dev/zero >"$DIR/tiny/fill" 2>/dev/null
	allow_all
	sed -i "s,state-dir .*,state-dir $DIR/tiny," "$DIR/packetframe.conf"
	refused "state-dir $DIR/tiny.*No space left"
}
full_state_dir_cleanup() { cleanup_world; }

atf_test_case no_interface cleanup
no_interface_head() {
	atf_set descr "an interface that does not exist: what was attached goes"
	atf_set require.user root
}
no_interface_body() {
	begin
	allow_all "attach nosuch0 auto"
	refused "nosuch0.*no such interface"
}
no_interface_cleanup() { cleanup_world; }

atf_test_case generic cleanup
generic_head() {
	atf_set descr "generic mode forwards, and refuses merged packets"
	atf_set require.user root
	atf_set timeout 60
}
generic_body() {
	GRO=on
	begin
	ATTACH=generic allow_all
	refused "attach ra: generic mode would see packets merged by GRO"
	ATTACH="generic accept-merged" allow_all
	start_packetframed || atf_fail "packetframed does not answer"
	pfctl show interfaces | grep -q '^ra .* generic  *generic' ||
	    atf_fail "$(pfctl show interfaces)"
	stop packetframed
	in_r ethtool -K ra gro off
	in_r ethtool -K rb gro off
	ATTACH=generic MODE=kernel-fib
	allow_all
	bird_conf 1000 200
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	wait_for 20 forwards || atf_fail "$(pfctl show counters)"
}
forwards() {
	in_a ping -q -c 2 -W 1 -i 0.05 -I "$ASTUB4" "$BSTUB4" >/dev/null
	[ "$(counter forward_v4)" -ge 2 ]
}
generic_cleanup() { cleanup_world; }

atf_test_case stale_egress cleanup
stale_egress_head() {
	atf_set descr "an egress that a new daemon may not use is forgotten"
	atf_set require.user root
	atf_set timeout 120
}
stale_egress_body() {
	begin
	MODE=kernel-fib
	allow_all
	bird_conf 1000 200
	start_bird || atf_fail "bird does not start"
	start_packetframed || atf_fail "packetframed does not answer"
	wait_for 20 forwards || atf_fail "not forwarded at XDP"
	stop packetframed
	# the device can no longer take redirected packets: they would vanish
	in_b ethtool -K b0 gro off
	start_packetframed || atf_fail "no second start"
	pfctl show interfaces | grep '^rb ' | grep -q ' no ' ||
	    atf_fail "rb is still an egress"
	atf_check_equal 200 "$(udp 4 200 2000)"
	stop packetframed
	in_b ethtool -K b0 gro on
	start_packetframed || atf_fail "no third start"
	wait_for 20 forwards_more || atf_fail "not forwarded at XDP again"
	stop packetframed
	# the operator took the interface out of the config
	sed -i '/attach rb/d' "$DIR/packetframe.conf"
	start_packetframed || atf_fail "no fourth start"
	f4=$(counter forward_v4)
	atf_check_equal 200 "$(udp 4 200 2000)"
	atf_check_equal "$f4" "$(counter forward_v4)"
}
forwards_more() {
	_f=$(counter forward_v4)
	in_a ping -q -c 2 -W 1 -i 0.05 -I "$ASTUB4" "$BSTUB4" >/dev/null
	[ "$(counter forward_v4)" -ge $((_f + 2)) ]
}
stale_egress_cleanup() { cleanup_world; }

atf_test_case address_in_use cleanup
address_in_use_head() {
	atf_set descr "a listener whose address is taken"
	atf_set require.user root
}
address_in_use_body() {
	up
	cp "$DIR/packetframe.conf" first.conf
	mkdir -p "$DIR/bpf2"
	mount -t bpf bpf "$DIR/bpf2"
	sed -i -e "s,bpffs-root .*,bpffs-root $DIR/bpf2," \
	    -e "s,socket .*,socket $DIR/second.sock," "$DIR/packetframe.conf"
	ip netns exec "$R" timeout 60 "$BUILD/packetframed" -d \
	    -f "$DIR/packetframe.conf" >out 2>&1
	atf_check_equal 1 $?
	umount "$DIR/bpf2"
	grep -q "127.0.0.1 port 1179.*Address already in use" out ||
	    atf_fail "said: $(cat out)"
	# and a second daemon on the same bpffs-root
	cp first.conf "$DIR/packetframe.conf"
	ip netns exec "$R" timeout 60 "$BUILD/packetframed" -d \
	    -f "$DIR/packetframe.conf" >out 2>&1
	atf_check_equal 1 $?
	grep -q "another packetframed runs on it" out || atf_fail "$(cat out)"
	answers || atf_fail "the first daemon no longer answers"
}
address_in_use_cleanup() { cleanup_world; umount "$DIR/bpf2" 2>/dev/null; true; }

atf_test_case no_bpffs cleanup
no_bpffs_head() {
	atf_set descr "a bpffs that cannot be mounted"
	atf_set require.user root
}
no_bpffs_body() {
	begin
	allow_all
	echo plain >"$DIR/file"
	sed -i "s,bpffs-root .*,bpffs-root $DIR/file/bpf," \
	    "$DIR/packetframe.conf"
	refused "bpffs-root $DIR/file/bpf.*Not a directory"
	# a place that can be made, where the kernel refuses the mount
	sed -i "s,bpffs-root .*,bpffs-root $DIR/other," "$DIR/packetframe.conf"
	ip netns exec "$R" timeout 60 capsh --drop=cap_sys_admin -- -c \
	    "exec $BUILD/packetframed -d -f $DIR/packetframe.conf" >out 2>&1
	atf_check_equal 1 $?
	grep -q "bpffs-root $DIR/other: cannot mount" out ||
	    atf_fail "said: $(cat out)"
	nothing_attached || atf_fail "attached"
}
no_bpffs_cleanup() { cleanup_world; }

atf_test_case no_user cleanup
no_user_head() {
	atf_set descr "a user that does not exist"
	atf_set require.user root
}
no_user_body() {
	begin
	allow_all
	sed -i "s,user .*,user daemon nosuchuser," "$DIR/packetframe.conf"
	refused "user nosuchuser does not exist"
}
no_user_cleanup() { cleanup_world; }

atf_test_case reload cleanup
reload_head() {
	atf_set descr "a reload is whole or not at all, and says which line"
	atf_set require.user root
	atf_set timeout 60
}
reload_body() {
	up
	allow_all "allow-prefix 192.0.2.0/24" "log-levle info"
	atf_check -s exit:1 -o match:log-levle -e ignore \
	    "$BUILD/pfctl" -s "$DIR/control.sock" reload
	pfctl show policy | grep -q 192.0.2.0/24 &&
	    atf_fail "half a config was taken"
	allow_all "allow-prefix 192.0.2.0/24" "stale-time 60"
	atf_check -s exit:1 -o match:stale-time -e ignore \
	    "$BUILD/pfctl" -s "$DIR/control.sock" reload
	pfctl show policy | grep -q 192.0.2.0/24 &&
	    atf_fail "half a config was taken"
	allow_all "allow-prefix 192.0.2.0/24"
	atf_check -s exit:0 -o ignore -e ignore \
	    "$BUILD/pfctl" -s "$DIR/control.sock" reload
	pfctl show policy | grep -q 192.0.2.0/24 || atf_fail "not taken"
	wait_for 10 allowed 192.0.2.9 || atf_fail "$(pfctl show fib 192.0.2.9)"
	# SIGHUP is the same
	allow_all
	kill -HUP "$(cat "$DIR/packetframed.pid")"
	wait_for 10 not_in_policy || atf_fail "$(pfctl show policy)"
	# many at once: each is answered, one round at a time
	pids=
	for _ in 1 2 3 4 5 6 7 8; do
		pfctl reload >/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || atf_fail "one of many reloads failed"
	done
	answers || atf_fail "no answer after many reloads"
}
allowed() { pfctl show fib "$1" | grep -q 'allowed yes'; }
not_in_policy() { ! pfctl show policy | grep -q 192.0.2.0/24; }
reload_cleanup() { cleanup_world; }

atf_test_case quickstart cleanup
quickstart_head() {
	atf_set descr "the well-known quickstart config runs as it stands"
	atf_set require.user root
	atf_set timeout 60
}
quickstart_body() {
	begin
	mkdir "$DIR/metrics"
	chown daemon "$DIR/metrics"
	cat >"$DIR/packetframe.conf" <<-EOT
	global
	bpffs-root $DIR/bpf
	state-dir $DIR/state
	metrics-textfile $DIR/metrics/packetframe.prom
	socket $DIR/control.sock
	user daemon nobody
	module fast-path
	attach ra auto
	allow-prefix 192.0.2.0/24 # your customer / forwarding scope
	allow-prefix6 2001:db8::/48
	dry-run on # observe-only, no redirects yet
	circuit-breaker drop-ratio 0.01 of matched window 5s threshold 5
	# mss-clamp via eth0 1360 # optional
	EOT
	start_packetframed || atf_fail "packetframed does not answer"
	pfctl show | grep -q 'dry-run, circuit breaker armed' ||
	    atf_fail "$(pfctl show)"
	wait_for 20 grep -q 'packetframe_packets_total{counter="rx"}' \
	    "$DIR/metrics/packetframe.prom" || atf_fail "no metrics"
	# a breaker that tripped stays so over a restart, until it is reset
	stop packetframed
	echo tripped >"$DIR/state/breaker"
	start_packetframed || atf_fail "no second start"
	pfctl show | grep -q 'breaker TRIPPED' || atf_fail "$(pfctl show)"
	pfctl breaker reset || atf_fail "reset"
	pfctl show | grep -q 'breaker armed' || atf_fail "$(pfctl show)"
	atf_check_equal armed "$(cat "$DIR/state/breaker")"
}
quickstart_cleanup() { cleanup_world; }

atf_test_case pfctl cleanup
pfctl_head() {
	atf_set descr "every show command answers, as text and as JSON"
	atf_set require.user root
	atf_set timeout 60
}
pfctl_body() {
	up
	for what in "" summary fib neighbor nexthop interfaces counters policy \
	    "fib 198.18.0.1" "fib 2001:db8:b::1"; do
		# shellcheck disable=SC2086
		pfctl show $what >out 2>err ||
		    atf_fail "show $what: $(cat err)"
		# shellcheck disable=SC2086
		pfctl -j show $what | jq . >json 2>err ||
		    atf_fail "show -j $what: $(cat err)"
	done
	pfctl sh int | grep -q '^ra ' || atf_fail "a unique prefix of words"
	pfctl show frob 2>err && atf_fail "unknown word taken"
	grep -q interfaces err || atf_fail "$(cat err)"
	pfctl show n 2>err && atf_fail "ambiguous word taken"
	grep -q 'could mean several' err || atf_fail "$(cat err)"
	pfctl log debug || atf_fail "log"
	pfctl show fib 192.0.2.0/24 && atf_fail "a prefix that is not there"
	"$BUILD/pfctl" -s "$DIR/none.sock" show 2>err && atf_fail "no daemon"
	grep -q 'packetframed detach' err || atf_fail "$(cat err)"
}
pfctl_cleanup() { cleanup_world; }

atf_test_case not_our_file cleanup
not_our_file_head() {
	atf_set descr "no file but a dead daemon's socket makes room for ours"
	atf_set require.user root
}
not_our_file_body() {
	begin
	allow_all
	echo precious >"$DIR/precious"
	sed -i "s,socket .*,socket $DIR/precious," "$DIR/packetframe.conf"
	refused "socket $DIR/precious: Address already in use"
	atf_check_equal precious "$(cat "$DIR/precious")"
	# nor is a directory with files mounted over
	allow_all
	sed -i "s,bpffs-root .*,bpffs-root $DIR/state," "$DIR/packetframe.conf"
	echo precious >"$DIR/state/file"
	refused "bpffs-root $DIR/state: neither a bpffs nor an empty directory"
	sed -i "s,bpffs-root .*,bpffs-root /sys/fs/bpf," "$DIR/packetframe.conf"
	refused "bpffs-root /sys/fs/bpf: expected a directory below it"
}
not_our_file_cleanup() { cleanup_world; }

atf_test_case reload_file cleanup
reload_file_head() {
	atf_set descr "a config that cannot be read any more: the old one stays"
	atf_set require.user root
	atf_set timeout 60
}
reload_file_body() {
	up
	f=$DIR/packetframe.conf
	mv "$f" "$DIR/real.conf"
	refuses "No such file or directory"
	mkfifo "$f"
	refuses "Not a regular file"
	rm "$f"
	mkdir "$f"
	refuses "Is a directory"
	rmdir "$f"
	ln -s /etc/passwd "$f"
	refuses "A link out of the config's directory"
	rm "$f"
	ln -s packetframe.conf "$f"
	refuses "Too many levels of symbolic links"
	rm "$f"
	: >"$f"
	refuses "attach cannot be changed by a reload"
	rm "$f"
	ln -s real.conf "$f"
	pfctl reload || atf_fail "a link below the directory"
	chmod 600 "$DIR/real.conf"
	refuses "Permission denied"
	stop packetframed
	start_packetframed || atf_fail "root can read it at the start"
	grep -q "a reload will fail" "$DIR/packetframed.log" ||
	    atf_fail "nothing said of the reload that will fail"
}
refuses() {
	pfctl reload >out 2>&1 && atf_fail "reloaded, expected: $1"
	grep -q "$1" out || atf_fail "said: $(cat out)"
	pfctl show policy | grep -q 198.18.0.0/15 || atf_fail "policy is gone"
}
reload_file_cleanup() { cleanup_world; }

atf_test_case reload_at_start cleanup
reload_at_start_head() {
	atf_set descr "a SIGHUP at any time of the start is neither fatal nor lost"
	atf_set require.user root
	atf_set timeout 120
}
reload_at_start_body() {
	begin
	allow_all
	for after in 0.01 0.05 0.1 0.2; do
		: >"$DIR/packetframed.log"
		ip netns exec "$R" "$BUILD/packetframed" -d \
		    -f "$DIR/packetframe.conf" >>"$DIR/packetframed.log" 2>&1 &
		echo $! >"$DIR/packetframed.pid"
		# ip has become packetframed
		wait_for 5 is_packetframed $!
		sleep $after
		kill -HUP "$(cat "$DIR/packetframed.pid")"
		wait_for 20 grep -q "config reloaded" \
		    "$DIR/packetframed.log" || atf_fail "after $after"
		stop packetframed
	done
}
is_packetframed() { readlink "/proc/$1/exe" | grep -q packetframed; }
reload_at_start_cleanup() { cleanup_world; }

atf_test_case recreated cleanup
recreated_head() {
	atf_set descr "an interface that was deleted is attached when it is back"
	atf_set require.user root
	atf_set timeout 60
}
recreated_body() {
	up
	for _ in 1 2 3; do
		in_r ip link del ra
		in_r ip link add ra type veth peer name a0 netns "$A"
		in_r ip link set ra up
		in_a ip link set a0 up
	done
	wait_for 10 attached ra || atf_fail "$(pfctl show interfaces)"
	in_r ip -d link show ra | grep -q prog/xdp || atf_fail "no program"
	atf_check_equal 2 "$(find "$DIR/bpf" -name 'link_*' | wc -l)"
	in_r ip link del ra
	wait_for 10 is_gone ra || atf_fail "$(pfctl show interfaces)"
	atf_check_equal 1 "$(find "$DIR/bpf" -name 'link_*' | wc -l)"
}
attached() {
	pfctl show interfaces | grep -q "^$1 .* native .* up " &&
	    in_r ip -d link show "$1" | grep -q prog/xdp
}
is_gone() { pfctl show interfaces | grep -q 'interface is gone'; }
recreated_cleanup() { cleanup_world; }

atf_test_case dead_man cleanup
dead_man_head() {
	atf_set descr "without parent or rde for stale-time, all packets pass"
	atf_set require.user root
	atf_set timeout 120
}
dead_man_body() {
	begin
	in_r ip route add "$BSTUB4/32" via "$B4"
	MODE=kernel-fib allow_all "stale-time 5"
	start_packetframed || atf_fail "packetframed does not answer"
	wait_for 10 moves forward_v4 || atf_fail "$(pfctl show counters)"
	parent=$(cat "$DIR/packetframed.pid")
	kill -STOP "$(pid_of rde)"
	wait_for 15 moves pass_stale || atf_fail "forwards without rde"
	kill -CONT "$(pid_of rde)"
	wait_for 15 moves forward_v4 || atf_fail "rde is back: no forwarding"
	# the parent cannot be asked while it is stopped; packets must not stop
	kill -STOP "$parent"
	in_a ping -q -c 8 -W 1 -I "$A4" "$BSTUB4" >out ||
	    atf_fail "$(cat out)"
	kill -CONT "$parent"
	grep -q ' 0% packet loss' out || atf_fail "$(cat out)"
	before=$stale
	stale=$(counter pass_stale)
	[ "$stale" -gt "$before" ] || atf_fail "forwards without parent"
	wait_for 15 moves forward_v4 || atf_fail "it is back: no forwarding"
}
# moves COUNTER: it rises with a packet from a to b.
moves() {
	_was=$(counter "$1")
	in_a ping -q -c 1 -W 1 -I "$A4" "$BSTUB4" >/dev/null || return 1
	stale=$(counter pass_stale)
	[ "$(counter "$1")" -gt "$_was" ]
}
dead_man_cleanup() {
	[ -f w/packetframed.pid ] && kill -CONT "$(cat w/packetframed.pid)"
	cleanup_world
}

atf_init_test_cases() {
	for _t in privileges child_dies shutdown malformed_config unsupported \
	    full_state_dir no_interface generic stale_egress address_in_use \
	    no_bpffs no_user reload \
	    quickstart pfctl not_our_file reload_file reload_at_start \
	    recreated dead_man; do
		atf_add_test_case $_t
	done
}
