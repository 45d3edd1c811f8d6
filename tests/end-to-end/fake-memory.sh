# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the tests of memory pressure share; sourced instead of tests/lib.sh.  In a mount
# namespace of its own, the test says what /proc tells of the memory, to all that it starts.
. "${srcdir:-..}/tests/lib.sh"
need_root
own_mounts

# machine_has AVAILABLE_MIB STALL_PERCENT: of 1024 MiB in all, so that 64 MiB are kept free.
# Each text has always the same length: a reader never finds half of one.
machine_has() {
	printf 'MemTotal: %12d kB\nMemFree: %12d kB\nMemAvailable: %12d kB\n' \
		$((1024 << 10)) 1024 $(($1 << 10)) | dd of="$dir/meminfo" conv=notrunc status=none
	printf 'some avg10=%02d.00 avg60=00.00 avg300=00.00 total=1\n' "$2" |
		dd of="$dir/stalls" conv=notrunc status=none
}

machine_has 500 0
mount --bind "$dir/meminfo" /proc/meminfo || skip "cannot mount a file over /proc/meminfo"
if [ -e /proc/pressure/memory ]; then
	mount --bind "$dir/stalls" /proc/pressure/memory || fail "mount"
fi

# The engine sleeps for up to a minute when there is nothing to do; this is something.
wake() {
	"$nbd_read" --cache "$socket" 0 4096 2>>"$dir/nbd-read.log"
}

# is_held TEXT: for wait_until.
is_held() {
	wake
	held=$(status_of hold) && case $held in
	*"$1"*) ;;
	*) false ;;
	esac
}

state_is() {
	wake
	status_is state "$1"
}

times_logged() {
	grep -c -e "$1" "$log" || :
}
