# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# FAT file systems in a file, made and read without root.  The same files and the same
# time give the same bytes.
#
# The type is FAT32 if the files need 65,525 clusters of 512 bytes (32 MiB) or more, and
# FAT16 below: a FAT32 with fewer clusters is a FAT16 to a reader that follows Microsoft's
# specification, and an image that is filled up to 32 MiB costs seconds on a slow link.
# Raspberry Pi's own tool, rpi-make-boot-image of usbboot, chooses in the same way.
#
# There is one FAT, as in the images of that tool: a second one has 700 KB in an image of
# 90 MiB, 3 s at 2 Mbit/s, and the signature detects damage anyway.
# shellcheck shell=dash

# Free clusters of 512 bytes.  Boot loaders before 2024-01-18 could not read a file in
# the last cluster (rpi-eeprom issue 521).
fat_slack=128

# fat_clusters TREE: how many the files and folders in TREE take.
fat_clusters() {
	(cd "$1" && find . -mindepth 1 -printf '%y %s %f\n') | awk '
		$1 == "f" { sum += int(($2 + 511) / 512) }
		$1 == "d" { sum += 2 }
		{ entries += 2 + int(length($3) / 13) }
		END { print sum + int(entries / 16) + 2 }'
}

# fat_make TREE IMAGE EPOCH: IMAGE is in the folder that TREE is in, too.
fat_make() {
	fat_need=$(($(fat_clusters "$1") + fat_slack))
	if [ "$fat_need" -lt 65000 ]; then
		fat_type=16
		[ "$fat_need" -ge 4200 ] || fat_need=4200
		fat_sectors=$((1 + 32 + (fat_need + 2) * 2 / 512 + 1 + fat_need))
	else
		fat_type=32
		[ "$fat_need" -ge 65600 ] || fat_need=65600
		fat_sectors=$((32 + (fat_need + 2) * 4 / 512 + 1 + fat_need))
	fi
	# Whole tracks of 32 sectors, which mtools wants.
	fat_sectors=$(((fat_sectors + 31) / 32 * 32))
	rm -f "$2"
	truncate -s $((fat_sectors * 512)) "$2" || die "$2: cannot be made; is the disk full?"
	fat_log=$(mkfs.vfat --invariant -F $fat_type -f 1 -S 512 -s 1 -n BOOT "$2" 2>&1) ||
		die "$2: mkfs.vfat failed: $fat_log"
	find "$1" -exec touch -h -d "@$3" {} +
	fat_copy_in "$1" "$(basename "$2")" "$3" || die "$2: mtools cannot write it; is the disk full?"
}

# In a fixed order, since the order of find and of mcopy -s is that of the host's folders.
# mtools takes what follows @@ in a name as an offset, so the folder is not in the name.
fat_copy_in() {
	(
		cd "$1" || exit 1
		find . -mindepth 1 -printf '%y %P\n' | sort >"../$2.list" || exit 1
		while read -r fat_kind fat_path; do
			case $fat_kind in
			d) SOURCE_DATE_EPOCH=$3 mmd -i "../$2" "::$fat_path" </dev/null || exit 1 ;;
			f) SOURCE_DATE_EPOCH=$3 mcopy -mQ -i "../$2" "$fat_path" "::$fat_path" </dev/null || exit 1 ;;
			esac
		done <"../$2.list"
	)
}

# fat_unpack IMAGE FOLDER: fails with a message in $fat_log if it is no sound FAT.  FOLDER is
# in the folder that IMAGE is in.
fat_unpack() {
	fat_log=$(fsck.vfat -n "$1" 2>&1) || return 1
	fat_log=$(cd "$2" && mcopy -smnQ -i "../$(basename "$1")" '::*' . 2>&1 </dev/null) || return 1
}
