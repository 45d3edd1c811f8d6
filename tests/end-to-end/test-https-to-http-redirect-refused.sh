#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A redirect from https to http is refused by name; one from http to https, and
# one that stays, are followed.
. "${srcdir:-..}/tests/lib.sh"
need openssl

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$dir/key" -out "$dir/pem" \
	2>>"$dir/openssl.log" || fail "openssl cannot make a certificate"
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
https="ssl_certificate $dir/pem; ssl_certificate_key $dir/key;"
origin_scheme=https
origin_listen=ssl
mkdir "$dir/www2"
cp "$dir/image" "$dir/www2"
origin_start 2 "$https location /down { return 302 $url1/image; }" \
	"location /stay { return 301 /image; } location /loop { return 302 /loop; }"

plugin_start url="$url2/down" roothash="$roothash" cainfo="$dir/pem"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'https never goes to http'
stays 2 "the read waits" reader_waits
same "$(origin_requests 1)" 0 "requests by http"
plugin_stop

plugin_start url="$url2/stay" roothash="$roothash" cainfo="$dir/pem"
read_is_right 0 65536 "$dir/image"
plugin_stop

: >"$log"
plugin_start url="$url2/loop" roothash="$roothash" cainfo="$dir/pem"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'redirects'
plugin_stop

origin_scheme=http
origin_listen=
origin_start 3 "location /up { return 307 $url2/image; }"
plugin_start url="$url3/up" roothash="$roothash" cainfo="$dir/pem"
read_is_right 0 65536 "$dir/image"
