#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The search for the root file system in a volume group changes no volume: no journal is replayed
# before the user has chosen one.  The small flavour, which has neither LVM nor mdadm, says so.
. "${srcdir:-..}/tests/lib.sh"
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
mkdir "$dir/programs" "$dir/target" "$dir/state"
# blkid -p -o value -s TYPE DEVICE; each volume is named after its file system.
cat >"$dir/programs/blkid" <<'END'
#!/bin/sh
for device; do :; done
case $device in
*/disk) echo LVM2_member ;;
*/raid) echo linux_raid_member ;;
*) echo "${device##*/}" ;;
esac
END
cat >"$dir/programs/mount" <<END
#!/bin/sh
echo "\$*" | sed 's, [^ ]*\$,,' >>"$dir/mounts"
exit 1
END
cat >"$dir/programs/lvs" <<'END'
#!/bin/sh
printf '  /dev/group/%s\n' ext4 xfs btrfs f2fs vfat ext3
END
printf '#!/bin/sh\necho group\n' >"$dir/programs/pvs"
for program in vgchange modprobe umount; do
	printf '#!/bin/sh\n' >"$dir/programs/$program"
done
chmod +x "$dir/programs"/*

# opens DISK PATH: what is said when no volume has an init.
opens() {
	: >"$dir/mounts"
	# shellcheck source=/dev/null disable=SC2030,SC2034 # for the script
	(
		. "$rescue/disks.sh"
		rescue_state=$dir/state disks_device=$dir/$1
		PATH=$2
		disks_open
	) >"$dir/out" 2>&1
	cat "$dir/out"
}

# shellcheck disable=SC2031
opens disk "$dir/programs:$PATH" >/dev/null
same "$(cat "$dir/mounts")" '-o ro,noload /dev/group/ext4
-o ro,norecovery /dev/group/xfs
-o ro,rescue=nologreplay /dev/group/btrfs
-o ro,norecovery /dev/group/f2fs
-o ro /dev/group/vfat
-o ro,noload /dev/group/ext3' "how the volumes are mounted"
grep -q 'no logical volume holds a root file system; give one of: .*/dev/group/xfs' "$dir/out" || fail "the message: $(cat "$dir/out")"

mkdir "$dir/small"
cp "$dir/programs/blkid" "$dir/programs/modprobe" "$dir/small/"
ln -s "$(command -v sh)" "$dir/small/sh"
same "$(opens disk "$dir/small")" "farroot ${0##*/}: $dir/disk: part of a volume group, and this flavour has no LVM: flavour=full has" "LVM in the small flavour"
same "$(opens raid "$dir/small")" "farroot ${0##*/}: $dir/raid: part of a RAID, and this flavour has no mdadm: flavour=full has" "RAID in the small flavour"
