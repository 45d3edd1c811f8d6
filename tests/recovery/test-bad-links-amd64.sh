#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A mounted image on a bad link: cuts of seconds and of minutes, 30 % loss with a round trip of 2 s, 64 kbit/s,
# corrupt and reordered packets, an origin that is restarted 30 times.  Reads wait, and none gets an error or a
# wrong byte.
#   RECOVERY_ROUNDS=N   rounds of cuts; lib.sh has the other variables
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$srcdir/tests/recovery/lib.sh"

recovery_begin network
expect 300 'guest: device'
expect $((rounds * 200 + 900)) 'restart the origin, please'
n=0
while [ $n -lt 30 ]; do
	n=$((n + 1))
	"$vm_here/serve" stop "$dir/origin"
	sleep 0.5
	"$vm_here/serve" start "$dir/origin" "$dir/www" >/dev/null || fail "no origin"
	sleep 1
done
echo "done" >"$dir/www/root.img.off"
expect $((rounds * 60 + 600)) 'guest: the end'
grep -a 'guest: ' "$console" | tr -d '\r'
