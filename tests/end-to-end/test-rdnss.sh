#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot rdnss prints the name servers of a router advertisement that the kernel has
# received, while the kernel takes the address.
. "${srcdir:-..}/tests/lib.sh"
need_root
need python3 ip unshare
[ -e /proc/net/if_inet6 ] || skip "no IPv6"
# A network of its own.
if [ "${1:-}" != inside ]; then
	unshare -n "$0" inside
	exit
fi

# With the prefix 2001:db8:1::/64 and the servers 2001:db8::53 and fe80::53.
cat >"$dir/advertise" <<'EOF'
import socket, struct
link = socket.if_nametoindex("router")
out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, link)
address = lambda text: socket.inet_pton(socket.AF_INET6, text)
message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
message += struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 1800, 0) + address("2001:db8:1::")
message += struct.pack("!BBHI", 25, 5, 0, 600) + address("2001:db8::53") + address("fe80::53")
out.sendto(message, ("ff02::1", 0, 0, link))
EOF

ip link add router type veth peer name host || skip "no veth"
echo 0 >/proc/sys/net/ipv6/conf/router/accept_dad
echo 0 >/proc/sys/net/ipv6/conf/host/accept_dad
"$farroot" rdnss >"$dir/names" 2>"$dir/rdnss.log" &
rdnss=$!
remember $rdnss
ip link set router up
ip link set host up

is_link_ready() {
	ip -6 addr show dev router | grep -q fe80
}
wait_until 10 "the link has its address" is_link_ready

# The first one may come before farroot listens.
are_printed() {
	python3 "$dir/advertise" || fail "cannot send"
	[ "$(wc -l <"$dir/names")" -ge 2 ]
}
wait_until 10 "the name servers are printed" are_printed
are_printed
same "$(cat "$dir/names")" "nameserver 2001:db8::53
nameserver fe80::53%host" "name servers"
ip -6 addr show dev host | grep -q 2001:db8:1: || fail "the kernel has no address: the advertisement is wrong"
is_alive $rdnss || fail "it has ended"
