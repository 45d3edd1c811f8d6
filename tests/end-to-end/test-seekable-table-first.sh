#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The seek table of a compressed image is fetched before a client connects: then the origin
# may be gone.  So it is with a profile, which lists the seek table first.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/seekable.sh"
need nbdinfo

# More than 64 KiB of entries.
make_seekable image 32 --frame=4K
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
table=$((8192 * 12))

# opens_without_origin WHAT
opens_without_origin() {
	table_is_here() {
		present=$(status_of present_bytes) && [ "$present" -ge $((table + 8192)) ]
	}
	wait_until 10 "the seek table is here with $1" table_is_here
	[ "$present" -lt $((table + 524288)) ] || fail "$present bytes are here with $1; only the table was meant"
	origin_stop 1
	same "$(timeout "$(slack 10)" nbdinfo --size "$(nbd_uri)")" 33554432 "size without an origin, with $1"
	origin_start 1
}

plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
opens_without_origin "no profile"
read_is_right 12345678 4096 "$dir/image.data"
"$farroot" profile record --socket="$dir/status.sock" -o "$dir/www1/image.profile" >"$dir/record.log" 2>&1 || fail "profile record"
plugin_stop

# After the footer.
grep -v '^#' "$dir/www1/image.profile" | head -n 2 >"$dir/first"
while read -r offset length; do
	if [ "$offset" -lt $((data_bytes - table - 8192)) ] || [ $((offset + length)) -gt "$data_bytes" ]; then
		fail "first in the profile is $offset $length, not the seek table"
	fi
done <"$dir/first"
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
opens_without_origin "a profile"
read_is_right 12345678 4096 "$dir/image.data"
