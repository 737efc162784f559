# What pfctl shows of paths and of memory, with two BIRDs as neighbors: one of
# our own AS, one of another that decorates its routes.
# shellcheck shell=sh disable=SC1091,SC2034
. "$(atf_get_srcdir)/net.subr"

SHORT=198.18.0.0/16 BOTH=198.18.0.0/31

cleanup_world() {
	[ -f id ] && ID=$(cat id) && DIR=$(pwd)/w
	A=${ID}a B=${ID}b R=${ID}r
	tail -n 40 "$DIR/packetframed.log" 2>/dev/null
	stop bird2
	world_down
}

# The neighbor 127.0.0.3, of AS 65001.
start_bird2() {
	cat >"$DIR/bird2.conf" <<-EOT
	router id 192.0.2.33;
	protocol device { scan time 1; }
	protocol static s4 { ipv4;
		route $SHORT via $B4;
		route $BOTH via $B4;
		route 192.0.2.128/25 via $B4;
	}
	filter decorate {
		bgp_path.prepend(64501);
		bgp_path.prepend(64500);
		bgp_next_hop = $B4;
		bgp_med = 50;
		bgp_community.add((64500, 1));
		bgp_community.add((65535, 65281));
		bgp_large_community.add((64500, 1, 2));
		bgp_ext_community.add((rt, 64500, 100));
		accept;
	}
	protocol bgp pf {
		# another port to listen on than the other one's
		local 127.0.0.3 port 1790 as 65001;
		neighbor 127.0.0.1 port 1180 as 65000;
		multihop;
		connect delay time 1;
		connect retry time 1;
		error wait time 1, 2;
		ipv4 { export filter decorate; import none; next hop keep; };
	}
	EOT
	ip netns exec "$R" bird -f -c "$DIR/bird2.conf" -s "$DIR/bird2.ctl" \
	    -P "$DIR/bird2.own.pid" >>"$DIR/bird2.log" 2>&1 &
	echo $! >"$DIR/bird2.pid"
	wait_for 20 test -S "$DIR/bird2.ctl"
}

# world N: both neighbors, of which the first has N routes of each family.
world() {
	echo "$ID" >id
	world_up || atf_fail "cannot make the namespaces"
	allow_all "route-source bgp 127.0.0.1:1180 local-as 65000 peer-as 65001"
	bird_conf "$1" "$1"
	start_packetframed || atf_fail "packetframed does not answer"
	start_bird || atf_fail "bird does not start"
	start_bird2 || atf_fail "the second bird does not start"
	wait_for 30 converged || fail "not converged"
	wait_for 20 nexthops_valid 2 || fail "no next hop is valid"
	wait_for 20 eligible || fail "$BOTH is not eligible"
}

fail() { atf_fail "$1: $(pfctl show | tr '\n' ';')"; }
eligible() { [ "$(rib "$BOTH" | grep -c '^\*')" = 2 ]; }
# the paths of an answer, without its head
rib() { pfctl show rib "$@" | sed '1,/^flags  *prefix/d'; }
# is LINES STATUS WORD...: show rib WORD... has that many paths
is() {
	_want=$1
	shift
	[ "$(rib "$@" | wc -l)" = "$_want" ] ||
	    atf_fail "show rib $*: $(rib "$@" | head -n 5 | tr '\n' ';')"
}
# refused TEXT WORD...: status 1, and why on stderr
refused() {
	_text=$1
	shift
	pfctl show rib "$@" >out 2>err && atf_fail "show rib $* is no error"
	grep -q "$_text" err || atf_fail "show rib $*: $(cat err)"
}

atf_test_case paths cleanup
paths_head() {
	atf_set descr "paths by prefix, address, length and neighbor"
	atf_set require.user root
	atf_set require.progs jq
	atf_set timeout 120
}
paths_body() {
	world 10
	is 2 "$BOTH"
	rib "$BOTH" | sed -n 1p | grep -q "^\*> I *$BOTH *$B4 *100 *0 i$" ||
	    atf_fail "the best: $(rib "$BOTH" | tr '\n' ' ')"
	rib "$BOTH" | sed -n 2p |
	    grep -q "^\*    *$BOTH *$B4 *100 *50 65001 64500 64501 i$" ||
	    atf_fail "the other: $(rib "$BOTH" | tr '\n' ' ')"
	is 1 198.18.0.3
	rib 198.18.0.3 | grep -q '198.18.0.2/31' || atf_fail "longest match"
	rib 198.18.200.1 | grep -q " $SHORT " || atf_fail "only match"
	# ten of one, of which one is the other's too, and what covers them
	is 12 "$SHORT" or-longer
	is 3 198.18.0.1 or-shorter
	is 3 "$BOTH" or-shorter
	is 1 "$SHORT" or-shorter
	is 3 neighbor 127.0.0.3
	is 2 neighbor 127.0.0.3 "$SHORT" or-longer
	# eleven of each family
	is 22 neighbor 127.0.0.2
	is 25
	is 1 2001:db8:b:7::9
	rib 2001:db8:b:7::9 | grep -q " $B6 " || atf_fail "IPv6"
	refused 'no path of this prefix' 198.18.0.0/17
	refused 'no path leads' 192.0.2.1
	refused 'covers this' 192.0.0.0/8 or-shorter
	refused 'more specific' 192.0.3.0/24 or-longer
	refused 'no such neighbor' neighbor 127.0.0.4
	refused 'neighbor has no such path' "$SHORT" neighbor 127.0.0.2

	pfctl show rib detail "$BOTH" neighbor 127.0.0.3 >out
	for _t in "^$BOTH, eligible, external$" \
	    '^    AS path: 65001 64500 64501$' \
	    "^    next hop $B4, valid$" \
	    '^    neighbor 127.0.0.3, router-id 192.0.2.33$' \
	    '^    origin IGP, local-pref 100, MED 50$' \
	    '^    communities: 64500:1 no-export$' \
	    '^    large communities: 64500:1:2$' \
	    '^    extended communities: rt:64500:100$'; do
		grep -q "$_t" out || atf_fail "$_t is not in $(tr '\n' ' ' <out)"
	done
	pfctl -j show rib >out || atf_fail "no JSON"
	jq -e 'length == 25 and
	    ([.[] | select(.best)] | length) == 24 and
	    ([.[] | select(.neighbor == "127.0.0.3")] | length) == 3 and
	    all(.eligible) and
	    (.[] | select(.neighbor == "127.0.0.3" and
	    .prefix == "198.18.0.0/31") | .communities == "64500:1 no-export"
	    and .med == 50 and (.internal | not))' out >/dev/null ||
	    atf_fail "$(head -n 4 out | tr '\n' ' ')"
	# a neighbor that goes takes its paths and its name with it
	stop bird2
	wait_for 20 gone_neighbor || fail "paths of a neighbor that went"
}
gone_neighbor() {
	! pfctl show rib neighbor 127.0.0.3 >/dev/null 2>err &&
	    grep -q 'no such neighbor' err
}
paths_cleanup() { cleanup_world; }

