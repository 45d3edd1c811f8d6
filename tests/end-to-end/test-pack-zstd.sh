#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --zstd makes a Zstandard seekable file with a hash tree behind it: zstd(1) gives
# the image back, each frame has the size and the checksum of the seek table, and the result
# does not depend on CPUs, holes, or whether the image comes by a pipe.
. "${srcdir:-..}/tests/lib.sh"
need zstd python3 taskset veritysetup

value() {
	sed -n "s/^$1=//p" "$dir/pack.log"
}

# packed IMAGE OUT OPTION...
packed() {
	image=$1 out=$2
	shift 2
	"$farroot" pack "$@" "$image" -o "$out" >"$dir/pack.log" 2>&1 || fail "farroot pack $*"
	roothash=$(value roothash) offset=$(value hash-offset)
}

# holds IMAGE OUT: OUT has this image in frames of at most $1 bytes
holds() {
	same "$(value uncompressed-size)" "$(stat -c %s "$1")" "uncompressed size"
	same "$(value size)" "$(stat -c %s "$2")" "size"
	head -c "$offset" "$2" | zstd -q -d >"$dir/back" || fail "zstd does not read $2"
	cmp "$1" "$dir/back" || fail "zstd gets another image from $2"
	veritysetup verify "$2" "$2" "$roothash" --hash-offset="$offset" || fail "veritysetup does not verify $2"
	frames=$(python3 "$srcdir/tests/end-to-end/seekable.py" check "$2" "$offset") || fail "the frames of $2"
}

{
	cat "$srcdir"/docs/*.md
	random_bytes 300001
} >"$dir/image"
truncate -s 5M "$dir/image"
cat "$srcdir"/docs/*.md >>"$dir/image"

packed "$dir/image" "$dir/out" --zstd
holds "$dir/image" "$dir/out"
# Each chunk of 1 MiB of zeroes is one frame.
same "${frames#* }" 1048576 "the largest frame"
[ "$(stat -c %s "$dir/out")" -lt 1500000 ] || fail "it is hardly smaller"
taskset -c "$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')" "$farroot" pack -z "$dir/image" -o "$dir/one" >/dev/null ||
	fail "on one CPU"
cmp "$dir/out" "$dir/one" || fail "another result on one CPU"
# shellcheck disable=SC2002 # a pipe
cat "$dir/image" | "$farroot" pack --zstd - -o "$dir/pipe" >/dev/null || fail "by a pipe"
cmp "$dir/out" "$dir/pipe" || fail "another result by a pipe"
cp --sparse=never "$dir/image" "$dir/full"
packed "$dir/full" "$dir/of-full" --zstd=15 --frame=64K
cmp "$dir/out" "$dir/of-full" || fail "another result without holes"
{
	echo "a line of its own"
	cat "$dir/image"
} >"$dir/longer"
{
	read -r line
	"$farroot" pack --zstd - -o "$dir/rest" >/dev/null || fail "the rest of a file"
} <"$dir/longer"
same "$line" "a line of its own" "the line that was read before"
cmp "$dir/out" "$dir/rest" || fail "another result of the rest of a file"

# Any size, so any length of the padding; one byte; no whole frame.
for size in 1 4096 65536 65537 200000 200001 200002 300003; do
	head -c "$size" "$dir/image" >"$dir/small"
	packed "$dir/small" "$dir/small.out" --zstd=1 --frame=12K
	holds "$dir/small" "$dir/small.out"
done
head -c 1000000 "$dir/image" >"$dir/small"
packed "$dir/small" "$dir/small.out" --zstd=3 --frame=16M
holds "$dir/small" "$dir/small.out"
same "$frames" "2 1000000" "frames"

# 200 GiB of holes: neither read nor a large table.
truncate -s 200G "$dir/sparse"
echo end >>"$dir/sparse"
began=$(now_ms)
packed "$dir/sparse" "$dir/sparse.out" --zstd
took=$(($(now_ms) - began))
[ "$took" -lt "$(slack 20000)" ] || fail "a sparse image takes $took ms"
size=$(stat -c %s "$dir/sparse.out")
[ "$size" -lt 20000000 ] || fail "a sparse image has $size bytes"

# refused MESSAGE OPTION...
refused() {
	message=$1
	shift
	"$farroot" pack "$@" -o "$dir/none" >/dev/null 2>"$dir/refused.log" && fail "accepts $*"
	grep -qe "$message" "$dir/refused.log" || fail "another message for $*"
	[ ! -e "$dir/none" ] || fail "leaves a result of $*"
}
refused 'must be a level from 1 to 22' --zstd=0 "$dir/image"
refused 'must be a level from 1 to 22' --zstd=23 "$dir/image"
refused 'must be a level from 1 to 22' --zstd=best "$dir/image"
refused 'must be a multiple of 4K, at most 16M' --zstd --frame=5000 "$dir/image"
refused 'must be a multiple of 4K, at most 16M' --zstd --frame=32M "$dir/image"
refused 'must be a multiple of 4K, at most 16M' --zstd --frame=0 "$dir/image"
refused '--frame is for --zstd only' --frame=64K "$dir/image"
refused 'not with --profile and --probe' --zstd --probe "$dir/image"
