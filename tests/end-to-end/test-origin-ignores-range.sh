#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An origin that answers 200 with the whole file is refused by name, waited for,
# and used as soon as it does better.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1 'max_ranges 0;'
plugin_start url="$url1/image" roothash="$roothash"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'server ignored Range'
stays 2 "the read waits" reader_waits
# One look at each try is enough; the file is not fetched over and over.
[ "$(origin_requests 1)" -lt 20 ] || fail "$(origin_requests 1) requests"
origin_stop 1
origin_start 1
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
file_at "$dir/image" 0 4096 | cmp - "$dir/read.out" || fail "wrong bytes"
