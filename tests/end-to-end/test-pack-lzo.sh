#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A squashfs that is compressed by lzo is packed as it is; its layout cannot be changed,
# and the message names lzo.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

mkdir "$dir/tree"
seq 1 100000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/lzo" -comp lzo -quiet -no-progress >/dev/null || skip "mksquashfs has no lzo"
printf '# farroot files\n0 100000 /file\n' >"$dir/boot.files"

pack "$dir/lzo" "$dir/packed"
for option in --probe --profile="$dir/boot.files"; do
	"$farroot" pack "$option" "$dir/lzo" -o "$dir/out" 2>"$dir/refused.log" && skip "libsquashfs has lzo"
	same "$(cat "$dir/refused.log")" \
		"farroot pack: $dir/lzo: libsquashfs does not support lzo, so the layout cannot be read or changed" \
		"message with $option"
	[ ! -e "$dir/out" ] || fail "leaves a result"
done
