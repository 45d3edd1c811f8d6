#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# https with a CA of one's own, over HTTP/1.1 and HTTP/2.
. "${srcdir:-..}/tests/lib.sh"
need openssl

make_ca ours
certify right ours IP:127.0.0.1
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_scheme=https
for version in 1.1 2; do
	origin_listen=ssl
	[ $version = 1.1 ] || origin_listen='ssl http2'
	: >"$dir/access1.log"
	origin_start 1 "$(certificate_lines right)"
	plugin_start url="$url1/image" roothash="$roothash" cainfo="$dir/ours.pem" fill=no
	read_is_right 65536 262144 "$dir/image"
	grep -q "HTTP/$version" "$dir/access1.log" || fail "HTTP/$version was not used"
	same "$(grep -vc "HTTP/$version" "$dir/access1.log")" 0 "requests by another version"
	plugin_stop
	origin_stop 1
done
