#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack - reads standard input: a pipe, and a file from where it is read next.
# --profile and --probe say that they cannot.
. "${srcdir:-..}/tests/lib.sh"

random_bytes 100000 >"$dir/image"
truncate -s 64M "$dir/image"
random_bytes 5001 >>"$dir/image"
pack "$dir/image" "$dir/packed"

"$farroot" pack - -o "$dir/out" <"$dir/image" >/dev/null || fail "a file is not packed"
cmp "$dir/packed" "$dir/out" || fail "another result of a file"
[ "$(du -k "$dir/out" | cut -f1)" -lt 8192 ] || fail "the holes were filled"
tail -c +1 "$dir/image" | "$farroot" pack - -o "$dir/out" >/dev/null || fail "a pipe is not packed"
cmp "$dir/packed" "$dir/out" || fail "another result of a pipe"

{
	echo "a line of its own"
	cat "$dir/image"
} >"$dir/longer"
{
	read -r line
	"$farroot" pack - -o "$dir/out" >/dev/null || fail "the rest of a file is not packed"
} <"$dir/longer"
same "$line" "a line of its own" "the line that was read before"
cmp "$dir/packed" "$dir/out" || fail "another result of the rest of a file"

for option in --probe --profile="$dir/missing"; do
	"$farroot" pack "$option" - -o "$dir/none" <"$dir/image" 2>"$dir/refused.log" && fail "packs with $option"
	grep -q 'cannot read standard input' "$dir/refused.log" || fail "another reason"
done
"$farroot" pack - -o "$dir/none" <&- 2>"$dir/refused.log" && fail "packs nothing"
[ ! -e "$dir/none" ] || fail "leaves a result"
