#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Reads of frames of a seekable image that are in memory do not wait for others: with the origin
# frozen and 100 reads waiting, they are answered.  The reads that wait are answered when the
# origin is back.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/seekable.sh"

make_seekable image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no stall=60 profile=none status="$dir/status.sock"
read_is_right 0 1048576 "$dir/image.data"
origin_freeze 1
many_wait() {
	[ "$(status_of waiting)" -ge 100 ]
}
"$nbd_read" "$socket" 16777216 4096 100 131072 >"$dir/missed" 2>"$dir/missed.time" &
missed=$!
remember $missed
wait_until 10 "100 reads wait" many_wait
for i in 0 1 2 3 4 5 6 7; do
	began=$(now_ms)
	read_is_right $((i * 131072)) 131072 "$dir/image.data"
	took=$(($(now_ms) - began))
	[ "$took" -lt "$(slack 2000)" ] || fail "a hit takes $took ms"
	many_wait || fail "the misses were answered, too: nothing was tried"
done
# A frame that 100 reads wait for is asked for once.
read_in_background 30000000 65536
stays 1 "the read waits" reader_waits
origin_thaw 1
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
file_at "$dir/image.data" 30000000 65536 | cmp - "$dir/read.out" || fail "wrong bytes"
misses_are_done() {
	! is_alive "$missed"
}
wait_until 35 "the misses are answered" misses_are_done
for i in 0 1 50 99; do
	file_at "$dir/image.data" $((16777216 + i * 131072)) 4096 >>"$dir/wanted"
	file_at "$dir/missed" $((i * 4096)) 4096 >>"$dir/got"
done
cmp "$dir/got" "$dir/wanted" || fail "wrong bytes of the misses"
# A shutdown does not wait for reads.
origin_stop 1
read_in_background 9000000 65536
stays 1 "the read waits" reader_waits
began=$(now_ms)
plugin_stop
took=$(($(now_ms) - began))
[ "$took" -lt "$(slack 5000)" ] || fail "the shutdown takes $took ms"
