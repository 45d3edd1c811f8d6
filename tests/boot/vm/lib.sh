# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of the tools in this folder, the VM tests and ./demo.
# shellcheck shell=dash

vm_die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# The folder in which roots and images are kept between runs.
vm_work_dir() {
	vm_dir=${FARROOT_VM_DIR:-/var/tmp/farroot-vm}
	mkdir -p "$vm_dir"
	echo "$vm_dir"
}

# The mirror of Debian's archive that this machine uses.
vm_debian_mirror() {
	# shellcheck disable=SC2016
	vm_mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' |
		sed 's,/*$,,' | sort -u | head -n 1)
	[ -n "$vm_mirror" ] || vm_die "no Debian archive in apt's sources; is apt-get update due?"
	echo "$vm_mirror"
}

# The folder under /usr/lib of an architecture's libraries.
vm_triplet() {
	case "$1" in
	arm64) echo aarch64-linux-gnu ;;
	amd64) echo x86_64-linux-gnu ;;
	*) vm_die "$1: neither arm64 nor amd64" ;;
	esac
}

vm_console() {
	case "$1" in
	arm64) echo ttyAMA0 ;;
	*) echo ttyS0 ;;
	esac
}

# Succeeds if this machine can listen on ::1.
vm_has_ipv6() {
	grep -q '^0*1 ' /proc/net/if_inet6 2>/dev/null
}

vm_now() {
	date +%s
}

# vm_wait_for SECONDS PID FILE PATTERN: until the pattern is in the file.  Fails
# when the time is over, or the process.
vm_wait_for() {
	vm_until=$(($(vm_now) + $1))
	until grep -aqE -e "$4" "$3" 2>/dev/null; do
		[ "$(vm_now)" -lt "$vm_until" ] || return 1
		kill -0 "$2" 2>/dev/null || grep -aqE -e "$4" "$3" || return 1
		sleep 0.5
	done
}
