#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nginx that takes one request at once from one address, and answers 503 to
# others.  With a small buffer responses take time, so they are concurrent.
. "${srcdir:-..}/tests/servers/lib.sh"
need nginx

make_served_image
origin_listen='sndbuf=128k'
server_run() {
	# shellcheck disable=SC2016 # nginx's variable
	origin_http='limit_conn_zone $binary_remote_addr zone=few:1m;' nginx_run 'limit_conn few 1;'
}
judge_server
[ "$(grep -c '^503 ' "$dir/access1.log")" -gt 0 ] || fail "nothing was refused: this tests nothing"
