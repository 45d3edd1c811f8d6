#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Debian 12 with its initramfs-tools: the small rescue system gives logins on the serial line and
# by ssh, and mounts a disk.  So does the full one, with another package of a kernel, and a
# streamed Debian 12 starts on top of it.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
mkdir "$dir/data" "$dir/www" "$dir/root-site"
head -c 1000000 /dev/urandom >"$dir/data/precious"
truncate -s 64M "$dir/disk"
mkfs.ext4 -q -L data -d "$dir/data" "$dir/disk"
printf '%s\n' serial=shell suite=bookworm >"$dir/root-site/site.conf"
rescue_make_root
# shellcheck disable=SC2154 # of lib.sh
cp "$rescue_root/root.img" "$dir/www/root.img"

# logs_in LINE-OF-SITE.CONF...: built with these, it gives logins, and the disk's file.
logs_in() {
	rescue_site shell
	printf '%s\n' suite=bookworm "$@" >>"$dir/site/site.conf"
	rescue_build
	: >"$rescue_log"
	rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
	rescue_power_on --disk "$dir/disk" -- "farroot=http://$rescue_server/root.img" "roothash=$(cat "$rescue_root/roothash")" \
		farroot.fill=no farroot.rescue-after=20
	rescue_expect 120 'rescue system of rescue'
	# shellcheck disable=SC2016 # for the guest
	rescue_type 'echo serial-$((6 * 7))'
	rescue_expect 30 'serial-42'
	rescue_find_address 120
	rescue_wait_ssh 60
	rescue_ssh 'cat /etc/debian_version' >"$dir/version"
	grep -q '^12' "$dir/version" || fail "Debian $(cat "$dir/version"), not 12"
	rescue_ssh 'mkdir -p /mnt/data && mount -t ext4 -o ro /dev/vda /mnt/data' || fail "the disk cannot be mounted"
	# shellcheck disable=SC2086,SC2154 # words
	rescue_in scp $rescue_ssh_options -i "$dir/key" "root@$rescue_address:/mnt/data/precious" "$dir/out" || fail "scp out"
	cmp "$dir/out" "$dir/data/precious" || fail "scp brought other data"
	rescue_ssh 'umount /mnt/data' || fail "the disk cannot be unmounted"
	! grep -aE 'I/O error|SQUASHFS error|Kernel panic|Out of memory' "$rescue_log" || fail "see the lines above"
}

# shellcheck disable=SC2034 # for lib.sh
rescue_memory=512M
logs_in flavour=small
rescue_power_off
rescue_stop_dhcp

# shellcheck disable=SC2034 # for lib.sh
rescue_memory=1G
logs_in flavour=full kernel=linux-image-rt-amd64
rescue_ssh 'uname -v' | grep -q PREEMPT_RT || fail "not the kernel that site.conf names: $(rescue_ssh 'uname -a')"
rescue_start_origin "$dir/www"
rescue_ssh 'farroot boot-stream' || fail "farroot boot-stream"
rescue_expect 600 'login:'
rescue_ssh_until 120 'systemctl is-active ssh.service' "the rescue system keeps port 22"
rescue_ssh 'cat /etc/debian_version; systemctl --version' >"$dir/version" || fail "no command runs in the streamed root"
grep -q '^12' "$dir/version" || fail "not Debian 12: $(cat "$dir/version")"
! grep -aE 'I/O error|SQUASHFS error|Kernel panic|Out of memory' "$rescue_log" || fail "see the lines above"
