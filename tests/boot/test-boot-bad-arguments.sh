#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Kernel arguments that make no sense are named on the console, which then has a
# shell; nothing is fetched.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

# refuse MESSAGE: what the console says to the arguments set before.
refuse() {
	boot_start
	boot_expect 600 "farroot: .*$1"
	boot_expect 60 '\(initramfs\)'
	boot_stop_machine
}

boot_prepare amd64
good_roothash=$boot_roothash
good_url=$boot_url

boot_roothash=1234
refuse 'not 64 digits'
boot_roothash=$good_roothash
boot_url=ftp://example.org/root.img
refuse 'not an http or https URL'
boot_url=/dev/vda
refuse 'nothing verifies a local device'
boot_url="$good_url farroot.no-such-key=1"
refuse 'no-such-key'
[ "$(boot_bytes)" = 0 ] || boot_fail "something was fetched"
