#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# While everything is read twice, the store never takes more than cache=, and what
# is read is right.
. "${srcdir:-..}/tests/lib.sh"
need nbdcopy

limit_mib=8
make_image image 64
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
wanted=$(sha256_of <"$dir/image")
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" cache=${limit_mib}M connections=16

memory_file() {
	for fd in /proc/"$nbdkit"/fd/*; do
		case $(readlink "$fd") in
		/memfd:farroot*) echo "$fd" && return ;;
		esac
	done
	return 1
}
wait_until 10 "the image is open" logged 'the image has 64 MiB, its cache at most 8 MiB of memory (cache=): it is streamed'
fd=$(memory_file) || fail "no store in memory"

# The most that was ever seen, in KiB.
{
	most=0
	while now=$(stat -L -c %b "$fd" 2>/dev/null); do
		if [ "$now" -gt "$most" ]; then
			most=$now
			echo $((most / 2)) >"$dir/most"
		fi
	done
} &
remember $!
for connections in 1 4; do
	same "$(read_all $connections | sha256_of)" "$wanted" "SHA-256"
done
# One read of 8 times what the store holds.
read_is_right 1048576 33554432 "$dir/image"
# Backwards.
i=60
while [ $i -ge 0 ]; do
	read_is_right $((i << 20)) 1048576 "$dir/image"
	i=$((i - 4))
done
most=$(cat "$dir/most")
say "at most $most KiB of $((limit_mib << 10))"
[ "$most" -le $((limit_mib << 10)) ] || fail "the store took $most KiB"
[ "$most" -ge $((limit_mib << 9)) ] || fail "the store was hardly used: $most KiB"
