#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack makes what veritysetup makes, at every height of the tree, and
# each accepts what the other made.
set -eu
: "${top_builddir:=.}"
farroot=$(cd "$top_builddir" && pwd)/farroot
command -v veritysetup >/dev/null || exit 77
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
	echo "$*" >&2
	exit 1
}

# Same bytes every time, no two blocks alike.
image() {
	seq -f '%015.0f' "$1" | head -c "$1" >image
	truncate -s "$1" image
}

# The salt that names this number of data blocks, in hexadecimal.
salt() {
	printf 'farroot1' | od -An -tx1 | tr -d ' \n'
	i=0 n=$1
	while [ "$i" -lt 8 ]; do
		printf '%02x' $((n % 256))
		n=$((n / 256)) i=$((i + 1))
	done
}

value() {
	sed -n "s/^$1=//p" printed
}

compare_with_veritysetup() {
	blocks=$((($1 + 4095) / 4096))
	image "$1"
	"$farroot" pack image -o packed >printed
	[ "$(value size)" = "$(stat -c %s packed)" ] || fail "size= is wrong for $1 bytes"
	[ "$(value hash-offset)" = $((blocks * 4096)) ] || fail "hash-offset= is wrong for $1 bytes"
	value kernel-arguments | grep -q "roothash=$(value roothash)" || fail "no kernel arguments"
	veritysetup verify packed packed "$(value roothash)" --hash-offset="$(value hash-offset)" ||
		fail "veritysetup refuses an image of $1 bytes"
	"$farroot" verify packed "$(value roothash)" >/dev/null || fail "farroot refuses its own of $1 bytes"

	cp image theirs
	truncate -s $((blocks * 4096)) theirs
	veritysetup format theirs theirs --hash-offset=$((blocks * 4096)) --data-blocks="$blocks" \
		--salt="$(salt "$blocks")" >formatted
	[ "$(sed -n 's/^Root hash:[[:space:]]*//p' formatted)" = "$(value roothash)" ] ||
		fail "another root hash than veritysetup's for $1 bytes"
	"$farroot" verify theirs "$(value roothash)" >/dev/null || fail "farroot refuses veritysetup's of $1 bytes"
	# The superblock's uuid is all that may differ; veritysetup leaves out
	# the end of a last block of the tree.
	truncate -s "$(value size)" theirs
	dd if=packed of=theirs bs=1 seek=$((blocks * 4096 + 16)) skip=$((blocks * 4096 + 16)) count=16 \
		conv=notrunc status=none
	cmp packed theirs || fail "another tree than veritysetup's for $1 bytes"
}

for bytes in 1 4096 8192 10000 $((127 * 4096)) $((128 * 4096)) $((129 * 4096)) \
	$((16384 * 4096)) $((16385 * 4096)) $((16385 * 4096 + 1)); do
	compare_with_veritysetup "$bytes"
done

# farroot verify finds and names the damaged blocks of the last and largest image.
roothash=$(value roothash)
damage() {
	cp packed damaged
	printf X | dd of=damaged bs=1 seek=$(($1 * 4096 + 77)) conv=notrunc status=none
	status=0
	"$farroot" verify damaged "$roothash" >out 2>err || status=$?
	[ "$status" = 1 ] || fail "status $status with a bad block $1"
	grep -q "^block $1 (offset $(($1 * 4096))) " out || fail "block $1 is not named: $(cat out)"
}
damage 0
damage 12345
damage 16385
damage 16388
"$farroot" verify packed "$(printf '%064d' 0)" >/dev/null 2>&1 && fail "any root hash is taken"
head -c -4096 packed >short
"$farroot" verify short "$roothash" >/dev/null 2>&1 && fail "a truncated file is taken"

# The same again, byte for byte.
"$farroot" pack image -o again >/dev/null
cmp packed again || fail "two packs of one image differ"

# What is not done, and what is left behind: nothing.
: >empty
for bad in empty packed missing; do
	"$farroot" pack "$bad" -o out.img 2>/dev/null && fail "packs $bad"
	[ ! -e out.img ] || fail "leaves a result of $bad"
done
"$farroot" pack image -o image 2>/dev/null && fail "replaces the image itself"
[ -z "$(find . -name '*.??????')" ] || fail "leaves temporary files"
