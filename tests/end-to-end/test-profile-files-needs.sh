#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile files --needs tells what a boot takes: a block of 131072 bytes in 33 of
# 4096, the hash blocks of the lowest level, of 128 each, that those are under, one above,
# and the superblock.
. "${srcdir:-..}/tests/end-to-end/two-images.sh"
need mksquashfs

make_old_image
make_new_image
echo '131072 131072 /usr/lib/large' >"$dir/part.files"
files --to="$dir/new" "$dir/part.files" >"$dir/part"
grep -v '^#' "$dir/part" >"$dir/extent"
read -r offset length <"$dir/extent"
same "$length" $((33 * 4096)) "bytes of the extent"
hashes=$(((offset + length - 1) / 524288 - offset / 524288 + 3))
files --needs --to="$dir/new" "$dir/part.files" >"$dir/got"
same "$(sed -n 's/^total //p' "$dir/got")" $(((33 + hashes) * 4096)) "bytes"
same "$(sed -n 's/^files //p' "$dir/got")" 131072 "bytes of files"
