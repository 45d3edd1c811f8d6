#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The real thing: the roles build a rescue system and a root file system for the
# architecture $FARROOT_TEST_ARCH (default: arm64) with farroot-image, publishes them by nginx,
# a second run changes nothing, and a machine in QEMU boots what was published, by DHCP and
# HTTP, to the login of the root file system. Takes an hour or more on an emulated processor.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
need_root
need mmdebstrap mksquashfs openssl ssh-keygen dpkg-buildpackage
arch=${FARROOT_TEST_ARCH:-arm64}
case $arch in
arm64) qemu=qemu-system-aarch64 machine='-machine virt -cpu cortex-a72' ;;
amd64) qemu=qemu-system-x86_64 machine='-machine q35' ;;
*) fail "FARROOT_TEST_ARCH=$arch: arm64 or amd64" ;;
esac
need "$qemu"
vm_here=$srcdir/tests/boot/vm
# shellcheck source-path=SCRIPTDIR source=../boot/vm/lib.sh
. "$vm_here/lib.sh"
# The programs of this tree, not the fakes.
rm "$dir/bin/farroot" "$dir/bin/farroot-image"
vm_use_tools || fail "make-debs"
packages=$("$vm_here/make-debs" --arch "$arch") || fail "make-debs"
export FARROOT_IMAGE_CACHE="${FARROOT_IMAGE_TEST_CACHE:-$dir/cache}"
configure
mkdir "$dir/srv" "$dir/site"
printf 'arch=%s\nsuite=trixie\nserial=shell\n' "$arch" >"$dir/site/site.conf"
ssh-keygen -q -t ed25519 -N '' -f "$dir/key" || fail "ssh-keygen"
# QEMU's own network gives 10.0.2.15 by DHCP; this machine is 10.0.2.2 there.
sed -i '/^publish_boot\|^publish_rootfs/d' "$dir/vars.yml"
variables "site_source: $dir/site
site_folder: $dir/srv/site
keys_folder: $dir/srv/keys
rescue_site: $dir/srv/site
rescue_output: $dir/srv/rescue
rescue_debs: $packages
rescue_authorized_keys: ['$(cat "$dir/key.pub")']
rootfs_site: $dir/srv/site
rootfs_output: $dir/srv/rootfs
rootfs_debs: $packages
rootfs_authorized_keys: ['$(cat "$dir/key.pub")']
boot_site: $dir/srv/site
boot_from: $dir/srv/rescue
boot_rootfs: $dir/srv/rootfs
boot_output: $dir/srv/boot
boot_key: $dir/srv/keys/private.pem
boot_public_key: $dir/srv/keys/public.pem
boot_url: http://10.0.2.2:$port
boot_arguments: [console=$(vm_console "$arch")]
publish_boot: $dir/srv/boot/http
publish_rootfs: $dir/srv/rootfs
publish_public_key: $dir/srv/keys/public.pem"

play publish -- --tags publish_server
start_server
builders='keys site rescue rootfs boot publish'
# shellcheck disable=SC2086 # words
play $builders
changed some "the first run"
# shellcheck disable=SC2086 # words
play $builders
changed 0 "the second run"

# As the firmware does with boot.img.
mkdir "$dir/fetched"
get pi/boot.img >"$dir/fetched/boot.img" || fail "boot.img"
get pi/boot.sig >"$dir/fetched/boot.sig" || fail "boot.sig"
farroot-image verify "$dir/fetched" --public-key "$dir/srv/keys/public.pem" || fail "farroot-image verify"
farroot-image extract "$dir/fetched/boot.img" -o "$dir/machine" || fail "farroot-image extract"
# shellcheck disable=SC2086 # words
"$qemu" $machine -m 2G -smp 2 -nographic -no-reboot -kernel "$dir/machine/kernel" -initrd "$dir/machine/initramfs" \
	-append "$(cat "$dir/machine/cmdline")" -nic user,model=virtio-net-pci >"$dir/console.log" 2>&1 </dev/null &
machine=$!
remember $machine
vm_wait_for "$(slack 1800)" $machine "$dir/console.log" 'Reached target.*[Mm]ulti-[Uu]ser' || fail "the root file system does not start"
grep -q "/images/$(cat "$dir/srv/rootfs/roothash")/root.img" "$dir/access.log" || fail "the image was not streamed"
