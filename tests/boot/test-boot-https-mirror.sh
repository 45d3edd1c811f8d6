#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A boot over https, with a private CA from the initramfs, from a mirror because
# the first origin does not answer; this still works after the initramfs is gone.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_prepare amd64
mirror=$boot_https_url
boot_url=https://10.0.2.2:9/root.img
boot_start "farroot.mirror=$mirror" farroot.cainfo=/etc/farroot/ca.pem farroot.fill=no vmreport=read
boot_expect 600 'login:'
boot_expect 300 'vm-report: done'
boot_check_log
boot_seen "vm-report: status=.*\"origin\":\"$mirror\"" || boot_fail "not served by the mirror"
