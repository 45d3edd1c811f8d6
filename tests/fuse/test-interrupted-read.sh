#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# In an outage a signal ends a read with EINTR, never EIO, and kill -9 ends each process that
# reads, also one that reads through the page cache or by mmap.  A signal that a process handles
# does not disturb its mmap.  After that all is well.
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

# by_mmap OFFSET SECONDS: reads a byte without readahead, and gets a signal after SECONDS (0: none).
by_mmap() {
	python3 -c 'import mmap, signal, sys
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.siginterrupt(signal.SIGALRM, False)
with open(sys.argv[1], "rb") as f:
	memory = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
	memory.madvise(mmap.MADV_RANDOM)
	signal.alarm(int(sys.argv[3]))
	at = int(sys.argv[2])
	sys.stdout.buffer.write(memory[at:at + 1])' "$socket.mnt/image" "$1" "$2"
}
by_mmap 9000000 0 >"$dir/killed" &
remember $!
by_mmap=$!
by_mmap 12000000 1 >"$dir/byte" &
remember $!
patient=$!
cat "$socket.mnt/image" >/dev/null &
remember $!
by_cat=$!
"$nbd_read" "$socket" 6291456 4096 10 65536 >/dev/null 2>&1 &
remember $!
direct=$!
ten_wait() {
	[ "$(status_of waiting)" -ge 13 ]
}
wait_until 5 "all wait" ten_wait
# The signal comes.
sleep 2
is_alive $patient || fail "a signal has ended a read by mmap: $(cat "$log")"
for reader in $by_mmap $by_cat $direct; do
	is_alive "$reader" || fail "a reader has ended"
	kill -KILL "$reader"
	wait_until 2 "a killed reader is gone" is_gone "$reader"
done

origin_start 1
wait_until 35 "the mount works again" read_at 4194304 65536 >/dev/null
wait_until 10 "the read by mmap ends" is_gone $patient
file_at "$dir/image" 12000000 1 | cmp - "$dir/byte" || fail "wrong byte by mmap"
cmp "$socket.mnt/image" "$dir/image" || fail "wrong bytes"
