#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The same inputs give the same bytes, whenever, where and by whom they are put together.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
make_raspberrypi_kernel

# The newest input says the time.
find "$from" -type f -exec touch -d @1600000000 {} +
touch -d @1700000000 "$from/initrd"
boot
mv "$out" "$dir/first"
# FAT has times of 2 s.
sleep 2.1
cp -R "$from" "$dir/copy"
rm -r "$from"
mkdir "$from"
# Another order of the folder's entries, other times, another time zone.
(cd "$dir/copy" && find . -type f | sort -r) | while read -r file; do
	mkdir -p "$(dirname "$from/$file")"
	cp "$dir/copy/$file" "$from/$file"
done
# A name that mtools would take for an offset; inside of the input; with another umask.
out="$from/x@@1"
export SOURCE_DATE_EPOCH=1700000000
(umask 077 && TZ=Asia/Tokyo LANG=C.UTF-8 MTOOLS_LOWER_CASE=1 boot) || exit 1
diff -r "$dir/first" "$out" || fail "the two outputs differ"
grep -qx 'ts: 1700000000' "$out/http/boot.sig" || fail "boot.sig has another time"

# A web server that is not root can read all of it.
same "$(find "$out" -type f ! -perm 644)" '' "files that other users cannot read"
same "$(find "$out" -type d ! -perm 755)" '' "folders that other users cannot read"
nothing_left
