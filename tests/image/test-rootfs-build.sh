#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image rootfs builds a Debian of this machine's architecture, boots it once and packs
# it by what the boot read: the image verifies, its profile is of it, nothing in it is of
# one machine, and two builds are the same bytes.  Takes minutes, and needs Debian's archive.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need_root
need mmdebstrap mksquashfs unsquashfs cpio modprobe readelf ssh-keygen unshare nbdkit
vm_here=$srcdir/tests/boot/vm
# shellcheck source-path=SCRIPTDIR source=../boot/vm/lib.sh
. "$vm_here/lib.sh"
vm_use_tools || fail "make-debs"
packages=$("$vm_here/make-debs") || fail "make-debs"
export FARROOT_IMAGE_CACHE="${FARROOT_IMAGE_TEST_CACHE:-$dir/cache}"
make_site
site=$dir/site
out=$dir/result
mkdir -p "$site/rootfs/files/etc" "$site/rootfs/packages.d" "$site/rootfs/hooks"
printf '#!/bin/sh\nsetcap cap_net_raw+ep /usr/bin/ping\n' >"$site/rootfs/hooks/10-ping"
chmod +x "$site/rootfs/hooks/10-ping"
echo hello >"$site/rootfs/files/etc/motd"
echo tree >"$site/rootfs/packages.d/more"

build() {
	sh "$image" rootfs "$site" -o "$out" --debs "$packages" "$@" >"$dir/build.out" 2>"$dir/build.log" || fail "the build failed"
}
build --record
roothash=$(cat "$out/roothash")
farroot verify "$out/root.img" "$roothash" || fail "the image does not verify"
grep -q "^# roothash=$roothash" "$out/root.img.profile" || fail "no profile of this image"
farroot profile show "$out/root.img.profile" "$out/root.img" >/dev/null || fail "profile show"
grep -q "roothash=$roothash" "$out/kernel-arguments" || fail "no kernel arguments"
grep -q ' /usr/lib/systemd/systemd$' "$out/boot.files" || fail "boot.files lacks what every boot reads"

unsquashfs -q -n -d "$dir/tree" "$out/root.img" >/dev/null || fail "unsquashfs"
tree=$dir/tree
same "$(cat "$tree/etc/motd")" hello "a file of the site"
[ -x "$tree/usr/bin/tree" ] || fail "a package of the site is not there"
same "$(sed -n 's/^root:\([^:]*\):.*/\1/p' "$tree/etc/shadow")" '*' "root's password field"
cmp "$site/authorized_keys" "$tree/root/.ssh/authorized_keys" || fail "the keys of the site"
same "$(stat -c %a "$tree/root/.ssh" "$tree/root/.ssh/authorized_keys" | tr '\n' ' ')" '700 600 ' "their modes"
[ ! -s "$tree/etc/machine-id" ] || fail "a machine id"
! ls "$tree"/etc/ssh/ssh_host_* >/dev/null 2>&1 || fail "host keys"
grep -q autologin "$tree/etc/systemd/system/serial-getty@.service.d/50-farroot.conf" || fail "serial=shell"
[ -z "$(command -v getcap)" ] || getcap "$tree/usr/bin/ping" | grep -q cap_net_raw || fail "ping has lost its capability"

# By the list, without a boot: the same image.
mv "$out" "$dir/first"
cp "$dir/first/boot.files" "$site/rootfs/boot.files"
build
for file in root.img root.img.profile vmlinuz initrd packages; do
	cmp "$out/$file" "$dir/first/$file" || fail "packed by its list, $file differs"
done
before=$(stat -c %Y.%i "$out/root.img")
build
grep -q 'nothing has changed' "$dir/build.log" || fail "something was built again"
same "$(stat -c %Y.%i "$out/root.img")" "$before" "the file"

# No login on the serial line, no keys, and for one machine of a group.
rm "$site/authorized_keys"
sed -i 's/^serial=.*/serial=none/' "$site/site.conf"
mkdir -p "$site/groups/lab/packages.d" "$site/hosts/9ffefdef/files/etc" "$site/hosts/9ffefdef/hooks"
echo lrzsz >"$site/groups/lab/packages.d/more"
echo groups=lab >"$site/hosts/9ffefdef/host.conf"
echo one >"$site/hosts/9ffefdef/files/etc/motd"
# shellcheck disable=SC2016 # for the hook
printf '#!/bin/sh\necho "$FARROOT_HOST $FARROOT_GROUPS $(command -v rz) $(cat etc/motd)" >etc/by-host\n' >"$site/hosts/9ffefdef/hooks/10-host"
chmod +x "$site/hosts/9ffefdef/hooks/10-host"
build --host 9ffefdef
rm -rf "$dir/tree"
unsquashfs -q -n -d "$dir/tree" "$out/root.img" root etc >/dev/null || fail "unsquashfs"
same "$(readlink "$tree/etc/systemd/system/serial-getty@.service")" /dev/null "serial=none"
[ ! -e "$tree/root/.ssh/authorized_keys" ] || fail "a key that the site does not have"
same "$(cat "$tree/etc/by-host")" '9ffefdef lab /usr/bin/rz one' "what the hook of the host saw"
