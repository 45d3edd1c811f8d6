#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# When the network comes up late, as it does in an initramfs, the profile is asked for
# beside the request that finds that out, not after it: that would be another round trip.
. "${srcdir:-..}/tests/lib.sh"

make_image image 8
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1/image"
printf '# roothash=%s\n4194304 65536\n' "$roothash" >"$dir/www1/image.profile"
port1=$(free_port)
plugin_start url="http://127.0.0.1:$port1/image" roothash="$roothash" fill=no
wait_until 10 "it is said what is wrong" logged 'retrying in'
origin_start 1
wait_until 35 "the profile is used" logged 'profile: a boot needs'
# Size, profile, top of the tree: the profile before the last of them.
head -n 2 "$dir/access1.log" | grep -q '^200 ' ||
	fail "the profile came late: $(tr '\n' ';' <"$dir/access1.log")"
