#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A client that reads the whole image from the first byte to the last, over a link with a
# short round trip, needs few large requests to the server, as the fill does.
. "${srcdir:-..}/tests/servers/lib.sh"
need nginx

make_served_image
server_run() {
	nginx_run
}
server_start
relay_start
plugin_at "$relay_port" fill=no status="$dir/status.sock"
read_sequentially() {
	timeout "$(slack 60)" nbdcopy --connections=1 --requests=1 "$(nbd_uri)" -
}
same "$(read_sequentially | sha256_of)" "$image_sha256" "SHA-256 of the image"
judge_requests
