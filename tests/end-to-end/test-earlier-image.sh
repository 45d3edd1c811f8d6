#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# earlier=: blocks that an earlier image has, too, wherever they are there, are not fetched; what
# that file has else, damage and holes, does no harm, nor does a file that cannot be used.
. "${srcdir:-..}/tests/lib.sh"

make_image old 8
# The new one: a block at the start moves all others, 1 MiB in the middle is new, and zeroes.
{
	random_bytes 4096
	head -c 3000000 "$dir/old" | head -c $((732 * 4096))
	random_bytes 1048576
	head -c $((8 << 20)) "$dir/old" | tail -c +$((732 * 4096 + 1))
	head -c 1000000 /dev/zero
} >"$dir/new.data"
"$farroot" pack "$dir/new.data" -o "$dir/new" >"$dir/pack.log" || fail "farroot pack"
roothash=$(sed -n 's/^roothash=//p' "$dir/pack.log")
mkdir "$dir/www1"
cp "$dir/new" "$dir/www1/image"
origin_start 1

# fetched: the bytes that the origin has sent.
fetched() {
	awk '$1 == 206 { sum += $2 } END { print sum + 0 }' "$dir/access1.log"
}
# materializes EXPECTED-KIB ARGUMENT...: what the origin sends, at most 512 KiB more.
materializes() {
	expected=$1
	shift
	: >"$dir/access1.log"
	rm -f "$dir/store"
	plugin_start url="$url1/image" roothash="$roothash" fill=yes status="$dir/status.sock" store="$dir/store" "$@"
	wait_until 60 "all is here" status_is state materialized
	read_all 4 | cmp - "$dir/new" || fail "other bytes with $*"
	plugin_stop
	got=$(($(fetched) / 1024))
	{ [ "$got" -ge "$expected" ] && [ "$got" -le $((expected + 512)) ]; } || fail "$got KiB instead of $expected were fetched with $*"
}

all=$(($(stat -c %s "$dir/new") / 1024))
materializes $((all - 512)) profile=none
materializes 1024 profile=none earlier="$dir/old"
logged 'earlier=.*old: [89][0-9]* of [0-9]* bytes were taken from there' || fail "the log does not tell"

# Half of it is a hole, and the other one is damaged in places.
cp "$dir/old" "$dir/bad"
fallocate -p -o $((4 << 20)) -l $((4 << 20)) "$dir/bad" || skip "no holes"
for block in 3 4 5 700; do
	printf 'rotten' | dd of="$dir/bad" bs=1 seek=$((block * 4096 + 7)) conv=notrunc 2>/dev/null
done
materializes 5120 profile=none earlier="$dir/bad"

# What reads wait for is taken, too, and what a profile lists; nothing else without fill.
printf '0 4096\n4096 2000000\n' >"$dir/profile"
: >"$dir/access1.log"
rm "$dir/store"
plugin_start url="$url1/image" roothash="$roothash" fill=no rate=200K profile="$dir/profile" store="$dir/store" earlier="$dir/old" status="$dir/status.sock"
read_is_right 8192 1000000 "$dir/new"
wait_until 20 "the profile is here" status_is ready_needs_bytes 0
"$farroot" materialize --socket="$dir/status.sock" >/dev/null || fail "farroot materialize"
wait_until 60 "all is here" status_is state materialized
plugin_stop
cmp "$dir/store" "$dir/new" || fail "another store"
[ "$(fetched)" -le $((2 << 20)) ] || fail "$(fetched) bytes were fetched"

# A file that is not there, is empty, or is a folder.
: >"$dir/empty"
for file in "$dir/none" "$dir/empty" "$dir/www1"; do
	materializes $((all - 512)) profile=none earlier="$file"
	logged "earlier=$file: .*; nothing more is taken from there" || fail "the log does not name $file"
done

nbdkit -U - "$plugin" url="$url1/image" verify=none earlier="$dir/old" --run true 2>"$dir/refused.log" && fail "taken without a root hash"
grep -q 'earlier= needs roothash=' "$dir/refused.log" || fail "another message: $(cat "$dir/refused.log")"
