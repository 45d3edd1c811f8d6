#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status shows the last status if no server is left and one was kept beside the socket,
# as after a pivot; that of a server if there is one; and none if there is neither.
. "${srcdir:-..}/tests/lib.sh"
need nginx python3

make_image image 1
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=yes status="$dir/status.sock"
wait_until 30 "all is here" status_is state materialized
"$farroot" status --json --socket="$dir/status.sock" >"$dir/last" || fail "farroot status"
sed 's/"materialized"/"ready"/' "$dir/last" >"$dir/status.json"
"$farroot" status --json --socket="$dir/status.sock" | grep -q '"state":"materialized"' ||
	fail "what was kept is shown although there is a server"

# The server of a machine is killed; its socket stays.
plugin_stop
for leftover in socket nothing; do
	[ "$leftover" = socket ] && python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$dir/status.sock"
	cp "$dir/last" "$dir/status.json"
	"$farroot" status --json --socket="$dir/status.sock" | cmp - "$dir/last" || fail "with $leftover: not what was kept"
	"$farroot" status --socket="$dir/status.sock" | grep -q '^state *materialized$' || fail "with $leftover: no text"
	timeout 10 "$farroot" status --watch --socket="$dir/status.sock" >/dev/null || fail "with $leftover: --watch does not end"
	echo nonsense >"$dir/status.json"
	! "$farroot" status --socket="$dir/status.sock" >"$dir/out" 2>&1 || fail "with $leftover: nonsense is shown"
	rm "$dir/status.json"
	! "$farroot" status --socket="$dir/status.sock" >"$dir/out" 2>&1 || fail "with $leftover: a status of nothing"
	grep -q 'is the image being served?' "$dir/out" || fail "with $leftover: $(cat "$dir/out")"
	rm -f "$dir/status.sock"
done
