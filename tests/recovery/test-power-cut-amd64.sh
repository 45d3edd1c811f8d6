#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A store on a disk while the power is cut at random moments, with each file system, and with a disk that
# loses writes: no read gets an error or a wrong byte, and at the end the image is whole.
#   RECOVERY_ROUNDS=N   cuts with each file system; lib.sh has the other variables
#   STORE_TYPES=WORDS   file systems; default all
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$srcdir/tests/recovery/lib.sh"
PATH=$PATH:/sbin:/usr/sbin
need mkfs.ext4 mkfs.f2fs mkfs.btrfs mkfs.vfat

make_disk() {
	rm -f "$dir/disk"
	truncate -s 300M "$dir/disk"
	case $1 in
	ext4) mkfs.ext4 -q "$dir/disk" ;;
	f2fs) mkfs.f2fs -q "$dir/disk" ;;
	btrfs) mkfs.btrfs -q "$dir/disk" ;;
	vfat) mkfs.vfat "$dir/disk" >/dev/null ;;
	esac || fail "mkfs.$1"
}

start() {
	: >"$console"
	recovery_options="--disk $dir/disk" recovery_start store 1G "guest.fs=$type" "guest.flakey=$flakey"
	expect 120 'guest: present'
}

make_origin
make_initramfs
for type in ${STORE_TYPES:-ext4 f2fs btrfs vfat}; do
	for flakey in no yes; do
		make_disk "$type"
		n=0
		while [ $n -lt "$rounds" ]; do
			n=$((n + 1))
			start
			sleep "$(awk "BEGIN { srand(); print rand() * 15 }")"
			! grep -aq 'guest: FAILED' "$console" || fail "$(grep -a 'guest: FAILED' "$console")"
			kill -9 "$machine"
			wait "$machine" 2>/dev/null
			say "$type, flakey $flakey, cut $n: $(grep -a -e 'guest: present' -e 'guest: cannot mount' "$console" | tr -d '\r')"
		done
		start
		expect 300 'guest: the end'
		grep -a 'guest: ' "$console" | tr -d '\r'
	done
done
