#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The small rescue system on a machine with 512 MB: a serial login, logins by ssh with the
# site's key only, with the host key of a USB disk, files in and out, a disk is mounted, another
# one encrypted and opened, and the image is streamed on top while a login stays open.
# test-rescue-small-arm64.sh is a link to this one: the same from a boot.img, taken apart.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

case $0 in
*-arm64.sh) rescue_begin arm64 ;;
*) rescue_begin amd64 ;;
esac
rescue_site shell
echo flavour=small >>"$dir/site/site.conf"
rescue_build
mkdir "$dir/data" "$dir/www"
head -c 1000000 /dev/urandom >"$dir/data/precious"
truncate -s 64M "$dir/disk"
mkfs.ext4 -q -L data -d "$dir/data" "$dir/disk"
truncate -s 32M "$dir/encrypted"
# The driver of this disk is not in the initramfs.
mkdir "$dir/keys"
ssh-keygen -q -t ed25519 -N '' -f "$dir/keys/ssh_host_ed25519_key"
fingerprint=$(ssh-keygen -l -f "$dir/keys/ssh_host_ed25519_key.pub" | cut -d ' ' -f 2)
truncate -s 8M "$dir/usb"
mkfs.ext4 -q -L farroot-keys -d "$dir/keys" "$dir/usb"
rescue_make_root
# shellcheck disable=SC2154 # of lib.sh
cp "$rescue_root/root.img" "$dir/www/root.img"

rescue_arguments="farroot=http://$rescue_server/root.img roothash=$(cat "$rescue_root/roothash") farroot.fill=no farroot.rescue-after=20"
# shellcheck disable=SC2086 # words
[ "$arch" != arm64 ] || rescue_fetch_as_a_pi $rescue_arguments
rescue_start_clock
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m --dhcp-option=option:ntp-server,$rescue_server
rescue_memory=512M
# shellcheck disable=SC2086 # words
rescue_power_on --disk "$dir/disk" --disk "$dir/encrypted" --usb-disk "$dir/usb" -- $rescue_arguments
rescue_expect 120 'rescue system of rescue'
# shellcheck disable=SC2016 # for the guest
rescue_type 'echo serial-$((6 * 7))'
rescue_expect 30 'serial-42'
rescue_find_address 120
rescue_wait_ssh 60
rescue_expect 60 "clock set to $(date -u +%F).* by $rescue_server \(DHCP\)"
rescue_expect_disk_key 60 "$fingerprint"
rescue_wait_ssh 30
rescue_has_key "$fingerprint" ||
	fail "dropbear has another key than the disk"
# shellcheck disable=SC2086,SC2154 # words
! rescue_in ssh $rescue_ssh_options -i "$dir/stranger" "root@$rescue_address" true 2>/dev/null ||
	fail "a stranger's key opens a login"
# shellcheck disable=SC2086
rescue_in ssh $rescue_ssh_options -o PreferredAuthentications=none "root@$rescue_address" true 2>&1 |
	grep -q '(publickey)' || fail "a login by something else than a key is offered"
available=$(rescue_ssh 'free -m' | tee "$dir/free" | awk '$1 == "Mem:" { print $7 }')
say "$available MB of 512 MB are available"
[ "$available" -ge 300 ] || fail "only $available MB are available: $(cat "$dir/free")"

rescue_ssh 'mkdir -p /mnt/data && mount -t ext4 -o ro /dev/vda /mnt/data' || fail "the disk cannot be mounted"
# shellcheck disable=SC2086
rescue_in scp $rescue_ssh_options -i "$dir/key" "root@$rescue_address:/mnt/data/precious" "$dir/out" || fail "scp out"
cmp "$dir/out" "$dir/data/precious" || fail "scp brought other data"
# shellcheck disable=SC2086
rescue_in scp $rescue_ssh_options -i "$dir/key" "$dir/site/site.conf" "root@$rescue_address:/root/" || fail "scp in"
rescue_ssh 'cat /root/site.conf' | cmp - "$dir/site/site.conf" || fail "scp brought other data in"
rescue_ssh 'umount /mnt/data && farroot status' || fail "farroot status"

printf 'passphrase' >"$dir/passphrase"
rescue_ssh 'cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vdb - ' <"$dir/passphrase" || fail "luksFormat"
rescue_ssh 'cryptsetup open /dev/vdb work -d -' <"$dir/passphrase" || fail "an encrypted disk cannot be opened"
rescue_ssh 'cat >/dev/mapper/work && cryptsetup close work' <"$dir/data/precious" || fail "an encrypted disk cannot be written"
rescue_ssh 'farroot boot-local /dev/vdb' <"$dir/passphrase" 2>&1 | grep -q 'no file system found' || fail "boot-local does not open the disk"
rescue_ssh 'head -c 1000000 /dev/mapper/farroot-vdb' | cmp - "$dir/data/precious" || fail "the encrypted disk has other data"

rescue_open_login 'busybox | head -n 1'
rescue_start_origin "$dir/www"
rescue_ssh 'farroot boot-stream' || fail "farroot boot-stream"
rescue_expect 600 'login:'
rescue_close_login
rescue_ssh_until 120 'systemctl is-active ssh.service' "the rescue system keeps port 22"
! grep -aE 'I/O error|SQUASHFS error|Kernel panic|Out of memory' "$rescue_log" || fail "see the lines above"
