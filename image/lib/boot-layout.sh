# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The output folder of farroot-image boot: one folder for each way to boot, and README.
# shellcheck shell=dash

# boot_temp is set by boot-common.sh.
# shellcheck disable=SC2154

# layout_check_out OUT: a new or empty folder, or one that an earlier run made.
layout_check_out() {
	[ ! -L "$1" ] || die "$1: is a symbolic link; name the folder itself"
	[ ! -e "$1" ] || [ -d "$1" ] || die "$1: is no folder"
	[ ! -d "$1" ] || [ -z "$(ls -A "$1")" ] || { [ -f "$1/sizes" ] && [ -f "$1/card/config.txt" ] && [ -f "$1/rpiboot/boot.img" ]; } ||
		die "$1: has files that farroot-image boot did not make; name a new folder, or empty it"
	[ -d "$(dirname "$1")" ] || die "$(dirname "$1"): no such folder; make it first"
	[ -w "$(dirname "$1")" ] || die "$(dirname "$1"): cannot be written"
}

# layout_prefix PREFIX [WHERE]: sets $layout_prefix, a folder in tftp/ with its /, or
# nothing.  WHERE is for messages.
layout_prefix() {
	layout_prefix=$1
	layout_where=${2:---prefix $1}
	case $1 in
	none) layout_prefix='' && return ;;
	*[!A-Za-z0-9._:-]* | '' | .* | -*)
		die "$layout_where: must be none, a serial number (8 hex digits), a MAC address, or a name of the characters A-Z a-z 0-9 . _ -"
		;;
	??:??:??:??:??:?? | ??-??-??-??-??-??)
		layout_prefix=$(echo "$1" | tr 'A-F:' 'a-f-')
		case $layout_prefix in
		*[!0-9a-f-]*) die "$layout_where: is no MAC address" ;;
		esac
		;;
	*:*) die "$layout_where: is no MAC address" ;;
	????????) case $1 in *[!0-9A-Fa-f]*) ;; *) layout_prefix=$(echo "$1" | tr A-F a-f) ;; esac ;;
	1000000000000000 | 10000000[0-9a-fA-F]*)
		[ ${#1} != 16 ] || die "$layout_where: a Pi uses the last 8 digits of its serial number: ${1#????????}"
		;;
	esac
	layout_prefix=$layout_prefix/
	[ ${#layout_prefix} -le 32 ] || die "$layout_where: TFTP_PREFIX_STR takes 31 characters and a /"
}

# layout_make TREE IMAGE OUT SIGNED: fills OUT.
layout_make() {
	mkdir -p "$3/tftp/$layout_prefix" "$3/card" "$3/rpiboot" || die "$3: cannot be made"
	layout_copy_tree "$1" "$3/tftp/$layout_prefix"
	layout_copy_tree "$1" "$3/card"
	boot_copy "$2" "$3/rpiboot/boot.img"
	echo boot_ramdisk=1 >"$3/rpiboot/config.txt"
	if [ -n "$4" ]; then
		mkdir "$3/http"
		mv "$2" "$4" "$3/http/" || die "$3/http: cannot be written"
		boot_copy "$3/http/boot.sig" "$3/rpiboot/boot.sig"
	fi
	layout_readme "$4" >"$3/README" || die "$3: cannot be written; is the disk full?"
}

layout_copy_tree() {
	cp -R --reflink=auto --preserve=timestamps -- "$1/." "$2" || die "$2: cannot be written; is the disk full?"
}

layout_readme() {
	[ -z "$1" ] || cat <<-'END'
		http/     Put boot.img and boot.sig on a web server, both at the same time.  In the EEPROM:
		          BOOT_ORDER with the digit 7, HTTP_HOST, HTTP_PATH and your public key.
	END
	cat <<-END
		tftp/     The root of a TFTP server.  In the EEPROM: BOOT_ORDER with the digit 2${layout_prefix:+
		          and TFTP_PREFIX for the folder $layout_prefix}.
		          A folder with the serial number of a machine is for this machine alone.
		card/     Copy the files to the first partition (FAT32) of an SD card, of a USB disk, or of
		          the eMMC of a CM4.  Nothing else has to be on it.
		rpiboot/  For a CM4 with nRPIBOOT set, on a USB cable: add bootfiles.bin of usbboot
		          (mass-storage-gadget64/bootfiles.bin), then: rpiboot -d rpiboot
		hosts     What the folders of single machines were made from.
		sizes     The bytes of each file.
		inputs    What the files of all machines were made from; sums: their SHA-256.

		The pages docs/boot-http.md, docs/boot-tftp.md and docs/boot-sd-usb-rpiboot.md of
		rpi-rescue-netboot have all steps; farroot-image eeprom writes the configuration of the
		EEPROM.
	END
}

# layout_publish NEW OUT: NEW becomes OUT; what was there is removed afterwards.
layout_publish() {
	# Between the two there is no OUT.
	trap '' INT TERM
	if [ -d "$2" ]; then
		mv -T -- "$2" "$boot_temp/old" || die "$2: cannot be replaced; is it a mount point?"
	fi
	mv -T -- "$1" "$2" || {
		[ ! -d "$boot_temp/old" ] || mv -T -- "$boot_temp/old" "$2"
		die "$2: cannot be made"
	}
}
