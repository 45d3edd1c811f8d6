#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Three mirrors: the first goes away, the second's file is damaged, the third
# serves; the first comes back and is used again, with no read failing.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
for n in 1 2 3; do
	mkdir "$dir/www$n"
	cp "$dir/image" "$dir/www$n"
	origin_start $n
done
plugin_start url="$url1/image" url="$url2/image" url="$url3/image" \
	roothash="$roothash" fill=no cache=4M
read_is_right 0 1048576 "$dir/image"
[ "$(origin_bytes 1)" -gt 0 ] || fail "the first origin was not asked first"
same "$(origin_requests 2)$(origin_requests 3)" "00" "requests to the spares"

origin_stop 1 KILL
read_is_right 2097152 1048576 "$dir/image"
[ "$(origin_bytes 2)" -gt 0 ] || fail "the second origin did not take over"

# Damage in place, under the open file of nginx: every data block.
random_bytes $((16 << 20)) | tr '\000-\377' '\377\000-\376' |
	dd of="$dir/www2/image" conv=notrunc status=none
read_is_right 4194304 1048576 "$dir/image"
[ "$(origin_bytes 3)" -gt 0 ] || fail "the third origin did not take over"
logged 'does not verify' || fail "nothing was said about damaged blocks"

origin_start 1
# It is noticed without a reader having to find out, but something has to be read.
before=$(origin_requests 1)
first_is_used_again() {
	# Around and around; the store is too small to hold it all.
	offset=$((6291456 + (offset + 65536) % 10485760))
	read_is_right $offset 4096 "$dir/image"
	[ "$(origin_bytes 1)" -gt $((bytes_before + 65536)) ]
}
offset=0
bytes_before=$(origin_bytes 1)
wait_until 30 "the first origin is used again" first_is_used_again
logged 'answers again' || fail "its return was not announced"
say "back after $(($(origin_requests 1) - before)) requests"
