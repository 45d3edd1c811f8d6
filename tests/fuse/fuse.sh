# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the tests of farroot mount share; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"
need fusermount3
[ -w /dev/fuse ] || skip "no /dev/fuse"
# shellcheck disable=SC2034 # for the tests
mnt=$dir/mnt
mkdir "$mnt"
# No other test shall see the sockets.
export XDG_RUNTIME_DIR="$dir/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"

# serve_file MIB: $dir/image, and an origin that serves it.
serve_file() {
	make_image image "$1"
	mkdir "$dir/www1"
	cp "$dir/image" "$dir/www1"
	origin_start 1
}

# serve_tree: $dir/tree, with the files small, large (24 MiB) and deep/NUMBER, and an origin
# that serves its squashfs.
serve_tree() {
	need mksquashfs
	mkdir -p "$dir/tree/deep" "$dir/www1"
	echo "a small file" >"$dir/tree/small"
	random_bytes $((24 << 20)) >"$dir/tree/large"
	for i in 1 2 3 4 5 6 7 8 9; do
		seed=$i random_bytes $((i * 20000)) >"$dir/tree/deep/$i"
	done
	mksquashfs "$dir/tree" "$dir/squashfs" -noappend -quiet >"$dir/mksquashfs.log" 2>&1 || fail mksquashfs
	pack "$dir/squashfs" "$dir/www1/image"
	origin_start 1
}

# become_user: from now on as_user runs a command as a user without rights, and $dir/user
# belongs to this user.
become_user() {
	mkdir "$dir/user" "$dir/bin"
	cp "$farroot" "$top_builddir/farroot-fuse" "$dir/bin/"
	farroot=$dir/bin/farroot
	if [ "$(id -u)" = 0 ]; then
		need setpriv
		chown -R nobody: "$dir/user" "$XDG_RUNTIME_DIR"
	fi
}

as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

# server_of FOLDER: the process id of the server of a mount.
server_of() {
	pgrep -f -- "farroot-fuse mount .*$1( |\$)"
}

is_mounted() {
	grep -q " $1 " /proc/self/mountinfo
}

is_unmounted() {
	! is_mounted "$1"
}
