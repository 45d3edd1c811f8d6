#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --profile warns of lines that name nothing; an empty file and a file of
# zeroes exist and are not counted.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

mkdir "$dir/tree"
random_bytes 300000 >"$dir/tree/file"
: >"$dir/tree/empty"
truncate -s 1M "$dir/tree/zeroes"
mksquashfs "$dir/tree" "$dir/in" -quiet -no-progress >/dev/null || fail "mksquashfs"
printf '# farroot files\n0 300000 /file\n0 1 /empty\n0 1048576 /zeroes\n0 10 /missing\n' >"$dir/boot.files"
"$farroot" pack --profile="$dir/boot.files" "$dir/in" -o "$dir/out" >/dev/null 2>"$dir/warned.log" || fail "$(cat "$dir/warned.log")"
grep -q ' 1 of 4 lines' "$dir/warned.log" || fail "$(cat "$dir/warned.log")"
