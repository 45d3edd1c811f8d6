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
[ -s /proc/net/if_inet6 ] || boot_skip "no IPv6"
boot_vm_options=--ipv6-only
boot_url="http://[fec0::2]:$boot_port/root.img"
# shellcheck disable=SC2016 # not for this shell
boot_start farroot.fill=no 'farroot.header="X-Test: a $(b) c"' vmreport
boot_expect 600 'login:'
boot_expect 300 'vm-report: done'
boot_check_log
boot_stop_machine

# Without advertisements that the kernel takes, this address is the only one.  The
# first 16 bytes of the image are enough to see that it works.
boot_start 'ip=[fec0::7]::[fec0::2]:64:::off:[fec0::53]' sysctl.net.ipv6.conf.default.accept_ra=0 \
	break=bottom
boot_expect 600 'farroot: the root file system is http://.fec0::2'
boot_expect 60 '\(initramfs\)'
boot_type 'ip -6 addr show scope site; cat /run/farroot/etc/resolv.conf'
boot_expect 60 'inet6 fec0::7/64'
boot_expect 60 '^nameserver fec0::53'
