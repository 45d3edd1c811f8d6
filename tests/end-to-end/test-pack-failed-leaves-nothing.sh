#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What farroot pack cannot pack leaves no result and no temporary file, and an image is
# not replaced by its own output.
. "${srcdir:-..}/tests/lib.sh"

mkdir "$dir/here"
random_bytes 100000 >"$dir/here/image"
cp "$dir/here/image" "$dir/before"
pack "$dir/here/image" "$dir/here/packed"
: >"$dir/here/empty"
for bad in empty packed missing; do
	"$farroot" pack "$dir/here/$bad" -o "$dir/here/out.img" 2>/dev/null && fail "packs $bad"
	"$farroot" pack --zstd "$dir/here/$bad" -o "$dir/here/out.img" 2>/dev/null && fail "compresses $bad"
	[ ! -e "$dir/here/out.img" ] || fail "leaves a result of $bad"
done
"$farroot" pack "$dir/here/image" -o "$dir/here/image" 2>/dev/null && fail "replaces the image itself"
cmp "$dir/before" "$dir/here/image" || fail "the image itself was changed"
same "$(find "$dir/here" -name '*.??????')" "" "temporary files"
