#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With a certificate that is not right it is said what is wrong, reads wait, and no
# byte is served; when the server gets a right one, the read that waited completes.
. "${srcdir:-..}/tests/lib.sh"
need openssl

# serve_as NAME: nginx, with that certificate.
serve_as() {
	origin_start 1 "$(certificate_lines "$1")"
}

# waits_saying MESSAGE: for a certificate that is not right.
waits_saying() {
	: >"$log"
	plugin_start url="$url1/image" roothash="$roothash" cainfo="$dir/ours.pem"
	read_in_background 0 4096
	wait_until 10 "it is said what is wrong" logged "$1"
	stays 2 "the read waits" reader_waits
	same "$(stat -c %s "$dir/read.out")" 0 "bytes served"
	same "$(origin_requests 1)" 0 "requests that reached the server"
}

make_ca ours
make_ca theirs
certify right ours IP:127.0.0.1
certify stranger theirs IP:127.0.0.1
certify other ours DNS:other.example
# OpenSSL 3.5 makes no certificate that ends before it begins; this one ends now.
certify expired ours IP:127.0.0.1 -days 0
origin_scheme=https
origin_listen='ssl http2'
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"

serve_as other
waits_saying 'no alternative certificate subject name matches\|not match'
plugin_stop
origin_stop 1
serve_as expired
waits_saying 'certificate has expired'
plugin_stop
origin_stop 1
serve_as stranger
waits_saying 'unable to get local issuer\|self.signed\|unable to verify'
origin_stop 1
serve_as right
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
file_at "$dir/image" 0 4096 | cmp - "$dir/read.out" || fail "wrong bytes"
