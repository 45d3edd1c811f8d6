#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# partition= exports one partition of a disk, compressed or not, with an MBR or a GPT.  A number
# that the disk does not have is named when the image is opened.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/disks.sh"

make_tree
mkdir "$dir/www1"
origin_start 1

# exports PARTITION FILE
exports() {
	plugin_start url="$url1/image" roothash="$roothash" fill=no partition="$1" status="$dir/status.sock"
	read_all 4 | cmp - "$2" || fail "partition $1 is not exported"
	read_is_right 1000001 5000 "$2"
	same "$(status_of partition.number)" "$1" "the partition in the status"
	same "$(status_of partition.bytes)" "$(stat -c %s "$2")" "its size in the status"
	"$farroot" status --socket="$dir/status.sock" >"$dir/status.log" || fail "farroot status"
	grep -q "^partition $1, .*MiB$" "$dir/status.log" || fail "farroot status does not name the partition"
	# Past its end there is another one.
	read_at "$(stat -c %s "$2")" 1 >/dev/null && [ "$front" = nbd ] && fail "a read past the end"
	plugin_stop
}
for label in dos gpt; do
	for pack_options in '' --zstd=1; do
		make_disk $label
		pack "$dir/disk" "$dir/www1/image"
		exports 1 "$dir/fat"
		exports 2 "$dir/ext4"
	done
done
plugin_start url="$url1/image" roothash="$roothash" fill=no
read_all 4 | cmp - "$dir/disk" || fail "not the whole disk without partition="
plugin_stop

# cannot_open PARTITION MESSAGE
cannot_open() {
	plugin_cannot_open url="$url1/image" roothash="$roothash" fill=no partition="$1"
	logged "partition=$1: $2" || fail "another message"
}
cannot_open 3 'there is no partition 3 in the partition table (GPT)'
pack "$dir/ext4" "$dir/www1/image"
cannot_open 1 'the image has no partition table'
