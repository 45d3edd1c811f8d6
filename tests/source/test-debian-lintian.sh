#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# lintian has no complaint about the source package and the binary packages.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/source/packages.sh"
need lintian dpkg
packages_build "$(dpkg --print-architecture)"

# The version of the policy is that of the oldest Debian that builds the packages: a
# younger lintian always knows a newer one.
# lintian leaves files in TMPDIR.
for file in "$packages"/*.dsc "$packages"/*.changes; do
	TMPDIR=$dir lintian --allow-root --no-cfg --display-info --fail-on error,warning,info \
		--suppress-tags out-of-date-standards-version "$file" >"$dir/lintian.log" 2>&1 ||
		fail "lintian complains about ${file##*/}"
done
