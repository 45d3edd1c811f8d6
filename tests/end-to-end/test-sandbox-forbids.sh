#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot jail: the program has its folder as its root, no capability and no new privileges, and
# cannot make a user namespace or trace a process, which an ordinary process can.
. "${srcdir:-..}/tests/lib.sh"
need_root
need unshare ldd

mkdir -p "$dir/sandbox/proc" "$dir/sandbox/dev"
cp /dev/null "$dir/sandbox/dev/null"
# add PROGRAM: with its libraries.
add() {
	for file in "$1" $(ldd "$1" | grep -o '/[^ ]*'); do
		mkdir -p "$dir/sandbox${file%/*}"
		cp "$file" "$dir/sandbox$file" || fail "cannot copy $file"
	done
}
unshare=$(command -v unshare)
sleep=$(command -v sleep)
for program in "$unshare" "$sleep" /bin/true; do
	add "$program"
done

(exec "$farroot" jail --log="$dir/sandbox.log" "$dir/sandbox" "$sleep" 60) &
pid=$!
remember $pid
wait_until 10 "the program runs" grep -q sleep "/proc/$pid/comm"
same "$(readlink "/proc/$pid/root")" "$dir/sandbox" "its root"
for line in 'NoNewPrivs: 1' 'Seccomp: 2' 'CapBnd: 0000000000000000' 'CapEff: 0000000000000000'; do
	tr '\t' ' ' <"/proc/$pid/status" | grep -qx "$line" || fail "not $line: $(cat "/proc/$pid/status")"
done
same "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "@sleep 60 " "its name"

true=/bin/true
if "$unshare" -U "$true" 2>/dev/null; then
	! "$farroot" jail --log="$dir/unshare.log" "$dir/sandbox" "$unshare" -U "$true" || fail "a user namespace"
	grep -q 'Operation not permitted' "$dir/unshare.log" || fail "another reason: $(cat "$dir/unshare.log")"
fi
"$farroot" jail --log="$dir/true.log" "$dir/sandbox" "$true" || fail "true: $(cat "$dir/true.log")"
