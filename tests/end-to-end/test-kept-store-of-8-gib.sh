#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The 8 GiB that an earlier run has left are revalidated within 35 s, with the fill on, and reads
# are answered within a second meanwhile.
. "${srcdir:-..}/tests/lib.sh"
need nginx

[ "$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')" -gt $((17 << 20)) ] || skip "$dir has no 17 GiB"
make_image image 8192
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
# One file for both: no block of the store is to be written.
ln "$dir/image" "$dir/www1/image"
ln "$dir/image" "$dir/store"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" profile=none store="$dir/store" fill=yes status="$dir/status.sock"
began=$(now_ms)
longest=0 reads=0
until status_is state materialized; do
	[ $(($(now_ms) - began)) -le "$(slack 35000)" ] || fail "only $(status_of present_bytes) bytes are present after 35 s"
	# From the end, which comes last, and in the middle.
	offset=$(((size / 4096 - 1 - reads * 65537 % 2097152) * 4096))
	from=$(now_ms)
	read_at $offset 4096 >"$dir/got" || fail "reading at $offset"
	took=$(($(now_ms) - from))
	file_at "$dir/image" $offset 4096 | cmp - "$dir/got" || fail "wrong bytes at $offset"
	[ $took -le $longest ] || longest=$took
	reads=$((reads + 1))
done
took=$(($(now_ms) - began))
say "8 GiB in $took ms; $reads reads meanwhile, the longest $longest ms"
[ $reads -ge 3 ] || fail "only $reads reads were tried meanwhile"
[ $longest -le "$(slack 1000)" ] || fail "a read took $longest ms"
# What the opening needs.
[ "$(origin_bytes 1)" -le 1048576 ] || fail "$(origin_bytes 1) bytes were fetched"
