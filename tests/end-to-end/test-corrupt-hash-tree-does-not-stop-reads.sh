#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A part of the hash tree is corrupt, so the data below it cannot be verified: the rest can be
# read and is filled, the cost is bounded, and what was waited for comes when it is mended.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 64
size=$(stat -c %s "$dir/image")
# Data, superblock, top of the tree, then a hash block for each 512 KiB of data.
hashes=$(((64 << 20) + 2 * 4096))

# of_hashes FROM-MIB TO-MIB: the bytes of the hash blocks of this data.
of_hashes() {
	echo "$((hashes + $1 * 8192))-$((hashes + $2 * 8192))"
}

# The hash blocks of 16 MiB: a reader waits for them, and others are served.
faulty_origin 1 corrupt="$(of_hashes 16 32)"
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
read_in_background 20971520 4194304
wait_until 30 "the rest is here" has_present $((48 << 20))
wait_until 15 "the state says that blocks are corrupt" status_is state corrupt
stays 1 "the read waits" reader_waits
read_is_right 62914560 65536 "$dir/image"
stays 3 "the status can be read" status_of state
at_most "bytes" "$(status_of fetched_bytes)" $(((64 + 16) << 20))
touch "$faulty_folder/healed"
wait_until 40 "the read ends" reader_is_done
file_at "$dir/image" 20971520 4194304 | cmp - "$dir/read.out" || fail "wrong bytes"
wait_until 40 "all is here" is_whole_here
at_most "bytes" "$(status_of fetched_bytes)" $((size + (16 << 20)))
plugin_stop

# The hash blocks of 48 MiB: more than the queue holds, and without fill.
faulty_origin 2 corrupt="$(of_hashes 8 56)"
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=no status="$dir/status.sock"
read_in_background 8388608 50331648
wait_until 15 "the state says that blocks are corrupt" status_is state corrupt
for mib in 1 60 3 63; do
	read_is_right $((mib << 20)) 65536 "$dir/image"
done
stays 1 "the read waits" reader_waits
at_most "bytes" "$(status_of fetched_bytes)" $((60 << 20))
touch "$faulty_folder/healed"
wait_until 60 "the read ends" reader_is_done
file_at "$dir/image" 8388608 50331648 | cmp - "$dir/read.out" || fail "wrong bytes"
