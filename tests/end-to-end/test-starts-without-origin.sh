#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With no origin at all the plugin starts, a client waits, and both are served
# when the origin comes.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)
plugin_start url="http://127.0.0.1:$port1/image" roothash="$roothash"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'retrying in'
stays 3 "the read waits" reader_waits
is_alive "$nbdkit" || fail "nbdkit has ended"
origin_start 1
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
file_at "$dir/image" 0 4096 | cmp - "$dir/read.out" || fail "wrong bytes"
