# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Writes the configuration of the boot loader (bootconf.txt) for each case.  What the site has
# in eeprom.d of common, boot and, for one machine, of its groups and itself is added behind:
# the last value of a setting counts.  For one machine device.conf becomes the section
# [farroot], which the rescue system reads, and config.txt.d the section [config.txt],
# which start4.elf appends to config.txt.
# shellcheck shell=dash

# The variables eeprom_* are the options of cmd-eeprom.sh.
# shellcheck disable=SC2154

# eeprom_set_order LIST: sets $eeprom_boot_order, which is read from right to left.
eeprom_set_order() {
	eeprom_boot_order=
	for eeprom_word in $(echo "$1" | tr , ' '); do
		case $eeprom_word in
		sd | emmc) eeprom_digit=1 ;;
		tftp) eeprom_digit=2 ;;
		usb) eeprom_digit=4 ;;
		usb2) eeprom_digit=5 ;;
		nvme) eeprom_digit=6 ;;
		http) eeprom_digit=7 ;;
		*) die "--order $1: $eeprom_word: must be of sd, emmc, usb, usb2, nvme, http, tftp; the first is tried first" ;;
		esac
		case $eeprom_boot_order in
		*$eeprom_digit*) die "--order $1: $eeprom_word is there twice" ;;
		esac
		eeprom_boot_order=$eeprom_digit$eeprom_boot_order
	done
	eeprom_boot_order=0xf$eeprom_boot_order
}

# eeprom_case_defaults: what each case needs, and what it tries when that fails.
eeprom_case_defaults() {
	case $eeprom_case in
	http)
		[ -n "$eeprom_http_host" ] || boot_usage_error eeprom "--case http needs --http-host"
		eeprom_order_list=${eeprom_order_list:-http,sd,tftp}
		;;
	tftp)
		eeprom_order_list=${eeprom_order_list:-tftp,sd}
		;;
	static)
		[ -n "$eeprom_client_ip" ] || boot_usage_error eeprom "--case static needs --client-ip"
		[ -n "$eeprom_subnet" ] || boot_usage_error eeprom "--case static needs --subnet"
		[ -n "$eeprom_tftp_ip" ] ||
			boot_usage_error eeprom "--case static needs --tftp-ip, also for HTTP: otherwise the boot loader asks DHCP"
		if [ -n "$eeprom_http_host" ]; then
			eeprom_order_list=${eeprom_order_list:-http,tftp,sd}
		else
			eeprom_order_list=${eeprom_order_list:-tftp,sd}
		fi
		;;
	*) boot_usage_error eeprom "--case $eeprom_case: must be http, tftp or static" ;;
	esac
	eeprom_set_order "$eeprom_order_list"
	case $eeprom_case:$eeprom_boot_order in
	http:*7* | tftp:*2* | static:*[27]*) ;;
	*) die "--order $eeprom_order_list: has no network boot of the case $eeprom_case" ;;
	esac
}

# eeprom_line NAME VALUE: a line if there is a value.
eeprom_line() {
	[ -z "$2" ] || printf '%s=%s\n' "$1" "$2"
}

eeprom_tftp_lines() {
	case $eeprom_boot_order in
	*2*) ;;
	*) [ "$eeprom_case" = static ] || return 0 ;;
	esac
	eeprom_line TFTP_IP "$eeprom_tftp_ip"
	case ${eeprom_tftp_prefix:-${eeprom_host_prefix-}} in
	'' | serial) echo TFTP_PREFIX=0 ;;
	mac) echo TFTP_PREFIX=2 ;;
	*)
		eeprom_tftp_prefix=${eeprom_tftp_prefix:-$eeprom_host_prefix}
		printf 'TFTP_PREFIX=1\nTFTP_PREFIX_STR=%s/\n' "${eeprom_tftp_prefix%/}"
		;;
	esac
	# start4.elf has 2.3 MB; the default of 30 s needs 600 kbit/s and a short round trip.
	echo TFTP_FILE_TIMEOUT=300000
}

