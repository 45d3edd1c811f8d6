#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When farroot pack --profile cannot make an image, the one that was there before stays,
# and nothing is left over.
. "${srcdir:-..}/tests/end-to-end/boot-set.sh"
need mksquashfs

make_boot_set
"$farroot" pack --profile="$dir/boot.files" "$dir/in" -o "$dir/packed" >"$dir/log" || fail "not packed"
cp "$dir/packed" "$dir/before"
head -c 100000 "$dir/in" >"$dir/short"
! "$farroot" pack --profile="$dir/boot.files" "$dir/short" -o "$dir/packed" >"$dir/log" 2>&1 || fail "half an image is packed"
grep -q 'short: not a valid squashfs' "$dir/log" || fail "$(cat "$dir/log")"
cmp "$dir/before" "$dir/packed" || fail "the old image is gone"
same "$(find "$dir" -name 'packed.[!p]*')" "" "left over"
