#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# rate= holds, for a read and for the fill; and it is all used.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

is_begun() {
	[ "$(origin_bytes 1)" -gt $((begun + 524288)) ]
}

# rate_of MILLISECONDS: bytes per second that the origin sends meanwhile.
rate_of() {
	wait_until 10 "what may go out at once has gone" is_begun
	before=$(origin_bytes 1)
	began=$(now_ms)
	stays $(($1 / 1000)) "nbdkit runs" is_alive "$nbdkit"
	echo $((($(origin_bytes 1) - before) * 1000 / ($(now_ms) - began)))
}

right() {
	say "$1: $2 bytes per second"
	[ "$2" -le $((1048576 * 110 / 100)) ] || fail "$1: more than rate=1M"
	# How fast this machine must be at least.
	[ "$2" -ge $((1048576 * 70 / 100 / FARROOT_TEST_SLACK)) ] || fail "$1: much less than rate=1M"
}

begun=0
plugin_start url="$url1/image" roothash="$roothash" fill=no rate=1M
read_in_background 0 16777216
right "a read" "$(rate_of 5000)"
plugin_stop
begun=$(origin_bytes 1)
plugin_start url="$url1/image" roothash="$roothash" fill=yes rate=1M
right "the fill" "$(rate_of 5000)"
