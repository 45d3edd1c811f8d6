#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack --profile takes a profile that was recorded on this image as well as a list
# of files, and refuses one that was recorded on another.
. "${srcdir:-..}/tests/end-to-end/boot-set.sh"
need mksquashfs

make_boot_set
"$farroot" profile files --to="$dir/plain" "$dir/boot.files" >"$dir/plain.profile"
"$farroot" pack --profile="$dir/plain.profile" "$dir/plain" -o "$dir/packed2" >"$dir/log" 2>&1 || fail "$(cat "$dir/log")"
plain=$(needs --to="$dir/plain" "$dir/boot.files")
[ "$(value boot-bytes)" -le $((plain + 16384)) ] || fail "$(value boot-bytes) bytes"
sed -i 's/^# roothash=..../# roothash=0000/' "$dir/plain.profile"
! "$farroot" pack --profile="$dir/plain.profile" "$dir/plain" -o "$dir/packed3" >"$dir/log" 2>&1 || fail "of another image"
grep -q 'recorded on another image' "$dir/log" || fail "$(cat "$dir/log")"
same "$(find "$dir" -name 'packed3*')" "" "made"
