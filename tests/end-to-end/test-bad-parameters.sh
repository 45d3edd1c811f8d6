#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A wrong value is refused at once, with a message that names the key.
. "${srcdir:-..}/tests/lib.sh"
need curl

hash=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
good="url=http://127.0.0.1:1/x roothash=$hash"

# refused MESSAGE SETTING...
refused() {
	message=$1
	shift
	: >"$log"
	plugin_launch "$@"
	wait_until 5 "nbdkit refuses $*" is_gone "$nbdkit"
	code=0
	wait "$nbdkit" || code=$?
	[ $code = 1 ] || fail "exit code $code for $*"
	logged "$message" || fail "no '$message' for $*"
	same "$(grep -c 'error' "$log")" 1 "lines of complaint about $*"
}

# shellcheck disable=SC2086 # words
{
	refused 'url= is required' roothash=$hash
	refused 'url=ftp://x/y: must begin with http' url=ftp://x/y roothash=$hash
	refused 'url=http://: not a URL' url=http:// roothash=$hash
	refused 'url=http://127.0.0.1:99999/x: Port number' roothash=$hash url=http://127.0.0.1:99999/x
	refused 'url=http://127.0.0.1:0/x: no server has port 0' roothash=$hash url=http://127.0.0.1:0/x
	refused 'url=http://\[::1/x: Bad IPv6' roothash=$hash url='http://me:my-secret@[::1/x'
	refused 'url=http://127.0.0.1:-1/x' $good url=http://127.0.0.1:-1/x
	refused 'profile=http://127.0.0.1:99999/: Port number' $good profile=http://127.0.0.1:99999/
	refused 'profile=ftp://a/x: must begin with http' $good profile=ftp://a/x
	refused 'proxy=: libcurl cannot use .*nonsense' $good proxy=nonsense://me:my-secret@a/
	refused 'proxy=: libcurl cannot use .*ftp' $good proxy=ftp://a/
	refused 'proxy=: libcurl cannot use .*Port number' $good proxy=http://127.0.0.1:99999
	refused 'proxy=: libcurl cannot use .*IPv6' $good 'proxy=http://[::1'
	! logged my-secret || fail "the password of an URL is in the log"
	refused 'unix-socket-path=.*: too long for a socket' $good unix-socket-path="/$(printf '%0107d' 1)"
	refused 'roothash=123: must be 64 hex' url=http://x/y roothash=123
	refused 'contradict' $good verify=none
	refused 'verify=off: the only value is none' $good verify=off
	refused 'cache=1M: too small' $good cache=1M
	refused 'cache=3M: too small' $good cache=3M
	refused 'cache=lots: must be a size' $good cache=lots
	refused 'cache=0%: must be' $good cache=0%
	refused 'connections=0: must be 1 to 64' $good connections=0
	refused 'fill=perhaps: must be yes, idle or no' $good fill=perhaps
	refused 'outage=soon: must be wait, or' $good outage=soon
	refused 'size=4097\|size=: ' $good size=4097
	refused 'size=12288: no image' $good size=12288
	refused 'stall=0: must be seconds' $good stall=0
	refused 'sslverify=maybe: must be yes or no' $good sslverify=maybe
	refused 'http-version=9' $good http-version=9
	refused 'protocols=gopher' $good protocols=gopher
	refused 'header=: must be Name: value' $good header='Bearer my-secret'
	! logged my-secret || fail "the value of header= is in the log"
	refused 'http-version=4: must be' $good http-version=4
	refused 'ssl-version=sslv3: is not secure any more' $good ssl-version=sslv3
	refused 'ssl-version=tlsv1.1: is not secure any more' $good ssl-version=tlsv1.1
	refused 'resolve=: libcurl cannot use .*nowhere' $good resolve=nowhere
	refused 'resolve=: libcurl cannot use .*x:80:name' $good resolve=x:80:name
	refused 'ssl-cipher-list= .*NO-SUCH' $good ssl-cipher-list=NO-SUCH
	refused 'tls13-ciphers=: .*NO-SUCH' $good tls13-ciphers=NO-SUCH
	refused 'cainfo= .*libcurl cannot use' $good cainfo="$log"
	refused 'unknown parameter colour=' $good colour=red
	refused 'unknown parameter colour=' $good "colour=$(printf 'r\ned')"
	# libcurl tells whether it has HTTP/3.
	curl --version | grep -q HTTP3 || refused 'http-version=3: libcurl .* has no HTTP/3' $good http-version=3
	refused 'certificates from /no/such/file' $good url=https://x/y cainfo=/no/such/file
	refused 'store=/no/such/dir/store' $good store=/no/such/dir/store
	refused 'status=' $good status=/no/such/dir/status
	refused 'log=/no/such/dir/log' $good log=/no/such/dir/log
	refused 'profile=/no/such/profile: No such file' $good profile=/no/such/profile
	refused 'password=+/no/such/file: No such file' $good user=u password=+/no/such/file
	refused 'cookie=-FD: not an open file descriptor of 3 or more' $good cookie=-1
	refused 'cookie=-FD: not an open file descriptor' $good cookie=-99
	refused 'cookie=-FD: not an open file descriptor' $good cookie=-my-secret
	! logged my-secret || fail "a cookie that begins with - is in the log"
	: >"$dir/empty"
	refused 'proxy-password=+.*/empty: there is no line' $good proxy-password=+"$dir/empty"
	refused 'proxy-password=-: standard input is not a terminal' $good proxy-password=-

	# Values that libcurl can use, and booleans as nbdkit spells them.
	plugin_start $good "resolve=h:80:127.0.0.1,[::1]" tls13-ciphers=TLS_AES_128_GCM_SHA256 \
		ssl-cipher-list=ECDHE-RSA-AES128-GCM-SHA256 sslverify=n tcp-nodelay=y tcp-keepalive=T mlock=f
	plugin_stop
	for proxy in proxy.test proxy.test:3128 http://me:pass@proxy.test:3128/ https://proxy.test socks5h://proxy.test '[::1]:80'; do
		plugin_start $good url='http://[fe80::1%25eth0]:8080/a%20b?c=d' proxy="$proxy" profile='https://x/y?z'
		plugin_stop
	done
}
