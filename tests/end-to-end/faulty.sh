# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Origins with faults; sourced after tests/lib.sh.
# shellcheck disable=SC2154 # of lib.sh

# faulty_origin N [KEY=VALUE]...: serves $dir/image; sets $faulty_url, and $requests to the
# file with a line for each request.
faulty_origin() {
	faulty_folder=$dir/faulty$1
	shift
	mkdir "$faulty_folder"
	requests=$faulty_folder/requests
	: >"$requests"
	python3 "$srcdir/tests/end-to-end/faulty-origin.py" "$faulty_folder" "$dir/image" "$@" \
		>"$faulty_folder.log" 2>&1 &
	remember $!
	wait_until 10 "the faulty origin listens" test -e "$faulty_folder/port"
	# shellcheck disable=SC2034
	faulty_url=http://127.0.0.1:$(cat "$faulty_folder/port")
}

# Warnings and notes.
log_lines() {
	grep -c '^nbdkit:' "$log"
}

# has_present BYTES
has_present() {
	[ "$(status_of present_bytes)" -ge "$1" ]
}

is_whole_here() {
	[ "$(status_of state)" = materialized ]
}

# at_most WHAT VALUE MOST
at_most() {
	[ "$2" -le "$3" ] || fail "$1: $2, must be at most $3"
}
