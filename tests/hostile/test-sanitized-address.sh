#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The unit tests and the fault tests pass when the tree is built again with
# -fsanitize=address,undefined, in a folder of its own below the build folder.
# test-sanitized-thread.sh is a link to this script: the same with -fsanitize=thread. For
# ./check --long there is a link of each with more fault schedules.
# FARROOT_TEST_SEEDS: how many fault schedules.
set -eu

: "${srcdir:=..}" "${top_builddir:=.}"
# shellcheck source-path=SCRIPTDIR source=../slack.sh
. "$srcdir/tests/slack.sh"
case $0 in
*-address*) sanitizers=address,undefined ;;
*-thread*) sanitizers=thread ;;
esac
case $0 in
*-longer.sh) seeds=300 longer=-longer ;;
*) seeds=100 longer= ;;
esac
source=$(cd "$srcdir" && pwd)
folder=$(cd "$top_builddir" && pwd)/sanitized-${sanitizers%%,*}$longer
: "${FARROOT_TEST_SEEDS:=$seeds}"
limit_s=$(slack 1200)
# Everything is several times slower.
FARROOT_TEST_SLACK=$(slack 3)
export FARROOT_TEST_SEEDS FARROOT_TEST_SLACK

if [ -e "$source/config.status" ]; then
	echo "SKIP: the source folder is configured itself: no other build beside it"
	exit 77
fi

# TSan needs its shadow where address randomization may put other things.
run=
case $sanitizers in
thread)
	command -v setarch >/dev/null && setarch -R true 2>/dev/null && run="setarch -R"
	;;
esac
# A failed allocation is what a unit test is about.
TSAN_OPTIONS="suppressions=$source/tests/hostile/tsan.supp halt_on_error=0 exitcode=66 history_size=4 allocator_may_return_null=1"
ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:allocator_may_return_null=1"
UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS ASAN_OPTIONS UBSAN_OPTIONS

mkdir -p "$folder"
cd "$folder"
if [ ! -e config.status ]; then
	CONFIG_SHELL=/bin/sh "$source/configure" --disable-dependency-tracking --enable-sanitize="$sanitizers" CFLAGS="-g -O1" >configure.log 2>&1 || {
		tail -n 20 configure.log
		exit 1
	}
fi

units=
for file in "$source"/tests/unit/*.c; do
	file=${file##*/}
	units="$units tests/unit/${file%.c}"
done
# shellcheck disable=SC2086
make $units tests/hostile/fault-kinds tests/hostile/fault-schedules >make.log 2>&1 || {
	tail -n 30 make.log
	exit 1
}

status=0
for program in $units tests/hostile/fault-kinds tests/hostile/fault-schedules; do
	# shellcheck disable=SC2086
	if timeout "$limit_s" $run "./$program" >"$program.out" 2>&1; then
		echo "ok $program: $(tail -n 1 "$program.out")"
	else
		status=1
		echo "FAIL $program"
		grep -v '^$' "$program.out" | head -n 200
	fi
done
exit "$status"
