#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The version of configure.ac is that of debian/changelog and NEWS, and the one that
# farroot and farroot-image print: a tag needs no more change.
. "${srcdir:-..}/tests/lib.sh"

version=$(sed -n 's/^AC_INIT(\[.*\], \[\(.*\)\])/\1/p' "$srcdir/configure.ac")
echo "$version" | grep -qxE '[0-9]+\.[0-9]+\.[0-9]+' || fail "no version in configure.ac"
same "$(sed -n '1s/^rpi-rescue-netboot (\(.*\)) .*/\1/p' "$srcdir/debian/changelog")" "$version" "debian/changelog"
same "$(sed -n '1s/^rpi-rescue-netboot \(.*\) (.*)$/\1/p' "$srcdir/NEWS")" "$version" "NEWS"
same "$("$farroot" --version)" "farroot $version" "farroot --version"
same "$(sh "$srcdir/image/farroot-image" --version)" "farroot-image $version" "farroot-image --version"
