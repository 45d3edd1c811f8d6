# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image verify: checks boot.img and boot.sig as the boot loader and the firmware do,
# before a Pi does.
# summary:   verify    check boot.img and boot.sig as a Pi does
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034
parts_use boot-common fat boot-sign boot-files boot-read

verify_usage() {
	cat <<'EOT'
Usage: farroot-image verify FOLDER [--public-key FILE]
Checks FOLDER/boot.img and FOLDER/boot.sig as a Raspberry Pi does: the hash, the
signature, the size, the file system, and each file that config.txt needs.
Ends with status 1 and says what is wrong if a Pi would not boot from them.

  --public-key FILE   the public key in the EEPROM; without it only the hash is
                      checked, not the signature
EOT
}

cmd_verify() {
	verify_folder='' verify_public=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			verify_usage
			exit
			;;
		--public-key)
			boot_option_value verify "$@"
			verify_public=$2
			shift
			;;
		-*) boot_usage_error verify "$1: no such option" ;;
		*)
			[ -z "$verify_folder" ] || boot_usage_error verify "$1: one FOLDER is enough"
			verify_folder=${1%/}
			;;
		esac
		shift
	done
	[ -n "$verify_folder" ] || boot_usage_error verify "FOLDER is missing"
	boot_environment
	boot_need fsck.vfat dosfstools
	boot_need mcopy mtools
	boot_need openssl openssl
	boot_need xxd xxd
	[ -d "$verify_folder" ] || die "$verify_folder: no such folder; it is OUT/http of farroot-image boot"
	verify_image=$verify_folder/boot.img
	boot_need_file "$verify_image" "the image that farroot-image boot made"
	boot_need_file "$verify_folder/boot.sig" "the signature of boot.img; without it a Pi says that boot.img is not found"
	[ "$(boot_size "$verify_folder/boot.sig")" -le 4096 ] || die "$verify_folder/boot.sig: more than 4096 bytes; it is no signature file"
	verify_size=$(boot_size "$verify_image")
	[ "$verify_size" -le "$boot_image_limit" ] ||
		die "$verify_image: $verify_size bytes, and the boot loader takes $boot_image_limit (96 MiB)"
	boot_temp_anywhere
	[ -z "$verify_public" ] || sign_check_public "$verify_public"
	sign_check "$verify_image" "$verify_folder/boot.sig" "$verify_public" "$boot_temp"
	[ -n "$verify_public" ] ||
		say "note: the signature was not checked, since no --public-key was given"
	ln -s "$(cd "$verify_folder" && pwd)/boot.img" "$boot_temp/boot.img"
	read_image "$boot_temp/boot.img" "$boot_temp/check"
	read_check "$boot_temp/check"
	echo "$verify_folder: boot.img ($verify_size bytes) and boot.sig are as a Pi needs them"
}
