#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A Debian with systemd is booted from an origin, comes into memory as a whole, and needs no server
# any more: nbdkit and its supervisor end, the origin goes away, every file can be read and has
# the bytes that it had, systemd has its time-outs back, executes itself again, isolates rescue.target
# and reboots without the kernel, and the machine shuts down cleanly.
set -eu
# shellcheck source-path=SCRIPTDIR source=../boot/vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

# again NAME COMMAND: there is a shell again in which COMMAND is successful.  What is typed before that
# is lost.
again() {
	again_until=$(($(vm_now) + $(slack 300)))
	until boot_seen "$1-is-over"; do
		[ "$(vm_now)" -lt "$again_until" ] || boot_fail "no shell after $1"
		boot_type "$2 && echo $1-is-'over'" || true
		sleep 5
	done
	boot_say "$1 is over"
}

boot_prepare amd64
boot_vm_options='--memory 2G' boot_start farroot.prefetch=none farroot.supervise=yes
boot_expect 600 'login:'
# What is typed before the shell is there is lost.
boot_expect 600 'root@[a-z]*:'
# Until all is here, no time-out may end what waits for a read.
# shellcheck disable=SC2016 # for the guest
boot_run long-time-outs '[ "$(systemctl show -P TimeoutStartUSec systemd-udevd.service)" = 1d ]'
# A service that does not feed its watchdog lives on, whatever systemd reads again; one feeds it until it is told to stop.
# shellcheck disable=SC2016 # for the guest
boot_run no-watchdogs '[ "$(systemctl service-watchdogs)" = no ]'
boot_run hangs 'systemd-run -u hangs -p Type=exec -p WatchdogSec=5 sleep 3000'
# shellcheck disable=SC2016 # for the guest
boot_run feeds 'systemd-run -u feeds -p Type=exec -p NotifyAccess=all -p WatchdogSec=20 sh -c "until [ -e /run/hang ]; do systemd-notify WATCHDOG=1; sleep 2; done; sleep 3000"'
# shellcheck disable=SC2016 # for the guest
boot_run reload 'systemctl daemon-reload; sleep 12; [ "$(systemctl service-watchdogs)" = no ] && systemctl is-active hangs.service'
boot_run no-target '! systemctl is-active farroot-materialized.target'
boot_run ready 'until systemctl is-active farroot-ready.target; do sleep 1; done'
# KiB of the sandbox, without the image, and of the processes.
# shellcheck disable=SC2016 # for the guest
boot_run held 'held=$(($(du -xsk /run/initramfs/farroot | cut -f 1) + $(ps -eo rss,args | awk "\$2 ~ /^@(farroot|nbdkit)/ { n += \$1 } END { print n }"))); echo "held: $held KiB"; [ $held -gt 10000 ]'
boot_run materialize 'farroot materialize --no-wait'
boot_expect 600 'farroot: /dev/mapper/farroot is on /dev/loop[0-9]+: the whole image is here'
boot_expect 60 'farroot: /dev/mapper/farroot needs no server any more'
boot_stop_serving
boot_say "the origin is gone"
boot_run cold 'echo 3 >/proc/sys/vm/drop_caches'
# shellcheck disable=SC2016 # for the guest
boot_run no-server '! pgrep nbdkit && [ ! -e /sys/block/nbd0/pid ] && [ ! -e /sys/block/nbd1/pid ]'
boot_run no-supervisor '! pgrep -f ^@farroot'
# shellcheck disable=SC2016 # for the guest
boot_run freed 'left=$(du -xsk /run/initramfs/farroot | cut -f 1); echo "left: $left KiB of $held"; [ $((left * 20)) -le $held ] && [ -e /run/farroot/status.json ]'
boot_run status 'farroot status && farroot status --json | grep -q materialized'
# shellcheck disable=SC2016 # for the guest
boot_run unplug 'for link in /sys/class/net/e*; do ip link set dev "${link##*/}" down; done'
boot_run all-files 'tar -C /run/initramfs -cf /dev/null --one-file-system image'
boot_run verify 'dpkg --verify >/run/verify 2>&1; ! grep -v -e " c " -e missing /run/verify'
boot_run target 'until systemctl is-active farroot-materialized.target; do sleep 1; done'
# shellcheck disable=SC2016 # for the guest
boot_run time-outs-again 'until [ "$(systemctl show -P TimeoutStartUSec systemd-udevd.service)" = "1min 30s" ]; do sleep 1; done; [ "$(systemctl service-watchdogs)" = yes ] && ! grep service_watchdogs /proc/cmdline'
# shellcheck disable=SC2016 # for the guest
boot_run watchdogs-again 'systemctl is-active feeds.service && touch /run/hang; until systemctl is-failed feeds.service; do sleep 1; done; [ "$(systemctl show -P Result feeds.service)" = watchdog ]'
boot_run journal-entries 'journalctl -b --no-pager FARROOT_STATE=materialized -o cat | grep "is materialized"'
boot_run reexec 'systemctl daemon-reexec && systemctl is-active dbus.service'
boot_type "systemd-run -p IgnoreOnIsolate=yes -p DefaultDependencies=no --no-block sh -c 'systemctl isolate rescue.target; systemctl is-active multi-user.target >/run/isolated; sleep 15; systemctl isolate multi-user.target'"
again isolate 'grep -x inactive /run/isolated && systemctl is-active multi-user.target'
boot_type 'systemctl soft-reboot'
# shellcheck disable=SC2016 # for the guest
again soft-reboot '[ "$(systemctl show -P SoftRebootsCount)" = 1 ]'
boot_run after-that 'dpkg --verify >/run/verify 2>&1; ! grep -v -e " c " -e missing /run/verify'
boot_run journal '! journalctl -k -b --no-pager | grep -E "SQUASHFS error|I/O error, dev (dm|loop)|Buffer I/O error|blocked for more"'
boot_type 'systemctl poweroff'
boot_expect_off 120
# The console shows the command above, too.
if grep -aE 'I/O error|SQUASHFS error|Kernel panic|Possible stuck' "$boot_log" | grep -av -e 'I/O error, dev nbd' -e journalctl; then
	boot_fail "see the lines above"
fi
