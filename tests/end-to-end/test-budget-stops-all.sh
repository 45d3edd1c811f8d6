#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With budget-stops=all, budget= ends the profile as well, and still no read.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
echo "0 8388608" >"$dir/boot.profile"

is_spent() {
	[ "$(status_of budget_left_bytes)" -lt 4096 ] && origin_is_calm 1
}

plugin_start url="$url1/image" roothash="$roothash" fill=yes budget=3M budget-stops=all \
	profile="$dir/boot.profile" status="$dir/status.sock"
wait_until 20 "3 MiB are fetched" is_spent
[ "$(origin_bytes 1)" -le $((3145728 + 65536)) ] || fail "$(origin_bytes 1) bytes for budget=3M"
[ "$(status_of ready_needs_bytes)" -gt 4000000 ] || fail "the profile was fetched all the same"
read_is_right 5000000 1048576 "$dir/image"
