#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The origin is away at power-on: the console says so, Enter opens a shell where
# farroot status works, and the boot continues when the origin comes.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_prepare amd64
boot_stop_serving
boot_start vmreport
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
