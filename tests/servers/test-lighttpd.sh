#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# lighttpd as origin.
. "${srcdir:-..}/tests/servers/lib.sh"
need lighttpd

make_served_image
cat >"$dir/lighttpd.conf" <<EOT
server.document-root = "$dir/www"
server.bind = "127.0.0.1"
server.port = $server_port
EOT
server_run() {
	launch lighttpd -D -f "$dir/lighttpd.conf"
}
judge_server
