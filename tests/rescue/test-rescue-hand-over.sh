#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The streamed root's own network manager takes over without losing the address: ssh answers
# before, meanwhile and afterwards at one address, and the lease is renewed, with
# systemd-networkd, NetworkManager, ifupdown and dhcpcd.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
rescue_site shell
rescue_build
# One root has all of them; the kernel's arguments choose.
files=$dir/root-site/rootfs/files/etc
mkdir -p "$dir/root-site/rootfs/packages.d" "$files/systemd/network" "$files/network" "$files/NetworkManager/conf.d"
printf '%s\n' network-manager ifupdown dhcpcd >"$dir/root-site/rootfs/packages.d/10-network"
printf 'auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n' >"$files/network/interfaces"
# It leaves alone what that file names.
printf '[ifupdown]\nmanaged=true\n' >"$files/NetworkManager/conf.d/test.conf"
printf '[Match]\nType=ether\n[Network]\nDHCP=yes\n' >"$files/systemd/network/wired.network"
rescue_make_root
mkdir "$dir/www"
cp "$rescue_root/root.img" "$dir/www/"
rescue_start_origin "$dir/www"

expiry() {
	awk -v address="$rescue_address" '$3 == address { print $1 }' "$dir/leases"
}

# hands_over MANAGER KERNEL-ARGUMENT...
hands_over() {
	manager=$1
	shift
	say "--- $manager"
	: >"$rescue_log"
	rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
	rescue_power_on -- "farroot=http://$rescue_server/root.img" "roothash=$(cat "$rescue_root/roothash")" farroot.fill=yes "$@"
	rescue_expect 600 'login:'
	rescue_find_address 10
	rescue_ssh_until 120 "systemctl is-active $manager.service && [ -d /run/rescue ]" "no login beside $manager"
	before=$(expiry)
	say "the lease of $rescue_address ends at $before"
	sleep 130
	[ "$(grep -c . "$dir/leases")" = 1 ] || fail "another lease: $(cat "$dir/leases")"
	[ "$(expiry)" -gt "$before" ] || fail "the lease was not renewed"
	[ "$(rescue_ssh 'ip -4 -o addr show scope global | wc -l')" = 1 ] || fail "not one address: $(rescue_ssh 'ip -4 -o addr')"
	rescue_ssh 'ip route' | grep -q "^default via $rescue_server" || fail "no default route: $(rescue_ssh 'ip route')"
	rescue_ssh 'cat /etc/resolv.conf' | grep -q "^nameserver $rescue_server" || fail "no name server: $(rescue_ssh 'cat /etc/resolv.conf')"
	! grep -aE 'I/O error|SQUASHFS error|Kernel panic' "$rescue_log" || fail "see the lines above"
	rescue_power_off
	rescue_stop_dhcp
}

no_manager='systemd.mask=NetworkManager.service'
no_ifupdown='systemd.mask=networking.service'
no_dhcpcd='systemd.mask=dhcpcd.service'
hands_over systemd-networkd $no_manager $no_ifupdown $no_dhcpcd systemd.wants=systemd-networkd.service
hands_over NetworkManager $no_ifupdown $no_dhcpcd
hands_over networking $no_manager $no_dhcpcd
hands_over dhcpcd $no_manager $no_ifupdown
