#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The time of Retry-After passes before the next request, whether it is a number or a
# date; and a profile that is refused for a moment is requested again.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

seconds_to_second_request() {
	wait_until 15 "there is a second request" awk 'END { exit NR < 2 }' "$requests"
	awk 'NR == 1 { first = $1 } NR == 2 { print int($1 - first) }' "$requests"
}

make_image image 4
n=0
for after in 3 +4; do
	n=$((n + 1))
	faulty_origin $n status=503 first=1 retry_after=$after
	plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=no
	at_most "3, and the seconds" 3 "$(seconds_to_second_request)"
	read_is_right 0 4096 "$dir/image"
	plugin_stop
done

echo '1048576 1048576' >"$dir/profile"
faulty_origin 3 profile="$dir/profile" profile_status=429
plugin_start url="$faulty_url/image" roothash="$roothash" fill=no status="$dir/status.sock"
wait_until 10 "the profile is used" has_present 1048576
