#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With the origin frozen and 100 reads waiting for it, reads of what is here are
# answered, about as fast as an idle engine answers them at the same time: on the
# same connection and on others.
. "${srcdir:-..}/tests/lib.sh"

make_image image 64
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
socket=$dir/idle.sock
plugin_start url="$url1/image" roothash="$roothash" fill=no stall=60
read_is_right 0 1048576 "$dir/image"
idle=$socket
socket=$dir/busy.sock
plugin_start url="$url1/image" roothash="$roothash" fill=no stall=60 status="$dir/status.sock"
read_is_right 0 1048576 "$dir/image"
origin_freeze 1

hundred_wait() {
	[ "$(status_of waiting)" -ge 100 ]
}
"$nbd_read" "$socket" 50000000 4096 100 131072 >/dev/null 2>&1 &
remember $!
wait_until 10 "100 reads wait" hundred_wait

# took FILE: nbd-read tells the time from request to answer.
took() {
	sed -n 's/^first answer after \([0-9]*\) ms$/\1/p' "$1"
}

# hit SOCKET OFFSET: prints the milliseconds that a read takes.
hit() {
	timeout "$(slack 10)" "$nbd_read" "$1" "$2" 65536 >"$dir/hit" 2>"$dir/time" || fail "a hit ended with $?"
	file_at "$dir/image" "$2" 65536 | cmp - "$dir/hit" || fail "wrong bytes"
	took "$dir/time"
}

# as_idle WHAT MEDIAN_MS MOST_MS: $dir/busy.ms has about what $dir/idle.ms has.  A hit that waits
# for a miss takes as long as the origin is frozen; one that waits for a lock less, but
# more often.
as_idle() {
	busy=$(sort -n "$dir/busy.ms" | tr '\n' ' ') still=$(sort -n "$dir/idle.ms" | tr '\n' ' ')
	say "$1: $busy ms; idle: $still ms"
	# shellcheck disable=SC2086 # words
	set -- "$@" $busy $still
	[ $# = 13 ] || fail "$1: not five answers each"
	[ "$6" -le $((10 * ${11} + $(slack "$2"))) ] || fail "$1 takes $6 ms, on an idle engine ${11} ms"
	[ "$8" -le $((10 * ${13} + $(slack "$3"))) ] || fail "$1 takes up to $8 ms, on an idle engine ${13} ms"
}

for i in 1 2 3 4 5; do
	hit "$socket" $((i * 65536)) >>"$dir/busy.ms"
	hundred_wait || fail "the misses were answered too: nothing was tried"
	hit "$idle" $((i * 65536)) >>"$dir/idle.ms"
done
as_idle "a hit" 50 500

# 100 misses, going down from 60 MB, and then a hit below 1 MiB, on one connection, for
# which nbdkit starts a hundred threads.
: >"$dir/busy.ms"
answered() {
	grep -q '^first answer' "$dir/time.$i"
}
for i in 1 2 3 4 5; do
	"$nbd_read" "$socket" 60000000 4096 101 -600000 >/dev/null 2>"$dir/time.$i" &
	remember $!
	wait_until 5 "a hit behind 100 misses on its connection is answered" answered
	took "$dir/time.$i" >>"$dir/busy.ms"
done
hundred_wait || fail "the misses were answered too: nothing was tried"
as_idle "a hit behind 100 misses" 500 2000
origin_thaw 1
wait_until 20 "no read waits any more" status_is waiting 0
