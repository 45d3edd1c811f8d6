#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The name server does not answer for the first mirror: the second serves, and a miss does not
# wait for the look-ups of the first.
. "${srcdir:-..}/tests/end-to-end/names.sh"

use_names 127.0.0.1
name_server 127.0.0.1 "$dir/silent"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url=http://far.test/image url="$url1/image" roothash="$roothash" fill=no profile=none
read_is_right 0 4096 "$dir/image"
mib=1
while [ $mib -lt 31 ]; do
	began=$(now_ms)
	read_is_right $((mib << 20)) 4096 "$dir/image"
	took=$(($(now_ms) - began))
	[ $took -le "$(slack 2500)" ] || fail "a miss took $took ms"
	mib=$((mib + 1))
	sleep 0.4
done
