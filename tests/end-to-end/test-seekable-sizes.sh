#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot verify and farroot profile show tell both sizes of a compressed image.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/seekable.sh"

make_seekable image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
for image in "$dir/image" "$url1/image"; do
	"$farroot" verify "$image" "$roothash" >"$dir/verify.log" 2>&1 || fail "verify $image"
	grep -qF "$image: 4194304 bytes, compressed to $data_bytes bytes in 65 frames" "$dir/verify.log" || fail "no sizes of $image"
done
printf '0 4096\n%s 4096\n' $((data_bytes - 4096)) >"$dir/profile"
"$farroot" profile show --ascii "$dir/profile" "$dir/image" >"$dir/show.log" || fail "profile show"
grep -q '^exports   4.0 MiB, compressed in 65 frames$' "$dir/show.log" || fail "profile show tells no sizes"

# Other images have one size.
make_image plain 1
"$farroot" verify "$dir/plain" "$roothash" >"$dir/verify.log" || fail "verify"
same "$(wc -l <"$dir/verify.log")" 1 "lines of verify"
"$farroot" profile show --ascii "$dir/profile" "$dir/plain" >"$dir/show.log" 2>&1
grep -q compressed "$dir/show.log" && fail "profile show finds frames in an image without"
exit 0
