#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The tests of the installed packages, debian/tests, pass where they are installed.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/overlay.sh"
. "$srcdir/tests/source/packages.sh"
need nginx nbdcopy mksquashfs dpkg
packages_build "$(dpkg --print-architecture)"
overlay_enter "$0"

dpkg -i "$packages"/farroot_*.deb "$packages"/nbdkit-plugin-farroot_*.deb >"$dir/dpkg.log" 2>&1 ||
	fail "the packages cannot be installed"
tests=$(sed -n 's/^Tests: //p' "$srcdir/debian/tests/control" | tr ',' ' ')
[ -n "$tests" ] || fail "debian/tests/control names no test"
for test in $tests; do
	mkdir "$dir/$test"
	# Not in the build folder, whose programs are not those of the packages.
	(cd / && AUTOPKGTEST_TMP=$dir/$test timeout "$(slack 120)" "$srcdir/debian/tests/$test") >"$dir/$test.log" 2>&1 ||
		fail "$test ended with $?"
	# autopkgtest takes any output on standard error for a failure.
	[ ! -s "$dir/$test.log" ] || fail "$test prints something"
done
