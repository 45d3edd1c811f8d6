#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A sequential reader finds the next blocks already present; random reads fetch little
# more than the blocks that are read.
. "${srcdir:-..}/tests/lib.sh"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
present() {
	"$farroot" status --json --socket="$dir/status.sock" | sed 's/.*"present_bytes":\([0-9]*\).*/\1/'
}
is_calm() {
	count=$(origin_requests 1)
	sleep 0.3
	[ "$count" = "$(origin_requests 1)" ]
}

plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
i=0
while [ $i -lt 16 ]; do
	read_is_right $((i * 65536)) 65536 "$dir/image"
	i=$((i + 1))
done
wait_until 10 "it is calm" is_calm
ahead=$(($(present) - 1048576))
say "$ahead bytes ahead of 1 MiB read in order"
[ $ahead -ge 131072 ] || fail "next to nothing was read ahead"
[ $ahead -le 5000000 ] || fail "far too much was read ahead"
plugin_stop

plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
i=1
while [ $i -le 16 ]; do
	read_is_right $((i * 7 % 16 * 2097152 + 32768)) 4096 "$dir/image"
	i=$((i + 1))
done
wait_until 10 "it is calm" is_calm
say "$(present) bytes for 16 reads here and there"
[ "$(present)" -le $((16 * (262144 + 32768) + 131072)) ] || fail "far too much for 64 KiB read"
