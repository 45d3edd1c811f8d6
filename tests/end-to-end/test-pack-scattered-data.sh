#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What farroot pack and farroot verify read of an image that has a little data everywhere
# depends on the data, not on the size of the holes between; the tree is veritysetup's.
. "${srcdir:-..}/tests/lib.sh"
need python3 veritysetup

kib_of() {
	du -k "$1" | cut -f 1
}

# bytes_read COMMAND...: how many bytes its read(2) calls returned; output to $dir/out.
bytes_read() {
	# shellcheck disable=SC2016 # the inner shell expands these
	sh -c 'out=$1; shift; "$@" >"$out" && sed -n "s/^rchar: //p" "/proc/$$/io"' sh "$dir/out" "$@"
}

# scattered BYTES STEP: an image with 4096 bytes of data in each STEP bytes, never at the
# same place, and no two alike.
scattered() {
	python3 - "$dir/image" "$1" "$2" <<-'END' || fail "no image"
		import sys
		size, step = int(sys.argv[2]), int(sys.argv[3])
		with open(sys.argv[1], "wb") as image:
		    image.truncate(size)
		    for number, start in enumerate(range(0, size, step)):
		        image.seek(start + number * 7 * 4096 % step)
		        image.write(b"%015d\n" % number * 256)
	END
	[ "$(kib_of "$dir/image")" -lt $(($1 / 1024 / 4)) ] || skip "no sparse files in $dir"
}

# 8 GiB with 4 MiB of data; the tree has 65 MiB, which farroot verify reads twice.
scattered $((8 << 30)) $((8 << 20))
read=$(bytes_read "$farroot" pack "$dir/image" -o "$dir/packed") || fail "is not packed"
roothash=$(sed -n 's/^roothash=//p' "$dir/out")
[ "$read" -lt $((20 << 20)) ] || fail "pack read $read bytes of 4 MiB of data"
[ "$(kib_of "$dir/packed")" -lt $((80 << 10)) ] || fail "the holes were filled: $(kib_of "$dir/packed") KiB"
read=$(bytes_read "$farroot" verify "$dir/packed" "$roothash") || fail "does not verify"
[ "$read" -lt $((200 << 20)) ] || fail "verify read $read bytes"
rm "$dir/packed"

# Holes above which there are hash blocks of two levels, of one level, and none.
for sizes in "$((600 << 20)) $((80 << 20))" "$((100 << 20)) $((1 << 20))" "$((70 << 20)) 131072" "1000000 32768"; do
	# shellcheck disable=SC2086 # words
	scattered $sizes
	pack "$dir/image" "$dir/packed"
	blocks=$((($(stat -c %s "$dir/image") + 4095) / 4096))
	truncate -s $((blocks * 4096)) "$dir/image"
	salt=$(file_at "$dir/packed" $((blocks * 4096 + 88)) 16 | od -An -tx1 | tr -d ' \n')
	veritysetup format "$dir/image" "$dir/tree" --salt="$salt" >"$dir/formatted" || fail "veritysetup format of $sizes"
	same "$(sed -n 's/^Root hash:[[:space:]]*//p' "$dir/formatted")" "$roothash" "veritysetup's root hash of $sizes"
	veritysetup verify "$dir/packed" "$dir/packed" "$roothash" --hash-offset=$((blocks * 4096)) ||
		fail "veritysetup refuses the tree of $sizes"
	"$farroot" verify "$dir/packed" "$roothash" >/dev/null || fail "farroot refuses its own of $sizes"
done
