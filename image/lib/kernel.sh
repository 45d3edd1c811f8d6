# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The kernel of an image, its device trees and overlays, and the modules that its initramfs
# needs.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# kernel_take ROOT RESULT: copies them, and sets version, as uname -r prints it.
kernel_take() {
	kernel_root=$1
	kernel_result=$2
	set -- "$kernel_root"/boot/vmlinuz-*
	[ "$#:$(ls "$@" 2>/dev/null)" = "1:$1" ] ||
		die "the image must have exactly one kernel, but has: $(cd "$kernel_root/boot" && echo vmlinuz-*)"
	version=${1##*/vmlinuz-}
	cp "$1" "$kernel_result/vmlinuz"
	chmod 644 "$kernel_result/vmlinuz"
	touch -d "@$SOURCE_DATE_EPOCH" "$kernel_result/vmlinuz"
	echo "$version" >"$kernel_result/kernel-version"
	echo "$arch" >"$kernel_result/arch"
	mkdir "$kernel_result/dtbs"
	[ "$arch" = arm64 ] || return 0
	for kernel_dtb in "$kernel_root/usr/lib/linux-image-$version"/broadcom/bcm2711-*.dtb; do
		[ -e "$kernel_dtb" ] || die "the kernel $version has no device tree of a Raspberry Pi 4"
		cp "$kernel_dtb" "$kernel_result/dtbs/"
	done
	[ ! -d "$kernel_root/usr/lib/linux-image-$version/overlays" ] ||
		cp -r "$kernel_root/usr/lib/linux-image-$version/overlays" "$kernel_result/overlays"
}

# kernel_boot_modules ROOT PART: the entries of the lists to $work/boot, the names of the
# modules of the initramfs to $work/modules-boot.
kernel_boot_modules() {
	modules_read "$image_lib/rescue/modules-boot" >"$work/boot"
	site_list "$2" modules.d >>"$work/boot"
	modules_resolve "$1" "$version" "$work/boot" |
		sed -e 's,.*/,,' -e 's/\.ko.*//' >"$work/modules-boot"
}
