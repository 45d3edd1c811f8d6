# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image boot: makes the files that a Raspberry Pi 4B or CM4 boots, for HTTP, TFTP,
# a card and rpiboot.  It writes nothing outside of OUT and of the folder of packages,
# and OUT appears only when all of it is complete and checked.
# summary:   boot      make the files that a Pi boots by HTTP, TFTP, SD card, USB or rpiboot
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034
parts_use boot-common gzip site fat boot-sign boot-config cache source boot-firmware boot-files boot-layout boot-read archives \
	magic settings secrets inputs boot-inputs hosts host-values host-archive host-tree host-list

boot_usage() {
	cat <<'EOT'
Usage: farroot-image boot SITE --from DIR -o OUT [OPTION]...
Makes the files that a Raspberry Pi 4B or CM4 boots, from DIR, the output of
farroot-image rescue: OUT/http, OUT/tftp, OUT/card and OUT/rpiboot. Each machine in
SITE/hosts gets a folder in OUT/tftp; farroot-image hosts renews these folders.

  --from DIR          what farroot-image rescue made
  -o OUT              the folder to make; one of an earlier run is replaced
  --key FILE          sign boot.img with this private RSA key of 2048 bits
  --sign PROGRAM      sign with "PROGRAM -a rsa2048-sha256 FILE", which prints hex
  --public-key FILE   the public key in the EEPROM; must fit the signature
  --firmware DIR      the folder with start4.elf; default: Debian's raspi-firmware
  --prefix PREFIX     the folder in OUT/tftp: none (default), a serial number, a
                      MAC address, or a name
  --group NAME        boot.img for the machines of SITE/groups/NAME: with its
                      arguments and lines of config.txt; may be given more than once
  --explain           make nothing; say what would be made again, and why

If nothing has changed, OUT stays as it is, and nothing is signed again.

Without --key and --sign there is no OUT/http: a Pi boots only signed files by HTTP.
EOT
}

boot_options() {
	boot_site='' boot_from='' boot_out='' boot_key='' boot_program='' boot_public=''
	boot_firmware='' boot_prefix=none boot_explain='' boot_groups=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			boot_usage
			exit
			;;
		--from | -o | --key | --sign | --public-key | --firmware | --prefix | --group) boot_option_value boot "$@" ;;
		--explain)
			boot_explain=yes
			shift
			continue
			;;
		-*) boot_usage_error boot "$1: no such option" ;;
		*)
			[ -z "$boot_site" ] || boot_usage_error boot "$1: one SITE is enough"
			boot_site=$1
			shift
			continue
			;;
		esac
		case $1 in
		--from) boot_from=$2 ;;
		-o) boot_out=${2%/} ;;
		--key) boot_key=$2 ;;
		--sign) boot_program=$2 ;;
		--public-key) boot_public=$2 ;;
		--firmware) boot_firmware=$2 ;;
		--prefix) boot_prefix=$2 ;;
		--group)
			hosts_is_group_name "$2" || boot_usage_error boot "--group $2: $hosts_group_names"
			boot_groups="$boot_groups$2 "
			;;
		esac
		shift 2
	done
	[ -n "$boot_site" ] || boot_usage_error boot "SITE is missing"
	[ -n "$boot_from" ] || boot_usage_error boot "--from DIR is missing"
	[ -n "$boot_out" ] || boot_usage_error boot "-o OUT is missing"
	[ -z "$boot_key" ] || [ -z "$boot_program" ] || boot_usage_error boot "--key and --sign: give one of them"
	[ -z "$boot_program" ] || [ -n "$boot_public" ] ||
		boot_usage_error boot "--sign needs --public-key, to check what the program signed"
	[ -z "$boot_public" ] || [ -n "$boot_key$boot_program" ] ||
		boot_usage_error boot "--public-key needs --key or --sign"
}

# The time inside of boot.img and boot.sig: SOURCE_DATE_EPOCH, or that of the newest input.
boot_set_epoch() {
	boot_epoch=${SOURCE_DATE_EPOCH-}
	[ -n "$boot_epoch" ] ||
		boot_epoch=$(files_inputs "$boot_from" | while IFS= read -r boot_input; do
			stat -L -c %Y -- "$boot_input"
		done | sort -n | tail -n 1)
	case $boot_epoch in
	'' | *[!0-9]*) die "SOURCE_DATE_EPOCH=$boot_epoch: must be seconds since 1970" ;;
	esac
	# FAT begins in 1980.
	[ "$boot_epoch" -ge 315532800 ] || boot_epoch=315532800
}

boot_check_key() {
	[ -z "$boot_public" ] || sign_check_public "$boot_public"
	if [ -n "$boot_program" ]; then
		command -v "$boot_program" >/dev/null ||
			die "$boot_program: no such program; --sign names one that is called with -a rsa2048-sha256 FILE"
	elif [ -n "$boot_key" ] && [ -z "$boot_public" ]; then
		boot_public=$boot_temp/public.pem
		sign_public_of "$boot_key" "$boot_public"
	elif [ -n "$boot_key" ]; then
		boot_need_file "$boot_key" "a private RSA key in PEM form"
	fi
}

