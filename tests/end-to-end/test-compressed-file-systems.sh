#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# erofs, btrfs, an ISO image, and a disk with two partitions, each compressed by farroot pack
# --zstd: every byte that is read is that of the original.  zstd(1) alone gets the original, too.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/disks.sh"
need mkfs.erofs mkfs.btrfs genisoimage zstd

make_tree
make_disk dos
mkfs.erofs "$dir/erofs" "$dir/tree" >"$dir/mkfs.log" 2>&1 || fail mkfs.erofs
truncate -s 120M "$dir/btrfs"
mkfs.btrfs -q --rootdir "$dir/tree" "$dir/btrfs" >"$dir/mkfs.log" 2>&1 || fail mkfs.btrfs
genisoimage -quiet -R -o "$dir/iso" "$dir/tree" >"$dir/mkfs.log" 2>&1 || fail genisoimage
mkdir "$dir/www1"
origin_start 1
pack_options=--zstd=1
for image in erofs btrfs iso disk; do
	pack "$dir/$image" "$dir/www1/$image"
	plugin_start url="$url1/$image" roothash="$roothash" fill=no
	read_all 4 | cmp - "$dir/$image" || fail "other bytes of $image"
	if [ "$front" = nbd ] && [ $image = disk ] && command -v nbdfuse >/dev/null && [ -w /dev/fuse ]; then
		mkdir "$dir/mnt"
		nbdfuse "$dir/mnt" "$(nbd_uri)" &
		remember $!
		wait_until 10 "nbdfuse has mounted" test -e "$dir/mnt/nbd"
		cmp "$dir/mnt/nbd" "$dir/disk" || fail "other bytes by nbdfuse"
		fusermount3 -u "$dir/mnt"
	fi
	plugin_stop
done
head -c "$(($("$farroot" pack --zstd=1 "$dir/erofs" -o "$dir/again" | sed -n 's/^hash-offset=//p')))" "$dir/again" |
	zstd -q -d | cmp - "$dir/erofs" || fail "zstd gets other bytes"
