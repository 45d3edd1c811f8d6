#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The roles site, rescue, rootfs and boot: what check mode and --diff say is
# true, and the inventory's packages, keys, arguments and lines of config.txt get into the
# build. farroot-image is a fake.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need openssl
make_small_site
out=$dir/srv
mkdir "$out"
openssl genrsa -out "$dir/private.pem" 2048 2>/dev/null
variables "site_source: $dir/site
site_folder: $out/site
rescue_site: $out/site
rescue_output: $out/rescue
rescue_authorized_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB3f9nNI0gcXzHnDpJ0kFvPmO7jxl9MD6ymhdFTSXtYp test']
rootfs_site: $out/site
rootfs_output: $out/rootfs
rootfs_packages: [tmux, vim]
boot_site: $out/site
boot_from: $out/rescue
boot_rootfs: $out/rootfs
boot_output: $out/boot
boot_key: $dir/private.pem
boot_public_key: ''
boot_url: http://192.0.2.1
boot_mirrors: [http://192.0.2.2/pi]
boot_arguments: [farroot.rate=100K]
boot_devices:
  - {name: barn, serial: '10000000abcdef01', config_txt: [dtoverlay=disable-bt, arm_freq=1000]}
  - {name: field, serial: 'ABCDEF02'}"

play site rescue rootfs boot -- --check --diff
changed some "check mode before the first run"
same "$(ls "$out")" '' "what check mode has made"
play site rescue rootfs boot
changed some "the first run"
play site rescue rootfs boot -- --check --diff
changed 0 "check mode after it"

roothash=$(cat "$out/rootfs/roothash")
same "$(cat "$out/boot/tftp/cmdline.txt")" "farroot=http://192.0.2.1/images/$roothash/root.img roothash=$roothash \
farroot.profile=http://192.0.2.1/pi/root.img.profile farroot.mirror=http://192.0.2.2/pi/images/$roothash/root.img \
farroot.rate=100K loglevel=4 " "the arguments of the kernel"
same "$(tr '\n' ' ' <"$out/boot/tftp/config.txt")" '[0xabcdef01] dtoverlay=disable-bt arm_freq=1000 ' "config.txt"
grep -q rootfs/packages.d/ansible "$out/rootfs/inputs" || fail "no packages of the inventory: $(cat "$out/rootfs/inputs")"
grep -q authorized_keys "$out/rescue/inputs" || fail "no keys of the inventory: $(cat "$out/rescue/inputs")"
[ -z "$(find "$out" "$dir" -maxdepth 1 -name '.farroot-*')" ] || fail "temporary folders are left"

# A file less and a package less change what they must, and no more.
before=$(tree "$out")
rm "$dir/site/boot/cmdline.d/site"
play site rescue rootfs boot -- --check --diff -e '{"rootfs_packages": ["tmux"]}'
changed some "check mode after a change"
said 'boot/cmdline.d/site'
same "$(tree "$out")" "$before" "the folders after check mode"
play site rescue rootfs boot -- --diff -e '{"rootfs_packages": ["tmux"]}'
changed 3 "a file less and a package less: site, rootfs and boot"
! grep -q loglevel "$out/boot/tftp/cmdline.txt" || fail "a file that the site has no more"
said 'packages.d/ansible'

# Wrong variables.
mkdir "$dir/other"
echo arch=arm64 >"$dir/other/site.conf"
wrong 'must be the absolute path of a folder on the controller that has a site.conf' "{\"site_source\": \"$dir/nowhere\"}"
refuses_all site
wrong 'is not the name of a Debian package' '{"rescue_packages": ["no such"]}'
wrong 'is not a public ssh key' '{"rescue_authorized_keys": ["-----BEGIN"]}'
wrong 'role farroot.rpi.keys makes one' "{\"rescue_user_ca\": \"$dir/none.pub\"}"
wrong 'must be a URL' '{"rescue_mirror": "deb.example.org"}'
wrong 'serial= is missing; choose one of' "{\"rescue_site\": \"$dir/other\"}"
refuses_all rescue
wrong 'must be an absolute path' '{"boot_output": "boot"}'
wrong 'must be the URL of publish_root' '{"boot_url": "192.0.2.1"}'
wrong '8 or 16 hex digits in quotes' '{"boot_devices": [{"name": "barn", "serial": 123}]}'
wrong 'no such file; a private RSA key in PEM form' "{\"boot_key\": \"$dir/none.pem\"}"
wrong 'has no file roothash' "{\"boot_rootfs\": \"$dir/other\"}"
refuses_all boot
sed -i '/^site_source/d' "$dir/vars.yml"
refuses 'missing required arguments: site_source' site
