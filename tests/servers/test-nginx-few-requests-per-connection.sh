#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nginx that ends each connection after 5 requests: each connection carries all of them,
# except the last one of each of the parallel connections.
. "${srcdir:-..}/tests/servers/lib.sh"
need nginx

make_served_image
server_run() {
	nginx_run 'keepalive_requests 5;'
}
most_connections() {
	echo $((requests / 5 + 8))
}
judge_server
