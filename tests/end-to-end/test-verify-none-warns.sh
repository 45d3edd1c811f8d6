#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# verify=none serves any file, and says so loudly on every start.
. "${srcdir:-..}/tests/lib.sh"

mkdir "$dir/www1"
# Not a multiple of the block size.
random_bytes 1000001 >"$dir/image"
cp "$dir/image" "$dir/www1"
origin_start 1
for start in first second; do
	: >"$log"
	plugin_start url="$url1/image" verify=none fill=no
	logged 'verify=none: NOTHING IS VERIFIED' || fail "no warning at the $start start"
	read_is_right 0 4096 "$dir/image"
	read_is_right 999000 1001 "$dir/image"
	plugin_stop
done
