#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# While 200 reads through the page cache wait for the origin, more than the kernel lets wait by
# itself, such reads of what is in the store are answered.
. "${srcdir:-..}/tests/fuse/fuse.sh"

serve_file 64
plugin_start url="$url1/image" roothash="$roothash" stall=60 status="$dir/status.sock"
# Past the page cache: it has none of this.
read_is_right 0 1048576 "$dir/image"
origin_freeze 1
BUFFERED=1 "$nbd_read" "$socket" 16777216 4096 200 131072 >/dev/null 2>&1 &
remember $!
many_wait() {
	[ "$(status_of waiting)" -ge 200 ]
}
wait_until 10 "200 reads wait" many_wait
for i in 1 2 3 4 5; do
	BUFFERED=1 timeout "$(slack 10)" "$nbd_read" "$socket" $((i * 131072)) 65536 >"$dir/hit" 2>"$dir/time" ||
		fail "a hit ended with $?"
	file_at "$dir/image" $((i * 131072)) 65536 | cmp - "$dir/hit" || fail "wrong bytes"
	took=$(sed -n 's/^first answer after \([0-9]*\) ms$/\1/p' "$dir/time")
	[ "$took" -le "$(slack 500)" ] || fail "a hit takes $took ms"
done
many_wait || fail "the misses were answered too: nothing was tried"
origin_thaw 1
wait_until 20 "no read waits any more" status_is waiting 0
