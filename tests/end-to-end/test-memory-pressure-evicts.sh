#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When the memory stays short although the fill waits, a store in memory gives blocks back, in
# steps and not all; reads at that time are right.  Later all of it is fetched again.
. "${srcdir:-..}/tests/end-to-end/fake-memory.sh"

make_image image 64
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
wanted=$(sha256_of <"$dir/image")
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=yes rate=8M cache=100M status="$dir/status.sock"

# memory_mib: what the store really takes.
memory_mib() {
	for fd in /proc/"$nbdkit"/fd/*; do
		case $(readlink "$fd") in
		/memfd:farroot*) echo $(($(stat -L -c %b "$fd") / 2048)) && return ;;
		esac
	done
}
has_mib() {
	[ "$(($(status_of present_bytes) >> 20))" -ge "$1" ]
}
takes_at_most_mib() {
	[ "$(memory_mib)" -le "$1" ]
}

wait_until 30 "40 MiB are here" has_mib 40
# Clients have read these.
read_is_right 1048576 4194304 "$dir/image"
machine_has 40 0
wait_until 10 "the fill is held" is_held 'MiB to come, 40 MiB available, 64 MiB are kept free'
wait_until 15 "a quarter is given back" takes_at_most_mib 37
wait_until 5 "the log says so" logged 'memory: 40 of 1024 MiB are available: the cache begins to give blocks back'
# What clients have read is still here.
requests=$(origin_requests 1)
read_is_right 1048576 4194304 "$dir/image"
same "$(origin_requests 1)" "$requests" "requests for blocks that were read before"
# Every block, while most are evicted.
same "$(read_all 4 | sha256_of)" "$wanted" "SHA-256"
wait_until 60 "16 MiB are left" takes_at_most_mib 17
stays 6 "16 MiB stay" has_mib 15
told state ready
same "$(grep -o -e 'the fill waits' -e 'the cache begins' "$log" | tr '\n' ,)" 'the fill waits,the cache begins,' "the lines of the log"

machine_has 500 0
wait_until 60 "all is here" state_is materialized
wait_until 5 "the log says that it is over" logged 'MiB were given back'
same "$(read_all 4 | sha256_of)" "$wanted" "SHA-256"