# eeprom_write FILE: the configuration.
eeprom_write() {
	{
		echo "# farroot-image eeprom: $eeprom_case, for the EEPROM $eeprom_version or newer"
		echo '[all]'
		# Messages of the boot loader on the serial port.
		echo BOOT_UART=1
		echo "BOOT_ORDER=$eeprom_boot_order"
		case $eeprom_boot_order in
		*7*)
			eeprom_line HTTP_HOST "$eeprom_http_host"
			eeprom_line HTTP_PORT "$eeprom_http_port"
			eeprom_line HTTP_PATH "$eeprom_http_path"
			eeprom_line HTTP_CACERT_HASH "$eeprom_ca_hash"
			;;
		esac
		eeprom_tftp_lines
		if [ "$eeprom_case" = static ]; then
			eeprom_line CLIENT_IP "$eeprom_client_ip"
			eeprom_line SUBNET "$eeprom_subnet"
			eeprom_line GATEWAY "$eeprom_gateway"
		fi
		eeprom_line NETCONSOLE "$eeprom_netconsole"
		# Nobody is there: no installer, and no state that only a person ends.
		echo NET_INSTALL_ENABLED=0
		echo REBOOT_ON_FATAL_ERROR=1
		echo MAX_RESTARTS=10
		eeprom_line BOOT_WATCHDOG_TIMEOUT "$eeprom_watchdog"
	} >"$1" || die "$1: cannot be written; is the disk full?"
	eeprom_host_values >>"$1"
	eeprom_site_files >"$boot_temp/eeprom-files"
	while IFS= read -r eeprom_file; do
		[ -r "$eeprom_file" ] || die "$eeprom_file: cannot be read"
		printf '[all]\n# %s\n' "${eeprom_file#"$site_dir/"}"
		cat "$eeprom_file"
		[ -z "$(tail -c 1 "$eeprom_file")" ] || echo
	done <"$boot_temp/eeprom-files" >>"$1"
	eeprom_host_config "$1" >"$boot_temp/eeprom-config"
	cat "$boot_temp/eeprom-config" >>"$1"
}

eeprom_site_files() {
	for eeprom_part in common boot; do
		config_files_in "$site_dir/$eeprom_part/eeprom.d"
	done
	[ -z "$eeprom_host" ] || hosts_files eeprom.d
}

# Before the files of eeprom.d, which may end with a section [config.txt].
eeprom_host_values() {
	[ -n "$eeprom_host" ] || return 0
	hosts_values >"$boot_temp/values"
	[ ! -s "$boot_temp/values" ] || {
		echo '[farroot]'
		cat "$boot_temp/values"
	}
}

# eeprom_host_config FILE: for the end of FILE.  The filter keeps the lines from counting on
# another Pi that gets this file.
eeprom_host_config() {
	[ -n "$eeprom_host" ] || return 0
	hosts_files config.txt.d >"$boot_temp/config-files"
	[ -s "$boot_temp/config-files" ] || return 0
	# All behind the first [config.txt] belongs to config.txt.
	grep -q '^\[config\.txt\]' "$1" || echo '[config.txt]'
	while IFS= read -r eeprom_file; do
		config_check "$eeprom_file"
		echo '[all]' | cat - "$eeprom_file" | awk -v filter="[0x$hosts_serial]" '
			/^[ \t]*(#.*)?$/ { next }
			{ print }
			/^\[all\]/ { print filter }'
	done <"$boot_temp/config-files"
	echo '[all]'
}

# eeprom_open_host SERIAL: reads this host, and says what of it the EEPROM cannot have.
eeprom_open_host() {
	hosts_open
	hosts_find "$1" "--host $1"
	# For boot-config.sh.
	# shellcheck disable=SC2034
	config_place="config.txt of the TFTP tree"
	case $hosts_tftp in
	"$hosts_serial") ;;
	??-??-??-??-??-??) eeprom_host_prefix=mac ;;
	*) eeprom_host_prefix=$hosts_tftp ;;
	esac
	[ -z "$(hosts_parts cmdline.d)$(hosts_parts files)$(hosts_parts hooks)" ] ||
		say "note: the EEPROM has room for device.conf, config.txt.d and eeprom.d; files, hooks and cmdline.d of the host $hosts_serial and its groups reach it only by TFTP"
}
