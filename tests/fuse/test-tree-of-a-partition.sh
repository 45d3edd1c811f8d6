#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# --tree with partition= mounts the ext4 of a compressed disk, as it is in the images of Raspberry
# Pi OS: with root by the kernel, without root by fuse2fs; the origin has sent little more than
# what was read.  A journal that is not replayed is no obstacle.
. "${srcdir:-..}/tests/fuse/fuse.sh"
. "$srcdir/tests/end-to-end/disks.sh"
need debugfs

make_tree
make_disk dos
pack_options=--zstd=1
mkdir "$dir/www1"
pack "$dir/disk" "$dir/www1/image"
first=$roothash
origin_start 1

# is_right FOLDER COMMAND...
is_right() {
	for file in small text many/7 many/299 etc/link; do
		"$2" cmp "$1/$file" "$dir/tree/$file" || fail "wrong bytes in $file"
	done
}

by_root() {
	"$@"
}

if [ "$(id -u)" = 0 ] && [ -e /dev/loop-control ] && grep -qw ext4 /proc/filesystems; then
	"$farroot" mount --tree "$url1/image" "$mnt" roothash="$roothash" partition=2 fill=no || fail "cannot mount"
	grep -q " $mnt ro,nosuid,nodev[^-]* - ext4 /dev/loop" /proc/self/mountinfo || fail "not a loop mount"
	is_right "$mnt" by_root
	fetched=$(origin_bytes 1)
	[ "$fetched" -lt 2500000 ] || fail "a few small files take $fetched bytes"
	cmp "$mnt/large" "$dir/tree/large" || fail "wrong bytes in large"
	"$farroot" mount --umount "$mnt" || fail "cannot unmount"
	"$farroot" mount --tree "$dir/disk" "$mnt" verify=none >"$dir/mount.log" 2>&1 && fail "mounts a disk without partition="
	grep -q 'choose one by -o partition=N' "$dir/mount.log" || fail "the message does not help"
	"$farroot" mount --tree -o verify=none,partition=2 "$dir/disk" "$mnt" 2>"$dir/mount.log" || fail "cannot mount a local disk"
	is_right "$mnt" by_root
	umount "$mnt" || fail "cannot unmount"
	"$farroot" mount --tree "$dir/www1/image" "$mnt" roothash="$roothash" partition=2 || fail "cannot mount a local image"
	is_right "$mnt" by_root
	umount "$mnt" || fail "cannot unmount"
	# As a disk that was not unmounted.
	debugfs -w -R 'feature needs_recovery' "$dir/ext4" >"$dir/debugfs.log" 2>&1 || fail debugfs
	pack "$dir/ext4" "$dir/www1/dirty"
	dirty=$roothash
	"$farroot" mount --tree "$url1/dirty" "$mnt" roothash="$dirty" fill=no || fail "cannot mount with a journal"
	is_right "$mnt" by_root
	"$farroot" mount --umount "$mnt" || fail "cannot unmount"
	roothash=$first
fi
need fuse2fs
become_user
mkdir "$dir/user/mnt"
chown --reference="$dir/user" "$dir/user/mnt"
as_user timeout "$(slack 20)" "$farroot" mount --tree "$url1/image" "$dir/user/mnt" roothash="$roothash" partition=2 ||
	fail "cannot mount without root"
is_right "$dir/user/mnt" as_user
as_user fusermount3 -u "$dir/user/mnt" || fail "cannot unmount"
