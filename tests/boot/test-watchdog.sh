#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The watchdog, from the initramfs on: it does not fire while the boot waits for an origin,
# while the running system waits in an outage, nor after systemd has taken it; it fires
# when the kernel hangs, and when nothing feeds it.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

# In seconds.  QEMU is slow, but a guest that gets no processor for this long is dead.
timeout=20
boot_vm_options='--watchdog poweroff'

# fires SECONDS: the watchdog, not the machine itself, must turn the machine off.  The last
# feeding was a third of the time-out ago, at most.
fires() {
	fires_began=$(vm_now)
	boot_expect_off "$1"
	! boot_seen 'reboot: ' || boot_fail "the machine turned itself off"
	fires_after=$(($(vm_now) - fires_began))
	[ "$fires_after" -ge $((timeout / 2)) ] || boot_fail "off after $fires_after s: that was not the watchdog"
	boot_say "the watchdog fired after $fires_after s"
}

# survives SECONDS WHAT
survives() {
	boot_say "$1 s: $2"
	sleep "$1"
	kill -0 "$boot_pid" 2>/dev/null || boot_fail "the machine is off: $2"
}

feeds="farroot-watchdog: feeds /dev/watchdog0 \(i6300ESB timer\), time-out $timeout s"

boot_prepare "${BOOT_ARCH:-amd64}"

# An origin that is away when the machine starts, and later right after switch_root.
boot_stop_serving
boot_start farroot.fill=no "farroot.watchdog=$timeout" vmreport=watchdog-hang linkshape=10mbit,100ms
boot_expect 120 "$feeds"
survives $((timeout * 4)) "the initramfs waits for the origin"
boot_serve
boot_expect 600 'Welcome to.*Debian'
boot_stop_serving
survives $((timeout * 4)) "PID 1 waits for pages"
! boot_seen 'login:' || boot_fail "the outage was not in the middle: there is a login prompt"
boot_serve
boot_expect 600 'login:'
boot_expect 300 'vm-watchdog: feeder=@usr/libexec/farroot/farroot-watchdog .*oom=-1000'
boot_expect 60 "vm-watchdog: device=/dev/watchdog0 state=active timeout=$timeout"
boot_expect 300 'vm-watchdog: four time-outs in the running system'
boot_expect 60 'vm-watchdog: the kernel hangs'
boot_expect 60 'Kernel panic'
fires $((timeout + 30))

# systemd would take the watchdog that the feeder has left.
boot_start farroot.fill=no "farroot.watchdog=$timeout" systemd.watchdog_sec=0 vmreport=watchdog-stopped
boot_expect 600 'vm-watchdog: released state=inactive'
boot_expect 120 'vm-watchdog: no process feeds and nothing happens'
boot_expect 60 'vm-watchdog: the feeder is stopped'
fires $((timeout + 30))
! boot_seen 'vm-watchdog: (failed|the watchdog does not fire)' || boot_fail "see the lines above"

# farroot-watchdog.service: when the fill is done, with the time-out of the initramfs.
boot_start "farroot.watchdog=$timeout" vmreport=watchdog-systemd
boot_expect 900 'vm-watchdog: systemd state=active timeout=15 "state":"materialized"'
boot_expect 300 'vm-watchdog: four time-outs with systemd'
boot_expect_off 300
boot_seen 'reboot: Power down' || boot_fail "the machine did not turn itself off"
! boot_seen 'vm-watchdog: failed' || boot_fail "see the lines above"

# With farroot.watchdog=no nothing opens the device.
boot_start farroot.fill=no farroot.watchdog=no
boot_expect 600 'login:'
! boot_seen 'farroot-watchdog' || boot_fail "it feeds in spite of farroot.watchdog=no"
boot_stop_machine
