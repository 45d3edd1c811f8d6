#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A Debian with systemd comes to its login prompt from an image that it has not
# downloaded, runs, and can be shut down.  Its architecture is in the script's name:
# test-boot-arm64.sh is a link to test-boot-amd64.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_top=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)

# The device trees of the boards ask for no module of this kernel that the rescue system lacks.
check_boards() {
	arch=arm64 kernel=$boot_dir/kernel
	unsquashfs -quiet -no-progress -d "$kernel" "$boot_dir/www/root.img" usr/lib/modules 'usr/lib/linux-image-*' >/dev/null || boot_fail unsquashfs
	ln -sfn usr/lib "$kernel/lib"
	version=$(ls "$kernel/usr/lib/modules")
	die() {
		boot_fail "$*"
	}
	# shellcheck source-path=SCRIPTDIR source=../../image/lib/debian-modules.sh
	. "$boot_top/image/lib/debian-modules.sh"
	for flavour in full small; do
		modules_read "$boot_top/image/rescue/modules-boot" "$boot_top/image/rescue/modules-$flavour" >"$boot_dir/list"
		modules_resolve "$kernel" "$version" "$boot_dir/list" >"$boot_dir/modules"
		python3 "$boot_top/tests/image/board-modules.py" "$kernel/lib/modules/$version/modules.alias" "$boot_dir/modules" \
			"$boot_top/tests/image/modules-unneeded-$flavour" "$kernel/usr/lib/linux-image-$version"/broadcom/bcm2711-*.dtb ||
			boot_fail "the $flavour flavour lacks modules that a board needs: see above"
	done
	rm -rf "$kernel"
}

case $0 in
*-amd64.sh) boot_prepare amd64 ;;
*-arm64.sh)
	boot_prepare arm64
	check_boards
	;;
esac
# Clients that die are tried with the guest's nbdkit, by a program of this machine.
reports=poweroff
reader=${top_builddir:-.}/tests/end-to-end/nbd-read
if [ "$boot_arch" = "$(dpkg --print-architecture)" ] && [ -x "$reader" ]; then
	cp "$reader" "$boot_dir/www/nbd-read"
	reports=clients,poweroff
fi
boot_start farroot.fill=no vmreport=$reports
boot_expect 600 'login:'
moved=$(boot_bytes)
[ "$moved" -lt $((boot_size / 2)) ] || boot_fail "$moved bytes were moved for a login prompt"
boot_expect 300 'vm-report: renewed-names=nameserver 192.0.2.53,'
[ $reports = poweroff ] || boot_expect 300 'vm-report: clients=passed: nbdkit '
boot_expect 300 'vm-report: done'
boot_check_log
boot_expect_off 300
boot_check_log
