#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An origin that goes away right after switch_root, for ten minutes: the watchdog does not
# fire, the login that was open and new ones work all the time, and then the boot goes on.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

# In seconds.  QEMU is slow, but a guest that gets no processor for this long is dead.
watchdog=20
outage=600

rescue_begin amd64
rescue_site shell
rescue_build
rescue_make_root
mkdir "$dir/www"
# shellcheck disable=SC2154 # of lib.sh
cp "$rescue_root/root.img" "$dir/www/root.img"

rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_power_on --watchdog poweroff -- "boot=farroot farroot=http://$rescue_server/root.img" \
	"roothash=$(cat "$rescue_root/roothash")" farroot.fill=no "farroot.watchdog=$watchdog"
rescue_find_address 120
rescue_wait_ssh 60
rescue_open_login 'fsck.ext4 -V 2>&1'
rescue_start_origin "$dir/www"
rescue_expect 600 'Welcome to.*Debian'
rescue_stop_origin
rescue_expect 60 'farroot-watchdog: feeds /dev/watchdog0'
say "no origin for $outage s"
end=$(($(vm_now) + outage))
logins=0
while [ "$(vm_now)" -lt "$end" ]; do
	rescue_ssh_until 30 'findmnt -n / && farroot status' "no new login in the outage"
	logins=$((logins + 1))
	sleep 10
done
cat "$dir/until"
say "$logins logins in the outage"
! grep -aq 'login:' "$rescue_log" || fail "the outage was not in the middle: there is a login prompt"
rescue_start_origin "$dir/www"
rescue_expect 600 'login:'
rescue_close_login
! grep -aE 'I/O error|SQUASHFS error|Kernel panic|timeout, reset' "$rescue_log" || fail "see the lines above"
