#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The long body of a redirect is not read, and what is read counts: for the status and for
# budget=.  The connection of a redirect with a short body is used again.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 4

say "a long body, and the target lacks the file"
origin_start 1
faulty_origin 1 redirect="$url1/no-such-file" redirect_body=1048576
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none budget=20M status="$dir/status.sock"
read_in_background 0 4096
has_asked() {
	[ "$(wc -l <"$requests")" -ge 4 ]
}
wait_until 20 "the redirector was asked 4 times" has_asked
fetched=$(status_of fetched_bytes)
at_most "bytes fetched" "$fetched" $(($(wc -l <"$requests") * 65536))
[ "$fetched" -gt 0 ] || fail "the bodies are not counted"
told wasted_bytes "$fetched"
at_most "budget_left_bytes" "$(status_of budget_left_bytes)" $(((20 << 20) - fetched))
plugin_stop

say "a long body, and a good target"
mkdir -p "$dir/www1"
cp "$dir/image" "$dir/www1"
faulty_origin 2 redirect="$url1/image" redirect_body=1048576
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 20 "the whole image is here" is_whole_here
at_most "bytes wasted" "$(status_of wasted_bytes)" $(($(wc -l <"$requests") * 65536))
plugin_stop

say "short bodies: one connection"
faulty_origin 3 redirect=/elsewhere redirect_body=16384
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none
read_in_background 0 4096
wait_until 10 "the redirect is followed" logged 'more than 5 redirects'
same "$(head -n 6 "$requests" | cut -d ' ' -f 2 | sort -u | wc -l)" 1 "connections of six requests"
