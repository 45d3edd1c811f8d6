#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The seconds until everything is here that the status tells reckon with rate=.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=yes rate=1M status="$dir/status.sock"
five_mib_are_here() {
	[ "$(status_of present_bytes)" -ge 5242880 ]
}
wait_until 15 "5 MiB are here" five_mib_are_here
eta=$(status_of eta_s)
if [ "$eta" -lt 5 ] || [ "$eta" -gt 16 ]; then
	fail "eta_s is $eta for some 11 MiB at 1 MiB a second"
fi
