#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The first of two name servers is dead, so each look-up takes 5 s: that is no outage.  The image
# opens after one look-up, and what is read later does not wait for another one.
. "${srcdir:-..}/tests/end-to-end/names.sh"

use_names 127.0.0.1 127.0.0.2
name_server 127.0.0.1 "$dir/silent"
echo 127.0.0.1 >"$dir/address"
name_server 127.0.0.2 "$dir/address"

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
began=$(now_ms)
plugin_start url="http://origin.test:$port1/image" roothash="$roothash" fill=no status="$dir/status.sock" connect-timeout=10
read_is_right 0 4096 "$dir/image"
took=$(($(now_ms) - began))
[ $took -ge 4000 ] || fail "the first name server is not dead: the image was open after $took ms"
# The opening, and the connections of its requests.
[ $took -le "$(slack 13000)" ] || fail "the first read took $took ms"
! logged retrying || fail "a slow look-up is taken for an outage"
began=$(now_ms)
read_is_right 1048576 8388608 "$dir/image"
took=$(($(now_ms) - began))
[ $took -le "$(slack 4000)" ] || fail "a read after the opening took $took ms"
