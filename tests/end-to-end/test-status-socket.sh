#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The status socket tells the truth: opening, ready, outage since when; and is gone with
# the server.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)

start_s=$(date +%s)
plugin_start url="http://127.0.0.1:$port1/image" roothash="$roothash" fill=no \
	status="$dir/status.sock"
same "$(stat -c %a "$dir/status.sock")" 600 "mode of the socket"
told state opening
told image_bytes 0
has_last_error() {
	[ -n "$(status_of last_error)" ]
}
wait_until 5 "there is an outage" has_last_error
since=$(status_of outage_since)
[ "$since" -ge "$start_s" ] || fail "outage since $since, before the start"
[ "$since" -le "$(date +%s)" ] || fail "outage since $since, in the future"

origin_start 1
wait_until 10 "the image is open" status_is state ready
told image_bytes "$size"
told outage_since 0
told origin "$url1/image"
told eta_s -1
read_is_right 0 1048576 "$dir/image"
[ "$(status_of served_bytes)" -ge 1048576 ] || fail "served_bytes"
[ "$(status_of fetched_bytes)" -ge 1048576 ] || fail "fetched_bytes"
[ "$(status_of present_bytes)" -ge 1048576 ] || fail "present_bytes"
[ "$(status_of requests)" -ge 2 ] || fail "requests"
told waiting 0
# That the profile is missing was told in some words.
[ "$(status_of wasted_bytes)" -lt 1000 ] || fail "wasted_bytes"

origin_stop 1
read_in_background 8388608 4096
wait_until 5 "the read waits" status_is waiting 1
wait_until 5 "there is an outage" status_is state outage
origin_start 1
wait_until 10 "the read is answered" reader_is_done
wait_until 5 "all is well" status_is state ready
told waiting 0
plugin_stop
[ ! -e "$dir/status.sock" ] || fail "the socket was left behind"
