# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The files of a boot partition, put together from what farroot-image rescue made and from
# the firmware.
# shellcheck shell=dash

# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# boot.img: 96 MiB is what Raspberry Pi documents; newer boot loaders take 128 MiB.
boot_image_limit=$((96 << 20))
# What this project promises for the full flavour.
boot_full_limit=90000000
# TFTP: 65,535 blocks of 1,024 bytes.  Boot loaders before 2025-09-23 cannot count further.
boot_tftp_limit=$((65535 * 1024))

# files_check FROM: what farroot-image rescue made.
files_check() {
	[ -d "$1" ] || die "$1: no such folder; farroot-image rescue SITE -o $1 makes it"
	boot_need_file "$1/vmlinuz" "the kernel that farroot-image rescue made"
	boot_need_file "$1/initrd" "the initramfs that farroot-image rescue made"
	boot_need_file "$1/kernel-version" "the version of the kernel, as uname -r prints it"
	[ ! -e "$1/arch" ] || [ "$(cat "$1/arch")" = arm64 ] ||
		die "$1/arch: $(head -n 1 "$1/arch"): a Pi 4 boots arm64 only; set arch=arm64 in site.conf"
	[ ! -e "$1/rescue.cpio" ] || boot_need_file "$1/rescue.cpio" "a cpio archive"
	boot_need_file "$1/dtbs/bcm2711-rpi-4-b.dtb" "the device tree of the Pi 4B"
	# Before anything is copied.
	for files_name in vmlinuz initrd rescue.cpio; do
		[ ! -e "$1/$files_name" ] || [ "$(boot_size "$1/$files_name")" -le $boot_image_limit ] ||
			die "$1/$files_name: $(boot_size "$1/$files_name") bytes, and all of boot.img may have $boot_image_limit (96 MiB)"
	done
}

# files_inputs FROM: the files that are used, one a line.
files_inputs() {
	for files_file in "$1/vmlinuz" "$1/initrd" "$1/rescue.cpio" "$1/kernel-version" "$1/flavour" "$1/dtbs"/*.dtb; do
		[ ! -f "$files_file" ] || printf '%s\n' "$files_file"
	done
}

# files_check_secrets FROM: unpacks what the kernel unpacks, and looks for secrets there.
files_check_secrets() {
	say "looking for secrets in $1"
	for files_name in initrd rescue.cpio; do
		[ -e "$1/$files_name" ] || continue
		[ -n "$(archive_kind "$1/$files_name")" ] ||
			die "$1/$files_name: is no archive that the kernel unpacks (cpio, as it is or compressed)"
		(
			TMPDIR=$boot_temp
			export TMPDIR
			secrets_check "$1/$files_name" >"$boot_temp/secrets"
		) || {
			[ -s "$boot_temp/secrets" ] ||
				die "$1/$files_name: cannot be unpacked to look for secrets; is it complete, and is the disk full?"
			sed -e "s,^$1/,," -e 's/^/  /' "$boot_temp/secrets" >&2
			die "$1/$files_name: any machine can fetch boot.img, and this file has secrets (above); make it by farroot-image rescue, from a site without them"
		}
	done
}

# files_kernel_kind FROM: debian or raspberrypi, from names such as 6.12.57+deb13-arm64 and
# 6.12.47+rpt-rpi-v8.
files_kernel_kind() {
	case $(head -n 1 "$1/kernel-version") in
	*rpi* | *rpt* | *-v8*) echo raspberrypi ;;
	*) echo debian ;;
	esac
}

# files_collect FROM TREE: all files; needs $firmware_dir and an open site.
files_collect() {
	mkdir "$2" || die "$2: cannot be made"
	files_kind=$(files_kernel_kind "$1")
	files_kernel "$1/vmlinuz" "$2/kernel8.img"
	files_initramfs "$1" "$2"
	files_dtbs "$1/dtbs" "$2"
	[ "$files_kind" = debian ] || files_overlays "$1" "$2"
	cmdline_write "$2" "$files_kind"
	config_write "$2" "$files_kind"
	firmware_wanted "$2/config.txt" >"$boot_temp/firmware-files" || die "$boot_temp: cannot be written; is the disk full?"
	while IFS= read -r files_name; do
		case $files_name in
		*/* | .*) die "config.txt: $files_name: the firmware's files lie in the top folder" ;;
		esac
		boot_need_file "$firmware_dir/$files_name" "a file of the package raspi-firmware"
		boot_copy "$firmware_dir/$files_name" "$2/$files_name"
	done <"$boot_temp/firmware-files"
	files_check_overlays "$2"
}

