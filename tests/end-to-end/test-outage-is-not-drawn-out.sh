#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When packets get through again, so do bytes: within seconds, however rarely TCP
# would try by then.  Here the way back from the origin, in a network namespace,
# swallows all packets for a while, without an error and without a link going down.
. "${srcdir:-..}/tests/lib.sh"

need_root
need ip nginx
ns=farroot-outage-$$
net=10.213.$(($$ % 250))
ip netns add "$ns" 2>/dev/null || skip "no network namespaces here"
at_exit() {
	ip netns del "$ns" 2>/dev/null
	ip link del "fo$$" 2>/dev/null
}
ip link add "fo$$" type veth peer name origin netns "$ns" || skip "no veth here"
ip addr add "$net.1/24" dev "fo$$"
ip link set "fo$$" up
ip -n "$ns" addr add "$net.2/24" dev origin
ip -n "$ns" link set origin up

make_image image 32
mkdir -p "$dir/www" "$dir/tmp"
cp "$dir/image" "$dir/www"
cat >"$dir/nginx.conf" <<CONF
daemon off; worker_processes 1; pid $dir/nginx.pid; user root;
error_log $dir/error.log; events { worker_connections 512; }
http { access_log off; client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp;
fastcgi_temp_path $dir/tmp; uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp;
server { listen $net.2:8080; root $dir/www; limit_rate 100k; } }
CONF
ip netns exec "$ns" nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/error.log" &
remember $!
reached() {
	curl -s -o "$dir/byte" -r 0-0 "http://$net.2:8080/image"
}
wait_until 10 "the origin can be reached" reached

plugin_start url="http://$net.2:8080/image" roothash="$roothash" fill=yes stall=20 \
	connect-timeout=10 retry-max=10 status="$dir/status.sock"
flows() {
	[ "$(status_of fetched_bytes)" -gt $((before + 65536)) ]
}

# outage SECONDS: then bytes must come within 3 s.
outage() {
	before=$(status_of fetched_bytes) || fail "no status"
	wait_until 10 "bytes flow before the outage" flows
	ip -n "$ns" route add blackhole "$net.1/32"
	stays "$1" "nbdkit runs" is_alive "$nbdkit"
	before=$(status_of fetched_bytes) || fail "no status"
	ip -n "$ns" route del blackhole "$net.1/32"
	began=$(now_ms)
	wait_until 3 "bytes flow again after an outage of $1 s" flows
	say "after $1 s without a packet bytes flow again within $(($(now_ms) - began)) ms"
}
outage 8
outage 30
