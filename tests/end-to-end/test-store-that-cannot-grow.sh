#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# If the file of the store cannot have the size of the image, the store is in memory. If that
# cannot be, either, the process ends with an error: it does not live on without serving.
. "${srcdir:-..}/tests/lib.sh"

need mkfs.ext4
need_root

mkdir "$dir/www1"
origin_start 1

# Without extents and with blocks of 1 KiB, a file has at most 16 GiB.
at_exit() {
	umount "$dir/small" 2>/dev/null
}
truncate -s 32M "$dir/file-system"
mkfs.ext4 -q -b 1024 -O ^extent,^64bit "$dir/file-system" || fail "mkfs.ext4"
mkdir "$dir/small"
mount -o loop "$dir/file-system" "$dir/small" || fail "mount"
hash=$("$top_builddir/tests/end-to-end/zero-image" $((17 << 18)) "$dir/www1/large") || fail "zero-image"
plugin_start url="$url1/large" roothash="$hash" profile=none store="$dir/small/store"
read_is_right 0 65536 "$dir/www1/large"
logged 'cannot write: File too large; continuing with an empty cache in memory' || fail "no warning"
plugin_stop
umount "$dir/small"
rm "$dir/www1/large" "$dir/file-system"

make_image image 32
cp "$dir/image" "$dir/www1"
# This limit also holds for memory files, so nothing can be stored at all.
(
	ulimit -f 16384
	exec nbdkit --foreground --readonly --unix "$socket" "$plugin" url="$url1/image" \
		roothash="$roothash" profile=none store="$dir/store" >>"$log" 2>&1
) &
nbdkit=$!
remember $nbdkit
wait_until 10 "nbdkit has ended" is_gone $nbdkit
wait $nbdkit && fail "nbdkit has ended without an error"
logged 'File too large' || fail "the log does not say why"
