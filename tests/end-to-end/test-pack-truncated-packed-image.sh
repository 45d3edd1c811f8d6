#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack refuses a packed image whose end is missing, wherever in the hash tree it ends,
# and its advice works; bytes behind a squashfs that are no hash tree are packed with it.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs veritysetup

mkdir "$dir/tree" "$dir/here"
random_bytes 2300000 >"$dir/tree/file"
mksquashfs "$dir/tree" "$dir/squashfs" -quiet -no-progress >/dev/null || fail "mksquashfs"

# refused ARGUMENT...: names the image, of $bytes instead of $size bytes.
refused() {
	"$farroot" pack "$@" -o "$dir/here/out" >/dev/null 2>"$dir/refused.log" && fail "packs $bytes of $size bytes: $*"
	grep -q "truncated packed image: the last $((size - bytes)) bytes are missing\. .* 'truncate -s $offset'" \
		"$dir/refused.log" || fail "another reason for $bytes of $size bytes"
	same "$(ls "$dir/here")" "" "left over"
}

# refused_behind BYTES...: when as many are left of what is behind the data of $dir/packed.
refused_behind() {
	for left; do
		bytes=$((offset + left))
		head -c "$bytes" "$dir/packed" >"$dir/short"
		refused "$dir/short"
	done
}

is_packed() {
	"$farroot" pack "$1" -o "$dir/out" >/dev/null 2>"$dir/pack.log" || fail "does not pack $2"
}

pack "$dir/squashfs" "$dir/packed"
size=$(stat -c %s "$dir/packed")
offset=$((($(stat -c %s "$dir/squashfs") + 4095) / 4096 * 4096))
first=$roothash
refused_behind 8 9 20 40 75 80 100 511 512 4095 4096 4097 8192 10000 $((size - offset - 4096)) $((size - offset - 1))
refused - <"$dir/short"
refused --zstd "$dir/short"
# shellcheck disable=SC2002 # a pipe
cat "$dir/short" | refused --zstd -
refused --probe "$dir/short"
printf '# farroot files\n0 2300000 /file\n' >"$dir/boot.files"
refused --profile="$dir/boot.files" "$dir/short"
truncate -s "$(sed -n "s/.*'truncate -s \([0-9]*\)'.*/\1/p" "$dir/refused.log")" "$dir/short"
pack "$dir/short" "$dir/out"
same "$roothash" "$first" "root hash after the advice"
"$farroot" pack "$dir/packed" -o "$dir/out" 2>"$dir/refused.log" && fail "packs the whole image again"
grep -q 'already packed' "$dir/refused.log" || fail "another reason for the whole image"
# shellcheck disable=SC2002 # a pipe
cat "$dir/packed" | "$farroot" pack --zstd - -o "$dir/out" 2>"$dir/refused.log" && fail "compresses the whole image"
grep -q 'already packed' "$dir/refused.log" || fail "another reason for a pipe with the whole image"
"$farroot" pack --probe "$dir/packed" -o "$dir/out" >/dev/null || fail "--probe refuses a whole packed image"

# Trees of three levels and of none, and one with the salt of veritysetup.
truncate -s 70M "$dir/image"
printf 'end' >>"$dir/image"
pack "$dir/image" "$dir/packed"
size=$(stat -c %s "$dir/packed") offset=$((70 * 1048576 + 4096))
refused_behind 8 4096 8192 12288 300000 $((size - offset - 1))
echo one >"$dir/image"
pack "$dir/image" "$dir/packed"
size=8192 offset=4096
refused_behind 8 4095
random_bytes 4096000 >"$dir/packed"
veritysetup format "$dir/packed" "$dir/packed" --hash-offset=4096000 --data-blocks=1000 >/dev/null || fail "veritysetup"
size=$((4096000 + 10 * 4096)) offset=4096000
refused_behind 8 4096 20000

# Without the signature of a superblock, these are a squashfs and other bytes.
padded=$(($(stat -c %s "$dir/squashfs") / 4096 * 4096 + 4096))
for bytes in 1 7 4096 1000000; do
	{
		cat "$dir/squashfs"
		random_bytes "$bytes"
	} >"$dir/image"
	is_packed "$dir/image" "$bytes bytes behind a squashfs"
	cp "$dir/squashfs" "$dir/image"
	truncate -s $((padded + bytes)) "$dir/image"
	is_packed "$dir/image" "$bytes zeroes behind a squashfs"
done
# A part of a signature, another version, and a superblock of another image.
for text in 'verity' 'verity\0\0\2\0\0\0\1\0\0\0'; do
	cp "$dir/squashfs" "$dir/image"
	truncate -s "$padded" "$dir/image"
	# shellcheck disable=SC2059 # with escapes
	printf "$text" >>"$dir/image"
	is_packed "$dir/image" "$text"
done
pack "$dir/squashfs" "$dir/tree/packed"
mksquashfs "$dir/tree" "$dir/nested" -noI -noD -noF -quiet -no-progress >/dev/null || fail "mksquashfs of a packed image"
is_packed "$dir/nested" "a squashfs with a packed image"
