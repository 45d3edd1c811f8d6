#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# By default a profile is fetched whole, even if budget= is spent meanwhile.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
echo "0 8388608" >"$dir/boot.profile"

plugin_start url="$url1/image" roothash="$roothash" fill=yes budget=3M profile="$dir/boot.profile" \
	status="$dir/status.sock"
profile_is_here() {
	status_is state ready && status_is ready_needs_bytes 0 && [ "$(status_of present_bytes)" -ge 8388608 ]
}
wait_until 20 "the profile is here" profile_is_here
[ "$(origin_bytes 1)" -le 9000000 ] || fail "$(origin_bytes 1) bytes for a profile of 8 MiB"
