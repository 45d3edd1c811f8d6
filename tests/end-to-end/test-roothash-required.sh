#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Without roothash= and without verify=none nothing starts; with another root
# hash nothing is served.
. "${srcdir:-..}/tests/lib.sh"

plugin_launch url=http://127.0.0.1:1/image
wait_until 5 "nbdkit ends" is_gone "$nbdkit"
code=0
wait "$nbdkit" || code=$?
[ $code != 0 ] || fail "it ended as if all were well"
logged 'roothash= is required' || fail "nothing was said"
[ ! -S "$socket" ] || fail "it listened"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$(echo "$roothash" | tr 0-9 1-90)"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'does not match roothash='
stays 2 "the read waits" reader_waits
same "$(stat -c %s "$dir/read.out")" 0 "bytes served"
