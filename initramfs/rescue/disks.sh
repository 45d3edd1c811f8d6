# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Opens what a disk holds until a root file system is mounted: LUKS, LVM, RAID, btrfs.
# Used by boot-local and chroot-root.
# shellcheck shell=dash

disks_name=${0##*/}
# A test has its own folder.
disks_target=${RESCUE_TARGET:-/mnt/root}

die() {
	echo "farroot $disks_name: $*" >&2
	exit 1
}

disks_type() {
	blkid -p -o value -s TYPE "$1" 2>/dev/null
}

# disks_find DEVICE|UUID=...|LABEL=...|PARTUUID=...: sets disks_device.
disks_find() {
	case $1 in
	/dev/*) disks_device=$1 ;;
	*=*) disks_device=$(findfs "$1" 2>/dev/null) || die "$1: no such device; lsblk -f lists them" ;;
	*) die "$1: not a device such as /dev/mmcblk0p2 and not UUID=, LABEL= or PARTUUID=" ;;
	esac
	[ -b "$disks_device" ] || die "$disks_device: no such block device; lsblk -f lists them"
}

# Opens disks_device until it holds a file system; asks for a passphrase if need be.
disks_open() {
	while true; do
		case $(disks_type "$disks_device") in
		crypto_LUKS) disks_open_luks ;;
		LVM2_member) disks_open_lvm ;;
		linux_raid_member)
			command -v mdadm >/dev/null || die "$disks_device: part of a RAID, and this flavour has no mdadm: flavour=full has"
			mdadm --assemble --scan >/dev/null 2>&1
			disks_array=$(lsblk -nro PATH,TYPE "$disks_device" | awk '$2 ~ /^raid/ { print $1; exit }')
			[ -n "$disks_array" ] || die "$disks_device: the array does not start; see cat /proc/mdstat"
			disks_device=$disks_array
			;;
		'') die "$disks_device: no file system found" ;;
		*) break ;;
		esac
	done
}

disks_open_luks() {
	disks_mapped=
	for disks_holder in /sys/class/block/"$(basename "$(readlink -f "$disks_device")")"/holders/*; do
		! grep -qs '^CRYPT-' "$disks_holder/dm/uuid" || disks_mapped=/dev/mapper/$(cat "$disks_holder/dm/name")
	done
	if [ -z "$disks_mapped" ]; then
		modprobe -q dm-crypt
		# shellcheck disable=SC2154 # of lib.sh
		[ ! -e "$rescue_state/ephemeral" ] ||
			echo "The ssh host key was made for this boot only: have you compared it with the console?" >&2
		disks_mapped=farroot-$(basename "$disks_device")
		cryptsetup open "$disks_device" "$disks_mapped" || die "$disks_device: not opened"
		disks_mapped=/dev/mapper/$disks_mapped
	fi
	# shellcheck disable=SC2034 # for boot-local
	disks_luks=$disks_device
	# shellcheck disable=SC2034 # for boot-local
	disks_crypt=$disks_mapped
	disks_device=$disks_mapped
}

# The logical volume that is asked for is not known here: the one with an init.
disks_open_lvm() {
	command -v pvs >/dev/null || die "$disks_device: part of a volume group, and this flavour has no LVM: flavour=full has"
	modprobe -q dm-mod
	disks_group=$(pvs --noheadings -o vg_name "$disks_device" | tr -d ' ')
	[ -n "$disks_group" ] || die "$disks_device: a physical volume without a volume group"
	vgchange -q -ay "$disks_group" >/dev/null || die "$disks_group: the volume group does not start; see vgchange -ay"
	for disks_volume in $(lvs --noheadings -o lv_path "$disks_group"); do
		disks_is_root "$disks_volume" || continue
		disks_device=$disks_volume
		return
	done
	die "$disks_group: no logical volume holds a root file system; give one of: $(lvs --noheadings -o lv_path "$disks_group" | tr -s ' \n' ' ')"
}

# Looks at a file system without a change of it: its journal is replayed only when the user has chosen
# it, as a repair may want it as it is.
disks_is_root() {
	disks_format=$(disks_type "$1")
	[ -n "$disks_format" ] || return
	disks_look=$(mktemp -d)
	disks_found=1
	case $disks_format in
	ext3 | ext4) disks_options=ro,noload ;;
	xfs | f2fs) disks_options=ro,norecovery ;;
	btrfs) disks_options=ro,rescue=nologreplay ;;
	*) disks_options=ro ;;
	esac
	modprobe -q "$disks_format"
	if mount -o "$disks_options" "$1" "$disks_look" 2>/dev/null; then
		for disks_subvolume in '' /@rootfs /@; do
			! disks_may_have_init "$disks_look$disks_subvolume" || disks_found=0
		done
		umount "$disks_look"
	fi
	rmdir "$disks_look"
	return "$disks_found"
}

disks_has_init() {
	[ -x "$1/sbin/init" ] || [ -L "$1/sbin/init" ] || [ -L "$1/usr/sbin/init" ] || [ -x "$1/usr/sbin/init" ]
}

# Where /sbin is a link into a /usr that is a file system of its own, its fstab(5) says so.
disks_may_have_init() {
	disks_has_init "$1" || { [ -L "$1/sbin" ] && [ -n "$(disks_fstab "$1" | awk '$1 == "/usr"')" ]; }
}

# disks_fstab FOLDER: what the fstab(5) of the root file system in FOLDER mounts from disks of this machine:
# "PLACE SOURCE TYPE OPTIONS" on each line, with its \040 for blanks; what lies above comes first.
# apt needs /boot also if it is not mounted at a start.
disks_fstab() {
	awk '$1 ~ /^((PART)?(UUID|LABEL)=|\/dev\/)/ && $2 ~ /^\/./ && $3 != "swap" && "," $4 "," !~ /,_netdev,/ &&
		("," $4 "," !~ /,noauto,/ || $2 ~ /^\/boot(\/(firmware|efi))?$/) {
			gsub(/"/, "", $1)
			print $2, $1, $3, $4
		}' "$1/etc/fstab" 2>/dev/null | sort
}

# disks_decode TEXT: of fstab(5) or /proc/mounts.
disks_decode() {
	printf '%b' "$(printf '%s' "$1" | sed 's/\\/\\0/g')"
}

# disks_mount_also ro|rw [PLACE]: what the fstab(5) of the root file system mounts in itself, or PLACE
# alone.  Says what cannot be mounted.
disks_mount_also() {
	disks_fstab "$disks_target" >"$rescue_state/fstab-of-root"
	while read -r disks_place disks_source disks_format disks_options <&3; do
		[ "${2:-$disks_place}" = "$disks_place" ] || continue
		disks_place=$(disks_decode "$disks_place")
		disks_at=$disks_target$(disks_resolve "$disks_place")
		! mountpoint -q "$disks_at" || continue
		disks_mount_one "$1" ||
			echo "farroot $disks_name: cannot mount $disks_source, which is its $disks_place" >&2
	done 3<"$rescue_state/fstab-of-root"
}

# The tools of the root file system may lie in what is to be mounted.  The options that are for those
# tools alone go: the mount of busybox, which the small flavour has, does not know all of them.
disks_mount_one() {
	case $disks_source in
	/*) disks_from=$(disks_decode "$disks_source") ;;
	*) disks_from=$(findfs "$(disks_decode "$disks_source")" 2>/dev/null) || return ;;
	esac
	disks_options=$(printf '%s\n' "$disks_options" | tr ',' '\n' |
		grep -v -x -E '(x-|comment=).*|defaults|(no)?auto|nofail|(no)?(user|owner|group)|users' | tr '\n' ',')$1
	# A file system that is only read at a start is only read here.
	case ,$disks_options in
	*,ro,*) disks_options=${disks_options%,*} ;;
	esac
	set -- -o "$disks_options" "$disks_from" "$disks_at"
	if [ "$disks_format" != auto ]; then
		modprobe -q "$disks_format"
		set -- -t "$disks_format" "$@"
	fi
	mount "$@"
}

# disks_resolve PATH: where its links lead in the root file system.
disks_resolve() {
	disks_path=$1
	disks_n=0
	while [ -L "$disks_target$disks_path" ] && [ $disks_n -lt 20 ]; do
		disks_link=$(readlink "$disks_target$disks_path")
		case $disks_link in
		/*) disks_path=$disks_link ;;
		*) disks_path=${disks_path%/*}/$disks_link ;;
		esac
		disks_n=$((disks_n + 1))
	done
	printf '%s\n' "$disks_path" | awk -F / '{
		for (i = 2; i <= NF; i++)
			if ($i == "..")
				n -= (n > 0)
			else if ($i != "" && $i != ".")
				part[++n] = $i
		for (i = 1; i <= n; i++)
			printf "/%s", part[i]
	}'
}

# disks_mount ro|rw SUBVOLUME: disks_device on disks_target.  A btrfs without an init at its top
# has its root in the subvolume @, as Debian's and Ubuntu's installers make it.  Sets
# disks_subvolume.
disks_mount() {
	disks_subvolume=$2
	mkdir -p "$disks_target"
	! mountpoint -q "$disks_target" || die "something is mounted on $disks_target already; umount -R $disks_target"
	disks_format=$(disks_type "$disks_device")
	# The mount of busybox, which the small flavour has, loads no driver.
	modprobe -q "$disks_format"
	# Of a btrfs on several disks the kernel must know each one.
	[ "$disks_format" != btrfs ] || btrfs device scan >/dev/null 2>&1
	mount -o "$1${2:+,subvol=$2}" "$disks_device" "$disks_target" || die "cannot mount $disks_device; try fsck $disks_device"
	if [ -z "$2" ] && ! disks_may_have_init "$disks_target" && [ "$disks_format" = btrfs ]; then
		umount "$disks_target"
		for disks_subvolume in @rootfs @; do
			mount -o "$1,subvol=$disks_subvolume" "$disks_device" "$disks_target" 2>/dev/null && break
		done
	fi
	disks_has_init "$disks_target" || ! disks_may_have_init "$disks_target" || disks_mount_usr "$1"
	if ! disks_has_init "$disks_target"; then
		umount "$disks_target" 2>/dev/null
		die "$disks_device: no /sbin/init in it, so it is no root file system"
	fi
}

# disks_mount_usr ro|rw: before its init can be seen.
disks_mount_usr() {
	# Later, what disks_mount has found out counts.
	disks_format_of_root=$disks_format
	disks_mount_also "$1" /usr
	disks_format=$disks_format_of_root
	if ! mountpoint -q "$disks_target/usr"; then
		umount "$disks_target"
		die "$disks_device: its /sbin is in a /usr of its own, which must be open: cryptsetup open, vgchange -ay"
	fi
}

# disks_unmount [-l]: disks_target with all that is mounted below it; umount of busybox has no -R.
disks_unmount() {
	awk -v target="$disks_target" '$2 == target || index($2, target "/") == 1 { print $2 }' /proc/mounts | sort -r |
		while read -r disks_point; do
			umount "$@" "$(disks_decode "$disks_point")" 2>/dev/null
		done
	! mountpoint -q "$disks_target"
}
