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

case $0 in
*-amd64.sh) boot_prepare amd64 ;;
*-arm64.sh) boot_prepare arm64 ;;
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
