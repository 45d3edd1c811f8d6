#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Caddy as origin.
. "${srcdir:-..}/tests/servers/lib.sh"
need caddy

make_served_image
cat >"$dir/Caddyfile" <<EOT
{
	admin off
	auto_https off
	storage file_system $dir/caddy
}
:$server_port {
	bind 127.0.0.1
	root * $dir/www
	file_server
}
EOT
server_run() {
	launch env HOME="$dir" XDG_CONFIG_HOME="$dir" XDG_DATA_HOME="$dir" \
		caddy run --config "$dir/Caddyfile" --adapter caddyfile
}
judge_server
