#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# dpkg makes a new initramfs when nbdkit, the plugin or farroot is upgraded alone,
# so that no old engine stays in it; and only if farroot-initramfs is installed.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/overlay.sh"
. "$srcdir/tests/source/packages.sh"
need nbdkit busybox dpkg
packages_build "$(dpkg --print-architecture)"
overlay_enter "$0"

made=/var/log/initramfs-made

install_debs() {
	dpkg --force-unsafe-io -i "$@" >>"$dir/dpkg.log" 2>&1 || fail "dpkg -i $*"
}

# make_deb NAME VERSION: of the folder $dir/NAME, without dependencies.
make_deb() {
	mkdir -p "$dir/$1/DEBIAN"
	printf '%s\n' "Package: $1" "Version: $2" "Architecture: all" "Maintainer: test <test@example.org>" \
		"Description: test" >"$dir/$1/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$dir/$1" "$dir/$1.deb" >>"$dir/dpkg.log" || fail "dpkg-deb -b"
}

# newer PACKAGE: the package with a higher version, at $dir/PACKAGE.deb.
newer() {
	rm -rf "${dir:?}/$1"
	dpkg-deb -R "$packages/$1"_*.deb "$dir/$1" || fail "dpkg-deb -R"
	sed -i "s/^Version: .*/&+${2:-1}/" "$dir/$1/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$dir/$1" "$dir/$1.deb" >>"$dir/dpkg.log" || fail "dpkg-deb -b"
}

# In the place of the real one, which conflicts with dracut: the same trigger, and
# the same behaviour in maintainer scripts, but it only counts.
make_initramfs_tools() {
	mkdir -p "$dir/initramfs-tools/DEBIAN" "$dir/initramfs-tools/usr/sbin"
	cat >"$dir/initramfs-tools/usr/sbin/update-initramfs" <<-EOF
		#!/bin/sh
		if [ -n "\$DPKG_MAINTSCRIPT_PACKAGE" ]; then
			exec dpkg-trigger --no-await update-initramfs
		fi
		echo made >>$made
	EOF
	cat >"$dir/initramfs-tools/DEBIAN/postinst" <<-'EOF'
		#!/bin/sh
		if [ "$1" = triggered ]; then
			DPKG_MAINTSCRIPT_PACKAGE= update-initramfs -u
		fi
	EOF
	echo 'interest-await update-initramfs' >"$dir/initramfs-tools/DEBIAN/triggers"
	chmod 755 "$dir/initramfs-tools/DEBIAN/postinst" "$dir/initramfs-tools/usr/sbin/update-initramfs"
	make_deb initramfs-tools 0.142
}

# made_by COUNT WHAT: how many initramfs were made since the last call.
made_by() {
	same "$(grep -c . "$made")" "$1" "initramfs made by $2"
	: >"$made"
}

: >"$made"
make_initramfs_tools
install_debs "$dir/initramfs-tools.deb"
install_debs "$packages"/farroot_*.deb "$packages"/nbdkit-plugin-farroot_*.deb
made_by 0 "an engine that is in no initramfs"
install_debs "$packages"/farroot-initramfs_*.deb
made_by 1 "installing farroot-initramfs"

for package in nbdkit-plugin-farroot farroot; do
	newer $package
	install_debs "$dir/$package.deb"
	made_by 1 "upgrading $package alone"
done

# Debian's nbdkit has this path, too.
dpkg -S /usr/bin/nbdkit >>"$dir/dpkg.log" 2>&1 || fail "nbdkit is not at /usr/bin/nbdkit: the trigger is out of date"
mkdir -p "$dir/nbdkit/usr/bin"
cp /usr/bin/nbdkit "$dir/nbdkit/usr/bin/"
# Other packages may depend on just this version.
make_deb nbdkit "$(dpkg-query -W -f '${Version}' nbdkit)"
sed -i "s/^Architecture: .*/Architecture: $(dpkg --print-architecture)/" "$dir/nbdkit/DEBIAN/control"
dpkg-deb --root-owner-group -Znone -b "$dir/nbdkit" "$dir/nbdkit.deb" >>"$dir/dpkg.log"
install_debs "$dir/nbdkit.deb"
made_by 1 "upgrading nbdkit alone"

mkdir -p "$dir/bystander/usr/share/bystander"
make_deb bystander 1
install_debs "$dir/bystander.deb"
made_by 0 "another package"

dpkg -r farroot-initramfs >>"$dir/dpkg.log" 2>&1 || fail "dpkg -r"
made_by 1 "removing farroot-initramfs"
newer nbdkit-plugin-farroot 2
install_debs "$dir/nbdkit-plugin-farroot.deb"
made_by 0 "an engine that is in no initramfs any more"
