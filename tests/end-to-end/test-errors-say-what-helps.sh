#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Messages of refused requests say what was sent and what helps.
. "${srcdir:-..}/tests/lib.sh"

roothash=$(printf '%064d' 1)
origin_start 1 'location /basic { add_header WWW-Authenticate "Basic realm=x" always; return 401; }
	location /digest { add_header WWW-Authenticate "Digest realm=x" always; return 401; }'

expect_message() {
	message=$1
	shift
	plugin_start "$@" roothash="$roothash" profile=none
	read_in_background 0 4096
	wait_until 10 "the message says: $message" logged "$message"
	plugin_stop
}

expect_message 'no user name and password were sent' url="$url1/basic"
expect_message 'refused the user name and password' url="$url1/basic" user=u password=p
expect_message 'wants Digest authentication' url="$url1/digest" user=u password=p
expect_message 'is it an http:// server' url="$(echo "$url1" | sed 's/^http:/https:/')/basic" sslverify=false
