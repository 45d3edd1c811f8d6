#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A relay answers at once, but its server is 0.6 s away: TCP connects in no time, and then TLS
# takes three round trips. That is no outage, and the path's round trip, which decides how much is
# asked for at a time, is learned from the answers.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need nginx openssl python3

make_ca ours
certify right ours IP:127.0.0.1
make_image image 24
mkdir "$dir/www1" "$dir/relay"
cp "$dir/image" "$dir/www1"
# shellcheck disable=SC2034 # of lib.sh
origin_scheme=https origin_listen=ssl
origin_start 1 "$(certificate_lines right)" 'ssl_protocols TLSv1.2;' 'ssl_session_tickets off;'
python3 "$srcdir/tests/end-to-end/near-relay.py" "$dir/relay" "$port1" 0.3 >"$dir/relay.log" 2>&1 &
remember $!
wait_until 10 "the relay listens" test -e "$dir/relay/port"

plugin_start url="https://127.0.0.1:$(cat "$dir/relay/port")/image" roothash="$roothash" \
	cainfo="$dir/ours.pem" profile=none fill=yes connect-timeout=10 stall=20 status="$dir/status.sock"
# With the relay's round trip, it would take a minute.
wait_until 30 "the whole image is here" is_whole_here
! logged 'retrying' || fail "a fault was seen, but there was none"
read_is_right 0 1048576 "$dir/image"
