#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Only with outage=SECONDS does a read fail, after that long and not before; what
# is here is served for ever.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
publish image 1
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no outage=3
read_is_right 0 4096 "$dir/image"
origin_stop 1
began=$(now_ms)
code=0
read_at 2097152 4096 >/dev/null || code=$?
took=$(($(now_ms) - began))
same $code 4 "exit code of a read in an outage (4: error reply)"
grep -q 'error 5$' "$dir/nbd-read.log" || fail "the error is not EIO"
[ $took -ge 2900 ] || fail "it failed after $took ms already"
[ $took -lt "$(slack 8000)" ] || fail "it failed only after $took ms"
logged 'no usable data from any origin within outage=' || fail "nothing was said"
read_is_right 0 4096 "$dir/image"
# And after that all is well again.
origin_start 1
wait_until 10 "reads are answered" read_at 2097152 4096 >/dev/null
read_is_right 2097152 4096 "$dir/image"
