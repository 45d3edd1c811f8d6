#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot boot-local --kexec takes the newest kernel that has an initramfs, also from a /boot
# of its own, or what the firmware of a Raspberry Pi loads; with each console, and with nothing
# mounted any more.
. "${srcdir:-..}/tests/lib.sh"
own_mounts
# shellcheck source-path=SCRIPTDIR source=disk.sh
. "$srcdir/tests/rescue/disk.sh"
disk_fill_root
echo 'boot=farroot console=tty0 "console=ttyS1,115200" quiet' >"$FARROOT_SYSTEM/proc/cmdline"
mkdir -p "$dir/programs"
cat >"$dir/programs/kexec" <<EOF
#!/bin/sh
printf '%s\n' "\$@" >>"$dir/kexec.out"
[ "\$1" != -e ] || ! grep -q " $RESCUE_TARGET" /proc/self/mountinfo || echo 'still mounted' >>"$dir/kexec.out"
[ ! -e "$dir/kexec-fails" ] || exit 1
EOF
chmod +x "$dir/programs/kexec"

# boots ARGUMENT...: what kexec is called with is in $dir/kexec.out.
boots() {
	: >"$dir/kexec.out"
	PATH=$dir/programs:$PATH "$rescue/boot-local" "$@" >"$dir/boot-local.log" 2>&1 </dev/null
}

# loads KERNEL INITRD ARGUMENTS: of $disk.
loads() {
	{
		printf '%s\n' -l "$RESCUE_TARGET$1"
		[ -z "$2" ] || echo "--initrd=$RESCUE_TARGET$2"
		printf '%s\n' "--command-line=$3" -e
	} >"$dir/expected"
	wait_until 20 "the other kernel is started" grep -qx -e -e "$dir/kexec.out"
	cmp "$dir/kexec.out" "$dir/expected" || fail "kexec was called with: $(cat "$dir/kexec.out" "$dir/boot-local.log")"
}

consoles='console=tty0 console=ttyS1,115200'
files() {
	for file in "$@"; do
		mkdir -p "$dir/root/boot/${file%/*}"
		: >"$dir/root/boot/$file"
	done
}

uuid() {
	blkid -p -o value -s UUID "$disk"
}

# An ssh session, which its client would wait for.
sleep 60 &
session=$!
remember $session
mkdir "$FARROOT_SYSTEM/proc/$session"
printf 'sshd-session: root@pts/0\0' >"$FARROOT_SYSTEM/proc/$session/cmdline"

# The newest has no initramfs; one is for a Pi 5.
files ./vmlinuz-6.1.0-9-arm64 ./vmlinuz-6.1.0-10-arm64 ./vmlinuz-6.12.1-arm64 ./vmlinuz-6.13+rpt-rpi-2712 \
	./initrd.img-6.1.0-9-arm64 ./initrd.img-6.1.0-10-arm64 ./initrd.img-6.13+rpt-rpi-2712 ./config-6.1.0-10-arm64
disk_make debian "$dir/root" 16
boots --kexec "$disk" || fail "boot-local: $(cat "$dir/boot-local.log")"
loads /boot/vmlinuz-6.1.0-10-arm64 /boot/initrd.img-6.1.0-10-arm64 "root=UUID=$(uuid) ro panic=60 $consoles "
is_gone $session || fail "an ssh session stays"
boots --kexec --append 'systemd.unit=rescue.target nr_cpus=1' "UUID=$(uuid)" || fail "boot-local: $(cat "$dir/boot-local.log")"
loads /boot/vmlinuz-6.1.0-10-arm64 /boot/initrd.img-6.1.0-10-arm64 \
	"root=UUID=$(uuid) ro panic=60 $consoles systemd.unit=rescue.target nr_cpus=1"

# A kernel that cannot be loaded: what is mounted stays for the user to look at.
: >"$dir/kexec-fails"
! boots --kexec "$disk" || fail "no error"
grep -q 'kexec cannot load .*/boot/vmlinuz-6.1.0-10-arm64' "$dir/boot-local.log" || fail "message: $(cat "$dir/boot-local.log")"
rm "$dir/kexec-fails"
umount "$RESCUE_TARGET"

