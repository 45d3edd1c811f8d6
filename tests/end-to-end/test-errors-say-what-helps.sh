#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Messages of refused requests say what was sent and what helps.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/faulty.sh"
need python3 openssl

roothash=$(printf '%064d' 1)
origin_start 1 'location /basic { add_header WWW-Authenticate "Basic realm=x" always; return 401; }
	location /digest { add_header WWW-Authenticate "Digest realm=x" always; return 401; }'

expect_message() {
	message=$1
	shift
	: >"$log"
	plugin_start "$@" roothash="$roothash" profile=none
	read_in_background 0 4096
	wait_until 10 "the message says: $message" logged "$message"
	plugin_stop
}

expect_message 'no user name and password were sent' url="$url1/basic"
expect_message 'refused the user name and password' url="$url1/basic" user=u password=p
expect_message 'wants Digest authentication' url="$url1/digest" user=u password=p
expect_message 'is it an http:// server' url="$(echo "$url1" | sed 's/^http:/https:/')/basic" sslverify=false

# A proxy that wants a password, for http and for https.
for scheme in Basic NTLM; do
	python3 "$srcdir/tests/end-to-end/refusing-proxy.py" $scheme "$dir/port-$scheme" 2>"$dir/proxy-$scheme.log" &
	remember $!
	wait_until 10 "the proxy listens" test -e "$dir/port-$scheme"
done
basic=127.0.0.1:$(cat "$dir/port-Basic") ntlm=127.0.0.1:$(cat "$dir/port-NTLM")
for url in http://origin.invalid/image https://origin.invalid/image; do
	expect_message '407.*; the proxy wants a user name and password, and proxy-user= is not given' url=$url proxy="http://$basic"
	expect_message '407.*; the proxy refused the user name and password that were sent' url=$url proxy="http://$basic" \
		proxy-user=u proxy-password=p
	expect_message '407.*; the proxy refused the user name and password in proxy=' url=$url proxy="http://u:p@$basic"
	expect_message '407.*; it wants NTLM authentication' url=$url proxy="http://$ntlm" proxy-user=u
done

# A server that wants a client certificate: by an alert of TLS, or by an answer as nginx does.
make_ca ca
certify server ca IP:127.0.0.1
cat "$dir/server.pem" "$dir/server.key" >"$dir/server"
: >"$dir/image"
for version in 1.2 1.3; do
	faulty_origin "tls-$version" tls="$dir/server" client_ca="$dir/ca.pem" tls_version=$version
	expect_message 'asked for a client certificate, and farroot can send none' \
		url="https://127.0.0.1:${faulty_url##*:}/image" cainfo="$dir/ca.pem"
done
origin_listen=ssl origin_scheme=https
origin_start 2 "$(certificate_lines server)" "ssl_client_certificate $dir/ca.pem; ssl_verify_client on;"
# shellcheck disable=SC2154 # of lib.sh
expect_message 'server answered 400 .*; the server asked for a client certificate' url="$url2/image" cainfo="$dir/ca.pem"
# One that does not want it is not said to.
origin_start 3 "$(certificate_lines server)" 'return 400;'
# shellcheck disable=SC2154 # of lib.sh
expect_message 'server answered 400' url="$url3/image" cainfo="$dir/ca.pem"
! logged 'client certificate' || fail "a client certificate is blamed"
