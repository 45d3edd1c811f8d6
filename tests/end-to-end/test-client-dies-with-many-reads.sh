#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A client that is killed while many of its reads wait, or while it receives their
# bytes, does not disturb another client.  nbdkit 1.32.4 to 1.33.9 may abort then, as
# farroot-boot(7) says; there the server must not end in any other way, and tests/boot/test-boot-amd64.sh
# tries the rest with the nbdkit of its guest.
. "${srcdir:-..}/tests/lib.sh"

# Whether this nbdkit has the fault.
may_abort() {
	[ "$(printf '%s\n' 1.32.4 "$version" | sort -V | head -n 1)" = 1.32.4 ] &&
		[ "$(printf '%s\n' 1.33.10 "$version" | sort -V | head -n 1)" != 1.33.10 ]
}
version=$(nbdkit --dump-config | sed -n 's/^version=//p')

# The test ends here if the server has aborted and may do so.
check_abort() {
	if may_abort && ! is_alive "$nbdkit"; then
		code=0
		wait "$nbdkit" || code=$?
		same $code 134 "exit code of nbdkit $version"
		logged 'Assertion' || fail "no failed assertion"
		say "nbdkit $version has aborted, a known fault of its own."
		say "NOT TRIED here, therefore: that the reads of other clients go on."
		say "tests/boot/test-boot-amd64.sh tries that with the nbdkit of Debian 13."
		exit 0
	fi
	is_alive "$nbdkit" || fail "nbdkit $version has ended"
}

forgotten_or_dead() {
	! is_alive "$nbdkit" || status_is waiting 1 2>/dev/null
}

make_image image 16
publish image 1
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 65536 "$dir/image"
origin_stop 1
"$nbd_read" "$socket" 4194304 4096 50 131072 >/dev/null 2>&1 &
remember $!
client=$!
wait_until 10 "the client's reads wait" status_is waiting 50
read_in_background 2097152 4096
wait_until 10 "the other client's read waits, too" status_is waiting 51
kill -KILL $client
wait_until 10 "the reads are forgotten" forgotten_or_dead
check_abort
reader_waits || fail "the other client's read has ended"
origin_start 1
wait_until 30 "the other client's read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "code of the other client"
file_at "$dir/image" 2097152 4096 | cmp - "$dir/read.out" || fail "wrong bytes for the other client"

# Several threads of nbdkit have an answer for a client that takes none.
read_is_right 0 16777216 "$dir/image"
for i in 1 2 3 4 5; do
	"$nbd_read" "$socket" 0 8388608 30 4096 >/dev/null 2>&1 &
	remember $!
	client=$!
	sleep 0.1
	kill -STOP $client
	sleep 0.2
	kill -KILL $client
	wait_until 10 "the client is gone" is_gone $client
	sleep 0.3
	check_abort
	# On a busy machine it aborts later.
	(read_is_right $((i * 1000000)) 65536 "$dir/image") || {
		sleep 1
		check_abort
		fail "a read after client $i"
	}
done
