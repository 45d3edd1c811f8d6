# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What belongs to one machine, or to the machine that builds, is in no image.
# shellcheck shell=dash

# identities_remove ROOT HOSTNAME: no machine id, host key, random seed, password or log; before the
# initramfs is made, which copies some of them.
identities_remove() {
	rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/dropbear/dropbear_*_host_key "$1"/etc/dropbear-initramfs/dropbear_*_host_key \
		"$1"/etc/dropbear/initramfs/dropbear_*_host_key \
		"$1"/etc/machine-id "$1"/var/lib/dbus/machine-id "$1"/var/lib/systemd/random-seed \
		"$1"/etc/nvme/hostnqn "$1"/etc/nvme/hostid "$1"/etc/hostid "$1"/var/lib/dhcpcd/duid "$1"/var/lib/dhcpcd/secret \
		"$1"/etc/resolv.conf "$1"/etc/hostname "$1"/etc/mdadm/mdadm.conf "$1"/etc/.pwd.lock \
		"$1"/etc/passwd- "$1"/etc/shadow- "$1"/etc/group- "$1"/etc/gshadow- "$1"/etc/subuid- "$1"/etc/subgid-
	: >"$1/etc/machine-id"
	echo "$2" >"$1/etc/hostname"
	# Keys log root in; no password does.  The day of the last change is that of the build.
	awk -F : -v OFS=: '{ $2 = $1 == "root" ? "*" : ($2 ~ /^!?[*]?$/ && $2 != "" ? $2 : "*"); $3 = ""; print }' \
		"$1/etc/shadow" >"$1/etc/shadow.new"
	cat "$1/etc/shadow.new" >"$1/etc/shadow"
	rm "$1/etc/shadow.new"
}
