#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image rescue builds the full rescue system of Debian: what must be in it is in it,
# what belongs to one machine is not, two builds are the same bytes, nothing is built twice,
# and what a hook does wrong ends the build.  Takes minutes, and needs Debian's archive.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/source/packages.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need_root
need mmdebstrap mksquashfs unsquashfs cpio modprobe readelf ssh-keygen unshare
arch=$(dpkg --print-architecture)
packages_build "$arch"
make_site
site=$dir/site
out=$dir/result
export FARROOT_IMAGE_CACHE="${FARROOT_IMAGE_TEST_CACHE:-$dir/cache}"

build() {
	FARROOT_IMAGE_CACHE="${build_cache:-$FARROOT_IMAGE_CACHE}" sh "$image" rescue "$site" -o "$out" --debs "$packages" >"$dir/build.out" 2>"$dir/build.log"
}

# Folders and links of a site, as people make them.
mkdir -p "$site/rescue/files/var/run" "$site/rescue/files/etc" "$site/rescue/hooks" "$site/common/packages.d"
echo hello >"$site/rescue/files/etc/motd"
ln -s /etc/passwd "$site/rescue/files/etc/link"
# /var/run is a link to /run in the image: this file must not land in /run of this machine.
echo "$$" >"$site/rescue/files/var/run/farroot-test-$$"
echo tree >"$site/common/packages.d/more"
cat >"$site/rescue/hooks/50-look" <<'END'
#!/bin/sh
set -e
[ "$FARROOT_FLAVOUR" = full ] || exit 1
[ "$(cat /etc/motd)" = hello ] || exit 1
[ ! -e /dev/sda ] && [ ! -e /dev/vda ] || exit 1
! ip route 2>/dev/null | grep . || exit 1
echo made >/etc/by-hook
END
chmod +x "$site/rescue/hooks/50-look"

build || fail "the build failed"
[ ! -e "/run/farroot-test-$$" ] || fail "a file of the site was written to this machine"
for file in vmlinuz initrd rescue.cpio kernel-version arch flavour packages sizes; do
	[ -s "$out/$file" ] || fail "no $file"
done
same "$(cat "$out/arch") $(cat "$out/flavour")" "$arch full" "arch and flavour"
grep -q '^openssh-server ' "$out/packages" || fail "packages lacks openssh-server"
cmp "$out/sizes" "$dir/build.out" || fail "the table of sizes is not printed"

same "$(cpio -t --quiet <"$out/rescue.cpio")" rescue.squashfs "what rescue.cpio holds"
(cd "$dir" && cpio -i --quiet) <"$out/rescue.cpio"
unsquashfs -q -n -d "$dir/tree" "$dir/rescue.squashfs" >/dev/null 2>&1 || fail "unsquashfs"
tree=$dir/tree
same "$(cat "$tree/etc/motd")" hello "a file of the site"
same "$(cat "$tree/etc/by-hook")" made "what the hook wrote"
same "$(readlink "$tree/etc/link")" /etc/passwd "a link of the site"
[ -x "$tree/usr/bin/tree" ] || fail "a package of the site is not there"
same "$(cat "$tree/etc/farroot/rescue.conf")" "serial=shell
flavour=full" "rescue.conf"
cmp "$site/authorized_keys" "$tree/etc/farroot/authorized_keys" || fail "authorized_keys"
same "$(sed -n 's/^root:\([^:]*\):.*/\1/p' "$tree/etc/shadow")" '*' "root's password field"
for path in boot/vmlinuz etc/ssh/ssh_host_ed25519_key usr/bin/perl usr/bin/python3 usr/lib/systemd/systemd var/lib/dpkg/status; do
	[ ! -e "$tree/$path" ] || fail "the tool tree has $path"
done
find "$tree" -name 'libicu*' | grep . && fail "the tool tree has ICU"
version=$(cat "$out/kernel-version")
modprobe -d "$tree" -S "$version" --show-depends btrfs >/dev/null || fail "no btrfs module with what it needs"

# The same inputs: nothing is built.  In another folder, with an empty cache of results: the
# same bytes.
before=$(stat -c %Y.%i "$out/initrd")
build || fail "the second build failed"
grep -q 'nothing has changed' "$dir/build.log" || fail "something was built again"
same "$(stat -c %Y.%i "$out/initrd")" "$before" "the file"
mv "$out" "$dir/first"
rm -rf "$FARROOT_IMAGE_CACHE"/rescue-*
build || fail "the third build failed"
for file in vmlinuz initrd rescue.cpio packages sizes inputs; do
	cmp "$out/$file" "$dir/first/$file" || fail "two builds differ"
