#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nginx that takes 40 requests per second from one address, and answers 503 to others.
. "${srcdir:-..}/tests/servers/lib.sh"
need nginx

make_served_image
server_run() {
	# shellcheck disable=SC2016 # nginx's variable
	origin_http='limit_req_zone $binary_remote_addr zone=few:1m rate=40r/s;' nginx_run \
		'limit_req zone=few burst=20 nodelay;'
}
judge_server
refused=$(grep -c '^503 ' "$dir/access1.log")
[ "$refused" -gt 0 ] || fail "nothing was refused: this tests nothing"
[ $((refused * 5)) -le "$(origin_requests 1)" ] || fail "$refused requests were refused"
