#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The origin goes away for a minute in the middle of a boot over a slow link; the
# boot waits and goes on, and no process in the guest gets an I/O error.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

outage=60

boot_prepare "${BOOT_ARCH:-amd64}"
boot_start farroot.fill=no vmreport=read linkshape=10mbit,100ms
boot_expect 600 'linkshape: .* is now 10mbit'
boot_expect 600 'Welcome to.*Debian'
boot_stop_serving
boot_say "the origin is gone"
boot_expect "$outage" 'farroot: .*(refused|outage|again|retrying)'
sleep "$outage"
boot_seen 'login:' && boot_fail "the outage was not in the middle: there is a login prompt"
boot_serve
boot_say "the origin is back"
boot_expect 600 'login:'
boot_expect 600 'vm-report: done'
boot_check_log
