#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A redirect that stays on its server is followed, and so is one from http to https.
. "${srcdir:-..}/tests/lib.sh"
need openssl

make_ca ours
certify right ours IP:127.0.0.1
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_scheme=https
origin_listen=ssl
origin_start 1 "$(certificate_lines right) location /stay { return 301 /image; }"
origin_scheme=http
origin_listen=
origin_start 2 "location /up { return 307 $url1/image; }"

for url in "$url1/stay" "$url2/up"; do
	plugin_start url="$url" roothash="$roothash" cainfo="$dir/ours.pem"
	read_is_right 0 65536 "$dir/image"
	plugin_stop
done
