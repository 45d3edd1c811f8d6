#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# SIGTERM while reads wait: the server ends within seconds, and no client is told that
# the image has an I/O error; it just loses the connection, as in a crash.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
publish image 1
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no
read_is_right 0 4096 "$dir/image"
origin_stop 1

# ends_in_time SIGNAL: with 3 clients waiting, one of them with 20 reads.
ends_in_time() {
	readers=
	for n in 1 2 3; do
		times=1
		[ $n = 1 ] && times=20
		{
			code=0
			"$nbd_read" "$socket" 2097152 4096 $times 65536 >/dev/null \
				2>"$dir/reader$n.log" || code=$?
			echo $code >"$dir/reader$n.code"
		} &
		remember $!
		readers="$readers $!"
	done
	# Well on their way.
	sleep "$(slack 1)"
	began=$(now_ms)
	kill -"$1" "$nbdkit"
	wait_until 8 "the server ends after SIG$1" is_gone "$nbdkit"
	say "SIG$1: gone after $(($(now_ms) - began)) ms"
	for reader in $readers; do
		wait_until 2 "the client notices" is_gone "$reader"
	done
	for n in 1 2 3; do
		same "$(cat "$dir/reader$n.code")" 3 "exit code of client $n (3: closed, 4: error)"
	done
}

ends_in_time TERM

# A file system that is not mounted has no clients.
[ "$front" = nbd ] || exit 0
# While it has not even opened.
plugin_start url="$url1/image" roothash="$roothash"
ends_in_time TERM
