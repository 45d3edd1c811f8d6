#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot fleet: what is read of a log across its rotation and with garbage in it, which beacons count, also by certificates,
# what is decided, and that table and links agree after a crash, a full disk and jumps of the clock.
. "${srcdir:-..}/tests/lib.sh"
need python3 ssh-keygen
for name in barn field authority; do
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$dir/$name" || fail "no key"
done
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$srcdir/fleet" timeout -k 5 "$(slack 120)" \
	python3 "$srcdir/tests/fleet/decisions.py" "$dir" >"$dir/units.log" 2>&1 || {
	cat "$dir/units.log" >&2
	fail "see above"
}
grep -q '^Ran [1-9]' "$dir/units.log" || fail "no test was run"
