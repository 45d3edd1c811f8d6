# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For tests of the Debian packages, which all take the same ones.  Source it after
# lib.sh.
#
#   packages_build amd64  -> $packages, a folder with *.deb, *.dsc and *.changes
#                            $version of them, $built_in: where they were built

# lib.sh sets dir, srcdir and top_builddir; the tests read version and built_in.
# shellcheck disable=SC2154,SC2034

# packages_sources [OPTION-OF-TAR]...: the sources alone, without what a build in their folder may
# have left.
packages_sources() {
	tar -c -C "$srcdir" --sort=name --mtime=@0 --exclude-vcs --anchored --no-wildcards-match-slash \
		--exclude='./build*' --exclude=./_build --exclude=./_inst \
		--exclude=./config.status --exclude=./configure --exclude='./configure~' \
		--exclude=./aclocal.m4 --exclude=./autom4te.cache --exclude=./build-aux --exclude='./config.h.in*' \
		--exclude=./m4 --exclude=./Makefile.in --exclude=./debian/build --exclude='./debian/*.debhelper' \
		--no-anchored --exclude='*.o' --exclude='*.lo' --exclude='.deps' --exclude='.libs' \
		--exclude=__pycache__ "$@" .
}

# packages_build ARCH: builds them, unless they were built from the same sources
# already; one test builds while the others wait.  What is in no package does not count.
packages_build() {
	need dpkg-buildpackage dh flock
	packages=$(cd "$top_builddir" && pwd)/packages-$1
	version=$(sed -n 's/^AC_INIT(\[.*\], \[\(.*\)\])/\1/p' "$srcdir/configure.ac")
	packages_key=$(packages_sources --exclude=./tests --exclude=./bench --exclude=./ansible | sha256_of) || fail "cannot read the sources"
	exec 9>"$packages.lock"
	flock 9
	if [ "$(cat "$packages/key" 2>/dev/null)" != "$packages_key" ]; then
		packages_build_anew "$1"
		echo "$dir/source" >"$packages/built-in"
		echo "$packages_key" >"$packages/key"
	fi
	exec 9>&-
	built_in=$(cat "$packages/built-in")
}

packages_build_anew() {
	mkdir -p "$dir/source"
	packages_sources >"$dir/source.tar" || fail "cannot read the sources"
	tar -x -m -C "$dir/source" -f "$dir/source.tar"
	rm "$dir/source.tar"
	chmod -R u+w "$dir/source"
	# What tests/install-packages cross installs.
	(cd "$dir/source" && dpkg-checkbuilddeps -a"$1") || skip "build dependencies are missing"
	rm -rf "$packages"
	# The environment of make check, such as CC, is not that of a package build.  The unit tests
	# are tests of ./check.
	(cd "$dir/source" && env -i PATH="$PATH" HOME="$dir" LC_ALL=C DEB_BUILD_OPTIONS=nocheck \
		dpkg-buildpackage -us -uc -a"$1") >"$dir/dpkg-buildpackage.log" 2>&1 9>&- ||
		fail "the packages cannot be built"
	rm -rf "$dir/source"
	mkdir "$packages"
	mv "$dir"/*.deb "$dir"/*.dsc "$dir"/*.tar.* "$dir"/*.changes "$dir"/*.buildinfo "$packages/"
}
