#!/bin/sh
# run.sh BUILD LIBFUZZER-OPTION...: run every fuzzer over its corpus. New inputs
# go to a folder of the build, never into the tree.
set -u
build=$1
shift
here=$(dirname "$0")
status=0
for bin in "$build"/regress/fuzz/*_fuzz; do
	name=$(basename "$bin" _fuzz)
	new=$build/corpus/$name
	mkdir -p "$new" "$here/corpus/$name"
	if "$bin" "$@" -rss_limit_mb=4096 -timeout=20 -verbosity=0 \
	    -artifact_prefix="$build/crash-$name-" "$new" \
	    "$here/corpus/$name" >"$build/$name.log" 2>&1; then
		echo "fuzz $name: ok"
	else
		status=1
		echo "fuzz $name: FAILED"
		tail -n 60 "$build/$name.log"
	fi
done
exit $status