# files_kernel VMLINUZ KERNEL8: compressed by gzip if that is smaller, which the firmware
# unpacks.
files_kernel() {
	if boot_starts_with "$1" 1f8b; then
		boot_copy "$1" "$2"
		return
	fi
	if boot_starts_with "$1" 7a696d67 4; then
		die "$1: is an EFI zboot image, which the Pi's firmware cannot boot; unpack it to an arm64 Image first"
	fi
	boot_starts_with "$1" 41524d64 56 ||
		die "$1: is no arm64 kernel (no ARM\\x64 at byte 56) and no gzip of one"
	gzip_kernel <"$1" >"$2" || die "$2: cannot be written; is the disk full?"
	[ "$(boot_size "$2")" -lt "$(boot_size "$1")" ] || boot_copy "$1" "$2"
}

# The kernel wants each archive at a multiple of 4 bytes, and skips zeros between two.  Behind
# rescue.cpio a single machine may have another one, device.cpio.
files_initramfs() {
	boot_copy "$1/initrd" "$2/initrd"
	[ -e "$1/rescue.cpio" ] || return 0
	boot_copy "$1/rescue.cpio" "$2/rescue.cpio"
	truncate -s %4 "$2/initrd" "$2/rescue.cpio" || die "$2: cannot be written; is the disk full?"
}

files_dtbs() {
	for files_name in bcm2711-rpi-4-b bcm2711-rpi-400 bcm2711-rpi-cm4 bcm2711-rpi-cm4-io; do
		[ -e "$1/$files_name.dtb" ] || continue
		boot_starts_with "$1/$files_name.dtb" d00dfeed || die "$1/$files_name.dtb: is no device tree"
		boot_copy "$1/$files_name.dtb" "$2/$files_name.dtb"
	done
	[ -e "$2/bcm2711-rpi-400.dtb" ] || say "note: no device tree of the Pi 400 in $1; a Pi 400 does not boot from this"
	[ -e "$2/bcm2711-rpi-cm4.dtb" ] || [ -e "$2/bcm2711-rpi-cm4-io.dtb" ] ||
		say "note: no device tree of the CM4 in $1; a CM4 does not boot from this"
}

# Overlays fit Raspberry Pi's kernel and its device trees only.
files_overlays() {
	for files_dir in "$1/overlays" "$1/dtbs/overlays"; do
		[ ! -d "$files_dir" ] || break
	done
	[ -d "$files_dir" ] || die "$1/overlays: missing; the overlays of Raspberry Pi's kernel belong there"
	mkdir "$2/overlays"
	# The firmware looks for README before it uses the folder.
	for files_name in README overlay_map.dtb audremap.dtbo disable-bt.dtbo spi-gpio40-45.dtbo \
		$(config_site_files config.txt.d | while IFS= read -r files_file; do
			sed -n 's/^[[:space:]]*dtoverlay=\([A-Za-z0-9_-]*\).*/\1.dtbo/p' "$files_file"
		done); do
		[ "$files_name" != .dtbo ] || continue
		# overlay_map.dtb replaces some names on a Pi 4: vc4-kms-v3d by vc4-kms-v3d-pi4.
		files_pi4=${files_name%.dtbo}-pi4.dtbo
		[ ! -e "$files_dir/$files_pi4" ] || boot_copy "$files_dir/$files_pi4" "$2/overlays/$files_pi4"
		if [ "$files_name" = README ] && [ ! -e "$files_dir/README" ]; then
			echo "Overlays of the kernel $(head -n 1 "$1/kernel-version")." >"$2/overlays/README"
			continue
		fi
		boot_need_file "$files_dir/$files_name" "an overlay of Raspberry Pi's kernel"
		boot_copy "$files_dir/$files_name" "$2/overlays/$files_name"
	done
}

files_check_overlays() {
	files_name=$(sed -n 's/^[[:space:]]*dtoverlay=\([A-Za-z0-9_-][A-Za-z0-9_-]*\).*/\1/p' "$1/config.txt" |
		while IFS= read -r files_name; do
			[ -e "$1/overlays/$files_name.dtbo" ] || echo "$files_name"
		done | head -n 1)
	[ -z "$files_name" ] ||
		die "config.txt.d: dtoverlay=$files_name: overlays are for Raspberry Pi's kernel, and this is a Debian kernel; remove the line"
}

# files_check_tftp TREE
files_check_tftp() {
	for files_file in "$1"/*; do
		[ -f "$files_file" ] || continue
		files_size=$(boot_size "$files_file")
		[ "$files_size" -lt $boot_tftp_limit ] ||
			die "$(basename "$files_file"): $files_size bytes ($(boot_mib "$files_size")), and TFTP takes less than $boot_tftp_limit (65535 blocks of 1024); move parts of initrd to rescue.cpio, or leave tools out"
	done
}

# files_table TREE IMAGE: bytes of each file, of boot.img, and what is left.
files_table() {
	(cd "$1" && find . -type f -printf '%s %P\n') | sort -k2 | awk -v image="$(boot_size "$2")" -v limit=$boot_image_limit '
		{ printf "%11d  %s\n", $1, $2; sum += $1 }
		END {
			printf "%11d  all files\n", sum
			printf "%11d  boot.img, %d of them for the file system\n", image, image - sum
			printf "%11d  left of %d, the limit of boot.img\n", limit - image, limit
		}'
}
