#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# https with a CA of one's own, over HTTP/1.1 and HTTP/2.  With a wrong
# certificate it says what is wrong, waits, and serves no byte; when the server
# gets a right one, the read that waited completes.
. "${srcdir:-..}/tests/lib.sh"
need openssl

# make_ca NAME; certify NAME CA SUBJECT_ALT_NAME [OPTION...]
make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$dir/$1.key" -out "$dir/$1.pem" 2>>"$dir/openssl.log" ||
		fail "openssl cannot make a CA"
}

certify() {
	name=$1 ca=$2 alt=$3
	shift 3
	echo "subjectAltName=$alt" >"$dir/$name.ext"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
		-keyout "$dir/$name.key" -out "$dir/$name.csr" 2>>"$dir/openssl.log" ||
		fail "openssl cannot ask"
	openssl x509 -req -in "$dir/$name.csr" -CA "$dir/$ca.pem" -CAkey "$dir/$ca.key" \
		-CAcreateserial -extfile "$dir/$name.ext" "$@" \
		-out "$dir/$name.pem" 2>>"$dir/openssl.log" || fail "openssl cannot sign"
}

# serve_as NAME: nginx, with that certificate.
serve_as() {
	origin_start 1 "ssl_certificate $dir/$1.pem; ssl_certificate_key $dir/$1.key;"
}

# waits_saying MESSAGE: for a certificate that is not right.
waits_saying() {
	: >"$log"
	plugin_start url="$url1/image" roothash="$roothash" cainfo="$dir/ours.pem"
	read_in_background 0 4096
	wait_until 10 "it is said what is wrong" logged "$1"
	stays 2 "the read waits" reader_waits
	same "$(stat -c %s "$dir/read.out")" 0 "bytes served"
	same "$(origin_requests 1)" "${requests:-0}" "requests that reached the server"
}

origin_scheme=https
make_ca ours
make_ca theirs
certify right ours IP:127.0.0.1
certify stranger theirs IP:127.0.0.1
certify other ours DNS:other.example
# OpenSSL 3.5 makes no certificate that ends before it begins; this one ends now.
certify expired ours IP:127.0.0.1 -days 0
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"

for version in 1.1 2; do
	origin_listen=ssl
	[ $version = 1.1 ] || origin_listen='ssl http2'
	: >"$dir/access1.log"
	serve_as right
	plugin_start url="$url1/image" roothash="$roothash" cainfo="$dir/ours.pem" fill=no
	read_is_right 65536 262144 "$dir/image"
	grep -q "HTTP/$version" "$dir/access1.log" || fail "HTTP/$version was not used"
	same "$(grep -vc "HTTP/$version" "$dir/access1.log")" 0 "requests by another version"
	plugin_stop
	origin_stop 1
done

: >"$dir/access1.log"
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
