# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Checks the configuration of the boot loader in the EEPROM (bootconf.txt) for what makes a
# remote Pi unreachable.  An error is something that fails, or that nobody can undo from a
# distance; a note is something to know.  Sources: Raspberry Pi's documentation of the boot
# loader, and the release notes and issues of rpi-eeprom.
# shellcheck shell=dash

# A file in the EEPROM is a sector of 4,096 bytes without its header.
eeprom_config_limit=4076

# Oldest versions that can do it, and versions that must not be used.
eeprom_version_default=2026-05-17
eeprom_version_http=2022-03-10
eeprom_version_tcp_window=2025-05-08

# eeprom_check_version DATE BOOT-ORDER: of the boot loader, YYYY-MM-DD.
eeprom_check_version() {
	case $1 in
	20[0-9][0-9]-[01][0-9]-[0-3][0-9]) ;;
	*) die "EEPROM version $1: must be a date such as $eeprom_version_default, as in pieeprom-$eeprom_version_default.bin" ;;
	esac
	eeprom_number=$(eeprom_date_number "$1")
	case $1 in
	2025-08-27) die "EEPROM version $1: an answer 404 stops a CM4 for ever (rpi-eeprom issue 763); use $eeprom_version_default or newer" ;;
	2025-09-22) die "EEPROM version $1: network boot of a Pi 4 is broken in it; use $eeprom_version_default or newer" ;;
	esac
	case $2 in
	*7*)
		[ "$eeprom_number" -ge "$(eeprom_date_number $eeprom_version_http)" ] ||
			die "EEPROM version $1: has no HTTP boot, which began with $eeprom_version_http; use $eeprom_version_default or newer"
		[ "$eeprom_number" -ge "$(eeprom_date_number $eeprom_version_tcp_window)" ] ||
			die "EEPROM version $1: without the TCP window of $eeprom_version_tcp_window, HTTP boot takes hours on a link that loses packets; use $eeprom_version_default or newer"
		;;
	esac
	[ "$eeprom_number" -ge "$(eeprom_date_number $eeprom_version_default)" ] ||
		say "note: EEPROM version $1 is older than $eeprom_version_default, the oldest one that this project recommends; newer boards do not start with an older one (rpi-eeprom issue 838)"
}

# eeprom_check_minimum NUMBER IMAGE: each board has the number of the oldest boot loader that
# starts on it, in /proc/device-tree/chosen/rpi-min-boot-ver, and each image its own: MFG_VER,
# or 0 without one.  An older image leaves a newer board dark, and only nRPIBOOT or an SD card
# undoes it.  NUMBER is empty if nobody has read it.
eeprom_check_minimum() {
	eeprom_made_for=$(grep -a -o 'MFG_VER: [0-9][0-9]*' "$2" | head -n 1 | cut -d ' ' -f 2)
	eeprom_made_for=${eeprom_made_for:-0}
	if [ -n "$1" ]; then
		[ "$eeprom_made_for" -ge "$1" ] ||
			die "$2: its MFG_VER is $eeprom_made_for, and the board needs at least $1 (--min-boot-ver): the board would never start again (rpi-eeprom issue 838); use $eeprom_version_default or newer"
	elif [ "$eeprom_made_for" = 0 ]; then
		say "note: $2 has no MFG_VER, so a board with a number in /proc/device-tree/chosen/rpi-min-boot-ver would never start again (rpi-eeprom issue 838); read it there, and give it with --min-boot-ver"
	fi
}

eeprom_date_number() {
	echo "$1" | tr -d -
}

