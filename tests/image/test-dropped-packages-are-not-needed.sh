#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# No rescue system leaves out a package with a library that farroot or the plugin needs.
. "${srcdir:-..}/tests/lib.sh"
need ldd dpkg-query
for program in "$farroot" "$plugin" "$(command -v nbdkit)"; do
	ldd "$program" | sed -n 's,.* \(/[^ ]*\) (0x.*,\1,p'
done | sort -u | xargs readlink -f >"$dir/libraries"
[ -s "$dir/libraries" ] || fail "no library"
# dpkg may know a library under / or under /usr.
sed 's,^/usr,,' "$dir/libraries" | cat - "$dir/libraries" | xargs dpkg-query -S 2>/dev/null | sed 's/[:,].*//' | sort -u >"$dir/packages"
grep -qx libc6 "$dir/packages" || fail "dpkg does not know the packages of the libraries"
for flavour in small full; do
	list=$srcdir/image/rescue/packages-drop-$flavour
	sed 's/#.*//; s/^[a-z]*: *//; s/?//g; s/|/ /g' "$list" | tr -s ' \t' '\n' | sort -u |
		comm -12 - "$dir/packages" >"$dir/needed"
	[ ! -s "$dir/needed" ] || fail "$list leaves out what farroot needs: $(tr '\n' ' ' <"$dir/needed")"
done
