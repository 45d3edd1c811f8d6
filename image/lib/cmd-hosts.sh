# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image hosts: renews the folders of single machines in the TFTP tree that
# farroot-image boot made, without the rest: no file of all machines changes, and nothing is
# signed.
# summary:   hosts     renew the folders of single machines in the TFTP tree
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034
parts_use boot-common site boot-config boot-files boot-layout boot-read archives magic settings secrets inputs hosts host-values \
	host-archive host-tree host-list

renew_usage() {
	cat <<'EOT'
Usage: farroot-image hosts SITE -o OUT [OPTION]...
Renews the folders of single machines in OUT/tftp, from hosts/ and groups/ of SITE.
OUT is what farroot-image boot made. Only what changed is made again; boot.img and
the files of all machines stay as they are.

  -o OUT       the output of farroot-image boot
  --from DIR   what farroot-image rescue made: for an overlay that only some
               machines have
  --explain    make nothing; say which machines changed, and why
EOT
}

renew_options() {
	renew_site='' renew_out='' renew_from='' renew_explain=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			renew_usage
			exit
			;;
		--explain) renew_explain=yes ;;
		-o | --from)
			boot_option_value hosts "$@"
			case $1 in
			-o) renew_out=${2%/} ;;
			--from) renew_from=$2 ;;
			esac
			shift
			;;
		-*) boot_usage_error hosts "$1: no such option" ;;
		*)
			[ -z "$renew_site" ] || boot_usage_error hosts "$1: one SITE is enough"
			renew_site=$1
			;;
		esac
		shift
	done
	[ -n "$renew_site" ] || boot_usage_error hosts "SITE is missing"
	[ -n "$renew_out" ] || boot_usage_error hosts "-o OUT is missing"
}

renew_check_out() {
	{ [ -d "$renew_out/tftp" ] && [ -f "$renew_out/card/config.txt" ] && [ -f "$renew_out/hosts" ]; } ||
		die "$renew_out: is no output of farroot-image boot; that command also makes the folders of single machines"
	[ -n "$renew_explain" ] || [ -w "$renew_out/tftp" ] || die "$renew_out/tftp: cannot be written"
	[ -z "$renew_from" ] || [ -d "$renew_from" ] || die "$renew_from: no such folder; --from names the output of farroot-image rescue"
	renew_out=$(cd "$renew_out" && pwd)
	renew_epoch=${SOURCE_DATE_EPOCH:-$(list_value "$renew_out/hosts" all time)}
	case $renew_epoch in
	'' | *[!0-9]*) die "SOURCE_DATE_EPOCH=$renew_epoch: must be seconds since 1970" ;;
	esac
}

# Sets $renew_changed, the serial numbers of machines whose folder must be made.
renew_compare() {
	renew_changed=
	for renew_word in $hosts; do
		hosts_read "${renew_word#*:}"
		list_of "$renew_out/hosts" "$hosts_serial" >"$boot_temp/old" || :
		list_of "$boot_temp/hosts" "$hosts_serial" >"$boot_temp/now"
		if ! cmp -s "$boot_temp/old" "$boot_temp/now"; then
			renew_changed="$renew_changed$hosts_serial "
		elif [ ! -d "$renew_out/tftp/$hosts_tftp" ]; then
			echo "host $hosts_serial: the folder tftp/$hosts_tftp is missing" >>"$boot_temp/reasons"
			renew_changed="$renew_changed$hosts_serial "
		fi
	done
	# The folders that are in the way, or of machines that are gone.
	renew_old=
	for renew_word in $(list_serials "$renew_out/hosts"); do
		case " $renew_changed" in
		*" $renew_word "*) ;;
		*) ! list_of "$boot_temp/hosts" "$renew_word" >/dev/null || continue ;;
		esac
		renew_old="$renew_old$(list_value "$renew_out/hosts" "host $renew_word" folder) "
	done
	for renew_word in $renew_changed; do
		hosts_find "$renew_word" "host $renew_word"
		case " $renew_old" in
		*" $hosts_tftp "*) ;;
		*) { [ ! -e "$renew_out/tftp/$hosts_tftp" ] && [ ! -L "$renew_out/tftp/$hosts_tftp" ]; } ||
			die "$renew_out/tftp/$hosts_tftp: exists, and is no folder of a machine; rename it, or choose another prefix= in $site_dir/hosts/$hosts_folder/host.conf" ;;
		esac
	done
}

# A list without what is about to change comes first: if this program is ended here, the next
# run makes these folders again.
renew_publish() {
	trap '' INT TERM
	cp "$renew_out/hosts" "$boot_temp/list"
	for renew_word in $renew_changed; do
		sed -i "/^host $renew_word	folder	/!{/^host $renew_word	/d;}" "$boot_temp/list"
	done
	mv "$boot_temp/list" "$renew_out/hosts" || die "$renew_out/hosts: cannot be written"
	mkdir "$boot_temp/gone"
	for renew_word in $renew_old; do
		[ ! -e "$renew_out/tftp/$renew_word" ] || mv "$renew_out/tftp/$renew_word" "$boot_temp/gone/" ||
			die "$renew_out/tftp/$renew_word: cannot be replaced"
	done
	for renew_word in $renew_changed; do
		hosts_find "$renew_word" "host $renew_word"
		mv -T "$host_new/$hosts_tftp" "$renew_out/tftp/$hosts_tftp" || die "$renew_out/tftp/$hosts_tftp: cannot be made"
		host_table "$renew_out/tftp/$hosts_tftp"
	done
	mv "$boot_temp/hosts" "$renew_out/hosts" || die "$renew_out/hosts: cannot be written"
}

cmd_hosts() {
	renew_options "$@"
	boot_environment
	boot_need cpio cpio
	boot_need openssl openssl
	boot_need xxd xxd
	renew_check_out
	site_open "$renew_site"
	hosts_open
	boot_temp "$renew_out"
	host_start "$(list_value "$renew_out/hosts" all prefix)" "$renew_out/card" "$renew_epoch" "$renew_from"
	list_write >"$boot_temp/hosts"
	list_explain "$renew_out/hosts" "$boot_temp/hosts" >"$boot_temp/reasons"
	renew_compare
	if [ -z "$renew_changed$renew_old" ]; then
		echo "$renew_out: nothing has changed; nothing would be made again"
		return
	fi
	cat "$boot_temp/reasons"
	[ -z "$renew_explain" ] || return 0
	for renew_word in $renew_changed; do
		hosts_find "$renew_word" "host $renew_word"
		host_make
	done
	renew_publish
}
