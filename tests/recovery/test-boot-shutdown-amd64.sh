#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine whose root file system is on an origin goes off and restarts within 90 s: online, and in
# an outage in which processes wait for reads.
set -eu
# shellcheck source-path=SCRIPTDIR source=../boot/vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

limit=90

# up ARGUMENT...: until a shell is there, and what a shutdown needs has been fetched.
up() {
	boot_start farroot.fill=no farroot.profile=none "$@"
	boot_expect 600 'login:'
	# What is typed before the shell is there is lost.
	boot_expect 600 'root@[a-z]*:'
	# shellcheck disable=SC2016 # for the guest
	boot_type "until systemctl is-active multi-user.target && ! systemctl is-active farroot-shutdown.service; do sleep 1; done; echo it-is-'up'"
	boot_expect 600 'it-is-up'
}

# down COMMAND
down() {
	boot_type "$1"
	boot_began=$(vm_now)
	boot_expect_off $limit
	! grep -aE 'SQUASHFS error|Kernel panic' "$boot_log" || boot_fail "see the lines above"
}

boot_prepare amd64
up
down 'systemctl reboot'

for supervise in no yes; do
	up farroot.supervise=$supervise
	boot_stop_serving
	boot_say "the origin is gone"
	# Blocks that nothing has read.
	boot_type "for f in /usr/share/perl5/Debconf/*.pm /usr/bin/perl /usr/bin/[d-g]*; do cat \$f >/dev/null & done; sleep 5; ps -eo stat,args | grep ^D; echo they-'wait'"
	boot_expect 60 'they-wait'
	boot_seen '^D.* cat ' || boot_fail "no process waits for a read"
	down 'systemctl poweroff'
	boot_serve
done
