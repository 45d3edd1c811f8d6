#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.persist=: name, machine-id, ssh host keys and the folders that are named stay; a machine
# without it has the machine-id of its board; what is not allowed is said.
. "${srcdir:-..}/tests/lib.sh"
need_root
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot-disk
. "$srcdir/initramfs/scripts/farroot-disk"
farroot_disk=$dir/disk
farroot_persisted=$dir/system/run/initramfs/persist
farroot_serial_number=$dir/serial-number
PATH=$PATH:/sbin:/usr/sbin
truncate -s 8M "$dir/disk.img"
mkfs.ext4 -q "$dir/disk.img" || skip "no mkfs.ext4"
device=$(losetup -f --show "$dir/disk.img") || skip "no loop device"
at_exit() {
	end_boot
	losetup -d "$device"
}

# begin_boot: a root as the image has it, and what the boot says, in $dir/out.
begin_boot() {
	rootmnt=$dir/root
	mkdir -p "$rootmnt/etc/ssh" "$rootmnt/home/pi" "$rootmnt/var/log"
	: >"$rootmnt/etc/machine-id"
	echo profile >"$rootmnt/home/pi/.profile"
	head -c 200000 /dev/zero >"$rootmnt/home/pi/large"
	farroot_identify >"$dir/out"
}

end_boot() {
	grep -o " $dir/[^ ]*" /proc/mounts | sort -r | while read -r mounted; do
		umount "$mounted"
	done
	rm -rf --one-file-system "$dir/root"
}

# Without it.
farroot_hostname=''
farroot_persist=''
begin_boot
grep -q 'is lost at power-off; farroot.persist= keeps' "$dir/out" || fail "nothing is said"
[ ! -s "$dir/root/etc/machine-id" ] || fail "a machine-id of nothing"
end_boot
printf '10000000abcdef01\0' >"$farroot_serial_number"
begin_boot
id=$(cat "$dir/root/etc/machine-id")
echo "$id" | grep -qx '[0-9a-f]\{32\}' || fail "the machine-id is $id"
end_boot
begin_boot
same "$(cat "$dir/root/etc/machine-id")" "$id" "the machine-id of the same board"
end_boot
printf '10000000abcdef02\0' >"$farroot_serial_number"
farroot_hostname=north-hall
begin_boot
[ "$(cat "$dir/root/etc/machine-id")" != "$id" ] || fail "two boards have the same machine-id"
same "$(cat "$dir/root/etc/hostname")" north-hall farroot.hostname=
end_boot
farroot_hostname=

# With a disk.
farroot_persist=$device:/keep/this
begin_boot
[ ! -s "$dir/out" ] || fail "$(cat "$dir/out")"
id=$(cat "$dir/root/etc/machine-id")
echo "$id" | grep -qx '[0-9a-f]\{32\}' || fail "the machine-id is $id"
echo key >"$dir/root/etc/ssh/ssh_host_ed25519_key"
chmod 600 "$dir/root/etc/ssh/ssh_host_ed25519_key"
mkdir "$dir/system/etc"
ln -s "$dir/root/etc/ssh" "$dir/system/etc/ssh"
sh "$srcdir/initramfs/root/keep-identity" "$dir/system" || fail "keep-identity"
printf '%s\n' '# what stays' '' /home /var/log /srv/new var /home/../etc /proc/sys >"$farroot_persisted/paths"
echo of-the-disk >"$farroot_persisted/identity/hostname"
end_boot
begin_boot
same "$(cat "$dir/root/etc/machine-id")" "$id" "the machine-id"
same "$(cat "$dir/root/etc/hostname")" of-the-disk "the hostname"
same "$(cat "$dir/root/etc/ssh/ssh_host_ed25519_key")" key "the key"
same "$(stat -c %a "$dir/root/etc/ssh/ssh_host_ed25519_key")" 600 "the mode of the key"
same "$(cat "$dir/root/home/pi/.profile")" profile "what the image has there"
same "$(sed 's/ in paths of .*: /: /' "$dir/out")" "farroot: /home/../etc: write it without . and ..; it is not kept
farroot: /proc/sys: it is no folder of the image; it is not kept
farroot: var: not an absolute path; it is not kept" "what is not allowed"
echo mine >"$dir/root/home/pi/file"
echo log >"$dir/root/var/log/messages"
: >"$dir/root/srv/new/file"
# A second run of keep-identity changes nothing.
echo another >"$dir/root/etc/ssh/ssh_host_ed25519_key"
sh "$srcdir/initramfs/root/keep-identity" "$dir/system" || fail "keep-identity"
end_boot
begin_boot
same "$(cat "$dir/root/home/pi/file")" mine "a file at home"
same "$(cat "$dir/root/var/log/messages")" log "a log"
[ -e "$dir/root/srv/new/file" ] || fail "a folder that the image does not have"
same "$(cat "$dir/root/etc/ssh/ssh_host_ed25519_key")" key "the key"
end_boot

# A disk that is full: the folder of the image is used, and nothing half.
farroot_persist=$device
begin_boot
echo /home >"$farroot_persisted/paths"
cat /dev/zero >"$farroot_persisted/full" 2>/dev/null
end_boot
begin_boot
grep -q 'farroot: /home in paths of .*: cannot copy it; it is not kept' "$dir/out" || fail "a full disk: $(cat "$dir/out")"
same "$(cat "$dir/root/home/pi/.profile")" profile "with a full disk"
end_boot
