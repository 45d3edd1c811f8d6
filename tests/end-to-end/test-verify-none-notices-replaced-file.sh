#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With verify=none it is noticed, and said, that the file on the origin is another one; what
# is not here yet waits.
. "${srcdir:-..}/tests/lib.sh"

mkdir "$dir/www1"
random_bytes 1000001 >"$dir/image"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" verify=none fill=no
read_is_right 0 4096 "$dir/image"
random_bytes 1000001 | tr '\000-\377' '\377\000-\376' >"$dir/other"
# nginx makes the ETag of size and time.
touch -d '1 hour ago' "$dir/other"
mv "$dir/other" "$dir/www1/image"
read_in_background 500000 4096
wait_until 10 "it is said that the file was replaced" logged 'image was replaced'
stays 2 "the read waits" reader_waits
