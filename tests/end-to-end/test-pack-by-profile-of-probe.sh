#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --profile --of packs an image by a profile of its probe, and refuses
# one of another image.
. "${srcdir:-..}/tests/end-to-end/probe.sh"
need mksquashfs

make_probe
profile_of_probe

# The block that holds many in the image holds three in the packed one.
"$farroot" pack --profile="$dir/probe.profile" --of="$dir/probe" "$dir/in" -o "$dir/packed" >"$dir/log" ||
	fail "not packed"
"$farroot" profile files "$dir/packed.profile" "$dir/packed" | sed -n 's,.* /,/,p' | sort -u >"$dir/got"
printf '/103\n/217\n/large\n' | diff - "$dir/got" || fail "other files in the packed image"

# The profile of another image is refused.
! "$farroot" pack --profile="$dir/probe.profile" --of="$dir/packed" "$dir/in" -o "$dir/wrong" >"$dir/log" 2>&1 ||
	fail "packed by a profile of another image"
grep -q 'another image' "$dir/log" || fail "$(cat "$dir/log")"
