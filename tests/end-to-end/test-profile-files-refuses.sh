#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile files says what is no squashfs and what is no list, and makes nothing
# of it.
. "${srcdir:-..}/tests/end-to-end/two-images.sh"
need mksquashfs

make_old_image
echo '0 4096' >"$dir/all"
random_bytes 100000 >"$dir/noise"
! "$farroot" profile files "$dir/all" "$dir/noise" >"$dir/got" 2>"$dir/err" || fail "noise is an image"
grep -q 'noise: not a valid squashfs' "$dir/err" || fail "not told: $(cat "$dir/err")"
head -c 100000 "$dir/old.squashfs" >"$dir/short"
! "$farroot" profile files "$dir/all" "$dir/short" >"$dir/got" 2>"$dir/err" || fail "a part is an image"
echo 'nonsense' >"$dir/bad"
! "$farroot" profile files --to="$dir/old" "$dir/bad" -o "$dir/made" 2>"$dir/err" || fail "nonsense is a list"
grep -q 'bad: line 1 is not' "$dir/err" || fail "not told: $(cat "$dir/err")"
[ ! -e "$dir/made" ] || fail "a profile was made of nonsense"
