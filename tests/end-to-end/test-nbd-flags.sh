#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What an NBD client is told: read-only, several connections see one image, block
# sizes (4096 bytes are for a squashfs only), a single extent of data.
. "${srcdir:-..}/tests/lib.sh"
need nbdinfo mksquashfs

make_image image 4
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
# Without nbdkit's own --readonly, which would hide what the plugin says.
nbdkit --foreground --unix "$socket" "$plugin" url="$url1/image" roothash="$roothash" \
	>>"$log" 2>&1 &
nbdkit=$!
remember $nbdkit
wait_until 10 "nbdkit listens" plugin_listens

same "$(nbdinfo --size "$(nbd_uri)")" "$size" "size"
nbdinfo "$(nbd_uri)" >"$dir/info" || fail "nbdinfo"
for line in 'is_read_only: true' 'can_multi_conn: true' 'can_cache: true' \
	'is_rotational: false' 'can_zero: false' 'can_trim: false' \
	'block_size_minimum: 1' 'block_size_preferred: 512' 'block_size_maximum: 33554432'; do
	grep -q "$line" "$dir/info" || fail "nbdinfo does not say $line: $(cat "$dir/info")"
done
# One extent: all data, no holes.
nbdinfo --map "$(nbd_uri)" >"$dir/map" || fail "nbdinfo --map"
same "$(awk '{ print $1, $2, $3, $4 }' "$dir/map")" "0 $size 0 data" "extents"
# A size that is no multiple of the block.
plugin_stop
random_bytes 1000001 >"$dir/www1/odd"
plugin_start url="$url1/odd" verify=none
same "$(nbdinfo --size "$(nbd_uri)")" 1000001 "size"
read_is_right 1000000 1 "$dir/www1/odd"
# A squashfs.
plugin_stop
mkdir "$dir/tree"
random_bytes 100000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/www1/squashfs" -quiet -no-progress >/dev/null
plugin_start url="$url1/squashfs" verify=none
nbdinfo "$(nbd_uri)" | grep -q 'block_size_preferred: 4096' || fail "a squashfs has other blocks"
