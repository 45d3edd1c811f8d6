# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Writes the configuration of the boot loader (bootconf.txt) for each case.  What the site has
# in eeprom.d of common, boot and hosts/SERIAL is added behind: the last value of a setting
# counts.
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
	case $eeprom_tftp_prefix in
	'' | serial) echo TFTP_PREFIX=0 ;;
	mac) echo TFTP_PREFIX=2 ;;
	*) printf 'TFTP_PREFIX=1\nTFTP_PREFIX_STR=%s/\n' "${eeprom_tftp_prefix%/}" ;;
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
	eeprom_site_files >"$boot_temp/eeprom-files"
	while IFS= read -r eeprom_file; do
		[ -r "$eeprom_file" ] || die "$eeprom_file: cannot be read"
		printf '[all]\n# %s\n' "${eeprom_file#"$site_dir/"}"
		cat "$eeprom_file"
		[ -z "$(tail -c 1 "$eeprom_file")" ] || echo
	done <"$boot_temp/eeprom-files" >>"$1"
}

eeprom_site_files() {
	for eeprom_part in common boot ${eeprom_host:+"hosts/$eeprom_host"}; do
		for eeprom_file in "$site_dir/$eeprom_part/eeprom.d"/*; do
			case $eeprom_file in
			*'~') ;;
			*) [ ! -f "$eeprom_file" ] || printf '%s\n' "$eeprom_file" ;;
			esac
		done
	done
}
