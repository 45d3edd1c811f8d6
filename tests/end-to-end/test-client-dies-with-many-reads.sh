#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A client that is killed while many of its reads wait does not disturb another
# client.  nbdkit 1.32.4 to 1.33.9 may abort then, as farroot-boot(7) says; there the
# server must not end in any other way, nor serve a wrong byte.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
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
wait $client 2>/dev/null

# Whether this nbdkit has the fault.
may_abort() {
	version=$(nbdkit --dump-config | sed -n 's/^version=//p')
	[ "$(printf '%s\n' 1.32.4 "$version" | sort -V | head -n 1)" = 1.32.4 ] &&
		[ "$(printf '%s\n' 1.33.10 "$version" | sort -V | head -n 1)" != 1.33.10 ]
}

forgotten_or_aborted() {
	! is_alive "$nbdkit" || status_is waiting 1 2>/dev/null
}

if may_abort; then
	wait_until 10 "the reads are forgotten, or nbdkit has aborted" forgotten_or_aborted
	if ! is_alive "$nbdkit"; then
		code=0
		wait "$nbdkit" || code=$?
		same $code 134 "exit code of nbdkit $version"
		say "nbdkit $version has aborted, as it may"
		exit 0
	fi
fi
wait_until 10 "the reads are forgotten" status_is waiting 1
reader_waits || fail "the other client's read has ended"
origin_start 1
wait_until 30 "the other client's read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "code of the other client"
file_at "$dir/image" 2097152 4096 | cmp - "$dir/read.out" || fail "wrong bytes for the other client"
read_is_right 4194304 65536 "$dir/image"
