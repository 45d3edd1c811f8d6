#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# https never goes to http, also if the https URL is not that of url=: a redirect from http
# led to it, or it is the URL of profile=.
. "${srcdir:-..}/tests/lib.sh"
need openssl

make_ca ours
certify right ours IP:127.0.0.1
make_image image 4
mkdir "$dir/www1" "$dir/www3"
cp "$dir/image" "$dir/www1"
cp "$dir/image" "$dir/www3"
origin_start 3
origin_scheme=https origin_listen=ssl origin_start 2 "$(certificate_lines right)" \
	"location /down { return 302 $url3/image; }"
origin_scheme=http origin_listen='' origin_start 1 "location /up { return 302 $url2/down; }"

plugin_start url="$url1/up" roothash="$roothash" cainfo="$dir/ours.pem" profile=none
wait_until 10 "it is said what is wrong" logged 'https never goes to http'
plugin_stop
same "$(origin_requests 3)" 0 "requests by http after https"

: >"$dir/access2.log"
plugin_start url="$url1/image" roothash="$roothash" cainfo="$dir/ours.pem" profile="$url2/down" fill=no
read_is_right 0 65536 "$dir/image"
wait_until 10 "the profile is asked for" grep -q '^302 ' "$dir/access2.log"
stays 1 "no request by http for the profile" test "$(origin_requests 3)" = 0
