#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A profile of an image made by farroot pack --probe tells small files from their
# neighbours.
. "${srcdir:-..}/tests/end-to-end/probe.sh"
need mksquashfs

make_probe
[ ! -e "$dir/probe.profile" ] || fail "a profile of nothing"
profile_of_probe
"$farroot" profile files "$dir/probe.profile" "$dir/probe" | grep -v '^#' >"$dir/got"
diff "$dir/boot.files" "$dir/got" || fail "files that were not read, or the other way round"
