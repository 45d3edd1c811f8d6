#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With verify=none nothing proves the size that an origin states: one that this machine cannot
# hold is the origin's fault, and the next origin is asked.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
mkdir "$dir/www1" "$dir/www2"
cp "$dir/image" "$dir/www2/image"
half=$(head -c 2048 /dev/zero | tr '\0' x)
origin_start 1 "location = /image { set \$half $half; add_header Content-Range 'bytes 0-4095/1152921504606846976' always;
	return 206 \"\$half\$half\"; }"
origin_start 2
plugin_start url="$url1/image" url="$url2/image" verify=none fill=no
read_is_right 1048576 65536 "$dir/image"
logged 'an image of 1152921504606846976 bytes cannot be opened here: ' || fail "no message names the size"
plugin_stop

# Alone, it is asked again, less and less often.
: >"$log"
plugin_start url="$url1/image" verify=none fill=no
wait_until 5 "it is asked again" logged 'cannot be opened here: '
sleep 2
! is_gone "$nbdkit" || fail "the server has ended"
plugin_stop
