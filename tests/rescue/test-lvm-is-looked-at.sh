#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The search for the root file system in a volume group changes no volume: no journal is replayed
# before the user has chosen one.
. "${srcdir:-..}/tests/lib.sh"
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
mkdir "$dir/programs" "$dir/target" "$dir/state"
# blkid -p -o value -s TYPE DEVICE; each volume is named after its file system.
cat >"$dir/programs/blkid" <<'END'
#!/bin/sh
for device; do :; done
case $device in
*/disk) echo LVM2_member ;;
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

# opens: what is said when no volume has an init.
opens() {
	: >"$dir/mounts"
	# shellcheck source=/dev/null disable=SC2034 # for the script
	(
		. "$rescue/disks.sh"
		rescue_state=$dir/state disks_device=$dir/disk
		PATH=$dir/programs:$PATH
		disks_open
	) >"$dir/out" 2>&1
	cat "$dir/out"
}

opens >/dev/null
same "$(cat "$dir/mounts")" '-o ro,noload /dev/group/ext4
-o ro,norecovery /dev/group/xfs
-o ro,rescue=nologreplay /dev/group/btrfs
-o ro,norecovery /dev/group/f2fs
-o ro /dev/group/vfat
-o ro,noload /dev/group/ext3' "how the volumes are mounted"
grep -q 'no logical volume holds a root file system; give one of: .*/dev/group/xfs' "$dir/out" || fail "the message: $(cat "$dir/out")"
