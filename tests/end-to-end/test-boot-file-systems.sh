#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The boot script mounts a squashfs, erofs, ext4 or btrfs, whichever the image has, and says
# what is wrong with another one.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/disks.sh"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
need mksquashfs mkfs.erofs mkfs.btrfs busybox

# The commands that the initramfs has.
dd() {
	busybox dd "$@"
}
od() {
	busybox od "$@"
}
tr() {
	busybox tr "$@"
}
modprobe() {
	:
}
# As the kernel: only the right type can be mounted.
mount() {
	[ "$2" = "$type" ] || return 1
	echo "$*" >"$dir/mounted"
}

make_tree
make_disk dos
mksquashfs "$dir/tree" "$dir/squashfs" -quiet -no-progress >"$dir/mkfs.log" 2>&1 || fail mksquashfs
mkfs.erofs "$dir/erofs" "$dir/tree" >"$dir/mkfs.log" 2>&1 || fail mkfs.erofs
truncate -s 120M "$dir/btrfs"
mkfs.btrfs -q --rootdir "$dir/tree" "$dir/btrfs" >"$dir/mkfs.log" 2>&1 || fail mkfs.btrfs
farroot_image=$dir/mnt
for type in squashfs erofs ext4 btrfs; do
	farroot_device=$dir/$type
	farroot_mount_image || fail "a $type is not mounted"
	options=ro
	[ $type != ext4 ] || options=ro,noload
	same "$(cat "$dir/mounted")" "-t $type -o $options $dir/$type $dir/mnt" "how a $type is mounted"
done

# explains FILE MESSAGE
type=none
explains() {
	farroot_device=$dir/$1
	! farroot_mount_image || fail "$1 is mounted"
	same "$(farroot_explain_mount)" "$2" "what is said of $1"
}
explains ext4 'its ext4 is damaged, or this kernel cannot mount it'
explains disk 'the image is a disk with partitions; choose one by farroot.partition='
explains tree/text 'is the image a squashfs, erofs, ext4 or btrfs?'