done

# From packages alone, in another cache folder: only what apt downloaded is there.  Then the
# same bytes come of the same packages on any machine.
rm -rf "$dir/from-packages"
mkdir "$dir/from-packages"
cp -a "$FARROOT_IMAGE_CACHE"/apt-* "$dir/from-packages/"
mv "$out" "$dir/second"
build_cache=$dir/from-packages
build || fail "the build from packages alone failed"
build_cache=
for file in vmlinuz initrd rescue.cpio packages sizes package-sizes package-sizes-of-initrd inputs; do
	cmp "$out/$file" "$dir/first/$file" || fail "a build from packages alone has another $file"
done
rm -rf "$dir/from-packages"

# A hook that does what it must not.
wrong() {
	printf '#!/bin/sh\n%s\n' "$1" >"$site/rescue/hooks/60-wrong"
	chmod +x "$site/rescue/hooks/60-wrong"
	! build || fail "built in spite of: $1"
	grep -q -e "$2" "$dir/build.log" || fail "'$2' is not said"
	[ -e "$out/inputs" ] || fail "the last good build is gone"
	! grep -q "$FARROOT_IMAGE_CACHE" /proc/self/mountinfo || fail "a mount stayed"
	! ls -d "$FARROOT_IMAGE_CACHE"/work.* >/dev/null 2>&1 || fail "a work folder stayed"
}
wrong 'echo no; exit 3' '60-wrong: the hook failed with status 3'
wrong 'ssh-keygen -q -t ed25519 -N "" -f /root/key' 'root/key: a private key'
wrong 'rm /usr/lib/*/libblkid.so.1' 'its library libblkid.so.1 is missing'
wrong 'rm /usr/sbin/mkfs.ext4' 'not in the tool tree: mkfs.ext4'

# An interrupted build leaves no mount, and the next one works.
printf '#!/bin/sh\nsleep 600\n' >"$site/rescue/hooks/60-wrong"
sh "$image" rescue "$site" -o "$out" --debs "$packages" >"$dir/killed.log" 2>&1 &
builder=$!
remember $builder
wait_until 120 "the hook runs" grep -q 60-wrong "$dir/killed.log"
end $builder KILL
rm "$site/rescue/hooks/60-wrong"
! grep -q "$FARROOT_IMAGE_CACHE" /proc/self/mountinfo || fail "a mount stayed"
timeout "$(slack 120)" sh "$image" rescue "$site" -o "$out" --debs "$packages" >"$dir/again.log" 2>&1 || fail "cannot build after a build was killed"

# For a group: its packages, modules and files beside those of all, and its hook after them.
mkdir -p "$site/groups/lab/packages.d" "$site/groups/lab/modules.d" "$site/groups/lab/files/etc" "$site/groups/lab/hooks"
echo lrzsz >"$site/groups/lab/packages.d/more"
echo hfsplus >"$site/groups/lab/modules.d/more"
echo lab >"$site/groups/lab/files/etc/lab"
# shellcheck disable=SC2016 # for the hook
printf '#!/bin/sh\necho "$FARROOT_GROUPS $(cat etc/by-hook etc/lab)" >etc/by-group\n' >"$site/groups/lab/hooks/10-group"
chmod +x "$site/groups/lab/hooks/10-group"
sh "$image" rescue "$site" -o "$dir/lab" --debs "$packages" --group lab >"$dir/lab.log" 2>&1 || fail "cannot build for a group: $(tail "$dir/lab.log")"
rm -rf "$tree"
(cd "$dir" && cpio -iu --quiet) <"$dir/lab/rescue.cpio"
unsquashfs -q -n -d "$tree" "$dir/rescue.squashfs" >/dev/null 2>&1 || fail "unsquashfs"
same "$(tr '\n' ' ' <"$tree/etc/by-group")" 'lab made lab ' "what the hook of the group saw"
[ -x "$tree/usr/bin/rz" ] || fail "a package of the group is not there"
modprobe -d "$tree" -S "$version" --show-depends hfsplus >/dev/null || fail "a module of the group is not there"
sh "$image" rescue "$site" -o "$out" --debs "$packages" --explain | grep -q 'nothing has changed' || fail "the image of all changes with a group"
