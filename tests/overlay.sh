# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For tests that install packages or replace programs: they run in a copy of this
# machine.  Source it after lib.sh.
#
#   overlay_enter "$0" "$@"

# lib.sh sets dir, srcdir and top_builddir.
# shellcheck disable=SC2154

# Run by unshare: mounts the overlay and starts the test in it.
# shellcheck disable=SC2016
overlay_start='
	top=$1 srcdir=$2 top_builddir=$3
	shift 3
	mount -t tmpfs -o mode=755 overlay "$top"
	mkdir "$top/upper" "$top/work" "$top/root"
	mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" overlay "$top/root"
	# These may be on file systems of their own.
	for folder in /dev /proc "$srcdir" "$top_builddir"; do
		mkdir -p "$top/root$folder"
		mount --rbind "$folder" "$top/root$folder"
	done
	export FARROOT_OVERLAY=1 srcdir top_builddir
	exec chroot "$top/root" sh -c "cd \"\$top_builddir\" && exec sh \"\$@\"" sh "$@"
'

# overlay_enter TEST [ARGUMENT]...: starts the test again as root in an overlay of
# this machine's root file system; only that second run returns from here.  All
# writes go to a tmpfs.  The mounts belong to a mount namespace of the test alone,
# so neither they nor what the test has written outlive it.
overlay_enter() {
	[ -z "${FARROOT_OVERLAY-}" ] || return 0
	need_root
	need unshare chroot
	grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || skip "this kernel has no overlay"
	test=$(cd "$(dirname "$1")" && pwd)/${1##*/}
	shift
	mkdir "$dir/overlay"
	code=0
	unshare --mount --propagation private sh -eu -c "$overlay_start" sh "$dir/overlay" \
		"$(cd "$srcdir" && pwd)" "$(cd "$top_builddir" && pwd)" "$test" "$@" || code=$?
	exit "$code"
}
