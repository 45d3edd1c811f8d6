# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the tests of farroot pack --probe share; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"

# make_probe: $dir/in, a squashfs of 1000 small files and a large one, and $dir/probe
# of it.
make_probe() {
	mkdir "$dir/tree"
	i=100
	while [ $i -lt 1100 ]; do
		printf '%0700d' $i >"$dir/tree/$i"
		i=$((i + 1))
	done
	seed=1 random_bytes 140000 >"$dir/tree/large"
	mksquashfs "$dir/tree" "$dir/in" -always-use-fragments -noappend -no-progress -quiet >/dev/null 2>&1 || fail mksquashfs
	"$farroot" pack --probe "$dir/in" -o "$dir/probe" >"$dir/log" || fail "no probe"
}

# profile_of_probe: $dir/boot.files, and $dir/probe.profile of reads of the probe, as a
# recorder sees them: a file is alone in its block.
profile_of_probe() {
	cat >"$dir/boot.files" <<-'END'
		0 700 /217
		0 140000 /large
		0 700 /103
	END
	{
		sed -n 's/^roothash=/# roothash=/p' "$dir/log"
		"$farroot" profile files --to="$dir/probe" "$dir/boot.files" | grep -v '^#'
	} >"$dir/probe.profile"
}
