#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack keeps the holes of its input, reads standard input with the same result,
# and refuses a truncated squashfs.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

random_bytes 100000 >"$dir/image"
truncate -s 64M "$dir/image"
random_bytes 5001 >>"$dir/image"
cp --sparse=never "$dir/image" "$dir/dense"
pack "$dir/image" "$dir/packed"
"$farroot" pack - -o "$dir/piped" <"$dir/dense" >/dev/null || fail "standard input is not packed"
cmp "$dir/packed" "$dir/piped" || fail "holes change the result"
tail -c +1 "$dir/dense" | "$farroot" pack - -o "$dir/piped" >/dev/null || fail "a pipe is not packed"
cmp "$dir/packed" "$dir/piped" || fail "a pipe changes the result"
[ "$(du -k "$dir/packed" | cut -f1)" -lt 8192 ] || fail "the holes were filled"

mkdir "$dir/tree" "$dir/here"
random_bytes 300000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/squashfs" -quiet -no-progress >/dev/null || fail "mksquashfs"
head -c 200000 "$dir/squashfs" >"$dir/short"
! "$farroot" pack "$dir/short" -o "$dir/here/out" 2>"$dir/log" || fail "packs a truncated squashfs"
grep -q 'is truncated' "$dir/log" || fail "$(cat "$dir/log")"
same "$(ls "$dir/here")" "" "left over"
