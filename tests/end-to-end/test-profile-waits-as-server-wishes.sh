#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A server at its rate limit says when it will have the profile: it is asked then, not
# before, and the profile comes, however often it was refused.  An endless profile is fetched
# once.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

profile_requests() {
	grep -c image.profile "$requests"
}

make_image image 8
echo '4194304 65536' >"$dir/profile"
faulty_origin 1 profile="$dir/profile" profile_status=429 profile_first=5 retry_after=2
plugin_start url="$faulty_url/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 4096 "$dir/image"
wait_until 120 "the profile has come" has_present 65536
[ "$(profile_requests)" = 6 ] || fail "$(profile_requests) requests for the profile, must be 6"
awk '/image.profile/ { if (last && $1 - last < 2) { print $1 - last; exit 1 } last = $1 }' "$requests" ||
	fail "the profile was asked for before 2 s were over"
plugin_stop

# While the image cannot be opened, too.
faulty_origin 2 profile_endless=yes first=1000000 status=500
plugin_start url="$faulty_url/image" roothash="$roothash" status="$dir/status.sock"
wait_until 15 "the profile is asked for" grep -q image.profile "$requests"
sleep 5
at_most "requests for an endless profile" "$(profile_requests)" 1
at_most "bytes" "$(status_of fetched_bytes)" $((6 << 20))
