# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of make-tree, make-rootfs and qemu.  here is this folder.
# shellcheck shell=dash
# shellcheck disable=SC2154

vm_here=$here/../tests/boot/vm
# shellcheck source-path=SCRIPTDIR source=../tests/boot/vm/lib.sh
. "$vm_here/lib.sh"

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
