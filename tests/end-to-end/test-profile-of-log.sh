#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile record --log makes a profile of the log of any nbdkit with
# --filter=log.
. "${srcdir:-..}/tests/lib.sh"
need nbdkit

make_image image 1
size=$(stat -c %s "$dir/image")
for range in '4096 1' '12287 2' '0 20480' '4097 8192' "$((size - 4096)) 4096" '20480 512'; do
	echo "$nbd_read \$unixsocket $range >/dev/null || exit"
done >"$dir/reads"
nbdkit --unix - --readonly --filter=log file "$dir/image" logfile="$dir/log" --run "$(cat "$dir/reads")" ||
	fail "nbdkit"

record() {
	"$farroot" profile record "$@" >"$dir/profile" 2>"$dir/err"
}
wanted="4096 12288;0 4096;16384 4096;$((size - 4096)) 4096;20480 4096;"
record --log="$dir/log" "$dir/image" || fail "$(cat "$dir/err")"
same "$(grep -v '^#' "$dir/profile" | tr '\n' ';')" "$wanted" "the profile"
grep -qx "# roothash=$roothash" "$dir/profile" || fail "no root hash in: $(cat "$dir/profile")"
! grep -q '# kernel' "$dir/profile" || fail "a kernel that was not given"

# Without the image, and of standard input.
record --log=- --kernel=6.1-a <"$dir/log" || fail "$(cat "$dir/err")"
same "$(grep -v '^#' "$dir/profile" | tr '\n' ';')" "$wanted" "the profile without its image"
grep -qx '# kernel=6.1-a' "$dir/profile" || fail "not the kernel that was named"

# What can't be.
head -c 8192 "$dir/image" >"$dir/short"
record --log="$dir/log" "$dir/short" && fail "reads beyond the end of the image"
grep -q 'beyond the end' "$dir/err" || fail "$(cat "$dir/err")"
record --log=/dev/null && fail "an empty log"
grep -q 'nothing has been read' "$dir/err" || fail "$(cat "$dir/err")"
[ ! -s "$dir/profile" ] || fail "a profile of nothing"
