#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Each part of farroot-image that a command sources is an input of the command's result: a
# change of any of them renews the result.  So is the version of each program that decides
# about bytes.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"

# Each part says that it is sourced.
mkdir "$dir/image"
cp -R "$srcdir/image/rescue" "$srcdir/image/rootfs" "$dir/image/"
mkdir "$dir/image/lib"
for file in "$srcdir"/image/lib/*.sh; do
	name=$(basename "$file")
	{
		echo "echo lib/$name >>'$dir/sourced'"
		cat "$file"
	} >"$dir/image/lib/$name"
done

# try COMMAND LISTING: the parts that the command sources are those that the LISTING has.
# shellcheck disable=SC2034 # for the parts
try() {
	rm -f "$dir/sourced"
	(
		load_parts_of "$dir/image" "cmd-$1"
		inputs_part_of_site=$1
		inputs_work=$work
		"$2"
	) | awk -F '\t' '$1 == "builder" { print $2 }' | sort >"$dir/inputs"
	[ -s "$dir/inputs" ] || fail "$1: no part is an input"
	same "$(uniq -d "$dir/inputs")" '' "parts that are listed twice"
	sort -u "$dir/sourced" | diff - "$dir/inputs" >"$dir/diff" || fail "$1: sourced, and an input: $(cat "$dir/diff")"
}
try rescue inputs_builder
try rootfs inputs_builder
grep -qx lib/squashfs.sh "$dir/inputs" || fail "squashfs.sh makes root.img, and is no input"
! grep -qx lib/rescue-tree.sh "$dir/inputs" || fail "a part of the rescue system counts for the root file system"

# Not a number of bits, or of a year.
load_parts inputs
for tool in cpio mksquashfs mmdebstrap xz zstd; do
	command -v "$tool" >/dev/null || continue
	inputs_version "$tool" | grep -qx '[0-9][0-9]*\.[0-9][0-9.]*' || fail "$tool: no version, but '$(inputs_version "$tool")'"
done
