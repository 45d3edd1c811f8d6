#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What follows a sequence of reads is fetched before it is asked for.
. "${srcdir:-..}/tests/lib.sh"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
i=0
while [ $i -lt 16 ]; do
	read_is_right $((i * 65536)) 65536 "$dir/image"
	i=$((i + 1))
done
wait_until 10 "it is calm" origin_is_calm 1
ahead=$(($(status_of present_bytes) - 1048576))
say "$ahead bytes ahead of 1 MiB read in order"
[ $ahead -ge 131072 ] || fail "next to nothing was read ahead"
[ $ahead -le 5000000 ] || fail "far too much was read ahead"
