#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# debian/ makes packages that hold what they should, where Debian's nbdkit and
# initramfs-tools look for it.  As test-debian-packages-arm64.sh: those for
# arm64, on any machine.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/source/packages.sh"
need dpkg dpkg-architecture
here=$(dpkg --print-architecture)
case $0 in
*-arm64.sh) arch=arm64 ;;
*) arch=$here ;;
esac
triplet=$(dpkg-architecture -a"$arch" -qDEB_HOST_MULTIARCH 2>/dev/null)
packages_build "$arch"

has() {
	[ -e "$dir/root/$2" ] || fail "$1 has no $2"
}

control() {
	dpkg-deb -f "$packages/$1"_*.deb "$2"
}

depends_on() {
	control "$1" Depends | tr ',' '\n' | grep -q "^ *$2\( \|$\)" || fail "$1 does not depend on $2"
}

mkdir "$dir/root"
for file in "farroot_${version}_$arch" "farroot-fuse_${version}_$arch" "nbdkit-plugin-farroot_${version}_$arch" "farroot-image_${version}_all" "farroot-fleet_${version}_all" \
	"farroot-initramfs_${version}_all" "farroot-rescue_${version}_all"; do
	[ -s "$packages/$file.deb" ] || fail "no $file.deb; is the version in debian/changelog that of configure.ac?"
	dpkg-deb -x "$packages/$file.deb" "$dir/root"
done

has farroot usr/bin/farroot
has farroot usr/libexec/farroot/farroot-squashfs
has farroot usr/libexec/farroot/farroot-watchdog
has farroot usr/share/bash-completion/completions/farroot
has farroot usr/share/man/man1/farroot.1.gz
has farroot usr/share/doc/farroot/SECURITY.md
has farroot usr/share/doc/farroot/NEWS.gz
has farroot-fuse usr/libexec/farroot/farroot-fuse
has farroot-fuse usr/sbin/mount.fuse.farroot
has farroot-fuse usr/share/man/man8/mount.fuse.farroot.8.gz
plugin_path=usr/lib/$triplet/nbdkit/plugins/nbdkit-farroot-plugin.so
has nbdkit-plugin-farroot "$plugin_path"
has nbdkit-plugin-farroot usr/share/man/man1/nbdkit-farroot-plugin.1.gz
has farroot-initramfs usr/share/initramfs-tools/scripts/farroot
has farroot-initramfs usr/share/initramfs-tools/scripts/init-top/farroot-watchdog
has farroot-initramfs usr/share/man/man7/farroot-boot.7.gz
has farroot-rescue usr/libexec/farroot/rescue/serve
has farroot-rescue usr/share/initramfs-tools/scripts/init-top/farroot-rescue
has farroot-fleet usr/libexec/farroot/farroot-fleet
has farroot-fleet usr/share/farroot-fleet/farroot_fleet/main.py
has farroot-fleet usr/share/man/man1/farroot-fleet.1.gz
same "$(sed -n 's/^LIBRARY = //p' "$dir/root/usr/libexec/farroot/farroot-fleet")" '"/usr/share/farroot-fleet"' "where farroot-fleet looks for its parts"
for file in "$srcdir"/fleet/farroot_fleet/*.py; do
	has farroot-fleet "usr/share/farroot-fleet/farroot_fleet/${file##*/}"
done
has farroot-initramfs usr/lib/systemd/system/timers.target.wants/farroot-beacon.timer
has farroot-image usr/share/farroot-image/lib/cmd-boot.sh
has farroot-image usr/share/man/man1/farroot-image.1.gz
has farroot-image usr/share/doc/farroot-image/boot-http.md.gz
same "$(sed -n 's/^image_lib=//p' "$dir/root/usr/bin/farroot-image")" /usr/share/farroot-image "where farroot-image looks for its parts"
for file in "$srcdir"/image/lib/*.sh; do
	has farroot-image "usr/share/farroot-image/lib/$(basename "$file")"
done
[ -x "$dir/root/usr/share/initramfs-tools/hooks/farroot" ] || fail "the hook is not executable"
dpkg-deb --ctrl-tarfile "$packages"/farroot-initramfs_*.deb | tar -xO ./triggers | grep -q update-initramfs ||
	fail "farroot-initramfs does not make a new initramfs"
depends_on nbdkit-plugin-farroot nbdkit
for package in farroot fuse3 "libfuse3-[34]"; do
	depends_on farroot-fuse "$package"
done
! control farroot Depends | grep -q fuse || fail "farroot, which is in each initramfs, needs FUSE"
for package in initramfs-tools nbdkit-plugin-farroot farroot; do
	depends_on farroot-initramfs "$package"
done
for package in binutils dosfstools mmdebstrap mtools openssl squashfs-tools xxd; do
	depends_on farroot-image "$package"
done
for package in farroot farroot-fuse farroot-image farroot-initramfs farroot-rescue nbdkit-plugin-farroot; do
	[ -n "$(control $package Homepage)" ] || fail "$package has no Homepage"
	control $package Description | tr -d '\n' | grep -q 'rpi-rescue-netboot is the project' ||
		fail "$package does not say how the names relate"
done
for file in usr/bin/farroot "$plugin_path"; do
	! grep -qF "$built_in" "$dir/root/$file" || fail "$file holds the name of the build folder"
done

if [ "$arch" = "$here" ]; then
	same "$("$dir/root/usr/bin/farroot" --version)" "farroot $version" "farroot --version"
	if command -v nbdkit >/dev/null; then
		same "$(nbdkit --dump-config | sed -n 's/^plugindir=//p')/nbdkit-farroot-plugin.so" "/$plugin_path" \
			"where nbdkit looks for the plugin"
		nbdkit --dump-plugin "$dir/root/$plugin_path" | grep -qx "farroot_version=$version" ||
			fail "nbdkit does not take the plugin"
	fi
else
	LC_ALL=C "$(dpkg-architecture -a"$arch" -qDEB_HOST_GNU_TYPE 2>/dev/null)-readelf" -h "$dir/root/$plugin_path" >"$dir/elf"
	machine=$(sed -n 's/^ *Machine: *//p' "$dir/elf")
	case $arch:$machine in
	arm64:AArch64 | amd64:*X86-64) ;;
	*) fail "the plugin for $arch is for $machine" ;;
	esac
fi
