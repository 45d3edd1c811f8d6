#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# budget= ends the fill, and never a read.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

is_spent() {
	[ "$(status_of budget_left_bytes)" -lt 4096 ] && origin_is_calm 1
}

plugin_start url="$url1/image" roothash="$roothash" fill=yes budget=3M status="$dir/status.sock"
wait_until 20 "3 MiB are fetched" is_spent
# The origin's page that says that there is no profile is not the image.
[ "$(origin_bytes 1)" -le $((3145728 + 1024)) ] || fail "$(origin_bytes 1) bytes for budget=3M"
told state ready
# The time until everything is here: never.
told eta_s -1
told hold 'data quota (budget=): all of 3 MiB is used'
"$farroot" status --socket="$dir/status.sock" >"$dir/text"
grep -q '^budget  *0.0 of 3.0 MiB left' "$dir/text" || fail "$(cat "$dir/text")"
grep -q '^to come  *ready needs 0.0 MiB, everything needs 13\.[0-9] MiB' "$dir/text" || fail "$(cat "$dir/text")"
read_is_right 12000000 1048576 "$dir/image"
