#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nginx as a site cache: it asks the origin for slices of 1 MiB and keeps them, so that a
# second machine needs no origin.
. "${srcdir:-..}/tests/servers/lib.sh"
need nginx

make_served_image
backend_start 2
server_run() {
	# shellcheck disable=SC2016 # nginx's variables
	origin_http="proxy_cache_path $dir/slices keys_zone=slices:1m;" nginx_run \
		'location / {' "proxy_pass $url2;" \
		'slice 1m; proxy_cache slices; proxy_cache_key $uri$is_args$args$slice_range;' \
		'proxy_set_header Range $slice_range; proxy_http_version 1.1; proxy_set_header Connection "";' \
		'proxy_cache_valid 200 206 1h; }'
}
judge_server

origin_stop 2
plugin_at "$server_port" fill=no
same "$(read_all 4 | sha256_of)" "$image_sha256" "SHA-256 without the origin"
