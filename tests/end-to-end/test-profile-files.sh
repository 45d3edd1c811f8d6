#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile files: what is read of an image is the same ranges of the same
# files in an image that was rebuilt, wherever they are there.
. "${srcdir:-..}/tests/end-to-end/two-images.sh"
need mksquashfs python3

make_old_image

# A part of a file stays that part, in an image where it is elsewhere.
echo '131072 131072 /usr/lib/large' >"$dir/part.files"
files --to="$dir/old" "$dir/part.files" >"$dir/part"
same "$(sed -n 's/^# roothash=//p' "$dir/part")" "$roothash" "the root hash in the profile"
make_new_image
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

# A block that is not read as a whole counts as not read.
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

# The extents of each file, by its name; in a profile each block is once.
files --to="$dir/new" --extents "$dir/order.files" >"$dir/got"
cut -d ' ' -f 3 "$dir/got" | uniq >"$dir/names"
same "$(cat "$dir/names")" "$(cut -d ' ' -f 3 "$dir/order.files")" "the names of extents"
awk '{ for (i = 0; i < $2; i += 4096) print $1 + i }' "$dir/got" | sort -u >"$dir/blocks.got"
grep -v '^#' "$dir/order" | awk '{ for (i = 0; i < $2; i += 4096) print $1 + i }' | sort >"$dir/blocks.wanted"
cmp "$dir/blocks.got" "$dir/blocks.wanted" || fail "the extents of the files are not those of the profile"
