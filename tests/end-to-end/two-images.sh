# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the tests of farroot profile files share; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"

files() {
	"$farroot" profile files "$@" 2>"$dir/err" || fail "$(cat "$dir/err")"
}

# Not compressed, so that the image shows what is where.
image() {
	mksquashfs "$dir/tree" "$dir/$1" -noD -noF -noappend -no-progress -quiet >/dev/null 2>&1 ||
		fail "mksquashfs"
}

# $dir/old, of $dir/tree.
make_old_image() {
	mkdir -p "$dir/tree/usr/lib"
	seed=1 random_bytes 500000 >"$dir/tree/usr/lib/large"
	seed=2 random_bytes 1000 >"$dir/tree/usr/small"
	seed=3 random_bytes 200000 >"$dir/tree/usr/lib/a name with	blanks\\ and
a line"
	ln "$dir/tree/usr/lib/large" "$dir/tree/zlink"
	seed=3 random_bytes 200000 >"$dir/tree/usr/lib/same"
	: >"$dir/tree/empty"
	image old.squashfs
	pack "$dir/old.squashfs" "$dir/old"
}

# $dir/new, where all is elsewhere.
make_new_image() {
	seed=4 random_bytes 177777 >"$dir/tree/a-new-file-in-front"
	image new.squashfs
	pack "$dir/new.squashfs" "$dir/new"
}
