#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A redirect to itself is named in the log; the read waits.
. "${srcdir:-..}/tests/lib.sh"

roothash=$(printf '%064d' 1)
origin_start 1 "location /loop { return 302 /loop; }"
plugin_start url="$url1/loop" roothash="$roothash"
read_in_background 0 4096
wait_until 10 "it is said what is wrong" logged 'redirects'
stays 2 "the read waits" reader_waits