# A /boot of its own, by its label, and below it the firmware's partition, by its UUID.
mv "$dir/root/boot" "$dir/boot"
mkdir "$dir/root/boot" "$dir/boot/firmware"
: >"$dir/boot/vmlinuz-7"
disk_make boot "$dir/boot" 4 -L test-boot
mkdir "$dir/firmware"
: >"$dir/firmware/kernel8.img"
: >"$dir/firmware/initramfs8"
disk_make firmware "$dir/firmware" 4
firmware=$(uuid)
printf '%s\n' '# LABEL=other /boot ext4' 'LABEL="test-boot" /boot ext4 defaults,noatime 0 2' \
	"UUID=$firmware /boot/firmware ext4 defaults 0 2" >"$dir/root/etc/fstab"
disk_make root "$dir/root" 16
boots --kexec "$disk" || fail "boot-local: $(cat "$dir/boot-local.log")"
loads /boot/vmlinuz-6.1.0-10-arm64 /boot/initrd.img-6.1.0-10-arm64 "root=UUID=$(uuid) ro panic=60 $consoles "

# Raspberry Pi OS.
echo "UUID=$firmware /boot/firmware vfat defaults 0 2" >"$dir/root/etc/fstab"
mkdir "$dir/root/boot/firmware"
disk_make pios "$dir/root" 16
boots --kexec "$disk" || fail "boot-local: $(cat "$dir/boot-local.log")"
loads /boot/firmware/kernel8.img /boot/firmware/initramfs8 "root=UUID=$(uuid) ro panic=60 $consoles "

# refuses MESSAGE ARGUMENT...: and kexec is not called.
refuses() {
	message=$1
	shift
	! boots "$@" || fail "no error: $*"
	grep -qF -e "$message" "$dir/boot-local.log" || fail "no message \"$message\": $(cat "$dir/boot-local.log")"
	same "$(cat "$dir/kexec.out")" '' "what kexec is called with"
	umount -R "$RESCUE_TARGET" 2>/dev/null || :
}
# Without an initramfs a kernel finds a partition, if it has the driver: Raspberry Pi's has that of
# ext4.  No user would be there when it panics.
rm "$dir/firmware/initramfs8"
disk_make bare-firmware "$dir/firmware" 4
echo "UUID=$(uuid) /boot/firmware vfat defaults 0 2" >"$dir/root/etc/fstab"
disk_make bare "$dir/root" 16
refuses "/boot/firmware/kernel8.img has no initramfs, and could not find $disk" --kexec "$disk"
# As if it were a partition: not every kernel has partitions of loop devices.
cat >"$dir/programs/blkid" <<EOF
#!/bin/sh
case "\$*" in
*PART_ENTRY_UUID*) echo 1234abcd-02 ;;
*) exec $(command -v blkid) "\$@" ;;
esac
EOF
chmod +x "$dir/programs/blkid"
boots --kexec "$disk" || fail "boot-local: $(cat "$dir/boot-local.log")"
loads /boot/firmware/kernel8.img '' "root=PARTUUID=1234abcd-02 rootwait ro panic=60 $consoles "
: >"$dir/root/boot/vmlinuz-6.12.1-arm64"
disk_make no-initramfs "$dir/root" 16
refuses '/boot/vmlinuz-6.12.1-arm64 has no initramfs' --kexec "$disk"
rm "$dir/root/boot/vmlinuz-6.12.1-arm64"

echo 'LABEL=not-there /boot ext4 defaults 0 2' >"$dir/root/etc/fstab"
rmdir "$dir/root/boot/firmware"
disk_make none "$dir/root" 16
refuses 'cannot mount LABEL=not-there, which is its /boot' --kexec "$disk"
refuses "no vmlinuz-* and no kernel8.img in /boot of $disk" --kexec "$disk"
refuses '--append: only a kernel that --kexec starts takes arguments' --append quiet "$disk"
# A Pi's processors cannot be stopped.
mkdir -p "$FARROOT_SYSTEM/proc/device-tree/cpus/cpu@0" "$FARROOT_SYSTEM/sys/devices/system/cpu"
printf 'spin-table\0' >"$FARROOT_SYSTEM/proc/device-tree/cpus/cpu@0/enable-method"
echo 0-3 >"$FARROOT_SYSTEM/sys/devices/system/cpu/possible"
refuses 'add nr_cpus=1 to the arguments of this kernel' --kexec "$disk"
echo 0 >"$FARROOT_SYSTEM/sys/devices/system/cpu/possible"
refuses 'no vmlinuz-* and no kernel8.img' --kexec "$disk"
rm "$dir/programs/kexec"
if ! command -v kexec >/dev/null; then
	refuses 'this image has no kexec' --kexec "$disk"
fi
# Without --kexec, and a system that runs already.
echo systemd >"$FARROOT_SYSTEM/proc/1/comm"
refuses 'a root file system runs already' --kexec "$disk"
