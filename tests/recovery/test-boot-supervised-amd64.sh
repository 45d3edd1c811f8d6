#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With farroot.supervise=yes a Debian with systemd boots, runs on when nbdkit and its
# supervisor are killed, and can be shut down.
set -eu
# shellcheck source-path=SCRIPTDIR source=../boot/vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

pid_files=/run/initramfs/farroot/supervised

# signal_nbdkit SIGNAL: in the guest.
signal_nbdkit() {
	boot_type "kill -$1 \$(grep -lx nbdkit /proc/[0-9]*/comm | cut -d / -f 3)"
}

boot_prepare amd64
boot_start farroot.fill=no farroot.supervise=yes vmreport=look
boot_expect 600 'login:'
boot_expect 300 'vm-report: daemon=@nbdkit oom=-1000 nice=-20 root=/run/initramfs/farroot'
boot_expect 300 'vm-report: done'
boot_seen 'vm-report: root=overlay lower=/dev/(mapper/farroot|dm-0)' || boot_fail "the root is not on dm-multipath"
signal_nbdkit KILL
boot_expect 120 'farroot: /dev/mapper/farroot is on /dev/nbd1'
boot_type "kill -9 \$(cat $pid_files/supervisor.pid)"
boot_expect 60 'the supervisor has died'
boot_type 'sha256sum /usr/bin/* >/dev/null && echo read-'\''on'\'
boot_expect 300 'read-on'
signal_nbdkit STOP
boot_expect 120 'farroot: nbdkit of /dev/nbd1 is replaced: it does not answer'
boot_expect 120 'farroot: /dev/mapper/farroot is on /dev/nbd0.*'
boot_type 'sha256sum /usr/lib/*/*.so* >/dev/null && echo read-'\''all'\'
boot_expect 300 'read-all'
boot_type 'systemctl poweroff'
boot_expect_off 300
# What was in flight when nbdkit ended fails to dm-multipath, which sends it again.
if grep -aE 'I/O error|SQUASHFS error|Kernel panic|Possible stuck' "$boot_log" | grep -av 'I/O error, dev nbd'; then
	boot_fail "see the lines above"
fi
boot_seen 'vm-report: status=.*"state":"' || boot_fail "farroot status does not work there"
