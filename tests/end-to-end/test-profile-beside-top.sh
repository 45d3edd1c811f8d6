#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What a profile names is asked for as soon as the size is told, beside the top of the
# tree and not after it.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1/image"
echo "4194304 65536" >"$dir/www1/image.profile"

# Slow enough to tell what is before and what after: 12 KiB of top take a second.
origin_http="log_format times '\$request_time \$msec \$http_range'; limit_rate 8k;"
origin_start 1 "access_log $dir/times.log times;"
origin_http=
plugin_start url="$url1/image" roothash="$roothash" fill=no
all_came() {
	[ "$(grep -c 'bytes=4[12]' "$dir/times.log")" -gt 1 ]
}
wait_until 30 "what the profile names has come" all_came
awk '
	/bytes=16777216-/ { top_ended = $2 }
	/bytes=4[12]/ { began = $2 - $1; if (!first || began < first) first = began }
	END { exit !(first && top_ended && first < top_ended - 0.5) }' "$dir/times.log" ||
	fail "the profile came after the top: $(cut -d ' ' -f 1-3 "$dir/times.log" | tr '\n' ';')"
read_is_right 4194304 4096 "$dir/image"
