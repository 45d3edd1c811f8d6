#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A result that cannot be written whole leaves the result of the last build as it was; one
# that can replaces all of it.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
load_parts cmd-rescue
out=$dir/result

# result NAME BYTES
result() {
	mkdir -p "$dir/$1/dtbs"
	seed=$2 random_bytes "$2" >"$dir/$1/initrd"
	echo "$1" >"$dir/$1/dtbs/$1.dtb"
	echo "inputs of $1" >"$dir/$1/inputs"
}
result first 1000
result second 3000000
(build_deliver "$dir/first") 2>"$dir/err" || fail "cannot deliver: $(cat "$dir/err")"
diff -r "$dir/first" "$out" || fail "the result is not the first one"

# No file may have more than 1 MB: like a full disk.
! (
	ulimit -f 1000
	trap '' XFSZ
	build_deliver "$dir/second"
) 2>"$dir/err" || fail "the limit is not noticed"
grep -q 'is the disk full' "$dir/err" || fail "no message: $(cat "$dir/err")"
diff -r "$dir/first" "$out" || fail "the last result was changed"

(build_deliver "$dir/second") 2>"$dir/err" || fail "cannot deliver: $(cat "$dir/err")"
diff -r "$dir/second" "$out" || fail "the result is not the second one"
before=$(stat -c %i "$out/initrd")
(build_deliver "$dir/second") 2>"$dir/err"
grep -q 'nothing has changed' "$dir/err" || fail "delivered again"
same "$(stat -c %i "$out/initrd")" "$before" "the file"
# A file that was damaged since is replaced.
echo >>"$out/initrd"
(build_deliver "$dir/second") 2>"$dir/err"
diff -r "$dir/second" "$out" || fail "a damaged file stays"
