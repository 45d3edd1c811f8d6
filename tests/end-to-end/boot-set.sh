# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the tests of farroot pack --profile share; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"

# make_boot_set: $dir/in, a squashfs of 400 small files and two large ones; $dir/plain,
# packed in the usual order; and $dir/boot.files, a list of what a boot reads: each tenth
# of the small files, and a block in the middle of a large one.
make_boot_set() {
	mkdir "$dir/tree"
	seed=3 random_bytes 1600000 | split -b 4000 -a 3 --numeric-suffixes=100 - "$dir/tree/"
	seed=1 random_bytes 1000000 >"$dir/tree/large"
	seed=2 random_bytes 3000000 >"$dir/tree/another"
	mksquashfs "$dir/tree" "$dir/in" -comp zstd -noappend -no-progress -quiet >/dev/null 2>&1 || fail mksquashfs
	pack "$dir/in" "$dir/plain"
	{
		echo '# farroot files'
		i=490
		while [ $i -gt 100 ]; do
			echo "0 4000 /$i"
			i=$((i - 10))
		done
		echo '393216 131072 /large'
	} >"$dir/boot.files"
}

# value KEY: what farroot pack printed.
value() {
	sed -n "s/^$1=//p" "$dir/log"
}

# needs PROFILE-FILES-ARGUMENT...: the bytes that a boot takes.
needs() {
	"$farroot" profile files --needs "$@" | sed -n 's/^total //p'
}
