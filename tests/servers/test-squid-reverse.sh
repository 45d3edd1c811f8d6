#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Squid in front of an origin, as a reverse proxy.
. "${srcdir:-..}/tests/servers/lib.sh"
# shellcheck source-path=SCRIPTDIR source=squid.sh
. "$srcdir/tests/servers/squid.sh"

make_served_image
backend_start 1
squid_configure <<EOT
http_port 127.0.0.1:$server_port accel defaultsite=127.0.0.1:$port1 no-vhost
cache_peer 127.0.0.1 parent $port1 0 no-query no-digest originserver name=origin
never_direct allow all
EOT
judge_server
