#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A store on disk outlives kill -9, also in the middle of writing: what it holds is not
# fetched again.
. "${srcdir:-..}/tests/end-to-end/kept-store.sh"
need nbdcopy

serve_image
again "the first time" "$size" $((size + size / 20))
# To open, the top of the hash tree is looked at: 16 blocks and one.
again "after kill -9" 0 131072
fill=yes
again "after kill -9, with fill" 0 131072
fill=no

# Killed in the middle of writing.
rm "$dir/store"
start fill=no
read_is_right 0 16777216 "$dir/image"
read_in_background 16777216 8388608
plugin_kill
again "after kill -9 in the middle" $((size - 25165824)) $((size - 16777216 + 262144))
again "after that" 0 131072
