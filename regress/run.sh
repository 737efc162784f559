#!/bin/sh
# run.sh BUILD SRC: run the built tests with kyua, end with its summary and one
# plain line of counts. Namespaces and BPF need root.
set -u
BUILD=$1
PF_SRCDIR=$2
export BUILD PF_SRCDIR
# libatf itself leaks; the fuzzers look for leaks of ours
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
export ASAN_OPTIONS
db=$BUILD/kyua.db
rm -f "$db"
cd "$BUILD/regress" || exit 1
kyua --variable=parallelism="${PARALLEL:-2}" test --results-file="$db" \
    --kyuafile=Kyuafile
status=$?
counts=$(kyua report --results-file="$db" --verbose 2>/dev/null |
    awk '/^Test cases: / { gsub(/[^0-9 ]/, ""); print $1, $2, $3, $4, $5 }')
kyua report --results-file="$db" --results-filter=broken,failed 2>/dev/null
# total skipped expected-failures broken failed
# shellcheck disable=SC2086
set -- $counts
[ $# -eq 5 ] || { echo "no tests ran"; exit 1; }
failed=$(($4 + $5))
echo "$(($1 - $2 - failed)) passed, $failed failed, $2 skipped"
[ $status -eq 0 ] && [ $failed -eq 0 ]
