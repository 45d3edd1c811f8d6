#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status shows what a server says, once or with a line for each answer, and with
# --json just as the server says it.
. "${srcdir:-..}/tests/end-to-end/status-answers.sh"
need python3

says() {
	grep -qF -e "$1" "$dir/out" || fail "'$1' is not in: $(cat "$dir/out")"
}

line outage 26214400 'no \u001b[2Jroute' >"$dir/one"
answers_from "$dir/one"
ask || fail "$(cat "$dir/err")"
for text in outage http://a/x '25.0 of 100.0 MiB (25.0 %)' '2.0 MiB in 7 requests' '1.0 MiB wasted' \
	'3.0 MiB, 3 reads' '0.50 MiB/s' '42 ms' 'since 200' 'no ?[2Jroute' '1 min 15 s' \
	'ready needs 5.0 MiB (0 min 10 s), everything needs 75.0 MiB (2 min 30 s) at the measured rate' \
	'10.0 of 20.0 MiB left' 'held      cache: all'; do
	says "$text"
done

line corrupt 26214400 '' |
	sed 's|"corrupt_blocks":0|"corrupt_blocks":2|; s|"corrupt_origin":""|"corrupt_origin":"http://a/\\u001b[2J"|' >"$dir/two"
answers_from "$dir/two"
ask || fail "$(cat "$dir/err")"
says '2 blocks do not verify, the last of them from http://a/?[2J'

answers_from "$dir/one"
ask --json || fail "$(cat "$dir/err")"
cmp "$dir/one" "$dir/out" || fail "--json changes what the server says"

{
	line opening 0 'refused'
	line filling 52428800 ''
	line materialized 999999999999 ''
} >"$dir/three"
answers_from "$dir/three"
ask --watch || fail "$(cat "$dir/err")"
[ "$(wc -l <"$dir/out")" = 3 ] || fail "--watch: not a line for each answer: $(cat "$dir/out")"
says ' 50.0 % filling'
says '100.0 % materialized'
