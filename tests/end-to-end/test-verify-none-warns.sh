#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# verify=none serves any file, says so loudly on every start, and notices when the
# file is replaced.
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
	[ $start = first ] && plugin_stop
done
random_bytes 1000001 | tr '\000-\377' '\377\000-\376' >"$dir/other"
# nginx makes the ETag of size and time.
touch -d '1 hour ago' "$dir/other"
mv "$dir/other" "$dir/www1/image"
read_in_background 500000 4096
wait_until 10 "it is said that the file was replaced" logged 'image was replaced'
stays 2 "the read waits" reader_waits
