#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Varnish in front of an origin, with the defaults of all its parameters: it fetches the
# whole file at the first request, and answers from what has come.
. "${srcdir:-..}/tests/servers/lib.sh"
need varnishd

make_served_image
backend_start 1
server_run() {
	launch varnishd -F -j none -n "$dir/varnish" -a "127.0.0.1:$server_port" -b "127.0.0.1:$port1"
}
judge_server
