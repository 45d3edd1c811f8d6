#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The first origin goes away while the second's file is damaged; when it comes back it
# is used again, without a reader having to find out, and with no read failing.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1" "$dir/www2" "$dir/www3"
cp "$dir/image" "$dir/www1"
random_bytes $((16 << 20)) | tr '\000-\377' '\377\000-\376' >"$dir/www2/image"
tail -c +$(((16 << 20) + 1)) "$dir/image" >>"$dir/www2/image"
cp "$dir/image" "$dir/www3"
for n in 1 2 3; do
	origin_start $n
done
plugin_start url="$url1/image" url="$url2/image" url="$url3/image" \
	roothash="$roothash" fill=no cache=4M
read_is_right 0 1048576 "$dir/image"
origin_stop 1 KILL
read_is_right 2097152 1048576 "$dir/image"

origin_start 1
requests_before=$(origin_requests 1)
bytes_before=$(origin_bytes 1)
# Around and around, because something has to be read; the store is too small to hold
# it all.
offset=0
first_is_used_again() {
	offset=$((6291456 + (offset + 65536) % 10485760))
	read_is_right $offset 4096 "$dir/image"
	[ "$(origin_bytes 1)" -gt $((bytes_before + 65536)) ]
}
wait_until 30 "the first origin is used again" first_is_used_again
logged 'answers again' || fail "its return was not announced"
say "back after $(($(origin_requests 1) - requests_before)) requests"
