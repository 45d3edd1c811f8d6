#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack and farroot verify do not read the holes of a sparse image, or hash the
# zeroes in them one by one; the output has holes where the input has them, and the same
# tree as without holes.
. "${srcdir:-..}/tests/lib.sh"
need veritysetup

kib_of() {
	du -k "$1" | cut -f 1
}

# bytes_read COMMAND...: how many bytes its read(2) calls returned; output to $dir/out.
bytes_read() {
	# shellcheck disable=SC2016 # the inner shell expands these
	sh -c 'out=$1; shift; "$@" >"$out" && sed -n "s/^rchar: //p" "/proc/$$/io"' sh "$dir/out" "$@"
}

# sparse NAME DATA_BYTES HOLE_SIZE DATA_BYTES
sparse() {
	random_bytes "$2" >"$dir/$1"
	truncate -s "+$3" "$dir/$1"
	random_bytes "$4" >>"$dir/$1"
	[ "$(kib_of "$dir/$1")" -lt 4096 ] || skip "no sparse files in $dir"
}

# 8 GiB; the tree has 65 MiB.
sparse image 300000 8G 5001
read=$(bytes_read "$farroot" pack "$dir/image" -o "$dir/packed") || fail "is not packed"
roothash=$(sed -n 's/^roothash=//p' "$dir/out")
[ "$read" -lt $((50 << 20)) ] || fail "pack read $read bytes of 0.3 MB of data"
[ "$(kib_of "$dir/packed")" -lt $((70 << 10)) ] || fail "the holes were filled: $(kib_of "$dir/packed") KiB"
cmp -n 300000 "$dir/image" "$dir/packed" || fail "other data at the start"
file_at "$dir/image" $(((8 << 30) + 300000)) 5001 >"$dir/end"
file_at "$dir/packed" $(((8 << 30) + 300000)) 5001 | cmp "$dir/end" - || fail "other data at the end"

# farroot verify reads all of the tree, twice, and the data.
read=$(bytes_read "$farroot" verify "$dir/packed" "$roothash") || fail "does not verify"
[ "$read" -lt $((200 << 20)) ] || fail "verify read $read bytes"

# A hole is as good or as bad as the zeroes that it stands for.
fallocate -p -o 4096 -l 4096 "$dir/packed" 2>/dev/null || skip "cannot punch holes in $dir"
"$farroot" verify "$dir/packed" "$roothash" >"$dir/out" 2>/dev/null && fail "a hole in the data verifies"
grep -q '^block 1 (offset 4096) ' "$dir/out" || fail "the new hole is not named: $(cat "$dir/out")"
same "$(grep -c '^block' "$dir/out")" 1 "blocks that do not verify"
rm "$dir/packed" "$dir/image"

# A hole above which hash blocks of two levels are built without reading; no data at all,
# and the last hash block is not full; only a start; holes that do not begin or end where
# hash blocks do.
for sizes in '0 1G 6001' '0 67104768 0' '1 128M 0' '4096 99999744 4096'; do
	# shellcheck disable=SC2086 # words
	sparse image $sizes
	pack "$dir/image" "$dir/packed"
	offset=$((($(stat -c %s "$dir/image") + 4095) / 4096 * 4096))
	veritysetup verify "$dir/packed" "$dir/packed" "$roothash" --hash-offset=$offset ||
		fail "veritysetup refuses the image of $sizes"
	"$farroot" verify "$dir/packed" "$roothash" >/dev/null || fail "farroot refuses its own of $sizes"
	[ "$(kib_of "$dir/packed")" -lt $((20 << 10)) ] || fail "the holes of $sizes were filled"
done