# eeprom_check FILE NAME: prints all errors and notes; fails if there is an error.
# Sets $eeprom_order, the value of BOOT_ORDER, for cmd-eeprom.sh.
# shellcheck disable=SC2034
eeprom_check() {
	eeprom_size=$(boot_size "$1")
	[ "$eeprom_size" -le $eeprom_config_limit ] || {
		say "$2: $eeprom_size bytes; the EEPROM has room for $eeprom_config_limit"
		return 1
	}
	eeprom_order=$(tr -d '\r' <"$1" | sed -n 's/^BOOT_ORDER=//p' | tail -n 1)
	eeprom_found=$(awk "$eeprom_check_lines$eeprom_check_values" "$1")
	[ -n "$eeprom_found" ] || return 0
	printf '%s\n' "$eeprom_found" | while IFS= read -r eeprom_line; do
		say "$2: $eeprom_line"
	done
	! printf '%s\n' "$eeprom_found" | grep -qv '\(^\|: \)note: '
}

# Line by line: the syntax, the sections, the names.
# shellcheck disable=SC2016 # awk
eeprom_check_lines='
	function report(text) { print NR ": " text }
	function is_ip(text, part, n, i) {
		n = split(text, part, ".")
		if (n != 4)
			return 0
		for (i = 1; i <= 4; i++)
			if (part[i] !~ /^[0-9]+$/ || part[i] + 0 > 255)
				return 0
		return 1
	}
	function number_of(text, part, i, sum) {
		split(text, part, ".")
		for (i = 1; i <= 4; i++)
			sum = sum * 256 + part[i]
		return sum
	}
	BEGIN {
		n = split("BOOT_UART UART_BAUD WAKE_ON_GPIO POWER_OFF_ON_HALT WAIT_FOR_POWER_BUTTON BOOT_ORDER " \
			"BOOT_WATCHDOG_TIMEOUT BOOT_WATCHDOG_PARTITION MAX_RESTARTS REBOOT_ON_FATAL_ERROR " \
			"SD_BOOT_MAX_RETRIES SD_OVERCURRENT_CHECK SD_QUIRKS NET_BOOT_MAX_RETRIES DHCP_TIMEOUT " \
			"DHCP_REQ_TIMEOUT TFTP_FILE_TIMEOUT TFTP_IP TFTP_PREFIX TFTP_PREFIX_STR PXE_OPTION43 " \
			"DHCP_OPTION97 MAC_ADDRESS MAC_ADDRESS_OTP CLIENT_IP SUBNET GATEWAY DNS_IP DISABLE_HDMI " \
			"HDMI_DELAY ENABLE_SELF_UPDATE FREEZE_VERSION HTTP_HOST HTTP_PORT HTTP_PATH " \
			"HTTP_CACERT_HASH IMAGER_REPO_URL NET_INSTALL_ENABLED NET_INSTALL_AT_POWER_ON " \
			"NET_INSTALL_KEYBOARD_WAIT NETCONSOLE PARTITION PARTITION_WALK BOOTVAR0 PCIE_PROBE " \
			"PSU_MAX_CURRENT USB_MSD_EXCLUDE_VID_PID USB_MSD_DISCOVER_TIMEOUT USB_MSD_LUN_TIMEOUT " \
			"USB_MSD_PWR_OFF_TIME USB_MSD_STARTUP_DELAY USB_DEV_BOOT_MAX_RETRIES USB_DEV_FILE_TIMEOUT " \
			"VL805 XHCI_DEBUG SDRAM_BANKLOW SIGNED_BOOT USE_IPV6", list, " ")
		for (i = 1; i <= n; i++)
			known[list[i]]
		section = "all"
	}
	/\r/ { if (!crlf++) report("a line end of Windows; convert the file: sed -i s/\\\\r$// FILE"); sub(/\r$/, "") }
	/^[ \t]*(#.*)?$/ { next }
	/^\[.*\]/ {
		section = substr($0, 2, index($0, "]") - 2)
		if (section == "farroot" && in_config_txt)
			report("[farroot] is after [config.txt], and everything there goes to config.txt; put it before")
		if (section == "config.txt")
			in_config_txt = 1
		next
	}
	in_config_txt {
		if ((key = $0) && sub(/=.*/, "", key) && key in known)
			report(key " is after [config.txt], so the boot loader takes it for a line of config.txt; put it before")
		if ($0 ~ /^[ \t]*(initramfs[ \t]|(arm_64bit|cmdline|device_tree|include|initramfs|kernel|os_prefix|ramfsfile)[ =])/)
			report("\"" $0 "\" belongs to the boot files, not to the EEPROM: with files that it does not fit, no mode boots any more, and only rpiboot or an SD card undoes it")
		if (length($0) > 98)
			report("longer than 98 characters; the firmware ignores the rest")
		next
	}
	section == "farroot" {
		if ((key = $0) && sub(/=.*/, "", key) && key in known)
			report(key " is inside of [farroot], which the boot loader does not read; put it before, under [all]")
		next
	}
	/^gpio=/ { next }
	!/^[A-Za-z0-9_]+=/ { report("\"" $0 "\" is not NAME=VALUE; a space before = or at the beginning does not work"); next }
	{
		key = $0
		sub(/=.*/, "", key)
		v = substr($0, length(key) + 2)
		if (!(key in known))
			report("note: " key " is no setting that we know; is it spelled right?")
		if (section != "none") {
			value[key] = v
			given[key] = NR
		}
	}
'

# At the end: the values, and what they mean together.
# shellcheck disable=SC2016 # awk
eeprom_check_values='
	function wrong(key, text) { print key "=" value[key] ": " text }
	function note(text) { print "note: " text }
	function check_order(    order, i, digit) {
		if (!("BOOT_ORDER" in given)) {
			print "BOOT_ORDER is missing; the default is SD and USB, never the network"
			return
		}
		order = tolower(value["BOOT_ORDER"])
		if (order !~ /^0x[0-9a-f]+$/ || length(order) > 10) {
			wrong("BOOT_ORDER", "must be 0x and at most 8 hex digits")
			return
		}
		sub(/^0x0*/, "", order)
		for (i = 1; i <= length(order); i++) {
			digit = substr(order, i, 1)
			if (digit ~ /[089abcd]/)
				wrong("BOOT_ORDER", digit " is no boot mode to use: 1 SD, 2 TFTP, 3 rpiboot, 4 USB, 5 USB 2, 6 NVMe, 7 HTTP, f again")
			if (digit == "e")
				wrong("BOOT_ORDER", "e stops the Pi until its power is cut")
			if (digit == "3")
				wrong("BOOT_ORDER", "3 (rpiboot) waits for ever, and no other mode is tried again")
		}
		if (order !~ /^f/)
			wrong("BOOT_ORDER", "the leftmost digit must be f (try again); without it the Pi stops after the last mode")
		if (substr(order, 2) ~ /f/)
			wrong("BOOT_ORDER", "the digits left of an f are never reached; it is read from right to left")
		if (order !~ /[27]/)
			wrong("BOOT_ORDER", "has neither 2 (TFTP) nor 7 (HTTP): this Pi never boots from the network")
		has_http = order ~ /7/
		has_tftp = order ~ /2/
	}
	function check_http() {
		if (has_http && value["HTTP_HOST"] == "")
			print "BOOT_ORDER has 7 (HTTP), but HTTP_HOST is missing: the Pi would load the installer of Raspberry Pi"
		if (value["HTTP_HOST"] ~ /:\/\//)
			wrong("HTTP_HOST", "without http:// or https://; a host name or an IPv4 address alone")
		else if (value["HTTP_HOST"] ~ /[A-Z]/)
			wrong("HTTP_HOST", "lower case only; the boot loader ignores the name otherwise")
		else if (value["HTTP_HOST"] !~ /^[a-z0-9.-]*$/)
			wrong("HTTP_HOST", "only a-z 0-9 . and -; a port goes to HTTP_PORT, a path to HTTP_PATH")
		if ("HTTP_PORT" in given && (value["HTTP_PORT"] !~ /^[0-9]+$/ || value["HTTP_PORT"] + 0 < 1 || value["HTTP_PORT"] + 0 > 65535))
			wrong("HTTP_PORT", "must be 1 to 65535")
		if (value["HTTP_PORT"] + 0 == 443 && value["HTTP_CACERT_HASH"] == "")
			note("HTTP_PORT=443: the boot loader speaks plain HTTP there, no TLS, unless HTTP_CACERT_HASH is set")
		if (value["HTTP_PATH"] ~ /[^A-Za-z0-9._~\/-]|\/\/|(^|\/)\.\.(\/|$)/)
			wrong("HTTP_PATH", "only A-Z a-z 0-9 . _ ~ - and single /, no ..")
		if (has_http && !("HTTP_PATH" in given))
			note("HTTP_PATH is missing; the boot loader asks for /net_install/boot.sig and /net_install/boot.img")
		if ("HTTP_CACERT_HASH" in given) {
			if (value["HTTP_CACERT_HASH"] !~ /^[0-9a-f]+$/ || length(value["HTTP_CACERT_HASH"]) != 64)
				wrong("HTTP_CACERT_HASH", "must be 64 hex digits in lower case: sha256sum ca.der")
			note("HTTP_CACERT_HASH: nobody has shown yet that a Pi 4 boots by HTTPS from its own CA")
		}
	}
	function check_tftp(    s) {
		s = value["TFTP_PREFIX_STR"]
		if ("TFTP_PREFIX" in given && value["TFTP_PREFIX"] !~ /^[012]$/)
			wrong("TFTP_PREFIX", "0 is the serial number, 1 is TFTP_PREFIX_STR, 2 is the MAC address")
		if (value["TFTP_PREFIX"] == 1 && s == "")
			print "TFTP_PREFIX=1 needs TFTP_PREFIX_STR"
		if (s != "" && value["TFTP_PREFIX"] != 1)
			wrong("TFTP_PREFIX_STR", "is ignored without TFTP_PREFIX=1")
		if (length(s) > 32)
			wrong("TFTP_PREFIX_STR", length(s) " characters; the limit is 32")
		if (s ~ /[^A-Za-z0-9._\/-]|\/\/|^\/|\.\./)
			wrong("TFTP_PREFIX_STR", "only A-Z a-z 0-9 . _ - and single /, not at the beginning")
		if (s != "" && s !~ /\/$/)
			wrong("TFTP_PREFIX_STR", "must end with /; otherwise it is a part of the file names")
		if (has_tftp && "TFTP_FILE_TIMEOUT" in given && value["TFTP_FILE_TIMEOUT"] + 0 < 30000)
			wrong("TFTP_FILE_TIMEOUT", "ms for a whole file of 2.3 MB (start4.elf); the minimum here is 30000")
	}
	function check_addresses(    i, list, key) {
		split("TFTP_IP CLIENT_IP SUBNET GATEWAY DNS_IP", list, " ")
		for (i = 1; i in list; i++)
			if (value[key = list[i]] != "" && !is_ip(value[key])) {
				wrong(key, "is no IPv4 address such as 192.0.2.7")
				return
			}
		if (value["CLIENT_IP"] == "") {
			if (value["SUBNET"] value["GATEWAY"] != "")
				print "SUBNET and GATEWAY do nothing without CLIENT_IP"
			return
		}
		if (value["TFTP_IP"] == "")
			print "CLIENT_IP needs TFTP_IP, also for HTTP: otherwise the boot loader asks DHCP, and the static address is not used"
		if (value["SUBNET"] == "")
			print "CLIENT_IP needs SUBNET, such as 255.255.255.0"
		else if (!is_mask(number_of(value["SUBNET"])))
			wrong("SUBNET", "is no mask such as 255.255.255.0")
		else if (value["GATEWAY"] == "" && value["TFTP_IP"] != "" && !same_net(value["CLIENT_IP"], value["TFTP_IP"]))
			wrong("TFTP_IP", "is in another network than CLIENT_IP, so GATEWAY is needed")
		else if (value["GATEWAY"] != "" && !same_net(value["CLIENT_IP"], value["GATEWAY"]))
			wrong("GATEWAY", "is not in the network of CLIENT_IP")
		if (has_http && value["HTTP_HOST"] != "" && !is_ip(value["HTTP_HOST"]) && value["DNS_IP"] == "")
			wrong("HTTP_HOST", "with CLIENT_IP there is no DHCP that names a DNS server; use an IPv4 address")
		if (has_http)
			note("CLIENT_IP with HTTP: nobody has shown yet that it works; keep TFTP in BOOT_ORDER")
	}
	function is_mask(m,    block) {
		block = 4294967296 - m
		if (m == 0)
			return 0
		while (block > 1 && block % 2 == 0)
			block /= 2
		return block == 1
	}
	function same_net(a, b,    block) {
		block = 4294967296 - number_of(value["SUBNET"])
		return int(number_of(a) / block) == int(number_of(b) / block)
	}
	function check_headless() {
		if (value["FREEZE_VERSION"] == 1)
			wrong("FREEZE_VERSION", "the boot loader then refuses every update, and only an SD card in the slot undoes it")
		if (value["NET_INSTALL_AT_POWER_ON"] == 1)
			wrong("NET_INSTALL_AT_POWER_ON", "waits for a person at each power-on; remove the line")
		if (value["NET_INSTALL_ENABLED"] == 1)
			wrong("NET_INSTALL_ENABLED", "a keyboard or an adapter that looks like one starts the installer; must be 0")
		else if (!("NET_INSTALL_ENABLED" in given))
			note("NET_INSTALL_ENABLED=0 is missing; a Pi 4 looks for a keyboard for 1 s at each boot")
		if ("REBOOT_ON_FATAL_ERROR" in given && value["REBOOT_ON_FATAL_ERROR"] != 1)
			wrong("REBOOT_ON_FATAL_ERROR", "must be 1: otherwise a fatal error lasts until the power is cut")
		if (length(value["NETCONSOLE"]) > 32)
			wrong("NETCONSOLE", length(value["NETCONSOLE"]) " characters; the limit is 32")
		if (value["NETCONSOLE"] != "")
			note("NETCONSOLE: each boot waits for the link, up to DHCP_TIMEOUT; not for every day")
		if ("BOOT_WATCHDOG_TIMEOUT" in given && value["BOOT_WATCHDOG_TIMEOUT"] !~ /^[0-9]+$/)
			wrong("BOOT_WATCHDOG_TIMEOUT", "must be seconds")
		else if (value["BOOT_WATCHDOG_TIMEOUT"] + 0 > 0 && value["BOOT_WATCHDOG_TIMEOUT"] + 0 < 300 && (has_http || has_tftp))
			wrong("BOOT_WATCHDOG_TIMEOUT", "the download must end within these seconds, or the Pi restarts for ever; 90 MiB take 380 s at 2 Mbit/s")
		if (!(value["BOOT_WATCHDOG_TIMEOUT"] + 0 > 0))
			note("BOOT_WATCHDOG_TIMEOUT is not set; a boot loader that hangs waits for a person")
		if ("MAX_RESTARTS" in given && value["MAX_RESTARTS"] !~ /^-?[0-9]+$/)
			wrong("MAX_RESTARTS", "must be a number")
		if (value["NET_BOOT_MAX_RETRIES"] == -1)
			wrong("NET_BOOT_MAX_RETRIES", "-1 never tries the next boot mode")
		if (value["SD_BOOT_MAX_RETRIES"] == -1)
			wrong("SD_BOOT_MAX_RETRIES", "-1 never tries the next boot mode")
		if (value["ENABLE_SELF_UPDATE"] == "0")
			note("ENABLE_SELF_UPDATE=0: updates by TFTP or from a disk are off; flashrom is left")
		if (value["USE_IPV6"] == 1)
			note("USE_IPV6=1: network boot by IPv6 is broken in the firmware (rpi-eeprom issue 621)")
		if (value["SIGNED_BOOT"] == 1)
			note("SIGNED_BOOT=1: also SD, USB and TFTP then need a signed boot.img")
	}
	END {
		check_order()
		check_http()
		check_tftp()
		check_addresses()
		check_headless()
	}
'
