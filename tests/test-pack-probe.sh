#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A profile of an image made by farroot pack --probe tells small files from their
# neighbours, and an image is packed by it.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

mkdir "$dir/tree"
i=100
while [ $i -lt 300 ]; do
	seed=$((i * 100)) random_bytes 700 >"$dir/tree/$i"
	i=$((i + 1))
done
seed=1 random_bytes 140000 >"$dir/tree/large"
mksquashfs "$dir/tree" "$dir/in" -always-use-fragments -noappend -no-progress -quiet >/dev/null 2>&1 || fail mksquashfs
"$farroot" pack --probe "$dir/in" -o "$dir/probe" >"$dir/log" || fail "no probe"
[ ! -e "$dir/probe.profile" ] || fail "a profile of nothing"

# Reads of the probe, as a recorder sees them: a file is alone in its block.
cat >"$dir/boot.files" <<-'END'
	0 700 /217
	0 140000 /large
	0 700 /103
END
roothash=$(sed -n 's/^roothash=//p' "$dir/log")
{
	echo "# roothash=$roothash"
	"$farroot" profile files --to="$dir/probe" "$dir/boot.files" | grep -v '^#'
} >"$dir/probe.profile"
"$farroot" profile files "$dir/probe.profile" "$dir/probe" | grep -v '^#' >"$dir/got"
diff "$dir/boot.files" "$dir/got" || fail "files that were not read, or the other way round"

# The block that holds many in the image holds three in the packed one.
"$farroot" pack --profile="$dir/probe.profile" --of="$dir/probe" "$dir/in" -o "$dir/packed" >"$dir/log" ||
	fail "not packed"
"$farroot" profile files "$dir/packed.profile" "$dir/packed" | sed -n 's,.* /,/,p' | sort -u >"$dir/got"
printf '/103\n/217\n/large\n' | diff - "$dir/got" || fail "other files in the packed image"
# Of another image it is refused.
! "$farroot" pack --profile="$dir/probe.profile" --of="$dir/packed" "$dir/in" -o "$dir/wrong" >"$dir/log" 2>&1 ||
	fail "packed by a profile of another image"
grep -q 'another image' "$dir/log" || fail "$(cat "$dir/log")"
