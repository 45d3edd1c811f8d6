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
while [ $i -lt 1100 ]; do
	printf '%0700d' $i >"$dir/tree/$i"
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

# The table of inodes is longer in the probe: its last part is that of the image, too.
"$farroot" profile files "$dir/probe.profile" "$dir/probe" | grep '^# inodes=' >"$dir/last.files"
inodes=$(sed 's/.*=//' "$dir/last.files")
echo "$((inodes - 8192)) 8192 @inodes" >>"$dir/last.files"
"$farroot" profile files --to="$dir/in" "$dir/last.files" >"$dir/last.profile" 2>"$dir/err"
[ ! -s "$dir/err" ] || fail "$(cat "$dir/err")"
"$farroot" profile files "$dir/last.profile" "$dir/in" >"$dir/got"
in_inodes=$(sed -n 's/^# inodes=//p' "$dir/got")
[ "$in_inodes" -lt "$inodes" ] || fail "it is not longer: nothing was tried"
grep ' @inodes' "$dir/got" | tail -n 1 >"$dir/last"
read -r offset length _ <"$dir/last"
same $((offset + length)) "$in_inodes" "the end of what is read of the inodes"

# A profile of another image is refused.
! "$farroot" pack --profile="$dir/probe.profile" --of="$dir/packed" "$dir/in" -o "$dir/wrong" >"$dir/log" 2>&1 ||
	fail "packed by a profile of another image"
grep -q 'another image' "$dir/log" || fail "$(cat "$dir/log")"
