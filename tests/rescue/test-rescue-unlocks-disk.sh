#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A LUKS disk is opened by ssh, and the Debian on it is booted: its own systemd comes to the
# login prompt, with the kernel and the modules of the rescue system, and under the name
# that its crypttab has.  The login by ssh that did this stays.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
rescue_site shell
rescue_build
rescue_make_root
# shellcheck disable=SC2154 # of lib.sh
unsquashfs -q -n -d "$dir/base" "$rescue_root/root.img" >/dev/null || fail "unsquashfs"
base=$dir/base
truncate -s 3G "$dir/disk"
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_power_on --disk "$dir/disk" -- farroot=rescue
rescue_find_address 120
rescue_wait_ssh 60

say "installing a Debian on the encrypted disk"
printf 'passphrase' >"$dir/passphrase"
# A key derivation that takes little: the processor is emulated.
rescue_ssh 'cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vda - &&
	cryptsetup luksUUID /dev/vda >/tmp/uuid' <"$dir/passphrase" || fail "luksFormat"
rescue_ssh 'cryptsetup open /dev/vda work -d - && mkfs.ext4 -q /dev/mapper/work && mkdir -p /mnt/new &&
	mount /dev/mapper/work /mnt/new' <"$dir/passphrase" || fail "mkfs"
tar -C "$base" --one-file-system --exclude=./boot/* --exclude=./usr/lib/modules/* --exclude=./var/cache/* --exclude=./var/lib/apt/* \
	--exclude=./dev/* --exclude=./proc/* --exclude=./sys/* --exclude=./run/* -c . | rescue_ssh 'tar -C /mnt/new -xp' ||
	fail "the files cannot be copied"
# shellcheck disable=SC2016 # for the guest
rescue_ssh 'cd /mnt/new && echo unlocked >etc/hostname && echo "secret UUID=$(cat /tmp/uuid) none luks" >etc/crypttab &&
	echo "/dev/mapper/secret / ext4 defaults 0 1" >etc/fstab && : >etc/machine-id &&
	cd / && umount /mnt/new && cryptsetup close work' || fail "the new system cannot be configured"

echo wrong | rescue_ssh 'farroot boot-local /dev/vda' 2>&1 | grep -q 'not opened' || fail "opened without its passphrase"
rescue_ssh 'farroot boot-local /dev/nothing' 2>&1 | grep -q 'no such block device' || fail "no message for a wrong device"
# In the background of the session, as a user would keep a second login.
rescue_ssh 'while ! grep -q systemd /proc/1/comm; do sleep 1; done; sleep 20; dmsetup ls; lsmod; echo lived' >"$dir/session" 2>&1 &
session=$!
rescue_ssh 'farroot boot-local /dev/vda' <"$dir/passphrase" || fail "farroot boot-local"
rescue_expect 300 'unlocked login:'
wait "$session" || fail "the login ended: $(cat "$dir/session")"
grep -q '^secret' "$dir/session" || fail "the mapping is not named as crypttab says: $(cat "$dir/session")"
grep -q lived "$dir/session" || fail "the login has lost its tools"
! grep -aE 'Failed to start|Dependency failed|I/O error' "$rescue_log" || fail "see the lines above"
