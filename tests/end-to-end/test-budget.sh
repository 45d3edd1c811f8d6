#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# budget= ends the fill, or the profile as well, and never a read.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
echo "0 8388608" >"$dir/boot.profile"

told() {
	"$farroot" status --json --socket="$dir/status.sock" | sed "s/.*\"$1\":\"*\([^\",]*\).*/\1/"
}
is_spent() {
	count=$(origin_requests 1)
	[ "$(told budget_left_bytes)" -lt 4096 ] && sleep 0.5 && [ "$count" = "$(origin_requests 1)" ]
}

: >"$dir/access1.log"
plugin_start url="$url1/image" roothash="$roothash" fill=yes budget=3M status="$dir/status.sock"
wait_until 20 "3 MiB are fetched" is_spent
# The origin's page that says that there is no profile is not the image.
[ "$(origin_bytes 1)" -le $((3145728 + 1024)) ] || fail "$(origin_bytes 1) bytes for budget=3M"
same "$(told state)" ready "state with nothing left"
same "$(told eta_s)" -1 "time until everything is here"
"$farroot" status --socket="$dir/status.sock" >"$dir/text"
grep -q '^budget  *0.0 of 3.0 MiB left' "$dir/text" || fail "$(cat "$dir/text")"
grep -q '^to come  *ready needs 0.0 MiB, everything needs 13\.[0-9] MiB' "$dir/text" || fail "$(cat "$dir/text")"
read_is_right 12000000 1048576 "$dir/image"
plugin_stop

# By default a profile is worth it.
: >"$dir/access1.log"
plugin_start url="$url1/image" roothash="$roothash" fill=yes budget=3M profile="$dir/boot.profile" \
	status="$dir/status.sock"
profile_is_here() {
	[ "$(told state)" = ready ] && [ "$(told ready_needs_bytes)" = 0 ] && [ "$(told present_bytes)" -ge 8388608 ]
}
wait_until 20 "the profile is here" profile_is_here
[ "$(origin_bytes 1)" -le 9000000 ] || fail "$(origin_bytes 1) bytes for a profile of 8 MiB"
plugin_stop

: >"$dir/access1.log"
plugin_start url="$url1/image" roothash="$roothash" fill=yes budget=3M budget-stops=all \
	profile="$dir/boot.profile" status="$dir/status.sock"
wait_until 20 "3 MiB are fetched" is_spent
[ "$(origin_bytes 1)" -le $((3145728 + 65536)) ] || fail "$(origin_bytes 1) bytes for budget=3M"
[ "$(told ready_needs_bytes)" -gt 4000000 ] || fail "the profile was fetched all the same"
read_is_right 5000000 1048576 "$dir/image"
