#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# In an outage a signal ends a read with EINTR, never EIO, and kill -9 ends each process that
# reads, also one that reads through the page cache or by mmap.  After that all is well.
. "${srcdir:-..}/tests/fuse/fuse.sh"
need python3

serve_file 16
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 4096 "$dir/image"
origin_stop 1

ALARM=1 "$nbd_read" "$socket" 4194304 65536 >/dev/null 2>"$dir/alarm" &
remember $!
wait_until 10 "the signal ends the read" is_gone $!
same "$(cat "$dir/alarm")" "file-read: error 4" "the error (4: EINTR) of an interrupted read"
wait_until 5 "its read is forgotten" status_is waiting 0

python3 -c 'import mmap, sys
with open(sys.argv[1], "rb") as f:
	print(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[9000000])' "$socket.mnt/image" &
remember $!
by_mmap=$!
cat "$socket.mnt/image" >/dev/null &
remember $!
by_cat=$!
"$nbd_read" "$socket" 6291456 4096 10 65536 >/dev/null 2>&1 &
remember $!
direct=$!
ten_wait() {
	[ "$(status_of waiting)" -ge 12 ]
}
wait_until 5 "all wait" ten_wait
for reader in $by_mmap $by_cat $direct; do
	is_alive "$reader" || fail "a reader has ended"
	kill -KILL "$reader"
	wait_until 2 "a killed reader is gone" is_gone "$reader"
done

origin_start 1
wait_until 35 "the mount works again" read_at 4194304 65536 >/dev/null
cmp "$socket.mnt/image" "$dir/image" || fail "wrong bytes"
