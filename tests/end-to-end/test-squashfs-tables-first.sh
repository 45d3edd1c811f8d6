#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A first boot has no profile, but the tables of a squashfs are at its end: they are
# fetched before a client reads them.
. "${srcdir:-..}/tests/lib.sh"

need mksquashfs
mkdir "$dir/www1" "$dir/tree"
for i in 1 2 3 4 5 6 7 8; do
	seed=$i random_bytes 1048576 >"$dir/tree/file$i"
done
# 3000 empty files with rather long names that compress badly.
random_bytes 24000 | od -An -v -w8 -tx8 | sed "s,^ ,$dir/tree/a-rather-long-name-that-compresses-badly-," | xargs touch
same "$(find "$dir/tree" -name 'a-rather-*' | wc -l)" 3000 "files with long names"
mksquashfs "$dir/tree" "$dir/squashfs" -noappend -quiet -no-progress -all-root >/dev/null || fail mksquashfs
pack "$dir/squashfs" "$dir/www1/image"
# What lies behind the files: the inode table's place is at byte 64 of the superblock.
tables=$(od -An -t u8 -j 64 -N 8 "$dir/squashfs" | tr -d ' ')
used=$(od -An -t u8 -j 40 -N 8 "$dir/squashfs" | tr -d ' ')
[ "$tables" -gt 8000000 ] || fail "the tables are at $tables?"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
read_is_right 0 4096 "$dir/www1/image"
all_tables_are_here() {
	[ "$(status_of present_bytes)" -ge $((used - tables)) ]
}
wait_until 10 "the tables are here" all_tables_are_here
before=$(origin_requests 1)
read_is_right $((tables / 4096 * 4096)) $((used - tables / 4096 * 4096)) "$dir/www1/image"
same "$(origin_requests 1)" "$before" "requests for tables that are here"
present=$(status_of present_bytes)
[ "$present" -lt $((used - tables + 512 * 1024)) ] || fail "$present bytes are here; only the tables were meant"
