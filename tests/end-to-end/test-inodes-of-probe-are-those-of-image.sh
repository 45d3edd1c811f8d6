#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The table of inodes is longer in a probe than in its image; what is read of its last
# part is translated to the last part of the image's.
. "${srcdir:-..}/tests/end-to-end/probe.sh"
need mksquashfs

make_probe
profile_of_probe
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
