#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Each setting that leaves a remote Pi unreachable is an error, by its name; what is only
# unusual is a note.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
conf=$dir/boot.conf

good() {
	cat <<'END'
[all]
BOOT_ORDER=0xf217
HTTP_HOST=boot.example.org
HTTP_PATH=pi
NET_INSTALL_ENABLED=0
BOOT_WATCHDOG_TIMEOUT=1800
END
}

check() {
	farroot_image eeprom --check "$conf"
}

# trap TEXT LINE...: with these lines added, the check fails with TEXT.
trap_is() {
	text=$1
	shift
	good >"$conf"
	printf '%b\n' "$@" >>"$conf"
	refused_by_any "$text"
}

refused_by_any() {
	status=0
	check >"$dir/refused.log" 2>&1 || status=$?
	same "$status" 1 "status with $(tail -n 1 "$conf")"
	grep -v 'note: ' "$dir/refused.log" | grep -qF -e "$1" || fail "no error '$1' in: $(cat "$dir/refused.log")"
	! grep -q '^mawk\|^awk\|^gawk' "$dir/refused.log" || fail "awk complains: $(cat "$dir/refused.log")"
}

# note_is TEXT LINE...
note_is() {
	text=$1
	shift
	good >"$conf"
	printf '%b\n' "$@" >>"$conf"
	check >"$dir/note.log" 2>&1 || fail "an error, not a note: $(cat "$dir/note.log")"
	grep 'note: ' "$dir/note.log" | grep -qF -e "$text" || fail "no note '$text' in: $(cat "$dir/note.log")"
}

good >"$conf"
check >"$dir/good.log" 2>&1 || fail "a good configuration is refused: $(cat "$dir/good.log")"
! grep -q note: "$dir/good.log" || fail "a note about a good configuration: $(cat "$dir/good.log")"

trap_is "HTTP_HOST=http://x: without http://" HTTP_HOST=http://x
trap_is "HTTP_HOST=Boot.example.org: lower case only" HTTP_HOST=Boot.example.org
trap_is "HTTP_HOST=x:80: only a-z" HTTP_HOST=x:80
trap_is "HTTP_HOST is missing" HTTP_HOST=
trap_is "HTTP_PORT=0: must be" HTTP_PORT=0
trap_is "HTTP_PATH=a b: only" 'HTTP_PATH=a b'
trap_is "HTTP_PATH=../a: only" 'HTTP_PATH=../a'
trap_is "HTTP_CACERT_HASH=12: must be 64" HTTP_CACERT_HASH=12
trap_is "TFTP_PREFIX=3: 0 is" TFTP_PREFIX=3
trap_is "TFTP_PREFIX=1 needs TFTP_PREFIX_STR" TFTP_PREFIX=1
trap_is "lab/: is ignored without TFTP_PREFIX=1" TFTP_PREFIX_STR=lab/
trap_is "must end with /" TFTP_PREFIX=1 TFTP_PREFIX_STR=lab
trap_is "33 characters; the limit is 32" TFTP_PREFIX=1 "TFTP_PREFIX_STR=$(printf '%032d' 1)/"
trap_is "FREEZE_VERSION=1: the boot loader then refuses every update" FREEZE_VERSION=1
trap_is "NET_INSTALL_AT_POWER_ON=1: waits for a person" NET_INSTALL_AT_POWER_ON=1
trap_is "NET_INSTALL_ENABLED=1: a keyboard" NET_INSTALL_ENABLED=1
trap_is "REBOOT_ON_FATAL_ERROR=0: must be 1" REBOOT_ON_FATAL_ERROR=0
trap_is "NETCONSOLE=6665@169.254.100.100/,6666@10.0.0.1/: 36 characters" 'NETCONSOLE=6665@169.254.100.100/,6666@10.0.0.1/'
trap_is "BOOT_WATCHDOG_TIMEOUT=60: the download must end" BOOT_WATCHDOG_TIMEOUT=60
trap_is "NET_BOOT_MAX_RETRIES=-1" NET_BOOT_MAX_RETRIES=-1
trap_is "TFTP_FILE_TIMEOUT=5000: ms" TFTP_FILE_TIMEOUT=5000
trap_is "CLIENT_IP needs TFTP_IP, also for HTTP" CLIENT_IP=192.0.2.7 SUBNET=255.255.255.0 HTTP_HOST=192.0.2.1
trap_is "CLIENT_IP needs SUBNET" CLIENT_IP=192.0.2.7 TFTP_IP=192.0.2.1
trap_is "SUBNET=255.0.255.0: is no mask" CLIENT_IP=192.0.2.7 TFTP_IP=192.0.2.1 SUBNET=255.0.255.0
trap_is "GATEWAY is needed" CLIENT_IP=192.0.2.7 TFTP_IP=192.0.3.1 SUBNET=255.255.255.0
trap_is "GATEWAY=192.0.3.1: is not in the network" CLIENT_IP=192.0.2.7 TFTP_IP=192.0.4.1 SUBNET=255.255.255.0 GATEWAY=192.0.3.1
trap_is "CLIENT_IP=192.0.2.777: is no IPv4" CLIENT_IP=192.0.2.777
trap_is "there is no DHCP that names a DNS server" CLIENT_IP=192.0.2.7 TFTP_IP=192.0.2.1 SUBNET=255.255.255.0
trap_is "do nothing without CLIENT_IP" SUBNET=255.255.255.0
trap_is "BOOT_ORDER=0x217: the leftmost digit must be f" BOOT_ORDER=0x217
trap_is "the digits left of an f are never reached" BOOT_ORDER=0xf2f17
trap_is "has neither 2 (TFTP) nor 7 (HTTP)" BOOT_ORDER=0xf41
trap_is "e stops the Pi" BOOT_ORDER=0xfe7
trap_is "3 (rpiboot) waits for ever" BOOT_ORDER=0xf37
trap_is "9 is no boot mode" BOOT_ORDER=0xf97
trap_is "must be 0x and at most 8" BOOT_ORDER=f217
trap_is "must be 0x and at most 8" BOOT_ORDER=0xf12345671
trap_is "is not NAME=VALUE" ' BOOT_UART=1'
trap_is "is not NAME=VALUE" 'BOOT_UART =1'
trap_is "a line end of Windows" 'BOOT_UART=1\r'
trap_is "BOOT_UART is inside of [farroot]" '[farroot]' BOOT_UART=1
trap_is "[farroot] is after [config.txt]" '[config.txt]' 'dtparam=x' '[farroot]'
trap_is "BOOT_UART is after [config.txt]" '[config.txt]' BOOT_UART=1
for line in kernel=x.img 'initramfs x followkernel' cmdline=x.txt arm_64bit=0 'include x.txt'; do
	trap_is "\"$line\" belongs to the boot files" '[config.txt]' "$line"
