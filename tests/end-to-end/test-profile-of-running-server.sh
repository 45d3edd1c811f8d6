#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile record saves what readers of a running server have asked for,
# in the order in which they did, hits included and fill excluded.
. "${srcdir:-..}/tests/lib.sh"
need nginx

record() {
	"$farroot" profile record "--socket=$dir/status.sock" -o "$dir/profile" 2>"$dir/record.err"
}

# The entries of the profile, in one line.
entries() {
	grep -v '^#' "$dir/profile" | tr '\n' ';'
}

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)
plugin_start url="http://127.0.0.1:$port1/image" roothash="$roothash" fill=yes \
	status="$dir/status.sock"
record && fail "a profile of an image that is not open"
grep -q 'nothing has been read' "$dir/record.err" || fail "$(cat "$dir/record.err")"

origin_start 1
read_is_right 8192 4096 "$dir/image"
read_is_right 1048576 10000 "$dir/image"
read_is_right 8192 4096 "$dir/image"
read_is_right 0 4096 "$dir/image"
wait_until 30 "all is here" status_is state materialized
record || fail "$(cat "$dir/record.err")"
same "$(entries)" '8192 4096;1048576 12288;0 4096;' "the profile"
# Reads of present blocks are recorded, too.
read_is_right 4194304 4096 "$dir/image"
record || fail "$(cat "$dir/record.err")"
same "$(entries)" '8192 4096;1048576 12288;0 4096;4194304 4096;' "the profile later"
for header in "# farroot profile" "# roothash=$roothash" "# kernel=$(uname -r)"; do
	grep -qx -e "$header" "$dir/profile" || fail "no '$header' in: $(cat "$dir/profile")"
done
grep -q '^# recorded=20[0-9-]*T[0-9:]*Z$' "$dir/profile" || fail "not said when"
