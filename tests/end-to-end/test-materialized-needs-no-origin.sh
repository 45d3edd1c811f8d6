#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When all of the image is here, the status says so, and no origin is needed any more.
. "${srcdir:-..}/tests/lib.sh"

make_image image 16
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=yes status="$dir/status.sock"
wait_until 30 "all is here" status_is state materialized
told present_bytes "$size"
told eta_s 0
logged 'no origin is needed any more' || fail "nothing was said"
# And none is.
origin_stop 1
read_is_right 0 "$size" "$dir/image"
told state materialized
