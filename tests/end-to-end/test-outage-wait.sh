#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A read during an outage waits, and is answered when the origin is back.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
publish image 1
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no
read_is_right 0 4096 "$dir/image"
origin_stop 1
read_in_background 2097152 65536
stays "${OUTAGE:-5}" "the read waits" reader_waits
# What is here is served meanwhile.
read_is_right 0 4096 "$dir/image"
origin_start 1
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
file_at "$dir/image" 2097152 65536 | cmp - "$dir/read.out" || fail "wrong bytes"
