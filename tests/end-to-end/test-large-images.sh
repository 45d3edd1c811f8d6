#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Huge images open and serve a first read about as fast as a small one, in little
# memory.  How fast exactly is for bench/open-time; the bound here is generous.
. "${srcdir:-..}/tests/lib.sh"

data_end='the last data block'
zero_image=$top_builddir/tests/end-to-end/zero-image
mkdir "$dir/www1"
small_hash=$("$zero_image" $((64 << 8)) "$dir/www1/small") || fail "zero-image"
large_hash=$("$zero_image" $((16 << 18)) "$dir/www1/large") || fail "zero-image"
truncate -s 1T "$dir/www1/huge" || skip "no sparse files of 1 TiB here"
printf '%s\n' "$data_end" | dd of="$dir/www1/huge" bs=4096 seek=$(((1 << 28) - 1)) \
	conv=notrunc status=none
origin_start 1

# Resident memory of the process, its store not counted.
rss_kib() {
	awk '/^Rss(Anon|File):/ { sum += $2 } END { print sum }' "/proc/$nbdkit/status"
}

# opens NAME LAST_DATA_BLOCK SETTING...: reads the first and the last block; sets
# $took to the milliseconds from the start of nbdkit to the first byte.
opens() {
	name=$1 last=$2
	shift 2
	began=$(date +%s%N)
	plugin_start url="$url1/$name" fill=no "$@"
	read_at 0 4096 >"$dir/first" || fail "first read of $name"
	took=$((($(date +%s%N) - began) / 1000000))
	file_at "$dir/www1/$name" 0 4096 | cmp - "$dir/first" || fail "wrong bytes in $name"
	read_at $((last * 4096)) 4096 | head -n 1 | grep -qx "$data_end" || fail "wrong last block in $name"
	# Reads all over the image, so that all data structures per place are used.
	block=0
	while [ $block -lt "$last" ]; do
		read_at $((block * 4096)) 4096 >/dev/null || fail "reading in $name"
		block=$((block + last / 100 + 1))
	done
	rss=$(rss_kib)
	say "$name: first read after $took ms, $rss KiB resident"
	[ "$rss" -lt 65536 ] || fail "$name takes $rss KiB besides the store"
	plugin_stop
}

opens small $(((64 << 8) - 1)) roothash="$small_hash"
small_took=$took
opens large $(((16 << 18) - 1)) roothash="$large_hash"
[ "$took" -lt $((small_took * 2 + $(slack 1000))) ] || fail "16 GiB took $took ms, 64 MiB $small_took ms"
opens huge $(((1 << 28) - 1)) verify=none
[ "$took" -lt $((small_took * 2 + $(slack 1000))) ] || fail "1 TiB took $took ms, 64 MiB $small_took ms"
# The same with a bounded store, which keeps more about each block.
opens large $(((16 << 18) - 1)) roothash="$large_hash" cache=64M
opens huge $(((1 << 28) - 1)) verify=none cache=64M
