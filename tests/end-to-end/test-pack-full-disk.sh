#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When the disk is full, farroot pack names the output and leaves nothing there.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs unshare

mkdir "$dir/tree" "$dir/small"
random_bytes 3000000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/in" -quiet -no-progress >/dev/null || fail "mksquashfs"
printf '# farroot files\n0 3000000 /file\n' >"$dir/boot.files"
unshare -m mount -t tmpfs -o size=1M none "$dir/small" 2>/dev/null || exit 77

# shellcheck disable=SC2016 # the inner shell expands these
for option in "" --probe "--profile=$dir/boot.files"; do
	unshare -m sh -c 'mount -t tmpfs -o size=1M none "$1/small" || exit 77
		"$2" pack ${3:+"$3"} "$1/in" -o "$1/small/out" 2>"$1/log" && exit 2
		ls -A "$1/small" >"$1/left"' sh "$dir" "$farroot" "$option" ||
		fail "packs into a full disk: $option"
	same "$(cat "$dir/log")" "farroot pack: $dir/small/out: No space left on device" "message"
	same "$(cat "$dir/left")" "" "left over"
done
