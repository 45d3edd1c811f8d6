#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Three mirrors: the first goes away, the second's file is damaged, the third
# serves, with no read failing; the spares are not asked before.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
publish image 1 2 3
for n in 1 2 3; do
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
