#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot materialize makes a server without fill fetch the whole image, also in an outage, shows
# the progress, and says why an image will never be complete.
. "${srcdir:-..}/tests/lib.sh"

# materialize OPTION...: with its output in $dir/out and $dir/err.
materialize() {
	timeout "$(slack 60)" "$farroot" materialize "--socket=$dir/status.sock" "$@" >"$dir/out" 2>"$dir/err"
}

make_image image 16
size=$(stat -c %s "$dir/image")
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock"
told state ready
[ "$(status_of present_bytes)" -lt $((size / 2)) ] || fail "fill=no fetches"
same "$(
	timeout 2 "$farroot" status --wait=materialized --socket="$dir/status.sock"
	echo $?
)" 124 "--wait=materialized"
materialize || fail "$(cat "$dir/err")"
tail -n 1 "$dir/out" | grep -q '100.0 % materialized' || fail "no progress: $(cat "$dir/out")"
told present_bytes "$size"
"$farroot" status --wait=materialized --socket="$dir/status.sock" || fail "--wait=materialized"
logged 'the whole image is asked for' || fail "the log says nothing"
# Once more.
materialize --no-wait || fail "$(cat "$dir/err")"
plugin_stop

# In an outage: it is fetched when the origin is there again.
plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock" retry-max=0.2
told state ready
origin_stop 1
materialize --no-wait || fail "in an outage: $(cat "$dir/err")"
wait_until 20 "the outage is known" status_is state outage
origin_start 1
wait_until 30 "all is here" status_is state materialized
plugin_stop

# What can never be complete.
plugin_start url="$url1/image" roothash="$roothash" fill=no cache=4M status="$dir/status.sock"
! materialize || fail "a small cache: no error"
[ "$(status_of fetched_bytes)" -lt 2000000 ] || fail "a small cache is filled"
grep -qF "the image has 16.1 MiB, its cache takes 4.0 MiB at most" "$dir/err" || fail "a small cache: $(cat "$dir/err")"
plugin_stop
plugin_start url="$url1/image" roothash="$roothash" fill=no budget=3M status="$dir/status.sock"
! materialize || fail "budget=3M: no error"
grep -qF "budget= of 3.0 MiB is used up" "$dir/err" || fail "budget=3M: $(cat "$dir/err")"
plugin_stop
! materialize || fail "no server: no error"
grep -q 'is the image being served?' "$dir/err" || fail "no server: $(cat "$dir/err")"
same "$(
	materialize extra
	echo $?
)" 2 "a wrong command line"
