#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A store in a file counts as materialized after all of its blocks were read back and verified: what has
# changed since it was written, data or hash tree, is fetched again.  A store that is kept is not read twice.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

# break_block NUMBER: in the store.
break_block() {
	printf 'rotten' | dd of="$dir/store" bs=1 seek=$(($1 * 4096 + 100)) conv=notrunc 2>/dev/null
}

has() {
	[ "$(status_of present_bytes)" -ge "$1" ]
}

plugin_start url="$url1/image" roothash="$roothash" fill=yes rate=3M store="$dir/store" status="$dir/status.sock"
wait_until 30 "half of it is here" has $((size / 2))
# Data; and the first block above data in the tree, after the superblock and the top.
wait_until 30 "the first blocks are here" cmp -n 409600 "$dir/store" "$dir/image"
for block in 3 50 51 99 4098; do
	break_block "$block"
done
wait_until 60 "all is here" status_is state materialized
cmp "$dir/store" "$dir/image" || fail "what has changed was not fetched again"
logged 'has changed since it was written' || fail "nothing was said"
plugin_stop

plugin_start url="$url1/image" roothash="$roothash" fill=yes store="$dir/store" status="$dir/status.sock"
wait_until 30 "all is here again" status_is state materialized
[ "$(status_of fetched_bytes)" -lt 300000 ] || fail "$(status_of fetched_bytes) bytes were fetched once more"
