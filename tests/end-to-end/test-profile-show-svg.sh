#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile show --svg draws a profile over its image as an SVG, the same each time.
. "${srcdir:-..}/tests/lib.sh"
need python3

show() {
	LC_ALL=C "$farroot" profile show "$@" >"$dir/shown" 2>"$dir/err" || fail "$(cat "$dir/err")"
}

make_image image 1
cat >"$dir/profile" <<-END
	# farroot profile
	# roothash=$roothash
	# kernel=6.1
	36864 4096
	0 8192
	4096 8192
	65536 1024
	69632 3072
END
show --svg="$dir/a.svg" "$dir/profile" "$dir/image"
show --svg=- "$dir/profile" "$dir/image"
cmp "$dir/a.svg" "$dir/shown" || fail "two pictures of the same"
# First what is at 36864 of 1064960 bytes; then, a sixth of all later, what is at 0.
for text in '^<svg ' '</svg>$' '0.0 of 1.0 MiB are read (1.9 %), in 5 steps' '^M80\.00 450\.00h' '^<path class="read" d="M109.77 530.00h'; do
	grep -q "$text" "$dir/a.svg" || fail "no '$text' in $(cat "$dir/a.svg")"
done
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' \
	"$dir/a.svg" || fail "not well-formed"
