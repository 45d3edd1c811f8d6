#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With the origin frozen and 100 reads waiting for it, reads of what is here are
# answered at once: on the same connection and on others.
. "${srcdir:-..}/tests/lib.sh"

make_image image 64
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no stall=60 status="$dir/status.sock"
read_is_right 0 1048576 "$dir/image"
origin_freeze 1

waiting() {
	"$farroot" status --json --socket="$dir/status.sock" | grep -o '"waiting":[0-9]*' | cut -d : -f 2
}
hundred_wait() {
	[ "$(waiting)" -ge 100 ]
}
"$nbd_read" "$socket" 50000000 4096 100 131072 >/dev/null 2>&1 &
remember $!
wait_until 10 "100 reads wait" hundred_wait

# nbd-read tells the time from request to answer.
for i in 1 2 3 4 5; do
	"$nbd_read" "$socket" $((i * 65536)) 65536 >"$dir/hit" 2>"$dir/time" || fail "a hit ended with $?"
	file_at "$dir/image" $((i * 65536)) 65536 | cmp - "$dir/hit" || fail "wrong bytes"
	took=$(sed -n 's/^first answer after \([0-9]*\) ms$/\1/p' "$dir/time")
	say "hit after $took ms"
	[ "$took" -lt 500 ] || fail "a hit took $took ms"
done

# 99 misses, going down from 60 MB, and then hits below 1 MiB, on one connection.
"$nbd_read" "$socket" 60000000 4096 101 -600000 >/dev/null 2>"$dir/time" &
remember $!
answered() {
	grep -q '^first answer' "$dir/time"
}
wait_until 5 "a hit behind 100 misses on its connection is answered" answered
took=$(sed -n 's/^first answer after \([0-9]*\) ms$/\1/p' "$dir/time")
say "hit behind 100 misses after $took ms"
[ "$took" -lt 500 ] || fail "a hit behind 100 misses took $took ms"
origin_thaw 1
nobody_waits() {
	[ "$(waiting)" = 0 ]
}
wait_until 20 "no read waits any more" nobody_waits
