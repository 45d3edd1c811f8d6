#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nginx by HTTP/2, which needs TLS: all requests share a few connections.
. "${srcdir:-..}/tests/servers/lib.sh"
need nginx openssl

make_ca ours
certify right ours IP:127.0.0.1
make_served_image
origin_scheme=https origin_listen='ssl http2'
server_run() {
	nginx_run "$(certificate_lines right)"
}
plugin_at() {
	at=$1
	shift
	plugin_start url="https://127.0.0.1:$at/image" cainfo="$dir/ours.pem" roothash="$roothash" "$@"
}
most_connections() {
	echo 4
}
judge_server
same "$(grep -vc 'HTTP/2' "$dir/access1.log")" 0 "requests by another version"
