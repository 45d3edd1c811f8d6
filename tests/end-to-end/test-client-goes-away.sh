#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A client that goes away while its read waits is forgotten, and the server goes on.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
publish image 1
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 4096 "$dir/image"
origin_stop 1
"$nbd_read" "$socket" 2097152 4096 >/dev/null 2>&1 &
remember $!
client=$!
wait_until 10 "the read waits" status_is waiting 1
kill -KILL $client
wait_until 5 "its read is forgotten" status_is waiting 0
read_is_right 0 4096 "$dir/image"
