#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When the first origin has another image, all that was learned and asked for ahead of it
# is forgotten, and the next origin's image is served.
. "${srcdir:-..}/tests/lib.sh"

make_image other 24
make_image image 16
mkdir "$dir/www1" "$dir/www2"
cp "$dir/other" "$dir/www1/image"
cp "$dir/image" "$dir/www2/image"
echo "20971520 65536" >"$dir/www1/image.profile"
echo "4194304 65536" >"$dir/www2/image.profile"
# Slow enough for the profile to be read before the image turns out to be another.
origin_http='limit_rate 8k;' origin_start 1
origin_start 2
plugin_start url="$url1/image" url="$url2/image" roothash="$roothash" fill=no cache=4M
read_is_right 4194304 65536 "$dir/image"
grep -q 'bytes=20[0-9]*' "$dir/access1.log" || fail "nothing of the other image was asked for ahead"
# More than the store holds: forgotten blocks take no room.
read_is_right 0 8388608 "$dir/image"
logged 'another image' || logged 'not the whole image' || fail "the other image was not noticed"
