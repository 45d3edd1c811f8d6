#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# If a store on disk is damaged or truncated, only what is missing is fetched again, and
# no damaged byte is served.
. "${srcdir:-..}/tests/end-to-end/kept-store.sh"
need nbdcopy

serve_image
again "the first time" "$size" $((size + size / 20))

# One block, and one hash block (the last).
dd if=/dev/urandom of="$dir/store" bs=4096 seek=1000 count=1 conv=notrunc status=none
dd if=/dev/urandom of="$dir/store" bs=4096 seek=$((size / 4096 - 1)) count=1 conv=notrunc status=none
again "after damage of 2 blocks" 8192 262144

truncate -s 16M "$dir/store"
again "after losing the second half" $((size - (16 << 20))) $((size - (16 << 20) + 262144))

# All data blocks are garbage: verified bytes do not come from the store.
dd if=/dev/urandom of="$dir/store" bs=1M count=32 conv=notrunc status=none
again "after all was damaged" $((32 << 20)) $((size + size / 20))
