# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154

# squashfs_make FOLDER OUT OPTION...: a squashfs of it, the same bytes each time if the
# files' times are the same.  Options are those of mksquashfs.
squashfs_make() {
	squashfs_out=$2
	env -u SOURCE_DATE_EPOCH mksquashfs "$@" -noappend -no-progress -quiet -mkfs-time "$SOURCE_DATE_EPOCH" \
		>"$work/mksquashfs.log" 2>&1 || {
		tail -n 10 "$work/mksquashfs.log" | sed 's/^/  /' >&2
		die "mksquashfs cannot write $squashfs_out (above); is the disk full?"
	}
}
