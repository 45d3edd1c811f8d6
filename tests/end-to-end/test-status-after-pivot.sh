#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status shows the last status if no server is left and one was kept beside the socket,
# as after a pivot; that of a server if there is one; and none if there is neither.
. "${srcdir:-..}/tests/end-to-end/status-answers.sh"
need python3

line materialized 104857600 '' >"$dir/last"
line ready 1048576 '' >"$dir/sock.json"
answers_from "$dir/last"
ask --json || fail "farroot status"
cmp "$dir/out" "$dir/last" || fail "what was kept is shown although there is a server"

# The server of a machine is killed; its socket stays.
for leftover in socket nothing; do
	[ "$leftover" = socket ] || rm "$dir/sock"
	cp "$dir/last" "$dir/sock.json"
	ask --json || fail "with $leftover: no JSON"
	cmp "$dir/out" "$dir/last" || fail "with $leftover: not what was kept"
	ask || fail "with $leftover: no text"
	grep -q '^state *materialized$' "$dir/out" || fail "with $leftover: no text"
	ask --watch || fail "with $leftover: --watch does not end"
	echo nonsense >"$dir/sock.json"
	! ask || fail "with $leftover: nonsense is shown"
	rm "$dir/sock.json"
	! ask || fail "with $leftover: a status of nothing"
	grep -q 'is the image being served?' "$dir/err" || fail "with $leftover: $(cat "$dir/err")"
done
