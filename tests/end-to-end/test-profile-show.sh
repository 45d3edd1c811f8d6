#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile show draws a profile over its image, the same each time, in plain
# characters where the terminal has no others.
. "${srcdir:-..}/tests/lib.sh"

show() {
	LC_ALL=C "$farroot" profile show "$@" >"$dir/shown" 2>"$dir/err" || fail "$(cat "$dir/err")"
}

# What a map shows of each cell, 4 KiB of an image of 10 + 8 blocks.
cells() {
	sed -n 's/^.*|\(.*\)|$/\1/p' "$dir/shown"
}

cat >"$dir/profile" <<-'END'
	# farroot profile
	# roothash=ab
	# kernel=6.1
	36864 4096
	0 8192
	4096 8192
	65536 1024
	69632 3072
END
show --width=40 "$dir/profile" 73728
cat >"$dir/wanted" <<-'END'
	read      0.0 of 0.1 MiB (27.8 %), 20480 bytes
	in        5 steps, over 4 extents of the image
	kernel    6.1
	roothash  ab

	How much is read; each cell is 4 KiB: . nothing  - + * some  # all
	      0.0 M |###......#......-*|

	When it is first read; 0 is in the first tenth of all bytes, 9 in the last
	      0.0 M |136      0      88|
END
diff "$dir/wanted" "$dir/shown" || fail "another map"

# A large image has larger cells; without a size, the last byte read is the end.
show --width=40 "$dir/profile" 1G
[ "$(cells | head -n 12 | tr -d '\n' | tr -d .)" = - ] || fail "not one cell of many: $(cat "$dir/shown")"
show "$dir/profile"
same "$(cells | head -n 1)" '###......#......-#' "the map without a size"
LC_ALL=C.UTF-8 "$farroot" profile show "$dir/profile" | grep -q '│███·' || fail "no blocks in UTF-8"
LC_ALL=C.UTF-8 "$farroot" profile show --ascii "$dir/profile" >"$dir/again"
cmp "$dir/shown" "$dir/again" || fail "--ascii is not what a plain terminal gets"

# An image tells its size, and whether it is the one.
make_image image 1
show "$dir/profile" "$dir/image"
grep -q 'recorded on another image' "$dir/shown" || fail "another image passes for the same"
sed -i "s/roothash=.*/roothash=$roothash/" "$dir/profile"
show "$dir/profile" "$dir/image"
! grep -q 'another image' "$dir/shown" || fail "the image passes for another"
show "$dir/profile" 8192
grep -q 'beyond the end of the image' "$dir/err" || fail "nothing was said of what is beyond the end"
