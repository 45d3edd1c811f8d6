#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The origins are away at power-on: the console says so, Enter opens a shell where farroot status
# works, and the boot continues when one comes: a mirror over https, with a private CA from the
# initramfs, because the first origin never answers; this still works after the initramfs is gone.
# A file with a token is in an archive of its own.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_prepare amd64
mirror=$boot_https_url
boot_url=https://10.0.2.2:9/root.img
# The engine would not start without the file.
mkdir -p "$boot_dir/secret/etc/farroot/secrets" "$boot_dir/with-secret"
echo 'X-Token: secret' >"$boot_dir/secret/etc/farroot/secrets/token"
chmod 600 "$boot_dir/secret/etc/farroot/secrets/token"
ln -s "$boot_image/vmlinuz" "$boot_dir/with-secret/vmlinuz"
cp "$boot_image/initrd" "$boot_dir/with-secret/initrd"
# Where the kernel looks for another archive.
truncate -s %4 "$boot_dir/with-secret/initrd"
(cd "$boot_dir/secret" && find . | cpio -o -H newc --quiet) >>"$boot_dir/with-secret/initrd"
boot_image=$boot_dir/with-secret
boot_stop_serving
boot_start "farroot.mirror=$mirror" farroot.cainfo=/etc/farroot/ca.pem farroot.header-file=/etc/farroot/secrets/token \
	farroot.fill=no vmreport=read
boot_expect 600 'farroot: waiting for http.* \(opening: .*connect'
boot_type ''
boot_expect 60 'the boot continues in the background'
boot_type 'farroot status'
boot_expect 60 '^state +opening'
boot_serve
boot_expect 60 'ready; leave the shell to continue the boot'
boot_seen 'Welcome to' && boot_fail "the shell was taken away"
boot_type exit
boot_expect 600 'login:'
boot_expect 300 'vm-report: done'
boot_check_log
boot_seen "vm-report: status=.*\"origin\":\"$mirror\"" || boot_fail "not served by the mirror"
