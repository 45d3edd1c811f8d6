#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status shows what a server says, and survives one that talks nonsense.
set -eu
: "${top_builddir:=.}"
farroot=$top_builddir/farroot
command -v python3 >/dev/null || exit 77
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "$*" >&2
	exit 1
}

# Answers each connection with the next line of a file, then ends.
answers_from() {
	rm -f "$dir/sock"
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8)
for line in open(sys.argv[2], "rb").read().splitlines(True):
    c = s.accept()[0]; c.sendall(line); c.close()
' "$dir/sock" "$1" &
	until [ -S "$dir/sock" ]; do sleep 0.05; done
}

# line STATE PRESENT LAST_ERROR
line() {
	printf '{"state":"%s","origin":"http://a/x","image_bytes":104857600,"present_bytes":%s,"cache_bytes":104857600,"ready_needs_bytes":5242880,"budget_bytes":20971520,"budget_left_bytes":10485760,"fetched_bytes":2097152,"served_bytes":3145728,"wasted_bytes":1048576,"requests":7,"rate_bytes_per_s":524288,"rtt_ms":42,"waiting":3,"outage_since":1000000000,"eta_s":75,"last_error":"%s","news":1}\n' "$@"
}

ask() {
	timeout 20 "$farroot" status "--socket=$dir/sock" "$@" >"$dir/out" 2>"$dir/err"
}

says() {
	grep -qF -e "$1" "$dir/out" || fail "'$1' is not in: $(cat "$dir/out")"
}

line outage 26214400 'no \u001b[2Jroute' >"$dir/one"
answers_from "$dir/one"
ask || fail "$(cat "$dir/err")"
for text in outage http://a/x '25.0 of 100.0 MiB (25.0 %)' '2.0 MiB in 7 requests' '1.0 MiB wasted' \
	'3.0 MiB, 3 reads' '0.50 MiB/s' '42 ms' 'since 200' 'no ?[2Jroute' '1 min 15 s' \
	'ready needs 5.0 MiB (0 min 10 s), everything needs 75.0 MiB (2 min 30 s) at the measured rate' \
	'10.0 of 20.0 MiB left'; do
	says "$text"
done

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

i=0
for nonsense in '' '{' 'null' '[]' '{"state":"frob"}' '{"state":"ready"}' "$(line ready -5 '')" \
	"$(line ready '"x"' '')" "$(line ready 1 "$(printf '%0300d' 1)")"; do
	i=$((i + 1))
	printf '%s\n' "$nonsense" >"$dir/bad"
	answers_from "$dir/bad"
	status=0
	ask || status=$?
	[ "$status" = 1 ] || fail "status $status for nonsense $i: $nonsense"
	grep -q 'not the answer of a farroot server' "$dir/err" || fail "nonsense $i: $(cat "$dir/err")"
done
