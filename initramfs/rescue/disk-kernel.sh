# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Starts the kernel of the root file system that disks_mount has mounted, by kexec.  Used by
# boot-local.
# shellcheck shell=dash
# The variables disks_* are those of disks.sh.
# shellcheck disable=SC2154

# kernel_check: dies if this machine can start no other kernel, before a passphrase is asked for.
kernel_check() {
	command -v kexec >/dev/null || die "--kexec: this image has no kexec; without --kexec this kernel goes on"
	# The kernel refuses kexec while other processors run that cannot be stopped (arm64,
	# cpus_are_stuck_in_kernel).
	kernel_method=$rescue_system/proc/device-tree/cpus/cpu@0/enable-method
	if grep -qs spin-table "$kernel_method" && [ "$(cat "$rescue_system/sys/devices/system/cpu/possible")" != 0 ]; then
		die "--kexec: the processors of this machine cannot be stopped, and so the kernel refuses to start another one; add nr_cpus=1 to the arguments of this kernel and start the machine again, or boot without --kexec"
	fi
}

# What the fstab(5) of the root file system has at /boot, read-only.
kernel_mount_boot() {
	for kernel_folder in /boot /boot/firmware; do
		awk -v folder="$kernel_folder" '$1 !~ /^#/ && $2 == folder { gsub(/"/, "", $1); print $1, $4; exit }' \
			"$disks_target/etc/fstab" >"$rescue_state/fstab" 2>/dev/null
		read -r kernel_source kernel_options <"$rescue_state/fstab" || continue
		case $kernel_source in
		*=*) kernel_device=$(findfs "$kernel_source" 2>/dev/null) ;;
		*) kernel_device=$kernel_source ;;
		esac
		# Of a btrfs, the same subvolume.
		kernel_options=$(echo ",$kernel_options" | sed -n 's/.*\(,subvol\(id\)\{0,1\}=[^,]*\).*/\1/p')
		mount -o "ro$kernel_options" "${kernel_device:-$kernel_source}" "$disks_target$kernel_folder" ||
			echo "farroot boot-local: cannot mount $kernel_source, which is its $kernel_folder" >&2
	done
}

# kernel_find: sets kernel_image and kernel_initrd.  Of Debian's names, the newest that has an
# initramfs, else the newest.  Those of Raspberry Pi for other boards do not run on a Pi 4.
kernel_find() {
	kernel_image=
	kernel_initrd=
	find "$disks_target/boot/" -maxdepth 1 -name 'vmlinuz-*' ! -name '*rpi-2712' ! -name '*rpi-v[67]*' |
		sort -rV >"$rescue_state/kernels"
	while read -r kernel_try; do
		[ -n "$kernel_image" ] || kernel_image=$kernel_try
		kernel_initrd=${kernel_try%/*}/initrd.img-${kernel_try##*/vmlinuz-}
		[ -e "$kernel_initrd" ] || continue
		kernel_image=$kernel_try
		return
	done <"$rescue_state/kernels"
	kernel_initrd=
	[ -z "$kernel_image" ] || return 0
	# What the firmware of a Raspberry Pi loads.
	for kernel_folder in /boot/firmware /boot; do
		[ -e "$disks_target$kernel_folder/kernel8.img" ] || continue
		kernel_image=$disks_target$kernel_folder/kernel8.img
		kernel_initrd=$disks_target$kernel_folder/initramfs8
		[ -e "$kernel_initrd" ] || kernel_initrd=
		return 0
	done
	die "no vmlinuz-* and no kernel8.img in /boot of $disks_device; without --kexec this kernel goes on"
}

# A logical volume by its name: the initramfs starts its group by that.  A kernel without an
# initramfs finds a partition, and has the drivers of ext4 and f2fs if it is Raspberry Pi's.
kernel_root() {
	kernel_dm=/sys/class/block/$(basename "$(readlink -f "$disks_device")")/dm
	if [ -z "$kernel_initrd" ]; then
		echo "PARTUUID=$kernel_partition rootwait"
	elif grep -qs '^LVM-' "$kernel_dm/uuid"; then
		echo "/dev/mapper/$(cat "$kernel_dm/name")"
	else
		echo "UUID=$(blkid -p -o value -s UUID "$disks_device")"
	fi
}

# kernel_check_root: dies if the kernel could not mount the root file system, and no user would be
# there to help.  Sets kernel_partition if there is no initramfs.
kernel_check_root() {
	[ -z "$kernel_initrd" ] || return 0
	kernel_partition=$(blkid -p -o value -s PART_ENTRY_UUID "$disks_device")
	case ${kernel_image##*/}:$disks_format:$kernel_partition in
	*:) ;;
	kernel8.img:ext4:* | kernel8.img:f2fs:*) return 0 ;;
	esac
	die "${kernel_image#"$disks_target"} has no initramfs, and could not find $disks_device; make one in farroot chroot-root by update-initramfs -c -k all, or boot without --kexec"
}

# kernel_arguments TEXT: with each console of this kernel.  One that panics, as it finds no root
# file system, restarts the machine, which boots the rescue system again.
kernel_arguments() {
	echo "root=$(kernel_root) ro${disks_subvolume:+ rootflags=subvol=$disks_subvolume} panic=60" \
		"$("$rescue_here/words" <"$rescue_system/proc/cmdline" | grep '^console=' | tr '\n' ' ')$1"
}

# kernel_leave: never returns.  The clients of ssh would wait for ever for a connection that the
# other kernel does not know: the sessions end first, this one after its last line.
kernel_leave() {
	sleep 1
	for kernel_session in "$rescue_system"/proc/[0-9]*; do
		! grep -qs '^sshd[a-z-]*: ' "$kernel_session/cmdline" || kill "${kernel_session##*/}"
	done
	sleep 1
	kexec -e || log "kexec -e: cannot start the other kernel"
}

# kernel_start TEXT: never returns.
kernel_start() {
	kernel_mount_boot
	kernel_find
	kernel_check_root
	kexec -l "$kernel_image" ${kernel_initrd:+"--initrd=$kernel_initrd"} --command-line="$(kernel_arguments "$1")" ||
		die "kexec cannot load $kernel_image; without --kexec this kernel goes on"
	disks_unmount || die "$disks_target is in use; end what uses it: fuser -vm $disks_target"
	sync
	# The other kernel does not feed the watchdog before its own system does.
	"${rescue_here%/*}/farroot-watchdog" --release 2>/dev/null
	echo "farroot boot-local: starting ${kernel_image#"$disks_target"} of $disks_device; this session ends"
	trap '' HUP TERM
	kernel_leave </dev/null >/dev/null 2>&1 &
	exit
}
