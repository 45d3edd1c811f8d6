#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A sparse disk of 256 GiB is packed in seconds and becomes a small image, and reads everywhere
# in it are right: in data, in holes, and at the end.
. "${srcdir:-..}/tests/lib.sh"
need nbdinfo

size=$((256 << 30))
truncate -s $size "$dir/disk" || skip "no files of 256 GiB here"
for place in 0 5000000000 137438953472 $((size - 1000000)); do
	random_bytes 1000000 | dd of="$dir/disk" bs=1M seek=$place oflag=seek_bytes conv=notrunc status=none
done
mkdir "$dir/www1"
origin_start 1
began=$(now_ms)
pack_options=--zstd=1
pack "$dir/disk" "$dir/www1/image"
took=$(($(now_ms) - began))
[ "$took" -lt "$(slack 20000)" ] || fail "farroot pack takes $took ms"
packed=$(stat -c %s "$dir/www1/image")
[ "$packed" -lt 40000000 ] || fail "the image has $packed bytes"
plugin_start url="$url1/image" roothash="$roothash" fill=no
[ "$front" = fuse ] || same "$(nbdinfo --size "$(nbd_uri)")" $size "the size"
for place in "0 1100000" "4999000000 2000000" "68719476736 8000000" "137438953000 1000000" "$((size - 2000000)) 2000000"; do
	# shellcheck disable=SC2086 # two numbers
	read_is_right $place "$dir/disk"
done
