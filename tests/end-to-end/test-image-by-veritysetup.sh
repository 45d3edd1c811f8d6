#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An image with the tree of plain veritysetup is served too: all but the uuid of
# its superblock, which nothing covers.
. "${srcdir:-..}/tests/lib.sh"
need nbdcopy veritysetup

mkdir "$dir/www1"
# Images with one block, with one hash block, with one more block, with three levels.
for blocks in 1 128 129 17000; do
	file=$dir/www1/image
	random_bytes $((blocks * 4096)) >"$file"
	roothash=$(veritysetup format --hash-offset=$((blocks * 4096)) "$file" "$file" |
		awk '/^Root hash/ { print $3 }')
	same ${#roothash} 64 "length of the root hash"
	origin_start 1
	plugin_start url="$url1/image" roothash="$roothash"
	read_all 1 >"$dir/got" || fail "nbdcopy of $blocks blocks"
	same "$(stat -c %s "$dir/got")" "$(stat -c %s "$file")" "size"
	cmp -l "$dir/got" "$file" | awk -v from=$((blocks * 4096 + 16)) \
		'$1 <= from || $1 > from + 16 { exit 1 }' ||
		fail "more than the uuid differs with $blocks blocks"
	veritysetup verify --hash-offset=$((blocks * 4096)) "$dir/got" "$dir/got" "$roothash" ||
		fail "veritysetup does not accept what was served"
	# Another root hash: nothing is served.
	plugin_stop
	origin_stop 1
done
