#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The kernel mounts a squashfs through NBD, FUSE and a loop device, and every file
# in it is what went in; also with a store smaller than the image.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs nbdfuse mount fusermount3
need_root
own_mounts
[ -e /dev/fuse ] || skip "no /dev/fuse"
grep -qw squashfs /proc/filesystems || modprobe squashfs 2>/dev/null || skip "this kernel has no squashfs"

at_exit() {
	umount "$dir/root" 2>/dev/null || umount -l "$dir/root" 2>/dev/null
	fusermount3 -u "$dir/fuse" 2>/dev/null || umount -l "$dir/fuse" 2>/dev/null
}

mkdir -p "$dir/tree/deep/deeper" "$dir/root" "$dir/fuse" "$dir/www1"
i=0
while [ $i -lt 300 ]; do
	seed=$i random_bytes $((i * 97)) >"$dir/tree/deep/file$i"
	i=$((i + 1))
done
random_bytes 20000001 >"$dir/tree/large"
find /usr/bin -type f -size -50k -exec cp {} "$dir/tree/deep/deeper" \;
ln -s deep/file7 "$dir/tree/link"
mksquashfs "$dir/tree" "$dir/squashfs" -comp zstd -noappend -quiet >"$dir/mksquashfs.log" 2>&1 ||
	fail "mksquashfs"
pack "$dir/squashfs" "$dir/www1/image"
sums() {
	(cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
}
sums "$dir/tree" >"$dir/wanted"
say "$(grep -c . "$dir/wanted") files, $(stat -c %s "$dir/www1/image") bytes"
origin_start 1
for settings in fill=yes 'fill=no cache=4M'; do
	# shellcheck disable=SC2086 # words
	plugin_start url="$url1/image" roothash="$roothash" $settings
	nbdfuse --readonly "$dir/fuse" "$(nbd_uri)" >>"$dir/nbdfuse.log" 2>&1 &
	nbdfuse=$!
	remember $nbdfuse
	wait_until 10 "nbdfuse serves" [ -e "$dir/fuse/nbd" ]
	mount -o loop,ro -t squashfs "$dir/fuse/nbd" "$dir/root" || fail "cannot mount"
	sums "$dir/root" >"$dir/got" || fail "cannot read all files with $settings"
	cmp "$dir/got" "$dir/wanted" || fail "wrong bytes with $settings"
	umount "$dir/root"
	fusermount3 -u "$dir/fuse"
	wait_until 10 "nbdfuse ends" is_gone $nbdfuse
	plugin_stop
	say "right with $settings"
done
