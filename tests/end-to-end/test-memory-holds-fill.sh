#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The fill waits while the memory is short, says why, and goes on afterwards.  A store on a disk
# takes no memory, and is filled.
. "${srcdir:-..}/tests/end-to-end/fake-memory.sh"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

# 32 MiB are to come, and would leave 58.
machine_has 90 0
plugin_start url="$url1/image" roothash="$roothash" fill=yes cache=64M status="$dir/status.sock"
wait_until 10 "the fill is held" is_held 'memory: 32 MiB to come, 90 MiB available, 64 MiB are kept free'
wait_until 5 "the log says so" logged 'the fill waits for memory: 32 MiB to come, 90 MiB available'
told state ready
told eta_s -1
"$farroot" status --socket="$dir/status.sock" >"$dir/text"
grep -q '^held  *memory: 32 MiB to come' "$dir/text" || fail "$(cat "$dir/text")"
# Reads are served.
read_is_right 12000000 1048576 "$dir/image"
[ "$(status_of present_bytes)" -lt 4194304 ] || fail "the fill goes on"

# Enough memory, but processes stall.
if [ -e /proc/pressure/memory ]; then
	machine_has 200 30
	wait_until 10 "the stalls hold it" is_held 'memory: processes wait for it 30 % of the time, 200 MiB available'
fi
machine_has 200 0
[ "$(status_of present_bytes)" -lt 4194304 ] || fail "the fill goes on"
wait_until 30 "all is here" state_is materialized
told hold ''
same "$(times_logged 'the fill waits for memory')" 1 "lines when it begins"
same "$(times_logged 'and the fill goes on')" 1 "lines when it ends"
plugin_stop

# What does not fit into the cache is said with numbers, once.
machine_has 20 0
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 4096 "$dir/image"
logged 'the image has 32 MiB, its cache at most 10 of the 20 MiB of memory that are available' ||
	fail "the log does not say that the image does not fit"
told hold ''
plugin_stop

# $dir may be on a tmpfs.
[ "$(stat -f -c %T "$top_builddir")" = tmpfs ] && exit 0
store=$(realpath "$top_builddir")/memory-test.$$
plugin_start url="$url1/image" roothash="$roothash" fill=yes store="$store" status="$dir/status.sock"
rm "$store"
wait_until 20 "a store on a disk is filled" state_is materialized
