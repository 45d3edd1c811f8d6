#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot chroot-root: what apt and update-initramfs need is mounted, name servers are there
# also if the root file system has none of its own, and nothing stays behind.
. "${srcdir:-..}/tests/lib.sh"
own_mounts
# shellcheck source-path=SCRIPTDIR source=disk.sh
. "$srcdir/tests/rescue/disk.sh"
# What is made in /run must not reach this machine.
mount -t tmpfs run /run || fail "no tmpfs on /run"
echo 'nameserver 192.0.2.53' >"$dir/names"
[ -e /etc/resolv.conf ] || skip "no /etc/resolv.conf"
mount --bind "$dir/names" "$(readlink -f /etc/resolv.conf)" || fail "no own resolv.conf"
disk_fill_root
echo 'LABEL=test-boot /boot ext4 ro 0 0' >"$dir/root/etc/fstab"
ln -s ../run/systemd/resolve/stub-resolv.conf "$dir/root/etc/resolv.conf"
mkdir "$dir/boot"
echo 'of /boot' >"$dir/boot/file"
disk_make boot "$dir/boot" 4 -L test-boot

# in_root DEVICE COMMAND...
in_root() {
	"$rescue/chroot-root" "$@" 2>"$dir/chroot.log" </dev/null
}

# left_nothing WHEN
left_nothing() {
	! grep -q " $RESCUE_TARGET" /proc/self/mountinfo || fail "$1: something is still mounted: $(grep " $RESCUE_TARGET" /proc/self/mountinfo)"
	[ ! -e /run/systemd ] || fail "$1: /run/systemd is still there"
}

mounted() {
	in_root "$disk" cat /proc/mounts | awk '{ print $2 }' | sort -u
}

disk_make root "$dir/root" 16
same "$(in_root "$disk" sh -c 'cat /etc/resolv.conf')" 'nameserver 192.0.2.53' "name servers behind systemd-resolved's link"
left_nothing "a link into /run"
for folder in /dev /dev/pts /proc /sys /run; do
	mounted | grep -qx "$folder" || fail "$folder is not mounted: $(mounted)"
done
code=0
in_root "$disk" sh -c 'exit 7' || code=$?
same $code 7 "the exit status"
left_nothing "a command that fails"
same "$(in_root UUID="$(blkid -p -o value -s UUID "$disk")" sh -c 'cat /etc/fstab')" "$(cat "$dir/root/etc/fstab")" "a disk by its UUID"
# shellcheck disable=SC2016 # for that shell
"$rescue/chroot-root" "$disk" sh -c 'echo $$ >/run/pid; exec sleep 60' &
chrooted=$!
remember $chrooted
wait_until 10 "the command runs" test -s /run/pid
kill -KILL "$(cat /run/pid)"
wait_until 10 "it ends" is_gone $chrooted
rm /run/pid
left_nothing "a command that is killed"

# A file of its own stays as it is on the disk; a missing one stays missing.
rm "$dir/root/etc/resolv.conf"
echo 'nameserver 198.51.100.1' >"$dir/root/etc/resolv.conf"
disk_make own "$dir/root" 16
same "$(in_root "$disk" cat /etc/resolv.conf)" 'nameserver 192.0.2.53' "name servers instead of its own"
same "$(debugfs -R 'cat /etc/resolv.conf' "$disk" 2>/dev/null)" 'nameserver 198.51.100.1' "its own file afterwards"
rm "$dir/root/etc/resolv.conf"
disk_make none "$dir/root" 16
same "$(in_root "$disk" cat /etc/resolv.conf)" 'nameserver 192.0.2.53' "name servers without a file of its own"
same "$(debugfs -R 'cat /etc/resolv.conf' "$disk" 2>/dev/null)" '' "the missing file afterwards"
left_nothing "a file that was missing"

in_root "$disk" sh -c 'cat /boot/file' >"$dir/out" || fail "no /boot: $(cat "$dir/chroot.log")"
same "$(cat "$dir/out")" 'of /boot' "/boot of its fstab"

# What is no root file system.
! in_root /dev/nothing true || fail "a device that is not there is opened"
grep -q '/dev/nothing: no such block device; lsblk -f lists them' "$dir/chroot.log" || fail "message: $(cat "$dir/chroot.log")"
! in_root LABEL=test-boot true || fail "a disk without an init is opened"
grep -q 'no /sbin/init in it' "$dir/chroot.log" || fail "message: $(cat "$dir/chroot.log")"
left_nothing "a disk without an init"

# A passphrase over a key that no user can know: a warning before it is asked for.
need cryptsetup
truncate -s 20M "$dir/luks.disk"
printf x | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$dir/luks.disk" - || fail luksFormat
disk=$(losetup --show -f "$dir/luks.disk") || fail losetup
loops="$loops $disk"
mkdir "$dir/programs"
printf '%s\n' '#!/bin/sh' "echo \"\$*\" >'$dir/cryptsetup'" 'exit 1' >"$dir/programs/cryptsetup"
chmod +x "$dir/programs/cryptsetup"
PATH=$dir/programs:$PATH
warning='The ssh host key was made for this boot only: have you compared it with the console?'
! in_root "$disk" true || fail "a disk that cryptsetup does not open is opened"
same "$(cat "$dir/cryptsetup")" "open $disk farroot-${disk#/dev/}" "how cryptsetup is called"
! grep -qxF "$warning" "$dir/chroot.log" || fail "a warning with a host key of this machine"
: >"$RESCUE_STATE/ephemeral"
! in_root "$disk" true || fail "a disk that cryptsetup does not open is opened"
grep -qxF "$warning" "$dir/chroot.log" || fail "no warning with a new host key: $(cat "$dir/chroot.log")"
