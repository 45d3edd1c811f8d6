#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.store=: a Debian with systemd keeps its image on a disk, with each file system that is supported.
# The power is cut while it is fetched; the next boot fetches the rest and no more; the one after it needs
# no origin and no network, reads every file, and goes off cleanly.
set -eu
# shellcheck source-path=SCRIPTDIR source=../boot/vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

# make_disk FILE-SYSTEM
make_disk() {
	rm -f "$boot_dir/disk"
	truncate -s 3G "$boot_dir/disk"
	case $1 in
	ext4) mkfs.ext4 -q -L cache "$boot_dir/disk" ;;
	f2fs) mkfs.f2fs -q -l cache "$boot_dir/disk" ;;
	btrfs) mkfs.btrfs -q -L cache "$boot_dir/disk" ;;
	vfat) mkfs.vfat -n cache "$boot_dir/disk" >/dev/null ;;
	esac || boot_fail "mkfs.$1"
}

# on ARGUMENT...
on() {
	boot_vm_options="--disk $boot_dir/disk" boot_start farroot.fill=yes farroot.store=LABEL=cache:/images/root "$@"
}

cut_power() {
	kill -9 "$boot_pid"
	wait "$boot_pid" 2>/dev/null || true
	boot_pid=
	boot_say "the power is cut"
}

boot_modules='ext4 f2fs btrfs vfat nls_cp437 nls_ascii'
boot_prepare amd64
for type in ${STORE_TYPES:-ext4 f2fs btrfs vfat}; do
	PATH=$PATH:/sbin:/usr/sbin command -v "mkfs.$type" >/dev/null || boot_skip "no mkfs.$type"
	boot_say "--- $type"
	make_disk "$type"
	on
	boot_expect 600 'image of [0-9]+ bytes; store /store/image-[0-9a-f]{16} holds'
	# At another moment each time.  The kernel writes what is 30 s old, so the first half is on the disk in any case.
	boot_expect 600 'login:'
	sleep $((40 + $(date +%s) % 17))
	before=$(boot_bytes)
	cut_power

	on
	boot_expect 600 'no origin is needed any more'
	after=$(($(boot_bytes) - before))
	boot_say "$after bytes in the second boot, $before in the first"
	[ "$after" -lt $((boot_size / 2)) ] || boot_fail "$type: fetched again what the disk must hold"
	boot_expect 600 'login:'
	boot_type sync
	sleep 5
	cut_power

	boot_stop_serving
	on ip=none
	boot_expect 600 'login:'
	boot_expect 600 'root@[a-z]*:'
	boot_run status 'farroot status && farroot status --json | grep -q materialized'
	boot_run all-files 'tar -C /run/initramfs -cf /dev/null --one-file-system image'
	boot_run target 'until systemctl is-active farroot-materialized.target; do sleep 1; done'
	boot_type 'systemctl poweroff'
	boot_expect_off 90
	! grep -aE 'I/O error|SQUASHFS error|Kernel panic' "$boot_log" || boot_fail "see the lines above"
	boot_serve
done
