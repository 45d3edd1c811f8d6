#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The rescue system has an address, and a login by ssh, on each kind of network: fixed, only
# IPv6, a VLAN, two interfaces of which one is dead; and the DHCP server may be away for ten
# lease times and then give another address.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
command -v python3 >/dev/null || skip "no python3"
rescue_site shell
rescue_build
rescue_in ip addr add fd77::1/64 dev tap0 nodad

# boot WHAT KERNEL-ARGUMENT...
boot() {
	say "--- $1"
	shift
	: >"$rescue_log"
	# shellcheck disable=SC2086 # none or one
	rescue_power_on ${rescue_more-} -- farroot=rescue net.ifnames=0 "$@"
}

# --- fixed addresses -------------------------------------------------------------
boot "a fixed address" "ip=192.168.77.30::$rescue_server:255.255.255.0::eth0:off:$rescue_server"
rescue_address=192.168.77.30
rescue_wait_ssh 120
rescue_ssh 'ip route' | grep -q "^default via $rescue_server dev eth0" || fail "no default route"
rescue_ssh 'cat /etc/resolv.conf' | grep -q "^nameserver $rescue_server" || fail "no name server"
rescue_power_off

boot "a fixed IPv6 address" 'ip=[fd77::30]::[fd77::1]:64::eth0:off:[fd77::1]'
rescue_address=fd77::30
rescue_wait_ssh 120
rescue_ssh 'ip -6 route' | grep -q '^default via fd77::1 dev eth0' || fail "no default route of IPv6"
rescue_power_off

# --- IPv6 alone, by router advertisements ----------------------------------------
rescue_start_dhcp --dhcp-range=fd77::,ra-only,64 --enable-ra
boot "IPv6 alone"
rescue_expect 120 'eth0: [^ ]*fd77:'
rescue_address=$(tr -d '\r' <"$rescue_log" | sed -n 's/.*eth0: .*\(fd77:[0-9a-f:]*\)\/.*/\1/p' | tail -n 1)
rescue_wait_ssh 60
rescue_power_off
rescue_stop_dhcp

# --- a VLAN: its frames carry the tag --------------------------------------------
boot "a VLAN" vlan=eth0.5:eth0
rescue_in timeout "$(slack 120)" python3 - <<'EOF' || fail "no DHCP request with the tag of VLAN 5 was seen"
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA: where the kernel keeps a tag
s.bind(("tap0", 0))
while True:
    frame, control, *_ = s.recvmsg(2000, 64)
    tag = frame[12:14] == b"\x81\x00" and int.from_bytes(frame[14:16], "big")
    for _, _, data in control:
        if int.from_bytes(data[:4], "little") & 0x10:
            tag = int.from_bytes(data[16:18], "little")
    if tag == 5 and b"\x00\x44\x00\x43" in frame[:60]:
        break
EOF
rescue_power_off

# --- two interfaces, one without a network ----------------------------------------
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_more='--dead-nic'
boot "two interfaces, the first is dead"
rescue_more=
rescue_find_address 120
rescue_wait_ssh 60
rescue_power_off

rescue_stop_dhcp

# --- the DHCP server goes away, and comes back with other addresses ----------------
# dnsmasq has no lease below 2 minutes.
# serve_short START END: leases of 30 seconds.
serve_short() {
	printf '%s\n' "start $1" "end $2" 'interface tap0' 'option lease 30' 'min_lease 10' 'option subnet 255.255.255.0' \
		"lease_file $dir/udhcpd.leases" "pidfile $dir/dnsmasq.pid" >"$dir/udhcpd.conf"
	: >"$dir/udhcpd.leases"
	ip netns exec "$rescue_ns" busybox udhcpd -f "$dir/udhcpd.conf" >"$dir/udhcpd.log" 2>&1 &
	until [ -s "$dir/dnsmasq.pid" ]; do sleep 0.1; done
}

serve_short 192.168.77.50 192.168.77.50
boot "a DHCP server that goes away"
rescue_address=192.168.77.50
rescue_wait_ssh 120
rescue_stop_dhcp
say "ten lease times without a DHCP server"
sleep 300
serve_short 192.168.77.150 192.168.77.150
rescue_address=192.168.77.150
rescue_wait_ssh 120
