#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# mount(8) mounts the type fuse.farroot by the installed helper, also as a line of fstab says;
# umount(8) ends the server.
. "${srcdir:-..}/tests/fuse/fuse.sh"
. "$srcdir/tests/overlay.sh"
overlay_enter "$0"

serve_file 4
mkdir -p /usr/libexec/farroot
cp "$top_builddir/farroot" /usr/bin/
cp "$top_builddir/farroot-fuse" /usr/libexec/farroot/
cp "$srcdir/nbd-plugin/fuse/mount.fuse.farroot" /sbin/

# mounts ARGUMENT...: of mount(8).
mounts() {
	timeout "$(slack 20)" mount "$@" 2>"$dir/mount.log" || fail "mount $*: exit code $?"
	server=$(server_of "$mnt") || fail "no server"
	remember "$server"
	cmp "$mnt/image" "$dir/image" || fail "wrong bytes"
	umount "$mnt" || fail "cannot unmount"
	wait_until 5 "the server ends" is_gone "$server"
}

mounts -t fuse.farroot "$url1/image" "$mnt" -o "roothash=$roothash"
mounts -t fuse.farroot "$url1/image" "$mnt" -o "ro,nofail,_netdev,x-systemd.automount,roothash=$roothash,user-agent=a\\,b"
echo "$url1/image $mnt fuse.farroot noauto,roothash=$roothash,noexec 0 0" >/etc/fstab
mounts "$mnt"
# allow_other lets other users read.
for other in no yes; do
	[ $other = no ] || set -- -o allow_other
	mount -t fuse.farroot "$url1/image" "$mnt" -o "roothash=$roothash" "$@" || fail "cannot mount"
	can=no
	! setpriv --reuid=nobody --regid=nogroup --clear-groups head -c 1 "$mnt/image" >/dev/null 2>&1 || can=yes
	same $can $other "whether another user can read"
	umount "$mnt" || fail "cannot unmount"
done
! mount -t fuse.farroot "$url1/image" "$mnt" 2>"$dir/mount.log" || fail "mounted without a root hash"
grep -q 'roothash= is required' "$dir/mount.log" || fail "no message: $(cat "$dir/mount.log")"
# mount --fake mounts nothing.
mount -f -t fuse.farroot "$url1/image" "$mnt" -o "roothash=$roothash" || fail "mount --fake"
is_unmounted "$mnt" || fail "mount --fake has mounted"
