#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# QEMU's NBD client gets the same bytes.
. "${srcdir:-..}/tests/lib.sh"
need qemu-img

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash"
qemu-img info "$(nbd_uri)" >"$dir/info.log" || fail "qemu-img info"
qemu-img convert -f raw -O raw "$(nbd_uri)" "$dir/converted" || fail "qemu-img convert"
cmp "$dir/converted" "$dir/image" || fail "wrong bytes"
qemu-img convert -n -m 16 -W -f raw -O raw "$(nbd_uri)" "$dir/converted" || fail "convert, 16 at once"
cmp "$dir/converted" "$dir/image" || fail "wrong bytes, 16 at once"
qemu-img compare -f raw -F raw "$(nbd_uri)" "$dir/image" >"$dir/compare.log" || fail "qemu-img compare"
# And compare can tell.
printf x | dd of="$dir/converted" bs=1 seek=1000000 conv=notrunc status=none
! qemu-img compare -f raw -F raw "$(nbd_uri)" "$dir/converted" >"$dir/compare.log" ||
	fail "qemu-img finds damaged bytes identical"
