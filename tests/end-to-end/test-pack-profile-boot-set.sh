#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --profile puts what a boot reads in front and in its order, so that it
# takes fewer bytes, and makes the profile of the new image.
. "${srcdir:-..}/tests/end-to-end/boot-set.sh"
need mksquashfs python3

make_boot_set
"$farroot" pack --profile="$dir/boot.files" "$dir/in" -o "$dir/packed" >"$dir/log" || fail "not packed"
same "$(value profile)" "$dir/packed.profile" "the name of the profile"
same "$(sed -n 's/^# roothash=//p' "$dir/packed.profile")" "$(value roothash)" "the root hash in the profile"

plain=$(needs --to="$dir/plain" "$dir/boot.files")
say "a boot took $plain bytes, now $(value boot-bytes)"
[ "$(value boot-bytes)" -lt $((plain / 3)) ] || fail "hardly fewer bytes"
same "$(needs "$dir/packed.profile" "$dir/packed")" "$(value boot-bytes)" "bytes"

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
