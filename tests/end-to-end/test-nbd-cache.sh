#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# NBD_CMD_CACHE fetches blocks without a pending read; a read of these blocks then sends
# no request to the origin.
. "${srcdir:-..}/tests/lib.sh"
need qemu-io

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 4096 "$dir/image"

before=$(status_of present_bytes) || fail "no status"
# Nothing in QEMU sends it but copy-on-read's prefetch; a request by hand.
"$nbd_read" --cache "$socket" 4194304 2097152 || fail "NBD_CMD_CACHE"
all_there() {
	[ "$(status_of present_bytes)" -ge $((before + 2097152)) ]
}
wait_until 10 "it is there" all_there
origin_stop 1
read_is_right 4194304 2097152 "$dir/image"
