# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A disk with a small root file system, for the commands that open one on the machine that runs
# the test.  Sourced after lib.sh and own_mounts.
# shellcheck shell=dash
# The tests use what is set here.
# shellcheck disable=SC2034,SC2154

need_root
need busybox losetup mkfs.ext4 blkid findfs mountpoint
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state
RESCUE_TARGET=$dir/target
FARROOT_SYSTEM=$dir/system
export RESCUE_STATE RESCUE_TARGET FARROOT_SYSTEM
mkdir -p "$RESCUE_STATE" "$FARROOT_SYSTEM/proc/1" "$dir/root/bin" "$dir/root/sbin" "$dir/root/etc" "$dir/root/usr/bin" \
	"$dir/root/boot"
echo init >"$FARROOT_SYSTEM/proc/1/comm"
loops=

at_exit() {
	umount -R -l "$RESCUE_TARGET" 2>/dev/null
	for loop in $loops; do
		losetup -d "$loop"
	done
}

# busybox with its libraries, and an init that is none.
disk_fill_root() {
	for file in $(command -v busybox) $(ldd "$(command -v busybox)" | grep -o '/[^ ]*'); do
		mkdir -p "$dir/root${file%/*}"
		cp -L "$file" "$dir/root$file"
	done
	for applet in sh cat ls mount sleep; do
		ln -s "$(command -v busybox)" "$dir/root/bin/$applet"
	done
	ln -s "$(command -v busybox)" "$dir/root/usr/bin/env"
	printf '#!/bin/sh\n' >"$dir/root/sbin/init"
	chmod +x "$dir/root/sbin/init"
}

# disk_make NAME FOLDER MIB [OPTION]...: a block device with an ext4 of FOLDER, in $disk.
disk_make() {
	truncate -s "$3M" "$dir/$1.disk"
	disk_folder=$2
	disk_name=$1
	shift 3
	mkfs.ext4 -q "$@" -d "$disk_folder" "$dir/$disk_name.disk" || fail mkfs.ext4
	disk=$(losetup --show -f "$dir/$disk_name.disk") || skip "no loop device"
	loops="$loops $disk"
}
