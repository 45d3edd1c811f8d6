#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A redirect from https to http is refused by name, and nothing is asked for by http.
. "${srcdir:-..}/tests/lib.sh"
need openssl

make_ca ours
certify right ours IP:127.0.0.1
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
origin_scheme=https
origin_listen=ssl
origin_start 2 "$(certificate_lines right) location /down { return 302 $url1/image; }"

plugin_start url="$url2/down" roothash="$roothash" cainfo="$dir/ours.pem"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'https never goes to http'
stays 2 "the read waits" reader_waits
same "$(origin_requests 1)" 0 "requests by http"
