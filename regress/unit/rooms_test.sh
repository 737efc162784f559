# No room includes a header of another room. lib is common ground, and so are
# bpf's layouts; they include no room themselves.
# shellcheck shell=sh

# The headers of ours that the sources of a room include, as paths from the
# top, with who includes them.
includes() {
	for _f in "$PF_SRCDIR/$1"/*.[chy]; do
		[ -f "$_f" ] || continue
		sed -n 's/^#[[:space:]]*include[[:space:]]*"\(.*\)".*/\1/p' \
		    "$_f" | while read -r _h; do
			case $_h in
			../*) echo "${_h#../} ${_f##*/}" ;;
			*/*) echo "$_h ${_f##*/}" ;;
			*) echo "$1/$_h ${_f##*/}" ;;
			esac
		done
	done
}

# foreign ROOM PATTERN...: what ROOM includes that matches no PATTERN.
foreign() {
	_room=$1
	shift
	includes "$_room" | while read -r _h _by; do
		_ok=false
		for _p in "$@"; do
			# a pattern is meant as one
			# shellcheck disable=SC2254
			case $_h in
			$_p) _ok=true ;;
			esac
		done
		$_ok || echo "$_room/$_by includes $_h"
	done
}

atf_test_case rooms
rooms_head() {
	atf_set descr "no room includes another room's header"
}
rooms_body() {
	[ -n "${PF_SRCDIR:-}" ] ||
	    atf_skip "PF_SRCDIR does not name the source tree"
	abi="bpf/abi.h bpf/abi_user.h"
	{
		# shellcheck disable=SC2086
		foreign lib 'lib/*' $abi
		foreign bpf 'bpf/*' vmlinux.h
		for room in conf rde bgpe bmpe control pfctl; do
			# shellcheck disable=SC2086
			foreign $room "$room/*" 'lib/*' $abi
		done
		# the skeletons are made of bpf, for the parent alone
		# shellcheck disable=SC2086
		foreign parent 'parent/*' 'lib/*' $abi 'bpf/*.skel.h'
	} >found
	[ -s found ] && atf_fail "$(cat found)"
	# the test sees what there is to see
	includes parent | grep -q '^lib/log.h main.c$' ||
	    atf_fail "lib/log.h is not seen in parent/main.c"
	[ "$(for room in lib conf rde bgpe bmpe control pfctl parent bpf; do
	    includes $room
	done | wc -l)" -gt 100 ] || atf_fail "too few includes are seen"
}

atf_test_case folders
folders_head() {
	atf_set descr "every folder with sources is a known room"
}
folders_body() {
	[ -n "${PF_SRCDIR:-}" ] ||
	    atf_skip "PF_SRCDIR does not name the source tree"
	for f in "$PF_SRCDIR"/*/*.[chy]; do
		room=${f%/*}
		case ${room##*/} in
		lib | bpf | conf | rde | bgpe | bmpe | control | pfctl | \
		    parent) ;;
		*) atf_fail "$f is in no room" ;;
		esac
	done
}

atf_init_test_cases() {
	atf_add_test_case rooms
	atf_add_test_case folders
}
