#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Faults whose messages differ each time, and ETags that differ, are a few lines of the
# log; and a server cannot write control characters there.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 8
faulty_origin 1 cut=3
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=no cache=4M
until=$(($(now_ms) + 6000)) i=0
while [ "$(now_ms)" -lt $until ]; do
	i=$((i + 1))
	read_at $((i * 7919 % 2000 * 4096)) 16384 >"$dir/got"
done
logged 'body ended after' || fail "the fault is not in the log"
at_most "lines of log" "$(log_lines)" 20
plugin_stop

: >"$log"
faulty_origin 2 etag=flip
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 10 "the whole image is here" is_whole_here
logged 'file was replaced' || fail "the other ETags are not in the log"
at_most "lines of log" "$(log_lines)" 8
plugin_stop

: >"$log"
faulty_origin 3 etag=flip etag_prefix='a\033[2J'
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 10 "the whole image is here" is_whole_here
logged 'file was replaced (ETag .a?\[2J' || fail "the ETag is not in the log"
same "$(tr -d '[:print:]\n\t\200-\377' <"$log" | wc -c)" 0 "control characters in the log"
