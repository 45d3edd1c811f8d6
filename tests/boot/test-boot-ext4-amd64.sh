#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A Debian boots from the ext4 in the second partition of a disk, as Raspberry Pi OS has it, that
# farroot pack --zstd has compressed, and moves only a part of it: not many more bytes than the boot from a
# squashfs of the same files and level. Its blocks are smaller than a page, as those of FAT are.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_modules=ext4
boot_prepare amd64
for boot_tool in unsquashfs mksquashfs mke2fs sfdisk; do
	command -v "$boot_tool" >/dev/null || boot_skip "no $boot_tool"
done
boot_say "making a squashfs and a disk of the image"
unsquashfs -quiet -no-progress -d "$boot_dir/tree" "$boot_dir/www/root.img" >/dev/null || boot_fail unsquashfs
rm "$boot_dir/www/root.img"
mksquashfs "$boot_dir/tree" "$boot_dir/squashfs" -comp zstd -Xcompression-level 3 -quiet -no-progress || boot_fail mksquashfs
mke2fs -q -t ext4 -b 1024 -d "$boot_dir/tree" "$boot_dir/ext4" "$(($(du -sm "$boot_dir/tree" | cut -f 1) * 5 / 4 + 64))M" ||
	boot_fail mke2fs
rm -r "$boot_dir/tree"
truncate -s "$((16 << 20))" "$boot_dir/disk"
cat "$boot_dir/ext4" >>"$boot_dir/disk"
printf 'label: dos\n8192,16384,c\n32768,,83\n' | sfdisk -q "$boot_dir/disk" || boot_fail sfdisk
farroot pack "$boot_dir/squashfs" -o "$boot_dir/www/squashfs.img" >"$boot_dir/packed-squashfs" || boot_fail "farroot pack"
farroot pack --zstd=3 "$boot_dir/disk" -o "$boot_dir/www/disk.img" >"$boot_dir/packed-disk" || boot_fail "farroot pack"
rm "$boot_dir/ext4" "$boot_dir/disk" "$boot_dir/squashfs"

# boot_and_count NAME ARGUMENT...: sets moved, the bytes of a boot.
boot_and_count() {
	boot_roothash=$(sed -n 's/^roothash=//p' "$boot_dir/packed-$1")
	boot_url=${boot_url%/*}/$1.img
	boot_size=$(stat -c %s "$boot_dir/www/$1.img")
	shift
	before=$(boot_bytes)
	boot_start farroot.fill=no vmreport=poweroff "$@"
	boot_expect 600 'login:'
	boot_expect 300 'vm-report: done'
	boot_check_log
	boot_expect_off 300
	boot_check_log
	moved=$(($(boot_bytes) - before))
	boot_say "$moved of $boot_size bytes were moved"
	[ "$moved" -lt $((boot_size / 2)) ] || boot_fail "$moved bytes were moved for a boot"
}
boot_and_count squashfs
squashfs=$moved
boot_and_count disk farroot.partition=2
boot_say "the ext4 needed $((100 * moved / squashfs)) % of the bytes of the squashfs"
# Two boots of one image differ by some percent.
[ "$moved" -le $((squashfs * 110 / 100)) ] || boot_fail "the ext4 needed $moved bytes, the squashfs $squashfs"
