#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile files lists every file and table of an image whose profile is all of it;
# of two files that are the same, block by block.
. "${srcdir:-..}/tests/end-to-end/two-images.sh"
need mksquashfs

make_old_image
size=$(stat -c %s "$dir/old")
printf '# roothash=%s\n0 %s\n' "$roothash" "$size" >"$dir/all"
files "$dir/all" "$dir/old" >"$dir/all.files"
same "$(sed -n 's/^# roothash=//p' "$dir/all.files")" "$roothash" "the root hash in the list"
grep -v '^#' "$dir/all.files" | sort >"$dir/got"
sort >"$dir/wanted" <<-'END'
	0 1000 /usr/small
	0 131072 /usr/lib/a name with\011blanks\134 and\012a line
	0 131072 /usr/lib/same
	0 500000 /usr/lib/large
	131072 68928 /usr/lib/a name with\011blanks\134 and\012a line
	131072 68928 /usr/lib/same
END
grep -v @ "$dir/got" | diff "$dir/wanted" - || fail "another list of all"
for table in superblock inodes directories fragments exports ids; do
	grep -q " @$table\$" "$dir/got" || fail "no @$table"
done
