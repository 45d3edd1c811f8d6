#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# haproxy over two backends: one of them may end in the middle of a read.
. "${srcdir:-..}/tests/servers/lib.sh"
need haproxy

make_served_image
backend_start 1
backend_start 2
cat >"$dir/haproxy.cfg" <<EOT
global
	maxconn 256
defaults
	mode http
	timeout connect 2s
	timeout client 30s
	timeout server 30s
	option redispatch
frontend front
	bind 127.0.0.1:$server_port
	default_backend images
backend images
	balance roundrobin
	default-server check inter 500ms
	server first 127.0.0.1:$port1
	server second 127.0.0.1:$port2
EOT
server_run() {
	launch haproxy -db -f "$dir/haproxy.cfg"
}
judge_server
for backend in 1 2; do
	[ "$(origin_requests $backend)" -gt 20 ] || fail "backend $backend was not asked: this tests nothing"
done

read_begin
read_reaches 10
origin_stop 2 KILL
read_goes_on
read_end
