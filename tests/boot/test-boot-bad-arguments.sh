#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A kernel argument that makes no sense is named on the console, which then has a shell; nothing is
# fetched.  test-boot-arguments.sh has the other ones, without a machine.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_prepare amd64
boot_start farroot.no-such-key=1
boot_expect 600 'farroot: .*no-such-key'
boot_expect 60 '\(initramfs\)'
[ "$(boot_bytes)" = 0 ] || boot_fail "something was fetched"
