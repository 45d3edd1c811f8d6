#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile record --boot runs its helper program from a build tree, without
# FARROOT_LIBEXECDIR.
. "${srcdir:-..}/tests/lib.sh"
unset FARROOT_LIBEXECDIR

# Without QEMU, which the helper misses before it does anything.
mkdir "$dir/bin"
for program in sh head tail tr uname; do
	ln -s "$(command -v $program)" "$dir/bin/$program"
done
for file in kernel initrd image; do
	echo "$file" >"$dir/$file"
done
status=0
PATH=$dir/bin "$farroot" profile record --boot "$dir/kernel" "$dir/initrd" "$dir/image" \
	>"$dir/out.log" 2>&1 || status=$?
same "$status" 1 "exit status"
grep -q '^farroot profile record: qemu-system-[a-z0-9_]* is not installed$' "$dir/out.log" ||
	fail "the helper did not run"
