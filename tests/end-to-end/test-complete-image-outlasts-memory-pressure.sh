#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A complete image is kept although the memory is short.  Just before the OOM killer it gives
# blocks back, with a warning; but never from a file, which may be the root file system by then.
. "${srcdir:-..}/tests/end-to-end/fake-memory.sh"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
all_is_here() {
	state_is materialized && [ "$(status_of present_bytes)" = "$(status_of image_bytes)" ]
}

plugin_start url="$url1/image" roothash="$roothash" fill=yes cache=64M status="$dir/status.sock"
wait_until 20 "all is here" all_is_here
machine_has 20 90
stays 8 "all is here with 20 MiB available" all_is_here
machine_has 10 90
wait_until 20 "the image gives blocks back" state_is ready
# A step of 1/16 at a time.
[ "$(status_of present_bytes)" -ge 25000000 ] || fail "only $(status_of present_bytes) bytes are left"
wait_until 5 "there is a warning" logged 'THE IMAGE IS NOT COMPLETE ANY MORE'
# With 20 MiB that ends.
machine_has 20 90
before=$(status_of present_bytes)
sleep 8
wake
told present_bytes "$before"
read_is_right 0 33554432 "$dir/image"
same "$(times_logged 'NOT COMPLETE ANY MORE')" 1 "warnings"
logged 'complete again' && fail "the log says too early that all is here again"
machine_has 500 0
wait_until 60 "all is here again" all_is_here
is_told() {
	wake
	logged 'memory: the image is complete again'
}
wait_until 5 "the log says so" is_told
plugin_stop

# What the supervisor would put under the root file system.
mkdir "$dir/tmpfs"
mount -t tmpfs -o size=64m none "$dir/tmpfs" || fail "mount"
plugin_start url="$url1/image" roothash="$roothash" fill=yes store="$dir/tmpfs/store" status="$dir/status.sock"
wait_until 20 "all is here" all_is_here
machine_has 1 90
stays 15 "all stays in the file" all_is_here
cmp "$dir/image" "$dir/tmpfs/store" || fail "the file has holes"
plugin_stop
