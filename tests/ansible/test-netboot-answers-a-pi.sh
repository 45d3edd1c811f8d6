#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# dnsmasq with the configuration of the role netboot: a Pi gets "Raspberry Pi Boot" in option
# 43, whatever the byte order of its option 97, and the PXE of a PC does not.
[ -n "${UNSHARED-}" ] || exec env UNSHARED=1 unshare -n -m "$0" "$@" || exit 77
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need_root
need dnsmasq ip unshare nsenter
mkdir -p "$dir/boot/tftp" "$dir/boot/rpiboot" "$dir/dnsmasq.d"
chmod 755 "$dir" "$dir/boot"
echo start4 >"$dir/boot/tftp/start4.elf"
echo boot >"$dir/boot/rpiboot/boot.img"
variables "netboot_source: $dir/boot
netboot_tftp_root: $dir/tftp
netboot_config: $dir/dnsmasq.d/farroot.conf
netboot_interface: server
netboot_network: 192.0.2.0
netboot_range_first: 192.0.2.50
netboot_range_last: 192.0.2.99
netboot_install: false
netboot_manage_service: false
netboot_devices:
  - {name: barn, mac: 'dc:a6:32:01:02:03', address: 192.0.2.11}"

# Two ends of a cable: the server here, the client in a network of its own.
unshare -n sleep 600 &
client=$!
remember $client
mount -t tmpfs tmpfs /run || skip "no tmpfs"
has_own_network() {
	[ "$(readlink "/proc/$client/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
wait_until 10 "the client has a network of its own" has_own_network
ip link add server type veth peer name client || skip "no veth"
ip link set client netns "$client"
ip address add 192.0.2.1/24 dev server
ip link set server up
ip link set lo up
nsenter -t "$client" -n ip address add 192.0.2.250/24 dev client
nsenter -t "$client" -n ip link set client up

start_dnsmasq() {
	play netboot -- -e netboot_dhcp="$1"
	rm -f "$dir/leases"
	dnsmasq --keep-in-foreground --conf-file="$dir/dnsmasq.d/farroot.conf" --dhcp-leasefile="$dir/leases" --user=root \
		--no-ping --pid-file="$dir/dnsmasq.pid" --log-facility="$dir/dnsmasq.log" &
	dnsmasq=$!
	remember $dnsmasq
	wait_until 10 "dnsmasq listens" grep -q ':0043 ' /proc/net/udp
}

# ask MAC UUID
ask() {
	nsenter -t "$client" -n python3 "$srcdir/tests/ansible/pi-dhcp.py" client "$1" "$2" >"$dir/offer" || fail "no client"
}

# The version of the option, then RPi4, the revision, the end of the MAC, the serial number.
pi=0052506934c03111003200000001abcdef
pi_other=0034695052c03111003200000001abcdef
pc=00112233445566778899aabbccddeeff00

start_dnsmasq full
for uuid in $pi $pi_other; do
	ask dc:a6:32:0a:0b:0c "$uuid"
	grep -q '^option 43 .*Raspberry Pi Boot' "$dir/offer" || fail "no option 43 for a Pi ($uuid): $(cat "$dir/offer")"
	grep -q '^address 192.0.2.[5-9][0-9]$' "$dir/offer" || fail "no address: $(cat "$dir/offer")"
	grep -q '^next-server 192.0.2.1$' "$dir/offer" || fail "no TFTP server: $(cat "$dir/offer")"
done
ask dc:a6:32:01:02:03 $pi
grep -q '^address 192.0.2.11$' "$dir/offer" || fail "not the address of the inventory: $(cat "$dir/offer")"
ask 52:54:00:01:02:03 $pc
grep -q '^address 192.0.2' "$dir/offer" || fail "a PC gets no address: $(cat "$dir/offer")"
! grep -q Raspberry "$dir/offer" || fail "a PC gets what is for a Pi: $(cat "$dir/offer")"
end $dnsmasq

start_dnsmasq proxy
for uuid in $pi $pi_other; do
	ask dc:a6:32:0a:0b:0c "$uuid"
	grep -q '^option 43 .*Raspberry Pi Boot' "$dir/offer" || fail "proxy: no option 43 for a Pi ($uuid): $(cat "$dir/offer")"
	grep -q '^address 0.0.0.0$' "$dir/offer" || fail "proxy: an address: $(cat "$dir/offer")"
done
SECONDS_TO_WAIT=1 ask 52:54:00:01:02:03 $pc
! grep -q Raspberry "$dir/offer" || fail "proxy: a PC gets what is for a Pi: $(cat "$dir/offer")"
