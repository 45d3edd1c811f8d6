#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot verify names each damaged block of an image with a tree of three levels, and
# takes neither another root hash nor a truncated file.
. "${srcdir:-..}/tests/lib.sh"

random_bytes $((16385 * 4096 + 1)) >"$dir/image"
pack "$dir/image" "$dir/packed"

# damage BLOCK
damage() {
	cp "$dir/packed" "$dir/damaged"
	printf X | dd of="$dir/damaged" bs=1 seek=$(($1 * 4096 + 77)) conv=notrunc status=none
	cmp -s "$dir/packed" "$dir/damaged" && fail "block $1 is not damaged: nothing was tried"
	status=0
	"$farroot" verify "$dir/damaged" "$roothash" >"$dir/out" 2>"$dir/err" || status=$?
	same "$status" 1 "exit status with a bad block $1"
	grep -q "^block $1 (offset $(($1 * 4096))) " "$dir/out" || fail "block $1 is not named: $(cat "$dir/out")"
}
damage 0
damage 12345
damage 16385
damage 16388
"$farroot" verify "$dir/packed" "$(printf '%064d' 0)" >/dev/null 2>&1 && fail "any root hash is taken"
head -c -4096 "$dir/packed" >"$dir/short"
"$farroot" verify "$dir/short" "$roothash" >/dev/null 2>&1 && fail "a truncated file is taken"
"$farroot" verify "$dir/packed" "$roothash" >/dev/null 2>&1 || fail "the image itself is refused"
