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

show --svg="$dir/a.svg" "$dir/profile" "$dir/image"
show --svg=- "$dir/profile" "$dir/image"
cmp "$dir/a.svg" "$dir/shown" || fail "two pictures of the same"
# First what is at 36864 of 1064960 bytes; then, a sixth of all later, what is at 0.
for text in '^<svg ' '</svg>$' '0.0 of 1.0 MiB are read (1.9 %), in 5 steps' '^M80\.00 450\.00h' '^<path class="read" d="M109.77 530.00h'; do
	grep -q "$text" "$dir/a.svg" || fail "no '$text' in $(cat "$dir/a.svg")"
done
! command -v python3 >/dev/null || python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' \
	"$dir/a.svg" || fail "not well-formed"

# Numbers that no image has.
{
	echo '0 1'
	echo '18446744073709547519 4096'
	echo '9223372036854775807 9223372036854775807'
} >"$dir/absurd"
show "$dir/absurd" 1M
show --svg=- "$dir/absurd" 1M
for arguments in "$dir/absurd" "$dir/none" "/dev/null" "$dir/image" "$dir/profile $dir/none" "$dir/profile 0"; do
	# shellcheck disable=SC2086
	if LC_ALL=C "$farroot" profile show $arguments >"$dir/shown" 2>"$dir/err"; then
		fail "show $arguments"
	fi
	[ -s "$dir/err" ] || fail "nothing said to $arguments"
	[ ! -s "$dir/shown" ] || fail "something shown of $arguments"
done
