#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A client that reads here and there pays for little more than what it reads.
. "${srcdir:-..}/tests/lib.sh"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
i=1
while [ $i -le 16 ]; do
	read_is_right $((i * 7 % 16 * 2097152 + 32768)) 4096 "$dir/image"
	i=$((i + 1))
done
wait_until 10 "it is calm" origin_is_calm 1
present=$(status_of present_bytes)
say "$present bytes for 16 reads here and there"
[ "$present" -le $((16 * (262144 + 32768) + 131072)) ] || fail "far too much for 64 KiB read"