atf_test_case leave cleanup
leave_head() {
	atf_set descr "clients that leave in the middle of a long answer"
	atf_set require.user root
	atf_set timeout 120
}
leave_body() {
	world 3000
	is 6005
	for _i in 1 2 3 4 5 6 7 8 9 10; do
		pfctl show rib detail | sed 3q >/dev/null
		pfctl -j show rib | head -c 100 >/dev/null
	done
	# and one that is killed while it waits to write
	mkfifo pipe
	"$BUILD/pfctl" -s "$DIR/control.sock" show rib detail >pipe \
	    2>/dev/null &
	_pid=$!
	exec 9<pipe
	head -n 1 <&9 >/dev/null
	kill -9 $_pid
	wait $_pid
	exec 9<&-
	is 6005
	is 3 neighbor 127.0.0.3
	kill -0 "$(cat "$DIR/packetframed.pid")" || atf_fail "it has ended"
	grep -i -e fatal -e denied "$DIR/packetframed.log" && atf_fail "logged"
	return 0
}
leave_cleanup() { cleanup_world; }

atf_test_case memory cleanup
memory_head() {
	atf_set descr "every table and process tells its memory, and the sums"
	atf_set require.user root
	atf_set require.progs jq
	atf_set timeout 120
}
memory_body() {
	world 3000
	pfctl show memory >text || atf_fail "show memory"
	pfctl -j show memory >out || atf_fail "show memory, JSON"
	for _t in dir4 pool4 dir6 pool6 groups nexthops 'nexthop entries' \
	    ports control counters; do
		jq -e --arg t "$_t" '.memory | map(select(.owner == "kernel"
		    and .what == $t)) | length == 1 and .[0].bytes > 0 and
		    .[0].used <= .[0].bytes' out >/dev/null ||
		    atf_fail "$_t: $(tr '\n' ' ' <out)"
		grep -q "^  $_t  *[1-9]" text || atf_fail "$_t: $(tr '\n' ' ' <text)"
	done
	for _t in dir4 pool4 dir6 pool6 nexthops 'nexthop entries'; do
		jq -e --arg t "$_t" '.memory[] | select(.what == $t) |
		    .used > 0' out >/dev/null || atf_fail "$_t is not used"
	done
	for _p in parent conf rde bgpe bmpe control; do
		jq -e --arg p "$_p" '.memory | map(select(.owner == $p and
		    .what == "process")) | length == 1 and .[0].used > 0 and
		    .[0].used <= .[0].bytes and .[0].bytes < 1e9' out \
		    >/dev/null || atf_fail "$_p: $(tr '\n' ' ' <out)"
		grep -q "^  $_p  *[1-9]" text || atf_fail "$_p: $(tr '\n' ' ' <text)"
	done
	for _w in 'RIB tree, IPv4' 'RIB tree, IPv6' paths 'attribute sets' \
	    'FIB image, IPv4' 'FIB image, IPv6' 'next hops'; do
		jq -e --arg w "$_w" '.memory[] | select(.owner == "rde" and
		    .what == $w) | .bytes > 0 and .used > 0 and .items > 0' \
		    out >/dev/null || atf_fail "$_w: $(tr '\n' ' ' <out)"
	done
	jq -e '.sums.kernel == ([.memory[] | select(.owner == "kernel").bytes]
	    | add) and
	    .sums.processes == ([.memory[] | select(.what == "process").used]
	    | add) and
	    .sums.both == .sums.kernel + .sums.processes and
	    .sums.routes == 6004 and .sums.bytes_per_route > 0 and
	    (.memory[] | select(.what == "paths") | .items) == 6005' out \
	    >/dev/null || atf_fail "$(tail -n 3 out)"
	grep -q '^audit: ' text || atf_fail "no audit: $(tail -n 3 text)"
}
memory_cleanup() { cleanup_world; }

atf_init_test_cases() {
	atf_add_test_case paths
	atf_add_test_case leave
	atf_add_test_case memory
}
