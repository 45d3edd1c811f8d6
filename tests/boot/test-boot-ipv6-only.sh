#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A network without IPv4: the machine boots with the default ip=dhcp by router
# advertisements, and takes a fixed address from ip=.  The origin is an IPv6 address
# in brackets.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

boot_prepare amd64
vm_has_ipv6 || boot_skip "no IPv6"
boot_vm_options=--ipv6-only
boot_url="http://[fec0::2]:$boot_port/root.img"
# shellcheck disable=SC2016 # not for this shell
boot_start farroot.fill=no 'farroot.header="X-Test: a $(b) c"' vmreport
boot_expect 600 'login:'
boot_expect 300 'vm-report: done'
boot_check_log
# init would, for minutes, if it was not told that there is no IPv4.
! sed '1,/farroot: the root file system is/d' "$boot_log" | grep -a 'IP-Config' ||
	boot_fail "the boot asks for an IPv4 address although it has its root"
boot_stop_machine

# Without advertisements that the kernel takes, this address is the only one.
boot_start farroot.fill=no 'ip=[fec0::7]::[fec0::2]:64:::off:[fec0::53]' \
	sysctl.net.ipv6.conf.default.accept_ra=0 vmreport
boot_expect 600 'vm-report: done'
boot_check_log
boot_seen 'vm-report: ipv6=.*fec0::7/64' || boot_fail "not the address of ip="
boot_seen 'vm-report: names=nameserver fec0::53,' || boot_fail "not the name server of ip="
