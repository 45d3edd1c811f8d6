#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A profile whose server cannot be reached is tried for a while, then given up, which is
# said; meanwhile reads go on.
. "${srcdir:-..}/tests/lib.sh"

make_image image 8
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1/image"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no profile=http://127.0.0.1:1/x
read_is_right 0 4096 "$dir/image"
wait_until 15 "it is said that there is no profile" logged 'profile: 4 requests failed; going on without'
