#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --profile puts what a boot reads in front and in its order, so that it
# takes fewer bytes, and makes the profile of the new image.
. "${srcdir:-..}/tests/lib.sh"
need mksquashfs

# The boot reads each tenth of 400 small files, and a block in the middle of a large one.
mkdir "$dir/tree"
i=100
while [ $i -lt 500 ]; do
	seed=$((i * 1000)) random_bytes 4000 >"$dir/tree/$i"
	i=$((i + 1))
done
seed=1 random_bytes 1000000 >"$dir/tree/large"
seed=2 random_bytes 3000000 >"$dir/tree/another"
mksquashfs "$dir/tree" "$dir/in" -comp zstd -noappend -no-progress -quiet >/dev/null 2>&1 || fail mksquashfs
pack "$dir/in" "$dir/plain"
{
	echo '# farroot files'
	i=490
	while [ $i -gt 100 ]; do
		echo "0 4000 /$i"
		i=$((i - 10))
	done
	echo '393216 131072 /large'
} >"$dir/boot.files"

"$farroot" pack --profile="$dir/boot.files" "$dir/in" -o "$dir/packed" >"$dir/log" || fail "not packed"
value() {
	sed -n "s/^$1=//p" "$dir/log"
}
same "$(value profile)" "$dir/packed.profile" "the name of the profile"
same "$(sed -n 's/^# roothash=//p' "$dir/packed.profile")" "$(value roothash)" "the root hash in the profile"

plain=$("$farroot" profile files --needs --to="$dir/plain" "$dir/boot.files" | sed -n 's/^total //p')
say "a boot took $plain bytes, now $(value boot-bytes)"
[ "$(value boot-bytes)" -lt $((plain / 3)) ] || fail "hardly fewer bytes"
same "$("$farroot" profile files --needs "$dir/packed.profile" "$dir/packed" | sed -n 's/^total //p')" \
	"$(value boot-bytes)" "bytes"

# In front is what is read whole, in order and without a gap: here two fragment
# blocks; then the large file, of which it is one block; the tables are at the end.
awk '!/^#/ && $1 < 5000000' "$dir/packed.profile" >"$dir/extents"
same "$(wc -l <"$dir/extents")" 2 "extents"
same "$(sed -n '1s/ .*//p' "$dir/extents")" 0 "the first"
file_at "$dir/packed" 0 $((39 * 4000 + 1000000 + 4096)) >"$dir/front"
python3 - "$dir" <<-'END' || fail "what is read is not in front"
	import sys
	front = open(sys.argv[1] + "/front", "rb").read()
	names = [str(i) for i in range(490, 100, -10)]
	places = [front.find(open("%s/tree/%s" % (sys.argv[1], name), "rb").read()) for name in names]
	sys.exit(min(places) < 0 or places != sorted(places))
END

# The list that the new profile stands for is the old one.
"$farroot" profile files "$dir/packed.profile" "$dir/packed" | grep -v '[#@]' >"$dir/got"
grep -v '^#' "$dir/boot.files" | diff - "$dir/got" || fail "another list"

# A profile does as well as a list, if it is one of this image.
"$farroot" profile files --to="$dir/plain" "$dir/boot.files" >"$dir/plain.profile"
"$farroot" pack --profile="$dir/plain.profile" "$dir/plain" -o "$dir/packed2" >"$dir/log" 2>&1 || fail "$(cat "$dir/log")"
[ "$(value boot-bytes)" -le $((plain + 16384)) ] || fail "$(value boot-bytes) bytes"
sed -i 's/^# roothash=..../# roothash=0000/' "$dir/plain.profile"
! "$farroot" pack --profile="$dir/plain.profile" "$dir/plain" -o "$dir/packed3" >"$dir/log" 2>&1 || fail "of another image"
grep -q 'recorded on another image' "$dir/log" || fail "$(cat "$dir/log")"
same "$(find "$dir" -name 'packed3*')" "" "made"

# No squashfs, no image; what was there before stays.
cp "$dir/packed" "$dir/before"
head -c 100000 "$dir/in" >"$dir/short"
! "$farroot" pack --profile="$dir/boot.files" "$dir/short" -o "$dir/packed" >"$dir/log" 2>&1 || fail "half an image is packed"
grep -q 'short: not a valid squashfs' "$dir/log" || fail "$(cat "$dir/log")"
cmp "$dir/before" "$dir/packed" || fail "the old image is gone"
same "$(find "$dir" -name 'packed.[!p]*')" "" "left over"
for bad in "--probe --profile=$dir/boot.files" "--of=$dir/in"; do
	status=0
	# shellcheck disable=SC2086 # words
	"$farroot" pack $bad "$dir/in" -o "$dir/packed" >/dev/null 2>&1 || status=$?
	same $status 2 "exit status with $bad"
done
