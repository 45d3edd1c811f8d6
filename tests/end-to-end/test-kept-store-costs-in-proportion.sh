#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The processor time to revalidate the blocks of an earlier run is in proportion to their
# number, with the fill on.
. "${srcdir:-..}/tests/lib.sh"
need nginx

# revalidate MIB: sets $ticks of processor time.
revalidate() {
	make_image image "$1"
	mkdir -p "$dir/www1"
	mv "$dir/image" "$dir/www1/image"
	cp --sparse=never "$dir/www1/image" "$dir/store"
	plugin_start url="$url1/image" roothash="$roothash" profile=none store="$dir/store" fill=yes status="$dir/status.sock"
	wait_until 60 "all blocks are present" status_is state materialized
	ticks=$(awk '{ print $14 + $15 }' "/proc/$nbdkit/stat")
	plugin_stop
	rm "$dir/store"
}

origin_start 1
revalidate 64
small=$ticks
revalidate 1024
say "64 MiB: $small ticks, 1024 MiB: $ticks"
# Sixteen times the blocks; a tick is 10 ms.
[ "$ticks" -le $((16 * small + 50)) ] || fail "the time is not in proportion"
