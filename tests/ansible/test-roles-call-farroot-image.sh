#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The roles with the real farroot-image, which other tests replace: boot makes boot.img, signed,
# with the arguments and lines of the inventory, and the same bytes again; what check
# mode explains of rescue and rootfs is of the site and of what the inventory adds.
. "${srcdir:-..}/tests/image/lib.sh"
# A tiny output of rescue, and firmware that is no firmware.
make_site
boot_site=$site
. "$srcdir/tests/image/rescue-lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need ssh-keygen mmdebstrap mksquashfs cpio modprobe readelf
rm "$dir/bin/farroot-image" "$dir/bin/farroot"
printf '#!/bin/sh\nexec sh "%s" "$@"\n' "$(cd "$srcdir/image" && pwd)/farroot-image" >"$dir/bin/farroot-image"
chmod +x "$dir/bin/farroot-image"
cp "$farroot" "$dir/bin/farroot" || fail "no farroot"

out=$dir/srv/boot
roothash=$(printf '%064d' 7)
mkdir "$dir/root" "$dir/srv"
cp "$from/kernel-version" "$dir/root/"
echo "$roothash" >"$dir/root/roothash"
variables "boot_site: $boot_site
boot_from: $from
boot_rootfs: $dir/root
boot_output: $out
boot_key: $dir/owner.key
boot_public_key: $dir/owner.pem
boot_firmware: $firmware
boot_url: http://192.0.2.1
boot_arguments: [farroot.rate=100K]
boot_devices:
  - {name: barn, serial: '10000000abcdef01', config_txt: [arm_freq=1000]}"
play boot -- --check --diff
changed 1 "check mode before the first run"
[ ! -e "$out" ] || fail "check mode has made $out"
play boot
changed 1 "the first run"
before=$(tree "$out")
play boot -- --diff -v
changed 0 "the second run"
# Nothing is signed again.
said 'nothing has changed'
same "$(tree "$out")" "$before" "the boot files"
play boot -- --check --diff -e '{"boot_arguments": ["quiet"]}'
changed 1 "check mode with another argument"
same "$(tree "$out")" "$before" "the boot files after check mode"
[ -z "$(find "$dir/srv" -name '.farroot*')" ] || fail "temporary folders are left"

farroot_image verify "$out/http" --public-key "$dir/owner.pem" >/dev/null || fail "verify"
farroot_image extract "$out/http/boot.img" -o "$dir/taken" --serial abcdef01 >/dev/null || fail "extract"
for word in "farroot=http://192.0.2.1/images/$roothash/root.img" "roothash=$roothash" \
	farroot.profile=http://192.0.2.1/pi/root.img.profile farroot.rate=100K; do
	tr ' ' '\n' <"$dir/taken/cmdline" | grep -qxF "$word" || fail "no $word in: $(cat "$dir/taken/cmdline")"
done
grep -qx arm_freq=1000 "$dir/taken/config.txt" || fail "no lines of the machine: $(cat "$dir/taken/config.txt")"
farroot_image extract "$out/http/boot.img" -o "$dir/other" --serial abcdef02 >/dev/null || fail "extract"
! grep -qx arm_freq=1000 "$dir/other/config.txt" || fail "another machine has the lines"
make_key stranger
wrong 'would be in boot.img, which any machine can download' '{"boot_arguments": ["farroot.password=hunter2"]}'
wrong "$dir/stranger.pem" "{\"boot_public_key\": \"$dir/stranger.pem\"}"
refuses_all boot
same "$(tree "$out")" "$before" "the boot files after what was refused"

# Builds of Debian, explained only. In its folder the site has no keys.
fake_apt
make_site
printf 'bash 5.2-1\n' >"$dir/packages"
key=$(cat "$dir/site/authorized_keys")
rm "$dir/site/authorized_keys"
variables "rescue_site: $dir/site
rescue_output: $dir/srv/rescue
rootfs_site: $dir/site
rootfs_output: $dir/srv/rootfs"
for role in rescue rootfs; do
	play $role -- --check --diff -e "{\"${role}_authorized_keys\": [\"$key\"], \"${role}_packages\": [\"tree\"]}"
	changed 1 "check mode of $role"
	said 'no earlier build, so everything is to be done'
	[ ! -e "$dir/srv/$role" ] || fail "check mode has made $dir/srv/$role"
done
refuses 'authorized_keys' rescue -- --check
# For a group of the site.
mkdir -p "$dir/site/groups/lab/packages.d"
for role in rescue rootfs; do
	options="\"${role}_authorized_keys\": [\"$key\"], \"${role}_groups\""
	refuses '--group attic: no such group' $role -- --check -e "{$options: [\"attic\"]}"
	echo '--option' >"$dir/site/groups/lab/packages.d/list"
	refuses 'groups/lab/packages.d/list: \"--option\" is not a package name' $role -- --check -e "{$options: [\"lab\"]}"
done
