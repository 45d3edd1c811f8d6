#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With another root hash nothing is served; it is said why.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$(echo "$roothash" | tr 0-9 1-90)"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'does not match roothash='
stays 2 "the read waits" reader_waits
same "$(stat -c %s "$dir/read.out")" 0 "bytes served"
