# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of the tools in this folder, the VM tests and ./demo.  vm_here is this
# folder, which the script that sources this sets.
# shellcheck shell=dash
# shellcheck disable=SC2154

vm_die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# The folder in which roots and images are kept between runs.
vm_work_dir() {
	vm_dir=${FARROOT_VM_DIR:-/var/tmp/farroot-vm}
	mkdir -p "$vm_dir"
	echo "$vm_dir"
}

# vm_key FOLDER...: a name for their contents.
vm_key() {
	{
		find "$@" ! -type d -printf '%P %m %l\n'
		find "$@" -type f -exec sha256sum {} + | sed 's, .*,,'
	} | LC_ALL=C sort | sha256sum | cut -c 1-16
}

# vm_use_tools: puts the programs of this tree into PATH, from its packages.
vm_use_tools() {
	vm_debs=$("$vm_here/make-debs") || return 1
	vm_tools=$(vm_work_dir)/tools-$(vm_key "$vm_debs")
	if [ ! -d "$vm_tools" ]; then
		vm_new=$(mktemp -d "$vm_tools.XXXXXX")
		for vm_deb in "$vm_debs"/*.deb; do
			dpkg-deb -x "$vm_deb" "$vm_new" || return 1
		done
		chmod 755 "$vm_new"
		mv -T "$vm_new" "$vm_tools" 2>/dev/null || rm -rf "$vm_new"
	fi
	PATH=$vm_tools/usr/bin:$PATH:/usr/sbin:/sbin
	export PATH
}

# vm_root ARCH [FOLDER]...: makes a Debian for tests with farroot-image rootfs, and prints
# the folder of root.img, vmlinuz and initrd.  Each FOLDER is added to the site.  What was made from the
# same files is not made again.  After vm_use_tools.
vm_root() {
	vm_arch=$1
	shift
	vm_debs=$("$vm_here/make-debs" --arch "$vm_arch") || return 1
	vm_image=$vm_here/../../../image
	vm_out=$(vm_work_dir)/root-$vm_arch-$(vm_key "$vm_debs" "$vm_image" "$vm_here/../site" "$@")
	if [ ! -e "$vm_out/inputs" ]; then
		vm_site=$(mktemp -d)
		for vm_folder in "$vm_here/../site" "$@"; do
			cp -R "$vm_folder/." "$vm_site/" || return 1
		done
		echo "arch=$vm_arch" >>"$vm_site/site.conf"
		vm_status=0
		FARROOT_IMAGE_CACHE=${FARROOT_IMAGE_CACHE:-$(vm_work_dir)/image-$vm_arch} "$vm_image/farroot-image" rootfs "$vm_site" \
			-o "$vm_out" --debs "$vm_debs" >&2 || vm_status=$?
		rm -rf "$vm_site"
		[ "$vm_status" = 0 ] || return 1
	fi
	echo "$vm_out"
}

vm_console() {
	case "$1" in
	arm64) echo ttyAMA0 ;;
	*) echo ttyS0 ;;
	esac
}

# Succeeds if this machine can listen on ::1.
vm_has_ipv6() {
	grep -q '^0*1 ' /proc/net/if_inet6 2>/dev/null
}

vm_now() {
	date +%s
}

# vm_wait_for SECONDS PID FILE PATTERN: until the pattern is in the file.  Fails
# when the time is over, or the process.
vm_wait_for() {
	vm_until=$(($(vm_now) + $1))
	until grep -aqE -e "$4" "$3" 2>/dev/null; do
		[ "$(vm_now)" -lt "$vm_until" ] || return 1
		kill -0 "$2" 2>/dev/null || grep -aqE -e "$4" "$3" || return 1
		sleep 0.5
	done
}
