#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack takes the seekable files of other writers: their frames stay, and the seek table
# stays at the end of the data.  Files that are compressed as a whole, and damaged seek tables,
# are refused with a message that helps.
. "${srcdir:-..}/tests/lib.sh"
need zstd xz gzip bzip2 python3 xxd

cat "$srcdir"/docs/*.md >"$dir/image"
random_bytes 70001 >>"$dir/image"

# make NAME OPTION...: $dir/NAME is a seekable file.
make() {
	name=$1
	shift
	python3 "$srcdir/tests/end-to-end/seekable.py" make "$dir/$name" 30000 "$@" <"$dir/image" || fail "seekable.py $*"
}

# is_packed NAME
is_packed() {
	"$farroot" pack "$1" -o "$dir/out" >"$dir/pack.log" 2>&1 || fail "does not pack $1"
	grep -qx "uncompressed-size=$(stat -c %s "$dir/image")" "$dir/pack.log" || fail "another size for $1"
	offset=$(sed -n 's/^hash-offset=//p' "$dir/pack.log")
	head -c "$offset" "$dir/out" >"$dir/data"
	zstd -q -d <"$dir/data" | cmp - "$dir/image" || fail "zstd gets another image for $1"
	same "$(tail -c 4 "$dir/data" | xxd -p)" b1ea928f "the end of the data of $1"
	cmp -n 100000 "$1" "$dir/out" || fail "other frames for $1"
}

make whole
is_packed "$dir/whole"
cmp "$dir/data" "$dir/whole" || fail "data that needs no padding was changed"
for options in bare "bare plain" "bare empty" "bare empty plain mute"; do
	# shellcheck disable=SC2086 # words
	make other $options
	is_packed "$dir/other"
done
make bare bare
is_packed "$dir/bare"
python3 "$srcdir/tests/end-to-end/seekable.py" check "$dir/out" "$offset" >/dev/null || fail "another seek table"
make other bare plain
is_packed "$dir/other"
# shellcheck disable=SC2002 # a pipe
cat "$dir/other" | "$farroot" pack - -o "$dir/pipe" >/dev/null || fail "does not pack a pipe"
cmp "$dir/pipe" "$dir/out" || fail "another result of a pipe"

# refused MESSAGE NAME OPTION...
refused() {
	message=$1 name=$2
	shift 2
	"$farroot" pack "$@" "$dir/$name" -o "$dir/none" >/dev/null 2>"$dir/refused.log" && fail "packs $name"
	grep -qe "$message" "$dir/refused.log" || fail "another message for $name"
	[ ! -e "$dir/none" ] || fail "leaves a result of $name"
}
refused 'compressed already, in parts: pack it without --zstd' whole --zstd
for mistake in reserved short large; do
	make "$mistake" "$mistake"
done
refused 'reserved bits are 0x10' reserved
refused 'its frames have [0-9]* bytes, but [0-9]* bytes are before it' short
refused 'at most 16 MiB can be used' large
head -c 100000 "$dir/whole" >"$dir/part"
refused 'compressed as a whole, by zstd: .*zstd -dc < IMAGE | farroot pack --zstd - -o OUT' part
for program in zstd xz gzip bzip2; do
	"$program" -c <"$dir/image" >"$dir/image.$program"
	refused "compressed as a whole, by $program: .*$program -dc < IMAGE | farroot pack --zstd - -o OUT" "image.$program"
	refused "compressed as a whole, by $program" "image.$program" --zstd
	# shellcheck disable=SC2002 # a pipe
	cat "$dir/image.$program" | "$farroot" pack --zstd - -o "$dir/none" 2>"$dir/refused.log" && fail "compresses a pipe of $program"
	grep -q "compressed as a whole, by $program" "$dir/refused.log" || fail "another message for a pipe of $program"
done
"$farroot" pack --zstd "$dir/image" -o "$dir/out" >"$dir/first.log" || fail "pack"
# The advice works.
xz -dc <"$dir/image.xz" | "$farroot" pack --zstd - -o "$dir/out2" >/dev/null || fail "the advice"
cmp "$dir/out" "$dir/out2" || fail "another result by the advice"
