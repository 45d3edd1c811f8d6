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

# All that its fstab mounts from disks; not a swap, nor what a start does not mount.
mkdir -p "$dir/root/var" "$dir/root/data disk" "$dir/root/later" "$dir/root/lost" "$dir/var/log" "$dir/data" "$dir/log"
echo 'of /var' >"$dir/var/file"
echo 'of /var/log' >"$dir/log/file"
echo 'of the data' >"$dir/data/file"
disk_make var "$dir/var" 4 -L test-var
disk_make log "$dir/log" 4
log_uuid=$(blkid -p -o value -s UUID "$disk")
disk_make data "$dir/data" 4 -L test-data
cat >"$dir/root/etc/fstab" <<END
# LABEL=test-data /later ext4 defaults 0 0
UUID="$log_uuid" /var/log ext4 defaults,noatime,nofail,x-systemd.device-timeout=5 0 2
LABEL=test-boot /boot ext4 ro,noauto 0 0
LABEL=test-var /var auto defaults 0 2
$disk /data\\040disk ext4 user,ro 0 2
$disk /later ext4 noauto 0 0
$disk none swap sw 0 0
UUID=11111111-2222-3333-4444-555555555555 /lost ext4 defaults 0 0
192.0.2.1:/export /later nfs defaults 0 0
tmpfs /later tmpfs defaults 0 0
END
disk_make all "$dir/root" 16
in_root "$disk" sh -c 'cat /var/file /var/log/file "/data disk/file" /boot/file; echo new >/var/log/new' >"$dir/out" ||
	fail "fstab: $(cat "$dir/chroot.log")"
same "$(cat "$dir/out")" 'of /var
of /var/log
of the data
of /boot' "what its fstab mounts"
same "$(cat "$dir/chroot.log")" 'farroot chroot-root: cannot mount UUID=11111111-2222-3333-4444-555555555555, which is its /lost' "the messages"
same "$(debugfs -R 'cat /new' "$dir/log.disk" 2>/dev/null)" new "a file that was written there"
! in_root "$disk" sh -c 'echo new >"/data disk/new"' || fail "a file system was mounted read-write against its fstab"
mounted >"$dir/mounted"
! grep -q later "$dir/mounted" || fail "mounted: $(cat "$dir/mounted")"
left_nothing "a file system with others in it"

# A /usr of its own, with /sbin in it.
mkdir -p "$dir/merged/usr" "$dir/usr/bin" "$dir/usr/sbin"
cp -a "$dir/root/." "$dir/merged/"
cp -a "$dir/merged/bin/." "$dir/merged/usr/bin/." "$dir/usr/bin/"
cp -a "$dir/merged/sbin/." "$dir/usr/sbin/"
rm -r "$dir/merged/bin" "$dir/merged/sbin" "$dir/merged/usr/bin"
ln -s usr/bin "$dir/merged/bin"
ln -s usr/sbin "$dir/merged/sbin"
printf '#!/bin/sh\necho started\n' >"$dir/usr/sbin/init"
disk_make usr "$dir/usr" 16 -L test-usr
echo 'LABEL=test-usr /usr ext4 defaults 0 0' >"$dir/merged/etc/fstab"
disk_make merged "$dir/merged" 16
merged=$disk
in_root "$merged" /sbin/init >"$dir/out" || fail "/usr of its own: $(cat "$dir/chroot.log")"
same "$(cat "$dir/out")" started "what is in /usr"
left_nothing "a /usr of its own"
"$rescue/boot-local" "$merged" >"$dir/out" 2>"$dir/boot.log" </dev/null || fail "boot-local: $(cat "$dir/boot.log")"
mountpoint -q "$RESCUE_TARGET/usr" || fail "boot-local does not mount /usr"
same "$(cat "$RESCUE_STATE/order")" "local
farroot=local:$RESCUE_TARGET" "the order"
umount -R "$RESCUE_TARGET"
echo 'LABEL=test-none /usr ext4 defaults 0 0' >"$dir/merged/etc/fstab"
disk_make no-usr "$dir/merged" 16
! in_root "$disk" true || fail "a root file system without its /usr is opened"
same "$(cat "$dir/chroot.log")" "farroot chroot-root: cannot mount LABEL=test-none, which is its /usr
farroot chroot-root: $disk: its /sbin is in a /usr of its own, which must be open: cryptsetup open, vgchange -ay" "the message"
left_nothing "a /usr that is not there"

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
