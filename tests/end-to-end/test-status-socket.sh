#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The status socket tells the truth: opening, ready or filling, outage since when,
# materialized; and it does not delay reads.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)

status() {
	"$farroot" status --json --socket="$dir/status.sock" >"$dir/status.json" ||
		fail "farroot status"
	grep -q "\"$1\":$2[,}]" "$dir/status.json"
}
told() {
	status "$1" "$2" || fail "status does not say $1=$2: $(cat "$dir/status.json")"
}
number() {
	status x x
	grep -o "\"$1\":-\?[0-9]*" "$dir/status.json" | cut -d : -f 2
}

start_s=$(date +%s)
plugin_start url="http://127.0.0.1:$port1/image" roothash="$roothash" fill=no \
	status="$dir/status.sock"
same "$(stat -c %a "$dir/status.sock")" 600 "mode of the socket"
told state '"opening"'
told image_bytes 0
wait_until 5 "there is an outage" status last_error '".\+"'
since=$(number outage_since)
[ "$since" -ge "$start_s" ] || fail "outage since $since, before the start"
[ "$since" -le "$(date +%s)" ] || fail "outage since $since, in the future"

origin_start 1
wait_until 10 "the image is open" status state '"ready"'
told image_bytes "$size"
told outage_since 0
told origin "\"$url1/image\""
told eta_s -1
read_is_right 0 1048576 "$dir/image"
[ "$(number served_bytes)" -ge 1048576 ] || fail "served_bytes"
[ "$(number fetched_bytes)" -ge 1048576 ] || fail "fetched_bytes"
[ "$(number present_bytes)" -ge 1048576 ] || fail "present_bytes"
[ "$(number requests)" -ge 2 ] || fail "requests"
told waiting 0
told wasted_bytes 0

origin_stop 1
read_in_background 8388608 4096
wait_until 5 "the read waits" status waiting 1
wait_until 5 "there is an outage" status state '"outage"'
origin_start 1
wait_until 10 "the read is answered" reader_is_done
wait_until 5 "all is well" status state '"ready"'
told waiting 0
plugin_stop
[ ! -e "$dir/status.sock" ] || fail "the socket was left behind"

plugin_start url="$url1/image" roothash="$roothash" fill=yes status="$dir/status.sock"
wait_until 30 "all is here" status state '"materialized"'
told present_bytes "$size"
told eta_s 0
logged 'no origin is needed any more' || fail "nothing was said"
# And none is.
origin_stop 1
read_is_right 0 "$size" "$dir/image"
told state '"materialized"'
# One left by a crash is taken over.
plugin_kill
[ -S "$dir/status.sock" ] || fail "kill -9 left no socket"
plugin_start url="$url1/image" roothash="$roothash" status="$dir/status.sock"
told state '"opening"'
