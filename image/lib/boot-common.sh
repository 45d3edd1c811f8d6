# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the commands boot, verify, extract and eeprom share: options, tools, a temporary
# folder that is removed at the end.
# shellcheck shell=dash

# A mistake on the command line: boot_usage_error COMMAND TEXT.
boot_usage_error() {
	say "$2; see farroot-image $1 --help"
	exit 2
}

# boot_option_value COMMAND OPTION [VALUE]...: the option must have a value.
boot_option_value() {
	[ $# -ge 3 ] || boot_usage_error "$1" "$2 needs a value"
	case $3 in
	-*) boot_usage_error "$1" "$2 needs a value, and $3 looks like an option" ;;
	esac
}

# boot_need PROGRAM PACKAGE: the program must be installed.
boot_need() {
	command -v "$1" >/dev/null || die "$1 is not installed; install it: apt-get install $2"
}

# boot_need_file FILE WHAT: a file that can be read, and is not empty.
boot_need_file() {
	[ -e "$1" ] || die "$1: no such file; it must be $2"
	[ ! -d "$1" ] || die "$1: is a folder; it must be $2"
	[ -r "$1" ] || die "$1: cannot be read; it must be $2 that the user $(id -un) can read"
	[ -s "$1" ] || die "$1: is empty; it must be $2"
}

# boot_temp FOLDER: sets $boot_temp, a new folder in FOLDER, which is removed when the
# program ends, and which other users cannot read.
boot_temp() {
	boot_temp=$(mktemp -d "$1/.farroot-image.XXXXXX") ||
		die "$1: no temporary folder can be made there; is it writable, and is there space?"
	trap boot_clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

boot_clean_up() {
	boot_status=$?
	trap - EXIT INT TERM
	rm -rf "$boot_temp"
	exit "$boot_status"
}

# A folder for temporary files of commands that have no output folder.
boot_temp_anywhere() {
	boot_temp "${TMPDIR:-/tmp}"
}

boot_size() {
	stat -L -c %s -- "$1"
}

# boot_copy FROM TO: with the same contents and no attributes.
boot_copy() {
	cp --reflink=auto -- "$1" "$2" || die "$2: cannot be written; is the disk full?"
	chmod 644 "$2"
}

# boot_mib BYTES: as text, rounded up to a tenth of a MiB.
boot_mib() {
	boot_tenths=$((($1 * 10 + 1048575) / 1048576))
	echo "$((boot_tenths / 10)).$((boot_tenths % 10)) MiB"
}

# boot_starts_with FILE HEX [OFFSET]: whether the file has these bytes there.
boot_starts_with() {
	[ "$(tail -c "+$((${3:-0} + 1))" -- "$1" | head -c $((${#2} / 2)) | xxd -p)" = "$2" ]
}

# The settings of this program do not depend on the user's.
boot_environment() {
	LC_ALL=C TZ=UTC PATH=$PATH:/usr/sbin:/sbin
	MTOOLSRC=/dev/null
	export LC_ALL TZ PATH MTOOLSRC
	unset MTOOLS_SKIP_CHECK MTOOLS_FAT_COMPATIBILITY MTOOLS_LOWER_CASE MTOOLS_NO_VFAT
	umask 022
}
