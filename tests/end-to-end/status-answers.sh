# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A status socket of our own, which tells what a test wants; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"

# answers_from FILE: each connection gets the next line of it; ends after the last.
answers_from() {
	rm -f "$dir/sock"
	python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1] + ".new"); s.listen(8)
os.rename(sys.argv[1] + ".new", sys.argv[1])
for line in open(sys.argv[2], "rb").read().splitlines(True):
    c = s.accept()[0]; c.sendall(line); c.close()
' "$dir/sock" "$1" &
	remember $!
	wait_until 10 "the server listens" [ -S "$dir/sock" ]
}

# line STATE PRESENT LAST_ERROR
line() {
	printf '{"state":"%s","origin":"http://a/x","image_bytes":104857600,"present_bytes":%s,"cache_bytes":104857600,"ready_needs_bytes":5242880,"is_ready":0,"budget_bytes":20971520,"budget_left_bytes":10485760,"hold":"cache: all","fetched_bytes":2097152,"served_bytes":3145728,"wasted_bytes":1048576,"requests":7,"rate_bytes_per_s":524288,"rtt_ms":42,"waiting":3,"outage_since":1000000000,"corrupt_blocks":0,"corrupt_since":0,"corrupt_origin":"","eta_s":75,"last_error":"%s","last_error_age_s":5,"news":1}\n' "$@"
}

# ask OPTION...: what farroot status makes of it, in $dir/out and $dir/err.
ask() {
	timeout "$(slack 20)" "$farroot" status "--socket=$dir/sock" "$@" >"$dir/out" 2>"$dir/err"
}
