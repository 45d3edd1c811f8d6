#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# debian/ makes packages that hold what they should, where Debian's nbdkit and
# initramfs-tools look for it.  As test-debian-packages-arm64.sh: those for a Raspberry Pi,
# on whatever machine this is.
set -eu
: "${srcdir:=.}"
for program in dpkg-buildpackage dh; do
	command -v "$program" >/dev/null || exit 77
done
here=$(dpkg --print-architecture)
case $0 in
*-arm64.sh) arch=arm64 ;;
*) arch=$here ;;
esac
triplet=$(dpkg-architecture -a"$arch" -qDEB_HOST_MULTIARCH 2>/dev/null)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "$*" >&2
	exit 1
}

# The sources alone, without what a build in their folder may have left.
copy_sources() {
	mkdir "$dir/source"
	(cd "$srcdir" && tar -c --exclude-vcs \
		--exclude='./build*' --exclude=./config.status --exclude='*.o' --exclude='*.lo' \
		--exclude='.deps' --exclude='.libs' .) | tar -x -C "$dir/source"
	chmod -R u+w "$dir/source"
}

has() {
	[ -e "$dir/root/$2" ] || fail "$1 has no $2"
}

depends_on() {
	dpkg-deb -f "$dir/$1"_*.deb Depends | tr ',' '\n' | grep -q "^ *$2\( \|$\)" ||
		fail "$1 does not depend on $2"
}

copy_sources
# What tests/install-packages cross installs.
(cd "$dir/source" && dpkg-checkbuilddeps -a"$arch") || exit 77

# The environment of make check, such as CC, is not that of a package build.
if ! (cd "$dir/source" && env -i PATH="$PATH" HOME="$dir" LC_ALL=C \
	dpkg-buildpackage -b -us -uc -a"$arch") >"$dir/log" 2>&1; then
	fail "the packages can't be built: $(tail -n 40 "$dir/log")"
fi
version=$(sed -n 's/^AC_INIT(\[.*\], \[\(.*\)\])/\1/p' "$srcdir/configure.ac")
for file in "farroot_${version}_$arch" "nbdkit-plugin-farroot_${version}_$arch" "farroot-initramfs_${version}_all"; do
	[ -s "$dir/$file.deb" ] || fail "no $file.deb; is the version in debian/changelog that of configure.ac?"
	mkdir -p "$dir/root"
	dpkg-deb -x "$dir/$file.deb" "$dir/root"
done

has farroot usr/bin/farroot
has farroot usr/libexec/farroot/farroot-squashfs
has farroot usr/share/bash-completion/completions/farroot
has farroot usr/share/man/man1/farroot.1.gz
plugin=usr/lib/$triplet/nbdkit/plugins/nbdkit-farroot-plugin.so
has nbdkit-plugin-farroot "$plugin"
has nbdkit-plugin-farroot usr/share/man/man1/nbdkit-farroot-plugin.1.gz
has farroot-initramfs usr/share/initramfs-tools/scripts/farroot
[ -x "$dir/root/usr/share/initramfs-tools/hooks/farroot" ] || fail "the hook is not executable"
dpkg-deb --ctrl-tarfile "$dir"/farroot-initramfs_*.deb | tar -xO ./triggers | grep -q update-initramfs ||
	fail "farroot-initramfs does not make a new initramfs"
depends_on nbdkit-plugin-farroot nbdkit
for package in initramfs-tools nbdkit-plugin-farroot farroot; do
	depends_on farroot-initramfs "$package"
done
for file in usr/bin/farroot "$plugin"; do
	! grep -q "$dir" "$dir/root/$file" || fail "$file holds the name of the build folder"
done

if [ "$arch" = "$here" ]; then
	[ "$("$dir/root/usr/bin/farroot" --version)" = "farroot $version" ] || fail "farroot does not run"
	if command -v nbdkit >/dev/null; then
		[ "/$plugin" = "$(nbdkit --dump-config | sed -n 's/^plugindir=//p')/nbdkit-farroot-plugin.so" ] ||
			fail "the plugin is not where nbdkit looks"
		nbdkit --dump-plugin "$dir/root/$plugin" | grep -qx "farroot_version=$version" ||
			fail "nbdkit does not take the plugin"
	fi
else
	LC_ALL=C "$(dpkg-architecture -a"$arch" -qDEB_HOST_GNU_TYPE 2>/dev/null)-readelf" -h "$dir/root/$plugin" >"$dir/elf"
	machine=$(sed -n 's/^ *Machine: *//p' "$dir/elf")
	case $arch:$machine in
	arm64:AArch64 | amd64:*X86-64) ;;
	*) fail "the plugin for $arch is for $machine" ;;
	esac
fi
