#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image eeprom writes the configuration of each case, with what the site adds, and
# what it writes passes its own check.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
conf="$dir/boot conf"

eeprom() {
	farroot_image eeprom "$site" -o "$conf" "$@" 2>"$dir/eeprom.log" || fail "eeprom $*: $(cat "$dir/eeprom.log")"
	farroot_image eeprom --check "$conf" >"$dir/check.log" 2>&1 || fail "eeprom $*: its own check: $(cat "$dir/check.log")"
}

has() {
	for line; do
		grep -qxF -e "$line" "$conf" || fail "no line '$line' in: $(cat "$conf")"
	done
}

has_not() {
	! grep -q -e "$1" "$conf" || fail "$1 in: $(cat "$conf")"
}

eeprom --case http --http-host boot.example.org
has BOOT_ORDER=0xf217 HTTP_HOST=boot.example.org NET_INSTALL_ENABLED=0 REBOOT_ON_FATAL_ERROR=1 BOOT_WATCHDOG_TIMEOUT=1800
has_not 'NET_INSTALL_AT_POWER_ON\|FREEZE_VERSION\|HTTP_PORT\|CLIENT_IP'
grep -q 'note: HTTP_PATH is missing' "$dir/eeprom.log" || fail "no note about the default of HTTP_PATH"
same "$(stat -c %a "$conf")" 644 "mode of a configuration without secrets"

eeprom --case http --http-host 192.0.2.1 --http-port 8080 --http-path a/b --order sd,usb,nvme,http
has BOOT_ORDER=0xf7641 HTTP_HOST=192.0.2.1 HTTP_PORT=8080 HTTP_PATH=a/b
has_not TFTP

eeprom --case tftp
has BOOT_ORDER=0xf12 TFTP_PREFIX=0
eeprom --case tftp --tftp-prefix mac --tftp-ip 192.0.2.1
has TFTP_PREFIX=2 TFTP_IP=192.0.2.1
eeprom --case tftp --tftp-prefix lab/ --watchdog 0
has TFTP_PREFIX=1 TFTP_PREFIX_STR=lab/ BOOT_WATCHDOG_TIMEOUT=0

eeprom --case static --client-ip 192.0.2.7 --subnet 255.255.255.0 --tftp-ip 192.0.2.1
has BOOT_ORDER=0xf12 CLIENT_IP=192.0.2.7 SUBNET=255.255.255.0 TFTP_IP=192.0.2.1
eeprom --case static --client-ip 10.1.2.3 --subnet 255.255.252.0 --tftp-ip 198.51.100.1 --gateway 10.1.0.1 \
	--http-host 198.51.100.1
has BOOT_ORDER=0xf127 HTTP_HOST=198.51.100.1 GATEWAY=10.1.0.1
grep -q 'CLIENT_IP with HTTP' "$dir/eeprom.log" || fail "no note that static HTTP is not proven"

# What the site adds counts last; a section for the rescue system is passed through.
mkdir -p "$site/boot/eeprom.d" "$site/hosts/1234abcd/eeprom.d"
echo 'BOOT_UART=0' >"$site/boot/eeprom.d/10"
printf '[farroot]\nhostkey=c2VjcmV0' >"$site/hosts/1234abcd/eeprom.d/90"
eeprom --case tftp
has BOOT_UART=0
has_not farroot]
eeprom --case tftp --host 1234abcd
same "$(tail -n 2 "$conf")" "[farroot]
hostkey=c2VjcmV0" "the section of one machine"
same "$(stat -c %a "$conf")" 600 "mode of a configuration with a host key"

usage_status=0
for arguments in '--case http' '--case nfs' '--case static --client-ip 192.0.2.7' '' '--case tftp --host ../x' '--case tftp --host north' \
	'--case tftp --public-key x' '--nonsense 1' '--case'; do
	# shellcheck disable=SC2086 # words
	farroot_image eeprom "$site" $arguments -o "$dir/no" 2>"$dir/usage.log" && fail "accepted: $arguments"
	usage_status=$?
	grep -q -e '--help$' "$dir/usage.log" || fail "'$arguments' ends with $usage_status: $(cat "$dir/usage.log")"
done
refused "hosts/00000001: no such folder, for --host 00000001" farroot_image eeprom "$site" --case tftp --host 00000001 -o "$dir/no"
refused "is there twice" farroot_image eeprom "$site" --case tftp --order tftp,sd,emmc -o "$dir/no"
refused "floppy: must be of" farroot_image eeprom "$site" --case tftp --order tftp,floppy -o "$dir/no"
refused "has no network boot of the case" farroot_image eeprom "$site" --case tftp --order sd,usb -o "$dir/no"
[ ! -e "$dir/no" ] || fail "an output that was refused is there"
nothing_left
