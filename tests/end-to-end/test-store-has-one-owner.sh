#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A second process does not get a store that is in use, says so and ends; the first one
# goes on.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" store="$dir/store"
read_is_right 0 4096 "$dir/image"
first=$nbdkit
: >"$log"
socket=$dir/second.sock
plugin_launch url="$url1/image" roothash="$roothash" store="$dir/store"
wait_until 5 "the second ends" is_gone "$nbdkit"
logged 'in use by another process' || fail "nothing was said"
is_alive "$first" || fail "the first has ended too"
