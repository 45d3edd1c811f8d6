#!/bin/sh
# SPDX-License-Identifier: MIT
# bench/trace-replay: reads come in the trace's order of causes, with its pauses, and
# are told apart by whether they are the first.
. "${srcdir:-..}/tests/lib.sh"
need nbdkit pkg-config
pkg-config --exists libnbd || skip "libnbd's headers are not installed"

# shellcheck disable=SC2046 # words
${CC:-cc} -O2 -Wall -Wextra -Werror -o "$dir/trace-replay" "$srcdir/bench/trace-replay.c" \
	$(pkg-config --cflags --libs libnbd) || fail "it does not build"
${CC:-cc} -O2 -Wall -Wextra -Werror -o "$dir/link-emulator" "$srcdir/bench/link-emulator.c" ||
	fail "the link emulator does not build"

# The second and third wait for the first, the fourth for the third, which a slow
# server makes late; 0.4 s of pauses in all.
cat >"$dir/trace" <<EOF
# start_us end_us offset length
0 1000 0 8192
101000 102000 4096 4096
101000 103000 65536 4096
403000 404000 8192 4096
EOF
replay() {
	nbdkit -U - --filter=delay memory 1M rdelay="$1" --run "'$dir/trace-replay' \"\$uri\" '$dir/trace'" ||
		fail "trace-replay"
}
replay 200ms >"$dir/out"
same "$(cut -d ' ' -f 1 "$dir/out" | sort | tr '\n' ' ')" 'again first first first ' "classes"
same "$(awk '$3 < 200000' "$dir/out" | wc -l)" 0 "reads faster than the server"
# 3 x 0.2 s of the server and 0.4 s of pauses.
same "$(tail -n 1 "$dir/out" | awk -v slack="$FARROOT_TEST_SLACK" '{ print ($2 + $3 >= 1000000 && $2 + $3 < 3000000 * slack) }')" 1 "the whole takes 1 s"

printf '0 5 0\n' >"$dir/trace"
! nbdkit -U - memory 1M --run "'$dir/trace-replay' \"\$uri\" '$dir/trace' 2>'$dir/said'" ||
	fail "a line without a length passes"
grep -q 'not a trace' "$dir/said" || fail "no message says why"