cmd_boot() {
	boot_options "$@"
	boot_environment
	boot_need mkfs.vfat dosfstools
	boot_need mcopy mtools
	boot_need libdeflate-gzip libdeflate-tools
	boot_need openssl openssl
	boot_need xxd xxd
	boot_need cpio cpio
	site_open "$boot_site"
	site_check boot
	hosts_open
	hosts_use "$boot_groups" ''
	files_check "$boot_from"
	layout_prefix "$boot_prefix"
	layout_check_out "$boot_out"
	boot_temp "$(dirname "$boot_out")"
	boot_check_key
	boot_set_epoch
	firmware_find "$boot_firmware"
	kept_write "$boot_from" >"$boot_temp/inputs" || die "$boot_temp: cannot be written; is the disk full?"
	if [ -n "$boot_explain" ]; then
		kept_explain "$boot_out"
		return
	fi
	boot_temp_new=$boot_temp/new
	boot_kept=
	if kept_check "$boot_out" "$boot_temp/inputs"; then
		boot_kept=yes
		kept_take "$boot_out" "$boot_temp_new"
	else
		boot_make
	fi
	boot_hosts
	if [ -n "$boot_kept" ] && diff -r --no-dereference "$boot_temp_new" "$boot_out" >/dev/null; then
		say "$boot_out: nothing has changed"
	else
		[ -z "$boot_kept" ] || say "$boot_out: boot.img has not changed; the folders of single machines are made again"
		layout_publish "$boot_temp_new" "$boot_out"
	fi
	cat "$boot_out/sizes" "$boot_temp/host-sizes"
}

# The files of all machines, in $boot_temp_new.
boot_make() {
	boot_tree=$boot_temp/tree
	files_check_secrets "$boot_from"
	files_collect "$boot_from" "$boot_tree"
	files_check_tftp "$boot_tree"
	fat_make "$boot_tree" "$boot_temp/boot.img" "$boot_epoch"
	files_table "$boot_tree" "$boot_temp/boot.img" >"$boot_temp/sizes"
	boot_check_size
	boot_sig=
	if [ -n "$boot_key$boot_program" ]; then
		boot_sig=$boot_temp/boot.sig
		sign_make "$boot_temp/boot.img" "$boot_sig" "$boot_epoch" "$boot_key" "$boot_program"
		sign_check "$boot_temp/boot.img" "$boot_sig" "$boot_public" "$boot_temp"
	else
		say "note: no --key and no --sign, so there is no $boot_out/http; a Pi boots only signed files by HTTP"
	fi
	read_image "$boot_temp/boot.img" "$boot_temp/check"
	read_check "$boot_temp/check"
	layout_make "$boot_tree" "$boot_temp/boot.img" "$boot_temp_new" "$boot_sig"
	for boot_file in sizes inputs; do
		cp "$boot_temp/$boot_file" "$boot_temp_new/$boot_file" || die "$boot_out: cannot be written; is the disk full?"
	done
	kept_sums "$boot_temp_new" >"$boot_temp_new/sums" || die "$boot_out: cannot be written; is the disk full?"
}

boot_check_size() {
	[ "$(boot_size "$boot_temp/boot.img")" -le "$boot_image_limit" ] || {
		cat "$boot_temp/sizes" >&2
		die "boot.img: $(boot_size "$boot_temp/boot.img") bytes, and the boot loader takes $boot_image_limit (96 MiB); the table above has the sizes: leave out tools or modules"
	}
	[ "$(cat "$boot_from/flavour" 2>/dev/null)" = full ] || return 0
	[ "$(boot_size "$boot_temp/boot.img")" -gt "$boot_full_limit" ] || return 0
	boot_large="boot.img: $(boot_size "$boot_temp/boot.img") bytes, and the full flavour has at most $boot_full_limit"
	if site_adds rescue; then
		say "note: $boot_large without what the site adds"
		return
	fi
	cat "$boot_temp/sizes" >&2
	die "$boot_large; the table above has the sizes, and $boot_from/sizes has those of the packages: find out what has grown"
}

# The folders of single machines; what is before does not depend on them.
boot_hosts() {
	host_start "$layout_prefix" "$(cd "$boot_temp_new/card" && pwd)" "$boot_epoch" "$boot_from"
	list_write >"$boot_temp_new/hosts" || die "$boot_out: cannot be written; is the disk full?"
	for boot_word in $hosts; do
		hosts_read "${boot_word#*:}"
		host_make
		mv "$host_folder" "$boot_temp_new/tftp/" || die "$boot_out: cannot be written"
		host_table "$boot_temp_new/tftp/$hosts_tftp"
	done >"$boot_temp/host-sizes"
}
