#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# boot.img is as small as its files allow, and what is too large for the boot loader or for
# TFTP is refused with the sizes.
. "${srcdir:-..}/tests/image/lib.sh"
make_site

# fat_type FILE: 16 or 32.
fat_type() {
	if [ "$(tail -c +83 "$1" | head -c 5)" = FAT32 ]; then echo 32; else echo 16; fi
}

overhead() {
	awk '/all files$/ { files = $1 } /boot.img,/ { print $1 - files }' "$1/sizes"
}

# FAT16 has 4,085 clusters at least, so very small files do not show it.
truncate -s 20M "$from/initrd"
boot
same "$(fat_type "$out/http/boot.img")" 16 "FAT type of an image of 20 MiB"
[ "$(overhead "$out")" -lt 220000 ] || fail "an image of 20 MiB has $(overhead "$out") bytes too many"
same "$(stat -c %s "$out/http/boot.img")" "$(awk '/boot.img,/ { print $1 }' "$out/sizes")" "size in the table"
fsck.vfat -n "$out/http/boot.img" >"$dir/fsck.log" || fail "fsck.vfat finds errors"

# Around the smallest FAT32, and with the largest file for TFTP.
for size in $((65400 * 512 - 460000)) $((65700 * 512 - 460000)) $((65535 * 1024 - 4)); do
	truncate -s "$size" "$from/initrd"
	boot
	fsck.vfat -n "$out/http/boot.img" >"$dir/fsck.log" || fail "fsck.vfat finds errors with an initrd of $size bytes"
	[ "$(overhead "$out")" -lt 900000 ] || fail "an initrd of $size bytes: $(overhead "$out") bytes too many"
	farroot_image verify "$out/http" >/dev/null 2>&1 || fail "verify refuses an initrd of $size bytes"
done
same "$(fat_type "$out/http/boot.img")" 32 "FAT type of an image of 64 MiB"

# Each file for TFTP is below 65,535 blocks of 1,024 bytes.
no=$dir/no
truncate -s $((65535 * 1024)) "$from/initrd"
refused "initrd: 67107840 bytes (64.0 MiB), and TFTP takes less than 67107840" boot_to "$no"
truncate -s $((65535 * 1024 - 3)) "$from/initrd"
refused "initrd: 67107840 bytes" boot_to "$no"

# All files together: 96 MiB, which a split initramfs can exceed.
truncate -s 60M "$from/initrd"
truncate -s 40M "$from/rescue.cpio"
refused "the boot loader takes 100663296 (96 MiB)" boot_to "$no"
grep -q '62914560  initrd' "$dir/refused.log" || fail "no table of the sizes"
truncate -s 34M "$from/rescue.cpio"
boot
grep -qx 'initramfs initrd,rescue.cpio followkernel' "$out/tftp/config.txt" || fail "the initramfs is not split"

# The full flavour has 90 MB at most, unless the site adds to it.
echo full >"$from/flavour"
refused "the full flavour has at most 90000000" boot_to "$no"
mkdir -p "$site/rescue/packages.d"
rm -rf "$out"
boot
grep -q 'note: boot.img: [0-9]* bytes, and the full flavour' "$dir/boot.log" || fail "no note about 90 MB: $(cat "$dir/boot.log")"
echo small >"$from/flavour"
rmdir "$site/rescue/packages.d" "$site/rescue"
boot
[ ! -e "$no" ] || fail "an output that was refused is there"
nothing_left
