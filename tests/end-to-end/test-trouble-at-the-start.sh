#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The origin refuses connections for 2 s, answers 503 for 4 s, also for the profile, and is then
# well: each of eight servers that started meanwhile opens the image.  So do their reads go on
# when the origin, later, is in trouble for a second.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)
touch "$dir/trouble"

# each COMMAND...: for each server, with its own $socket, $log and status socket.
each() {
	for i in 1 2 3 4 5 6 7 8; do
		socket=$dir/nbd$i.sock log=$dir/nbdkit$i.log status=$dir/status$i.sock
		"$@" || return
	done
}

launch() {
	# tests/lib.sh has shorter limits; a boot has these.
	plugin_launch url="http://127.0.0.1:$port1/image" roothash="$roothash" fill=no status="$status" \
		connect-timeout=10 stall=20 retry-max=10
}

is_open() {
	"$farroot" status --json --socket="$status" | grep -q '"state":"ready"'
}

# read_far MIB: in the background; the exit code is in $dir/code.$i.
read_far() {
	{
		"$nbd_read" "$socket" $(($1 << 20)) 65536 >"$dir/got.$i" 2>"$dir/nbd-read$i.log"
		echo $? >"$dir/code.$i"
	} &
	remember $!
}

is_read() {
	[ -s "$dir/code.$i" ]
}

# has_read MIB: the right bytes.
has_read() {
	same "$(cat "$dir/code.$i")" 0 "the exit code of the read by server $i"
	file_at "$dir/image" $(($1 << 20)) 65536 | cmp - "$dir/got.$i" || fail "wrong bytes from server $i"
}

each launch
sleep 2
origin_start 1 "if (-f $dir/trouble) { return 503; }"
sleep 4
rm "$dir/trouble"
wait_until 25 "all eight servers are open" each is_open
each read_far 1
wait_until 10 "all eight have read" each is_read
each has_read 1

say "a second of trouble"
touch "$dir/trouble"
rm "$dir"/code.*
each read_far 9
sleep 1
rm "$dir/trouble"
wait_until 25 "all eight have read again" each is_read
each has_read 9

say "a second without an origin"
rm "$dir"/code.*
origin_stop 1
each read_far 13
sleep 1
origin_start 1
wait_until 25 "all eight have read again" each is_read
each has_read 13
