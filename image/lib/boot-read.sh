# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Reads boot.img as the Pi's firmware does: unpacks the FAT file system, applies the filters
# of config.txt for one machine, and finds the files that are named there.
# shellcheck shell=dash

# fat_log is set by fat.sh.
# shellcheck disable=SC2154

# What is read, for messages.
read_of=boot.img

# read_image IMAGE FOLDER: unpacks it to the new FOLDER, beside IMAGE.
read_image() {
	mkdir "$2" || die "$2: cannot be made"
	fat_unpack "$1" "$2" || die "$1: is no sound FAT file system: $(echo "$fat_log" | tail -n 1)"
}

# read_config FOLDER MODEL SERIAL: the lines of config.txt that count for this machine, to
# standard output.  MODEL is 4b, 400 or cm4; SERIAL is hex digits or empty.  A filter of
# each kind (model, serial) replaces the one before; [all] ends both.  Filters that this
# program cannot decide, such as [gpio4=1], are taken as not met.
read_config() {
	[ -f "$1/config.txt" ] || die "$read_of: has no config.txt"
	awk -v model="$2" -v serial="$3" '
		function last8(hex) {
			hex = "00000000" tolower(hex)
			return substr(hex, length(hex) - 7)
		}
		BEGIN {
			type["4b"] = "0x11"; type["400"] = "0x13"; type["cm4"] = "0x14"
			by_model = by_serial = by_other = 1
		}
		{ sub(/\r$/, ""); sub(/^[ \t]+/, "") }
		/^\[.*\]/ {
			filter = substr($0, 2, index($0, "]") - 2)
			if (filter == "all")
				by_model = by_serial = by_other = 1
			else if (filter == "none")
				by_model = 0
			else if (filter ~ /^(pi[0-9]|cm[0-9])/)
				by_model = filter == "pi4" || filter == "cm4" && model == "cm4" || filter == "pi400" && model == "400"
			else if (filter ~ /^board-type=/)
				by_model = filter == "board-type=" type[model]
			else if (filter ~ /^0x[0-9A-Fa-f]+$/)
				by_serial = serial != "" && last8(substr(filter, 3)) == last8(serial)
			else
				by_other = 0
			next
		}
		/^#/ || /^$/ { next }
		by_model && by_serial && by_other' "$1/config.txt"
}

# read_value CONFIG-LINES KEY DEFAULT: the last value of KEY=.
read_value() {
	read_found=$(printf '%s\n' "$1" | sed -n "s/^$2=//p" | tail -n 1)
	printf '%s\n' "${read_found:-$3}"
}

# read_machine FOLDER MODEL SERIAL: sets $read_kernel, $read_archives (words),
# $read_cmdline, $read_dtb and $read_start, names in FOLDER that exist.
read_machine() {
	read_lines=$(read_config "$@")
	read_kernel=$(read_value "$read_lines" kernel kernel8.img)
	read_cmdline=$(read_value "$read_lines" cmdline cmdline.txt)
	read_start=$(read_value "$read_lines" start_file start4.elf)
	read_fixup=$(read_value "$read_lines" fixup_file fixup4.dat)
	read_archives=$(printf '%s\n' "$read_lines" | sed -n 's/^initramfs[[:space:]][[:space:]]*\([^[:space:]]*\).*/\1/p' | tail -n 1 | tr ',*?[' ' ___')
	read_dtb=$(read_value "$read_lines" device_tree '')
	[ -n "$read_dtb" ] || read_dtb=$(read_find_dtb "$1" "$2")
	[ -n "$read_dtb" ] || die "$read_of: has no device tree for the model $2"
	for read_name in "$read_start" "$read_fixup" "$read_kernel" "$read_cmdline" "$read_dtb" $read_archives; do
		case $read_name in
		*/* | .*) die "$read_of: config.txt names $read_name, which is not in the top folder" ;;
		esac
		[ -s "$1/$read_name" ] || die "$read_of: config.txt needs $read_name, which is missing or empty"
	done
	[ "$(read_value "$read_lines" arm_64bit 0)" = 1 ] || die "$read_of: config.txt has no arm_64bit=1, and the kernel is arm64"
}

# read_find_dtb FOLDER MODEL: upstream_kernel=1 prefers the names of the upstream kernel.
read_find_dtb() {
	case $2 in
	cm4) set -- "$1" bcm2711-rpi-cm4.dtb bcm2711-rpi-cm4-io.dtb ;;
	400) set -- "$1" bcm2711-rpi-400.dtb ;;
	*) set -- "$1" bcm2711-rpi-4-b.dtb ;;
	esac
	for read_name in "$2" "${3-$2}"; do
		[ ! -e "$1/$read_name" ] || {
			echo "$read_name"
			return
		}
	done
}

# read_check FOLDER [SERIAL]: every file that is named exists, for each model that has a
# device tree.
read_check() {
	for read_model in 4b 400 cm4; do
		[ "$read_model" = 4b ] || [ -n "$(read_find_dtb "$1" $read_model)" ] || continue
		read_machine "$1" $read_model "${2-}"
		boot_starts_with "$1/$read_dtb" d00dfeed || die "$read_of: $read_dtb is no device tree"
		boot_starts_with "$1/$read_kernel" 1f8b || boot_starts_with "$1/$read_kernel" 41524d64 56 ||
			die "$read_of: $read_kernel is no arm64 kernel and no gzip of one"
	done
}
