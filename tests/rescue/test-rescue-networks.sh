#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The rescue system has an address, and a login by ssh, on each kind of network: fixed, only
# IPv6, DHCPv6, a VLAN, a cable that comes later, two interfaces of which one is dead; and the
# DHCP server may be away for ten lease times and then give another address.
# test-rescue-small-networks.sh is a link to this one: the same with the small flavour.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
command -v python3 >/dev/null || skip "no python3"
rescue_site shell
case $0 in
*-small-*) echo flavour=small >>"$dir/site/site.conf" ;;
esac
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

# cable on|off: as QEMU has it.
cable() {
	until echo "set_link net $1" | socat -t 1 - "UNIX-CONNECT:$dir/monitor" >/dev/null 2>&1; do sleep 0.2; done
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
rescue_ssh 'cat /etc/resolv.conf' | grep -qx 'nameserver fd77::1' || fail "no name server of IPv6"
rescue_power_off

# --- IPv6 alone, by router advertisements ----------------------------------------
rescue_start_dhcp --dhcp-range=fd77::,ra-only,64 --enable-ra
boot "IPv6 alone"
rescue_expect 120 'eth0: [^ ]*fd77:'
rescue_address=$(tr -d '\r' <"$rescue_log" | sed -n 's/.*eth0: .*\(fd77:[0-9a-f:]*\)\/.*/\1/p' | tail -n 1)
rescue_wait_ssh 60
rescue_power_off
rescue_stop_dhcp

# --- IPv6 by DHCPv6 -----------------------------------------------------------------
rescue_start_dhcp --dhcp-range=fd77::1000,fd77::1fff,64,2m --enable-ra "--dhcp-option=option6:dns-server,[fd77::1],[fd77::2]"
boot "DHCPv6"
rescue_expect 120 'eth0: [^ ]*fd77::1[0-9a-f]{3}/'
rescue_address=$(tr -d '\r' <"$rescue_log" | sed -n 's/.*eth0: .*\(fd77::1[0-9a-f]*\)\/.*/\1/p' | tail -n 1)
rescue_wait_ssh 60
[ "$(rescue_ssh 'grep -c "^nameserver fd77::[12]$" /etc/resolv.conf')" = 2 ] || fail "not both name servers"
rescue_power_off
rescue_stop_dhcp

# --- a VLAN: all that leaves and enters the machine carries its tag -------------------
rescue_start_vlan 5
rescue_start_dhcp --interface=vlan --dhcp-range=192.168.78.50,192.168.78.99,2m
rescue_more='--no-offloads'
boot "a VLAN" vlan=eth0.5:eth0
rescue_more=
rescue_find_address 120
case $rescue_address in
192.168.78.*) ;;
*) fail "$rescue_address is not an address of the VLAN" ;;
esac
rescue_wait_ssh 60
rescue_ssh 'ip -o addr show dev eth0.5' | grep -q "inet $rescue_address/" || fail "the address is on another interface"
rescue_power_off
rescue_stop_dhcp
rescue_stop_vlan

# --- the cable is plugged in later --------------------------------------------------
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_more="--monitor $dir/monitor"
boot "a cable that is plugged in later"
rescue_more=
cable off
rescue_expect 120 'rescue system of'
sleep 30
[ ! -s "$dir/leases" ] || fail "an address without a cable"
cable on
rescue_find_address 60
rescue_wait_ssh 60
rescue_power_off
rescue_stop_dhcp

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
