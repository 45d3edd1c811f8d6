#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack makes of one file the same image each time, byte for byte.
. "${srcdir:-..}/tests/lib.sh"

random_bytes $((16385 * 4096 + 1)) >"$dir/image"
pack "$dir/image" "$dir/packed"
pack "$dir/image" "$dir/again"
cmp "$dir/packed" "$dir/again" || fail "two packs of one image differ"
