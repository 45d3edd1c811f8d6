# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image extract: takes boot.img apart as the firmware of one machine does, so that
# QEMU can boot what the Pi would boot.
# summary:   extract   take boot.img apart: kernel, initramfs, cmdline and dtb
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034
parts_use boot-common fat boot-files boot-read

extract_usage() {
	cat <<'EOT'
Usage: farroot-image extract BOOT.IMG -o DIR [OPTION]...
Takes BOOT.IMG apart as a Raspberry Pi does and writes DIR/kernel (unpacked),
DIR/initramfs (all archives, one behind the other), DIR/cmdline, DIR/dtb and
DIR/config.txt (the lines that count for this machine).

  -o DIR          the folder to make
  --model MODEL   4b (default), 400 or cm4
  --serial HEX    the serial number, for filters such as [0x12345678]
EOT
}

extract_options() {
	extract_image='' extract_out='' extract_model=4b extract_serial=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			extract_usage
			exit
			;;
		-o | --model | --serial) boot_option_value extract "$@" ;;
		-*) boot_usage_error extract "$1: no such option" ;;
		*)
			[ -z "$extract_image" ] || boot_usage_error extract "$1: one BOOT.IMG is enough"
			extract_image=$1
			shift
			continue
			;;
		esac
		case $1 in
		-o) extract_out=${2%/} ;;
		--model) extract_model=$2 ;;
		--serial) extract_serial=${2#0x} ;;
		esac
		shift 2
	done
	[ -n "$extract_image" ] || boot_usage_error extract "BOOT.IMG is missing"
	[ -n "$extract_out" ] || boot_usage_error extract "-o DIR is missing"
	case $extract_model in
	4b | 400 | cm4) ;;
	*) boot_usage_error extract "--model $extract_model: must be 4b, 400 or cm4" ;;
	esac
	case $extract_serial in
	*[!0-9A-Fa-f]*) boot_usage_error extract "--serial $extract_serial: must be hex digits, as in /proc/cpuinfo" ;;
	esac
}

extract_write() {
	extract_tree=$boot_temp/tree
	extract_new=$boot_temp/new
	mkdir "$extract_new" || return 1
	if boot_starts_with "$extract_tree/$read_kernel" 1f8b; then
		gzip -dc <"$extract_tree/$read_kernel" >"$extract_new/kernel" || return 1
	else
		cp "$extract_tree/$read_kernel" "$extract_new/kernel" || return 1
	fi
	: >"$extract_new/initramfs" || return 1
	for extract_name in $read_archives; do
		cat "$extract_tree/$extract_name" >>"$extract_new/initramfs" || return 1
	done
	# The firmware takes the first line.
	head -n 1 "$extract_tree/$read_cmdline" >"$extract_new/cmdline" &&
		cp "$extract_tree/$read_dtb" "$extract_new/dtb" &&
		printf '%s\n' "$read_lines" >"$extract_new/config.txt"
}

cmd_extract() {
	extract_options "$@"
	boot_environment
	boot_need fsck.vfat dosfstools
	boot_need mcopy mtools
	boot_need xxd xxd
	boot_need_file "$extract_image" "an image that farroot-image boot made"
	[ "$(boot_size "$extract_image")" -le "$boot_image_limit" ] ||
		die "$extract_image: $(boot_size "$extract_image") bytes, and the boot loader takes $boot_image_limit (96 MiB)"
	extract_image=$(cd "$(dirname "$extract_image")" && pwd)/$(basename "$extract_image")
	{ [ ! -e "$extract_out" ] && [ ! -L "$extract_out" ]; } || die "$extract_out: exists; name a new folder"
	[ -d "$(dirname "$extract_out")" ] || die "$(dirname "$extract_out"): no such folder; make it first"
	boot_temp "$(dirname "$extract_out")"
	ln -s "$extract_image" "$boot_temp/boot.img"
	read_image "$boot_temp/boot.img" "$boot_temp/tree"
	read_machine "$boot_temp/tree" "$extract_model" "$extract_serial"
	extract_write || die "$extract_out: cannot be written; is the disk full, or boot.img damaged?"
	mv "$boot_temp/new" "$extract_out" || die "$extract_out: cannot be made"
}