done
trap_is "longer than 98 characters" '[config.txt]' "a=$(printf '%099d' 1)"
trap_is "TFTP_PREFIX_STR=/lab/: only" TFTP_PREFIX=1 TFTP_PREFIX_STR=/lab/
trap_is "BOOT_WATCHDOG_TIMEOUT=1h: must be seconds" BOOT_WATCHDOG_TIMEOUT=1h
trap_is "MAX_RESTARTS=many: must be a number" MAX_RESTARTS=many
trap_is "SD_BOOT_MAX_RETRIES=-1" SD_BOOT_MAX_RETRIES=-1
echo HTTP_HOST=x >"$conf"
refused_by_any "BOOT_ORDER is missing"

note_is "plain HTTP there, no TLS" HTTP_PORT=443
note_is "HTTPS from its own CA" "HTTP_CACERT_HASH=$(printf '%064d' 1)"
note_is "each boot waits for the link" 'NETCONSOLE=6665@192.0.2.7/,6666@/'
note_is "BOOT_ODRER is no setting that we know" BOOT_ODRER=0xf1
note_is "SIGNED_BOOT=1: also SD" SIGNED_BOOT=1
note_is "network boot by IPv6 is broken" USE_IPV6=1
# [none] holds what is not used.
good >"$conf"
printf '[none]\nFREEZE_VERSION=1\n[0x12345678]\nBOOT_UART=1\n[farroot]\nanything goes here\n[config.txt]\ndtparam=x\n' >>"$conf"
check >"$dir/good.log" 2>&1 || fail "a good configuration is refused: $(cat "$dir/good.log")"

# 4,076 bytes are the limit.
good >"$conf"
printf '# %0*d\n' $((4076 - $(stat -c %s "$conf") - 3)) 1 >>"$conf"
same "$(stat -c %s "$conf")" 4076 "the test"
check >/dev/null || fail "4076 bytes are refused"
echo >>"$conf"
refused "4077 bytes; the EEPROM has room for 4076" check

# Versions of the boot loader, by name.
good >"$conf"
for version in 2025-08-27 2025-09-22 2022-01-25 2024-04-17 yesterday 2026-5-17; do
	refused "EEPROM version $version: " farroot_image eeprom --check "$conf" --eeprom-version $version
done
farroot_image eeprom --check "$conf" --eeprom-version 2026-08-04 >/dev/null || fail "a good version is refused"
farroot_image eeprom --check "$conf" --eeprom-version 2025-05-08 2>&1 | grep -q 'note: .*older than' || fail "no note about an old version"
sed -i 's/0xf217/0xf12/' "$conf"
farroot_image eeprom --check "$conf" --eeprom-version 2024-04-17 >/dev/null 2>&1 || fail "TFTP needs no new version"

# The site can break it, too: nothing is written.
mkdir -p "$site/boot/eeprom.d"
echo FREEZE_VERSION=1 >"$site/boot/eeprom.d/x"
refused "not written" farroot_image eeprom "$site" --case tftp -o "$dir/no"
[ ! -e "$dir/no" ] || fail "it is written"
nothing_left
