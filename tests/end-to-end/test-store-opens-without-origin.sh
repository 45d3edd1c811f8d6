#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A new nbdkit opens what a dead one has left in the store without an origin: what the store
# holds is served in an outage, and the rest waits for its end.
. "${srcdir:-..}/tests/end-to-end/kept-store.sh"

serve_image
start fill=no profile=none
read_is_right 0 16777216 "$dir/image"
plugin_kill
origin_stop 1
start fill=no profile=none
read_is_right 0 16777216 "$dir/image"
read_in_background $((size - 8388608)) 4096
stays 2 "the read of an absent block waits" reader_waits
read_is_right 4194304 65536 "$dir/image"
origin_start 1
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
plugin_kill

# A top that does not verify opens nothing.
dd if=/dev/urandom of="$dir/store" bs=4096 seek=8192 count=4 conv=notrunc status=none
origin_stop 1
start fill=no profile=none
read_in_background 0 4096
stays 2 "the image is not opened" reader_waits
origin_start 1
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
read_is_right 0 16777216 "$dir/image"
