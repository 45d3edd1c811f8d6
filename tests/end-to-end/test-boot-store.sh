#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.store=: the boot script finds the disk, mounts the folder, keeps the last image and no older one,
# and goes on in memory if the disk is not there; when the image is complete, the others are deleted.
. "${srcdir:-..}/tests/lib.sh"
need_root
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot-disk
. "$srcdir/initramfs/scripts/farroot-disk"
farroot_sandbox=$dir/run/farroot
farroot_store_name=$dir/run/initramfs/farroot.store
farroot_disk=$dir/disk
farroot_trust=roothash=0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef
mkdir -p "$farroot_sandbox" "$dir/run/initramfs"
# Fewer waits.
sleep() {
	echo "$1" >>"$dir/sleeps"
}

# As a disk would be; the kernel of this machine has no device for a test.
truncate -s 8M "$dir/disk.img"
PATH=$PATH:/sbin:/usr/sbin
mkfs.ext4 -q -L cache "$dir/disk.img" || skip "no mkfs.ext4"
device=$(losetup -f --show "$dir/disk.img") || skip "no loop device"
at_exit() {
	umount "$farroot_sandbox/store" 2>/dev/null
	losetup -d "$device"
}
blkid() {
	[ "$5" != LABEL=cache ] || echo "$device"
}

farroot_store=LABEL=absent
same "$(farroot_open_store)" "farroot: farroot.store=LABEL=absent: no such device after 30 s; the cache is in memory" "without the disk"
[ ! -e "$farroot_store_name" ] || fail "without the disk: a store"
same "$(wc -l <"$dir/sleeps")" 300 "waits of 0.1 s"

! farroot_is_on_disk || fail "a disk is mounted"
farroot_store=LABEL=cache:/images/here
farroot_open_store >"$dir/out" || fail "$(cat "$dir/out")"
[ ! -s "$dir/out" ] || fail "$(cat "$dir/out")"
same "$(cat "$farroot_store_name")" /store/image-0123456789abcdef "the name"
farroot_is_on_disk || fail "the disk is not mounted"
! grep -q " $farroot_disk " /proc/mounts || fail "all of the disk stays mounted"
cd "$farroot_sandbox/store" || exit
for name in 1 2 3; do
	touch -d "2026-01-0$name" "image-$name"
done
touch -d 2025-01-01 image-0123456789abcdef keep-this
farroot_open_store
same "$(ls)" "image-0123456789abcdef
image-3
keep-this" "what stays"
cd "$OLDPWD" || exit
same "$(farroot_earlier_image)" /store/image-3 "the image whose equal blocks are taken"
sh "$srcdir/initramfs/root/drop-images" "$dir"
same "$(ls "$farroot_sandbox/store")" "image-0123456789abcdef
keep-this" "what stays of a complete image"
same "$(farroot_earlier_image)" "" "the image whose equal blocks are taken"

# Another image is ordered, without a store.
farroot_store=
farroot_open_store
[ ! -e "$farroot_store_name" ] || fail "the store stays"
! farroot_is_on_disk || fail "the disk stays mounted"

# A disk that cannot be mounted.
farroot_store=LABEL=cache
mount() {
	return 1
}
same "$(farroot_open_store)" "farroot: farroot.store=LABEL=cache: cannot mount $device (file system: unknown); the cache is in memory" "a bad disk"
