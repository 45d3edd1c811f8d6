#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack makes what veritysetup makes, at every height of the tree, and
# each accepts what the other made.
. "${srcdir:-..}/tests/lib.sh"
need veritysetup

# Same bytes every time, no two blocks alike.
image() {
	seq -f '%015.0f' "$1" | head -c "$1" >"$dir/image"
	truncate -s "$1" "$dir/image"
}

# The salt that names the number of data blocks, in hexadecimal.
salt() {
	printf 'farroot1' | od -An -tx1 | tr -d ' \n'
	i=0 n=$1
	while [ "$i" -lt 8 ]; do
		printf '%02x' $((n % 256))
		n=$((n / 256)) i=$((i + 1))
	done
}

value() {
	sed -n "s/^$1=//p" "$dir/printed"
}

compare_with_veritysetup() {
	blocks=$((($1 + 4095) / 4096))
	packed=$dir/packed theirs=$dir/theirs
	image "$1"
	"$farroot" pack "$dir/image" -o "$packed" >"$dir/printed" || fail "cannot pack $1 bytes"
	same "$(value size)" "$(stat -c %s "$packed")" "size= for $1 bytes"
	same "$(value hash-offset)" $((blocks * 4096)) "hash-offset= for $1 bytes"
	value kernel-arguments | grep -q "roothash=$(value roothash)" || fail "no kernel arguments"
	veritysetup verify "$packed" "$packed" "$(value roothash)" --hash-offset="$(value hash-offset)" ||
		fail "veritysetup refuses an image of $1 bytes"
	"$farroot" verify "$packed" "$(value roothash)" >/dev/null || fail "farroot refuses its own of $1 bytes"

	cp "$dir/image" "$theirs"
	truncate -s $((blocks * 4096)) "$theirs"
	veritysetup format "$theirs" "$theirs" --hash-offset=$((blocks * 4096)) --data-blocks="$blocks" \
		--salt="$(salt "$blocks")" >"$dir/formatted" || fail "veritysetup format of $1 bytes"
	same "$(sed -n 's/^Root hash:[[:space:]]*//p' "$dir/formatted")" "$(value roothash)" \
		"veritysetup's root hash for $1 bytes"
	"$farroot" verify "$theirs" "$(value roothash)" >/dev/null || fail "farroot refuses veritysetup's of $1 bytes"
	# The superblock's uuid is all that may differ; veritysetup leaves out
	# the end of a last block of the tree.
	truncate -s "$(value size)" "$theirs"
	dd if="$packed" of="$theirs" bs=1 seek=$((blocks * 4096 + 16)) skip=$((blocks * 4096 + 16)) count=16 \
		conv=notrunc status=none
	cmp "$packed" "$theirs" || fail "another tree than veritysetup's for $1 bytes"
}

for bytes in 1 4096 8192 10000 $((127 * 4096)) $((128 * 4096)) $((129 * 4096)) \
	$((16384 * 4096)) $((16385 * 4096)) $((16385 * 4096 + 1)); do
	compare_with_veritysetup "$bytes"
done
