#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Faults whose messages differ each time, and ETags that differ, are a few lines of the
# log; and a server cannot write control characters there.  So are reads that fail because of
# outage=, and a password that is renewed and refused again and again.
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
plugin_stop

say "reads that fail"
: >"$log"
plugin_start url=http://127.0.0.1:1/image roothash="$roothash" profile=none outage=1
i=0
while [ $i -lt 60 ]; do
	i=$((i + 1))
	read_at 0 4096 >"$dir/got" 2>&1 &
	remember $!
done
wait_until 20 "a read has failed" logged 'no usable data'
sleep 2
at_most "lines of log" "$(log_lines)" 20
plugin_stop

say "a password that is renewed and refused again and again"
: >"$log"
echo 'Cookie: right' >"$dir/expected"
faulty_origin 4 login="$dir/expected"
echo 0 >"$dir/secret"
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none cookie-file="$dir/secret" retry-max=0.5
i=0
read_in_background 0 4096
while [ $i -lt 80 ]; do
	i=$((i + 1))
	echo $i >"$dir/secret.new"
	mv "$dir/secret.new" "$dir/secret"
	sleep 0.1
done
logged 'has changed since' || fail "the renewal is not in the log"
[ "$(grep -c ' 401 ' "$requests")" -ge 25 ] || fail "only $(grep -c ' 401 ' "$requests") requests"
at_most "lines of log" "$(log_lines)" 20
