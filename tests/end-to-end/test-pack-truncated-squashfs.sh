#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack refuses a squashfs whose end is missing; the padding behind it may be.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

mkdir "$dir/tree" "$dir/here"
random_bytes 300000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/squashfs" -quiet -no-progress >/dev/null || fail "mksquashfs"
used=$(od -An -j40 -N8 -tu8 "$dir/squashfs" | tr -d ' ')

for bytes in 4096 200000 $((used - 1)); do
	head -c "$bytes" "$dir/squashfs" >"$dir/short"
	"$farroot" pack "$dir/short" -o "$dir/here/out" >/dev/null 2>"$dir/refused.log" &&
		fail "packs $bytes bytes of $used"
	grep -q 'short → .*the squashfs is truncated' "$dir/refused.log" || fail "another reason"
	"$farroot" pack - -o "$dir/here/out" <"$dir/short" >/dev/null 2>&1 && fail "packs it from standard input"
	"$farroot" pack --probe "$dir/short" -o "$dir/here/out" >/dev/null 2>&1 && fail "packs it with --probe"
	same "$(ls "$dir/here")" "" "left over"
done
head -c "$used" "$dir/squashfs" >"$dir/whole"
pack "$dir/whole" "$dir/here/out"
