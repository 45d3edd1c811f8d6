#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What is read from a store on a disk is verified at each read: a sector that has changed since it was
# written is never served, and fetched again; without an origin, its reads wait and all others go on.
. "${srcdir:-..}/tests/lib.sh"
# Not in a tmpfs, whose files are not verified again.
store=$dir/store
if [ "$(stat -f -c %T "$dir")" = tmpfs ]; then
	store=$(pwd)/rotten-sector.$$
fi
at_exit() {
	rm -f "$store"
}

make_image image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

# rot BLOCK...: changes these blocks of the store.
rot() {
	for block; do
		printf 'rotten' | dd of="$store" bs=1 seek=$((block * 4096 + 100)) conv=notrunc 2>/dev/null
	done
}

plugin_start url="$url1/image" roothash="$roothash" fill=yes store="$store" status="$dir/status.sock"
wait_until 30 "all is here" status_is state materialized

# Data, the first blocks of the tree, the superblock; whole blocks and parts of them.
rot 100 2000 4096 4097 4098
read_is_right 409600 4096 "$dir/image"
read_is_right 409650 100 "$dir/image"
read_is_right $((2000 * 4096 - 512)) 8192 "$dir/image"
read_is_right $((4096 * 4096)) 16384 "$dir/image"
wait_until 30 "what has changed is here again" status_is state materialized
cmp "$store" "$dir/image" || fail "the store is not mended"

origin_stop 1
rot 300
read_is_right 0 409600 "$dir/image"
read_is_right $((301 * 4096)) 409600 "$dir/image"
"$nbd_read" "$socket" 1228800 4096 >"$dir/late" 2>"$dir/late.log" &
reader=$!
wait_until 20 "the read waits" status_is waiting 1
origin_start 1
wait "$reader" || fail "the read failed: $(cat "$dir/late.log")"
cmp -n 4096 -i 0:1228800 "$dir/late" "$dir/image" || fail "a wrong byte"
