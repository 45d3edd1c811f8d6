#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A store on disk survives kill -9: its blocks are not fetched again.  If it was
# truncated or damaged, only the missing blocks are fetched.
. "${srcdir:-..}/tests/lib.sh"
need nbdcopy

make_image image 32
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
wanted=$(sha256_of <"$dir/image")
origin_start 1
start() {
	plugin_start url="$url1/image" roothash="$roothash" store="$dir/store" "$@"
}

# again WHAT LEAST MOST: starts again, reads all, and looks at what was fetched.
again() {
	: >"$dir/access1.log"
	: >"$log"
	start fill="${fill:-no}"
	same "$(read_all 4 | sha256_of)" "$wanted" "SHA-256 $1"
	wait_until 5 "all of it counts as present $1" logged 'no origin is needed'
	# nginx logs a request at its end.
	plugin_kill
	bytes=$(origin_bytes 1)
	say "$1: $bytes bytes fetched"
	[ "$bytes" -ge "$2" ] || fail "only $bytes bytes were fetched $1"
	[ "$bytes" -le "$3" ] || fail "$bytes bytes were fetched $1"
}

again "the first time" "$size" $((size + size / 20))
# To open, the top of the hash tree is looked at: 16 blocks and one.
again "after kill -9" 0 131072
fill=yes
again "after kill -9, with fill" 0 131072
fill=no

# One block, and one hash block (the last).
dd if=/dev/urandom of="$dir/store" bs=4096 seek=1000 count=1 conv=notrunc status=none
dd if=/dev/urandom of="$dir/store" bs=4096 seek=$((size / 4096 - 1)) count=1 conv=notrunc status=none
again "after damage of 2 blocks" 8192 262144

truncate -s 16M "$dir/store"
again "after losing the second half" $((size - (16 << 20))) $((size - (16 << 20) + 262144))

# All data blocks are garbage: verified bytes do not come from the store.
dd if=/dev/urandom of="$dir/store" bs=1M count=32 conv=notrunc status=none
again "after all was damaged" $((32 << 20)) $((size + size / 20))

# Killed in the middle of writing.
rm "$dir/store"
start fill=no
read_is_right 0 16777216 "$dir/image"
read_in_background 16777216 8388608
plugin_kill
again "after kill -9 in the middle" $((size - 25165824)) $((size - 16777216 + 262144))
again "after that" 0 131072

# A second process must not have the same store.
start
read_is_right 0 4096 "$dir/image"
first=$nbdkit
: >"$log"
socket=$dir/second.sock
plugin_launch url="$url1/image" roothash="$roothash" store="$dir/store"
wait_until 5 "the second ends" is_gone "$nbdkit"
logged 'in use by another process' || fail "nothing was said"
is_alive "$first" || fail "the first has ended too"
