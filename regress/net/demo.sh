#!/bin/sh
# The main job on an embedded default: host a - router - host b in network
# namespaces, BIRD feeding routes over iBGP, traffic forwarded at XDP.
set -u
: "${BUILD:?}"
here=$(cd "$(dirname "$0")" && pwd)
ID=pfdemo$$
DIR=$(mktemp -d /tmp/packetframe-demo.XXXXXX)
# shellcheck source=regress/net/net.subr
. "$here/net.subr"

cleanup() {
	world_down
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

say() { printf '\n== %s\n' "$*"; }
die() {
	printf 'demo: %s\n' "$*" >&2
	tail -n 20 "$DIR/packetframed.log" >&2
	exit 1
}

[ "$(id -u)" -eq 0 ] || { echo "demo: needs root for namespaces" >&2; exit 1; }

say "three namespaces: a ($ASTUB4) - router - b ($BSTUB4)"
world_up || die "cannot make the namespaces"
allow_all "allow-prefix 203.0.113.0/24" "allow-prefix6 2001:db8:a::/48"
bird_conf 10000 2000

say "packetframed, custom-fib, attached to both interfaces of the router"
start_packetframed || die "packetframed did not start"

say "BIRD, 10,001 IPv4 and 2,001 IPv6 routes over iBGP"
start_bird || die "bird did not start"
wait_for 60 converged || die "the feed did not converge"
wait_for 20 nexthops_valid 4 || die "next hops did not resolve"

say "kernel forwarding for comparison: counters before"
before=$(ip_forwarded)
echo "router's kernel has forwarded $before packets"

say "2,000 UDP datagrams each over IPv4 and IPv6, and ping, from a to b"
echo "IPv4: $(udp 4 2000 4000) of 2000 arrived"
echo "IPv6: $(udp 6 2000 4000) of 2000 arrived"
in_a ping -q -c 10 -i 0.1 -I "$ASTUB4" "$BSTUB4" | grep received
in_a ping -q -c 10 -i 0.1 -I "$ASTUB6" "$BSTUB6" | grep received
kernel=$(($(ip_forwarded) - before))
say "20 pings between addresses that are not allowed: the kernel's"
in_a ping -q -c 20 -i 0.05 "$B4" | grep received
slow=$(($(ip_forwarded) - before - kernel))

say "pfctl show    (look at: forwarded, and both families converged)"
pfctl show
say "pfctl show fib $BSTUB4    (look at: which route, which next hop)"
pfctl show fib "$BSTUB4"
say "pfctl show fib $BSTUB6"
pfctl show fib "$BSTUB6"
say "pfctl show nexthop    (look at: resolved gateways, and how many routes each carries)"
pfctl show nexthop
say "pfctl show counters    (look at: forward_*, and why the others passed)"
pfctl show counters | awk 'NR == 1 || $2 != 0'

fwd4=$(counter forward_v4)
fwd6=$(counter forward_v6)
say "forwarded at XDP: $fwd4 IPv4, $fwd6 IPv6; by the kernel meanwhile: $kernel, and $slow of what is not allowed"
if [ "$fwd4" -lt 2000 ] || [ "$fwd6" -lt 2000 ]; then
	die "too few were forwarded"
fi
say "done; everything is removed again"
