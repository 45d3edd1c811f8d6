#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The small rescue system of Debian 12, with its kernel and its initramfs-tools, gives logins
# on the serial line and by ssh, and mounts a disk.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
rescue_site shell
printf '%s\n' flavour=small suite=bookworm >>"$dir/site/site.conf"
rescue_build
mkdir "$dir/data"
head -c 1000000 /dev/urandom >"$dir/data/precious"
truncate -s 64M "$dir/disk"
mkfs.ext4 -q -L data -d "$dir/data" "$dir/disk"

rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
# shellcheck disable=SC2034 # for lib.sh
rescue_memory=512M
rescue_power_on --disk "$dir/disk" -- farroot=rescue
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
! grep -aE 'I/O error|SQUASHFS error|Kernel panic|Out of memory' "$rescue_log" || fail "see the lines above"
