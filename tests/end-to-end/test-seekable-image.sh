#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The uncompressed data of a seekable file is exported, with its size; a read
# fetches little more than its frames; decompress=no exports the file as it is.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/seekable.sh"

make_seekable image 16
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no profile=none status="$dir/status.sock"
size=$(stat -c %s "$dir/image.data")

read_is_right 9000001 70000 "$dir/image.data"
fetched=$(origin_bytes 1)
[ "$fetched" -lt 1000000 ] || fail "one read fetches $fetched bytes"
same "$(status_of seekable.uncompressed_bytes)" "$size" "uncompressed size in the status"
same "$(status_of seekable.frames)" $((size / 65536 + 1)) "frames in the status"
same "$(status_of image_bytes)" "$(stat -c %s "$dir/image")" "size of the image in the status"
"$farroot" status --socket="$dir/status.sock" >"$dir/status.log" || fail "farroot status"
grep -q '^exports   16.0 MiB, compressed in 257 frames$' "$dir/status.log" || fail "farroot status does not tell both sizes"
# The second time, the frames are cached.
for place in "0 1" "$((size - 1)) 1" "$((size - 100000)) 100000" "65535 2" "9000123 4096" "0 4000000"; do
	# shellcheck disable=SC2086 # two numbers
	read_is_right $place "$dir/image.data"
	# shellcheck disable=SC2086 # two numbers
	read_is_right $place "$dir/image.data"
done
read_all 4 >"$dir/out" || fail "reading all"
cmp "$dir/image.data" "$dir/out" || fail "other bytes"
plugin_stop

# With a cache that holds a part of the image only.
plugin_start url="$url1/image" roothash="$roothash" fill=no profile=none cache=4M
read_all 4 >"$dir/out" || fail "reading all with a small cache"
cmp "$dir/image.data" "$dir/out" || fail "other bytes with a small cache"
plugin_stop

plugin_start url="$url1/image" roothash="$roothash" fill=no decompress=no
read_all 1 >"$dir/out" || fail "reading all of the file"
head -c "$data_bytes" "$dir/image" | cmp -n "$data_bytes" - "$dir/out" || fail "not the file with decompress=no"
plugin_stop

# Without a root hash, too, and also without a hash tree.
plugin_start url="$url1/image" verify=none fill=no
read_is_right 9000001 70000 "$dir/image.data"
plugin_stop
head -c "$data_bytes" "$dir/image" >"$dir/www1/bare"
plugin_start url="$url1/bare" verify=none fill=no
read_is_right 9000001 70000 "$dir/image.data"
plugin_stop

# The file of a store, after a restart and without an origin.
plugin_start url="$url1/image" roothash="$roothash" fill=no profile=none store="$dir/store"
read_is_right 5000000 70000 "$dir/image.data"
plugin_kill
origin_stop 1
plugin_start url="$url1/image" roothash="$roothash" fill=no profile=none store="$dir/store"
read_is_right 5000000 70000 "$dir/image.data"
