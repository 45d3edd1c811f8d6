#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When the disk is full, or the output is larger than the limit of a file's size, farroot
# pack names the output and leaves nothing there.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs unshare

mkdir "$dir/tree" "$dir/small"
random_bytes 3000000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/in" -quiet -no-progress >/dev/null || fail "mksquashfs"
printf '# farroot files\n0 3000000 /file\n' >"$dir/boot.files"

# refused OPTION MESSAGE
refused() {
	same "$(cat "$dir/refused.log")" "farroot pack: $dir/small/out: $2" "message with '$1'"
	same "$(cat "$dir/left")" "" "left over with '$1'"
}

for option in "" --zstd --probe "--profile=$dir/boot.files"; do
	(
		ulimit -f 2000
		"$farroot" pack ${option:+"$option"} "$dir/in" -o "$dir/small/out" 2>"$dir/refused.log"
	) && fail "packs more than the limit with '$option'"
	find "$dir/small" -type f >"$dir/left"
	refused "$option" "File too large"
done

unshare -m mount -t tmpfs -o size=1M none "$dir/small" 2>/dev/null || skip "cannot mount a tmpfs"
# shellcheck disable=SC2016 # the inner shell expands these
for option in "" --zstd --probe "--profile=$dir/boot.files"; do
	unshare -m sh -c 'mount -t tmpfs -o size=1M none "$1/small" || exit 2
		"$2" pack ${3:+"$3"} "$1/in" -o "$1/small/out" 2>"$1/refused.log" && exit 2
		ls -A "$1/small" >"$1/left"' sh "$dir" "$farroot" "$option" ||
		fail "packs into a full disk with '$option'"
	refused "$option" "No space left on device"
done
