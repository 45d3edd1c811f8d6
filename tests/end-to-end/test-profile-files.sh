#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile files: a profile reads the same ranges of the same files after the
# image was rebuilt, wherever the files are then.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

files() {
	"$farroot" profile files "$@" 2>"$dir/err" || fail "$(cat "$dir/err")"
}

# Not compressed, so that the image shows what is where.
image() {
	mksquashfs "$dir/tree" "$dir/$1" -noD -noF -noappend -no-progress -quiet >/dev/null 2>&1 ||
		fail "mksquashfs"
}

mkdir -p "$dir/tree/usr/lib"
seed=1 random_bytes 500000 >"$dir/tree/usr/lib/large"
seed=2 random_bytes 1000 >"$dir/tree/usr/small"
seed=3 random_bytes 200000 >"$dir/tree/usr/lib/a name with	blanks\\ and
a line"
ln "$dir/tree/usr/lib/large" "$dir/tree/zlink"
seed=3 random_bytes 200000 >"$dir/tree/usr/lib/same"
: >"$dir/tree/empty"
image old.squashfs
pack "$dir/old.squashfs" "$dir/old"
size=$(stat -c %s "$dir/old")

# All of it is all files; of two that are the same, block by block.
printf '# roothash=%s\n0 %s\n' "$roothash" "$size" >"$dir/all"
files "$dir/all" "$dir/old" >"$dir/all.files"
same "$(sed -n 's/^# roothash=//p' "$dir/all.files")" "$roothash" "the root hash in the list"
grep -v '^#' "$dir/all.files" | sort >"$dir/got"
sort >"$dir/wanted" <<-'END'
	0 1000 /usr/small
	0 131072 /usr/lib/a name with\011blanks\134 and\012a line
	0 131072 /usr/lib/same
	0 500000 /usr/lib/large
	131072 68928 /usr/lib/a name with\011blanks\134 and\012a line
	131072 68928 /usr/lib/same
END
grep -v @ "$dir/got" | diff "$dir/wanted" - || fail "another list of all"
for table in superblock inodes directories fragments exports ids; do
	grep -q " @$table\$" "$dir/got" || fail "no @$table"
done

# A part of a file stays that part, in an image where it is elsewhere.
echo '131072 131072 /usr/lib/large' >"$dir/part.files"
files --to="$dir/old" "$dir/part.files" >"$dir/part"
same "$(sed -n 's/^# roothash=//p' "$dir/part")" "$roothash" "the root hash in the profile"
seed=4 random_bytes 177777 >"$dir/tree/a-new-file-in-front"
image new.squashfs
pack "$dir/new.squashfs" "$dir/new"
files --to="$dir/new" "$dir/part" "$dir/old" >"$dir/part.new"
grep -v '^#' "$dir/part" >"$dir/offset"
grep -v '^#' "$dir/part.new" >"$dir/offset.new"
! cmp -s "$dir/offset" "$dir/offset.new" || fail "it is in the same place: nothing was tried"
files "$dir/part.new" "$dir/new" | grep -v '^#' >"$dir/got"
diff "$dir/part.files" "$dir/got" || fail "the part is another one"
read -r offset length <"$dir/offset.new"
file_at "$dir/new" "$offset" "$length" >"$dir/bytes"
file_at "$dir/tree/usr/lib/large" 131072 131072 >"$dir/bytes.wanted"
# The block is within, not at the edge of 4096 bytes.
python3 - "$dir/bytes" "$dir/bytes.wanted" <<-'END' || fail "it is not where the profile says"
	import sys
	bytes, wanted = (open(name, "rb").read() for name in sys.argv[1:])
	sys.exit(wanted not in bytes or len(bytes) > len(wanted) + 8192)
END

# A block that is read in part is not listed.
printf '%s %s\n' $((offset + 8192)) 65536 >"$dir/middle"
files "$dir/middle" "$dir/new" >"$dir/got"
! grep -v '^#' "$dir/got" || fail "a part of a block counts as read"

# In the order in which it was read.
cat >"$dir/order.files" <<-'END'
	262144 131072 /usr/lib/large
	0 1000 /usr/small
	0 131072 /usr/lib/same
	0 131072 /usr/lib/large
END
files --to="$dir/new" "$dir/order.files" >"$dir/order"
files "$dir/order" "$dir/new" | grep -e large -e small -e same >"$dir/got"
diff "$dir/order.files" "$dir/got" || fail "another order"

# What is gone is told, and the rest translated.
{
	echo '0 4096 /usr/lib/gone'
	cat "$dir/part.files"
} >"$dir/gone.files"
files --to="$dir/new" "$dir/gone.files" >"$dir/got"
cmp "$dir/got" "$dir/part.new" || fail "what is gone changed the rest"
grep -q '1 of 2 lines name nothing' "$dir/err" || fail "not told: $(cat "$dir/err")"

# What it costs: a block of 131072 bytes in 33 of 4096, the hash blocks of the lowest
# level, of 128 each, that those are under, one above, and the superblock.
hashes=$(((offset + length - 1) / 524288 - offset / 524288 + 3))
files --needs --to="$dir/new" "$dir/part.files" >"$dir/got"
same "$(sed -n 's/^total //p' "$dir/got")" $(((33 + hashes) * 4096)) "bytes"
same "$(sed -n 's/^files //p' "$dir/got")" 131072 "bytes of files"

# No image, no profile: said, and nothing made.
random_bytes 100000 >"$dir/noise"
! "$farroot" profile files "$dir/all" "$dir/noise" >"$dir/got" 2>"$dir/err" || fail "noise is an image"
grep -q 'noise: not a valid squashfs' "$dir/err" || fail "not told: $(cat "$dir/err")"
head -c 100000 "$dir/old.squashfs" >"$dir/short"
! "$farroot" profile files "$dir/all" "$dir/short" >"$dir/got" 2>"$dir/err" || fail "a part is an image"
echo 'nonsense' >"$dir/bad"
! "$farroot" profile files --to="$dir/old" "$dir/bad" -o "$dir/made" 2>"$dir/err" || fail "nonsense is a list"
grep -q 'bad: line 1 is not' "$dir/err" || fail "not told: $(cat "$dir/err")"
[ ! -e "$dir/made" ] || fail "a profile was made of nonsense"
