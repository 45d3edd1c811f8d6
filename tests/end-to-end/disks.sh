# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of real file systems and disks: source it after lib.sh.
# shellcheck disable=SC2154 # dir, by lib.sh

# make_tree: $dir/tree, with some hundred files, large and small.
make_tree() {
	mkdir -p "$dir/tree/many" "$dir/tree/etc"
	echo "a small file" >"$dir/tree/small"
	ln -s ../small "$dir/tree/etc/link"
	seed=1 random_bytes 3000000 >"$dir/tree/large"
	cat "$srcdir"/docs/*.md >"$dir/tree/text"
	i=0
	while [ $i -lt 300 ]; do
		printf '%04000d' $i >"$dir/tree/many/$i"
		i=$((i + 1))
	done
}

# make_disk LABEL: $dir/disk as Raspberry Pi OS has it: an MBR (dos) or a GPT (gpt), a FAT and
# an ext4, which are also in $dir/fat and $dir/ext4.
make_disk() {
	need sfdisk mkfs.vfat mke2fs
	rm -f "$dir/fat"
	mkfs.vfat -C "$dir/fat" 8192 >"$dir/mkfs.log" 2>&1 || fail mkfs.vfat
	mke2fs -q -t ext4 -d "$dir/tree" "$dir/ext4" 16M >"$dir/mkfs.log" 2>&1 || fail mke2fs
	truncate -s 32M "$dir/disk"
	case $1 in
	dos) printf 'label: dos\n8192,16384,c\n24576,32768,83\n' ;;
	gpt) printf 'label: gpt\nstart=8192,size=16384\nstart=24576,size=32768\n' ;;
	esac | sfdisk -q "$dir/disk" >"$dir/sfdisk.log" 2>&1 || fail sfdisk

	dd if="$dir/fat" of="$dir/disk" bs=1M seek=4 conv=notrunc status=none
	dd if="$dir/ext4" of="$dir/disk" bs=1M seek=12 conv=notrunc status=none
}
