#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An origin moves to another address: it is found there as soon as the name server tells it,
# although the old address was in use a moment before.
. "${srcdir:-..}/tests/end-to-end/names.sh"

use_names 127.0.0.53
echo 127.0.0.2 >"$dir/address"
name_server 127.0.0.53 "$dir/address"

make_image image 16
mkdir "$dir/www1" "$dir/www2"
cp "$dir/image" "$dir/www1"
cp "$dir/image" "$dir/www2"
origin_start 1 'listen 127.0.0.2:8080;'
plugin_start url=http://origin.test:8080/image roothash="$roothash" fill=no profile=none
read_is_right 0 1048576 "$dir/image"

origin_start 2 'listen 127.0.0.3:8080;'
origin_stop 1
read_in_background 8388608 4096
sleep 3
reader_waits || fail "the old address still answers"
echo 127.0.0.3 >"$dir/address"
wait_until 10 "the read has found the new address" reader_is_done
file_at "$dir/image" 8388608 4096 | cmp - "$dir/read.out" || fail "wrong bytes"
[ "$(origin_requests 2)" -ge 1 ] || fail "the new address was not asked"
