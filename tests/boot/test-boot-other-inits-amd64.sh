#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A Debian with sysvinit, and one with OpenRC: each starts from an origin, goes off in an outage right after
# the login, materializes at the next start, and then goes off without an origin.
set -eu
# shellcheck source-path=SCRIPTDIR source=vm/boot.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm/boot.sh"

# starts ARGUMENT...
starts() {
	boot_start "$@"
	boot_expect 600 'root@[a-z]*:'
	# shellcheck disable=SC2016 # for the guest
	boot_run first-process '[ "$(cat /proc/1/comm)" = init ]'
	# shellcheck disable=SC2016 # for the guest
	boot_run ssh 'until pgrep -x sshd; do sleep 1; done; [ -s /etc/ssh/ssh_host_ed25519_key ]'
}

# goes_off SECONDS
goes_off() {
	boot_type poweroff
	boot_expect_off "$1"
	! grep -aE 'I/O error|SQUASHFS error|Kernel panic' "$boot_log" || boot_fail "see the lines above"
}

for init in ${INITS:-sysvinit openrc}; do
	boot_say "--- $init"
	boot_settings="init=$init" boot_prepare amd64
	starts farroot.prefetch=none
	boot_run what-a-shutdown-needs 'while pgrep -f fetch-shutdown; do sleep 1; done'
	boot_stop_serving
	goes_off 90

	boot_serve
	starts farroot.supervise=yes
	boot_run materialize 'farroot materialize && farroot status --wait=materialized'
	boot_expect 60 'needs no server any more'
	boot_stop_serving
	boot_run all-files 'tar -C /run/initramfs -cf /dev/null --one-file-system image'
	goes_off 90
	boot_cleanup
done
